"""Reads the dates portals print, and says how much of each is known; what is not certain is not read.

A source's date decides where a story stands, so a wrong one is worse than none: without a date the moment at
which we first saw the article stands in. Two kinds of print are read.

*Machine forms*, matched as a whole: RFC 822 §5 with RFC 5322 §4.3 (obsolete zones, two-digit years), ISO 8601
and RFC 3339 (extended and basic), NukeViet's ``article:published_time`` (``2024-07-05+0708:30:00``: PHP's
``T`` is a zone there, not a letter), Java's and JavaScript's own prints.

*Printed forms*, found in a short line: ``Thứ Bảy, 26/01/2019 19:26``, ``16:10, 10/03/2025``, ``12h30 ngày
5/7/2024``, ``04 Th7 2024``, ``July 5, 2024`` and their kin, with words around them.

The rules that keep a reading from being a guess:

* Day, month and a four-digit year must all be there; «Sáng 4/7», ranges («6-12.9.2024») and lists of days
  («27, 28/6/2024») are not read. Only RFC 822 dates may have a year of two digits.
* The order of a numeric date is settled by its form, never by what happens to be possible: year first if the
  year stands first; month first for slashes with a 12-hour AM/PM clock (.NET's print, but not on sources marked
  ``dmy-always``) and on sources marked ``mdy``; else the day first. SA and CH, which SharePoint prints in
  Vietnamese, leave the day first. 06/29/2024 on a day-first source is None: it shows that the file is wrong.
* A weekday beside the date is evidence, not data. Portals print wrong ones (imported archives), so alone it
  changes nothing. But where it contradicts our reading and agrees with day and month swapped, either may be
  the error, and the date is not read.
* A time belongs to a date only if nothing but weekdays, zones and words like «lúc» stand between them. Two
  different times leave the day alone. A time that cannot be (25:61, 00:30 PM) spoils the whole reading.
* Several different dates are not read, unless exactly one is called the publication («Ngày đăng: …»); nor
  is the date of a legal document («123/QĐ-UBND ngày 04/7/2024»).
* A zone that is printed is respected, one we do not know spoils the reading, and without one the time is the
  portal's local time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syndication.domain.portal import SlashDates
from syndication.text import fold, plain_line

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

LONGEST = 160
"""Characters. A longer line is prose, and a date in prose is the date of what it tells."""

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing older is believed: such dates are defaults of databases (1900, 1970, year 1)."""

_END = datetime(2101, 1, 1, tzinfo=UTC)


class Precision(StrEnum):
    """The smallest part of a date that is known."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    """The minutes are not printed, or known to be wrong; they are 0 here."""
    DAY = "day"
    """No usable time; the moment is 00:00 of that day in the portal's zone."""


@dataclass(frozen=True, slots=True)
class ReadDate:
    """A date as far as it could be read: the moment in UTC and how much of it is known."""

    at: datetime
    precise: Precision

    @property
    def has_time(self) -> bool:
        """Whether the time of day is known, to the minute at least."""
        return self.precise in (Precision.MINUTE, Precision.SECOND)


class _Clock(NamedTuple):
    hour: int
    minute: int | None
    second: int | None


class _Printed(NamedTuple):
    day: date
    clocks: frozenset[_Clock]
    called_publication: bool


# One character for one character, so that a place in the bare line is the same place in the line.
_BARE = {
    code: bare
    for code in chain(range(0xC0, 0x250), range(0x1EA0, 0x1EFA))
    if (bare := unicodedata.normalize("NFD", chr(code))[0]).isascii()
} | {
    ord(char): to for chars, to in (("đ", "d"), ("ĐÐƉ", "D"), ("‐‑‒–—―−", "-"), ("⁄∕", "/")) for char in chars
}

_ENGLISH = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}
# NukeViet shortens the last two: «Tháng M. một», «Tháng M. hai».
_VIETNAMESE = {
    "mot": 1, "hai": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9,
    "muoi": 10, "muoi mot": 11, "m mot": 11, "muoi hai": 12, "m hai": 12,
}  # fmt: skip
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "thuhai,thu2,t2,mon",
            "thuba,thu3,t3,tue",
            "thutu,thu4,t4,wed",
            "thunam,thu5,t5,thu",
            "thusau,thu6,t6,fri",
            "thubay,thu7,t7,sat",
            "chunhat,chuanhat,cn,sun",
        )
    )
    for name in names.split(",")
}
_FORENOON = {hour: hour % 12 for hour in range(13)}
_AFTERNOON = {hour: hour % 12 + 12 for hour in range(1, 13)}
# What a printed hour means beside the word; an hour nobody would call so is not there.
_HALVES = {
    "am": _FORENOON,
    "sa": _FORENOON,
    "pm": _AFTERNOON,
    "ch": _AFTERNOON,
    "sáng": {hour: hour for hour in range(12)},
    "trưa": {10: 10, 11: 11, 12: 12, 1: 13},
    "chiều": {hour: hour % 12 + 12 for hour in (12, 1, 2, 3, 4, 5, 6)},
    "tối": {hour: hour + 12 for hour in range(5, 12)},
    "đêm": {hour: hour + 12 for hour in (9, 10, 11)},
}
# Hours ahead of UTC. RFC 822 §5.1, and the two names Vietnam's servers print; letters of the military
# alphabet mean nothing certain (RFC 5322 §4.3) and are left out.
_ZONES = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "ICT": 7,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip

_FLAGS = re.ASCII | re.IGNORECASE
_MONTH_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_MONTH_WORD = r"(?:thang|thg|th)[\s.]{0,2}(?:\d{1,2}|m(?:uoi|\.)?\s?(?:mot|hai)|[a-z]{2,4})"

_BEFORE = r"(?:[^\d,]{2,20}?,?\s?)??"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
_HALF = r"(?:\s?(?P<half>[ap]\.?m\b\.?|s\.?a\b\.?|c\.?h\b\.?))?"
_OFFSET = (
    r"(?P<zone>[a-z]{1,5}(?:\s?[+-]\s?\d{1,2}(?::?\d\d)?)?|[+-]\d\d(?::?\d\d)?|[+-]\d:\d\d)"
    r"(?:\s?\(.*\)|\s[a-z]{2,5})?"
)
_REST = rf"{_TIME}{_HALF}(?:\s?{_OFFSET})?"
_YMD = r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"

_RFC822 = re.compile(
    rf"{_BEFORE}(?P<day>\d{{1,2}})[\s-](?P<month>{_MONTH_NAME})\.?[\s,-]\s?(?P<year>\d{{4}}|\d\d),?\s{_REST}",
    _FLAGS,
)
_MACHINE = (
    re.compile(rf"{_YMD}(?:(?:t|,?\s){_REST})?", _FLAGS),
    _RFC822,
    re.compile(
        rf"{_YMD}(?P<zone>[+-]\d\d(?:\d\d)?|[a-z]{{2,5}})(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)",
        _FLAGS,
    ),
    re.compile(
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
        r"(?:t?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?P<zone>z|[+-]\d\d(?:\d\d)?)?)?",
        _FLAGS,
    ),
    # Fri Jul 05 2024 08:30:00 GMT+0700 (Indochina Time), July 5, 2024 8:30 PM
    re.compile(
        rf"{_BEFORE}(?P<month>{_MONTH_NAME})\.?\s(?P<day>\d{{1,2}}),?\s(?P<year>\d{{4}}),?\s(?:at\s)?{_REST}",
        _FLAGS,
    ),
    # Fri Apr 03 17:00:00 UTC 2020, or GMT+07:00, as Java prints it
    re.compile(
        rf"[a-z]{{3}}\s(?P<month>{_MONTH_NAME})\s(?P<day>\d{{1,2}})\s{_TIME}\s(?:(?P<zone>[a-z]{{1,5}}(?:[+-]\d\d:\d\d)?)\s)?"
        r"(?P<year>\d{4})",
        _FLAGS,
    ),
)

# After «12h» these digits are a day, not minutes.
_WHOLE_DATE = rf"\s?\d{{1,2}}\s?(?:(?P<tie>[-/.])\s?\d{{1,2}}\s?(?P=tie)|th(?:ang|g)?\b|{_MONTH_NAME}\b)"

