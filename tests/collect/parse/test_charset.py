"""A document's bytes are read as the characters they are, whatever anybody declares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.collect.parse.charset import decode
from syndication.collect.parse.document import Document

SAID = "Ủy ban nhân dân tỉnh tổ chức hội nghị chuyển đổi số"
LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉĩọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ .,<>&;"


def read(body: bytes, charset: str | None = None) -> str:
    return decode(Document(body=body, url="https://portal.example/rss", charset=charset))


@pytest.mark.parametrize("charset", [None, "utf-8", "iso-8859-1", "windows-1258", "utf-16", "no-such-thing"])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_letter_cut_in_two_spoils_no_other(charset: str | None, cut: int) -> None:
    """PHP's substr() counts bytes."""
    body = f"<rss>{SAID} ngh".encode() + "ị".encode()[:cut] + f"...{SAID}</rss>".encode()
    assert read(body, charset) == f"<rss>{SAID} ngh...{SAID}</rss>"


@given(st.text(LETTERS, min_size=40, max_size=200), st.data())
def test_a_broken_byte_costs_at_most_the_letter_it_stands_in(said: str, data: st.DataObject) -> None:
    whole = SAID * 2 + said
    place = data.draw(st.integers(0, len(whole)))
    read_again = read(whole[:place].encode() + b"\xff" + whole[place:].encode(), "windows-1258")
    assert read_again == whole


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("charset", [None, "utf-8", "utf-16"])
@pytest.mark.parametrize(
    "start", ["<?xml version='1.0' encoding='utf-16'?>", "\r\n <html>", '[{"a":1}]', '{"a":1}']
)
def test_two_bytes_a_letter_show_without_a_mark(encoding: str, charset: str | None, start: str) -> None:
    assert read((start + SAID).encode(encoding), charset) == start + SAID


def test_letters_written_as_references_show_that_the_bytes_are_western() -> None:
    """«ò», «ì» and «õ» are other letters in windows-1258, which has «đ» and «ư» of its own."""
    said = "“Còn nhiều dịch vụ công” – ý kiến đã được tiếp thu, Chì, ngõ"
    western = said.encode("windows-1252", "xmlcharrefreplace")
    for charset in (None, "utf-8"):
        assert read(western, charset) == western.decode("windows-1252")
    assert read("còn nơi đây".replace("ò", "o\u0300").encode("windows-1258")) == "co\u0300n nơi đây"


@pytest.mark.parametrize("charset", ["iso-8859-1", "latin1", "us-ascii"])
def test_quotation_marks_of_windows_are_no_control_characters(charset: str) -> None:
    assert read("“Sáng nay”".encode("windows-1252"), charset) == "“Sáng nay”"


def test_what_was_encoded_twice_is_read_twice() -> None:
    shown = (bytes([byte]).decode("windows-1252", "ignore") or chr(byte) for byte in SAID.encode())
    assert read("".join(shown).encode()) == SAID


@given(st.text(LETTERS, max_size=120))
def test_sound_text_stays_as_it_is(said: str) -> None:
    assert read(said.encode()) == said
    assert read(f"{said} «Há»™i nghá»‹» là chữ hỏng đấy".encode()) == f"{said} «Há»™i nghá»‹» là chữ hỏng đấy"


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "utf-16", "idna", "hex", "windows-1258"]))
def test_any_bytes_are_read(body: bytes, charset: str | None) -> None:
    assert isinstance(read(body, charset), str)
