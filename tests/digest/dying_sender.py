"""Runs the program's own commands in processes that die, with kill -9, exactly where they are told.

A process of its own, because a test cannot be killed: it imports the program once, reads rows of jobs as JSON on
standard input (one row a line), runs the jobs of a row at the same time, a forked process each, and answers with how
they ended. The program knows nothing of this: what is counted and where it dies is wrapped around it here.
"""

from __future__ import annotations

import json
import os
import resource
import shlex
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, event

import syndication.cli.opening
from syndication.bootstrap import House
from syndication.cli import main
from syndication.digest.lanes import Lanes
from syndication.digest.pipeline import run as sending
from syndication.digest.send import Envelope, Transport
from syndication.digest.send.conversation import Conversation, Reply
from syndication.settings import read_settings
from syndication.store import Memory, Store, engine

END = b"\r\n.\r\n"
"""The line break that ends a message's text, and the dot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One command. ``point``: where to die, such as «after commit:4», the 4th; empty: nowhere."""

    words: str
    environment: dict[str, str]
    point: str = ""
    ahead: float = 0
    """Minutes by which the process's clock is ahead."""
    patience: float = 60
    """Seconds to wait for the mail server."""
    busy: float = 30
    """Seconds to wait for another writer of the database."""
    batch: int = 3
    connections: int = 2
    pages: int = 0
    """The most pages the SQLite database may have; 0: any number."""
    file_bytes: int = 0
    """The longest that any file may be that the process writes; 0: any length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a job ended: by a signal, or with a status; and what it said."""

    signal: int = 0
    status: int = 0
    says: str = field(default="")


class _Death:
    """Counts how often each place was passed, and ends the process at the one that was named."""

    def __init__(self, point: str) -> None:
        self._place, _, number = point.partition(":")
        self._number = int(number or 1)
        self._passed: Counter[str] = Counter()
        self._one_at_a_time = threading.Lock()

    def at(self, place: str) -> bool:
        """Whether this is the place."""
        with self._one_at_a_time:
            self._passed[place] += 1
            return place == self._place and self._passed[place] == self._number

    def here(self, place: str) -> None:
        """Die, if this is the place."""
        if self.at(place):
            die()


def die() -> None:
    """What a power cut is to a process."""
    os.kill(os.getpid(), signal.SIGKILL)


def _watch_the_store(death: _Death) -> None:
    write = Store.write

    @contextmanager
    def counted(self: Store) -> Iterator[Memory]:
        with write(self) as memory:
            yield memory
            death.here("before commit")
        death.here("after commit")

    Store.write = counted  # type: ignore[method-assign]


def _watch_the_lanes(death: _Death) -> None:
    give = Lanes.give

    def counted(self: Lanes, batch: Sequence[Envelope]) -> None:
        death.here("before batch")
        give(self, batch)

    Lanes.give = counted  # type: ignore[method-assign]


def _watch_the_wire(death: _Death) -> None:
    """The nth text, its middle, its dot and its answer; QUIT before and after."""
    write, hear = Conversation.write, Conversation.hear
    answers: dict[int, bool] = {}

    def counted_write(self: Conversation, data: bytes, *, patience: float) -> int:
        if data.startswith(b"QUIT"):
            death.here("before quit")
            written = write(self, data, patience=patience)
            death.here("after quit")
            return written
        if END not in data:
            return write(self, data, patience=patience)
        death.here("before text")
        text = data.index(END) + 2
        for place, so_far in (("half of text", text // 2), ("before dot", text), ("after dot", text + 3)):
            if death.at(place):
                write(self, data[:so_far], patience=patience)
                die()
        answers[id(self)] = death.at("after answer")
        return write(self, data, patience=patience)

    def counted_hear(self: Conversation, *, patience: float) -> Reply:
        reply = hear(self, patience=patience)
        if answers.pop(id(self), False):
            die()
        return reply

    Conversation.write = counted_write  # type: ignore[method-assign]
    Conversation.hear = counted_hear  # type: ignore[method-assign]


def _in_another_time(job: Job) -> Callable[[], House]:
    """Builds the house as the commands do, with the job's clock and patience."""

    def build() -> House:
        house = House(read_settings(os.environ), now=lambda: datetime.now(UTC) + timedelta(minutes=job.ahead))
        url = house.settings.smtp_url
        house.__dict__["office"] = replace(
            house.office,
            open_transport=lambda: Transport(url, reply_timeout=job.patience, dot_timeout=job.patience),
        )
        return house

    return build


def _limit(job: Job) -> None:
    if job.file_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.file_bytes, job.file_bytes))
    if job.pages:

        @event.listens_for(Engine, "connect")
        def on_connect(connection: Any, _record: Any) -> None:
            connection.execute(f"PRAGMA max_page_count = {job.pages}")


def _work(job: Job) -> None:
    os.environ.clear()
    os.environ.update(job.environment, SYNDICATION_SMTP_CONNECTIONS=str(job.connections))
    vars(sending)["BATCHES"] = (job.batch, job.batch)
    vars(engine)["BUSY_SECONDS"] = job.busy
    death = _Death(job.point)
    for watch in (_watch_the_store, _watch_the_lanes, _watch_the_wire):
        watch(death)
    _limit(job)
    vars(syndication.cli.opening)["build"] = _in_another_time(job)
    main(shlex.split(job.words), prog_name="syndication")


def _start(job: Job, says: int) -> int:
    """Fork; returns the new process's id."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        os.dup2(says, 1)
        os.dup2(says, 2)
        _work(job)
    except SystemExit as done:
        status = done.code if isinstance(done.code, int) else 0
    except BaseException:  # noqa: BLE001 -- the process ends here, whatever it was
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run(jobs: Sequence[Job]) -> list[End]:
    """Run jobs at the same time; returns how each ended."""
    pipes = [os.pipe() for _ in jobs]  # a few lines; a file would count against the job's limit
    pids = [_start(job, into) for job, (_, into) in zip(jobs, pipes, strict=True)]
    ends = []
    for pid, (out, into) in zip(pids, pipes, strict=True):
        os.close(into)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with os.fdopen(out, encoding="utf-8") as says:
            ends.append(End(signal=max(-code, 0), status=max(code, 0), says=says.read()))
    return ends


def serve() -> None:
    """Row after row of jobs, until standard input ends."""
    for line in sys.stdin:
        ends = _run([Job(**job) for job in json.loads(line)])
        sys.stdout.write(json.dumps([asdict(end) for end in ends]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
