"""Who asked for the digest and has not confirmed it yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.subscriber import SignUp
from syndication.store.tables import sign_ups


class SignUps:
    """The shelf of unconfirmed sign-ups of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(
        self,
        *,
        email: str,
        email_key: str,
        categories: Iterable[str],
        portals: Iterable[str],
        language: str,
        words: str,
        network: str,
        now: datetime,
        expires_at: datetime,
    ) -> int:
        """Keep a wish until it is confirmed; a later one of the same address takes its place. Returns its id."""
        values = {
            "email": email,
            "categories": list(categories),
            "portals": list(portals),
            "language": language,
            "words": words,
            "network": network,
            "asked_at": now,
            "expires_at": expires_at,
        }
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        found: int = self._connection.execute(
            insert(sign_ups)
            .values(email_key=email_key, **values)
            .on_conflict_do_update(index_elements=[sign_ups.c.email_key], set_=values)
            .returning(sign_ups.c.id)
        ).scalar_one()
        return found

    def get(self, sign_up: int, *, now: datetime) -> SignUp | None:
        """One that can still be confirmed, or None."""
        return self._one(sign_ups.c.id == sign_up, now=now)

    def find(self, email_key: str, *, now: datetime) -> SignUp | None:
        """What an address (as compared) asked for and can still confirm, or None."""
        return self._one(sign_ups.c.email_key == email_key, now=now)

    def _one(self, which: ColumnElement[bool], *, now: datetime) -> SignUp | None:
        row = self._connection.execute(select(sign_ups).where(which, sign_ups.c.expires_at > now)).first()
        if row is None:
            return None
        return SignUp(
            id=row.id,
            email=row.email,
            email_key=row.email_key,
            categories=tuple(row.categories),
            portals=tuple(row.portals),
            language=row.language,
            words=row.words,
            network=row.network,
            asked_at=row.asked_at,
            expires_at=row.expires_at,
        )

    def forget(self, email_key: str) -> bool:
        """Remove what an address asked for; False where it asked for nothing, or somebody else was first."""
        result = self._connection.execute(delete(sign_ups).where(sign_ups.c.email_key == email_key))
        return result.rowcount == 1

    def any_expired(self, *, now: datetime) -> bool:
        """Whether there is anybody to forget."""
        found = self._connection.execute(
            select(sign_ups.c.id).where(sign_ups.c.expires_at <= now).limit(1)
        ).first()
        return found is not None

    def expire(self, *, now: datetime) -> int:
        """Forget who never confirmed; returns how many."""
        return int(self._connection.execute(delete(sign_ups).where(sign_ups.c.expires_at <= now)).rowcount)
