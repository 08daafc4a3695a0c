"""Every public address and every feed id, made from ``base_url`` alone, never from a request's Host.

These addresses never change once published: feed readers, partner sites and old mails hold them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlsplit

ENGLISH = "/en"
"""Before the address of an English page; Vietnamese ones have nothing there."""
TAG_YEAR = "2026"
"""The date part of our ``tag:`` ids (RFC 4151 §2.1): a year in which the authority was the instance's."""


class FeedFormat(StrEnum):
    """The formats we publish; the value is the address's extension."""

    RSS = "rss"
    ATOM = "atom"
    JSON = "json"
    RDF = "rdf"


MEDIA_TYPES = {
    FeedFormat.RSS: "application/rss+xml",
    FeedFormat.ATOM: "application/atom+xml",
    FeedFormat.JSON: "application/feed+json",
    FeedFormat.RDF: "application/rdf+xml",
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

    def spoken(self, language: str) -> Links:
        """The addresses of the pages in this language; feeds and everything else have one address for all."""
        return Links(self.base_url + ENGLISH) if language == "en" else self

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

    def search(self) -> str:
        """Where stories are looked for; the question stands in the query."""
        return self.to("/search")

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

    def archive(self, name: str, period: str) -> str:
        """A document of what a feed held before, always Atom; ``period`` is a month (``2026-11``) or a part of one."""
        return self.to(f"/feeds/{quote(name)}/{quote(period)}.atom")

    def opml(self) -> str:
        """All feeds, for readers to import."""
        return self.to("/feeds/index.opml")

    def feeds(self) -> str:
        """All feeds, for people."""
        return self.to("/feeds/")

    def embed(self, name: str) -> str:
        """A block for frames in other sites; ``name`` is a feed's. Options stand in the query."""
        return self.to(f"/embed/{quote(name)}")

    def embed_fragment(self, name: str) -> str:
        """The same block as a piece of HTML."""
        return self.to(f"/embed/{quote(name)}.html")

    def embed_script(self, version: str) -> str:
        """The custom element; a version's bytes never change."""
        return self.to(f"/embed.js?v={quote(version)}")

    def embed_frame_script(self, version: str) -> str:
        """What fits frames to their content where the browser does not."""
        return self.to(f"/embed/frame.js?v={quote(version)}")

    def embed_stylesheet(self) -> str:
        """How a block looks, for those who put it into their own page."""
        return self.to("/embed/block.css")

    def embed_builder(self) -> str:
        """Where one chooses a block and copies the lines that embed it."""
        return self.to("/embed/")

    def oembed(self, address: str, form: str) -> str:
        """What a page of ours looks like in another site (oEmbed); ``form`` is ``json`` or ``xml``."""
        return self.to(f"/oembed?url={quote(address, safe='')}&format={form}")

    def digests(self) -> str:
        """Past issues of the digest."""
        return self.to("/digest/")

    def digest(self, issue: str) -> str:
        """One issue, permanent and the same for everyone."""
        return self.to(f"/digest/{quote(issue)}")

    def digest_text(self, issue: str) -> str:
        """One issue as plain text."""
        return self.to(f"/digest/{quote(issue)}.txt")

    def digest_feed(self) -> str:
        """The issues of the digest as an Atom feed."""
        return self.to("/digest/feed.atom")

    def unsubscribe(self, token: str) -> str:
        """Where one reader ends the digest; a GET shows a button, a POST does it."""
        return self.to(f"/unsubscribe/{quote(token)}")

    def subscribe(self) -> str:
        """Where one asks for the digest."""
        return self.to("/subscribe")

    def confirm(self, token: str) -> str:
        """Where somebody who asked for the digest confirms it; a GET shows a button, a POST does it."""
        return self.to(f"/confirm/{quote(token)}")

    def preferences(self, token: str) -> str:
        """Where one reader changes what they get."""
        return self.to(f"/preferences/{quote(token)}")

    def story_tag(self, story: str) -> str:
        """A story's id for feed readers (RFC 4151), minted once and kept in the store."""
        return f"tag:{self.authority},{TAG_YEAR}:stories/{story}"

    def feed_tag(self, name: str) -> str:
        """A feed's id (RFC 4287 §4.2.6); the same for every format of it."""
        return f"tag:{self.authority},{TAG_YEAR}:feeds/{quote(name)}"

    def digest_tag(self, issue: str = "") -> str:
        """An issue's id in the digest's feed; without an issue, the feed's own."""
        return f"tag:{self.authority},{TAG_YEAR}:digest" + (f"/{quote(issue)}" if issue else "")
