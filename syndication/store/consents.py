"""Who agreed to what and who is not written to: both keep keyed hashes, so they outlive the addresses themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.subscriber import Cause, Consent, ConsentEvent
from syndication.store.tables import consents, suppressions


class Consents:
    """The shelf of consent and refusal of one transaction.

    An address is given as its keyed hashes, the one of the present key first: entries made with a former key count.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, *entries: Consent) -> None:
        """Add entries to the record; none is ever changed."""
        if entries:
            self._connection.execute(consents.insert(), [asdict(entry) for entry in entries])

    def of(self, address: Sequence[str]) -> list[Consent]:
        """The record of one address, the oldest first."""
        rows = self._connection.execute(
            select(consents).where(consents.c.address.in_(address)).order_by(consents.c.id)
        )
        return [
            Consent(
                address=row.address,
                event=ConsentEvent(row.event),
                how=row.how,
                words=row.words,
                network=row.network,
                at=row.at,
            )
            for row in rows
        ]

    def suppress(self, address: str, *, why: Cause, says: str, now: datetime) -> None:
        """Write to this address no more, whoever lists it again; a later cause takes the place of an earlier one."""
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        values = {"why": why, "says": says, "at": now}
        self._connection.execute(
            insert(suppressions)
            .values(address=address, **values)
            .on_conflict_do_update(index_elements=[suppressions.c.address], set_=values)
        )

    def suppressed(self, address: Sequence[str]) -> Cause | None:
        """Why an address is not written to, or None."""
        found = self._connection.execute(
            select(suppressions.c.why)
            .where(suppressions.c.address.in_(address))
            .order_by(suppressions.c.at.desc())
            .limit(1)
        ).scalar_one_or_none()
        return Cause(found) if found else None

    def suppressed_among(self, addresses: Collection[str]) -> dict[str, Cause]:
        """Those of these hashes that are not written to, and why."""
        rows = self._connection.execute(
            select(suppressions.c.address, suppressions.c.why).where(
                suppressions.c.address.in_(list(addresses))
            )
        )
        return {row.address: Cause(row.why) for row in rows}

    def chosen_among(self, addresses: Collection[str]) -> set[str]:
        """Those of these hashes whose readers themselves said what they want; no list knows better."""
        rows = self._connection.execute(
            select(consents.c.address).where(
                consents.c.address.in_(list(addresses)),
                consents.c.event.in_([ConsentEvent.CONFIRMED, ConsentEvent.CHANGED]),
            )
        )
        return set(rows.scalars())

    def forget_words(self, address: Sequence[str]) -> None:
        """Remove what mail servers said about an address, for that names it; the rest of the record stays."""
        said = consents.c.event.in_([ConsentEvent.BOUNCED, ConsentEvent.COMPLAINED])
        self._connection.execute(
            update(consents).where(consents.c.address.in_(address), said).values(words="")
        )
        self._connection.execute(
            update(suppressions).where(suppressions.c.address.in_(address)).values(says="")
        )

    def lift(self, address: Sequence[str]) -> None:
        """The person behind the address asked for the digest again, and confirmed it."""
        self._connection.execute(delete(suppressions).where(suppressions.c.address.in_(address)))
