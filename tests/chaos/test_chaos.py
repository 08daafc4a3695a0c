"""A storm of portals that misbehave in every way at once, through the whole of collecting and publishing.

Time jumps ahead between the rounds, portals fall ill and recover, and in the end every good article stands there once
and nothing else does. ``CHAOS_SECONDS`` says for how long, ``CHAOS_SEED`` repeats a storm.
"""

from __future__ import annotations

import gc
import logging
import os
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from operator import attrgetter
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Select, create_engine, select

from syndication.bootstrap import House
from syndication.collect.fetch import Fetcher, Limits
from syndication.collect.pipeline import FetchesMany, Result, SourceReport, collect
from syndication.publish.pipeline import publish
from syndication.settings import HOUSE, read_settings
from syndication.store import Store
from syndication.store.tables import articles, stories
from tests.cast import ObedientClock
from tests.chaos.bad_portals import JUNK, TROUBLES
from tests.chaos.portals import ODDITIES, WAYS, Portal, Served, Trouble, serve

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
LIMITS = Limits(connect=1.0, total=1.0, wire_bytes=300_000, inflated_bytes=2_000_000)
DAY = timedelta(days=1)
SLOW = "too slow|does not answer"
"""What may be said of a portal that is well, when this machine is so busy that it comes too late itself."""
TROUBLES_EACH = 4
"""So many a moody portal has, one after the other."""
MOST_GROWTH = 24.0
"""MB that the process may grow in the second half."""


class StormHouse(House):
    """An instance as everybody has it, with less patience than in life, so that a storm is short."""

    def open_fetcher(self) -> AbstractContextManager[FetchesMany]:
        return Fetcher(user_agent=self.user_agent, private_hosts=self.settings.private_hosts, limits=LIMITS)


# --- who is in it ---


@dataclass(frozen=True, slots=True)
class Moods:
    """Well for a day or two, ill for some hours with one trouble after the other, until the storm is over."""

    seed: str
    troubles: Sequence[Trouble]
    over: threading.Event

    def __call__(self, portal: Portal, now: datetime) -> Trouble | None:
        chance = Random(self.seed)
        at = START
        for trouble in cycle(self.troubles):
            # Well for so long that it is read again, however long it was left alone.
            at += timedelta(hours=chance.uniform(36, 54))
            if now < at or self.over.is_set():
                return None
            at += timedelta(hours=chance.uniform(5, 30))
            if now < at:
                return trouble
        raise AssertionError("there is no trouble")


@dataclass(frozen=True, slots=True)
class Always:
    """Ill from the first day to the last."""

    trouble: Trouble

    def __call__(self, portal: Portal, now: datetime) -> Trouble:
        return self.trouble


def cast(seed: int, *, over: threading.Event) -> list[Portal]:
    """All portals of a storm: sound ones, odd ones, moody ones, and such as never were well."""
    chance = Random(seed)

    def portal(name: str, **more: object) -> Portal:
        gap = timedelta(minutes=chance.randint(200, 900))
        since = START - gap * chance.uniform(3, 30)
        return Portal(id=name, seed=seed, gap=gap, since=since.replace(microsecond=0), **more)  # type: ignore[arg-type]

    def moody() -> Iterator[Portal]:
        for name, way in WAYS.items():
            troubles = [trouble for trouble in TROUBLES if trouble.way == way]
            chance.shuffle(troubles)
            for start in range(0, len(troubles), TROUBLES_EACH):
                some = troubles[start : start + TROUBLES_EACH]
                yield portal(
                    f"luc-{name}-{start}", way=way, trouble=Moods(f"{seed} {name} {start}", some, over)
                )

    def later() -> datetime:
        return START + timedelta(hours=chance.uniform(10, 60))

    return [
        *(portal(f"tot-{name}", way=way) for name, way in WAYS.items()),
        *(portal(f"la-{name}", odd=odd) for name, odd in ODDITIES.items()),
        portal("la-hai-dang", other_way=WAYS["atom"]),
        portal("la-khong-dau", validates=False),
        portal("la-ban", dirty=True),
        portal("la-nen", zipped=True),
        portal("doi-nha-301", moves=(later(), "301 Moved Permanently")),
        portal("doi-nha-308", moves=(later(), "308 Permanent Redirect"), way=WAYS["json"]),
        portal("doi-duong", moves_within=later()),
        *moody(),
        *(
            portal(f"luon-{trouble.name}", way=trouble.way, trouble=Always(trouble))
            for trouble in TROUBLES
            if trouble.lasting
        ),
    ]


