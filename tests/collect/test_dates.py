"""What portals print as a date is read exactly, or not at all."""

from __future__ import annotations

import string
import tomllib
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndication.collect.dates import VIETNAM, Precision, ReadDate, is_relative, keep_date, read_date
from syndication.domain.portal import SlashDates

SAMPLES = Path(__file__).parents[1] / "samples" / "dates" / "forms.toml"
TABLE: dict[str, list[dict[str, Any]]] = tomllib.loads(SAMPLES.read_text(encoding="utf-8"))

MONTHS = "Một,Hai,Ba,Tư,Năm,Sáu,Bảy,Tám,Chín,Mười,Mười Một,Mười Hai".split(",")
DAYS = "Thứ hai,Thứ ba,Thứ tư,Thứ năm,Thứ sáu,Thứ bảy,Chủ nhật".split(",")
TRUE_TIME = {
    Precision.SECOND: lambda local: local.replace(microsecond=0),
    Precision.MINUTE: lambda local: local.replace(second=0, microsecond=0),
    Precision.HOUR: lambda local: local.replace(minute=0, second=0, microsecond=0),
    Precision.DAY: lambda local: local.replace(hour=0, minute=0, second=0, microsecond=0),
}


def day_of(raw: str) -> str | None:
    read = read_date(raw)
    return None if read is None else f"{read.at.astimezone(VIETNAM):%d/%m/%Y}"


def sentences(kind: str) -> list[Any]:
    return [pytest.param(row, id=row["name"]) for row in TABLE[kind]]


@pytest.mark.parametrize("row", sentences("form"))
def test_a_form_portals_print_is_read_to_its_precision(row: dict[str, Any]) -> None:
    read = read_date(row["raw"], slashes=SlashDates(row.get("slashes", "dmy")))
    assert read == ReadDate(datetime.fromisoformat(row["at"]).astimezone(UTC), Precision(row["precise"]))


@pytest.mark.parametrize("row", sentences("unread"))
def test_what_is_not_certain_is_not_read(row: dict[str, Any]) -> None:
    assert read_date(row["raw"], slashes=SlashDates(row.get("slashes", "dmy"))) is None


@pytest.mark.parametrize("row", sentences("form"))
@pytest.mark.parametrize("form", ["NFD", "NFKD"])
def test_decomposed_letters_change_nothing(row: dict[str, Any], form: Any) -> None:
    slashes = SlashDates(row.get("slashes", "dmy"))
    decomposed = unicodedata.normalize(form, row["raw"])
    assert read_date(decomposed, slashes=slashes) == read_date(row["raw"], slashes=slashes)


def test_no_text_is_no_date() -> None:
    assert read_date(None) is None


def test_a_date_in_a_long_text_is_what_the_text_tells_of_and_is_not_read() -> None:
    lead = "Sáng 04/7/2024, tại Hải Phòng, Sở Thông tin và Truyền thông tổ chức hội nghị. "
    assert read_date(lead * 3) is None


# Weekdays


def test_a_weekday_that_agrees_only_with_day_and_month_swapped_stops_the_reading() -> None:
    # 7 May 2024 was a Tuesday, 5 July a Friday: either the weekday is wrong or the order is.
    assert read_date("Thứ sáu, 07/05/2024 08:30") is None
    assert day_of("Thứ ba, 07/05/2024 08:30") == "07/05/2024"


def test_the_month_first_reading_is_held_against_the_weekday_too() -> None:
    assert read_date("Thứ ba, 7/5/2024 8:30 AM") is None
    assert day_of("Thứ sáu, 7/5/2024 8:30 AM") == "05/07/2024"


@pytest.mark.parametrize(
    "weekday", ["Thứ 6", "T6", "THỨ SÁU", "Thu sau", "thứ6", "Fri", "Friday", "Th\u01b0\u0301 sa\u0301u"]
)
def test_a_weekday_is_understood_however_it_is_printed(weekday: str) -> None:
    assert read_date(f"{weekday}, 07/05/2024") is None
    assert day_of(f"{weekday}, 05/07/2024") == "05/07/2024"


def test_a_weekday_that_no_order_of_the_date_explains_is_only_wrong() -> None:
    assert day_of("Chủ nhật, 07/05/2024 08:30") == "07/05/2024"
    assert day_of("Chủ nhật, 26/01/2019 19:26") == "26/01/2019"