_TOKEN = re.compile(
    rf"""
    (?P<date>(?<!\d)(?:
        (?P<year1>\d{{4}})(?P<sep1>[-/.])(?P<month1>\d{{1,2}})(?P=sep1)(?P<day1>\d{{1,2}})
      | (?P<first>\d{{1,2}})\s?(?P<sep2>[-/.])\s?(?P<second>\d{{1,2}})\s?(?P=sep2)\s?(?P<year2>\d{{4}})
      | (?P<day3>\d{{1,2}})[\s,/-]{{0,3}}(?P<month3>{_MONTH_WORD}|{_MONTH_NAME}\b\.?)[\s,/-]{{1,3}}
        (?:nam\s)?(?P<year3>\d{{4}})
      | \b(?P<month4>{_MONTH_WORD}|{_MONTH_NAME}\b\.?)\s(?P<day4>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s?|\s)
        (?P<year4>\d{{4}})
    )(?!\d))
  | (?P<weekday>\b(?:thu\s?(?:hai|ba|tu|nam|sau|bay|[2-7])|t[2-7]|chua?\s?nhat|cn
        |(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?)\b)
  | (?P<clock>(?<!\d)(?P<hour>\d{{1,2}})(?:
        \s?:\s?(?P<minute1>\d\d)(?:\s?:\s?(?P<second1>\d\d)(?:\.\d+)?)?(?!\d)
      | (?:g|\s?h|\s?gio)(?![a-z])
        (?:(?!{_WHOLE_DATE})\s?(?P<minute2>\d{{1,2}})(?!\d)
          (?:\s?(?:'|ph?(?:ut)?\b))?
          (?:\s?(?P<second2>\d{{1,2}})\s?(?:''|"|giay\b|s\b))?)?
      )(?:\s?(?P<half>[ap]\.?m\b\.?|s\.?a\b\.?|c\.?h\b\.?|sang\b|trua\b|chieu\b|toi\b|dem\b))?)
  | (?P<zone>\b(?:gmt|utc|ict)\b(?:\s?[+-]?\s?\d{{1,2}}(?::?\d\d)?(?![\d/.:-]))?
        |\+\d\d(?::?\d\d)?(?![\d/.:-]))
  | (?P<partial>(?<!\d)\d{{1,2}}/\d{{1,2}}(?!\d))
  | (?P<number>\d+)
  | (?P<link>\b(?:luc|hoi|vao|ngay|at|on)\b)
  | (?P<word>[^\W\d_]+)
    """,
    _FLAGS | re.VERBOSE,
)
_RELATIVE = re.compile(
    r"\b\d{1,3} (?:giay|phut|gio|tieng|ngay|tuan|thang|nam) truoc\b|^(?:hom (?:nay|qua|kia)|vua xong)\b"
    r"|\b\d{1,3} (?:second|minute|hour|day|week|month|year)s? ago\b|^(?:today|yesterday|just now)\b"
)
_OFFSET_PARTS = re.compile(r"(?:GMT|UTC?)?\s?([+-])\s?(\d{1,2}):?(\d\d)?")
_DOCUMENT = re.compile(r"/[a-z]", _FLAGS)
_MORE_DAYS = re.compile(r"\s?(?:[-,&]|den|va)\s?(?:ngay\s)?", _FLAGS)
_PUBLISHED = re.compile(
    r"\b(?:(?:ngày|giờ|thời gian|đã)\s+đăng\b(?!\s+k[ýí]\b)|đăng\s+(?:ngày|lúc|vào|tải)\b|xuất bản\b"
    r"|published\b|posted\b)(?!.*\b(?:cập nhật|chỉnh sửa|sửa đổi|updated|modified)\b)",
    re.IGNORECASE,
)


def read_date(
    raw: str | None,
    *,
    slashes: SlashDates = SlashDates.DMY,
    zone: ZoneInfo = VIETNAM,
    minutes_are_month: bool = False,
) -> ReadDate | None:
    """The date this text prints, or None where it cannot be read with certainty. Never raises.

    ``slashes`` says what 4/7/2024 means on this source; ``zone`` is the portal's, for times printed without
    one. ``minutes_are_month`` is for feeds of NukeViet, which writes ``gmdate('D, j M Y H:m:s')``: PHP's
    ``m`` is the month, so 08:30 in July is printed as 01:07 GMT. An RFC 822 date whose minute equals its
    month then keeps its hour only. Fractions of a second are dropped; 24:00 is the next day's 00:00
    (ISO 8601:2004 §4.2.3). The result lies between 2000 and 2100.
    """
    if raw is None or len(raw) > 4 * LONGEST:
        return None
    line = unicodedata.normalize("NFKC", plain_line(raw))
    if len(line) > LONGEST:
        return None
    bare = line.translate(_BARE)
    try:
        for form in _MACHINE:
            if match := form.fullmatch(bare):
                return _machine(match, zone=zone, minutes_are_month=minutes_are_month)
        return _printed(line, bare, slashes=slashes, zone=zone)
    except ValueError:  # a part that cannot be: the day of a calendar, an hour, a zone
        return None


def is_relative(line: str) -> bool:
    """Whether a line tells a moment by today («2 giờ trước», «Hôm nay, 08:30»).

    Nobody knows when the page was made, so it is no date; and the same article says something else an hour later.
    """
    return len(line) <= LONGEST and _RELATIVE.search(fold(line)) is not None


