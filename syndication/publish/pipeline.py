"""Publishes what waits: announce new stories in order, then build the feeds that hold something new.

Building is repeatable: the same stories give the same bytes, so two processes that publish at once only do the
same work twice. Announcing is not, and is done by one at a time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from syndication.domain.portal import Catalogue
from syndication.domain.story import Story, Tombstone, announce_times, feed_names, is_history
from syndication.errors import SettingsError, SourceError
from syndication.links import MEDIA_TYPES, FeedFormat, Links
from syndication.publish import feed, hub, jsonfeed, opml, rdf
from syndication.publish.archive import Period, month_of, months_named, months_of, part_of, parts_named
from syndication.publish.entry import Edition, entries_of
from syndication.publish.hub import Post
from syndication.publish.select import NEWEST, FeedPlan, plan_feeds
from syndication.settings import VIETNAM
from syndication.store import Memory, Store
from syndication.store.hubs import Hubs

log = logging.getLogger(__name__)

OPML_PATH = "feeds/index.opml"

Neighbours = tuple[str | None, str | None]
"""The names of the archives before and after one."""

FORMATS: Mapping[FeedFormat, Callable[[Edition, Links], bytes]] = {
    FeedFormat.RSS: feed.rss,
    FeedFormat.ATOM: feed.atom,
    FeedFormat.JSON: jsonfeed.build,
    FeedFormat.RDF: rdf.build,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Everything publishing works with."""

    store: Store
    catalogue: Catalogue
    links: Links
    title: str
    now: Callable[[], datetime]
    zone: ZoneInfo = VIETNAM
    """Where a month begins and ends for those who read archives."""
    hub: str = ""
    """The WebSub hub that is told of changes; empty: none."""

    def plans(self) -> list[FeedPlan]:
        """Every feed there is."""
        return list(plan_feeds(self.catalogue, title=self.title))


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a round of publishing did."""

    announced: int
    waiting: int
    """Stories that come out next time, because announcements are a second apart."""
    built: int
    changed: int
    """Documents whose content is new."""


def publish(press: Press, *, everything: bool = False) -> Published:
    """Announce what waits and build the feeds that are stale, or, with ``everything``, all of them."""
    announced, waiting = _announce(press)
    _move_renamed(press)
    plans = {plan.name: plan for plan in press.plans()}
    with press.store.read() as memory:
        stale = {*memory.stories.stale(), *memory.stories.stale_days()}
        have = set(memory.documents.paths())
        everything = everything or _month_is_over(press, memory, have)
    wanted = [
        plan
        for plan in plans.values()
        if everything or plan.name in stale or not {path for path, _ in _paths(plan)} <= have
    ]
    # «all» comes last: whether it has put the last month away says whether every feed has.
    wanted.sort(key=lambda plan: plan.name == "all")
    archives = _archives(plans, have)
    changed = sum(_build(press, plan, known=archives[plan.name]) for plan in wanted)
    if everything or wanted or OPML_PATH not in have:
        changed += _put(
            press, OPML_PATH, "text/x-opml", opml.build(plans.values(), title=press.title, links=press.links)
        )
    _forget(press, plans=plans, stale=stale)
    return Published(announced=announced, waiting=waiting, built=len(wanted), changed=changed)


def _announce(press: Press) -> tuple[int, int]:
    with press.store.write() as memory:
        memory.alone()
        now = press.now()
        waiting = memory.stories.waiting(now=now)
        if not waiting:
            return 0, 0
        history = is_history(
            {story.id: story.told_at for story in waiting},
            {story.id: story.lead for story in waiting},
            heard=memory.stories.portals_heard(),
            now=now,
        )
        memory.stories.keep_back(history, now=now)
        waiting = [story for story in waiting if story.id not in history]
        times = announce_times(
            [story.told_at for story in waiting], last=memory.stories.last_announced(), now=now
        )
        for story, at in zip(waiting, times, strict=False):
            memory.stories.announce(story.id, at=at, feeds=feed_names(story.categories, story.portals))
        return len(times), len(waiting) - len(times)


def _move_renamed(press: Press) -> None:
    """File the stories of categories that were renamed under their new names, once.

    After announcing, so that what another process has filed meanwhile by an older catalogue comes along.
    """
    renamed = press.catalogue.renamed
    if not renamed:
        return
    with press.store.read() as memory:
        have = set(memory.documents.paths())
        former = [
            (old, new)
            for old, new in renamed.items()
            if f"feeds/{old}.{FeedFormat.ATOM}" in have or memory.stories.are_filed_under(old)
        ]
    for old, new in former:
        with press.store.write() as memory:
            memory.alone()
            memory.stories.move(old, new, now=press.now())
            memory.subscribers.choose_instead(old, new)


def _paths(plan: FeedPlan) -> list[tuple[str, str]]:
    return [(f"feeds/{plan.name}.{form}", media) for form, media in MEDIA_TYPES.items()]


def _archive_path(name: str, period: str) -> str:
    return f"feeds/{name}/{period}.{FeedFormat.ATOM}"


_ARCHIVE = re.compile(r"feeds/(.+)/([^/]+)\.atom")


def _archives(plans: Collection[str], have: Collection[str]) -> dict[str, set[str]]:
    """The names of the archives among the documents there are, by feed."""
    archives: dict[str, set[str]] = {name: set() for name in plans}
    for path in have:
        found = _ARCHIVE.fullmatch(path)
        if found and found[1] in archives:
            archives[found[1]].add(found[2])
    return archives


def _month_is_over(press: Press, memory: Memory, have: Collection[str]) -> bool:
    running = month_of(press.now(), press.zone)
    last = memory.stories.last_before("all", running.since)
    return last is not None and _archive_path("all", month_of(last, press.zone).name) not in have


def _build(press: Press, plan: FeedPlan, *, known: set[str]) -> int:
    """Build one feed from what it holds now; returns how many of its documents changed.

    It is called fresh only if nothing marked it stale meanwhile, which the transaction sees. ``known`` names its
    archives.
    """
    running = month_of(press.now(), press.zone)
    printed = _catch_up(press, plan, known=known, running=running)
    changed = len(printed)
    with press.store.write() as memory:
        memory.alone()
        days = memory.stories.stale_days().get(plan.name, set())
        chain = _archive(press, memory, plan, known=known, printed=printed, running=running, days=days)
        changed += chain.changed
        stories = memory.stories.newest(plan.name, limit=NEWEST)
        edition = _edition(
            press, plan, stories, tombstones=memory.stories.tombstones(plan.name, limit=NEWEST)
        )
        edition = replace(edition, previous=chain.last)
        for form, media in MEDIA_TYPES.items():
            body = FORMATS[form](edition, press.links)
            changed += _put_into(press, memory, f"feeds/{plan.name}.{form}", media, body)
        memory.stories.built([plan.name], days=days)
        return changed


def _edition(
    press: Press, plan: FeedPlan, stories: Sequence[Story], *, tombstones: Sequence[Tombstone] = ()
) -> Edition:
    full = len(stories) >= NEWEST
    return Edition(
        plan=plan,
        entries=entries_of(stories, catalogue=press.catalogue, links=press.links, language=plan.language),
        # What was withdrawn before the oldest story here came out is long forgotten by readers of this document.
        tombstones=tuple(stone for stone in tombstones if not full or stone.at >= stories[-1].announced_at),
        hub=press.hub or None,
    )


def _catch_up(press: Press, plan: FeedPlan, *, known: set[str], running: Period) -> dict[str, Neighbours]:
    """Put away every month that is over and was not yet; one, unless this is the first time in years.

    Each in a transaction of its own: a year of news must not keep everybody else from writing. Returns what was
    printed, with the neighbours each names.
    """
    missing: dict[str, Period] = {}
    with press.store.read() as memory:
        last = memory.stories.last_before(plan.name, running.since)
        while last and (month := month_of(last, press.zone)).name not in known:
            missing[month.name] = month
            last = memory.stories.last_before(plan.name, month.since)
    around = _neighbours(months_named({*known, *missing}, press.zone))
    for month in reversed(missing.values()):
        with press.store.write() as memory:
            memory.alone()
            _put_archive(press, memory, plan, month, around[month.name])
    return {name: around[name] for name in missing}


@dataclass(frozen=True, slots=True)
class _Chain:
    last: str | None
    changed: int


def _archive(
    press: Press,
    memory: Memory,
    plan: FeedPlan,
    *,
    known: set[str],
    printed: Mapping[str, Neighbours],
    running: Period,
    days: set[date],
) -> _Chain:
    """Bring the archives of a feed up to date; gives the newest one's name.

    Printed are those that are new, that a story of these days entered or left, and whose neighbours changed.
    """
    months, parts = months_named(known, press.zone), parts_named(known, running)
    before = {**_neighbours([*months, *parts]), **printed}
    if months and len(months) + len(parts) < len(known):
        del before[months[-1].name]  # it names a part of a month that is over
    late = months_of(days, press.zone, running=running)
    months = months_named({*known, *printed, *late}, press.zone)
    while last := memory.stories.nth_since(plan.name, parts[-1].before if parts else running.since, NEWEST):
        parts.append(part_of(running, parts, last))
    chain = [*months, *parts]
    touched = {period.name for period in chain if period.name not in before or any(map(period.touches, days))}
    empty = {
        period.name
        for period in chain
        if period.name in touched
        and not memory.stories.between(plan.name, since=period.since, before=period.before, limit=1)
    }
    chain = [period for period in chain if period.name not in empty]
    gone = known - {period.name for period in chain}
    for name in gone:
        memory.documents.remove(_archive_path(plan.name, name))
    after = _neighbours(chain)
    changed = len(gone) + sum(
        _put_archive(press, memory, plan, period, after[period.name])
        for period in chain
        if period.name in touched or after[period.name] != before[period.name]
    )
    return _Chain(chain[-1].name if chain else None, changed)


def _neighbours(chain: Sequence[Period]) -> dict[str, Neighbours]:
    """The archives before and after each, by name."""
    names = [period.name for period in chain]
    return {
        name: (before, after)
        for name, before, after in zip(names, [None, *names], [*names[1:], None], strict=False)
    }


def _put_archive(press: Press, memory: Memory, plan: FeedPlan, period: Period, neighbours: Neighbours) -> int:
    stories = memory.stories.between(plan.name, since=period.since, before=period.before)
    edition = replace(
        _edition(press, plan, stories),
        archive=period.name,
        previous=neighbours[0],
        following=neighbours[1],
    )
    return _put_into(
        press,
        memory,
        _archive_path(plan.name, period.name),
        MEDIA_TYPES[FeedFormat.ATOM],
        feed.atom(edition, press.links),
    )


def etag_of(body: bytes) -> str:
    """A strong entity tag (RFC 9110 §8.8.3): a hash of the bytes, so equal bytes have equal tags for ever."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _put(press: Press, path: str, media_type: str, body: bytes) -> int:
    with press.store.write() as memory:
        return _put_into(press, memory, path, media_type, body)


