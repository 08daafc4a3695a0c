"""Files of subscribers as offices really save them: what is read, and what is refused with what to do."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.digest.roster import read_roster, write_roster
from syndication.domain.subscriber import RefusedLine, Registration, Subscriber, SubscriberState
from syndication.errors import RosterError

SAMPLES = Path(__file__).parent.parent / "samples" / "rosters"
CATEGORIES = frozenset({"chinh-tri", "chuyen-doi-so"})


def read(text: str | bytes) -> tuple[list[Registration], list[RefusedLine]]:
    return read_roster(text, categories=CATEGORIES)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_a_file_with_commas_is_read_whole() -> None:
    accepted, refused = read(sample("commas.csv"))
    assert refused == []
    assert accepted == [
        Registration(
            line=2,
            email="anh.tran@haiphong.example.vn",
            email_key="anh.tran@haiphong.example.vn",
            name="Trần Thị Ngọc Ánh",
            unit="Phòng Biên tập, Hải Phòng",
            categories=("chuyen-doi-so", "chinh-tri"),
            language="vi",
            basis="Hợp đồng lao động",
        ),
        Registration(
            line=3, email="binh@trungtam.local", email_key="binh@trungtam.local", name="Lê Văn Bình"
        ),
        Registration(
            line=4,
            email="d.nguyen@example.test",
            email_key="d.nguyen@example.test",
            name='Nguyễn "Sáu" Đường',
            unit="Văn phòng",
            categories=("chinh-tri",),
            language="en",
            basis="Đồng ý ngày 02/11/2026",
        ),
    ]


def test_a_file_as_excel_in_vietnam_saves_it_is_read_the_same() -> None:
    accepted, refused = read(sample("excel-vietnam.csv"))
    assert refused == []
    assert [(one.line, one.email_key, one.name, one.unit, one.categories) for one in accepted] == [
        (
            2,
            "anh.tran@haiphong.example.vn",
            "Trần Thị Ngọc Ánh",
            "Phòng Biên tập, Hải Phòng",
            ("chuyen-doi-so", "chinh-tri"),
        ),
        (4, "binh@trungtam.local", "Lê Văn Bình", "", ()),
    ]
    assert read(sample("excel-vietnam.csv").decode()) == (accepted, refused)


def test_a_file_with_tabs_and_spaces_between_categories_is_read() -> None:
    accepted, refused = read(sample("tabs.txt"))
    assert refused == []
    assert [(one.email, one.name, one.categories) for one in accepted] == [
        ("anh.tran@haiphong.example.vn", "Trần Thị Ngọc Ánh", ("chuyen-doi-so", "chinh-tri"))
    ]


def test_every_mistake_is_told_by_its_line_and_the_good_lines_are_kept() -> None:
    accepted, refused = read(sample("mistakes.csv"))
    assert [one.email for one in accepted] == ["anh@example.test", "khanh@example.test"]
    says = {one.line: one.says for one in refused}
    assert list(says) == [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert "phone, salary" in says[1]
    assert "email, name, unit" in says[1]
    assert "fill in the email" in says[3]
    assert "anh@example.test stands in line 2 already" in says[4]
    assert "without marks" in says[5]
    assert "anh.example.test is no address" in says[6]
    assert "write the address alone" in says[7]
    assert says[8] == (
        "no category the-thao; use chinh-tri, chuyen-doi-so with ; between, or leave the cell empty for all"
    )
    assert "no language fr; use vi or en" in says[9]
    assert "em@example is no address" in says[10]
    assert "8 cells for 7 columns; put a cell that holds the separator" in says[11]
    assert "quotation marks in this line" in says[12]


def test_one_line_with_several_mistakes_names_them_all() -> None:
    _, [refused] = read("email,categories,language\nanh,the-thao,fr\n")
    assert "no address" in refused.says
    assert "no category the-thao" in refused.says
    assert "no language fr" in refused.says


def test_categories_without_quotes_in_a_file_of_semicolons_are_refused_with_what_to_do() -> None:
    accepted, [refused] = read("email;categories\nanh@example.test;chinh-tri;chuyen-doi-so\n")
    assert accepted == []
    assert "double quotes" in refused.says


def test_a_line_that_was_refused_does_not_block_its_correction_further_down() -> None:
    accepted, refused = read("email,language\nanh@example.test,fr\nanh@example.test,vi\n")
    assert [one.line for one in accepted] == [3]
    assert [one.line for one in refused] == [2]


def test_a_separator_declared_in_the_first_line_is_followed() -> None:
    accepted, refused = read("sep=;\r\nemail;name\r\nanh@example.test;Ánh\r\n")
    assert (accepted[0].line, accepted[0].name, refused) == (3, "Ánh", [])


def test_a_byte_order_mark_before_a_quoted_column_is_no_part_of_its_name() -> None:
    accepted, refused = read('\ufeff"email","name"\r\n"anh@example.test","Ánh"\r\n'.encode())
    assert [(one.email, one.name) for one in accepted] == [("anh@example.test", "Ánh")]
    assert refused == []


def test_a_list_of_addresses_alone_will_do() -> None:
    accepted, refused = read("Email\r\nanh@example.test\r\nbinh@example.vn")
    assert [one.email for one in accepted] == ["anh@example.test", "binh@example.vn"]
    assert refused == []


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    accepted, _ = read('email,name\n\nanh@example.test,"Ánh\nTrần"\nbinh@example.test,Bình\n')
    assert [(one.line, one.name) for one in accepted] == [(3, "Ánh Trần"), (5, "Bình")]


@pytest.mark.parametrize("domain", ["example.vn", "mail.example", "nha.test", "noi-bo.local", "example.com"])
def test_domains_that_exist_only_inside_or_in_trials_are_fine(domain: str) -> None:
    accepted, refused = read(f"email\nanh@{domain}\n")
    assert [one.email for one in accepted] == [f"anh@{domain}"]
    assert refused == []


def test_a_domain_with_marks_is_kept_in_the_form_mail_servers_know() -> None:
    accepted, _ = read("email\nanh@trungtâm.vn\n")
    assert accepted[0].email == "anh@" + "trungtâm.vn".encode("idna").decode()


def test_the_same_mailbox_in_another_spelling_is_the_same_reader() -> None:
    accepted, refused = read("email\nAnh.Tran@Example.VN\nanh.tran@example.vn\n")
    assert [(one.email, one.email_key) for one in accepted] == [
        ("Anh.Tran@example.vn", "anh.tran@example.vn")
    ]
    assert [one.line for one in refused] == [3]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (sample("excel-unicode-text.txt"), "CSV UTF-8"),
        ("email,name\nanh@example.test,Trần Ánh\n".encode("cp1258", "replace") + b"\xc3\xff", "CSV UTF-8"),
        (b"", "no column email"),
        (b"\n\n", "no column email"),
        (b"anh@example.test\nbinh@example.test\n", "no column email"),
        (b"email,name,Email\n", "column email stands in the file twice"),
        (b'"ema"il,name\n', "Line 1"),
        (sample("open-quote.csv"), "line 3 is never closed"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_what_to_do(content: bytes, says: str) -> None:
    with pytest.raises(RosterError, match=says):
        read(content)


@given(st.text() | st.binary() | st.text().map("email,name\n".__add__))
def test_any_file_is_read_or_refused_and_what_is_accepted_can_be_mailed_to(content: str | bytes) -> None:
    try:
        accepted, refused = read(content)
    except RosterError:
        return
    assert all(one.email.isascii() and "@" in one.email and " " not in one.email for one in accepted)
    assert len({one.email_key for one in accepted}) == len(accepted)
    assert all("\n" not in one.name for one in accepted)
    assert all(one.says and "\n" not in one.says for one in refused)


def test_utf_16_without_a_mark_is_not_taken_for_something_else() -> None:
    with pytest.raises(RosterError, match="CSV UTF-8"):
        read("email,name\nanh@example.test,Anh\n".encode("utf-16-le"))


def test_a_cell_of_absurd_length_is_named_for_what_it_is() -> None:
    [anh], [refused] = read(f"email,name\nlan@example.test,{'x' * 200_000}\nanh@example.test,Anh\n")
    assert anh.email == "anh@example.test"
    assert (refused.line, "too long" in refused.says) == (2, True)


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+84 912", "-1", "@SUM(1)"])
def test_no_cell_is_a_formula_for_a_spreadsheet_and_reading_it_again_gives_the_same(name: str) -> None:
    [anh], _ = read(f"email,name,unit\nanh@example.test,{name},'=quoted\n")
    person = Subscriber(
        id=1,
        email=anh.email,
        name=anh.name,
        unit=anh.unit,
        categories=(),
        language="vi",
        basis="",
        state=SubscriberState.ACTIVE,
        since_at=datetime(2026, 11, 2, tzinfo=UTC),
    )
    written = write_roster([person], now=datetime(2026, 11, 2, tzinfo=UTC))
    cells = next(csv.reader(written.splitlines()[1:]))
    assert cells[1] == f"'{name}"
    [again], _ = read(written)
    assert (again.name, again.unit) == (anh.name, anh.unit)
