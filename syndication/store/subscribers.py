"""The digest's readers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Row, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.subscriber import Registration, Subscriber, SubscriberState
from syndication.store.tables import subscribers


class Subscribers:
    """The subscribers' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def register(
        self, registrations: Iterable[Registration], *, now: datetime
    ) -> tuple[int, int, list[Registration]]:
        """Add new readers, update known ones; returns how many of each, and those who left and stay away.

        A person who ended the digest is never brought back by a list.
        """
        if self._connection.dialect.name == "postgresql":
            # Two lists that name the same people in another order would wait for each other for ever.
            self._connection.execute(text("LOCK TABLE subscribers IN SHARE ROW EXCLUSIVE MODE"))
        known = {
            row.email_key: row
            for row in self._connection.execute(
                select(
                    subscribers.c.email_key,
                    subscribers.c.state,
                    subscribers.c.name,
                    subscribers.c.unit,
                    subscribers.c.categories,
                    subscribers.c.language,
                    subscribers.c.basis,
                )
            )
        }
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        added = updated = 0
        gone: list[Registration] = []
        for one in registrations:
            values = {
                "name": one.name,
                "unit": one.unit,
                "categories": list(one.categories),
                "language": one.language,
                "basis": one.basis,
            }
            row = known.get(one.email_key)
            if row is None:
                # Another line of the list may have brought the same person.
                new = self._connection.execute(
                    insert(subscribers)
                    .values(
                        email=one.email,
                        email_key=one.email_key,
                        state=SubscriberState.ACTIVE,
                        since_at=now,
                        changed_at=now,
                        **values,
                    )
                    .on_conflict_do_nothing()
                    .returning(subscribers.c.id)
                )
                added += new.first() is not None
            elif row.state != SubscriberState.ACTIVE:
                gone.append(one)
            elif any(getattr(row, name) != value for name, value in values.items()):
                self._connection.execute(
                    update(subscribers)
                    .where(subscribers.c.email_key == one.email_key)
                    .values(changed_at=now, **values)
                )
                updated += 1
        return added, updated, gone

    def active(self) -> list[Subscriber]:
        """Everyone the digest goes to."""
        return [one for one in self.all() if one.state is SubscriberState.ACTIVE]

    def all(self) -> list[Subscriber]:
        """Everyone on record, in the order in which they came."""
        return [
            _subscriber(row)
            for row in self._connection.execute(select(subscribers).order_by(subscribers.c.id))
        ]

    def get(self, subscriber: int) -> Subscriber | None:
        """One reader by id, or None."""
        row = self._connection.execute(select(subscribers).where(subscribers.c.id == subscriber)).first()
        return _subscriber(row) if row else None

    def unsubscribe(self, subscriber: int, *, now: datetime) -> None:
        """End the digest for a reader; doing it again changes nothing."""
        self._connection.execute(
            update(subscribers)
            .where(subscribers.c.id == subscriber, subscribers.c.state == SubscriberState.ACTIVE)
            .values(state=SubscriberState.UNSUBSCRIBED, changed_at=now)
        )


def _subscriber(row: Row[tuple[object, ...]]) -> Subscriber:
    return Subscriber(
        id=row.id,
        email=row.email,
        name=row.name,
        unit=row.unit,
        categories=tuple(row.categories),
        language=row.language,
        basis=row.basis,
        state=SubscriberState(row.state),
        since_at=row.since_at,
    )
