"""Opens the database and hands out transactions; the differences between SQLite and PostgreSQL end here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from syndication.errors import StoreError
from syndication.store.articles import Articles
from syndication.store.bounces import Bounces
from syndication.store.claims import release_gone
from syndication.store.consents import Consents
from syndication.store.deliveries import Deliveries
from syndication.store.documents import Documents
from syndication.store.issues import Issues
from syndication.store.joins import Joins
from syndication.store.looks import Looks
from syndication.store.mails import Mails
from syndication.store.rates import Rates
from syndication.store.relay import Relay
from syndication.store.robots import Robots
from syndication.store.search import Search
from syndication.store.sign_ups import SignUps
from syndication.store.sources import Sources
from syndication.store.stories import Stories
from syndication.store.subscribers import Subscribers

BUSY_SECONDS = 30
"""How long a SQLite writer waits for another one before it gives up."""
CONNECT_SECONDS = 10
"""How long a PostgreSQL server may take to answer, unless the address says otherwise (``?connect_timeout=``)."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATE_LOCK = 7_301_000
_STORIES_LOCK = 7_301_001
"""PostgreSQL's advisory locks: for those who migrate, and for those who keep, announce or build stories."""


@dataclass(frozen=True)
class Memory:
    """One transaction, with a shelf for each noun."""

    connection: Connection

    @cached_property
    def sources(self) -> Sources:
        """Where each source stands: validators, due-ness, health."""
        return Sources(self.connection)

    @cached_property
    def robots(self) -> Robots:
        """What portals' robots.txt said."""
        return Robots(self.connection)

    @cached_property
    def articles(self) -> Articles:
        """Articles and every name under which they are known."""
        return Articles(self.connection)

    @cached_property
    def stories(self) -> Stories:
        """Stories, their categories and their places in feeds."""
        return Stories(self.connection, self.search)

    @cached_property
    def search(self) -> Search:
        """The index by which stories are found."""
        return Search(self.connection)

    @cached_property
    def consents(self) -> Consents:
        """Who agreed to what, and who is not written to."""
        return Consents(self.connection)

    @cached_property
    def sign_ups(self) -> SignUps:
        """Who asked for the digest and has not confirmed it."""
        return SignUps(self.connection)

    @cached_property
    def bounces(self) -> Bounces:
        """What came back of what was mailed."""
        return Bounces(self.connection)

    @cached_property
    def mails(self) -> Mails:
        """Single mails that wait."""
        return Mails(self.connection)

    @cached_property
    def rates(self) -> Rates:
        """How often things may still happen."""
        return Rates(self.connection)

    @cached_property
    def relay(self) -> Relay:
        """How the mail server did, and whether this database may send."""
        return Relay(self.connection)

    @cached_property
    def joins(self) -> Joins:
        """Why articles of several portals are one story."""
        return Joins(self.connection)

    @cached_property
    def looks(self) -> Looks:
        """Which articles' pages are looked at again."""
        return Looks(self.connection)

    @cached_property
    def documents(self) -> Documents:
        """What is published, ready to serve."""
        return Documents(self.connection)

    @cached_property
    def issues(self) -> Issues:
        """The digest's issues."""
        return Issues(self.connection)

    @cached_property
    def deliveries(self) -> Deliveries:
        """One issue to one reader each."""
        return Deliveries(self.connection)

    @cached_property
    def subscribers(self) -> Subscribers:
        """The digest's readers."""
        return Subscribers(self.connection)

    def release_gone(self, *, now: datetime) -> int:
        """Give back what processes that no longer exist had claimed; returns how many claims."""
        return release_gone(self.connection, now=now)

    def alone(self) -> None:
        """Wait until nobody else keeps, announces or builds stories; held to the end of this transaction.

        So an article that two sources bring at once is minted once, the order of announcements is the order of
        commits, and what made a feed stale is in the feed that is built. SQLite has one writer at a time anyway.
        """
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STORIES_LOCK})


