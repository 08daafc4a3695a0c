"""Processes that are really killed with -9 in the middle of a round or of a sending, and started again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from syndication.bootstrap import House
from syndication.collect.pipeline import collect
from syndication.digest.pipeline.issue import approve_issue, compose_issue
from syndication.digest.pipeline.tally import issue_readers, issue_status
from syndication.domain.issue import DeliveryState
from syndication.domain.subscriber import Registration
from syndication.publish.pipeline import publish
from tests.cast import until

READERS = 12
STOP_AT = 5
PATIENCE = 60


def start(words: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "syndication", *words.split()],
        env=environment | {"PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def run(words: str, environment: dict[str, str]) -> None:
    process = start(words, environment)
    _, says = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, says.decode()


class TreacherousServer:
    """A mail server that stops in mid-conversation with one reader, and keeps all it was given."""

    def __init__(self, *, stop_in: str) -> None:
        self.kept: dict[str, list[bytes]] = defaultdict(list)
        self.stopped = threading.Event()
        self._stop_in = stop_in
        self._seen = 0

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._seen += 1
        envelope.rcpt_tos.append(address)
        await self._perhaps_stop("rcpt")
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.kept[envelope.rcpt_tos[0]].append(envelope.content)
        await self._perhaps_stop("data")
        return "250 kept"

    async def _perhaps_stop(self, where: str) -> None:
        if where == self._stop_in and self._seen == STOP_AT and not self.stopped.is_set():
            self.stopped.set()
            await asyncio.Event().wait()


@contextmanager
def treacherous(port: int, *, stop_in: str) -> Iterator[TreacherousServer]:
    server = TreacherousServer(stop_in=stop_in)
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@pytest.fixture
def approved(house: House) -> House:
    list(collect(house.round, due_only=False))
    publish(house.press)
    readers = [
        Registration(
            line=n,
            email=f"reader{n}@docgia.example",
            email_key=f"reader{n}@docgia.example",
            name=f"Đọc giả {n}",
        )
        for n in range(READERS)
    ]
    with house.store.write() as memory:
        memory.subscribers.register(readers, now=house.now())
    issue = compose_issue(house.office)
    approve_issue(house.office, issue.id, by="Lan")
    return house


@pytest.mark.parametrize("stop_in", ["rcpt", "data"])
def test_a_sender_killed_in_the_middle_loses_nobody_and_doubles_only_what_is_uncertain(
    approved: House, environment: dict[str, str], unused_port: int, stop_in: str
) -> None:
    # One conversation, so that it is known what is on the wire when the fifth reader's turn comes.
    environment = environment | {
        "SYNDICATION_SMTP_CONNECTIONS": "1",
        "SYNDICATION_SMTP_URL": f"smtp://127.0.0.1:{unused_port}",
    }
    with treacherous(unused_port, stop_in=stop_in) as server:
        first = start("digest send", environment)
        assert server.stopped.wait(PATIENCE)
        kill(first)
        run("digest send", environment)
    assert len(server.kept) == READERS
    states = {one.email: one.state for one in issue_readers(approved.office)}
    doubled = {address for address, copies in server.kept.items() if len(copies) > 1}
    uncertain = {address for address, state in states.items() if state is DeliveryState.UNCERTAIN}
    assert len(uncertain) == (1 if stop_in == "data" else 0)
    assert doubled <= uncertain
    assert all(copies[0] == copy for copies in server.kept.values() for copy in copies)
    assert set(states.values()) <= {DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN}
    status = issue_status(approved.office)
    assert status.candidates == status.prepared == sum(status.counts.values()) == READERS


def test_two_senders_at_once_write_to_nobody_twice(
    approved: House, environment: dict[str, str], unused_port: int
) -> None:
    environment = environment | {"SYNDICATION_SMTP_URL": f"smtp://127.0.0.1:{unused_port}"}
    with treacherous(unused_port, stop_in="nowhere") as server:
        senders = [start("digest send", environment) for _ in range(2)]
        says = [sender.communicate(timeout=PATIENCE)[1].decode() for sender in senders]
    # The slower one may find that everything is sent already, which is a plain line and no harm.
    assert all(
        sender.returncode == 0 or "sent already" in said for sender, said in zip(senders, says, strict=True)
    )
    assert {address: len(copies) for address, copies in server.kept.items()} == {
        f"reader{n}@docgia.example": 1 for n in range(READERS)
    }


class _SlowPortal(BaseHTTPRequestHandler):
    """One source answers at once, the other never, until it is allowed to."""

    protocol_version = "HTTP/1.1"
    server: _SlowServer

    def do_GET(self) -> None:
        if self.path == "/slow.rss":
            self.server.asked.set()
            self.server.released.wait(PATIENCE)
        name = self.path.strip("/").removesuffix(".rss")
        items = "".join(
            f"<item><title>Tin {name} số {n}</title><link>http://{self.headers['Host']}/{name}/{n}.html</link>"
            f"<guid isPermaLink='false'>{name}-{n}</guid><description>Nội dung số {n} của {name}.</description></item>"
            for n in range(5)
        )
        body = f"<rss version='2.0'><channel><title>Thử</title>{items}</channel></rss>".encode()
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # the reader was killed

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _SlowServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SlowPortal)
        self.asked = threading.Event()
        self.released = threading.Event()


@pytest.fixture
def slow_portal() -> Iterator[_SlowServer]:
    with _SlowServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def slow_environment(environment: dict[str, str], slow_portal: _SlowServer, tmp_path: Path) -> dict[str, str]:
    address = f"127.0.0.1:{slow_portal.server_address[1]}"
    feeds = Path(environment["SYNDICATION_FEEDS_DIR"])
    for portal in (feeds / "portals").glob("*.toml"):
        portal.unlink()
    (feeds / "portals" / "cong-cham.toml").write_text(
        f'name = "Cổng chậm"\nhome = "http://{address}/"\nhosts = ["{address}"]\n'
        + "".join(
            f'[[source]]\nurl = "http://{address}/{name}.rss"\nread = "feed"\nevery = "15m"\n'
            for name in ("quick", "slow")
        ),
        encoding="utf-8",
    )
    return environment | {"SYNDICATION_PRIVATE_HOSTS": address}


def articles(house: House) -> list[str]:
    with house.store.read() as memory:
        return sorted(story.title for story in memory.stories.newest("all", limit=500))


EVERY_ARTICLE = sorted(f"Tin {name} số {n}" for name in ("quick", "slow") for n in range(5))


def test_a_reader_killed_in_the_middle_of_a_round_loses_and_doubles_no_article(
    house: House, slow_environment: dict[str, str], slow_portal: _SlowServer
) -> None:
    first = start("collect --now", slow_environment)
    assert slow_portal.asked.wait(PATIENCE)
    kill(first)
    slow_portal.released.set()
    run("collect --now", slow_environment)
    run("publish", slow_environment)
    assert articles(house) == EVERY_ARTICLE


def test_a_whole_service_killed_in_the_middle_of_a_round_goes_on_when_started_again(
    house: House, slow_environment: dict[str, str], slow_portal: _SlowServer, unused_port: int
) -> None:
    first = start(f"run --port {unused_port}", slow_environment)
    assert slow_portal.asked.wait(PATIENCE)
    kill(first)
    slow_portal.released.set()
    second = start(f"run --port {unused_port}", slow_environment)
    try:
        until(lambda: articles(house) == EVERY_ARTICLE)
    finally:
        second.terminate()
        _, says = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0, says.decode()
