"""One round of collecting: claim what is due, fetch it, make articles of it, keep what is new.

    claim | fetch (many at once) | parse | normalise | categorise | keep (one transaction per source)

A source that fails is recorded and tried later; the round goes on. A process killed anywhere leaves claims
that end by themselves and transactions that never happened, so the next round simply does the work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Protocol

from syndication.collect.categorise import Categoriser
from syndication.collect.fetch import Fetched, Request
from syndication.collect.merge import Changed, New, Reading, Same, decide, trusted
from syndication.collect.normalise import Dropped, Place, keys_of, normalise
from syndication.collect.parse import PARSERS, Document
from syndication.domain.article import Article, Item
from syndication.domain.portal import Catalogue, Source
from syndication.domain.story import feed_names, mint_id
from syndication.errors import NotReadable, SourceError
from syndication.links import Links
from syndication.store import Memory, Store, new_owner
from syndication.store.sources import SourceRecord

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""A claimed source is free again after this, should its reader have died."""
BATCH = 200
VALIDATORS_LAST = timedelta(days=8)
"""After this a source is asked without conditions once: some servers answer 304 for ever."""
LONGEST_WAIT = timedelta(days=1)
"""However often a source failed, it is tried again within this."""


class Result(StrEnum):
    """What became of a source in a round."""

    NEW = "new"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    HELD = "held"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What one source gave in a round."""

    portal: str
    url: str
    result: Result
    items: int = 0
    new: int = 0
    changed: int = 0
    error: str | None = None
    dropped: tuple[str, ...] = ()
    next_at: datetime | None = None


class FetchesMany(Protocol):
    """What a round needs of a fetcher (``collect.fetch.Fetcher``)."""

    def fetch_all(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Fetched | SourceError]]:
        """Answers as they come."""


def next_check(source: Source, *, now: datetime, failures: int, retry_after: float | None) -> datetime:
    """When a source is due again: its own interval, doubled with each failure, never beyond a day.

    A wait the portal asked for (Retry-After, in seconds) is kept, up to the same bound.
    """
    doubled = source.every * (1 << min(failures, 6))
    wait = min(doubled, max(LONGEST_WAIT, source.every))
    if retry_after is not None:
        wait = max(wait, min(timedelta(seconds=retry_after), LONGEST_WAIT))
    return now + wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Everything a round of collecting works with."""

    store: Store
    catalogue: Catalogue
    links: Links
    open_fetcher: Callable[[], AbstractContextManager[FetchesMany]]
    now: Callable[[], datetime]


def collect(house: Round, *, portals: Collection[str] = (), due_only: bool = True) -> Iterator[SourceReport]:
    """Read the sources that are due (or, without ``due_only``, all) of these portals, or of every portal.

    Yields a report per source as it is done. A source that somebody else is reading is left to them.
    """
    wanted = {
        (source.portal, source.url): source
        for source in house.catalogue.sources
        if not portals or source.portal in portals
    }
    unread = [key for key, source in wanted.items() if source.read not in PARSERS]
    for source in map(wanted.pop, unread):
        yield _skipped(source, f'read = "{source.read}" is not read by this version yet')
    with house.store.write() as memory:
        memory.release_gone(now=house.now())
        memory.sources.ensure(wanted, now=house.now())
    keeper = _Keeper(house, new_owner())
    with house.open_fetcher() as fetcher:
        while records := keeper.claim(wanted, due_only=due_only):
            requests = [_request(record, now=house.now()) for record in records]
            tasks = {id(request): record for request, record in zip(requests, records, strict=True)}
            for request, answer in fetcher.fetch_all(requests):
                record = tasks[id(request)]
                yield keeper.finish(wanted.pop((record.portal, record.url)), record, answer)
    if not due_only:
        for source in wanted.values():
            yield _skipped(source, "somebody else is reading it right now")


def _skipped(source: Source, why: str) -> SourceReport:
    return SourceReport(portal=source.portal, url=source.url, result=Result.SKIPPED, error=why)


def _request(record: SourceRecord, *, now: datetime) -> Request:
    fresh = record.validators_at is not None and record.validators_at > now - VALIDATORS_LAST
    return Request(
        url=record.url,
        etag=record.etag if fresh else None,
        last_modified=record.last_modified if fresh else None,
    )