class Store:
    """The database of one instance."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def read(self) -> Iterator[Memory]:
        """A transaction that sees one moment of the database and changes nothing."""
        with self._plainly(), self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                # Its default looks anew with every statement (https://www.postgresql.org/docs/current/mvcc.html).
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield Memory(connection)

    @contextmanager
    def write(self) -> Iterator[Memory]:
        """A transaction that is kept whole or not at all."""
        with self._plainly(), self._begin() as connection:
            memory = Memory(connection)
            yield memory
            memory.search.keep_step()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as cause:
            raise StoreError(
                f"the database failed ({_reason(cause)}); nothing was changed, try again"
            ) from cause

    def migrate(self) -> None:
        """Bring the tables to the version this program needs; harmless when they are there already.

        Raises StoreError for a database that a newer version of this program has set up.
        """
        # Loading this takes as long as most commands, which find the tables there.
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        with self._plainly(), self._begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATE_LOCK})
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as cause:
                where = _shown(self._engine.url)
                raise StoreError(
                    f"the database {where} was set up by a newer version: update this program ({cause})"
                ) from cause
            Memory(connection).search.fill()

    def require_current(self) -> None:
        """Raise StoreError unless the database is at the version this program needs."""
        # They are numbered in their order.
        wanted = max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("*_*.py"))
        with self._plainly(), self._engine.connect() as connection:
            known = inspect(connection).has_table("alembic_version")
            found = connection.scalar(text("SELECT version_num FROM alembic_version")) if known else None
        if found != wanted:
            where = _shown(self._engine.url)
            raise StoreError(f"the database {where} is not set up for this version: run `syndication init`")

    def forget_for_good(self) -> None:
        """Let nothing that was removed before this be read in the files beside the database either.

        SQLite keeps the pages of past transactions in its log until that begins anew; where somebody reads just now,
        that happens a little later. What PostgreSQL keeps is its operator's.
        """
        if self._engine.dialect.name == "sqlite":
            with self._plainly(), closing(self._engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        # We say BEGIN ourselves: the driver's own would start a writing transaction as a reading one, and two
        # such writers can only fail, never wait (https://www.sqlite.org/lang_transaction.html).
        connection.isolation_level = None
        # secure_delete: what is erased or changed does not stay readable in the file.
        for pragma in (
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "foreign_keys=ON",
            "synchronous=FULL",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as cause:
            # The mode stays with the file. Two who set it at once do not wait: the one who fails finds it set.
            if cause.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _reason(cause: Exception) -> str:
    return str(getattr(cause, "orig", cause)).strip().partition("\n")[0]


def open_store(database_url: str) -> Store:
    """Open the database at this SQLAlchemy address; raises StoreError with one plain line."""
    try:
        url = make_url(database_url)
        if url.drivername not in ("sqlite", "postgresql+psycopg"):
            raise ArgumentError(url.drivername)
    except (ArgumentError, ValueError) as cause:
        # The address itself is not repeated: who knows where in it the password stands.
        raise StoreError(
            "SYNDICATION_DATABASE_URL cannot be used: "
            "give sqlite:///path/to/file.db or postgresql://user:password@host/name"
        ) from cause
    try:
        if url.database and url.drivername == "sqlite":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        if url.drivername == "sqlite":
            engine = create_engine(url)
        else:
            # Left alone, a server that does not answer is waited for as long as the system waits: minutes.
            patience = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
            engine = create_engine(url, pool_pre_ping=True, connect_args=patience)
    except ModuleNotFoundError as cause:
        raise StoreError("PostgreSQL needs one more package: pip install 'syndication[postgres]'") from cause
    except OSError as cause:
        raise _cannot_open(url, cause) from cause
    if url.drivername == "sqlite":
        _prepare_sqlite(engine)
    try:
        with engine.connect():
            pass
    except DBAPIError as cause:
        engine.dispose()
        raise _cannot_open(url, cause) from cause
    return Store(engine)


def _cannot_open(url: URL, cause: Exception) -> StoreError:
    return StoreError(
        f"the database {_shown(url)} cannot be opened ({_reason(cause)}): check SYNDICATION_DATABASE_URL"
    )