def keep_date(read: ReadDate | None, *, first_seen: datetime) -> datetime | None:
    """The moment to keep as the portal's own date, aware UTC; None where first-seen time must stand in.

    None for a date that was not read, lies before 2000, or more than 24 hours after ``first_seen`` (aware):
    a clock may be wrong by a zone, and an editor may plan for tomorrow, but no page of next week was seen
    today. A date up to 24 hours ahead is returned as it is, and the caller holds the story until then.

    A day without a time is kept as 00:00 of that day in the portal's zone. It is the only moment that cannot
    be later than the true one, so an article seen on its own day is never in the future and never stands
    above one whose later time is known.
    """
    if read is None or read.at < FIRST or read.at > first_seen + timedelta(hours=24):
        return None
    return read.at


def _machine(match: re.Match[str], *, zone: ZoneInfo, minutes_are_month: bool) -> ReadDate | None:
    part = match.groupdict()
    year = int(part["year"])
    if year < 50 and len(part["year"]) == 2:  # RFC 5322 §4.3: 00–49 are 2000–2049, and 19xx is not read
        year += 2000
    day = date(year, _month(part["month"]), int(part["day"]))
    if part["hour"] is None:
        return _moment(day, None, zone)
    hour = _hour(int(part["hour"]), part.get("half"))
    clock = _Clock(hour, int(part["minute"]), None if part["second"] is None else int(part["second"]))
    if minutes_are_month and match.re is _RFC822 and clock.minute == day.month:
        clock = _Clock(hour, None, None)
    return _moment(day, clock, zone if part["zone"] is None else _offset(part["zone"]))


def _printed(line: str, bare: str, *, slashes: SlashDates, zone: ZoneInfo) -> ReadDate | None:
    tokens = tuple(_TOKEN.finditer(bare))
    found: list[_Printed] = []
    said = 0  # where the words before the next date begin
    for place, token in enumerate(tokens):
        if token.lastgroup == "date":
            if _is_part_of_more(tokens, place, bare):
                return None
            found.append(_one(tokens, place, line, said, slashes))
            said = token.end()
    published = [each for each in found if each.called_publication]
    if not published and _tells_of_other_days(tokens, found, bare):
        return None
    chosen = published or found
    if len({each.day for each in chosen}) != 1:
        return None
    clocks = {clock for each in chosen for clock in each.clocks}
    if len(clocks) != 1:
        return _moment(chosen[0].day, None, zone)
    zones = {_offset(token[0].upper()) for token in tokens if token.lastgroup == "zone"}
    if len(zones) > 1:
        return None
    return _moment(chosen[0].day, clocks.pop(), zones.pop() if zones else zone)


def _one(tokens: Sequence[re.Match[str]], place: int, line: str, said: int, slashes: SlashDates) -> _Printed:
    """One date of a line with the times that belong to it."""
    token = tokens[place]
    times = [*_times_beside(tokens, place, -1), *_times_beside(tokens, place, 1)]
    clocks = frozenset(_clock(time, line) for time in times)
    if token["first"]:
        dotnet = any(time["half"] and time["half"][0] in "AaPp" and int(time["hour"]) <= 12 for time in times)
        month_first = token["sep2"] == "/" and (
            slashes is SlashDates.MDY or (dotnet and slashes is SlashDates.DMY)
        )
        day = _numeric_day(token, month_first=month_first, weekdays=_weekdays(tokens))
    else:
        name = token["month3"] or token["month4"]
        if name and name[0] not in "Tt":
            _refuse_unknown_zone(tokens, place)
        day = date(
            int(token["year1"] or token["year3"] or token["year4"]),
            _month(token["month1"] or name),
            int(token["day1"] or token["day3"] or token["day4"]),
        )
    return _Printed(day, clocks, _PUBLISHED.search(line[said : token.start()]) is not None)


def _clock(time: re.Match[str], line: str) -> _Clock:
    # The word is taken with its marks: «tối» (evening) is no «tới» (until).
    half = line[time.start("half") : time.end("half")] if time["half"] else None
    minute, second = time["minute1"] or time["minute2"], time["second1"] or time["second2"]
    return _Clock(
        _hour(int(time["hour"]), half), int(minute) if minute else None, int(second) if second else None
    )


def _times_beside(tokens: Sequence[re.Match[str]], place: int, step: int) -> list[re.Match[str]]:
    times: list[re.Match[str]] = []
    place += step
    while 0 <= place < len(tokens) and tokens[place].lastgroup in {"clock", "weekday", "zone", "link"}:
        if tokens[place].lastgroup == "clock":
            times.append(tokens[place])
        place += step
    return times


