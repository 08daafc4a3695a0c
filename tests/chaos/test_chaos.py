"""A storm of portals that misbehave in every way at once, through the whole of collecting and publishing.

Time jumps ahead between the rounds, portals fall ill and recover, and in the end every good article stands there once
and nothing else does. ``CHAOS_SECONDS`` says for how long, ``CHAOS_SEED`` repeats a storm.
"""

from __future__ import annotations

import gc
import logging
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import feedparser
import pytest
from sqlalchemy import Engine, create_engine, func, select

from syndication.bootstrap import House
from syndication.collect.fetch import Fetcher, Limits
from syndication.collect.pipeline import FetchesMany, Result, SourceReport, collect
from syndication.publish.pipeline import publish
from syndication.settings import read_settings
from syndication.store import Store
from syndication.store.tables import articles, stories
from tests.cast import ObedientClock
from tests.chaos.bad_portals import JUNK, TROUBLES
from tests.chaos.portals import ODDITIES, RSS, WAYS, Portal, Served, Trouble, atom, serve

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
LIMITS = Limits(connect=1.5, total=1.5, wire_bytes=300_000, inflated_bytes=2_000_000)
DAY = timedelta(days=1)
SLOW = "too slow|does not answer"
"""What may be said of a portal that is well, when this machine is so busy that it comes too late itself."""
MOST_GROWTH = 24.0
"""MB that the process may grow in the second half."""


class StormHouse(House):
    """An instance as everybody has it, with less patience than in life, so that a storm is short."""

    def open_fetcher(self) -> AbstractContextManager[FetchesMany]:
        return Fetcher(
            user_agent=self.user_agent, private_hosts=self.settings.private_hosts, limits=LIMITS
        )


# --- who is in it ---


@dataclass(frozen=True, slots=True)
class Moods:
    """Well for some hours, ill for some hours, and so on until the storm is over."""

    seed: str
    trouble: Trouble
    over: threading.Event

    def __call__(self, portal: Portal, now: datetime) -> Trouble | None:
        chance = Random(self.seed)
        at = START
        while not self.over.is_set():
            at += timedelta(hours=chance.uniform(20, 50))
            if now < at:
                return None
            at += timedelta(hours=chance.uniform(5, 45))
            if now < at:
                return self.trouble
        return None


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
        gap = timedelta(minutes=chance.randint(90, 400))
        since = START - gap * chance.uniform(3, 40)
        return Portal(id=name, seed=seed, gap=gap, since=since.replace(microsecond=0), **more)  # type: ignore[arg-type]

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
        *(
            portal(f"luc-{trouble.name}", way=trouble.way, trouble=Moods(f"{seed} {trouble.name}", trouble, over))
            for trouble in TROUBLES
        ),
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
    engine: Engine
    chance: Random
    rounds: int = 0
    results: Counter[Result] = field(default_factory=Counter)
    late: int = 0
    """Failures of portals that were well, on a machine too busy to hear them."""
    told: dict[str, datetime] = field(default_factory=dict)
    """The newest announcements: story and time."""

    def round(self) -> None:
        """Let time pass, collect what is due, publish, and look at what came of it."""
        self.clock.pass_(minutes=self.chance.choice((7, 20, 45, 70, 100, 180, 300)))
        self.collect()

    def collect(self) -> None:
        by_id = {portal.id: portal for portal in self.served.portals}
        for report in collect(self.house.round):
            self._judge(report, by_id[report.portal])
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
        for _ in range(3):
            self.clock.pass_(hours=25)
            self.collect()
        while publish(self.house.press).waiting:
            self._hear()
            self.clock.pass_(minutes=10)
        self._hear()


@pytest.fixture
def storm(
    environment: dict[str, str],
    store: Store,
    database_url: str,
) -> Iterator[Storm]:
    seed = int(os.environ.get("CHAOS_SEED") or time.time_ns() % 1_000_000)
    print(f"CHAOS_SEED={seed}")
    clock = ObedientClock(START)
    over = threading.Event()
    portals = cast(seed, over=over)
    engine = create_engine(database_url)
    with serve(portals, clock=clock) as served:
        feeds = Path(environment["SYNDICATION_FEEDS_DIR"])
        for old in (feeds / "portals").glob("*.toml"):
            old.unlink()
        for portal in portals:
            (feeds / "portals" / f"{portal.id}.toml").write_text(portal.file(), encoding="utf-8")
        hosts = ",".join(home for portal in portals for home in portal.homes)
        house = StormHouse(read_settings(environment | {"SYNDICATION_PRIVATE_HOSTS": hosts}), now=clock)
        house.__dict__["store"] = store
        yield Storm(house, clock, served, engine, Random(seed))
        house.sandbox.close()
    engine.dispose()
