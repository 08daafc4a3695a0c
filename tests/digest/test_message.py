"""The digest as mail: headers any decoder reads back, bodies that survive, values that cannot break out."""

from __future__ import annotations

import base64
import email
import email.policy
import random
import re
import shutil
import subprocess
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.digest import message
from syndication.digest.message import (
    HTML_LIMIT,
    PREFERENCES_PLACEHOLDER,
    UNSUBSCRIBE_PLACEHOLDER,
    Letter,
    Prepared,
    prepare,
)
from syndication.errors import IssueError, MailError
from syndication.text import clean_text, one_line
from tests.cast import missing

LETTER = Letter(
    subject="Điểm tin tuần 47: Hải Phòng khai trương cổng dữ liệu mở, Đồng Tháp số hóa hồ sơ đất đai",
    text=f"Chào bạn,\n\nTin trong tuần.\n\nHủy nhận tin: {UNSUBSCRIBE_PLACEHOLDER}\n",
    html=f'<html lang="vi"><p>Tin trong tuần</p><a href="{UNSUBSCRIBE_PLACEHOLDER}">Hủy nhận tin</a></html>',
    mail_from="Bản tin tuần các Trung tâm <tin@example.vn>",
    list_id="weekly.tin.example.vn",
    list_name="Bản tin tuần",
    date=datetime(2026, 11, 23, 0, 0, tzinfo=UTC),
    archive_url="https://tin.example.vn/digest/2026-w47",
    feedback_id="2026-w47:digest:syndication",
    contact="lien-he@example.vn",
)
UNSUBSCRIBE = "https://tin.example.vn/unsubscribe/1-gq3tcmi-2qpc7yw5kbhq6c3jhxnkd5pjhq"
SYLLABLES = (
    "Nguyễn Thị Đường Quỳnh nghị quyết chuyển đổi số Ủy ban nhân dân thành phố Hải Phòng Đắk Lắk "
    "Thừa Thiên Huế phường xã trực tuyến thủ tục hành chính khuyến khích ngoằn ngoèo nghiêng Ữ ữ Ẵ ặ Ỹ ỵ ASEAN 5G AI "
    '2026 – « » “ ” (số 12/NĐ-CP), : ; ? ! = _ =?utf-8?q?x?= … & @ < > " \\ 100% 🇻🇳 a'
).split(" ")


def bytes_of(prepared: Prepared, **changes: str | None) -> bytes:
    values: dict[str, str | None] = {
        "to_name": "Trần Thị Ngọc Ánh",
        "to_address": "anh@example.test",
        "unsubscribe_url": UNSUBSCRIBE,
        "unsubscribe_mailto": "mailto:unsubscribe+1-gq3tcmi@example.vn",
        "message_id": "<0123456789abcdef0123456789abcdef@tin.example.vn>",
    }
    return prepared.bytes_for(**(values | changes))  # type: ignore[arg-type]


def parsed(raw: bytes) -> Message:
    return email.message_from_bytes(raw, policy=email.policy.compat32)


def body(raw: bytes, part: int) -> str:
    decoded = parsed(raw).get_payload(part).get_payload(decode=True)  # type: ignore[union-attr]
    assert isinstance(decoded, bytes)
    return decoded.decode().replace("\r\n", "\n")


def raw_header(raw: bytes, name: str) -> str:
    """A header as it stands in the bytes, unfolded; independent of Python's mail package."""
    head = raw.split(b"\r\n\r\n", 1)[0].decode("ascii") + "\r\n"
    found = re.search(rf"(?:^|\r\n){name}: ((?:[^\r\n]*)(?:\r\n[ \t][^\r\n]*)*)\r\n", head)
    assert found is not None, name
    return found[1].replace("\r\n", "")


