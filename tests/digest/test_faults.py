"""Whatever dies, and however the mail server misbehaves meanwhile: nobody is lost, and only who is in doubt gets two.

The senders are processes that run the real commands and are really killed (``dying_sender.py``). The mail server is
in this process, so that what it took is known whatever becomes of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import create_engine, make_url, text

from syndication.bootstrap import House
from syndication.demo.portals import DemoPortals, write_catalogue
from syndication.digest.pipeline.issue import find_issue, resume_issue
from syndication.digest.pipeline.tally import issue_readers, issue_status
from syndication.domain.issue import DeliveryState, IssueState
from syndication.settings import read_settings
from syndication.store import open_store
from tests.cast import until
from tests.digest.dying_sender import End, Job
from tests.digest.post_office import DROP, Answer, PostOffice, issue_to_send, reader
from tests.postfix import Postfix
from tests.postgres import PostgreSQL
from tests.sink import TEST_KEY_AND_CERTIFICATE

READERS = 14
BATCH, CONNECTIONS = 3, 2
PATIENCE = 60
"""Seconds for what a process or a server does on its own."""
STALL = "say nothing"
YES_AND_DROP = "say yes and drop the connection"
SEND = "digest send"
LATER = (0, 0, 6, 30, 60, 90, 120, 150)
"""Minutes by which the clock of one run after the other is ahead; a killed sender's claims need no waiting."""