# --- what is watched ---


@dataclass(frozen=True, slots=True)
class Weight:
    """What this process holds, and what the processes that read documents for it hold."""

    threads: int
    files: int
    megabytes: float
    readers: dict[int, float]

    @classmethod
    def now(cls) -> Weight:
        gc.collect()
        return cls(
            threading.active_count(),
            len(list(Path("/proc/self/fd").iterdir())),
            _resident("self"),
            {pid: _resident(str(pid)) for pid in _readers()},
        )


def _resident(process: str) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _readers() -> Iterator[int]:
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text(encoding="ascii").split():
            if b"syndication.collect.sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes():
                yield int(pid)


@dataclass
class Storm:
    """One storm: its portals, the instance that reads them, and what was seen so far."""

    house: House
    clock: ObedientClock
    served: Served
    over: threading.Event
    chance: Random
    rounds: int = 0
    results: Counter[Result] = field(default_factory=Counter)
    late: int = 0
    """Failures of portals that were well, on a machine too busy to hear them."""
    told: dict[str, datetime] = field(default_factory=dict)
    """The newest announcements: story and time."""

    def rage(self, seconds: float) -> tuple[Weight, Weight]:
        """Round after round for so long; returns what the process held halfway, and what it holds in the end."""
        begun = time.monotonic()
        halfway: Weight | None = None
        while (passed := time.monotonic() - begun) < seconds or halfway is None:
            self.clock.pass_(minutes=self.chance.choice((20, 60, 120, 200, 300, 420, 600)))
            self.collect()
            if halfway is None and passed > seconds / 2:
                halfway = Weight.now()
        return halfway, Weight.now()

    def collect(self) -> None:
        by_id = {portal.id: portal for portal in self.served.portals}
        for portal in by_id.values():
            portal.sent.clear()
        for report in collect(self.house.round):
            portal = by_id[report.portal]
            self._judge(report, portal)
            if report.error is None:  # else a busy machine heard it too late, and the next round asks again
                portal.served |= portal.sent
        self.served.wait_for_silence()
        publish(self.house.press)
        self._hear()
        self.rounds += 1

    def _judge(self, report: SourceReport, portal: Portal) -> None:
        now = self.clock()
        self.results[report.result] += 1
        trouble = portal.trouble(portal, now)
        context = f"{self.clock()}: {report}"
        assert report.next_at, context
        assert timedelta() < report.next_at - now <= DAY, context
        if report.result in (Result.FAILED, Result.HELD):
            assert report.error, context
            assert "\n" not in report.error, context
            expected = trouble.says if trouble else SLOW
            if trouble is None or not re.search(expected, report.error):
                assert re.search(SLOW, report.error), f"{context}; expected {expected}"
                self.late += 1
        else:
            assert report.error is None, context
            assert trouble is None or trouble.passes, context

    def _hear(self) -> None:
        """Announcements rise, are unique, never change, and never lie ahead."""
        with self.house.store.read() as memory:
            newest = {story.id: story.announced_at for story in memory.stories.newest("all", limit=600)}
        fresh = sorted(at for story, at in newest.items() if story not in self.told)
        assert all(newest[story] == at for story, at in self.told.items() if story in newest)
        if fresh and self.told:
            assert fresh[0] > max(self.told.values())
        if newest:
            assert max(newest.values()) <= self.clock()
        assert len(set(newest.values())) == len(newest)
        self.told = newest

    def calm_down(self) -> None:
        """The portals that can be well are well again, and time enough passes for everybody to notice."""
        self.over.set()
        for _ in range(3):
            self.clock.pass_(hours=25)
            self.collect()
        while publish(self.house.press).waiting:
            self._hear()
            self.clock.pass_(minutes=10)
        self._hear()


