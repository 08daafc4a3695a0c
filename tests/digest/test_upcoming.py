"""Which announcements name their day clearly enough to stand in a list of what is to come."""

from __future__ import annotations

from datetime import date

import pytest

from syndication.digest.upcoming import days_to_come

TOLD_ON = date(2026, 11, 20)
SUNDAY = date(2026, 11, 22)


def days(text: str) -> tuple[date, date] | None:
    return days_to_come(text, told_on=TOLD_ON, after=SUNDAY)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Hội nghị sẽ diễn ra ngày 25/11/2026 tại Hải Phòng", (25, 11), (25, 11)),
        ("Tập huấn được tổ chức từ ngày 25 đến 27/11", (25, 11), (27, 11)),
        ("Ngày 25/11, tỉnh tổ chức hội nghị về Đề án 06", (25, 11), (25, 11)),
        ("Lễ khai mạc 25-27.11", (25, 11), (27, 11)),
        ("Triển lãm khai mạc ngày 30/11 đến 02/12/2026", (30, 11), (2, 12)),
        ("Hội thi diễn ra ngày 5 và 6/12", (5, 12), (6, 12)),
        ("Diễn đàn diễn ra lúc 8h30 sáng 01/12", (1, 12), (1, 12)),
        ("Hội nghị được tổ chức vào ngày 25 tháng 11 năm 2026", (25, 11), (25, 11)),
        ("Ngày 02 tháng 12, tỉnh tổ chức hội nghị", (2, 12), (2, 12)),
        ("Triển lãm diễn ra từ ngày 25 đến ngày 27 tháng 11 năm 2026", (25, 11), (27, 11)),
        ("Triển lãm diễn ra từ ngày 30 tháng 11 đến ngày 02 tháng 12 năm 2026", (30, 11), (2, 12)),
        ("Lễ hội khai mạc tối 30-11-2026", (30, 11), (30, 11)),
    ],
)
def test_a_day_that_is_said_clearly_is_found(
    text: str, first: tuple[int, int], last: tuple[int, int]
) -> None:
    assert days(text) == (date(2026, first[1], first[0]), date(2026, last[1], last[0]))


@pytest.mark.parametrize(
    "text",
    [
        "Sáng 20/11, tỉnh tổ chức hội nghị",  # past
        "Tổ chức tổng kết, hoàn thành trước ngày 30/11",  # a limit
        "Nghị định có hiệu lực từ ngày 01/12/2026, các sở tổ chức thực hiện",
        "Tổ chức theo Quyết định số 25/2026/QĐ-UBND",
        "Khai mạc ngày 31/02",  # no such day
        "Hội nghị diễn ra ngày 25/11. Kỳ họp khai mạc ngày 28/11",  # two of them
        "Đến nay 1/12 số xã đã tổ chức hội nghị",  # a fraction
        "Giải diễn ra từ ngày 20 đến 27/11",  # it is going on already
        "Đại hội tổ chức ngày 25/11/2027",  # far away
        "Kết quả 25/11 điểm",
        "Hội nghị hoãn, không tổ chức ngày 25/11",
        "Tạm hoãn lễ hội. Theo kế hoạch, lễ hội khai mạc ngày 25/11",
        "Hội thi bị huỷ, trước đó dự kiến diễn ra ngày 26/11",
        "Lễ hội lùi sang năm sau, không diễn ra vào ngày 28/11",
        "Giải chạy dời ngày, dự kiến tổ chức ngày 28/11",
        "Mỗi tháng họp một lần, từ ngày 25 tháng 11 năm 2020",
        "",
    ],
)
def test_what_is_unclear_is_no_event(text: str) -> None:
    assert days(text) is None


def test_what_the_title_calls_off_is_no_event_whatever_the_summary_says() -> None:
    said = ("Hoãn lễ hội Đồ Sơn", "Lễ hội khai mạc ngày 25/11/2026.")
    assert days_to_come(*said, told_on=TOLD_ON, after=SUNDAY) is None
    assert days_to_come(said[1], told_on=TOLD_ON, after=SUNDAY)


def test_a_day_without_a_year_is_the_one_nearest_to_when_it_was_written() -> None:
    found = days_to_come("Hội nghị diễn ra ngày 05/01", told_on=date(2026, 12, 25), after=date(2026, 12, 27))
    assert found == (date(2027, 1, 5), date(2027, 1, 5))