class FaultyOffice(PostOffice):
    """A post office that may also say nothing, or yes and no more; that restarts, and has trouble with TLS."""

    def __init__(self, port: int, folder: Path) -> None:
        super().__init__(pipelining=True)
        self.port = port
        self.scheme = "smtp"
        self.trusted = True
        self.certificate = folder / "certificate.pem"
        self.doubts = 0
        """Of how many messages the server leaves us in doubt."""
        self.patience = 30.0
        """Seconds a sender waits for an answer; that the machine is slow shall leave nothing in doubt."""
        self.refused: frozenset[str] = frozenset()
        self._controller: Controller | None = None
        self._transports: set[asyncio.Transport] = set()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Listen, if it does not."""
        if self._controller is None:
            options: dict[str, Any] = {}
            if self.scheme == "smtp+starttls":
                self.certificate.write_text(TEST_KEY_AND_CERTIFICATE, encoding="ascii")
                options["tls_context"] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                options["tls_context"].load_cert_chain(self.certificate)
                options["tls_context"].sni_callback = self._shake_hands
            self._handshakes = 0
            self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
            self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def fall(self) -> None:
        """As a server that is being restarted: every connection breaks, and nobody answers until ``open``."""
        assert self._controller is not None
        assert self._controller.server is not None
        self._controller.server.close()
        for transport in self._transports:
            transport.abort()
        self.fallen = True

    fallen = False

    def rise(self) -> None:
        if self.fallen:
            self.fallen = False
            self.close()
            self.open()

    def _shake_hands(self, _socket: Any, _name: str | None, _context: ssl.SSLContext) -> int | None:
        self._handshakes += 1
        return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR if self._handshakes in (1, 3, 4) else None

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        assert isinstance(server.transport, asyncio.Transport)
        self._transports.add(server.transport)
        return await super().handle_EHLO(server, session, envelope, hostname, responses)

    async def _said(self, server: SMTP, answer: str | None) -> str | None:
        if answer == YES_AND_DROP:
            await server.push("250 kept")
            assert server.transport is not None
            server.transport.close()
        if answer in (STALL, YES_AND_DROP):
            await asyncio.get_running_loop().create_future()  # cancelled when the connection ends
        return await super()._said(server, answer)


def at_first(answers: Mapping[int, str], *, times: int = 1) -> Answer:
    """Say this to these readers, so many times each."""
    said: Counter[str] = Counter()
    by_reader = {reader(number): answer for number, answer in answers.items()}

    def answer(who: str, _attempt: int) -> str | None:
        said[who] += 1
        return by_reader.get(who) if said[who] <= times else None

    return answer


# --- the mail server's moods ---


def well(office: FaultyOffice) -> None:
    """Takes everything."""


def drops_before_250(office: FaultyOffice) -> None:
    office.at_dot = at_first({3: DROP, 9: DROP})
    office.doubts = 2


def drops_after_keeping(office: FaultyOffice) -> None:
    office.at_dot = at_first({3: f"keep and {DROP}", 9: f"keep and {DROP}"})
    office.doubts = 2


def drops_after_250(office: FaultyOffice) -> None:
    office.at_dot = at_first({3: f"keep and {YES_AND_DROP}", 9: f"keep and {YES_AND_DROP}"})


def says_421_in_mid_run(office: FaultyOffice) -> None:
    office.at_mail = lambda number: "421 4.3.2 shutting down" if number in (5, 9, 10) else None


def puts_off(office: FaultyOffice) -> None:
    office.at_rcpt = at_first({3: "450 4.2.0 greylisted", 9: "450 4.2.0 greylisted"}, times=2)
    office.at_dot = at_first({5: "451 4.3.0 try later"})


def refuses(office: FaultyOffice) -> None:
    said = {3: "550 5.1.1 no such user", 9: "554 5.7.1 blocked by policy"}
    office.at_rcpt = at_first(said, times=99)
    office.at_dot = at_first({5: "552 5.2.2 mailbox full"}, times=99)
    office.refused = frozenset(reader(number) for number in (3, 5, 9))


def stalls(office: FaultyOffice) -> None:
    office.at_dot = at_first({3: STALL, 9: f"keep and {STALL}"})
    office.at_rcpt = at_first({6: STALL})
    office.doubts = 2
    office.patience = 0.5


def fails_tls(office: FaultyOffice) -> None:
    office.scheme = "smtp+starttls"


def cannot_be_trusted_at_first(office: FaultyOffice) -> None:
    office.scheme = "smtp+starttls"
    office.trusted = False


def restarts(office: FaultyOffice) -> None:
    office.after_message = lambda count: office.fall() if count == 5 else None
    office.doubts = CONNECTIONS
    office.patience = 0.5


MOODS = {
    mood.__name__: mood
    for mood in (
        well,
        drops_before_250,
        drops_after_keeping,
        drops_after_250,
        says_421_in_mid_run,
        puts_off,
        refuses,
        stalls,
        fails_tls,
        cannot_be_trusted_at_first,
        restarts,
    )
}
POINTS = (
    "before commit:2",  # the recipients are written down
    "after commit:2",
    "after commit:4",  # the first are claimed
    "before commit:5",  # they are about to be «sending»
    "after commit:5",  # they are, and not a byte is out
    "before batch:2",  # one lane has its batch, the other not
    "before text:3",  # the server waits for a text
    "half of text:3",
    "before dot:3",
    "after dot:3",  # it may have been taken
    "after answer:3",  # it was taken, and nobody wrote it down
    "before commit:6",  # answers are about to be written down
    "after commit:6",
    "before batch:4",  # between two batches
    "before quit:1",
    "after quit:1",
)


# --- the stage ---


class Senders:
    """The process that forks those that die."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("dying_sender.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, *jobs: Job) -> list[End]:
        """Run jobs at the same time."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([asdict(job) for job in jobs]) + "\n")
        self._process.stdin.flush()
        return [End(**end) for end in json.loads(self._process.stdout.readline())]

    def close(self) -> None:
        self._process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="session")
def senders() -> Iterator[Senders]:
    started = Senders()
    yield started
    started.close()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A database in which an issue is approved and READERS wait, and what makes copies of it."""

    environment: dict[str, str]
    copy: Callable[[Path], str]
    drop: Callable[[str], None]


def _prepare(environment: dict[str, str], database_url: str, folder: Path) -> dict[str, str]:
    environment = environment | {
        "SYNDICATION_DATABASE_URL": database_url,
        "SYNDICATION_VAR_DIR": str(folder),
    }
    store = open_store(database_url)
    store.migrate()
    store.close()
    house = House(read_settings(environment))
    issue_to_send(house.office, readers=READERS)
    house.close()
    return environment


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory, portals: DemoPortals) -> dict[str, str]:
    """What every sender is told."""
    feeds = tmp_path_factory.mktemp("feeds")
    write_catalogue(portals.addresses, into=feeds)
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "SYNDICATION_BASE_URL": "https://tin.example.vn",
        "SYNDICATION_FEEDS_DIR": str(feeds),
        "SYNDICATION_MAIL_FROM": "Điểm tin các Trung tâm <diemtin@tin.example.vn>",
        "SYNDICATION_SECRET_KEY": "a key that only tests know, long enough",
    }


