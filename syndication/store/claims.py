"""Who holds a claim, and whether that process still exists.

A claim ends by itself with its lease. When the process that held it died on this very machine, there is no need
to wait for that: its claims are given back the moment another process looks.
"""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Table, select, update

from syndication.store.tables import deliveries, sources


@cache
def _where() -> str | None:
    """Names the set of processes ours can be compared with: one boot of one machine, one PID namespace."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    return None


def _started(pid: int) -> str | None:
    """When a process started, in clock ticks since boot (proc(5), field 22); a PID used again tells itself apart.

    None for a process that cannot be seen; «dead» for one that ended and whose parent has not noticed (states Z
    and X), which in a container without an init may last for ever.
    """
    with suppress(OSError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        fields = stat.rpartition(")")[2].split()
        return fields[19] if fields[0] not in "ZX" else "dead"
    return None


def _exists(pid: int) -> bool:
    """Whether the system knows this process; it answers this even where /proc hides the processes of others."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def new_owner() -> str:
    """A name for the claims of one run of this process; no other run has it."""
    pid = os.getpid()
    return f"{_where() or 'elsewhere'}|{pid}|{_started(pid) or '?'}|{uuid.uuid4().hex[:8]}"


def is_gone(owner: str) -> bool:
    """Whether the process behind this name certainly exists no longer. In doubt it is taken to be alive."""
    where, _, rest = owner.partition("|")
    pid, _, rest = rest.partition("|")
    started = rest.partition("|")[0]
    if where != _where() or not pid.isdigit() or started == "?":
        return False
    seen = _started(int(pid))
    return seen != started if seen is not None else not _exists(int(pid))


def release_gone(connection: Connection, *, now: datetime) -> int:
    """End the leases of processes that are gone; returns how many rows are free again."""
    return sum(_release(connection, table, now=now) for table in (sources, deliveries))


def _release(connection: Connection, table: Table, *, now: datetime) -> int:
    owners = connection.execute(
        select(table.c.lease_owner).where(table.c.lease_until >= now).distinct()
    ).scalars()
    gone = [owner for owner in owners if owner and is_gone(owner)]
    if not gone:
        return 0
    ended = now - timedelta(seconds=1)
    result = connection.execute(update(table).where(table.c.lease_owner.in_(gone)).values(lease_until=ended))
    return int(result.rowcount)