def decoded_by_rfc_2047(value: str) -> str:
    """A second decoder, from the RFC alone: §4.1, §4.2, and §6.2 (no space between encoded-words)."""

    def word(match: re.Match[str]) -> str:
        assert len(match[0]) <= 75, "RFC 2047 §2"
        charset, encoding, text = match[1], match[2].lower(), match[3]
        if encoding == "b":
            return base64.b64decode(text, validate=True).decode(charset)
        spaced = text.replace("_", " ").encode("ascii")
        return re.sub(rb"=([0-9A-F]{2})", lambda pair: bytes.fromhex(pair[1].decode()), spaced).decode(
            charset
        )

    encoded = r"=\?([A-Za-z0-9-]+)\?([BbQq])\?([!->@-~]*)\?="
    joined = re.sub(rf"({encoded})[ \t]+(?={encoded})", r"\1", value)
    while joined != value:
        value, joined = joined, re.sub(rf"({encoded})[ \t]+(?={encoded})", r"\1", joined)
    assert "?==?" not in re.sub(encoded, "", value)
    return re.sub(encoded, word, value)


def assert_reads_back(raw: bytes, subject: str, name: str) -> None:
    subject, name = one_line(subject), one_line(name)
    assert str(make_header(decode_header(parsed(raw)["Subject"]))) == subject
    assert decoded_by_rfc_2047(raw_header(raw, "Subject")) == subject
    phrase, _, address = raw_header(raw, "To").rpartition("anh@example.test")
    assert address == (">" if name else "")
    assert decoded_by_rfc_2047(phrase.removesuffix("<").rstrip(" ")) == name
    assert str(make_header(decode_header(phrase.removesuffix("<").rstrip(" ")))) == name
    assert_lines_are_right(raw)


def assert_lines_are_right(raw: bytes) -> None:
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    for line in raw.split(b"\r\n"):
        assert len(line) <= (998 if line.startswith(b"List-Unsubscribe: ") else 78), line
        assert not line.startswith((b".", b"From ")), line
        assert not line.endswith((b" ", b"\t")), line


def with_subject_and_name(subject: str, name: str) -> bytes:
    return bytes_of(prepare(replace(LETTER, subject=subject)), to_name=name)


def test_two_thousand_vietnamese_subjects_and_names_read_back_in_two_decoders() -> None:
    chance = random.Random(47)
    for _ in range(2000):
        subject = " ".join(chance.choices(SYLLABLES, k=chance.randint(1, 40)))
        name = " ".join(chance.choices(SYLLABLES, k=chance.randint(0, 12)))
        assert_reads_back(with_subject_and_name(subject, name), subject, name)


def test_perl_reads_two_thousand_subjects_and_names_as_they_were() -> None:
    perl = shutil.which("perl")
    if perl is None:
        missing("perl")
    chance = random.Random(48)
    written, headers = [], []
    for _ in range(2000):
        subject = " ".join(chance.choices(SYLLABLES, k=chance.randint(1, 40)))
        name = " ".join(chance.choices(SYLLABLES, k=chance.randint(1, 12)))
        raw = with_subject_and_name(subject, name)
        written += [one_line(subject), one_line(name)]
        # Perl wants a header still folded, as it stands in the mail, and no address behind a name.
        subject_lines = re.search(rb"\r\nSubject: (.*?)\r\n(?![ \t])", raw, re.DOTALL)
        to_lines = re.search(rb"\r\nTo: (.*?)<anh@example.test>", raw, re.DOTALL)
        assert subject_lines
        assert to_lines
        headers += [subject_lines[1], to_lines[1].rstrip()]
    script = (
        "use Encode; binmode STDOUT, ':utf8'; $/ = \"\\0\"; "
        "while (<STDIN>) { chomp; print decode('MIME-Header', $_), \"\\0\" }"
    )
    done = subprocess.run(
        [perl, "-e", script], input=b"".join(one + b"\0" for one in headers), capture_output=True, check=True
    )
    assert done.stdout.decode().split("\0")[:-1] == written


ONE_LINE = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"))


