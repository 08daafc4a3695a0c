"""Vietnamese text: one stored form, keys under which spellings meet, order, and strings that are safe anywhere."""

from __future__ import annotations

import random
import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndication import text

XML_CHAR = re.compile(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
"""Char of XML 1.0 §2.2."""

unhurried = settings(deadline=None)
"""How fast a property is checked says nothing about it on a busy machine."""

ANYTHING = st.text(st.characters(exclude_categories=()))
"""Lone surrogates included: that is what a broken header or JSON escape leaves behind."""

VIETNAMESE = st.text(
    "aàảãáạăằâẫbcdđĐÐƉeêếghiklmnoôốơờpqrstuưữvxyỹHOÀ \u0301\u0323\u0302\u031b-–&;#", max_size=60
)

VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
"""None, huyền, hỏi, ngã, sắc, nặng: the order of the dictionaries."""
ALPHABET = [
    unicodedata.normalize("NFC", letter + tone)
    for letter in "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
    for tone in (TONES if letter in VOWELS else ("",))
]
"""Every letter of the alphabet under every tone it can bear, in dictionary order: 93 of them."""


def nfd(written: str) -> str:
    return unicodedata.normalize("NFD", written)


def test_stored_text_is_nfc_and_otherwise_as_it_was_written() -> None:
    assert text.clean_text(nfd("Hoà Bình – hòa giải\n«Đà Nẵng»")) == "Hoà Bình – hòa giải\n«Đà Nẵng»"


@unhurried
@given(ANYTHING)
def test_clean_text_is_legal_xml_and_settled(raw: str) -> None:
    clean = text.clean_text(raw)
    assert XML_CHAR.fullmatch(clean)
    assert clean.encode().decode() == clean
    assert text.clean_text(clean) == clean


@pytest.mark.parametrize(
    "unseen", ["\u200e", "\u202e", "\u2066", "\u061c", "\u00ad", "\u200b", "\u2060", "\ufeff", "\x00", "\x9f"]
)
def test_what_nobody_sees_is_taken_out(unseen: str) -> None:
    assert text.clean_text(f"Chuyển đổi s{unseen}ố") == "Chuyển đổi số"


@pytest.mark.parametrize(
    "space", ["\u00a0", "\t", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", " \u200e ", "\u3000"]
)
def test_whatever_parts_words_becomes_one_space(space: str) -> None:
    assert text.one_line(f" Hội{space}nghị{space}") == "Hội nghị"


@unhurried
@given(ANYTHING)
def test_a_line_is_one_line(raw: str) -> None:
    line = text.one_line(raw)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert "  " not in line
    assert text.one_line(line) == line


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("Sở TT&amp;TT họp", "Sở TT&TT họp"),
        ("Sở TT&amp;amp;TT họp", "Sở TT&TT họp"),
        ("Sở TT&TT họp", "Sở TT&TT họp"),
        ("Nói về &amp;amp;amp; trong HTML", "Nói về &amp; trong HTML"),
        ("5 < 6 và 7 > 6", "5 < 6 và 7 > 6"),
        ("a<b", "a<b"),
        ("<b>Hội nghị</b><br/>tổng kết", "Hội nghị tổng kết"),
        ("&lt;b&gt;Hội nghị&lt;/b&gt;", "Hội nghị"),
        ("&amp;lt;i&amp;gt;Hội nghị", "Hội nghị"),
        ("Hội ngh&#7883;&nbsp;&#x1EDB;", "Hội nghị ớ"),
        ("<!-- ẩn -->Hội nghị", "Hội nghị"),
        ("XD&GTNT &amp; TT&TT", "XD&GTNT & TT&TT"),
        ("KH&REG, GD&ETH &amp; &notanentity;", "KH&REG, GD&ETH & ¬anentity;"),
        ("&#0;&#xD800;&#8203;", "��"),
        ("&#8203;", ""),
        ("", ""),
    ],
)
def test_a_title_is_read_as_its_author_meant_it(raw: str, plain: str) -> None:
    assert text.plain_line(raw) == plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hoà", "hòa"),
        ("THUÝ", "thúy"),
        ("Quỹ", "QUỸ"),
        ("đường", "Đường"),
        ("đường", "Ðường"),  # U+00D0, the Icelandic letter
        ("đường", "ðường"),
        ("đường", "Ɖường"),  # U+0189, the African letter
        ("đường", "duong"),
        ("Thời sự – Chính trị", "THỜI SỰ - CHÍNH TRỊ"),
        ("CNTT&TT", "cntt & tt"),
        ("Chuyển\u00a0đổi số", "chuyển đổi số"),
        ("chuy\u200bển đổi", "chuyển đổi"),
        ("Ｃhuyển", "chuyển"),
        ("𝐂huyển", "chuyển"),
    ],
)
def test_spellings_of_one_word_meet(one: str, other: str) -> None:
    assert text.fold(one) == text.fold(other) != ""


def test_different_words_do_not_meet() -> None:
    words = ["số", "sổ tay", "chuyển", "chuyên đề", "đa", "da2", "an toàn", "antoan"]
    assert len({text.fold(word) for word in words}) == len(words)


