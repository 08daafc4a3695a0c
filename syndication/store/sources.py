"""Where each source stands: what it last answered, when it is due, who is reading it now."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.store.tables import sources


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """A source as the store knows it."""

    id: int
    portal: str
    url: str
    etag: str | None
    last_modified: str | None
    validators_at: datetime | None
    body_hash: str | None
    next_at: datetime
    failures: int
    error: str | None
    note: str | None
    """What an operator should see to although the source can be read."""
    checked_at: datetime | None
    succeeded_at: datetime | None
    new_at: datetime | None
    usual_gap: int | None
    """Seconds between rounds that brought news, a running average."""
    items: int | None
    """In the last document that was read."""
    read_as: str | None
    """How it was read; what is remembered counts only while that is the same."""
    moved_to: str | None
    """Where every answer has permanently redirected to, since ``moved_at``."""
    moved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What is kept of a good answer besides the articles."""

    etag: str | None
    last_modified: str | None
    validators_at: datetime | None
    body_hash: str | None
    usual_gap: int | None
    items: int | None
    chunks: list[str] | None
    """Hashes of the pieces of the last document."""
    read_as: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """What is kept of a good answer that said nothing new."""

    source: int
    next_at: datetime
    renewed: bool
    """Whether anything of what follows is not recorded yet."""
    etag: str | None
    last_modified: str | None
    validators_at: datetime | None
    moved_to: str | None
    moved_at: datetime | None


_FIELDS = tuple(SourceRecord.__dataclass_fields__)
_COLUMNS = [sources.c[name] for name in _FIELDS]
_DUE = update(sources).where(sources.c.id == bindparam("its_id")).values(next_at=bindparam("its_next_at"))
_RENEWED = ("etag", "last_modified", "validators_at", "moved_to", "moved_at")
_RENEW = (
    update(sources)
    .where(sources.c.id == bindparam("its_id"))
    .values({name: bindparam(f"its_{name}") for name in _RENEWED})
)


def _one_of(ids: Collection[int]) -> ColumnElement[bool]:
    # Numbers of ours, written into the statement: binding hundreds of them costs more than the statement.
    return sources.c.id.in_(bindparam("ids", sorted(ids), expanding=True, literal_execute=True))


def _record(row: Row[Any]) -> SourceRecord:
    return SourceRecord(**dict(zip(_FIELDS, row, strict=True)))