def _put_into(press: Press, memory: Memory, path: str, media_type: str, body: bytes) -> int:
    return int(
        memory.documents.put(path, media_type=media_type, body=body, etag=etag_of(body), now=press.now())
    )


def _forget(press: Press, *, plans: Mapping[str, FeedPlan], stale: Collection[str]) -> None:
    """Feeds that the catalogue no longer names are served no longer, nor is what they archived."""
    with press.store.read() as memory:
        have = set(memory.documents.paths())
    known = {path for plan in plans.values() for path, _ in _paths(plan)} | {OPML_PATH}
    known |= {_archive_path(name, period) for name, of in _archives(plans, have).items() for period in of}
    gone = sorted(have - known)
    lost = [name for name in stale if name not in plans]
    if gone or lost:
        with press.store.write() as memory:
            for path in gone:
                memory.documents.remove(path)
            for name in lost:
                memory.stories.built([name], days=memory.stories.stale_days().get(name, ()))


def tell_hub(press: Press, *, post: Post) -> int:
    """Tell the hub, if there is one, of every feed that changed since it was told; returns of how many.

    It is no part of ``publish``: readers who come by themselves never wait for a hub. A hub that does not answer
    is tried again later, and then told of all that changed meanwhile.
    """
    if not press.hub:
        return 0
    with press.store.read() as memory:
        if Hubs(memory.connection).number(press.hub) == memory.documents.number():
            return 0
    with press.store.write() as memory:
        told = Hubs(memory.connection).take(press.hub, now=press.now(), until=press.now() + hub.LEASE)
        number = memory.documents.number()
        changes = memory.documents.numbers()
    if told is None:
        return 0
    topics = [
        press.links.to(f"/{path}")
        for path, _ in (pair for plan in press.plans() for pair in _paths(plan))
        if changes.get(path, 0) > told.number
    ]
    try:
        hub.ping(press.hub, topics, failures=told.failures, post=post)
    except SourceError as trouble:
        wait = hub.wait_after(told.failures + 1)
        log.warning(
            "the hub %s was not told of %d feeds (%s); again in %s", press.hub, len(topics), trouble, wait
        )
        with press.store.write() as memory:
            Hubs(memory.connection).failed(press.hub, next_at=press.now() + wait)
        return 0
    with press.store.write() as memory:
        Hubs(memory.connection).told(press.hub, number=number, now=press.now())
    return len(topics)


