"""What a round of collecting costs beside the asking itself, and whether many rounds make the process grow.

Both are measured in one run on this machine, so that only ratios count:

1. CPU seconds of a round over 500 sources in which nothing is new (half answer 304, half send the same body again),
   through the whole pipeline with SQLite, against the same conditional requests by the same fetcher and nothing else.
2. Resident memory over 200 rounds of 50 sources, in each of which every source has an article more.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from syndication.bootstrap import House
from syndication.collect.fetch import Request
from syndication.collect.pipeline import Result, collect
from syndication.publish.pipeline import publish
from syndication.settings import read_settings
from syndication.store import open_store

HOSTS = 100
SOURCES_EACH = 5
ITEMS = 20
REPEATS = 15
"""Each with its own ratio, taken a moment apart: what else the machine does slows both. The median counts."""
MOST_CPU = 1.5
"""Times the CPU of the requests alone."""

ROUNDS = 200
WARM_UP = 40
"""Rounds after which libraries have loaded what they load, and pools and caches have their size."""
MOST_GROWTH = 4.0
"""MB in the rounds that follow. Noise of an allocator is about one."""

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


# --- portals, in a process of their own so that their CPU and memory are not ours ---


@dataclass
class _Portal(asyncio.Protocol):
    """Answers ``/<name>.rss?news=<n>``: with 304 to a validator if the name begins with «v», else the same body."""

    news: dict[str, int]
    bodies: dict[str, tuple[int, bytes]]
    rest: bytes = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        *heads, self.rest = (self.rest + data).split(b"\r\n\r\n")
        for head in heads:
            self.transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1].decode()
        host = re.search(rb"(?mi)^host: (\S+)", head)
        assert host
        news = self.news["news"]
        etag = f'"{path}-{news}"'
        validates = path.startswith("/v")
        if validates and etag.encode() in head:
            return f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode()
        address = host[1].decode() + path
        if address not in self.bodies or self.bodies[address][0] != news:
            self.bodies[address] = news, _rss(address, news)
        body = self.bodies[address][1]
        tag = f"ETag: {etag}\r\n" if validates else ""
        return (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n{tag}Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def _rss(address: str, news: int) -> bytes:
    """A portal's lists name the same articles, as they do in life; those of other portals are others."""
    base = address.partition("/")[0]
    words = (
        "Trung tâm Chuyển đổi số của tỉnh vừa khai trương thêm một điểm hỗ trợ dịch vụ công trực tuyến. " * 5
    )
    items = "".join(
        f"<item><title>Tin số {n} của {base}</title><link>http://{base}/{n}.html</link>"
        f"<guid isPermaLink='false'>{base}-{n}</guid><category>Chuyển đổi số</category>"
        f"<pubDate>{format_datetime(START - timedelta(hours=300 - n))}</pubDate>"
        f"<description>{n}. {words}</description></item>"
        for n in range(news + ITEMS, news, -1)
    )
    return f"<rss version='2.0'><channel><title>{base}</title>{items}</channel></rss>".encode()


def _serve(hosts: int, line: Connection) -> None:
    async def live() -> None:
        loop = asyncio.get_running_loop()
        news, bodies = {"news": 0}, dict[str, tuple[int, bytes]]()
        servers = [
            await loop.create_server(lambda: _Portal(news, bodies), "127.0.0.1", 0) for _ in range(hosts)
        ]
        line.send([server.sockets[0].getsockname()[1] for server in servers])
        while (said := await loop.run_in_executor(None, line.recv)) is not None:
            news["news"] = said
            line.send(said)

    asyncio.run(live())


