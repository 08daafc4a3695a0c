"""One row per reader and issue: claimed before it is sent, recorded before its first byte goes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.issue import Delivery, DeliveryState, IssueState
from syndication.domain.subscriber import SubscriberState
from syndication.store.tables import deliveries, issues, subscribers

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
    portals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an attempt at one delivery came to; without ``next_at`` nothing more is done for it."""

    delivery: int
    state: DeliveryState
    says: str
    code: int | None = None
    next_at: datetime | None = None


class Deliveries:
    """The deliveries' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def prepare(self, issue: str, recipients: Iterable[Recipient], *, now: datetime) -> int:
        """Freeze recipients of an issue; returns how many were added.

        An address already prepared is not prepared twice.
        """
        rows = [
            {
                "issue": issue,
                "subscriber": one.subscriber,
                "email": one.email,
                "email_key": one.email_key,
                "name": one.name,
                "categories": list(one.categories),
                "portals": list(one.portals),
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
        before = self._prepared(issue)
        self._connection.execute(insert(deliveries).on_conflict_do_nothing(), rows)
        return self._prepared(issue) - before

    def _prepared(self, issue: str) -> int:
        return self._connection.execute(
            select(func.count()).select_from(deliveries).where(deliveries.c.issue == issue)
        ).scalar_one()

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

    def held_by(self, owner: str) -> list[Delivery]:
        """The deliveries that are going out by the hand of this owner."""
        rows = self._connection.execute(
            select(deliveries).where(
                deliveries.c.lease_until.is_not(None),
                deliveries.c.lease_owner == owner,
                deliveries.c.state == DeliveryState.SENDING,
            )
        )
        return [_delivery(row) for row in rows]

    def in_doubt(self, issue: str, *, now: datetime) -> dict[str, int]:
        """The deliveries of which nobody knows whether they arrived and that are due again: Message-ID to id."""
        rows = self._connection.execute(
            select(deliveries.c.message_id, deliveries.c.id).where(
                deliveries.c.issue == issue,
                deliveries.c.state == DeliveryState.UNCERTAIN,
                deliveries.c.next_at <= now,
            )
        )
        return {row.message_id: row.id for row in rows}

    def found(self, delivery: int, *, says: str, now: datetime) -> None:
        """It is known after all that a delivery in doubt was accepted."""
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery, deliveries.c.state == DeliveryState.UNCERTAIN)
            .values(state=DeliveryState.ACCEPTED, doubtful=False, says=says, at=now, next_at=None)
        )

    def hold(self, issue: str, *, says: str, now: datetime) -> int:
        """Leave the deliveries in doubt as they are, for a person; returns how many."""
        result = self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.issue == issue,
                deliveries.c.state == DeliveryState.UNCERTAIN,
                deliveries.c.next_at.is_not(None),
            )
            .values(says=says, at=now, next_at=None)
        )
        return int(result.rowcount)

    def claim(
        self,
        issue: str,
        *,
        owner: str,
        now: datetime,
        lease: timedelta,
        limit: int = 1,
        looked_up_at: datetime | None = None,
    ) -> list[Delivery]:
        """Take the next readers for ``owner``; none when nobody is due, or the issue is not being sent.

        Of those in doubt only who was due when doubts were last looked up; None: whoever is due.
        """
        waiting = or_(
            deliveries.c.state.in_([DeliveryState.QUEUED, DeliveryState.DEFERRED]),
            and_(
                deliveries.c.state == DeliveryState.UNCERTAIN, deliveries.c.next_at <= (looked_up_at or now)
            ),
        )
        left_behind = and_(deliveries.c.state == DeliveryState.CLAIMED, deliveries.c.lease_until < now)
        pick = (
            select(deliveries.c.id)
            .where(
                deliveries.c.issue == issue,
                deliveries.c.next_at <= now,
                or_(waiting, left_behind),
                _is_being_sent(issue),
            )
            .order_by(deliveries.c.next_at, deliveries.c.id)
            .limit(limit)
        )
        if self._connection.dialect.name == "postgresql":
            # Under IN a subquery may run once for each row, and each run would pick others; this one runs once.
            pick = select(pick.with_for_update(skip_locked=True, of=deliveries).cte("picked").c.id)
        rows = self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_(pick))
            .values(state=DeliveryState.CLAIMED, lease_until=now + lease, lease_owner=owner, at=now)
            .returning(*deliveries.c)
        )
        return sorted(map(_delivery, rows), key=lambda one: one.id)

    def begin(self, claimed: Iterable[int], *, owner: str, now: datetime, lease: timedelta) -> set[int]:
        """Record, before the first byte of these messages, that they are going out; returns those that may.

        The others are not this owner's any more, their readers left, or the issue is not being sent.
        """
        rows = self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id.in_(list(claimed)),
                deliveries.c.state == DeliveryState.CLAIMED,
                deliveries.c.lease_owner == owner,
                exists().where(issues.c.id == deliveries.c.issue, issues.c.state == IssueState.SENDING),
            )
            .values(
                state=DeliveryState.SENDING,
                attempts=deliveries.c.attempts + 1,
                at=now,
                lease_until=now + lease,
            )
            .returning(deliveries.c.id)
        )
        return set(rows.scalars())

    def settle(self, outcomes: Iterable[Outcome], *, owner: str, now: datetime) -> None:
        """Record what became of deliveries this owner holds; what it holds no longer is left alone."""
        rows = [
            {
                "this": one.delivery,
                "to_state": one.state,
                "to_code": one.code,
                "to_says": one.says,
                "to_next": one.next_at,
                "doubt": one.state is DeliveryState.UNCERTAIN,
            }
            for one in outcomes
        ]
        if rows:
            column = deliveries.c
            erased = exists().where(
                subscribers.c.id == column.subscriber, subscribers.c.state == SubscriberState.ERASED
            )
            self._connection.execute(
                update(deliveries)
                .where(
                    column.id == bindparam("this"),
                    column.lease_owner == owner,
                    or_(column.state == DeliveryState.CLAIMED, column.state == DeliveryState.SENDING),
                )
                .values(
                    state=bindparam("to_state", type_=column.state.type),
                    code=bindparam("to_code", type_=column.code.type),
                    # A server repeats an address in what it says; of who was erased meanwhile it is not kept.
                    says=case((erased, None), else_=bindparam("to_says", type_=column.says.type)),
                    next_at=bindparam("to_next", type_=column.next_at.type),
                    doubtful=or_(column.doubtful, bindparam("doubt", type_=column.doubtful.type)),
                    # An attempt that ended before ``begin`` has not been counted yet.
                    attempts=column.attempts + case((column.state == DeliveryState.CLAIMED, 1), else_=0),
                    at=now,
                    lease_until=None,
                    lease_owner=None,
                ),
                rows,
            )

    def give_back(self, held: Iterable[int], *, owner: str, now: datetime) -> None:
        """Let go of deliveries whose messages have certainly not gone out; they wait as before."""
        self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id.in_(list(held)),
                deliveries.c.lease_owner == owner,
                deliveries.c.state.in_([DeliveryState.CLAIMED, DeliveryState.SENDING]),
            )
            .values(
                state=case((deliveries.c.doubtful, DeliveryState.UNCERTAIN), else_=DeliveryState.QUEUED),
                attempts=deliveries.c.attempts
                - case((deliveries.c.state == DeliveryState.SENDING, 1), else_=0),
                at=now,
                next_at=now,
                lease_until=None,
                lease_owner=None,
            )
        )

    def touch(self, issue: str, *, now: datetime) -> None:
        """A person looked at the deliveries of an issue that wait: they are not a thing of the past."""
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.issue == issue, deliveries.c.next_at.is_not(None))
            .values(at=now)
        )

    def again(self, issue: str, states: Iterable[DeliveryState], *, now: datetime) -> int:
        """Queue the deliveries of an issue that ended in one of these states once more; returns how many.

        Readers who are not to be written to stay out.
        """
        result = self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.issue == issue,
                deliveries.c.state.in_(list(states)),
                deliveries.c.next_at.is_(None),
                exists().where(
                    subscribers.c.id == deliveries.c.subscriber,
                    subscribers.c.state == SubscriberState.ACTIVE,
                ),
            )
            .values(
                state=case((deliveries.c.doubtful, DeliveryState.UNCERTAIN), else_=DeliveryState.QUEUED),
                attempts=0,
                at=now,
                next_at=now,
            )
        )
        return int(result.rowcount)

    def cancel(self, issue: str, *, says: str, now: datetime) -> int:
        """Send an issue to nobody more; what is going out this moment is not called back. Returns how many."""
        return self._end(deliveries.c.issue == issue, DeliveryState.CANCELLED, says=says, now=now)

    def suppress(self, subscriber: int, *, says: str, now: datetime) -> int:
        """Send nothing more to a reader who left; what is going out this moment is not called back."""
        return self._end(deliveries.c.subscriber == subscriber, DeliveryState.SUPPRESSED, says=says, now=now)

    def _end(self, which: ColumnElement[bool], state: DeliveryState, *, says: str, now: datetime) -> int:
        """End what waits: in doubt it stays, and is not sent again; a claim that has not begun is lost."""
        in_doubt = or_(deliveries.c.state == DeliveryState.UNCERTAIN, deliveries.c.doubtful)
        result = self._connection.execute(
            update(deliveries)
            .where(which, deliveries.c.next_at.is_not(None), deliveries.c.state != DeliveryState.SENDING)
            .values(
                state=case((in_doubt, DeliveryState.UNCERTAIN), else_=state),
                says=case((in_doubt, deliveries.c.says), else_=says),
                at=now,
                next_at=None,
                lease_until=None,
                lease_owner=None,
            )
        )
        return int(result.rowcount)

    def get(self, delivery: int) -> Delivery | None:
        """One delivery, or None."""
        row = self._connection.execute(select(deliveries).where(deliveries.c.id == delivery)).first()
        return _delivery(row) if row else None

    def came_back(self, delivery: int, *, meaning: str, code: str | None, says: str) -> None:
        """Note on a delivery what was reported about it; what the server itself said when it refused it stays."""
        refused = deliveries.c.state.in_([DeliveryState.FAILED, DeliveryState.UNCERTAIN])
        report = f"came back: {code or meaning} {says}".rstrip()
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery)
            .values(bounce=meaning, says=case((refused, deliveries.c.says), else_=report))
        )

    def bounced_lately(self, subscriber: int, *, last: int) -> list[str]:
        """What came back of a reader's latest deliveries that ended, the newest first; empty: nothing."""
        rows = self._connection.execute(
            select(deliveries.c.bounce)
            .where(
                deliveries.c.subscriber == subscriber,
                deliveries.c.state.in_([DeliveryState.ACCEPTED, DeliveryState.FAILED]),
            )
            .order_by(deliveries.c.id.desc())
            .limit(last)
        )
        return [reported or "" for reported in rows.scalars()]

    def of_subscriber(self, subscriber: int) -> list[Delivery]:
        """Every delivery to one reader, the oldest first."""
        rows = self._connection.execute(
            select(deliveries).where(deliveries.c.subscriber == subscriber).order_by(deliveries.c.id)
        )
        return [_delivery(row) for row in rows]

    def forget(self, subscriber: int, *, instead: str) -> None:
        """Remove who a reader was from their deliveries; the numbers of past issues stay true."""
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.subscriber == subscriber)
            .values(email=instead, email_key=instead, name="", categories=[], portals=[], says=None)
        )

    def bounce_counts(self, issue: str) -> dict[str, int]:
        """How many of an issue's deliveries came back, by what was reported."""
        rows = self._connection.execute(
            select(deliveries.c.bounce, func.count().label("deliveries"))
            .where(deliveries.c.issue == issue, deliveries.c.bounce != "")
            .group_by(deliveries.c.bounce)
            .order_by(deliveries.c.bounce)
        )
        return {row.bounce: row.deliveries for row in rows}

    def last_at(self, issue: str) -> datetime | None:
        """When anything last happened to the deliveries of an issue."""
        found: datetime | None = self._connection.execute(
            select(func.max(deliveries.c.at)).where(deliveries.c.issue == issue)
        ).scalar_one()
        return found

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

    def due(self, issue: str, *, now: datetime) -> bool:
        """Whether any delivery of an issue may be claimed now, as far as its time goes."""
        found = self._connection.execute(
            select(deliveries.c.id)
            .where(
                deliveries.c.issue == issue,
                deliveries.c.next_at <= now,
                or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until < now),
            )
            .limit(1)
        ).first()
        return found is not None

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

    def not_got(self, issue: str, *, limit: int) -> list[Delivery]:
        """The deliveries of an issue that were not accepted or came back, at most so many, by address."""
        rows = self._connection.execute(
            select(deliveries)
            .where(
                deliveries.c.issue == issue,
                or_(deliveries.c.state != DeliveryState.ACCEPTED, deliveries.c.bounce != ""),
            )
            .order_by(deliveries.c.email_key)
            .limit(limit)
        )
        return [_delivery(row) for row in rows]

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
        portals=tuple(row.portals or ()),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        doubtful=row.doubtful,
        code=row.code,
        says=row.says,
        message_id=row.message_id,
        at=row.at,
        bounce=row.bounce or "",
    )


def _is_being_sent(issue: str) -> ColumnElement[bool]:
    return exists().where(issues.c.id == issue, issues.c.state == IssueState.SENDING)
