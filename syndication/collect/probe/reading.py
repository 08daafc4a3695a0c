"""Reads what may be a source as collecting would, ranks what came, chooses, and says why. Pure, but for the sandbox.

Ranked by what a digest needs: dates that are not stale, then summaries; then what was made for programs to read before
what was made for people; then how much there is.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from syndication.collect.dates import keep_date, read_date
from syndication.collect.enrich import completed
from syndication.collect.fetch import Fetched, Request
from syndication.collect.normalise import Dropped, Place, article_of
from syndication.collect.parse import Document, markup
from syndication.collect.sandbox import Sandbox
from syndication.domain.article import Article, Item
from syndication.domain.portal import NO_SELECTORS, FetchArticle, Portal, Read, SlashDates, Source
from syndication.errors import NotReadable, SourceError

log = logging.getLogger(__name__)

STALE = timedelta(days=60)
"""A source whose newest article is older than this was probably left behind by its portal."""
MOST_PARTS = 8
"""Feeds or lists of single categories that are tried, and taken, at most."""

_AMERICAN = re.compile(r"\d/\d{1,2}/\d{4}\s.*\d\s?[AP]M\b")
_KINDS = (Read.SITEMAP, Read.PAGE, Read.WORDPRESS, Read.JSONFEED, Read.FEED)


class Fetches(Protocol):
    """What a probe needs of a fetcher (``collect.fetch.Fetcher``)."""

    def fetch_all(self, requests: Iterable[Request]) -> Iterable[tuple[Request, Fetched | SourceError]]:
        """Answers as they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a source."""

    url: str
    found: str
    """How we came to it, in words."""
    label: str = ""
    select: Mapping[str, str] = field(default_factory=lambda: NO_SELECTORS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One address that could have been a source, and what came of it."""

    url: str
    found: str
    read: Read | None
    """How it can be read; None where it cannot."""
    taken: bool
    items: int
    dated: int
    newest_at: datetime | None
    says: str
    """Why it was not taken; of those that were, what a person should know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one source gave."""

    source: Source
    place: Place
    items: tuple[Item, ...]
    """Those of the document that became the articles, in the same order."""
    articles: tuple[Article, ...]
    dropped: tuple[str, ...]
    """Why the others became none."""
    next_url: str | None
    notes: tuple[str, ...] = ()
    """What does not look right, though it was read."""

    @property
    def dated(self) -> int:
        """Articles that have a date."""
        return sum(article.published_at is not None for article in self.articles)

    @property
    def newest_at(self) -> datetime | None:
        """The date of the newest article."""
        return max((one.published_at for one in self.articles if one.published_at), default=None)

    @property
    def keys(self) -> frozenset[str]:
        """The articles by their addresses."""
        return frozenset(article.address_key for article in self.articles)

    @property
    def is_labelled(self) -> bool:
        """Whether the items themselves say their categories."""
        return sum(bool(item.labels) for item in self.items) * 2 >= len(self.items)

    def share(self, has: Callable[[Article], object]) -> float:
        """Of the articles that have something."""
        return sum(bool(has(article)) for article in self.articles) / max(1, len(self.articles))

    def is_live(self, now: datetime) -> bool:
        """Whether most articles have dates and the newest is not stale."""
        return self.dated * 2 >= max(1, len(self.articles)) and bool(
            self.newest_at and now - self.newest_at < STALE
        )

    def rank(self, now: datetime) -> tuple[bool, bool, int, int, float]:
        """For choosing; the larger is the better."""
        return (
            self.is_live(now),
            # A sitemap's articles say on their own pages what a bare list of titles, perhaps «most read», never will.
            self.share(lambda one: one.summary) >= 0.5 or self.source.read is Read.SITEMAP,
            _KINDS.index(self.source.read),
            len(self.articles),
            self.share(lambda one: one.image_url) + self.is_labelled,
        )


# ------------------------------------------------------------------ reading


def way_of(document: Document) -> Read:
    """How a document wants to be read; raises NotReadable where it is nothing that lists news for programs."""
    body = markup.characters(document)
    match markup.sniff(body):
        case markup.Came.FEED:
            return Read.FEED
        case markup.Came.SITEMAP:
            return Read.SITEMAP
        case markup.Came.JSON:
            return Read.WORDPRESS if body.lstrip("\ufeff \t\r\n").startswith("[") else Read.JSONFEED
    raise NotReadable(markup.what_came(body, wanted="a feed", url=document.url))