class Sources:
    """The sources' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ensure(self, wanted: Iterable[tuple[str, str]], *, now: datetime) -> dict[tuple[str, str], int]:
        """Know these (portal, url) pairs, and return their ids; new ones are due at once. Others keep their history."""
        pairs = set(wanted)
        known = self._ids()
        rows = [
            {"portal": portal, "url": url, "next_at": now} for portal, url in sorted(pairs - known.keys())
        ]
        if rows:
            insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
            self._connection.execute(insert(sources).on_conflict_do_nothing(), rows)
            known = self._ids()
        return {pair: known[pair] for pair in pairs}

    def _ids(self) -> dict[tuple[str, str], int]:
        rows = self._connection.execute(select(sources.c.portal, sources.c.url, sources.c.id))
        return {(portal, url): number for portal, url, number in rows}

    def claim(
        self,
        wanted: Collection[int],
        *,
        owner: str,
        now: datetime,
        lease: timedelta,
        due_only: bool,
        limit: int,
    ) -> list[SourceRecord]:
        """Take up to ``limit`` of these sources for ``owner``; nobody else gets them until the lease ends.

        With ``due_only`` only those whose time has come.
        """
        if not wanted:
            return []
        free = or_(sources.c.lease_until.is_(None), sources.c.lease_until < now)
        due = sources.c.next_at <= now if due_only else sources.c.next_at.is_not(None)
        ids = (
            select(sources.c.id)
            .where(and_(free, due, _one_of(wanted)))
            .order_by(sources.c.next_at)
            .limit(limit)
        )
        if self._connection.dialect.name == "postgresql":
            ids = ids.with_for_update(skip_locked=True)
        # A CTE, not a plain subquery: that one PostgreSQL may run once for each row, and each run picks others.
        taken = self._connection.execute(
            update(sources)
            .where(sources.c.id.in_(select(ids.cte("free").c.id)))
            .values(lease_until=now + lease, lease_owner=owner)
            .returning(*_COLUMNS)
        )
        return sorted(map(_record, taken.all()), key=attrgetter("next_at", "id"))

    def hold(self, *, owner: str, until: datetime) -> None:
        """Let what ``owner`` still holds be its own until this moment."""
        self._connection.execute(
            update(sources).where(sources.c.lease_owner == owner).values(lease_until=until)
        )

    def chunks(self, source: int) -> list[str]:
        """Hashes of the pieces of the last document."""
        found = self._connection.execute(select(sources.c.chunks).where(sources.c.id == source)).scalar_one()
        return list(found or ())

    def still_mine(self, source: int, *, owner: str) -> bool:
        """Whether ``owner`` still holds this source; what a lost claim found is not written."""
        held = select(sources.c.id).where(sources.c.id == source, sources.c.lease_owner == owner)
        if self._connection.dialect.name == "postgresql":
            held = held.with_for_update()
        return self._connection.execute(held).first() is not None

    def succeeded(
        self, source: int, answered: Answered, *, at: datetime, next_at: datetime, new: bool
    ) -> None:
        """Record a good answer and give the claim back."""
        values = asdict(answered) | {
            "next_at": next_at,
            "failures": 0,
            "error": None,
            "checked_at": at,
            "succeeded_at": at,
            "lease_until": None,
            "lease_owner": None,
        }
        if new:
            values["new_at"] = at
        self._connection.execute(update(sources).where(sources.c.id == source).values(values))

    def unchanged(self, answers: Collection[Unchanged], *, owner: str, at: datetime) -> None:
        """Record good answers that said nothing new and give their claims back; lost claims are left alone."""
        mine = self._connection.execute(
            update(sources)
            .where(sources.c.lease_owner == owner, _one_of([answer.source for answer in answers]))
            .values(
                failures=0,
                error=None,
                checked_at=at,
                succeeded_at=at,
                lease_until=None,
                lease_owner=None,
            )
            .returning(sources.c.id)
        ).scalars()
        kept = set(mine)
        # What differs from one to the other is kept to a minimum: each value costs more than the writing of it.
        due = [
            {"its_id": answer.source, "its_next_at": answer.next_at}
            for answer in answers
            if answer.source in kept
        ]
        renewed = [
            {"its_id": answer.source} | {f"its_{name}": getattr(answer, name) for name in _RENEWED}
            for answer in answers
            if answer.source in kept and answer.renewed
        ]
        for statement, rows in ((_DUE, due), (_RENEW, renewed)):
            if rows:
                self._connection.execute(statement, rows)

    def moved(self, source: int, *, to: str | None, now: datetime) -> None:
        """Record where a source permanently redirects to (None: nowhere); the time of the first sight is kept."""
        self._connection.execute(
            update(sources)
            .where(sources.c.id == source, sources.c.moved_to.is_distinct_from(to))
            .values(moved_to=to, moved_at=now if to else None)
        )

    def failed(self, source: int, *, at: datetime, next_at: datetime, error: str) -> None:
        """Record a failure and give the claim back; validators and articles stay as they were."""
        self._connection.execute(
            update(sources)
            .where(sources.c.id == source)
            .values(
                failures=sources.c.failures + 1,
                error=error,
                checked_at=at,
                next_at=next_at,
                lease_until=None,
                lease_owner=None,
            )
        )

    def put_off(self, source: int, *, next_at: datetime) -> None:
        """Give back a claim on a source that was not asked; all that is known of it stays."""
        self._connection.execute(
            update(sources)
            .where(sources.c.id == source)
            .values(next_at=next_at, lease_until=None, lease_owner=None)
        )

    def wait(self, urls: Collection[str], *, until: datetime) -> None:
        """Let none of the sources at these addresses be due before this moment."""
        self._connection.execute(
            update(sources).where(sources.c.url.in_(urls), sources.c.next_at < until).values(next_at=until)
        )

    def all(self) -> list[SourceRecord]:
        """Every source ever read, by portal and address."""
        rows = self._connection.execute(select(*_COLUMNS).order_by(sources.c.portal, sources.c.url))
        return [_record(row) for row in rows.all()]