def _numeric_day(token: re.Match[str], *, month_first: bool, weekdays: set[int]) -> date:
    year, first, second = int(token["year2"]), int(token["first"]), int(token["second"])
    day, month = (second, first) if month_first else (first, second)
    read = date(year, month, day)
    contradicted = bool(weekdays) and read.weekday() not in weekdays
    if contradicted and day <= 12 and date(year, day, month).weekday() in weekdays:
        raise ValueError("the weekday speaks for the other order")
    return read


def _weekdays(tokens: Sequence[re.Match[str]]) -> set[int]:
    names = (token[0].lower().replace(" ", "") for token in tokens if token.lastgroup == "weekday")
    return {_WEEKDAYS[name] if name in _WEEKDAYS else _WEEKDAYS[name[:3]] for name in names}


def _is_part_of_more(tokens: Sequence[re.Match[str]], place: int, bare: str) -> bool:
    """Whether a number is tied to the date: the first day of a range or list, or a piece of some code."""
    token = tokens[place]
    earlier = [each for each in tokens[:place] if each.lastgroup not in {"word", "link"}][-1:]
    if earlier and earlier[0].lastgroup in {"number", "partial"}:
        gap = bare[earlier[0].end() : token.start()]
        if gap in {"/", ".", "-"} or (len(earlier[0][0]) <= 2 and _MORE_DAYS.fullmatch(gap)):
            return True
    later = tokens[place + 1 : place + 2]
    return bool(
        later
        and later[0].lastgroup in {"number", "partial"}
        and bare[token.end() : later[0].start()] in {"/", ".", "-"}
    )


def _tells_of_other_days(tokens: Sequence[re.Match[str]], found: Sequence[_Printed], bare: str) -> bool:
    """Whether the line names a day without a year that is none of those found, or a legal document.

    The date beside ``123/QĐ-UBND`` or ``39/2017/TT-BTTTT`` is the day on which that was signed.
    """
    days = {(each.day.day, each.day.month) for each in found}
    for token in tokens:
        if token.lastgroup == "number" and _DOCUMENT.match(bare, token.end()):
            return True
        if token.lastgroup == "partial":
            day, month = token[0].split("/")
            if (int(day), int(month)) not in days:
                return True
    return False


def _refuse_unknown_zone(tokens: Sequence[re.Match[str]], place: int) -> None:
    """Beside an English date and its time, capitals (``XYZ``) are a zone, and not one we know."""
    after = [token for token in tokens[place + 1 :] if token.lastgroup not in {"weekday", "link"}][:2]
    if [token.lastgroup for token in after] == ["clock", "word"]:
        name = after[1][0]
        if name.isupper() and 2 <= len(name) <= 5:
            raise ValueError("unknown zone")


def _moment(day: date, clock: _Clock | None, zone: tzinfo) -> ReadDate | None:
    if not 2000 <= day.year <= 2100:
        return None
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    precise = Precision.DAY
    if clock is not None:
        minute, second = clock.minute or 0, clock.second or 0
        midnight = clock.hour == 24 and minute == second == 0
        if not (clock.hour <= 23 or midnight) or minute > 59 or second > 60:  # 60: RFC 3339 §5.7
            return None
        local += timedelta(hours=clock.hour, minutes=minute, seconds=second)
        if clock.minute is None:
            precise = Precision.HOUR
        else:
            precise = Precision.MINUTE if clock.second is None else Precision.SECOND
    at = local.astimezone(UTC)
    return ReadDate(at, precise) if FIRST <= at < _END else None


def _hour(hour: int, half: str | None) -> int:
    """The hour of 24; portals also print AM and PM beside a 24-hour clock, where they say nothing."""
    if half is None or hour > 12:
        return hour
    hours = _HALVES.get(half.lower().replace(".", ""), {})
    if hour not in hours:
        raise ValueError("nobody calls this hour so")
    return hours[hour]


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    name = fold(text)
    if name[:3] in _ENGLISH:
        return _ENGLISH[name[:3]]
    name = re.sub(r"^th(?:ang|g)? ?", "", name)
    if name.isdigit():
        return int(name)
    if name not in _VIETNAMESE:
        raise ValueError("no month")
    return _VIETNAMESE[name]


def _offset(zone: str) -> timezone:
    """``GMT+7``, ``+07:00``, ``-0000``, ``EST``; ValueError for a zone that is none."""
    zone = zone.upper()
    if zone in _ZONES:
        return timezone(timedelta(hours=_ZONES[zone]))
    parts = _OFFSET_PARTS.fullmatch(zone)
    if not parts:
        raise ValueError("unknown zone")
    hours, minutes = int(parts[2]), int(parts[3] or 0)
    if hours > 14 or minutes not in {0, 30, 45}:  # 08:30-09:15 is a meeting
        raise ValueError("no such zone")
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if parts[1] == "-" else ahead)