def test_a_wrong_weekday_beside_a_month_by_name_is_ignored() -> None:
    assert day_of("Mon, 05 Jul 2024 08:30:00 +0700") == "05/07/2024"
    assert day_of("Thứ hai, 5 tháng 7 năm 2024") == "05/07/2024"


# Several dates, several times


def test_of_two_dates_the_one_called_the_publication_is_read() -> None:
    line = "Ngày đăng: 04/07/2024 08:30 | Cập nhật: 05/07/2024 09:15"
    read = read_date(line)
    assert read == read_date("04/07/2024 08:30")
    turned = "Cập nhật: 05/07/2024 09:15 | Ngày đăng: 04/07/2024 08:30"
    assert read_date(turned) == read
    assert read_date("Published 04/07/2024 08:30, updated 05/07/2024 09:15") == read


def test_a_document_in_the_line_leaves_the_marked_publication() -> None:
    line = "Công văn 123/UBND-VX ngày 04/7/2024. Ngày đăng: 05/07/2024 08:30"
    assert read_date(line) == read_date("05/07/2024 08:30")


def test_one_date_printed_twice_is_one_date() -> None:
    line = "Ngày: 16:10, 10/03/2025 – Nhóm PV•10/03/2025 16:10"
    assert read_date(line) == read_date("10/03/2025 16:10")
    assert read_date("10/03/2025 (Nhóm PV, 16:10 10/03/2025)") == read_date("10/03/2025 16:10")


def test_two_times_leave_the_day() -> None:
    for line in ("05/07/2024 08:30 - 11:30", "08:00 05/07/2024 11:30", "Từ 8h00-11h30, ngày 05/7/2024"):
        assert read_date(line) == read_date("05/07/2024")


def test_a_time_that_other_words_part_from_the_date_is_not_its_time() -> None:
    assert read_date("Họp lúc 14:00 tại Đồ Sơn. Ngày 05/07/2024") == read_date("05/07/2024")


def test_numbers_around_a_date_do_not_touch_it() -> None:
    for line in (
        "313 05/07/2024",
        "Lượt xem: 1234 - 05/07/2024",
        "05/07/2024 - 12 lượt xem",
        "05/07/2024, 7",
    ):
        assert read_date(line) == read_date("05/07/2024")


def test_a_word_like_evening_with_another_mark_spoils_the_time() -> None:
    assert read_date("8:30 tới 05/07/2024") is None


def test_a_ministry_is_no_time_zone() -> None:
    # MST is a zone of RFC 822, and the Ministry of Science and Technology.
    assert read_date("05/07/2024 08:30 MST") == read_date("05/07/2024 08:30")


# Zones


def test_a_time_without_a_zone_is_the_portals_local_time() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    for raw in ("05/07/2024 08:30", "2024-07-05 08:30", "Fri, 05 Jul 2024 08:30"):
        read = read_date(raw, zone=tokyo)
        assert read is not None
        assert read.at == datetime(2024, 7, 4, 23, 30, tzinfo=UTC)


def test_a_day_starts_at_the_portals_midnight() -> None:
    read = read_date("05/07/2024")
    assert read is not None
    assert read.at == datetime(2024, 7, 4, 17, 0, tzinfo=UTC)
    assert read.at.tzinfo is UTC


# NukeViet


def test_minutes_that_are_the_month_leave_the_hour() -> None:
    printed = "Fri, 5 Jul 2024 01:07:42 GMT"
    assert read_date(printed, minutes_are_month=True) == ReadDate(
        datetime(2024, 7, 5, 1, tzinfo=UTC), Precision.HOUR
    )
    assert read_date(printed) == ReadDate(datetime(2024, 7, 5, 1, 7, 42, tzinfo=UTC), Precision.SECOND)


def test_a_repaired_nukeviet_is_read_as_it_prints() -> None:
    printed = "Fri, 5 Jul 2024 01:30:42 GMT"
    assert read_date(printed, minutes_are_month=True) == read_date(printed)


def test_only_rfc_822_dates_have_the_month_for_minutes() -> None:
    for printed in ("05/07/2024 08:07", "2024-07-05T08:07:00+07:00"):
        assert read_date(printed, minutes_are_month=True) == read_date(printed)


