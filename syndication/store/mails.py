"""Single mails that wait to be sent: whoever asks for one is answered at once, known or not, and the clock sends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update

from syndication.store.tables import mails


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail that waits; ``values`` is what its template is filled with."""

    id: int
    kind: str
    email: str
    language: str
    values: Mapping[str, str]
    message_id: str
    attempts: int
    asked_at: datetime


class Mails:
    """The shelf of waiting mails of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(
        self,
        kind: str,
        email: str,
        *,
        language: str,
        values: Mapping[str, str],
        message_id: str,
        now: datetime,
        expires_at: datetime,
    ) -> None:
        """Leave a mail for the clock; after ``expires_at`` nobody wants it any more."""
        self._connection.execute(
            mails.insert().values(
                kind=kind,
                email=email,
                language=language,
                values=dict(values),
                message_id=message_id,
                asked_at=now,
                expires_at=expires_at,
                next_at=now,
            )
        )

    def due(self, *, now: datetime) -> bool:
        """Whether any mail may be taken now."""
        found = self._connection.execute(select(mails.c.id).where(mails.c.next_at <= now).limit(1)).first()
        return found is not None

    def take(self, *, now: datetime, lease: timedelta) -> Mail | None:
        """The next mail that is due, not given to anybody else for ``lease``; forgets those that are too old."""
        self._connection.execute(delete(mails).where(mails.c.expires_at <= now))
        pick = select(mails.c.id).where(mails.c.next_at <= now).order_by(mails.c.next_at, mails.c.id).limit(1)
        if self._connection.dialect.name == "postgresql":
            pick = pick.with_for_update(skip_locked=True)
        row = self._connection.execute(
            update(mails)
            .where(mails.c.id == pick.scalar_subquery())
            .values(next_at=now + lease, attempts=mails.c.attempts + 1)
            .returning(*mails.c)
        ).first()
        if row is None:
            return None
        return Mail(
            id=row.id,
            kind=row.kind,
            email=row.email,
            language=row.language,
            values=row._mapping["values"],
            message_id=row.message_id,
            attempts=row.attempts,
            asked_at=row.asked_at,
        )

    def done(self, mail: int) -> None:
        """A mail was accepted, or never will be."""
        self._connection.execute(delete(mails).where(mails.c.id == mail))

    def later(self, mail: int, *, next_at: datetime) -> None:
        """Try a mail again then."""
        self._connection.execute(update(mails).where(mails.c.id == mail).values(next_at=next_at))

    def forget(self, email_key: str) -> None:
        """Remove what waits for one address (as compared), however it was written."""
        self._connection.execute(delete(mails).where(func.lower(mails.c.email) == email_key))
