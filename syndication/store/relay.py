"""How the mail server did, known to all who send; and which copy of the database may send at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.store.tables import relay


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayState:
    """How sending stands. ``resume_at`` None: nothing keeps it."""

    failures: int = 0
    resume_at: datetime | None = None
    says: str = ""
    home: str = ""
    """Which database sent last (see ``Relay.here``); empty: none yet."""
    step: int = 0
    """Counts on with everything that is sent; a restored database is behind the count its machine remembers."""


class Relay:
    """The mail server's shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def state(self) -> RelayState:
        """How sending stands."""
        row = self._connection.execute(select(relay).where(relay.c.id == 1)).first()
        if row is None:
            return RelayState()
        return RelayState(
            failures=row.failures, resume_at=row.resume_at, says=row.says, home=row.home, step=row.step
        )

    def here(self) -> str:
        """A name for this very database that a copy of it, a restored backup included, does not have."""
        if self._connection.dialect.name == "postgresql":
            # The cluster and the database in it: a restored one is another database, or in another cluster.
            row = self._connection.execute(
                text(
                    "SELECT (pg_control_system()).system_identifier AS cluster,"
                    " (SELECT oid FROM pg_database WHERE datname = current_database()) AS database"
                )
            ).one()
            return f"postgresql:{row.cluster}/{row.database}"
        databases = self._connection.exec_driver_sql("PRAGMA database_list").all()
        file = Path(next(row.file for row in databases if row.name == "main"))
        machine = Path("/etc/machine-id")
        name = machine.read_text(encoding="ascii", errors="replace").strip() if machine.exists() else ""
        return f"sqlite:{name}:{file.stat().st_ino}:{file}"

    def settle_here(self, home: str, *, step: int) -> None:
        """From now on it is this database that sends."""
        self._keep(home=home, step=step)

    def advance(self) -> int:
        """Count one step of sending; returns where the count stands."""
        found: int | None = self._connection.execute(
            update(relay).where(relay.c.id == 1).values(step=relay.c.step + 1).returning(relay.c.step)
        ).scalar_one_or_none()
        if found is None:
            self._keep(step=1)
            return 1
        return found

    def failed(self, *, resume_at: datetime, says: str) -> None:
        """The server was out of order: nobody sends before then."""
        self._keep(failures=self.state().failures + 1, resume_at=resume_at, says=says)

    def works(self) -> None:
        """The server takes mail again."""
        self._connection.execute(
            update(relay)
            .where(relay.c.id == 1, relay.c.failures > 0)
            .values(failures=0, resume_at=None, says="")
        )

    def _keep(self, **values: object) -> None:
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        self._connection.execute(
            insert(relay)
            .values(id=1, **values)
            .on_conflict_do_update(index_elements=[relay.c.id], set_=values)
        )
