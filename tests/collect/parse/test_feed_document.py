"""A feed's bytes are read as the characters they are, and what is no feed says so."""

from __future__ import annotations

import codecs
from datetime import timedelta
from pathlib import Path

import pytest

from syndication.collect.parse import feed
from syndication.collect.parse.document import Document
from syndication.errors import NotReadable

HERE = "https://portal.example/rss"
TITLE = "Chuyển đổi số"
CZECH = "Příliš žluťoučký kůň"


def rss(title: str, *, declared: str = "") -> str:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return (
        f'{declaration}<rss version="2.0"><channel><item><title>{title}</title>'
        "<link>https://portal.example/1</link></item></channel></rss>"
    )


def title_of(body: bytes, *, charset: str | None = None) -> str:
    (item,) = feed.parse(Document(body=body, url=HERE, charset=charset)).items
    return item.title


def refusal(body: bytes) -> str:
    with pytest.raises(NotReadable) as caught:
        feed.parse(Document(body=body, url=HERE))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_a_byte_order_mark_comes_before_every_declaration(mark: bytes, encoding: str) -> None:
    body = mark + rss(TITLE, declared="iso-8859-1").encode(encoding)
    assert title_of(body, charset="windows-1252") == TITLE


@pytest.mark.parametrize("charset", [None, "us-ascii", "iso-8859-1", "windows-1258", "no-such-thing"])
@pytest.mark.parametrize("declared", ["", "us-ascii", "windows-1252", "utf-16"])
def test_valid_utf_8_is_utf_8_whatever_anybody_declares(charset: str | None, declared: str) -> None:
    assert title_of(rss(TITLE, declared=declared).encode(), charset=charset) == TITLE


@pytest.mark.parametrize("encoding", ["windows-1250", "iso-8859-2"])
def test_an_old_encoding_is_read_by_the_header_before_the_declaration(encoding: str) -> None:
    assert title_of(rss(CZECH).encode(encoding), charset=encoding) == CZECH
    assert title_of(rss(CZECH, declared=encoding).encode(encoding)) == CZECH
    assert title_of(rss(CZECH, declared="iso-8859-5").encode(encoding), charset=encoding) == CZECH
    assert title_of(rss(CZECH, declared=encoding).encode(encoding), charset="no-such-thing") == CZECH


def test_bytes_in_no_encoding_at_all_are_still_read() -> None:
    assert title_of(rss("Tin X").encode().replace(b"X", b"\xff\xd2\x81")).startswith("Tin ")


def test_characters_that_xml_forbids_are_taken_out() -> None:
    assert title_of(rss("Tin\x00 m\x0bới\x1f\ufffe").encode()) == "Tin mới"


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><html><head><title>\xc4\x90\xc4\x83ng nh\xe1\xba\xadp</title></head></html>",
        b"  <HTML><body>Just a moment...</body></HTML>",
        b"<p><body class=parked>This domain is for sale</body>",
    ],
    ids=["login", "challenge", "parked"],
)
def test_a_web_page_where_a_feed_should_be_is_named(page: bytes) -> None:
    assert "a web page, not a feed" in refusal(page)


@pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf"])
def test_an_empty_answer_is_named(body: bytes) -> None:
    assert "the answer is empty" in refusal(body)


def test_a_document_that_names_a_file_or_an_address_opens_neither(tmp_path: Path) -> None:
    """feedparser takes a string for what to open; it is given bytes alone. The tests' sockets lead nowhere."""
    secret = tmp_path / "secret.rss"
    secret.write_text(rss("bí mật"), encoding="utf-8")
    for body in (str(secret), f"file://{secret}", "http://192.0.2.1/rss"):
        assert "neither RSS nor Atom" in refusal(body.encode())


@pytest.mark.parametrize(
    ("says", "every"),
    [
        ("<ttl>90</ttl>", timedelta(minutes=90)),
        ("<ttl> 15\n</ttl>", timedelta(minutes=15)),
        (
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
            timedelta(minutes=30),
        ),
        ("<sy:updatePeriod>\n daily </sy:updatePeriod>", timedelta(days=1)),
        ("<ttl>30</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        ("<ttl>often</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", None),
        ("<sy:updatePeriod>whenever</sy:updatePeriod>", None),
        ("", None),
    ],
)
def test_a_feed_says_how_often_it_is_worth_asking_for(says: str, every: timedelta | None) -> None:
    body = rss(TITLE).replace("<rss ", '<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" ')
    body = body.replace("<channel>", f"<channel>{says}")
    assert feed.parse(Document(body=body.encode(), url=HERE)).every == every


def test_a_page_that_says_what_it_is_is_named_by_that() -> None:
    login = "<html><head><title>Đăng nhập</title></head><body><input type=password></body></html>"
    assert "a login page («Đăng nhập»)" in refusal(login.encode())
    leads = '<html><head><meta http-equiv="refresh" content="0;url=/moi.rss"></head><body></body></html>'
    assert "only leads on to /moi.rss" in refusal(leads.encode())