@settings(deadline=None)
@given(ONE_LINE.filter(one_line), ONE_LINE)
def test_any_subject_and_name_read_back(subject: str, name: str) -> None:
    assert_reads_back(with_subject_and_name(subject, name), subject, name)


def test_decomposed_text_and_control_characters_leave_as_one_clean_form() -> None:
    raw = with_subject_and_name(unicodedata.normalize("NFD", "Hội\u0092 nghị\u0007 Đường"), "Lê\u0085Thị")
    assert decoded_by_rfc_2047(raw_header(raw, "Subject")) == unicodedata.normalize("NFC", "Hội nghị Đường")
    clean = bytes_of(
        prepare(
            replace(LETTER, text=unicodedata.normalize("NFD", f"Ngữ\u0092\x00\n{UNSUBSCRIBE_PLACEHOLDER}"))
        )
    )
    assert body(clean, 0) == f"Ngữ\n{UNSUBSCRIBE}"


def test_every_header_a_digest_needs_is_there_once_and_says_what_it_should() -> None:
    raw = bytes_of(prepare(LETTER))
    expected = {
        "From": "Bản tin tuần các Trung tâm <tin@example.vn>",
        "To": "Trần Thị Ngọc Ánh <anh@example.test>",
        "Subject": LETTER.subject,
        "Date": "Mon, 23 Nov 2026 07:00:00 +0700",
        "Message-ID": "<0123456789abcdef0123456789abcdef@tin.example.vn>",
        "MIME-Version": "1.0",
        "List-Id": "Bản tin tuần <weekly.tin.example.vn>",
        "List-Unsubscribe": f"<{UNSUBSCRIBE}>, <mailto:unsubscribe+1-gq3tcmi@example.vn>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Archive": "<https://tin.example.vn/digest/2026-w47>",
        "List-Owner": "<mailto:lien-he@example.vn>",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "X-Auto-Response-Suppress": "OOF, AutoReply, RN, NRN",
        "Feedback-ID": "2026-w47:digest:syndication",
    }
    assert {name: decoded_by_rfc_2047(raw_header(raw, name)) for name in expected} == expected
    assert sorted(parsed(raw).keys()) == sorted([*expected, "Content-Type"])
    assert f"\r\nList-Unsubscribe: {expected['List-Unsubscribe']}\r\n".encode() in raw


def test_a_contact_that_is_neither_an_address_nor_a_page_makes_no_header() -> None:
    for contact, header in [
        ("https://tin.example.vn/lien-he", "<https://tin.example.vn/lien-he>"),
        ("Phòng Truyền thông, máy lẻ 12", None),
        (None, None),
    ]:
        assert parsed(bytes_of(prepare(replace(LETTER, contact=contact))))["List-Owner"] == header


def test_a_mail_has_text_first_then_html_and_a_strict_parser_finds_no_fault() -> None:
    raw = bytes_of(prepare(LETTER))
    strict = email.message_from_bytes(raw, policy=email.policy.default)
    assert [part.get_content_type() for part in strict.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert [part.defects for part in strict.walk()] == [[], [], []]
    assert body(raw, 0) == LETTER.text.rstrip("\n").replace(UNSUBSCRIBE_PLACEHOLDER, UNSUBSCRIBE)
    assert body(raw, 1) == LETTER.html.replace(UNSUBSCRIBE_PLACEHOLDER, UNSUBSCRIBE)


FRAGMENTS = st.tuples(
    st.sampled_from(["", " ", "\n", ".", ")", '"', "<", "\u0301", "\r\n", "=\n"]),
    st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" .=\nFrom\tễ")))
    | st.sampled_from(["\0", "From nowhere\n.\n..\n", "ễ" * 90, "\nFrom " * 9, " " * 200, "." * 200]),
).map("".join)
ADDRESSES = st.from_regex(r"https://[a-z]{1,9}\.vn/[A-Za-z0-9=&?%/._~-]{0,300}", fullmatch=True)


