"""Why articles of several portals are one story: the evidence for every join, kept also when a person undid it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from syndication.store.tables import joins


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """One article that tells a story another one told first."""

    article: int
    story: str
    other: int
    """The article it was found to tell the same as."""
    score: float
    """How much of the shorter text stands in the longer one, 0 to 1."""
    why: str
    joined_at: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None


class Joins:
    """The joins' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, join: Join) -> None:
        """Keep why an article joins a story."""
        columns = ("article", "story", "other", "score", "why", "joined_at", "undone_at", "undone_by")
        self._connection.execute(joins.insert().values({name: getattr(join, name) for name in columns}))

    def undo(self, article: int, story: str, *, by: str, now: datetime) -> bool:
        """A person says that this article tells something else; returns whether there was such a join."""
        undone = self._connection.execute(
            update(joins)
            .where(joins.c.article == article, joins.c.story == story, joins.c.undone_at.is_(None))
            .values(undone_at=now, undone_by=by)
        )
        return bool(undone.rowcount)

    def forget(self, story: str) -> None:
        """Drop every join of a story that nobody has been told of: who tells it is found out anew."""
        self._connection.execute(delete(joins).where(joins.c.story == story))

    def parted(self, articles: Collection[int]) -> set[int]:
        """Those of these articles that a person has parted from others."""
        found = select(joins.c.article).where(joins.c.article.in_(articles), joins.c.undone_at.is_not(None))
        return set(self._connection.execute(found).scalars())

    def of(self, story: str) -> list[Join]:
        """Every join of a story, undone ones too, in the order in which they were made."""
        rows = self._connection.execute(
            select(joins).where(joins.c.story == story).order_by(joins.c.joined_at, joins.c.article)
        )
        return [Join(**row._mapping) for row in rows]

    def count(self, *, since: datetime) -> tuple[int, int]:
        """How many joins were made since then, and how many of these were undone."""
        row = self._connection.execute(
            select(func.count(), func.count(joins.c.undone_at)).where(joins.c.joined_at >= since)
        ).one()
        return row[0], row[1]