class _Keeper:
    """Keeps what the sources of one round answered."""

    def __init__(self, house: Round, owner: str) -> None:
        self._house = house
        self._owner = owner
        self._categoriser = Categoriser.of(house.catalogue.categories)

    def claim(self, wanted: Mapping[tuple[str, str], Source], *, due_only: bool) -> list[SourceRecord]:
        with self._house.store.write() as memory:
            return memory.sources.claim(
                wanted.keys(),
                owner=self._owner,
                now=self._house.now(),
                lease=LEASE,
                due_only=due_only,
                limit=BATCH,
            )

    def finish(self, source: Source, record: SourceRecord, answer: Fetched | SourceError) -> SourceReport:
        """Keep an answer, or the failure; whatever goes wrong stays with this source."""
        try:
            if isinstance(answer, SourceError):
                raise answer
            if answer.status == 304 or answer.body_hash == record.body_hash:
                return self._unchanged(source, record, answer)
            return self._read(source, record, answer)
        except SourceError as trouble:
            return self._failed(source, record, str(trouble), retry_after=trouble.retry_after)
        except Exception as trouble:  # one bad source must stay one bad source
            log.exception("%s %s", source.portal, source.url)
            says = f"unexpected trouble ({trouble.__class__.__name__}: {trouble}): see the log"
            return self._failed(source, record, says)

    def _failed(
        self, source: Source, record: SourceRecord, says: str, *, retry_after: float | None = None
    ) -> SourceReport:
        now = self._house.now()
        next_at = next_check(source, now=now, failures=record.failures + 1, retry_after=retry_after)
        with self._house.store.write() as memory:
            if memory.sources.still_mine(record.id, owner=self._owner):
                memory.sources.failed(record.id, at=now, next_at=next_at, error=says)
        return SourceReport(
            portal=source.portal, url=source.url, result=Result.FAILED, error=says, next_at=next_at
        )

    def _unchanged(self, source: Source, record: SourceRecord, answer: Fetched) -> SourceReport:
        with self._house.store.write() as memory:
            next_at = self._succeeded(memory, source, record, answer, new=False)
        return SourceReport(portal=source.portal, url=source.url, result=Result.UNCHANGED, next_at=next_at)

    def _succeeded(
        self, memory: Memory, source: Source, record: SourceRecord, answer: Fetched, *, new: bool
    ) -> datetime:
        now = self._house.now()
        next_at = next_check(source, now=now, failures=0, retry_after=None)
        if memory.sources.still_mine(record.id, owner=self._owner):
            kept = answer.status == 304
            memory.sources.succeeded(
                record.id,
                at=now,
                next_at=next_at,
                etag=answer.etag or (record.etag if kept else None),
                last_modified=answer.last_modified or (record.last_modified if kept else None),
                validators_at=record.validators_at if kept else now,
                body_hash=record.body_hash if kept else answer.body_hash,
                new=new,
            )
        return next_at

    def _read(self, source: Source, record: SourceRecord, answer: Fetched) -> SourceReport:
        """Parse a new body and keep what is new in it, all of it or nothing."""
        portal = self._house.catalogue.portals[source.portal]
        now = self._house.now()
        parsed = PARSERS[source.read](
            Document(
                body=answer.body,
                url=answer.url,
                content_type=answer.content_type,
                charset=answer.charset,
                select=source.select,
            )
        )
        place = Place(portal=portal, source=source, url=answer.url, generator=parsed.generator)
        readings: list[Reading] = []
        dropped: list[str] = []
        for item in parsed.items:
            article = _normalise(item, place, now=now)
            if isinstance(article, Dropped):
                dropped.append(article.why)
            else:
                readings.append(Reading(article, keys_of(article, source)))
        if parsed.items and not readings:
            raise NotReadable(f"none of its {len(parsed.items)} items can be used; the first: {dropped[0]}")
        readings = trusted(readings)
        with self._house.store.write() as memory:
            memory.alone()
            if not memory.sources.still_mine(record.id, owner=self._owner):
                return _skipped(source, "it took too long and somebody else has read it")
            new, changed = self._keep(memory, readings, now=now)
            next_at = self._succeeded(memory, source, record, answer, new=bool(new))
        return SourceReport(
            portal=source.portal,
            url=source.url,
            result=Result.NEW if new or changed else Result.UNCHANGED,
            items=len(parsed.items),
            new=new,
            changed=changed,
            dropped=tuple(dropped),
            next_at=next_at,
        )

    def _keep(self, memory: Memory, readings: Sequence[Reading], *, now: datetime) -> tuple[int, int]:
        known = memory.articles.known_as([key for reading in readings for key in reading.keys])
        new = changed = 0
        for decision in decide(readings, known):
            article, keys = decision.reading.article, decision.reading.keys
            if isinstance(decision, New):
                kept = self._add(memory, article.also_under((), ()), now=now)
                new += 1
            else:
                kept = decision.known.id
                changed += self._renew(memory, decision, now=now)
            memory.articles.name(kept, [key for key in keys if key not in known])
        return new, changed

    def _add(self, memory: Memory, article: Article, *, now: datetime) -> int:
        story = self._mint(memory, article, now=now)
        kept = memory.articles.add(article, story=story, now=now)
        memory.stories.led_by(story, kept)
        memory.stories.categorise(story, self._categoriser.decide(article))
        return kept

    def _renew(self, memory: Memory, decision: Same | Changed, *, now: datetime) -> int:
        """Bring a kept article up to what was read now; returns 1 when it says something else."""
        was = decision.known
        article = decision.reading.article.also_under(was.labels, was.categories)
        relisted = (article.labels, article.categories) != (was.labels, was.categories)
        if isinstance(decision, Changed):
            published_at = was.published_at or article.published_at
            memory.articles.change(was.id, article, published_at=published_at, now=now)
            memory.stories.changed(was.story, at=now, matters=decision.matters)
        elif relisted:
            memory.articles.list_under(was.id, article)
        if isinstance(decision, Changed) or relisted:
            reasons = self._categoriser.decide(article)
            memory.stories.categorise(was.story, reasons)
            memory.stories.mark_stale(memory.stories.feeds_of(was.story), now=now)
            feeds = feed_names(reasons, memory.stories.portals(was.story))
            memory.stories.place(was.story, feeds, now=now)
        return int(isinstance(decision, Changed))

    def _mint(self, memory: Memory, article: Article, *, now: datetime) -> str:
        for attempt in count():
            story = mint_id(article.portal, article.address_key, attempt=attempt)
            if not memory.stories.exists(story):
                break
        memory.stories.add(story, tag=self._house.links.story_tag(story), now=now)
        return story


def _normalise(item: Item, place: Place, *, now: datetime) -> Article | Dropped:
    try:
        return normalise(item, place, now=now)
    except Exception as trouble:  # one bad item must stay one bad item
        log.exception("%s %s: an item", place.portal.id, place.source.url)
        return Dropped(f"an item cannot be read ({trouble.__class__.__name__}: {trouble})")