@settings(deadline=None)
@given(
    st.lists(FRAGMENTS, min_size=2, max_size=5),
    st.lists(st.booleans(), min_size=4, max_size=4),
    ADDRESSES,
    ADDRESSES,
)
def test_whatever_stands_around_a_placeholder_the_value_lands_exactly_there(
    fragments: list[str], choices: list[bool], unsubscribe: str, preferences: str
) -> None:
    # After an address only what cannot belong to it: the template's own words follow a space or a mark.
    fragments = [
        fragment if place == 0 or re.match(r"[^A-Za-z0-9/?#&=%_-]", fragment) else " " + fragment
        for place, fragment in enumerate(fragments)
    ]
    placeholders = [
        UNSUBSCRIBE_PLACEHOLDER if place == 0 or choice else PREFERENCES_PLACEHOLDER
        for place, choice in enumerate(choices[: len(fragments) - 1])
    ]
    source, expected = fragments[0], clean_lines(fragments[0])
    for placeholder, fragment in zip(placeholders, fragments[1:], strict=True):
        source += placeholder + fragment
        value = unsubscribe if placeholder == UNSUBSCRIBE_PLACEHOLDER else preferences
        expected += value + clean_lines(fragment)
    letter = replace(LETTER, text=source, html=source.replace("\u0338", ""))
    raw = bytes_of(
        prepare(letter), unsubscribe_url=unsubscribe, unsubscribe_mailto=None, preferences_url=preferences
    )
    assert body(raw, 0) == expected.rstrip("\n")
    assert_lines_are_right(raw)


def clean_lines(text: str) -> str:
    return clean_text(text.replace("\r\n", "\n").replace("\r", "\n"))


def test_two_values_with_nothing_left_between_them_still_fit_their_lines() -> None:
    raw = bytes_of(prepare(replace(LETTER, text=f"{UNSUBSCRIBE_PLACEHOLDER}\0{UNSUBSCRIBE_PLACEHOLDER}")))
    assert body(raw, 0) == UNSUBSCRIBE * 2
    assert_lines_are_right(raw)


def test_an_address_with_an_ampersand_is_written_as_html_in_the_html_only() -> None:
    raw = bytes_of(prepare(LETTER), unsubscribe_url="https://tin.example.vn/u?a=1&b=2")
    assert "https://tin.example.vn/u?a=1&b=2" in body(raw, 0)
    hrefs: list[str | None] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            hrefs.extend(value for name, value in attrs if name == "href")

    Links().feed(body(raw, 1))
    assert hrefs == ["https://tin.example.vn/u?a=1&b=2"]
    assert "&amp;b=2" in body(raw, 1)


def test_a_mark_that_would_melt_into_a_tag_stays_beside_it() -> None:
    page = f'<b>\u0338tin</b><a href="{UNSUBSCRIBE_PLACEHOLDER}">x</a>'
    assert body(bytes_of(prepare(replace(LETTER, html=page))), 1).startswith("<b>&#824;tin</b>")


def test_readers_get_their_own_values_and_the_same_of_all_else() -> None:
    prepared = prepare(LETTER)
    first = bytes_of(prepared)
    second = bytes_of(
        prepared,
        to_name="Lê Văn Bình",
        to_address="binh@example.test",
        unsubscribe_url=UNSUBSCRIBE + "b",
        message_id="<ffff@tin.example.vn>",
    )
    assert bytes_of(prepared) == first
    assert b"anh@example.test" not in second
    assert body(second, 0) == body(first, 0).replace(UNSUBSCRIBE, UNSUBSCRIBE + "b")
    differing = {line.split(b":")[0] for line in set(second.split(b"\r\n")) ^ set(first.split(b"\r\n"))}
    assert {b"To", b"Message-ID", b"List-Unsubscribe"} <= differing
    assert not {b"From", b"Subject", b"Date", b"List-Id", b"Content-Type"} & differing