@unhurried
@given(ANYTHING | VIETNAMESE)
@example("İ ŉ ﬀ K Å ẞ")
def test_folding_twice_folds_once(raw: str) -> None:
    folded = text.fold(raw)
    assert text.fold(folded) == folded
    assert re.fullmatch(r"(?:[0-9a-z]+(?: [0-9a-z]+)*)?", folded)


@unhurried
@given(ANYTHING | VIETNAMESE)
def test_folding_does_not_see_how_marks_are_encoded(raw: str) -> None:
    assert text.fold(unicodedata.normalize("NFC", raw)) == text.fold(unicodedata.normalize("NFD", raw))


@unhurried
@given(ANYTHING | VIETNAMESE)
def test_a_slug_is_safe_in_an_address(raw: str) -> None:
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", text.slug(raw))


def test_a_slug_reads_like_its_text() -> None:
    assert text.slug("CNTT – Viễn thông Đồ Sơn") == "cntt-vien-thong-do-son"


def test_every_letter_stands_where_the_dictionary_has_it() -> None:
    assert len(ALPHABET) == 93
    shuffled = random.Random(7).sample(ALPHABET, len(ALPHABET))
    assert sorted(shuffled, key=text.dictionary_key) == ALPHABET
    assert sorted(map(str.upper, shuffled), key=text.dictionary_key) == [one.upper() for one in ALPHABET]
    assert sorted(map(nfd, shuffled), key=text.dictionary_key) == [nfd(one) for one in ALPHABET]


def test_words_are_ordered_syllable_by_syllable() -> None:
    order = [
        "An Giang",
        "ba con",
        "bà chân",
        "Bà Rịa – Vũng Tàu",
        "Bạc Liêu",
        "Bắc Giang",
        "Bắc Kạn",
        "Bình Định",
        "Bình Thuận",
        "Cao Bằng",
        "Cần Thơ",
        "Đà Nẵng",
        "Đắk Lắk",
        "Điện Biên",
        "Gia Lai",
        "Hà Nam",
        "Hà Nội",
        "Hạ Long",
        "Hải Phòng",
        "hoa",
        "hoà",
        "hoá",
        "Hoàn Kiếm",
        "Yên Bái",
    ]
    assert sorted(random.Random(1).sample(order, len(order)), key=text.dictionary_key) == order


def test_where_a_tone_mark_sits_does_not_change_the_order() -> None:
    assert text.dictionary_key("hoà") == text.dictionary_key("hòa")
    assert sorted(["hoá", "hòa", "hóa", "hoà"], key=text.dictionary_key)[:2] == ["hòa", "hoà"]


@unhurried
@given(ANYTHING | VIETNAMESE)
@example("x\u0301")
@example("\u0301")
def test_everything_has_a_place_in_the_order(raw: str) -> None:
    assert text.dictionary_key(raw) <= text.dictionary_key(raw + " a")


@unhurried
@given(ANYTHING | VIETNAMESE, st.integers(min_value=1, max_value=40))
@example("e\u0301" * 5, 4)
@example("một hai ba", 8)
def test_a_shortened_text_fits_and_parts_no_letter_from_its_marks(raw: str, limit: int) -> None:
    short = text.shorten(raw, limit)
    assert len(short) <= limit
    if short == raw:
        return
    head = short.removesuffix("…")
    assert short.endswith("…")
    assert raw.startswith(head)
    assert not unicodedata.category(raw[len(head)]).startswith("M") or not head


def test_a_text_is_shortened_at_a_word() -> None:
    told = "Hội nghị trực tuyến toàn quốc về chuyển đổi số"
    assert text.shorten(told, len(told)) == told
    assert text.shorten(told, len(told) - 1) == "Hội nghị trực tuyến toàn quốc về chuyển đổi…"
    assert text.shorten("Tổng kết, khen thưởng", 10) == "Tổng kết…"
    assert text.shorten("một hai ba", 8) == "một hai…"
    assert text.shorten("Donaudampfschiffahrt", 10) == "Donaudamp…"
    assert text.shorten("ab", 1) == "…"


@given(st.text(), st.integers(1, 80))
def test_sentences_fit_but_for_the_one_that_is_spared(raw: str, limit: int) -> None:
    told = text.sentences(raw, limit)
    assert len(told) <= limit * 1.25
    assert text.one_line(raw).startswith(told.removesuffix("…").rstrip())


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (40, "Sáng 4/7, TP. Hải Phòng họp trực tuyến."),
        (30, "Sáng 4/7, TP. Hải Phòng họp…"),
        (58, "Sáng 4/7, TP. Hải Phòng họp trực tuyến."),
        (73, "Sáng 4/7, TP. Hải Phòng họp trực tuyến. Ông Nam nêu các kết quả của tỉnh."),
        (33, "Sáng 4/7, TP. Hải Phòng họp trực tuyến."),
    ],
)
def test_a_text_ends_with_a_sentence_where_it_can(limit: int, told: str) -> None:
    whole = "Sáng 4/7, TP. Hải Phòng họp trực tuyến. Ông Nam nêu các kết quả của tỉnh. Còn nữa."
    assert text.sentences(whole, limit) == told


def test_no_text_breaks_off_at_a_word_that_announces_what_was_cut() -> None:
    assert text.sentences("Đoàn kiểm tra đã làm việc với các sở và các xã trên địa bàn", 40) == (
        "Đoàn kiểm tra đã làm việc với các sở…"
    )
