"""Reads documents in a process of its own, which is killed when one of them takes too long or too much memory.

What comes from portals may be broken, or made to harm: a megabyte of ill-formed markup keeps feedparser busy for three
seconds, and a thread cannot be stopped from outside. So a child process does the reading. It has nothing to lose: none
of our connections, none of our settings, a bound on its memory, and a clock of its own should we be gone.

Documents and answers are pickles, each after its length. A child that a document has taken over may answer anything,
so an answer may hold only the words that the step answers with.
"""

from __future__ import annotations

import copyreg
import gc
import io
import logging
import os
import pickle
import queue
import resource
import select
import signal
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import MappingProxyType, TracebackType
from typing import IO, Any, Self, TypeVar, cast

from syndication.collect.extract import Extracted, extract
from syndication.collect.parse import PARSERS
from syndication.collect.parse.document import Document, Parsed
from syndication.domain.article import Item
from syndication.domain.portal import ArticleReading, Read
from syndication.errors import NotReadable, SyndicationError

log = logging.getLogger(__name__)

MEBIBYTE = 1 << 20
LONGEST_ANSWER = 256 * MEBIBYTE
START_SECONDS = 60.0
"""In which a child must be ready. It takes a small part of one on a machine that has nothing else to do."""
GRACE_SECONDS = 2.0
"""A child whose time is over is killed by us; when nobody does, it ends by itself so much later."""

_INHERITED = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME", "SYSTEMROOT", "TZ")
"""What a child needs of our environment; the rest holds passwords."""
_LENGTH = struct.Struct(">Q")
_ADVICE = "it is broken, or made to harm; open the address in a browser and tell the portal"

_T = TypeVar("_T")


class Sandbox:
    """Reads documents in ``workers`` child processes, each with ``seconds`` for a document and ``memory`` bytes.

    A child is started when a document needs it, and serves many. May be used from several threads; those for whom no
    child is free wait. To be closed, or used in ``with``; afterwards no child is left.
    """

    def __init__(self, *, workers: int = 1, seconds: float = 20.0, memory: int = 1024 * MEBIBYTE) -> None:
        self._seconds = seconds
        self._memory = memory
        self._workers = workers
        # The last in is the first out: as few children are started as are needed at once.
        self._free: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(workers):
            self._free.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every child, once what it is reading is read. A document that comes later starts a new one."""
        for child in [self._free.get() for _ in range(self._workers)]:
            if child is not None:
                child.end()
            self._free.put(None)

    def parse(self, read: Read, document: Document) -> Parsed:
        """The items of a document, read in this way (``collect.parse.PARSERS``).

        Raises NotReadable as the parser does, and when reading takes too long or too much memory.
        """
        return self.run(PARSERS[read], document, words=(Parsed, Item, timedelta))

    def extract(self, document: Document, reading: ArticleReading) -> Extracted:
        """What an article's own page says (``collect.extract.extract``); raises as ``parse`` does."""
        return self.run(extract, document, reading, words=(Extracted,))

    def run(self, step: Callable[..., _T], *subject: object, words: tuple[type, ...]) -> _T:
        """What a pure function at the top of a module of ours makes of a document; raises as ``parse`` does.

        It must answer with the first of ``words``, a tuple of such, or None; the other words are what that is made of,
        besides plain values. (What was a mapping that cannot be changed comes as a dict, which must then be a word.)
        """
        found = self._ask(step, *subject, words=words)
        parts = found if isinstance(found, tuple) else () if found is None else (found,)
        if not all(isinstance(part, words[0]) for part in parts):
            raise TypeError(f"{step.__qualname__} answered {type(found).__name__}")
        return cast("_T", found)

    def _ask(self, *question_parts: object, words: tuple[type, ...]) -> object:
        question = _pickled(question_parts)
        child = self._free.get()
        try:
            if child is not None:
                with suppress(_Ended):
                    return child.ask(question, words)
                # Somebody killed it, or what it read earlier was too much for it: that is not this document's fault.
            child = _Child(seconds=self._seconds, memory=self._memory)
            try:
                return child.ask(question, words)
            except _Ended as end:
                raise NotReadable(f"reading the document {end}: {_ADVICE}") from None
        finally:
            self._free.put(child if child is not None and child.alive else None)


class _Ended(Exception):
    """A child ended over a document. Its text says how."""


