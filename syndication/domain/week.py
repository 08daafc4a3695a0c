"""The ISO week an issue of the digest speaks of: Monday to Sunday, and how it is printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

_NAME = re.compile(r"([0-9]{4})-w([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days, both included, on which offices rest and no digest is composed."""

    first: date
    last: date
    name: str

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Hours:
    """When mail may go out: days of the week (0 is Monday), from a time of day until another."""

    days: frozenset[int]
    opens: time
    closes: time

    def __contains__(self, local: datetime) -> bool:
        return local.weekday() in self.days and self.opens <= local.time() < self.closes


@dataclass(frozen=True, slots=True, order=True)
class IsoWeek:
    """A week by ISO 8601: it starts on Monday and belongs to the year of its Thursday."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Self:
        """The week this day lies in."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @classmethod
    def told_on(cls, moment: datetime) -> Self:
        """The week a digest composed at this local moment tells of.

        It is the week that holds most of the past seven days: from Monday to Wednesday last week, from
        Thursday this week. So the same rule serves a digest of Monday morning and one of Friday evening.
        """
        return cls.of((moment - timedelta(days=3)).date())

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read ``2026-w47``; raises ValueError for anything else and for weeks a year does not have."""
        match = _NAME.fullmatch(name.lower())
        if not match:
            raise ValueError(f"{name!r} is not a week: write it as 2026-w47")
        year, number = int(match[1]), int(match[2])
        date.fromisocalendar(year, number, 7)
        return cls(year, number)

    @property
    def starts_on(self) -> date:
        """Its Monday."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def ends_on(self) -> date:
        """Its Sunday."""
        return date.fromisocalendar(self.year, self.number, 7)

    def after(self, weeks: int) -> Self:
        """The week so many weeks later; earlier where the number is negative."""
        return self.of(self.starts_on + timedelta(weeks=weeks))

    def due_on(self, weekday: int) -> date:
        """The day of this weekday (0 is Monday) on which a digest tells of this week; see ``told_on``."""
        day = self.starts_on + timedelta(days=weekday)
        return day if weekday >= 3 else day + timedelta(days=7)

    def __str__(self) -> str:
        return f"{self.year}-w{self.number:02d}"


def administrative_day(day: date, *, with_year: bool = True) -> str:
    """A day as Vietnamese offices write it: a zero before days under 10 and before months 1 and 2 only.

    Rule: Nghị định 30/2020/NĐ-CP on clerical work.
    """
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"{day.day:02d}/{month}" + (f"/{day.year}" if with_year else "")


def week_range(week: IsoWeek, first: IsoWeek | None = None) -> str:
    """``01/7 – 07/7/2024``; both years are printed where they differ. ``first``: the week it begins with."""
    begins, ends = (first or week).starts_on, week.ends_on
    return f"{administrative_day(begins, with_year=begins.year != ends.year)} – {administrative_day(ends)}"


def week_title(week: IsoWeek, first: IsoWeek | None = None) -> str:
    """``Tuần 27/2024 (01/7 – 07/7/2024)``, or ``Tuần 26 – 27/2024 (24/6 – 07/7/2024)`` from ``first`` on."""
    number = f"{week.number:02d}/{week.year}"
    if first and first != week:
        number = f"{first.number:02d}{f'/{first.year}' if first.year != week.year else ''} – {number}"
    return f"Tuần {number} ({week_range(week, first)})"
