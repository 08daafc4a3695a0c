"""One row per reader and issue: claimed before it is sent, recorded before its first byte goes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, and_, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.issue import Delivery, DeliveryState
from syndication.store.tables import deliveries

MOST_ATTEMPTS_IN_DOUBT = 3
"""A delivery whose sender died this often while sending it is left for a person to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who gets an issue, frozen when its sending begins."""

    subscriber: int
    email: str
    email_key: str
    name: str
    categories: tuple[str, ...]
    message_id: str


class Deliveries:
    """The deliveries' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def prepare(self, issue: str, recipients: Iterable[Recipient], *, now: datetime) -> int:
        """Freeze the recipients of an issue; an address already prepared is not prepared twice."""
        rows = [
            {
                "issue": issue,
                "subscriber": one.subscriber,
                "email": one.email,
                "email_key": one.email_key,
                "name": one.name,
                "categories": list(one.categories),
                "message_id": one.message_id,
                "state": DeliveryState.QUEUED,
                "next_at": now,
                "at": now,
            }
            for one in recipients
        ]
        if not rows:
            return 0
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        self._connection.execute(insert(deliveries).on_conflict_do_nothing(), rows)
        return len(rows)

    def doubt(self, *, now: datetime) -> int:
        """Find deliveries whose sender died while sending: nobody can know whether they arrived.

        They become ``uncertain`` and are due once more, unless that has happened too often; returns how many.
        """
        result = self._connection.execute(
            update(deliveries)
            .where(deliveries.c.state == DeliveryState.SENDING, deliveries.c.lease_until < now)
            .values(
                state=DeliveryState.UNCERTAIN,
                doubtful=True,
                at=now,
                next_at=case((deliveries.c.attempts < MOST_ATTEMPTS_IN_DOUBT, now), else_=None),
                lease_until=None,
                lease_owner=None,
                says="the sender stopped while sending; nobody can know whether this arrived",
            )
        )
        return int(result.rowcount)

    def claim(self, issue: str, *, owner: str, now: datetime, lease: timedelta) -> Delivery | None:
        """Take the next reader for ``owner``, or None when nobody is due."""
        waiting = deliveries.c.state.in_(
            [DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.UNCERTAIN]
        )
        left_behind = and_(deliveries.c.state == DeliveryState.CLAIMED, deliveries.c.lease_until < now)
        pick = (
            select(deliveries.c.id)
            .where(deliveries.c.issue == issue, deliveries.c.next_at <= now, or_(waiting, left_behind))
            .order_by(deliveries.c.next_at, deliveries.c.id)
            .limit(1)
        )
        if self._connection.dialect.name == "postgresql":
            pick = pick.with_for_update(skip_locked=True)
        row = self._connection.execute(
            update(deliveries)
            # Equal, not IN: PostgreSQL may run a subquery under IN once for each row, and each run picks another.
            .where(deliveries.c.id == pick.scalar_subquery())
            .values(state=DeliveryState.CLAIMED, lease_until=now + lease, lease_owner=owner, at=now)
            .returning(*deliveries.c)
        ).first()
        return _delivery(row) if row else None

    def begin(self, delivery: int, *, owner: str, now: datetime, lease: timedelta) -> bool:
        """Record, before the first byte of the message, that it is going out; False: the claim is lost."""
        result = self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id == delivery,
                deliveries.c.state == DeliveryState.CLAIMED,
                deliveries.c.lease_owner == owner,
            )
            .values(
                state=DeliveryState.SENDING,
                attempts=deliveries.c.attempts + 1,
                at=now,
                lease_until=now + lease,
            )
        )
        return result.rowcount == 1

    def settle(
        self,
        delivery: int,
        *,
        owner: str,
        state: DeliveryState,
        code: int | None,
        says: str | None,
        now: datetime,
        next_at: datetime | None = None,
        doubtful: bool = False,
    ) -> bool:
        """Record what became of a delivery this owner holds; False when the claim was lost meanwhile.

        Without ``next_at`` nothing more is done for it.
        """
        values: dict[str, object] = {
            "state": state,
            "code": code,
            "says": says,
            "at": now,
            "lease_until": None,
            "lease_owner": None,
            "next_at": next_at,
            # An attempt that ended before ``begin`` has not been counted yet.
            "attempts": deliveries.c.attempts
            + case((deliveries.c.state == DeliveryState.CLAIMED, 1), else_=0),
        }
        if doubtful:
            values["doubtful"] = True
        result = self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id == delivery,
                deliveries.c.lease_owner == owner,
                deliveries.c.state.in_([DeliveryState.CLAIMED, DeliveryState.SENDING]),
            )
            .values(**values)
        )
        return result.rowcount == 1

    def suppress(self, subscriber: int, *, says: str, now: datetime) -> None:
        """Send nothing more to a reader who left; what is going out this moment is not called back."""
        self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.subscriber == subscriber,
                deliveries.c.state.in_([DeliveryState.QUEUED, DeliveryState.DEFERRED]),
            )
            .values(state=DeliveryState.SUPPRESSED, says=says, at=now, next_at=None)
        )

    def counts(self, issue: str) -> dict[str, int]:
        """How many deliveries of an issue stand in each state."""
        rows = self._connection.execute(
            select(deliveries.c.state, func.count().label("deliveries"))
            .where(deliveries.c.issue == issue)
            .group_by(deliveries.c.state)
            .order_by(deliveries.c.state)
        )
        return {row.state: row.deliveries for row in rows}

    def unfinished(self, issue: str) -> int:
        """For how many deliveries of an issue something is still to be done."""
        return self._connection.execute(
            select(func.count()).where(deliveries.c.issue == issue, deliveries.c.next_at.is_not(None))
        ).scalar_one()

    def next_at(self, issue: str) -> datetime | None:
        """When something is next to be done for an issue, ends of claims included; None when all is done."""
        free_at = func.coalesce(deliveries.c.lease_until, deliveries.c.next_at)
        row = self._connection.execute(
            select(deliveries.c.lease_until, deliveries.c.next_at)
            .where(deliveries.c.issue == issue, deliveries.c.next_at.is_not(None))
            .order_by(free_at)
            .limit(1)
        ).first()
        return (row.lease_until or row.next_at) if row else None

    def of_issue(self, issue: str) -> list[Delivery]:
        """Every delivery of an issue: who got it, who did not, and why."""
        rows = self._connection.execute(
            select(deliveries).where(deliveries.c.issue == issue).order_by(deliveries.c.email_key)
        )
        return [_delivery(row) for row in rows]


def _delivery(row: Row[tuple[object, ...]]) -> Delivery:
    return Delivery(
        id=row.id,
        issue=row.issue,
        subscriber=row.subscriber,
        email=row.email,
        name=row.name,
        categories=tuple(row.categories),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        doubtful=row.doubtful,
        code=row.code,
        says=row.says,
        message_id=row.message_id,
        at=row.at,
    )
