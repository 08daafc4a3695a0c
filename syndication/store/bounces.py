"""What came back after a digest was mailed, each report once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.store.tables import bounces, deliveries


class Bounces:
    """The shelf of reports of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(
        self,
        fingerprint: str,
        *,
        delivery: int | None,
        meaning: str,
        code: str | None,
        says: str,
        now: datetime,
    ) -> bool:
        """Keep a report; False where it was kept before. ``delivery`` None: whose it was is not known."""
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        kept = self._connection.execute(
            insert(bounces)
            .values(fingerprint=fingerprint, delivery=delivery, meaning=meaning, code=code, says=says, at=now)
            .on_conflict_do_nothing()
            .returning(bounces.c.fingerprint)
        )
        return kept.first() is not None

    def forget(self, subscriber: int) -> None:
        """Remove what servers said about a reader's deliveries: it names the address."""
        theirs = select(deliveries.c.id).where(deliveries.c.subscriber == subscriber)
        self._connection.execute(update(bounces).where(bounces.c.delivery.in_(theirs)).values(says=""))
