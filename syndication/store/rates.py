"""Token buckets: how often something may still happen. They are kept here, so every process and restart counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import floor

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.rate import Rate
from syndication.store.tables import rates


class Rates:
    """The token buckets' shelf of one transaction; it must be a writing one, so that two do not take the same token."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, limits: Iterable[Rate], wanted: int, *, now: datetime) -> tuple[int, timedelta]:
        """Take up to ``wanted`` tokens, as many from each bucket.

        Returns how many there were, and how long it is until there is one more where there were none.
        """
        left: dict[Rate, float] = {}
        for rate in sorted(limits, key=lambda one: one.name):
            left[rate] = self._left(rate, now=now)
        granted = min([wanted, *(floor(tokens + 1e-9) for tokens in left.values())])
        for rate, tokens in left.items():
            self._keep(rate, tokens - granted, now=now)
        wait = timedelta(0)
        if granted == 0:
            wait = max((rate.until(tokens) for rate, tokens in left.items()), default=wait)
        return granted, wait

    def put_back(self, limits: Iterable[Rate], unused: int, *, now: datetime) -> None:
        """Give back tokens that were taken for what did not happen."""
        for rate in sorted(limits, key=lambda one: one.name):
            self._keep(rate, min(float(rate.most), self._left(rate, now=now) + unused), now=now)

    def forget(self, *, before: datetime) -> None:
        """Buckets not touched since then are full again; they need not be kept."""
        self._connection.execute(delete(rates).where(rates.c.at < before))

    def _left(self, rate: Rate, *, now: datetime) -> float:
        query = select(rates.c.tokens, rates.c.at).where(rates.c.name == rate.name)
        if self._connection.dialect.name == "postgresql":
            # Who comes first makes the row, so that there is one to lock.
            self._connection.execute(
                postgresql.insert(rates)
                .values(name=rate.name, tokens=float(rate.most), at=now)
                .on_conflict_do_nothing()
            )
            query = query.with_for_update()
        row = self._connection.execute(query).first()
        return rate.tokens(row.tokens, since=now - row.at) if row else float(rate.most)

    def _keep(self, rate: Rate, tokens: float, *, now: datetime) -> None:
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        values = {"tokens": tokens, "at": now}
        self._connection.execute(
            insert(rates)
            .values(name=rate.name, **values)
            .on_conflict_do_update(index_elements=[rates.c.name], set_=values)
        )