def read_source(
    source: Source, portal: Portal, answer: Fetched, *, sandbox: Sandbox, now: datetime
) -> Reading:
    """Read an answer as this source; raises NotReadable where it cannot be read, or where nothing in it is of use."""
    parsed = sandbox.parse(source.read, Document.of(answer, select=source.select))
    place = Place(portal=portal, source=source, url=answer.url, generator=parsed.generator)
    # A sitemap names no titles; the articles' own pages will, and until then the address stands for it.
    nameless = source.read is Read.SITEMAP and portal.article.fetch is not FetchArticle.NEVER
    kept: list[tuple[Item, Article]] = []
    dropped: list[str] = []
    for item in parsed.items:
        named = replace(item, title=item.title or item.url) if nameless else item
        article = article_of(named, place, now=now)
        if isinstance(article, Dropped):
            dropped.append(article.why)
        else:
            kept.append((item, article))
    if dropped and not kept:
        raise NotReadable(f"none of its {len(dropped)} items can be used; the first: {dropped[0]}")
    return Reading(
        source=source,
        place=place,
        items=tuple(item for item, _ in kept),
        articles=tuple(article for _, article in kept),
        dropped=tuple(dropped),
        next_url=parsed.next_url,
        notes=parsed.notes,
    )


def read_slashes(
    source: Source, portal: Portal, answer: Fetched, *, sandbox: Sandbox, now: datetime
) -> SlashDates:
    """What 4/7/2024 means there: the day first, unless more dates make sense in another way.

    .NET's print with AM and PM has the month first, and then so have its dates without a time. Where a day beyond the
    twelfth shows that it has not, the day is first always.
    """
    items = sandbox.parse(source.read, Document.of(answer, select=source.select)).items
    zone = ZoneInfo(portal.timezone)

    def sense(slashes: SlashDates) -> int:
        read = (read_date(item.published, slashes=slashes, zone=zone) for item in items)
        return sum(keep_date(one, first_seen=now) is not None for one in read)

    if sense(SlashDates.DMY_ALWAYS) > max(sense(SlashDates.DMY), sense(SlashDates.MDY)):
        return SlashDates.DMY_ALWAYS
    swapped = sense(SlashDates.MDY) - sense(SlashDates.DMY)
    american = any(_AMERICAN.search(item.published or "") for item in items)
    return SlashDates.MDY if swapped > 0 or (american and not swapped) else SlashDates.DMY


def as_kept(
    item: Item, place: Place, page: Fetched | None, *, sandbox: Sandbox, now: datetime
) -> Article | None:
    """The article as collecting would keep it, with what its own page adds; None where it would be dropped."""
    if page is not None:
        item = completed(item, Document.of(page), place, extract=sandbox.extract)
    article = article_of(item, place, now=now)
    return article if isinstance(article, Article) else None


def changed_at(item: Item) -> datetime:
    """When a sitemap says that the page changed, to have an order where there is no date."""
    read = read_date(item.updated)
    return read.at if read else datetime.min.replace(tzinfo=UTC)


# ------------------------------------------------------------------ choosing


def choose(readings: Sequence[Reading], *, now: datetime) -> list[Reading]:
    """Which sources to take: the best, and those of single categories where they add labels or articles.

    A portal's one big feed often names no categories; then the small ones are taken for their names, and the big one
    only where it holds more than they do.
    """
    best = max((one for one in readings if one.articles), key=lambda one: one.rank(now), default=None)
    if best is None:
        return []
    parts: list[Reading] = []
    covered: set[str] = set()
    for one in readings:
        named = one is not best and one.source.read is best.source.read and one.source.label and one.articles
        if not named or one.keys <= covered or one.keys >= best.keys or len(parts) == MOST_PARTS:
            continue
        if not best.is_labelled or _newer(one, best):
            parts.append(one)
            covered |= one.keys
    if parts and best.keys <= covered:
        return parts
    if any(one.keys & best.keys for one in parts):  # it is the whole, and the whole is no category
        return [*parts, replace(best, source=replace(best.source, label=None))]
    return [one for one in readings if one is best or one in parts]


def _newer(one: Reading, best: Reading) -> bool:
    """Whether a list has articles that the best one lacks, though it reaches back as far."""
    reach = min((article.published_at for article in best.articles if article.published_at), default=None)
    return any(
        article.published_at
        and reach
        and article.published_at > reach
        and article.address_key not in best.keys
        for article in one.articles
    )


def explain(reading: Reading, candidate: Candidate, taken: Sequence[Reading], *, now: datetime) -> Tried:
    """What came of an address that could be read."""
    urls = [one.source.url for one in taken]
    is_taken = reading.source.url in urls
    count, dated, newest = len(reading.articles), reading.dated, reading.newest_at
    says = ""
    if not count:
        says = "it lists nothing"
    elif not dated and reading.source.read is Read.SITEMAP:
        says = "it names no titles and no dates: the articles' own pages must"
    elif not dated:
        says = f"none of its {count} articles has a date that can be read"
    elif newest and now - newest >= STALE:
        says = (
            f"its newest article is of {newest.astimezone(ZoneInfo(reading.place.portal.timezone)):%d/%m/%Y}"
        )
    elif not is_taken and reading.keys <= {key for one in taken for key in one.keys}:
        says = "its articles come with what was taken"
    elif not is_taken:
        says = "what was taken says more"
    elif reading.dropped:
        says = f"{len(reading.dropped)} more items cannot be used; the first: {reading.dropped[0]}"
    return Tried(
        url=reading.source.url,
        found=candidate.found,
        read=reading.source.read,
        taken=is_taken,
        items=count,
        dated=dated,
        newest_at=newest,
        says=says,
    )