def test_a_reader_without_a_name_is_addressed_by_address() -> None:
    assert raw_header(bytes_of(prepare(LETTER), to_name=""), "To") == "anh@example.test"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to_name", "Anh\r\nBcc: all@example.vn"),
        ("to_name", "\n"),
        ("to_address", "anh@example.test\r\n"),
        ("to_address", "anh@example.test>, <all@example.vn"),
        ("to_address", "ánh@example.test"),
        ("to_address", "anh"),
        ("unsubscribe_url", "https://tin.example.vn/\n"),
        ("unsubscribe_url", "https://tin.example.vn/>, <https://other.example"),
        ("unsubscribe_url", "https://tin.example.vn/hủy"),
        ("unsubscribe_url", "javascript:alert(1)"),
        ("unsubscribe_url", "https://tin.example.vn/" + "x" * 998),
        ("unsubscribe_mailto", "mailto:a@b.vn>\r\nBcc: all@example.vn"),
        ("unsubscribe_mailto", "a@b.vn"),
        ("message_id", "0123@tin.example.vn"),
        ("message_id", "<0123@tin.example.vn>\n"),
        ("preferences_url", 'https://tin.example.vn/"><script>'),
    ],
)
def test_a_personal_value_that_could_break_out_is_refused_for_good(field: str, value: str) -> None:
    with pytest.raises(MailError) as refused:
        bytes_of(prepare(LETTER), **{field: value})
    assert refused.value.permanent


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Tin\r\nBcc: all@example.vn"},
        {"subject": "Tin\n"},
        {"subject": " \u200e"},
        {"mail_from": "Tin\n <tin@example.vn>"},
        {"mail_from": "Tin <không@example.vn>"},
        {"mail_from": "Tin"},
        {"list_name": "Tin\rTuần"},
        {"list_id": "weekly list"},
        {"archive_url": "/digest/2026-w47"},
        {"feedback_id": "a:b\r\nBcc: x@example.vn"},
        {"date": datetime(2026, 11, 23)},  # noqa: DTZ001
    ],
)
def test_a_header_that_cannot_be_written_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(MailError):
        prepare(replace(LETTER, **change))  # type: ignore[arg-type]


def test_html_that_mail_programs_would_cut_is_refused_with_what_to_do() -> None:
    room = HTML_LIMIT - len(LETTER.html.encode())
    prepare(replace(LETTER, html=LETTER.html + "x" * room))
    with pytest.raises(IssueError, match="100 KB; take stories out"):
        prepare(replace(LETTER, html=LETTER.html + "x" * (room + 1)))


@pytest.mark.parametrize("part", ["text", "html"])
def test_a_part_without_the_unsubscribe_link_or_with_a_changed_one_is_refused(part: str) -> None:
    for content, says in [
        ("Tin", "no unsubscribe link"),
        (f"{UNSUBSCRIBE_PLACEHOLDER} {UNSUBSCRIBE_PLACEHOLDER}/x", "exactly"),
        (f"{UNSUBSCRIBE_PLACEHOLDER} {PREFERENCES_PLACEHOLDER.upper()}", "exactly"),
    ]:
        with pytest.raises(IssueError, match=says):
            prepare(replace(LETTER, **{part: content}))  # type: ignore[arg-type]


def test_a_template_that_links_to_preferences_needs_their_address() -> None:
    prepared = prepare(replace(LETTER, text=f"{UNSUBSCRIBE_PLACEHOLDER} {PREFERENCES_PLACEHOLDER}"))
    with pytest.raises(MailError, match="preferences"):
        bytes_of(prepared)
    assert body(bytes_of(prepared, preferences_url="https://a.vn/p"), 0) == f"{UNSUBSCRIBE} https://a.vn/p"


def test_a_trial_says_so_in_its_subject() -> None:
    raw = bytes_of(prepare(message.test_letter(LETTER)))
    assert decoded_by_rfc_2047(raw_header(raw, "Subject")) == "[THỬ] " + LETTER.subject