FILE_ENDINGS = (*(f".{form}" for form in FeedFormat), ".opml")


def export(press: Press, *, to: Path) -> Iterator[Path]:
    """Write every published document as a file below ``to``, each replaced in one step; yields their paths.

    Beside each stand its compressed forms (``.gz``, ``.br``), which web servers send as they are. Files of
    documents that are published no longer are removed from ``to/feeds``. Raises SettingsError where that folder
    cannot be written.
    """
    try:
        yield from _export(press, to)
    except OSError as trouble:
        says = f"{to} cannot be written ({trouble.strerror}): name a folder that is ours and has room"
        raise SettingsError(says) from trouble


def _export(press: Press, to: Path) -> Iterator[Path]:
    written: set[Path] = set()
    with press.store.read() as memory:
        for path in memory.documents.paths():
            document = memory.documents.get(path)
            if document is None:
                continue
            file = to / path
            file.parent.mkdir(parents=True, exist_ok=True)
            for ending, body in ((".gz", document.gzip), (".br", document.brotli), ("", document.body)):
                if body is not None:
                    whole = file.with_name(file.name + ending)
                    _replace(whole, body, changed_at=document.changed_at)
                    written.add(whole)
            yield file
    for file in (to / "feeds").rglob("*"):
        if file.name.removesuffix(".gz").removesuffix(".br").endswith(FILE_ENDINGS) and file not in written:
            file.unlink(missing_ok=True)


def _replace(file: Path, body: bytes, *, changed_at: datetime) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(body)
        # All forms of a document have its time, which web servers tell as Last-Modified.
        os.utime(partial, (changed_at.timestamp(), changed_at.timestamp()))
        partial.replace(file)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