@contextmanager
def _portals(hosts: int) -> Iterator[tuple[list[int], Callable[[int], None]]]:
    """Their ports, and the word that lets each have so many articles more."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(hosts, theirs), daemon=True)
    process.start()

    def publish_more(news: int) -> None:
        ours.send(news)
        ours.recv()

    try:
        yield ours.recv(), publish_more
    finally:
        ours.send(None)
        process.join()


# --- us ---


@dataclass
class _Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


@contextmanager
def _house(ports: list[int]) -> Iterator[tuple[House, _Clock]]:
    """An instance with a new SQLite database that reads half of its sources with validators, half without."""
    with tempfile.TemporaryDirectory() as folder:
        feeds = Path(folder) / "feeds"
        (feeds / "portals").mkdir(parents=True)
        (feeds / "categories.toml").write_text(
            '[[category]]\nslug = "chuyen-doi-so"\ntitle = "Chuyển đổi số"\ndescription = "Tin"\n'
            'labels = ["Chuyển đổi số"]\n[[category]]\nslug = "khac"\ntitle = "Khác"\ndescription = "Tin"\n',
            encoding="utf-8",
        )
        for place, port in enumerate(ports):
            address = f"127.0.0.1:{port}"
            sources = "".join(
                f'[[source]]\nurl = "http://{address}/{"vn"[(place + n) % 2]}{n}.rss"\nread = "feed"\nevery = "1h"\n'
                for n in range(SOURCES_EACH)
            )
            (feeds / "portals" / f"cong-{place}.toml").write_text(
                f'name = "Cổng {place}"\nhome = "http://{address}/"\nhosts = ["{address}"]\n{sources}'
                '[article]\nfetch = "never"\n',
                encoding="utf-8",
            )
        settings = read_settings(
            {
                "SYNDICATION_BASE_URL": "https://tin.example.vn",
                "SYNDICATION_FEEDS_DIR": str(feeds),
                "SYNDICATION_VAR_DIR": folder,
                "SYNDICATION_DATABASE_URL": f"sqlite:///{folder}/round.db",
                "SYNDICATION_PRIVATE_HOSTS": ",".join(f"127.0.0.1:{port}" for port in ports),
            }
        )
        clock = _Clock()
        house = House(settings, now=clock)
        first = open_store(settings.database_url)
        first.migrate()
        first.close()
        try:
            yield house, clock
        finally:
            house.close()


def _cpu(work: Callable[[], None]) -> float:
    gc.collect()
    before = time.process_time()
    work()
    return time.process_time() - before


def _unchanged_round() -> float:
    """Measure and print the first ratio; returns it."""
    with _portals(HOSTS) as (ports, _), _house(ports) as (house, clock):
        sources = HOSTS * SOURCES_EACH
        print(f"reading {sources} sources of {ITEMS} items for the first time …", flush=True)
        list(collect(house.round))

        def a_round() -> None:
            clock.at += timedelta(days=1)
            reports = list(collect(house.round))
            assert [report.result for report in reports] == [Result.UNCHANGED] * sources, reports[:3]

        def the_asking() -> None:
            with house.store.read() as memory:
                records = memory.sources.all()
            requests = [
                Request(url=one.url, etag=one.etag, last_modified=one.last_modified) for one in records
            ]
            alone.append(_cpu(lambda: _ask(house, requests)))

        alone: list[float] = []
        whole: list[float] = []
        a_round()
        for _ in range(REPEATS):
            the_asking()
            whole.append(_cpu(a_round))
        ratio = statistics.median(one / other for one, other in zip(whole, alone, strict=True))
        print(
            f"a round over {sources} unchanged sources: {statistics.median(whole) * 1000:.0f} ms of CPU, "
            f"its requests alone {statistics.median(alone) * 1000:.0f} ms: {ratio:.2f}× (at most {MOST_CPU}×)"
        )
        return ratio


def _ask(house: House, requests: list[Request]) -> None:
    with house.open_fetcher() as fetcher:
        for _ in fetcher.fetch_all(requests):
            pass


def _resident() -> float:
    """Resident memory of this process in MB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _many_rounds() -> float:
    """Measure and print the growth of memory in MB; returns it."""
    with _portals(10) as (ports, publish_more), _house(ports) as (house, clock):
        begun = 0.0
        for number in range(ROUNDS):
            publish_more(number)
            clock.at += timedelta(hours=12)
            list(collect(house.round, due_only=False))
            publish(house.press)
            if number + 1 == WARM_UP:
                begun = _resident()
        growth = _resident() - begun
        print(
            f"{ROUNDS} rounds of {10 * SOURCES_EACH} sources: {begun:.1f} MB resident after {WARM_UP}, "
            f"{growth:+.1f} MB after all (at most +{MOST_GROWTH:g})"
        )
        return growth


if __name__ == "__main__":
    missed = (_unchanged_round() > MOST_CPU) | (_many_rounds() > MOST_GROWTH)
    raise SystemExit(missed)
