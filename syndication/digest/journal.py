"""Remembers message by message how far sending has come, in a file beside the database.

The record in the database is kept for many messages at a time; a process killed between two such steps would leave all
of them in doubt. What it wrote here the moment it happened outlives it, though not the machine: so a journal is read
only for a process that is gone from a machine that still runs. Of what a journal does not mention, nothing was sent.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_BEGUN, _ACCEPTED, _NOT_ACCEPTED = "begun", "accepted", "not-accepted"


class Journal:
    """One process's journal, begun with its first line and removed by ``close``. Any thread may write.

    Raises OSError where it cannot be written.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{owner.rpartition('|')[2]}.journal"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._broken = False
        self._write(owner)

    def begin(self, delivery: int) -> None:
        """The message of this delivery is about to go out."""
        self._write(f"{_BEGUN} {delivery}")

    def accepted(self, delivery: int, *, code: int, says: str) -> None:
        """The server took it."""
        self._write(f"{_ACCEPTED} {delivery} {code} {says}")

    def not_accepted(self, delivery: int) -> None:
        """The server has certainly not taken it."""
        self._write(f"{_NOT_ACCEPTED} {delivery}")

    def close(self) -> None:
        """All of it is on record."""
        os.close(self._file)
        self._path.unlink(missing_ok=True)

    def _write(self, line: str) -> None:
        # One call for one line, so that lines of several threads do not mix. Behind half a line nothing could be read.
        data = f"{line}\n".encode(errors="replace")
        if self._broken or os.write(self._file, data) < len(data):
            self._broken = True
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@dataclass(slots=True)
class LeftBehind:
    """The journal of a process that did not close it."""

    path: Path
    owner: str
    begun: set[int] = field(default_factory=set)
    """Deliveries of which it cannot be known whether the server took them."""
    accepted: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Those it took, with its code and words."""

    def remove(self) -> None:
        """It is on record now."""
        self.path.unlink(missing_ok=True)


def left_behind(folder: Path, is_gone: Callable[[str], bool]) -> Iterator[LeftBehind]:
    """The journals in a folder of owners that are gone; what cannot be read is passed over."""
    for path in sorted(folder.glob("*.journal")):
        with suppress(OSError), path.open(encoding="utf-8") as lines:
            owner = lines.readline().rstrip("\n")
            if is_gone(owner):
                yield _read(LeftBehind(path, owner), lines)


def _read(found: LeftBehind, lines: Iterable[str]) -> LeftBehind:
    for line in lines:
        if not line.endswith("\n"):  # the disk was full
            break
        what, _, rest = line.rstrip("\n").partition(" ")
        delivery, _, rest = rest.partition(" ")
        if not delivery.isdigit():
            continue
        number = int(delivery)
        if what == _BEGUN:
            found.begun.add(number)
            found.accepted.pop(number, None)
        elif what in (_ACCEPTED, _NOT_ACCEPTED):
            found.begun.discard(number)
            code, _, says = rest.partition(" ")
            if what == _ACCEPTED and code.isdigit():
                found.accepted[number] = int(code), says
    return found
