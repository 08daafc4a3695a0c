"""Makes of a story what every format can print: text that fits, addresses that can be followed, dates in order.

Done once for all formats, so that they tell the same. What cannot be printed as it came is mended here, and a
story is left out only where there is nothing to mend; either way it harms no other.
"""

from __future__ import annotations

import hashlib
import logging
import mimetypes
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from syndication import text
from syndication.domain.picture import Size
from syndication.domain.portal import Catalogue
from syndication.domain.story import Story, Tombstone
from syndication.links import FeedFormat, Links
from syndication.publish.fulltext import full_text
from syndication.publish.printable import nobodys_mail, one_line, web_address, without_markup
from syndication.publish.select import FeedPlan

log = logging.getLogger(__name__)

TITLE_FROM_SUMMARY = 80
"""Characters of its summary that stand for a title where a story has none."""


_TAG_URI = re.compile(
    r"tag:[a-z0-9.-]+,[0-9]{4}(?:-[0-9]{2}){0,2}:[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+"
)  # RFC 4151 §2.1

_NO_NEWS_BEFORE = datetime(1990, 1, 1, tzinfo=UTC)
"""The Web is younger; an older date is a mistake (and the W3C validator says so: ImplausibleDate)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """One portal that tells a story, and where."""

    portal: str
    name: str
    url: str
    title: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The portal a story's text is from."""

    portal: str
    name: str
    home: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A story as every format can print it: every text clean, every address absolute http(s)."""

    id: str
    story: str
    title: str
    summary: str
    """Plain text; empty where the story has none."""
    content: str | None
    """HTML with absolute addresses, only where the full text may be published."""
    url: str
    page: str
    author: str
    image: str | None
    image_type: str | None
    image_size: Size | None
    language: str
    announced_at: datetime
    """Whole seconds, unique in a document."""
    updated_at: datetime
    """Unique in a document: Atom must not give two entries one time (W3C validator, DuplicateUpdated)."""
    issued_at: datetime | None
    """The portal's own date; left out where it lies after our announcement and so must be wrong."""
    categories: tuple[tuple[str, str], ...]
    """Slug and title."""
    tellers: tuple[Teller, ...]
    """The leading one first; one for each address."""
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What one document of a feed says, whatever its format."""

    plan: FeedPlan
    entries: tuple[Entry, ...]
    tombstones: tuple[Tombstone, ...] = ()
    hub: str | None = None
    query: str = ""
    """What stands after the question mark in the address of a document that a filter has cut; empty for a whole one."""
    archive: str | None = None
    """The part of an archive's address after the feed's name; None for the current document."""
    previous: str | None = None
    """The archive before this document."""
    following: str | None = None
    """The archive after this one; None for the newest, after which comes the current document."""

    def address(self, form: FeedFormat, links: Links) -> str:
        """Where this document is found."""
        if self.archive:
            return links.archive(self.plan.name, self.archive)
        whole = links.feed(self.plan.name, form)
        return f"{whole}?{self.query}" if self.query else whole

    def tag(self, links: Links) -> str:
        """The feed's id (RFC 4287 §4.2.6): what a filter has cut is a feed of its own."""
        whole = links.feed_tag(self.plan.name)
        return f"{whole}?{self.query}" if self.query else whole

    @property
    def updated_at(self) -> datetime:
        """When something in this document last changed."""
        times = [entry.updated_at for entry in self.entries] + [stone.at for stone in self.tombstones]
        return max(times, default=BEFORE_ANY_STORY)


BEFORE_ANY_STORY = datetime(2026, 1, 1, tzinfo=UTC)
"""The time an empty feed gives; any fixed one will do, the clock will not."""


