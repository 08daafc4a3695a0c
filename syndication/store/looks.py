"""When an article's own page is looked at again, to see whether its portal has taken it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from syndication.store.tables import articles


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An article whose page is to be looked at now."""

    article: int
    portal: str
    story: str
    url: str
    first_seen_at: datetime
    missed_at: datetime | None
    """When its page was found gone before, if it was there neither then nor since."""


class Looks:
    """The looks' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, *, now: datetime, lease: timedelta, limit: int) -> list[Look]:
        """The articles to look at, the longest due first; nobody else gets them for so long."""
        due = select(articles.c.id).where(articles.c.look_at <= now).order_by(articles.c.look_at).limit(limit)
        ids = sorted(self._connection.execute(due).scalars())
        rows = self._connection.execute(
            update(articles)
            .where(articles.c.id.in_(ids), articles.c.look_at <= now)
            .values(look_at=now + lease)
            .returning(
                articles.c.id,
                articles.c.portal,
                articles.c.story,
                articles.c.url,
                articles.c.first_seen_at,
                articles.c.missed_at,
            )
        )
        return [
            Look(
                article=row.id,
                portal=row.portal,
                story=row.story,
                url=row.url,
                first_seen_at=row.first_seen_at,
                missed_at=row.missed_at,
            )
            for row in rows
        ]

    def done(self, article: int, *, missed_at: datetime | None, next_at: datetime | None) -> None:
        """Record since when the page has been missing, if it is, and when to look next, if ever."""
        self._connection.execute(
            update(articles).where(articles.c.id == article).values(missed_at=missed_at, look_at=next_at)
        )

    def gone(self, article: int, *, now: datetime) -> None:
        """Its portal has taken the article back."""
        self._connection.execute(
            update(articles).where(articles.c.id == article).values(gone_at=now, look_at=None)
        )

    def back(self, story: str) -> None:
        """Count the articles of a story as there, whatever was found."""
        self._connection.execute(
            update(articles).where(articles.c.story == story).values(gone_at=None, missed_at=None)
        )

    def bring_forward(self, portal: str, *, now: datetime, limit: int) -> None:
        """Look at the newest articles of a portal now: is one of them missing, or all?"""
        newest = (
            select(articles.c.id)
            .where(articles.c.portal == portal, articles.c.look_at > now, articles.c.missed_at.is_(None))
            .order_by(articles.c.id.desc())
            .limit(limit)
        )
        ids = sorted(self._connection.execute(newest).scalars())
        self._connection.execute(update(articles).where(articles.c.id.in_(ids)).values(look_at=now))

    def missing(self) -> Mapping[str, int]:
        """For each portal, how many pages were missing at the last look and are not taken for withdrawn."""
        rows = self._connection.execute(
            select(articles.c.portal, func.count().label("missing"))
            .where(articles.c.missed_at.is_not(None), articles.c.gone_at.is_(None))
            .group_by(articles.c.portal)
        )
        return {row.portal: row.missing for row in rows}
