"""The week an issue tells of, its bounds, and how Vietnamese offices write its days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.domain.week import IsoWeek, administrative_day, week_range, week_title

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 11, 16), "2026-w46"),  # Monday: last week
        (date(2026, 11, 17), "2026-w46"),
        (date(2026, 11, 18), "2026-w46"),  # Wednesday: still last week
        (date(2026, 11, 19), "2026-w47"),  # Thursday: this week
        (date(2026, 11, 20), "2026-w47"),
        (date(2026, 11, 21), "2026-w47"),
        (date(2026, 11, 22), "2026-w47"),  # Sunday
        (date(2026, 11, 23), "2026-w47"),  # the next Monday
        (date(2027, 1, 4), "2026-w53"),
        (date(2027, 1, 7), "2027-w01"),
    ],
    ids=lambda value: f"{value:%a-%d-%m-%Y}" if isinstance(value, date) else value,
)
@pytest.mark.parametrize("at", ["00:00", "07:00", "23:59"])
def test_a_digest_tells_of_the_week_that_holds_most_of_the_past_days(day: date, week: str, at: str) -> None:
    moment = datetime.combine(day, datetime.strptime(at, "%H:%M").time(), VIETNAM)  # noqa: DTZ007 -- a time only
    assert str(IsoWeek.told_on(moment)) == week


@pytest.mark.parametrize(
    ("name", "starts", "ends"),
    [
        ("2026-w47", date(2026, 11, 16), date(2026, 11, 22)),
        ("2026-w53", date(2026, 12, 28), date(2027, 1, 3)),
        ("2026-w01", date(2025, 12, 29), date(2026, 1, 4)),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 3)),
    ],
)
def test_a_week_runs_from_monday_to_sunday_over_the_years_end(name: str, starts: date, ends: date) -> None:
    week = IsoWeek.parse(name)
    assert (week.starts_on, week.ends_on) == (starts, ends)
    assert str(week) == name.lower()


@pytest.mark.parametrize(
    "name",
    [
        *("", "2026", "2026-47", "2026-w0", "2026-w00", "2025-w53", "2026-w54", "26-w01", "2026-w1"),
        *("2026-w047", " 2026-w47", "2026-w47\n", "0000-w01", "９９99-w01", "9999-w52", "2026-w47/../x"),
    ],
)
def test_what_is_no_week_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"week|out of range"):
        IsoWeek.parse(name)


@given(st.dates(date(1000, 1, 8), date(9998, 12, 31)))
def test_a_day_lies_in_its_week_and_a_weeks_name_is_read_back(day: date) -> None:
    week = IsoWeek.of(day)
    assert week.starts_on <= day <= week.ends_on
    assert IsoWeek.parse(str(week)) == week


@given(st.dates(date(1000, 1, 8), date(9998, 1, 1)), st.integers(0, 4000))
def test_weeks_and_their_names_sort_as_time_does(day: date, later: int) -> None:
    # The store finds earlier issues by comparing names.
    one, other = IsoWeek.of(day), IsoWeek.of(day + timedelta(days=later))
    assert one <= other
    assert str(one) <= str(other)


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2024, 7, 1), "01/7/2024"),
        (date(2024, 2, 29), "29/02/2024"),
        (date(2024, 1, 9), "09/01/2024"),
        (date(2024, 3, 10), "10/3/2024"),
        (date(2024, 12, 31), "31/12/2024"),
    ],
)
def test_a_day_is_written_as_decree_30_of_2020_asks(day: date, written: str) -> None:
    assert administrative_day(day) == written
    assert administrative_day(day, with_year=False) == written.removesuffix("/2024")


@pytest.mark.parametrize(
    ("name", "span", "title"),
    [
        ("2024-w27", "01/7 – 07/7/2024", "Tuần 27/2024 (01/7 – 07/7/2024)"),
        ("2024-w05", "29/01 – 04/02/2024", "Tuần 05/2024 (29/01 – 04/02/2024)"),
        ("2026-w53", "28/12/2026 – 03/01/2027", "Tuần 53/2026 (28/12/2026 – 03/01/2027)"),
        ("2026-w01", "29/12/2025 – 04/01/2026", "Tuần 01/2026 (29/12/2025 – 04/01/2026)"),
    ],
)
def test_a_week_is_printed_with_its_days(name: str, span: str, title: str) -> None:
    week = IsoWeek.parse(name)
    assert week_range(week) == span
    assert week_title(week) == title