def entries_of(
    stories: Iterable[Story], *, catalogue: Catalogue, links: Links, language: str = "vi"
) -> tuple[Entry, ...]:
    """The stories as they can be printed, the last announced first, each once.

    ``language`` is the feed's; entries of portals that write another one say so.
    """
    titles = {one.slug: without_markup(one.title) or one.slug for one in catalogue.categories}
    found: dict[str, Entry] = {}
    for story in stories:
        try:
            entry = _entry(story, titles, catalogue, links, language)
        except (ValueError, IndexError, OverflowError, TypeError):
            log.exception("story %s cannot be printed and is left out", story.id)
        else:
            found.setdefault(entry.id, entry)
    ordered = sorted(found.values(), key=lambda entry: entry.announced_at, reverse=True)
    taken: set[datetime] = set()
    return tuple(_at_its_own_time(entry, taken) for entry in ordered)


def _at_its_own_time(entry: Entry, taken: set[datetime]) -> Entry:
    at = entry.updated_at
    while at in taken:
        at += timedelta(microseconds=1)
    taken.add(at)
    return entry if at == entry.updated_at else replace(entry, updated_at=at)


def _entry(story: Story, titles: dict[str, str], catalogue: Catalogue, links: Links, language: str) -> Entry:
    lead = story.lead
    portal = catalogue.portals.get(lead.portal)
    name = _name(lead.portal, catalogue)
    page = links.story(story.id)
    tellers: dict[str, Teller] = {}
    for telling in story.tellings:
        if url := web_address(telling.url):
            tellers.setdefault(
                url,
                Teller(
                    portal=one_line(telling.portal),
                    name=_name(telling.portal, catalogue),
                    url=url,
                    title=one_line(telling.title),
                    published_at=_portals_own(telling.published_at),
                ),
            )
    url = web_address(story.url) or next(iter(tellers), page)
    summary = one_line(story.summary)
    announced_at = _aware(story.announced_at).replace(microsecond=0)
    issued_at = _portals_own(lead.published_at)
    image = web_address(story.image_url, base=url) if story.image_url else None
    return Entry(
        id=story.tag if _TAG_URI.fullmatch(story.tag) else links.story_tag(quote(story.id, safe="")),
        story=story.id,
        title=without_markup(story.title)
        or text.shorten(without_markup(story.summary), TITLE_FROM_SUMMARY)
        or name,
        summary=summary,
        content=full_text(story.content or "", base=url),
        url=url,
        page=page,
        author=nobodys_mail(story.author or "") or name,
        image=image,
        image_type=_image_type(image),
        image_size=story.image_size if image else None,
        language=portal.language if portal else language,
        announced_at=announced_at,
        updated_at=_updated(story, announced_at),
        issued_at=issued_at if issued_at and issued_at <= announced_at else None,
        categories=tuple((slug, titles[slug]) for slug in story.categories if slug in titles),
        tellers=tuple(tellers.values()),
        origin=Origin(
            portal=one_line(lead.portal),
            name=name,
            home=(web_address(portal.home) if portal else None) or url,
        ),
    )


def _updated(story: Story, announced_at: datetime) -> datetime:
    """When it was last edited; stories edited in one round differ below the second, by their ids."""
    edited = _aware(story.updated_at).replace(microsecond=0)
    if edited <= announced_at:
        return announced_at
    fraction = int.from_bytes(hashlib.sha256(story.id.encode(errors="replace")).digest()[:4]) % 1_000_000
    return edited.replace(microsecond=fraction)


def _aware(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:  # in the first hours of the year 1 or the last ones of 9999
        return moment.replace(tzinfo=UTC)


def _portals_own(date: datetime | None) -> datetime | None:
    """What a portal says of when; None where that cannot be."""
    at = _aware(date) if date else None
    return at if at and at >= _NO_NEWS_BEFORE else None


def _name(portal: str, catalogue: Catalogue) -> str:
    known = catalogue.portals.get(portal)
    return nobodys_mail(known.name if known else portal) or "?"


def _image_type(address: str | None) -> str | None:
    kind = mimetypes.guess_type(urlsplit(address).path)[0] if address else None
    return kind if kind and kind.startswith("image/") else None