@pytest.fixture(scope="session")
def prepared_sqlite(told: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("prepared")
    environment = _prepare(told, f"sqlite:///{folder / 'test.db'}", folder)

    def copy(to: Path) -> str:
        shutil.copyfile(folder / "test.db", to / "test.db")
        return f"sqlite:///{to / 'test.db'}"

    return Prepared(environment, copy, lambda url: None)


@pytest.fixture(scope="session")
def prepared_postgresql(
    told: dict[str, str], tmp_path_factory: pytest.TempPathFactory, postgres: PostgreSQL
) -> Prepared:
    url = postgres.make()
    environment = _prepare(told, url, tmp_path_factory.mktemp("prepared"))
    return Prepared(environment, lambda to: postgres.make(url), postgres.drop)


@pytest.fixture(params=["sqlite", "postgresql"])
def prepared(request: pytest.FixtureRequest) -> Prepared:
    """Both databases in turn."""
    found: Prepared = request.getfixturevalue(f"prepared_{request.param}")
    return found


class Stage:
    """One issue, its readers, its mail server and the processes that send it."""

    def __init__(
        self, environment: dict[str, str], senders: Senders, office: FaultyOffice, house: House
    ) -> None:
        self.environment = environment
        self.office = office
        self.house = house
        self._senders = senders

    def job(self, words: str = SEND, **options: Any) -> Job:
        environment = self.environment | {"SYNDICATION_SMTP_URL": self.office.url}
        if self.office.trusted:
            environment["SSL_CERT_FILE"] = str(self.office.certificate)
        settings = {"batch": BATCH, "connections": CONNECTIONS, "patience": self.office.patience} | options
        return Job(words=words, environment=environment, **settings)

    def run(self, *jobs: Job) -> list[End]:
        return self._senders.run(*jobs)

    def send(self, **options: Any) -> End:
        [end] = self.run(self.job(**options))
        assert "Traceback" not in end.says, end.says
        return end

    @property
    def state(self) -> IssueState:
        return find_issue(self.house.office).state

    @property
    def counts(self) -> dict[str, int]:
        return issue_status(self.house.office).counts

    def send_to_the_end(self, *, point: str = "") -> list[End]:
        """Run after run until the issue is sent; they die at the point, until one has."""
        ends: list[End] = []
        for ahead in LATER:
            dead = any(end.signal for end in ends)
            ends.append(self.send(point="" if dead else point, ahead=ahead))
            if self.state is IssueState.PAUSED:
                assert "certificate" in find_issue(self.house.office).says
                self.office.trusted = True
                resume_issue(self.house.office)
            if self.state is IssueState.SENT:
                return ends
            self.office.rise()
        raise AssertionError(f"it is not sent: {self.counts}; {ends[-1]}")

    def nobody_is_lost_and_only_doubts_are_doubled(self, *, doubts: int) -> None:
        """The promise."""
        readers = issue_readers(self.house.office)
        status = issue_status(self.house.office)
        assert status.candidates == status.prepared == sum(status.counts.values()) == len(readers) == READERS
        uncertain = 0
        for one in readers:
            copies = self.office.kept.get(one.email, [])
            match one.state:
                case DeliveryState.ACCEPTED:
                    assert len(copies) == 1, one
                case DeliveryState.UNCERTAIN:
                    uncertain += 1
                    assert copies or one.email in self.office.refused, one
                    assert len(set(copies)) <= 1, one
                case _:
                    assert (one.state, one.email in self.office.refused) == (DeliveryState.FAILED, True), one
                    assert not copies, one
            assert all(message_id(copy) == one.message_id for copy in copies)
        assert uncertain <= doubts, status.counts
        assert len({one.message_id for one in readers}) == READERS


def message_id(message: bytes) -> str:
    [found] = re.findall(rb"(?m)^Message-ID: (\S+)\r$", message)
    return str(found, "ascii")


@pytest.fixture
def stage(prepared: Prepared, senders: Senders, tmp_path: Path, unused_port: int) -> Iterator[Stage]:
    with opened(prepared, senders, tmp_path, unused_port) as stage:
        yield stage


@pytest.fixture
def on_sqlite(
    prepared_sqlite: Prepared, senders: Senders, tmp_path: Path, unused_port: int
) -> Iterator[Stage]:
    with opened(prepared_sqlite, senders, tmp_path, unused_port) as stage:
        yield stage


@contextmanager
def opened(prepared: Prepared, senders: Senders, folder: Path, port: int) -> Iterator[Stage]:
    """A stage of its own, its mail server not open yet."""
    database_url = prepared.copy(folder)
    environment = prepared.environment | {
        "SYNDICATION_DATABASE_URL": database_url,
        "SYNDICATION_VAR_DIR": str(folder / "var"),
    }
    office = FaultyOffice(port, folder)
    house = House(read_settings(environment))
    try:
        yield Stage(environment, senders, office, house)
    finally:
        office.close()
        house.close()
        prepared.drop(database_url)


# --- a sender is killed ---


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("mood", MOODS)
def test_a_sender_killed_anywhere_loses_nobody_whatever_the_server_does(
    stage: Stage, mood: str, point: str
) -> None:
    killed_in_some_mood(stage, mood, point)


@pytest.mark.parametrize(
    ("mood", "point"),
    [
        ("well", "after dot:3"),
        ("drops_after_keeping", "before commit:6"),
        ("refuses", "after commit:5"),
        ("stalls", "half of text:3"),
        ("fails_tls", "after answer:3"),
        ("restarts", "before batch:4"),
    ],
)
def test_a_sender_killed_here_and_there_loses_nobody(stage: Stage, mood: str, point: str) -> None:
    killed_in_some_mood(stage, mood, point)


def killed_in_some_mood(stage: Stage, mood: str, point: str) -> None:
    MOODS[mood](stage.office)
    stage.office.open()
    ends = stage.send_to_the_end(point=point)
    assert [end.signal for end in ends if end.signal] == [signal.SIGKILL]
    # The journal knows of every message but the one in each lane that is between its first byte and its answer.
    begun = POINTS.index(point) > POINTS.index("before commit:5")
    in_doubt = CONNECTIONS if begun else 0
    stage.nobody_is_lost_and_only_doubts_are_doubled(doubts=stage.office.doubts + in_doubt)


# --- several at once ---


@pytest.mark.parametrize("engines", [2, 3])
def test_engines_at_once_write_to_nobody_twice(stage: Stage, engines: int) -> None:
    stage.office.open()
    ends = stage.run(*[stage.job() for _ in range(engines)])
    # Who comes last may find that everything is sent, which is a plain line and no harm.
    assert all(end.status == 0 or "sent already" in end.says for end in ends), ends
    stage.nobody_is_lost_and_only_doubts_are_doubled(doubts=0)
    assert stage.state is IssueState.SENT


def test_one_of_three_engines_is_killed_and_only_what_it_carried_is_in_doubt(stage: Stage) -> None:
    stage.office.open()
    stage.office.pace = 0.02
    killed, *others = stage.run(stage.job(point="after dot:2"), stage.job(), stage.job())
    assert killed.signal == signal.SIGKILL
    assert not any(end.signal for end in others)
    if stage.state is not IssueState.SENT:
        stage.send_to_the_end()
    stage.nobody_is_lost_and_only_doubts_are_doubled(doubts=CONNECTIONS)


# --- the database fails ---


def stops_with_one_plain_line(end: End) -> str:
    assert (end.signal, end.status) == (0, 1), end
    [line] = end.says.strip().splitlines()
    return line


def test_a_full_disk_stops_the_sending_cleanly_and_it_goes_on_when_there_is_room(on_sqlite: Stage) -> None:
    stage = on_sqlite
    stage.office.open()
    stage.office.at_dot = lambda who, attempt: "keep and 250 2.0.0 " + "kept " * 90
    assert stage.send(point="after commit:4").signal == signal.SIGKILL  # the recipients are written down
    with closing(
        sqlite3.connect(make_url(stage.environment["SYNDICATION_DATABASE_URL"]).database or "")
    ) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [pages] = file.execute("PRAGMA page_count").fetchone()
    for room in range(1, 40):
        line = stops_with_one_plain_line(stage.send(pages=pages + room))
        assert re.search(r"the database failed \(database or disk is full\).*try again", line)
        if stage.office.kept:
            break
    assert stage.state is IssueState.SENDING
    assert stage.counts.get(DeliveryState.ACCEPTED, 0) < len(stage.office.kept), "it failed in mid-run"
    stage.send_to_the_end()
    stage.nobody_is_lost_and_only_doubts_are_doubled(doubts=CONNECTIONS)


def test_a_journal_for_which_there_is_no_room_stops_the_sending_cleanly(
    prepared_postgresql: Prepared, senders: Senders, tmp_path: Path, unused_port: int
) -> None:
    with opened(prepared_postgresql, senders, tmp_path, unused_port) as stage:
        stage.office.open()
        for file_bytes in (7, 150, 163, 176, 189):  # a line may be cut off anywhere
            line = stops_with_one_plain_line(stage.send(file_bytes=file_bytes))
            assert re.search("journal.*cannot be written.*make room", line)
        stage.send_to_the_end()
        stage.nobody_is_lost_and_only_doubts_are_doubled(doubts=5 * CONNECTIONS)


def test_a_database_that_is_locked_for_too_long_stops_the_sending_cleanly(on_sqlite: Stage) -> None:
    stage = on_sqlite
    file = sqlite3.connect(
        make_url(stage.environment["SYNDICATION_DATABASE_URL"]).database or "",
        check_same_thread=False,
        isolation_level=None,
    )

    def lock(count: int) -> None:
        if count == 4:
            file.execute("BEGIN IMMEDIATE")

    stage.office.after_message = lock
    stage.office.open()
    with closing(file):
        line = stops_with_one_plain_line(stage.send(busy=1))
        file.execute("ROLLBACK")
    assert re.search("database failed.*locked.*try again", line)
    assert 4 <= len(stage.office.kept) < READERS
    stage.send_to_the_end()
    stage.nobody_is_lost_and_only_doubts_are_doubled(doubts=CONNECTIONS)


def test_a_database_server_that_ends_every_connection_stops_the_sending_cleanly(
    prepared_postgresql: Prepared, senders: Senders, tmp_path: Path, unused_port: int
) -> None:
    with opened(prepared_postgresql, senders, tmp_path, unused_port) as stage:
        admin = create_engine(stage.environment["SYNDICATION_DATABASE_URL"], isolation_level="AUTOCOMMIT")
        fourth = threading.Event()
        stage.office.after_message = lambda count: fourth.set() if count == 4 else None

        def end_a_transaction() -> None:
            """The step after the fourth message waits for us, and its connection ends while it does."""
            assert fourth.wait(PATIENCE)
            waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            with admin.connect() as keeper, admin.connect() as killer:
                keeper.execute(text("BEGIN"))
                keeper.execute(text("LOCK TABLE relay"))
                until(lambda: bool(killer.execute(text(f"SELECT count(*) {waiting}")).scalar_one()))
                killer.execute(text(f"SELECT pg_terminate_backend(pid) {waiting}"))
                keeper.execute(text("ROLLBACK"))

        thread = threading.Thread(target=end_a_transaction)
        thread.start()
        stage.office.pace = 0.05
        stage.office.open()
        line = stops_with_one_plain_line(stage.send())
        thread.join()
        admin.dispose()
        assert re.search("database failed.*try again", line)
        stage.send_to_the_end()
        stage.nobody_is_lost_and_only_doubts_are_doubled(doubts=CONNECTIONS)


# --- copies of the database ---


def half_sent(stage: Stage) -> int:
    """Send until the server closes; returns how many readers got it."""
    stage.office.after_message = lambda count: stage.office.fall() if count == 5 else None
    stage.office.open()
    stage.send()
    stage.office.rise()
    assert stage.state is IssueState.SENDING
    return len(stage.office.kept)


def refuses_to_send_until_told_so(stage: Stage, says: str) -> None:
    got = len(stage.office.kept)
    line = stops_with_one_plain_line(stage.send(ahead=6))
    assert says in line
    assert "digest send --here" in line
    assert len(stage.office.kept) == got
    assert stage.send(words=f"{SEND} --here", ahead=6).status == 0


def test_a_copy_of_the_database_does_not_send(
    stage: Stage, prepared: Prepared, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    half_sent(stage)
    url = make_url(stage.environment["SYNDICATION_DATABASE_URL"])
    if url.drivername == "sqlite":
        assert url.database
        copy = f"sqlite:///{shutil.copyfile(url.database, tmp_path / 'copy.db')}"
    else:
        stage.house.close()  # nobody may be in a database that is copied
        postgres: PostgreSQL = request.getfixturevalue("postgres")
        copy = postgres.make(stage.environment["SYNDICATION_DATABASE_URL"])
    stage.environment["SYNDICATION_DATABASE_URL"] = copy
    stage.house = House(read_settings(stage.environment))
    try:
        refuses_to_send_until_told_so(stage, "copied or moved")
        stage.nobody_is_lost_and_only_doubts_are_doubled(doubts=CONNECTIONS)
    finally:
        stage.house.close()
        prepared.drop(copy)


def test_an_older_state_put_back_in_place_does_not_send(on_sqlite: Stage, tmp_path: Path) -> None:
    stage = on_sqlite
    database = make_url(stage.environment["SYNDICATION_DATABASE_URL"]).database
    assert database
    assert stage.send(point="after commit:2").signal == signal.SIGKILL
    with (
        closing(sqlite3.connect(database)) as file,
        closing(sqlite3.connect(tmp_path / "backup.db")) as backup,
    ):
        file.backup(backup)
    half_sent(stage)
    got_before = set(stage.office.kept)
    stage.house.close()
    shutil.copyfile(tmp_path / "backup.db", database)  # into the same file, as a restore does
    for left in ("-wal", "-shm"):
        Path(database + left).unlink(missing_ok=True)
    stage.house = House(read_settings(stage.environment))
    assert stage.counts == {DeliveryState.QUEUED: READERS}
    refuses_to_send_until_told_so(stage, "restored from a backup")
    # Who says «here» of an older state is told what that means: it knows of nobody who got it since.
    assert {who for who, copies in stage.office.copies.items() if copies == 2} == got_before
    stage.house.close()


# --- asked to stop ---


def test_a_sender_asked_to_stop_finishes_what_is_going_out(stage: Stage) -> None:
    third = threading.Event()
    stage.office.after_message = lambda count: third.set() if count == 3 else None
    stage.office.pace = 0.2
    stage.office.open()
    process = subprocess.Popen(
        [sys.executable, "-m", "syndication", *SEND.split()],
        env=stage.job().environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert third.wait(PATIENCE)
    process.send_signal(signal.SIGTERM)
    _, says = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "interrupted" in says) == (0, True), says
    got = len(stage.office.kept)
    assert stage.counts == {DeliveryState.ACCEPTED: got, DeliveryState.QUEUED: READERS - got}
    assert 3 <= got < READERS
    stage.office.pace = 0
    stage.send_to_the_end()
    stage.nobody_is_lost_and_only_doubts_are_doubled(doubts=0)


# --- evidence ---


def test_what_the_mail_servers_log_proves_is_sent_to_nobody_twice(
    on_sqlite: Stage, free_port: int, unused_port: int
) -> None:
    stage = on_sqlite
    stage.office.open()  # where Postfix brings everything
    everybody = [reader(number) for number in range(READERS)]
    with Postfix(port=free_port, sink_port=unused_port, readers=everybody) as postfix:
        stage.environment["SYNDICATION_MAIL_LOG"] = str(postfix.log)
        job = stage.job(patience=PATIENCE)
        job.environment["SYNDICATION_SMTP_URL"] = f"smtp://127.0.0.1:{free_port}"
        [killed] = stage.run(Job(**asdict(job) | {"point": "after dot:3"}))
        assert killed.signal == signal.SIGKILL
        until(lambda: postfix.log.read_text(encoding="utf-8").count("(queue active)") >= 3)
        [end] = stage.run(job)
        assert end.status == 0, end
        until(lambda: len(stage.office.kept) == READERS and not postfix.queue())
    in_the_log = [one for one in issue_readers(stage.house.office) if "log has it as" in one.says]
    assert in_the_log, "what was killed between its dot and the answer"
    assert set(stage.office.copies.values()) == {1}
    in_doubt = stage.counts.get(DeliveryState.UNCERTAIN, 0)
    # What the other lane had not finished never reached Postfix; it is sent, and stays marked: a log proves no absence.
    assert stage.counts == {DeliveryState.ACCEPTED: READERS - in_doubt} | (
        {DeliveryState.UNCERTAIN: in_doubt} if in_doubt else {}
    )
    assert in_doubt <= CONNECTIONS - 1