class _Child:
    """One process that reads documents."""

    def __init__(self, *, seconds: float, memory: int) -> None:
        self.alive = True
        self._seconds = seconds
        self._memory = memory
        self._process = subprocess.Popen(  # noqa: S603 -- this very Python and this very module
            [sys.executable, "-P", "-m", __spec__.name, str(memory), str(seconds + GRACE_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
            start_new_session=True,  # what a person types at our terminal is for us, who then end it
        )
        self._questions = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        os.set_blocking(self._questions.fileno(), False)
        try:
            self._answer_to(b"", (), seconds=START_SECONDS)
        except (EOFError, TimeoutError):
            raise SyndicationError(
                "the process that reads documents does not start: run "
                f"`{sys.executable} -m {__spec__.name} {memory} 60 </dev/null` and see what it says"
            ) from None

    def ask(self, question: bytes, words: tuple[type, ...]) -> object:
        """The answer. Raises NotReadable, or _Ended when the process ended over the question."""
        try:
            answer = self._answer_to(question, words, seconds=self._seconds)
        except TimeoutError:
            raise NotReadable(
                f"reading the document takes longer than {self._seconds:g} s: {_ADVICE}"
            ) from None
        except EOFError:
            raise _Ended(f"ended the process that read it ({_how(self._process.returncode)})") from None
        outcome, *says = answer
        return self._understood(outcome, *says)

    def _understood(self, outcome: str, *says: Any) -> object:
        if outcome == "found":
            return says[0]
        if outcome == "refused":
            text, permanent, retry_after = says
            raise NotReadable(text, permanent=permanent, retry_after=retry_after)
        if outcome == "memory":
            self.end()
            raise _Ended(f"takes more than {self._memory // MEBIBYTE} MiB of memory")
        what, trace = says
        log.error("a parser failed, which is our fault:\n%s", trace)
        raise NotReadable(f"our reader fails on this document ({what}): report it with what the log says")

    def _answer_to(self, question: bytes, words: tuple[type, ...], *, seconds: float) -> Any:
        """The answer to a question; to an empty one, that it is ready.

        Raises TimeoutError when it takes longer than ``seconds``, EOFError when the process ended, UnpicklingError when
        it lies; in any case it is then ended.
        """
        until = time.monotonic() + seconds
        try:
            if question:
                with suppress(BrokenPipeError):  # it may have said why before it ended
                    _send(self._questions.fileno(), question, until=until)
            return read_answer(
                _receive(self._answers.fileno(), longest=LONGEST_ANSWER, until=until), words=words
            )
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Kill it; it has nothing to put in order."""
        self.alive = False
        self._process.kill()
        self._process.wait()
        self._questions.close()
        self._answers.close()


def _how(status: int) -> str:
    return (signal.strsignal(-status) or f"signal {-status}") if status < 0 else f"exit status {status}"


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


# --- what goes over the pipes ---


def _send(pipe: int, message: bytes, *, until: float | None = None) -> None:
    for part in (_LENGTH.pack(len(message)), message):
        rest = memoryview(part)
        while rest:
            _wait(pipe, select.POLLOUT, until)
            with suppress(BlockingIOError):
                rest = rest[os.write(pipe, rest) :]


def _receive(pipe: int, *, longest: int | None = None, until: float | None = None) -> bytearray:
    """The next message. Raises EOFError when there is none, or one that is longer than can be true."""
    (length,) = _LENGTH.unpack(_read(pipe, _LENGTH.size, until))
    if longest is not None and length > longest:
        raise EOFError
    return _read(pipe, length, until)


def _read(pipe: int, length: int, until: float | None) -> bytearray:
    found = bytearray(length)
    rest = memoryview(found)
    while rest:
        _wait(pipe, select.POLLIN, until)
        count = os.readv(pipe, [rest])
        if not count:
            raise EOFError
        rest = rest[count:]
    return found


def _wait(pipe: int, event: int, until: float | None) -> None:
    """Wait for a pipe until a moment of ``time.monotonic``; raises TimeoutError. Without one, reading waits itself."""
    if until is None:
        return
    poll = select.poll()
    poll.register(pipe, event)
    if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
        raise TimeoutError


def _pickled(message: object) -> bytes:
    written = io.BytesIO()
    pickler = pickle.Pickler(written, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {**copyreg.dispatch_table, MappingProxyType: _as_dict}
    pickler.dump(message)
    return written.getvalue()


def _as_dict(proxy: MappingProxyType[Any, Any]) -> tuple[type[dict[Any, Any]], tuple[dict[Any, Any]]]:
    # Our frozen words hold such mappings, which pickle does not take; a dict is as good there.
    return dict, (dict(proxy),)


class _Words(pickle.Unpickler):
    """Makes nothing of a pickle but words (after "Restricting Globals" in the documentation of ``pickle``)."""

    def __init__(self, answer: bytes | bytearray, words: tuple[type, ...]) -> None:
        super().__init__(io.BytesIO(answer))
        self._words = {(word.__module__, word.__qualname__): word for word in words}

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._words[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"this step may not answer with {module}.{name}") from None


def read_answer(answer: bytes | bytearray, *, words: tuple[type, ...]) -> Any:
    """What a child says; raises UnpicklingError when it is made of more than these words and plain values."""
    return _Words(answer, words).load()


# --- in the child ---


def work() -> None:
    """Be the child: answer what comes on standard input until it ends, which it does when the parent is gone."""
    memory, seconds = int(sys.argv[1]), float(sys.argv[2])
    questions, answers = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a library prints is not an answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    gc.freeze()
    _send(answers, _pickled("ready"))
    with suppress(EOFError, BrokenPipeError):
        while True:
            answer = _answer(_receive(questions), seconds)
            _send(answers, answer)


def _answer(question: bytearray, seconds: float) -> bytes:
    signal.setitimer(signal.ITIMER_REAL, seconds)  # SIGALRM ends the process, whatever it is doing
    try:
        step, *subject = pickle.loads(question)  # noqa: S301 -- our parent wrote it
        return _pickled(("found", step(*subject)))
    except NotReadable as refusal:
        return _pickled(("refused", str(refusal), refusal.permanent, refusal.retry_after))
    except MemoryError:
        return _pickled(("memory",))
    except Exception as bug:  # noqa: BLE001 -- it goes to the parent's log
        what = f"{bug.__class__.__name__}: {bug}"[:300]
        return _pickled(("stumbled", what, traceback.format_exc()[-8000:]))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    work()
