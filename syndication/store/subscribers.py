"""The digest's readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import sqlalchemy
from sqlalchemy import Connection, Row, cast, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.subscriber import Registration, SignUp, Subscriber, SubscriberState
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
                    subscribers.c.portals,
                )
            )
        }
        new: dict[str, dict[str, object]] = {}
        updated = 0
        gone: list[Registration] = []
        for one in registrations:
            values = {
                "name": one.name,
                "unit": one.unit,
                "categories": list(one.categories),
                "language": one.language,
                "basis": one.basis,
                "portals": list(one.portals),
            }
            row = known.get(one.email_key)
            if row is None:
                # Another line of the list may have brought the same person.
                new.setdefault(
                    one.email_key,
                    {
                        "email": one.email,
                        "email_key": one.email_key,
                        "state": SubscriberState.ACTIVE,
                        "since_at": now,
                        "changed_at": now,
                        **values,
                    },
                )
            elif row.state != SubscriberState.ACTIVE:
                gone.append(one)
            elif any(getattr(row, name) != value for name, value in values.items()):
                self._connection.execute(
                    update(subscribers)
                    .where(subscribers.c.email_key == one.email_key)
                    .values(changed_at=now, **values)
                )
                updated += 1
        if new:
            self._connection.execute(subscribers.insert(), list(new.values()))
        return len(new), updated, gone

    def all(self) -> list[Subscriber]:
        """Everyone on record, in the order in which they came; of the erased nothing is left to list."""
        return [
            _subscriber(row)
            for row in self._connection.execute(
                select(subscribers)
                .where(subscribers.c.state != SubscriberState.ERASED)
                .order_by(subscribers.c.id)
            )
        ]

    def count(self) -> int:
        """How many are on record, whatever their state; the erased are not."""
        return self._connection.execute(
            select(func.count()).where(subscribers.c.state != SubscriberState.ERASED)
        ).scalar_one()

    def walk(self, *, at_once: int) -> Iterator[list[Subscriber]]:
        """Everyone on record in the order in which they came, so many at a time."""
        last = 0
        while True:
            rows = self._connection.execute(
                select(subscribers)
                .where(subscribers.c.id > last, subscribers.c.state != SubscriberState.ERASED)
                .order_by(subscribers.c.id)
                .limit(at_once)
            ).all()
            if not rows:
                return
            last = rows[-1].id
            yield [_subscriber(row) for row in rows]

    def get(self, subscriber: int) -> Subscriber | None:
        """One reader by id, or None."""
        row = self._connection.execute(select(subscribers).where(subscribers.c.id == subscriber)).first()
        return _subscriber(row) if row else None

    def find(self, email_key: str) -> Subscriber | None:
        """One reader by address (as compared), or None."""
        row = self._connection.execute(
            select(subscribers).where(subscribers.c.email_key == email_key)
        ).first()
        return _subscriber(row) if row else None

    def end(self, subscriber: int, state: SubscriberState, *, now: datetime) -> bool:
        """End the digest for a reader; False, and nothing changed, where it had ended before."""
        result = self._connection.execute(
            update(subscribers)
            .where(subscribers.c.id == subscriber, subscribers.c.state == SubscriberState.ACTIVE)
            .values(state=state, changed_at=now)
        )
        return result.rowcount == 1

    def prefer(
        self,
        subscriber: int,
        *,
        categories: Iterable[str],
        portals: Iterable[str],
        language: str,
        paused_until: datetime | None,
        now: datetime,
    ) -> bool:
        """Keep what a reader chose; False, and nothing changed, for somebody who is no reader any more."""
        result = self._connection.execute(
            update(subscribers)
            .where(subscribers.c.id == subscriber, subscribers.c.state == SubscriberState.ACTIVE)
            .values(
                categories=list(categories),
                portals=list(portals),
                language=language,
                paused_until=paused_until,
                changed_at=now,
            )
        )
        return result.rowcount == 1

    def choose_instead(self, old: str, new: str) -> None:
        """Whoever chose the category ``old`` has chosen ``new``: it was renamed."""
        rows = self._connection.execute(
            select(subscribers.c.id, subscribers.c.categories).where(
                cast(subscribers.c.categories, sqlalchemy.Text).contains(f'"{old}"', autoescape=True)
            )
        ).all()
        for row in rows:
            chosen = dict.fromkeys(new if slug == old else slug for slug in row.categories)
            self._connection.execute(
                update(subscribers).where(subscribers.c.id == row.id).values(categories=list(chosen))
            )

    def confirm(self, sign_up: SignUp, *, basis: str, now: datetime) -> int:
        """Make a reader of somebody who confirmed, new or back again; returns the reader's id."""
        values = {
            "categories": list(sign_up.categories),
            "portals": list(sign_up.portals),
            "language": sign_up.language,
            "basis": basis,
            "state": SubscriberState.ACTIVE,
            "paused_until": None,
            "changed_at": now,
        }
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        found: int = self._connection.execute(
            insert(subscribers)
            .values(
                email=sign_up.email,
                email_key=sign_up.email_key,
                name="",
                unit="",
                since_at=now,
                **values,
            )
            .on_conflict_do_update(index_elements=[subscribers.c.email_key], set_=values)
            .returning(subscribers.c.id)
        ).scalar_one()
        return found

    def erase(self, subscriber: int, *, instead: str, now: datetime) -> None:
        """Remove everything about a person; the row stays so that past deliveries can be counted."""
        self._connection.execute(
            update(subscribers)
            .where(subscribers.c.id == subscriber)
            .values(
                email=instead,
                email_key=instead,
                name="",
                unit="",
                basis="",
                categories=[],
                portals=[],
                paused_until=None,
                state=SubscriberState.ERASED,
                changed_at=now,
            )
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
        portals=tuple(row.portals or ()),
        paused_until=row.paused_until,
    )