@given(st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_nukeviet_feed_always_yields_the_true_hour(at: datetime) -> None:
    printed = f"{at:%a}, {at.day} {at:%b %Y %H}:{at:%m}:{at:%S} GMT"
    read = read_date(printed, minutes_are_month=True)
    assert read == ReadDate(at.replace(minute=0, second=0, microsecond=0), Precision.HOUR)


# The policy

SEEN = datetime(2024, 7, 5, 3, 0, tzinfo=UTC)  # 10:00 in Hải Phòng


def test_a_past_date_is_kept() -> None:
    assert keep_date(read_date("04/07/2024 08:30"), first_seen=SEEN) == datetime(
        2024, 7, 4, 1, 30, tzinfo=UTC
    )


def test_a_missing_date_is_not_made_up() -> None:
    assert keep_date(None, first_seen=SEEN) is None


def test_a_date_of_tomorrow_is_kept_and_one_of_the_day_after_is_absurd() -> None:
    at = SEEN + timedelta(hours=24)
    assert keep_date(ReadDate(at, Precision.MINUTE), first_seen=SEEN) == at
    assert keep_date(ReadDate(at + timedelta(seconds=1), Precision.MINUTE), first_seen=SEEN) is None


def test_a_date_before_2000_is_not_kept() -> None:
    assert keep_date(ReadDate(datetime(1999, 12, 31, tzinfo=UTC), Precision.DAY), first_seen=SEEN) is None


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_day_alone_is_never_later_than_the_moment_it_was_first_seen_on(seen: datetime) -> None:
    kept = keep_date(read_date(f"{seen.astimezone(VIETNAM):%d/%m/%Y}"), first_seen=seen)
    assert kept is not None
    assert seen - timedelta(days=1) < kept <= seen


# Every form, every moment

Print = Callable[[datetime], str]


def twelve(local: datetime) -> int:
    return local.hour % 12 or 12


FORMS: dict[str, tuple[Print, Precision]] = {
    "RFC 822": (lambda t: f"{t:%a, %d %b %Y %H:%M:%S %z}", Precision.SECOND),
    "RFC 822, day of one digit, GMT": (
        lambda t: f"{(u := t.astimezone(UTC)):%a}, {u.day} {u:%b %Y %H:%M:%S} GMT",
        Precision.SECOND,
    ),
    "RFC 822, short year": (lambda t: f"{t:%d %b %y %H:%M %z}", Precision.MINUTE),
    "ISO 8601": (lambda t: t.isoformat(), Precision.SECOND),
    "ISO 8601 in Z": (lambda t: f"{t.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z", Precision.SECOND),
    "ISO 8601 local": (lambda t: f"{t:%Y-%m-%d %H:%M}", Precision.MINUTE),
    "ISO 8601 basic": (lambda t: f"{t:%Y%m%d%H%M%S}", Precision.SECOND),
    "ISO 8601 day": (lambda t: f"{t:%Y-%m-%d}", Precision.DAY),
    "NukeViet metadata": (lambda t: f"{t:%Y-%m-%d}+07{t:%H:%M:%S}", Precision.SECOND),
    "NukeViet page": (lambda t: f"{DAYS[t.weekday()]} - {t:%d/%m/%Y %H:%M}", Precision.MINUTE),
    "Java": (lambda t: f"{t:%a %b %d %H:%M:%S} ICT {t:%Y}", Precision.SECOND),
    "JavaScript": (lambda t: f"{t:%a %b %d %Y %H:%M:%S} GMT+0700 (ICT)", Precision.SECOND),
    "time first": (lambda t: f"{t:%H:%M} | {t:%d/%m/%Y}", Precision.MINUTE),
    "no zeros": (lambda t: f"{t.day}/{t.month}/{t.year}, {t.hour}:{t:%M:%S}", Precision.SECOND),
    "dashes": (lambda t: f"{t:%d-%m-%Y %H:%M:%S}", Precision.SECOND),
    "dots": (lambda t: f"{t:%d.%m.%Y - %H:%M}", Precision.MINUTE),
    "year first": (lambda t: f"{t.year}/{t.month}/{t.day} {t:%H:%M:%S}", Precision.SECOND),
    ".NET": (
        lambda t: f"{t.month}/{t.day}/{t.year} {twelve(t)}:{t:%M:%S}\u202f{'AM' if t.hour < 12 else 'PM'}",
        Precision.SECOND,
    ),
    ".NET in Vietnamese": (
        lambda t: f"{t:%d/%m/%Y} {twelve(t)}:{t:%M:%S} {'SA' if t.hour < 12 else 'CH'}",
        Precision.SECOND,
    ),
    "administrative": (lambda t: f"ngày {t:%d} tháng {t.month} năm {t.year}", Precision.DAY),
    "hours in words": (lambda t: f"{t.hour} giờ {t:%M} phút ngày {t:%d/%m/%Y}", Precision.MINUTE),
    "hours with h": (lambda t: f"{t.hour}h{t:%M} ngày {t.day}/{t.month}/{t.year}", Precision.MINUTE),
    "hours alone": (lambda t: f"{t.hour}h ngày {t.day}/{t.month}/{t.year}", Precision.HOUR),
    "months in words": (
        lambda t: f"{DAYS[t.weekday()]}, {t:%d} Tháng {MONTHS[t.month - 1]}, {t:%Y %H:%M}",
        Precision.MINUTE,
    ),
    "short months": (lambda t: f"{t:%d} Th{t.month} {t.year}", Precision.DAY),
    "English theme": (lambda t: f"Posted on {t:%B} {t.day}, {t.year} by admin", Precision.DAY),
    "zone behind": (lambda t: f"Cập nhật lúc {t:%H:%M, %d/%m/%Y} (GMT+7)", Precision.MINUTE),
}
MOMENTS = st.datetimes(
    datetime(2000, 1, 2),  # noqa: DTZ001
    datetime(2049, 12, 31),  # noqa: DTZ001
    timezones=st.just(VIETNAM),
)


@pytest.mark.parametrize("form", FORMS)
@given(local=MOMENTS)
@example(local=datetime(2024, 7, 5, 0, 0, tzinfo=VIETNAM))
@example(local=datetime(2024, 2, 29, 12, 0, 59, tzinfo=VIETNAM))
@example(local=datetime(2024, 11, 12, 23, 59, 59, 999999, tzinfo=VIETNAM))
def test_any_moment_printed_in_a_form_is_read_back(form: str, local: datetime) -> None:
    printed, precise = FORMS[form]
    assert read_date(printed(local)) == ReadDate(TRUE_TIME[precise](local).astimezone(UTC), precise)


@given(local=MOMENTS, before=st.sampled_from(["", "Print ", "Ngày đăng: ", "[ ", "Hải Phòng, "]))
def test_capitals_and_words_before_change_nothing(local: datetime, before: str) -> None:
    printed = f"{before}{DAYS[local.weekday()]}, {local:%d/%m/%Y %H:%M}"
    assert read_date(printed.upper()) == read_date(printed) == read_date(f"{local:%d/%m/%Y %H:%M}")


PIECES = st.one_of(
    st.sampled_from(
        "/ - . : , T Z +07 GMT AM PM CH h giờ ngày tháng năm T2 CN Jul đăng &nbsp; 24:00 2024 31/12/".split()
    ),
    st.just(" "),
    st.integers(0, 99999).map(str),
    st.text(string.printable, max_size=3),
    st.text(max_size=3),
)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=14).map("".join)))
def test_no_text_raises_or_leads_out_of_our_century(raw: str) -> None:
    for slashes in SlashDates:
        read = read_date(raw, slashes=slashes)
        assert read is None or 2000 <= read.at.year <= 2100


@pytest.mark.parametrize(
    "said", ["2 giờ trước", "Hôm nay, 08:30", "Hôm qua", "5 phút trước | Tin tức", "3 hours ago", "Today"]
)
def test_a_moment_told_by_today_is_known_for_what_it_is(said: str) -> None:
    assert is_relative(said)
    assert is_relative(unicodedata.normalize("NFD", said))
    assert read_date(said) is None


@pytest.mark.parametrize("said", ["23/11/2026", "Trước ngày 23/11/2026", "Tin hôm nay", "2 giờ", ""])
def test_other_lines_are_not_told_by_today(said: str) -> None:
    assert not is_relative(said)