@pytest.fixture
def storm(tmp_path: Path, store: Store, database_url: str) -> Iterator[Storm]:
    seed = int(os.environ.get("CHAOS_SEED") or time.time_ns() % 1_000_000)
    print(f"to have this storm again: CHAOS_SEED={seed}")  # noqa: T201 -- it stands beside a failure
    clock = ObedientClock(START)
    over = threading.Event()
    portals = cast(seed, over=over)
    folder = tmp_path / "feeds" / "portals"
    folder.mkdir(parents=True)
    shutil.copy(HOUSE / "feeds" / "demo" / "categories.toml", folder.parent)
    with serve(portals, clock=clock) as served:
        for portal in portals:
            (folder / f"{portal.id}.toml").write_text(portal.file(), encoding="utf-8")
        settings = read_settings(
            {
                "SYNDICATION_BASE_URL": "https://tin.example.vn",
                "SYNDICATION_FEEDS_DIR": str(folder.parent),
                "SYNDICATION_VAR_DIR": str(tmp_path),
                "SYNDICATION_PRIVATE_HOSTS": ",".join(home for portal in portals for home in portal.homes),
            }
        )
        house = StormHouse(settings, now=clock)
        house.__dict__["store"] = store
        yield Storm(house, clock, served, over, Random(seed))
        house.sandbox.close()


def rows(database_url: str, query: Select[Any]) -> list[Any]:
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            return list(connection.execute(query))
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("database_url", "seconds"),
    [
        pytest.param("sqlite", 6, id="short"),
        pytest.param("postgresql", 120, id="long", marks=pytest.mark.long),
    ],
    indirect=["database_url"],
)
def test_after_a_storm_every_good_article_is_kept_once_and_nothing_else(
    storm: Storm, database_url: str, seconds: int, caplog: pytest.LogCaptureFixture
) -> None:
    first, last = storm.rage(float(os.environ.get("CHAOS_SECONDS") or seconds))
    storm.calm_down()
    print(f"{storm.rounds} rounds, {dict(storm.results)}, {storm.late} late; {first} {last}")  # noqa: T201

    kept = rows(database_url, select(articles.c.portal, articles.c.url, articles.c.title, articles.c.story))
    times_kept = Counter((row.portal, urlsplit(row.url).path) for row in kept)
    served = {
        (portal.id, urlsplit(portal.article(number, home="").url).path)
        for portal in storm.served.portals
        for number in portal.served
    }
    assert [one for one, count in times_kept.items() if count > 1] == []
    assert (served - set(times_kept), set(times_kept) - served) == (set(), set())
    assert [row for row in kept if JUNK in row.title] == []
    assert len({row.story for row in kept}) == len(kept)
    assert storm.late <= 0.02 * storm.results.total() + 3, "this machine is too busy to say anything"
    assert all(portal.served for portal in storm.served.portals if not isinstance(portal.trouble, Always))

    told = rows(
        database_url,
        select(
            stories.c.announced_at, stories.c.kept_back_at, articles.c.portal, articles.c.first_seen_at
        ).join(articles, articles.c.id == stories.c.lead_article),
    )
    announced = [row.announced_at for row in told if row.announced_at]
    assert len(set(announced)) == len(announced) > 100
    met = {
        row.portal: row.first_seen_at for row in sorted(told, key=attrgetter("first_seen_at"), reverse=True)
    }
    assert all(row.first_seen_at == met[row.portal] for row in told if not row.announced_at)

    with storm.house.store.read() as memory:
        records = {record.portal: record for record in memory.sources.all()}
        documents = [memory.documents.get(path) for path in memory.documents.paths()]
    for portal in storm.served.portals:
        record, trouble = records[portal.id], portal.trouble(portal, storm.clock())
        assert record.next_at - storm.clock() <= DAY
        if trouble is None:
            assert (record.failures, record.error) == (0, None)
            assert record.succeeded_at == storm.clock.at
        elif not trouble.passes:
            assert record.failures >= 3
            assert re.search(trouble.says, record.error or "")

    assert not any(JUNK.encode() in document.body for document in documents if document)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert last.threads <= first.threads
    assert last.files <= first.files
    assert last.megabytes - first.megabytes < MOST_GROWTH
    assert last.readers.keys() == first.readers.keys()
    for reader, megabytes in last.readers.items():
        assert megabytes - first.readers[reader] < MOST_GROWTH
