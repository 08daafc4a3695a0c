"""Every public address and every feed id, made from ``base_url`` alone, never from a request's Host.

These addresses never change once published: feed readers, partner sites and old mails hold them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlsplit

TAG_YEAR = "2026"
"""The date part of our ``tag:`` ids (RFC 4151 §2.1): a year in which the authority was the instance's."""


class FeedFormat(StrEnum):
    """The formats we publish; the value is the address's extension."""

    RSS = "rss"
    ATOM = "atom"


MEDIA_TYPES = {
    FeedFormat.RSS: "application/rss+xml",
    FeedFormat.ATOM: "application/atom+xml",
}


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of one instance."""

    base_url: str

    @property
    def authority(self) -> str:
        """The host that stands in our ``tag:`` ids (RFC 4151: no port)."""
        return urlsplit(self.base_url).hostname or "localhost"

    def to(self, path: str) -> str:
        """The absolute address of a path that begins with a slash."""
        return self.base_url + path

    def home(self) -> str:
        """The front page."""
        return self.to("/")

    def category(self, slug: str) -> str:
        """A category's page."""
        return self.to(f"/categories/{quote(slug)}")

    def portal(self, portal: str) -> str:
        """A portal's page."""
        return self.to(f"/portals/{quote(portal)}")

    def story(self, story: str) -> str:
        """A story's page."""
        return self.to(f"/stories/{quote(story)}")

    def page_of(self, feed: str) -> str:
        """The page for people that shows what a feed holds."""
        if feed == "all":
            return self.home()
        return (
            self.portal(feed.removeprefix("portals/")) if feed.startswith("portals/") else self.category(feed)
        )

    def feed(self, name: str, form: FeedFormat) -> str:
        """A feed; ``name`` is ``all``, a category's slug or ``portals/<id>``."""
        return self.to(f"/feeds/{quote(name)}.{form}")

    def opml(self) -> str:
        """All feeds, for readers to import."""
        return self.to("/feeds/index.opml")

    def feeds(self) -> str:
        """All feeds, for people."""
        return self.to("/feeds/")

    def digests(self) -> str:
        """Past issues of the digest."""
        return self.to("/digest/")

    def digest(self, issue: str) -> str:
        """One issue, permanent and the same for everyone."""
        return self.to(f"/digest/{quote(issue)}")

    def unsubscribe(self, token: str) -> str:
        """Where one reader ends the digest; a GET shows a button, a POST does it."""
        return self.to(f"/unsubscribe/{quote(token)}")

    def story_tag(self, story: str) -> str:
        """A story's id for feed readers (RFC 4151), minted once and kept in the store."""
        return f"tag:{self.authority},{TAG_YEAR}:stories/{story}"

    def feed_tag(self, name: str) -> str:
        """A feed's id (RFC 4287 §4.2.6); the same for every format of it."""
        return f"tag:{self.authority},{TAG_YEAR}:feeds/{name}"
