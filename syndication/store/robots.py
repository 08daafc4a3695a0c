"""What portals' robots.txt said when we last asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from syndication.store.tables import robots


class Robots:
    """The robots' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, url: str, *, newer_than: datetime) -> str | None:
        """The rules at this address, if we asked after ``newer_than``."""
        found: str | None = self._connection.execute(
            select(robots.c.rules).where(robots.c.url == url, robots.c.fetched_at > newer_than)
        ).scalar_one_or_none()
        return found

    def put(self, url: str, rules: str, *, now: datetime) -> None:
        """Keep the rules at this address."""
        self._connection.execute(delete(robots).where(robots.c.url == url))
        self._connection.execute(robots.insert().values(url=url, rules=rules, fetched_at=now))
