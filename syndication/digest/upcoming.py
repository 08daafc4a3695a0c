"""Finds the day on which something a story speaks of is still to come, where the story names it clearly.

«Clearly» means: one day or one row of days, right behind a verb of taking place, and no other one. A digest that sends
people to a conference on a wrong day is worse than one that does not list it, so whatever is unclear is no event.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

AHEAD = timedelta(days=60)
"""What is further away than this is not yet of use to a reader."""

_TAKES_PLACE = re.compile(
    r"\b(?:diễn ra|tổ chức|khai mạc|khai giảng|khai trương|khai hội|bắt đầu|phát động|ra mắt|tiến hành|họp)\b",
    re.IGNORECASE,
)
_CALLED_OFF = re.compile(
    r"\b(?:hoãn|hủy|huỷ|lùi|dời|đổi lịch|dừng tổ chức|không (?:được )?(?:tổ chức|diễn ra))\b", re.IGNORECASE
)
"""Said of what was planned: nobody should travel there, and the new day may stand elsewhere."""
_LIMIT = re.compile(
    r"(?:trước|đến hết|hết|hạn|hạn chót|chậm nhất|không quá|xong|hoàn thành|hiệu lực|kể từ|tính đến|đến)"
    r"(?:\s+(?:là|từ|vào))?(?:\s+ngày)?\s*$",
    re.IGNORECASE,
)
"""Before a date: it is a limit or the day a rule begins to hold, and not one on which anybody meets."""
_DATE = re.compile(
    r"(?<![\d/.-])(?P<day>\d{1,2})(?:[/.](?P<month>\d{1,2})(?:[/.](?P<year>\d{4}))?)?"
    r"(?:\s*(?:-|–|đến(?:\s+ngày)?|và)\s*(?P<day2>\d{1,2}))?"
    r"[/.](?P<month2>\d{1,2})(?:[/.](?P<year2>\d{4}))?(?![\d/-])"
)
"""«25/11», «25/11/2026», «25-27/11», «25/11 đến 27/11/2026», «ngày 25 và 26/11»."""
_A_DAY = re.compile(
    r"(?:ngày|sáng|chiều|tối|trưa|đêm|hôm|từ|vào|khai mạc|diễn ra|bắt đầu|thứ\s\w+|chủ nhật)[,\s(]*$",
    re.IGNORECASE,
)
"""Before a date without a year; «1/4 số xã» is none."""
_LONG_DAY = re.compile(
    r"(?<!\d)(\d{1,2})(?:\s+tháng\s+|-(?=\d{1,2}-\d{4}))(\d{1,2})(?:(?:\s+năm\s+|[/-])(\d{4}))?(?!\d)",
    re.IGNORECASE,
)
"""«25 tháng 11», «25 tháng 11 năm 2026», «25-11-2026»."""
_SENTENCE = re.compile(r"(?<=[.!?;…])\s+(?=[^\W\d_])")
_REACH = 70
"""Characters between the verb and the date."""


def days_to_come(*texts: str, told_on: date, after: date) -> tuple[date, date] | None:
    """The first and the last day of what these texts announce, or None where that is not clear.

    ``told_on`` gives the year where none is written; the event begins later than ``after``.
    """
    if any(_CALLED_OFF.search(text) for text in texts):
        return None
    found: set[tuple[date, date]] = set()
    for text in texts:
        text = _LONG_DAY.sub(_short, text)
        for sentence in _SENTENCE.split(text):
            found |= _days_in(sentence, told_on)
    to_come = {days for days in found if days[0] > after}
    if len(to_come) != 1 or any(first <= after <= last for first, last in found):
        return None
    days = to_come.pop()
    return days if days[0] <= after + AHEAD and days[1] - days[0] <= AHEAD else None


def _short(written: re.Match[str]) -> str:
    return "/".join(filter(None, written.groups()))


def _days_in(sentence: str, told_on: date) -> set[tuple[date, date]]:
    found = set()
    for match in _DATE.finditer(sentence):
        before = sentence[: match.start()]
        if not (match["year2"] or match["year"] or _A_DAY.search(before)):
            continue
        if _LIMIT.search(before) or not _TAKES_PLACE.search(
            before[-_REACH:] + " " + _behind(sentence, match)
        ):
            continue
        if days := _read(match, told_on):
            found.add(days)
    return found


def _behind(sentence: str, match: re.Match[str]) -> str:
    """«Ngày 25/11, tỉnh tổ chức hội nghị»: the verb may follow soon."""
    return sentence[match.end() : match.end() + _REACH]


def _read(match: re.Match[str], told_on: date) -> tuple[date, date] | None:
    year = match["year2"] or match["year"]
    month = match["month2"]
    try:
        last = _on(int(match["day2"] or match["day"]), int(month), year, told_on)
        first = _on(int(match["day"]), int(match["month"] or month), match["year"] or year, told_on)
    except ValueError:
        return None
    return (first, last) if first <= last else None


def _on(day: int, month: int, year: str | None, told_on: date) -> date:
    """The day meant; without a year it is the one nearest to when it was written."""
    if year:
        return date(int(year), month, day)
    near = (
        date(told_on.year + shift, month, day)
        for shift in (-1, 0, 1)
        if _exists(told_on.year + shift, month, day)
    )
    return min(near, key=lambda one: abs(one - told_on))


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
