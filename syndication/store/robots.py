"""What portals' robots.txt said when we last asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

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
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        values = {"rules": rules, "fetched_at": now}
        self._connection.execute(
            insert(robots)
            .values(url=url, **values)
            .on_conflict_do_update(index_elements=[robots.c.url], set_=values)
        )
