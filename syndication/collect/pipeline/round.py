"""One round: claim what is due, have it fetched, and give each answer to the reader and the keeper."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from syndication import __version__
from syndication.collect import canonical, robots, timing
from syndication.collect.fetch import FEED_ACCEPT, PAGE_ACCEPT, REFUSALS, Fetched, Patience, Request
from syndication.collect.parse import PARSERS, wordpress
from syndication.collect.pipeline.keeper import keep
from syndication.collect.pipeline.reader import FetchesMany, Read, Reader
from syndication.collect.pipeline.settle import Newsroom
from syndication.collect.sandbox import Sandbox
from syndication.domain.portal import Catalogue, Portal, Source
from syndication.domain.portal import Read as Way
from syndication.errors import FetchFailed, HostWaits, NotReadable, SourceError
from syndication.links import Links
from syndication.store import Memory, Store, new_owner
from syndication.store.sources import Answered, SourceRecord, Unchanged

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""A claimed source is free again so long after its reader was last heard of, should it have died."""
BATCH = 500
"""Sources claimed and asked together."""
RECORDED_TOGETHER = 250
"""Answers that say nothing new are recorded so many at once; who dies before has asked in vain, and no more."""
VALIDATORS_LAST = timedelta(days=8)
"""After this a source is asked without conditions once: some servers answer 304 for ever."""
MOVED_FOR_GOOD = timedelta(days=7)
"""A permanent redirect is followed by itself when it has stood this long: some are mistakes of a day."""
FLOOD = 20
"""So many items, all of them new and none known, from a source that was read yesterday: a person should look."""
MOST_A_DAY = 200
"""News of one portal within a day; the busiest tell sixty. More is somebody else's hand, a little at a time."""


DOWNGRADED = "it is led from https to http, where anyone on the way can change it: tell the portal"


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
    notes: tuple[str, ...] = ()
    next_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Round:
    """Everything a round of collecting works with."""

    store: Store
    catalogue: Catalogue
    links: Links
    open_fetcher: Callable[[], AbstractContextManager[FetchesMany]]
    sandbox: Sandbox
    """Where what came from portals is parsed."""
    user_agent: str
    now: Callable[[], datetime]
    patience: Patience = field(default_factory=Patience)
    """Which hosts asked us, in these rounds, to come less often. In Unix seconds."""

    @cached_property
    def read_as(self) -> Mapping[tuple[str, str], str]:
        """For each source (portal, url) a hash of everything that decides how its answers are read.

        When it changes, everything is read afresh.
        """
        return {
            (source.portal, source.url): _hash_of(portal, source)
            for portal in self.catalogue.portals.values()
            for source in portal.sources
        }


