"""Sitemaps, theirs and everybody's mistakes in them, and the bombs that can be sent in their place."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.collect.parse import Document, sitemap
from syndication.collect.parse.document import MOST_ITEMS
from tests.collect.parse.samples import HERE, SOURCES, check, ends_soon, outcome, refusal, samples


def document(body: str | bytes) -> Document:
    return Document(body=body.encode() if isinstance(body, str) else body, url=HERE)


def entry(number: int, *, at: str = "") -> str:
    return f"<url><loc>https://portal.example/{number}</loc><lastmod>{at}</lastmod></url>"


@pytest.mark.parametrize("sample", samples("sitemap"))
def test_an_answer_gives_what_stands_beside_it(sample: Path) -> None:
    check(sitemap.parse, sample)


def test_a_gzipped_sitemap_is_read_like_any() -> None:
    plain = (SOURCES / "sitemap" / "news.xml").read_bytes()
    assert sitemap.parse(document(gzip.compress(plain))) == sitemap.parse(document(plain))


def test_a_damaged_gzip_is_refused() -> None:
    whole = gzip.compress(b"<urlset/>")
    assert "damaged" in refusal(sitemap.parse, document(whole[:4] + b"\xff" * 20))


def test_a_gzip_that_becomes_too_much_is_refused() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * 100_000_000)
    assert "inflates to more than 15 MB" in refusal(sitemap.parse, document(bomb))


def test_of_a_long_sitemap_the_newest_are_read_though_they_stand_last() -> None:
    first = date(2020, 1, 1)
    entries = "".join(entry(n, at=(first + timedelta(days=n)).isoformat()) for n in range(MOST_ITEMS + 100))
    read = sitemap.parse(document(f"<urlset>{entries}</urlset>"))
    assert len(read.items) == MOST_ITEMS
    assert read.items[0].url == f"https://portal.example/{MOST_ITEMS + 99}"
    assert read.items[-1].url == "https://portal.example/100"


def test_a_sitemap_in_two_bytes_a_letter_is_read() -> None:
    body = f'<?xml version="1.0" encoding="utf-16"?><urlset>{entry(1)}</urlset>'.encode("utf-16")
    assert [item.url for item in sitemap.parse(document(body)).items] == ["https://portal.example/1"]


def test_an_index_without_usable_addresses_leads_nowhere() -> None:
    body = "<sitemapindex><sitemap><loc>ftp://portal.example/a.xml</loc></sitemap><sitemap/></sitemapindex>"
    read = sitemap.parse(document(body))
    assert (read.items, read.next_url) == ((), None)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<urlset>" + "<url>" * 2_000_000, id="deep"),
        pytest.param("<urlset>" + "<url/>" * 1_000_000, id="wide"),
        pytest.param("<urlset>" + entry(1, at="2024-07-05T08:30:00+07:00") * 60_000, id="long"),
        pytest.param("<urlset " + "".join(f'a{n}="1" ' for n in range(900_000)) + ">", id="attributes"),
        pytest.param("<urlset " + "".join(f'xmlns:a{n}="1" ' for n in range(500_000)) + ">", id="names"),
        pytest.param("<urlset>" + "<![CDATA[" * 500_000, id="open CDATA"),
        pytest.param("<urlset>" + "&" * 5_000_000, id="ampersands"),
        pytest.param("<?xml?>" * 1_400_000, id="declarations"),
        pytest.param(" " * 10_000_000, id="blanks"),
        pytest.param(gzip.compress(b"<urlset>" + b"<url/>" * 500_000), id="gzipped"),
    ],
)
def test_a_hostile_sitemap_ends_soon(body: str | bytes) -> None:
    ends_soon(sitemap.parse, document(body))


PIECES = st.sampled_from(
    [
        *(
            "<urlset>",
            "</urlset>",
            "<sitemapindex>",
            "<sitemap>",
            "<url>",
            "</url>",
            "<loc>",
            "</loc>",
            "<news:news>",
        ),
        *(
            "<news:title>",
            "<lastmod>",
            "2024-07-05",
            "&",
            "&lt;",
            "&aacute;",
            "&#0;",
            "<![CDATA[",
            "]]>",
            "<?xml?>",
        ),
        *("https://portal.example/1", "http://[", "\x00", "\ufffe", "<!--", "<image:image>"),
    ]
)


@given(st.binary() | st.lists(PIECES).map(lambda pieces: ("<urlset>" + "".join(pieces)).encode()))
@settings(deadline=None)
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    outcome(sitemap.parse, document(body))
    outcome(sitemap.parse, document(gzip.compress(body)))
    outcome(sitemap.parse, document(b"\x1f\x8b" + body))


@given(st.lists(PIECES).map(lambda pieces: ("<sitemapindex>" + "".join(pieces)).encode()))
@settings(deadline=None)
def test_whatever_an_index_holds_is_read_or_refused(body: bytes) -> None:
    outcome(sitemap.parse, document(body))
