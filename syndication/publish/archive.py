"""Says which archives a feed has (RFC 5005 §4): a document for each month that is over, and parts of this month.

A month's document never changes, unless a story enters or leaves a month that is over. While a month runs, every
fifty stories of a feed are put away in a part of their own, so that a reader who comes once a week misses none; when
the month is over, its document takes the place of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTH = re.compile(r"(\d{4})-(\d\d)")
_PART = "%Y-%m-%dT%H%M%SZ"
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time an archive covers: from ``since`` on and before ``before``. ``name`` stands in its address."""

    name: str
    since: datetime
    before: datetime

    def touches(self, day: date) -> bool:
        """Whether this period and a day in UTC have a moment in common."""
        start = datetime.combine(day, time.min, UTC)
        return self.since < start + timedelta(days=1) and start < self.before


def month_of(moment: datetime, zone: ZoneInfo) -> Period:
    """The calendar month of a moment, as people in this zone count it."""
    local = moment.astimezone(zone)
    return _month(local.year, local.month, zone)


def _month(year: int, month: int, zone: ZoneInfo) -> Period:
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    since, before = (datetime(*start, 1, tzinfo=zone).astimezone(UTC) for start in ((year, month), after))
    return Period(name=f"{year:04}-{month:02}", since=since, before=before)


def part_of(running: Period, earlier: Sequence[Period], last: datetime) -> Period:
    """The part of the running month that ends with the story announced at ``last``."""
    since = earlier[-1].before if earlier else running.since
    return Period(name=f"{last.astimezone(UTC):{_PART}}", since=since, before=last + SECOND)


def months_named(names: Iterable[str], zone: ZoneInfo) -> list[Period]:
    """The months among these names of archives, the oldest first."""
    found = (match for name in names if (match := _MONTH.fullmatch(name)))
    return sorted((_month(int(one[1]), int(one[2]), zone) for one in found), key=lambda one: one.since)


def parts_named(names: Iterable[str], running: Period) -> list[Period]:
    """The parts of the running month among these names of archives, the oldest first."""
    parts: list[Period] = []
    for name in sorted(names):
        try:
            last = datetime.strptime(name, _PART).replace(tzinfo=UTC)
        except ValueError:
            continue
        if running.since <= last < running.before:
            parts.append(part_of(running, parts, last))
    return parts


def months_of(days: Collection[date], zone: ZoneInfo, *, running: Period) -> dict[str, Period]:
    """The months that are over and have a moment in common with these days in UTC, by name."""
    ends = (
        datetime.combine(day, time.min, UTC) + offset
        for day in days
        for offset in (timedelta(), timedelta(days=1) - SECOND)
    )
    return {month.name: month for end in ends if (month := month_of(end, zone)).before <= running.since}