def _hash_of(portal: Portal, source: Source) -> str:
    seen = repr((__version__, source, portal.hosts, portal.timezone, portal.article))
    return hashlib.blake2b(seen.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class _Unchanged:
    """A good answer that said nothing new, not recorded yet."""

    report: SourceReport
    answer: Unchanged


class Flood(SourceError):
    """Everything a well-known source lists is new at once; nothing of it is kept until a person has looked."""


def collect(
    house: Round, *, portals: Collection[str] = (), due_only: bool = True, trust: bool = False
) -> Iterator[SourceReport]:
    """Read the sources that are due (or, without ``due_only``, all) of these portals, or of every portal.

    Yields a report per source as it is done. A source that somebody else is reading is left to them. ``trust``
    takes what would be held as a flood.
    """
    known = {
        (source.portal, source.url): source
        for source in house.catalogue.sources
        if not portals or source.portal in portals
    }
    unread = [key for key, source in known.items() if source.read not in PARSERS]
    for source in map(known.pop, unread):
        yield _skipped(source, f'read = "{source.read}" is not read by this version yet')
    with house.store.write() as memory:
        memory.release_gone(now=house.now())
        ids = memory.sources.ensure(known, now=house.now())
    wanted = {ids[key]: source for key, source in known.items()}
    with house.open_fetcher() as fetcher:
        desk = _Desk(house, fetcher, trust=trust)
        while records := desk.claim(wanted, due_only=due_only):
            tasks = [(record, wanted.pop(record.id)) for record in records]
            yield from desk.work(tasks)
    if not due_only:
        for source in wanted.values():
            yield _skipped(source, "somebody else is reading it right now")


def _skipped(source: Source, why: str, *, next_at: datetime | None = None) -> SourceReport:
    return SourceReport(
        portal=source.portal, url=source.url, result=Result.SKIPPED, error=why, next_at=next_at
    )


class _Desk:
    """Works through the sources of one round."""

    def __init__(self, house: Round, fetcher: FetchesMany, *, trust: bool) -> None:
        self._house = house
        self._fetcher = fetcher
        self._trust = trust
        self._owner = new_owner()
        self._held_at = house.now()
        self._refused: set[str] = set()
        """Hosts that have asked us to come less often in this batch."""
        self._newsroom = Newsroom.of(house.catalogue, house.links)
        self._reader = Reader(house.store, fetcher, house.sandbox, user_agent=house.user_agent, now=house.now)
        self._spread = random.Random()  # noqa: S311 -- it spreads requests in time

    def claim(self, wanted: Mapping[int, Source], *, due_only: bool) -> list[SourceRecord]:
        now = self._held_at = self._house.now()
        with self._house.store.write() as memory:
            return memory.sources.claim(
                wanted.keys(),
                owner=self._owner,
                now=now,
                lease=LEASE,
                due_only=due_only,
                limit=BATCH,
            )

    def work(self, tasks: Sequence[tuple[SourceRecord, Source]]) -> Iterator[SourceReport]:
        forbidden = self._reader.forbidden(
            {record.url: self._portal(source) for record, source in tasks if source.read in robots.ASKED_FOR}
        )
        requests: dict[int, tuple[Request, SourceRecord, Source]] = {}
        for record, source in tasks:
            if trouble := forbidden.get(record.url):
                yield self._failed(source, record, trouble)
                continue
            request = self._request(record, source)
            requests[id(request)] = (request, record, source)
        unchanged: list[_Unchanged] = []
        for request, answer in self._fetcher.fetch_all([request for request, _, _ in requests.values()]):
            _, record, source = requests[id(request)]
            self._hold()
            done = self._finish(source, record, answer)
            if not isinstance(done, _Unchanged):
                yield done
                continue
            unchanged.append(done)
            if len(unchanged) >= RECORDED_TOGETHER:
                yield from self._record(unchanged)
                unchanged = []
        if unchanged:
            yield from self._record(unchanged)
        self._spare_hosts()

    def _spare_hosts(self) -> None:
        """Let all sources of a host wait that has asked this of several; after all that has set their times."""
        now = self._house.now()
        waiting: dict[str, list[str]] = {}
        for source in self._house.catalogue.sources if self._refused else ():
            host = canonical.host_of(source.url)
            if host in self._refused:
                waiting.setdefault(host, []).append(source.url)
        for host, urls in waiting.items():
            if left := self._house.patience.left(host, now=now.timestamp()):
                log.warning("%s asks us to come less often: all its sources wait for %.0f s", host, left)
                with self._house.store.write() as memory:
                    memory.sources.wait(urls, until=now + timedelta(seconds=left))
        self._refused.clear()

    def _hold(self) -> None:
        """Say now and then that we are still at it, so that nobody takes over what we have not come to yet."""
        now = self._house.now()
        if now - self._held_at > LEASE / 3:
            with self._house.store.write() as memory:
                memory.sources.hold(owner=self._owner, until=now + LEASE)
            self._held_at = now

    def _record(self, unchanged: Sequence[_Unchanged]) -> Iterator[SourceReport]:
        """Record together what said nothing new: a transaction for each would cost more than the asking."""
        with self._house.store.write() as memory:
            answers = [one.answer for one in unchanged]
            memory.sources.unchanged(answers, owner=self._owner, at=self._house.now())
        yield from (one.report for one in unchanged)

    def _portal(self, source: Source) -> Portal:
        return self._house.catalogue.portals[source.portal]

    def _request(self, record: SourceRecord, source: Source) -> Request:
        now = self._house.now()
        url = record.url
        if record.moved_to and record.moved_at and record.moved_at < now - MOVED_FOR_GOOD:
            # Within the portal's hosts a source may move by itself; a person confirms another by naming it there.
            confirmed = canonical.belongs_to(record.moved_to, self._portal(source).hosts)
            url = record.moved_to if confirmed else record.url
        if source.read is Way.WORDPRESS:
            url = wordpress.asked(url)
        fresh = (
            record.validators_at is not None
            and record.validators_at > now - VALIDATORS_LAST
            and record.read_as == self._house.read_as[source.portal, source.url]
        )
        return Request(
            url=url,
            etag=record.etag if fresh else None,
            last_modified=record.last_modified if fresh else None,
            accept=PAGE_ACCEPT if source.read is Way.PAGE else FEED_ACCEPT,
            ca_file=self._portal(source).ca_file,
        )

    def _finish(
        self, source: Source, record: SourceRecord, answer: Fetched | SourceError
    ) -> SourceReport | _Unchanged:
        """Keep an answer, or the failure, unless nothing changed; whatever goes wrong stays with this source."""
        try:
            if isinstance(answer, SourceError):
                raise answer
            return self._take(source, record, answer)
        except SourceError as trouble:
            moved = answer.permanent_url if isinstance(answer, Fetched) else None
            return self._failed(source, record, trouble, moved_to=moved)
        except Exception as trouble:  # one bad source must stay one bad source
            log.exception("%s %s", source.portal, source.url)
            says = f"unexpected trouble ({trouble.__class__.__name__}: {trouble}): see the log"
            return self._failed(source, record, SourceError(says))

    def _take(self, source: Source, record: SourceRecord, answer: Fetched) -> SourceReport | _Unchanged:
        portal = self._portal(source)
        as_before = record.read_as == self._house.read_as[source.portal, source.url]
        if answer.status == 304 or (as_before and answer.body_hash == record.body_hash):
            return self._unchanged(source, record, answer)
        first = record.succeeded_at is None
        with self._house.store.read() as memory:
            chunks = memory.sources.chunks(record.id)
        seen = frozenset(chunks if as_before else ())
        read = self._reader.read(portal, source, answer, seen=seen, first=first)
        self._look_twice(source, record, read)
        now = self._house.now()
        with self._house.store.write() as memory:
            memory.alone()
            if not memory.sources.still_mine(record.id, owner=self._owner):
                return _skipped(source, "it took too long and somebody else has read it")
            new, changed = keep(memory, read.readings, newsroom=self._newsroom, now=now)
            next_at = self._succeeded(memory, source, record, answer, read=read, new=bool(new), chunks=chunks)
        return SourceReport(
            portal=source.portal,
            url=source.url,
            result=Result.NEW if new or changed else Result.UNCHANGED,
            items=read.items,
            new=new,
            changed=changed,
            dropped=read.dropped,
            notes=read.notes,
            next_at=next_at,
        )

    def _look_twice(self, source: Source, record: SourceRecord, read: Read) -> None:
        """Raise where an answer that can be read should not be believed."""
        if not read.items and record.items:
            raise NotReadable(
                f"it lists nothing any more, and had {record.items} items before: look at the page; "
                "what we keep stays"
            )
        now = self._house.now()
        if self._trust or record.succeeded_at is None or not read.readings:
            return
        take = f"then take it with `syndication collect {source.portal} --now --trust`"
        with self._house.store.read() as memory:
            known = memory.articles.known_as([key for reading in read.readings for key in reading.keys])
            new = sum(not any(key in known for key in reading.keys) for reading in read.readings)
            today = memory.stories.count_news(source.portal, since=now - timedelta(days=1)) if new else 0
        if new and today + new > MOST_A_DAY:
            raise Flood(
                f"its portal has told {today} news within a day and tells {new} more: look at it, {take}"
            )
        lately = record.succeeded_at > now - timedelta(days=3)
        if lately and record.items and read.unseen >= max(FLOOD, read.items) and not known:
            raise Flood(
                f"all {read.unseen} items are new at once: a move, a new system, or somebody else's hand. "
                f"Look at it, {take}"
            )

    def _failed(
        self, source: Source, record: SourceRecord, trouble: SourceError, *, moved_to: str | None = None
    ) -> SourceReport:
        now = self._house.now()
        says = str(trouble)
        if isinstance(trouble, HostWaits):
            return self._put_off(source, record, trouble)
        if isinstance(trouble, FetchFailed) and trouble.status in REFUSALS:
            host = canonical.host_of(record.url)
            self._refused.add(host)
            self._house.patience.refused(host, record.url, wait=trouble.retry_after, now=now.timestamp())
        failures = record.failures + 1
        if trouble.permanent:
            failures = max(failures, 8)  # gone for good, says the portal: look once a day
        next_at = timing.next_after_failure(
            source, now=now, failures=failures, retry_after=trouble.retry_after, spread=self._spread
        )
        with self._house.store.write() as memory:
            if memory.sources.still_mine(record.id, owner=self._owner):
                memory.sources.failed(record.id, at=now, next_at=next_at, error=says)
                if moved_to:
                    memory.sources.moved(record.id, to=moved_to, now=now)
        result = Result.HELD if isinstance(trouble, Flood) else Result.FAILED
        return SourceReport(portal=source.portal, url=source.url, result=result, error=says, next_at=next_at)

    def _put_off(self, source: Source, record: SourceRecord, trouble: HostWaits) -> SourceReport:
        """Give back a source that was not asked: its host wants to be left alone, which is no fault of the source."""
        next_at = self._house.now() + timedelta(seconds=trouble.retry_after or 0)
        with self._house.store.write() as memory:
            if memory.sources.still_mine(record.id, owner=self._owner):
                memory.sources.put_off(record.id, next_at=next_at)
        return _skipped(source, str(trouble), next_at=next_at)

    def _unchanged(self, source: Source, record: SourceRecord, answer: Fetched) -> _Unchanged:
        now = self._house.now()
        next_at = self._next_at(source, answer, usual_gap=_gap(record))
        moved_to = answer.permanent_url
        validators = (answer.etag, answer.last_modified)
        recorded = (record.etag, record.last_modified, record.moved_to)
        asked_afresh = answer.status != 304 and any(validators)
        return _Unchanged(
            SourceReport(portal=source.portal, url=source.url, result=Result.UNCHANGED, next_at=next_at),
            Unchanged(
                source=record.id,
                next_at=next_at,
                renewed=asked_afresh or (*validators, moved_to) != recorded,
                etag=answer.etag,
                last_modified=answer.last_modified,
                validators_at=now if asked_afresh else record.validators_at,
                moved_to=moved_to,
                moved_at=record.moved_at if moved_to == record.moved_to else now if moved_to else None,
            ),
        )

    def _succeeded(
        self,
        memory: Memory,
        source: Source,
        record: SourceRecord,
        answer: Fetched,
        *,
        read: Read,
        new: bool,
        chunks: list[str],
    ) -> datetime:
        """Record a good answer that had to be read; ``chunks`` are those of the last one."""
        now = self._house.now()
        gap = _gap(record)
        if new:
            gap = timing.learn_gap(gap, last_new_at=record.new_at, now=now)
        next_at = self._next_at(source, answer, usual_gap=gap, document=read.every)
        partial = answer.status == 226
        answered = Answered(
            etag=answer.etag,
            last_modified=answer.last_modified,
            validators_at=now,
            body_hash=record.body_hash if partial else answer.body_hash,
            usual_gap=int(gap.total_seconds()) if gap is not None else None,
            items=record.items if partial else read.items,
            chunks=chunks if partial else list(read.chunks),
            read_as=self._house.read_as[source.portal, source.url],
            note=_note(read, answer),
        )
        memory.sources.succeeded(record.id, answered, at=now, next_at=next_at, new=new)
        memory.sources.moved(record.id, to=answer.permanent_url, now=now)
        return next_at

    def _next_at(
        self,
        source: Source,
        answer: Fetched,
        *,
        usual_gap: timedelta | None,
        document: timedelta | None = None,
    ) -> datetime:
        now = self._house.now()
        hint = timing.hinted(answer.headers, document=document, now=now)
        return timing.next_after_success(source, now=now, usual_gap=usual_gap, hint=hint, spread=self._spread)


def _gap(record: SourceRecord) -> timedelta | None:
    return timedelta(seconds=record.usual_gap) if record.usual_gap is not None else None


def _note(read: Read, answer: Fetched) -> str | None:
    """What an operator should see to: how it came, what the reader noticed, and items that could not be used."""
    downgraded = (DOWNGRADED,) if answer.downgraded else ()
    dropped = (
        (f"{len(read.dropped)} items cannot be used; the first: {read.dropped[0]}",) if read.dropped else ()
    )
    return "; ".join((*downgraded, *read.notes, *dropped)) or None
