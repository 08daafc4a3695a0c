"""Keeps a copy of the database from sending: a backup that was restored, or a second instance made of the first.

What is sent stands in the database, so an older state of it would send again. Two things tell it apart: a name that
only this very database has, and a count of steps that this machine remembers beside it. Who moved a database on
purpose says so once (``syndication digest send --here``).
"""

from __future__ import annotations

from contextlib import suppress

from syndication.digest.pipeline.office import Office
from syndication.errors import IssueError
from syndication.store import Memory


def claim_home(office: Office, memory: Memory, *, here: bool = False) -> None:
    """Raise IssueError unless this database is the one that sends; with ``here`` it is from now on."""
    # In this order: another process may go on meanwhile, and writes to the database first.
    remembered = _remembered(office)
    state, home = memory.relay.state(), memory.relay.here()
    if here or not state.home:
        memory.relay.settle_here(home, step=max(state.step, remembered) + 1)
        return
    wrong = ""
    if state.home != home:
        wrong = "this database was copied or moved since it last sent mail"
    elif remembered > state.step:
        wrong = "this database is older than what was sent from this machine: it was restored from a backup"
    if wrong:
        raise IssueError(
            f"{wrong}. Nothing is sent, or readers might get an issue twice. If no other copy sends,"
            " say so once with `syndication digest send --here`"
        )


def remember(office: Office, step: int) -> None:
    """Keep how far sending has come beside the database; a machine that cannot is only less careful."""
    if office.step_file is not None:
        with suppress(OSError):
            office.step_file.parent.mkdir(parents=True, exist_ok=True)
            office.step_file.write_text(f"{step}\n", encoding="ascii")


def _remembered(office: Office) -> int:
    if office.step_file is not None:
        with suppress(OSError, ValueError):
            return int(office.step_file.read_text(encoding="ascii"))
    return 0
