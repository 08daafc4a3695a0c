"""What a WebSub hub was told: everything up to a change, and when to tell it more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.store.tables import hubs


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a hub knows."""

    number: int
    """The last change it was told of; see ``Documents.number``."""
    failures: int
    """Times in a row that it could not be told."""


class Hubs:
    """The hubs' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, url: str, *, now: datetime, until: datetime) -> Told | None:
        """Take it on to tell this hub what is new; nobody else does before ``until``. None where it is not due."""
        insert = postgresql.Insert if self._connection.dialect.name == "postgresql" else sqlite.Insert
        self._connection.execute(insert(hubs).values(url=url, number=0, next_at=now).on_conflict_do_nothing())
        row = self._connection.execute(
            update(hubs)
            .where(hubs.c.url == url, hubs.c.next_at <= now)
            .values(next_at=until)
            .returning(hubs.c.number, hubs.c.failures)
        ).first()
        return Told(number=row.number, failures=row.failures) if row else None

    def number(self, url: str) -> int:
        """The last change this hub was told of; 0 if it was told nothing yet."""
        return (
            self._connection.execute(select(hubs.c.number).where(hubs.c.url == url)).scalar_one_or_none() or 0
        )

    def told(self, url: str, *, number: int, now: datetime) -> None:
        """The hub knows everything up to this change; it may be told more at once."""
        self._connection.execute(
            update(hubs).where(hubs.c.url == url).values(number=number, failures=0, next_at=now)
        )

    def failed(self, url: str, *, next_at: datetime) -> None:
        """The hub could not be told; it is tried again then."""
        self._connection.execute(
            update(hubs).where(hubs.c.url == url).values(failures=hubs.c.failures + 1, next_at=next_at)
        )
