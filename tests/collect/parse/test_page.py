"""A listing is read by its selectors; a page that is not the listing says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndication.catalogue import read_catalogue
from syndication.collect.parse import Document, page
from syndication.collect.parse.document import MOST_ITEMS
from syndication.domain.portal import Read, Source
from syndication.settings import HOUSE
from tests.collect.parse.samples import HERE, check, ends_soon, outcome, refusal, samples

SELECT = {
    "item": ":has(> a[href*='/tin/'])",
    "title": "h3, a",
    "link": "a[href*='/tin/']@href",
    "date": ".ngay, time",
    "summary": "p, b",
    "image": "img@src",
    "next": "a.sau",
}
LISTED = [
    pytest.param(source, id=f"{source.portal} {source.url}")
    for source in read_catalogue(HOUSE / "feeds").sources
    if source.read is Read.PAGE
]


def document(body: str | bytes, **select: str) -> Document:
    return Document(body=body.encode() if isinstance(body, str) else body, url=HERE, select=select or SELECT)


@pytest.mark.parametrize("sample", samples("page"))
def test_a_page_gives_what_stands_beside_it(sample: Path) -> None:
    check(page.parse, sample)


@pytest.mark.parametrize("source", LISTED)
def test_every_selector_in_the_catalogue_is_one(source: Source) -> None:
    says = refusal(page.parse, Document(body=b"<p>Trang khac</p>", url=source.url, select=source.select))
    assert "the page has changed: select.item" in says


def test_a_listing_is_cut_at_the_most_items() -> None:
    links = "".join(f'<li><a href="/tin/{number}">Tin {number}</a></li>' for number in range(MOST_ITEMS + 50))
    read = page.parse(document(f"<ul>{links}</ul>"))
    assert [item.title for item in read.items] == [f"Tin {number}" for number in range(MOST_ITEMS)]


@pytest.mark.parametrize(
    ("here", "link", "older"),
    [
        ("/tin", "/tin/page/2", True),
        ("/tin/page/35/", "/tin/page/36/", True),
        ("/tin/page/35/", "/tin/page/34/", False),
        ("/tin/page/35/", "/tin/page/37/", False),
        ("/tin/page/35/", "/su-kien/page/36/", False),
        ("/tin", "/tin/trang-2.html", True),
        ("/tin/trang-302.html", "/tin/trang-303.html", True),
        ("/news/", "/news/page-2", True),
        ("/tin.html", "/tin-p2.html", True),
        ("/tin", "/tin-page2", True),
        ("/article/index/14?page=3802", "/article/index/14?page=3803", True),
        ("/tin?cat=82", "/tin?cat=82&page=2", True),
        ("/tin?cat=82&Page=2", "/tin?Page=3&cat=82", True),
        ("/tin?cat=82", "/tin?cat=83&page=2", False),
        ("/tin", "/tin-2.html", False),
        ("/tag/so/1.html", "/tag/so/2.html", True),
        ("/tag/so/1.html", "/tag/khac/2.html", False),
        ("/tin", "/tin/2.html", False),
        (
            "/ChuyenMuc/PhanTrang/1753/10/Chuyen-doi-so.html",
            "/ChuyenMuc/PhanTrang/1753/11/Chuyen-doi-so.html",
            True,
        ),
        (
            "/ChuyenMuc/PhanTrang/1753/10/Chuyen-doi-so.html",
            "/ChuyenMuc/PhanTrang/1754/11/Chuyen-doi-so.html",
            False,
        ),
        ("/tin", "https://other.example/tin?page=2", False),
        ("/tin", "/tin?page=2000000000", False),
    ],
)
def test_the_next_page_is_the_one_with_the_next_number(here: str, link: str, older: bool) -> None:
    body = f'<ul class="n"><li><a href="/bai">Bài</a></li></ul><a href="#">1</a><a href="{link}">2</a>'
    select = {"item": "ul.n > li", "link": "a"}
    url = f"https://portal.example{here}"
    read = page.parse(Document(body=body.encode(), url=url, select=select))
    address = link if link.startswith("https:") else f"https://portal.example{link}"
    assert read.next_url == (address if older else None)


@pytest.mark.parametrize("form", ["?page={}", "-page{}", "/trang-{}.html"])
def test_where_pages_are_counted_from_nought_the_second_is_number_one(form: str) -> None:
    """Drupal and VietnamNet do so; «1» leads to the first page however it is written."""

    def turned(here: str) -> str | None:
        links = "".join(f'<a href="/tin{form.format(number)}">{number + 1}</a>' for number in range(4))
        body = f'<ul class="n"><li><a href="/bai">Bài</a></li></ul>{links}'
        select = {"item": "ul.n > li", "link": "a"}
        read = page.parse(Document(body=body.encode(), url=f"https://portal.example{here}", select=select))
        return read.next_url

    def address(number: int) -> str:
        return f"https://portal.example/tin{form.format(number)}"

    assert turned("/tin") == address(1)
    assert turned(f"/tin{form.format(1)}") == address(2)
    assert turned(f"/tin{form.format(2)}") == address(3)
    assert turned(f"/tin{form.format(3)}") is None


def test_the_last_page_has_no_next_one_where_the_file_says_how_to_find_it() -> None:
    body = '<ul class="n"><li><a href="/bai">Bài</a></li></ul><a href="?page=2">2</a><a class="sau" href="#">»</a>'
    assert page.parse(document(body, item="ul.n > li", link="a", next="a.sau")).next_url is None


def test_bytes_in_an_old_encoding_are_read_by_what_the_page_declares() -> None:
    head = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1258"></head>'
    body = f'{head}<ul class="n"><li><a href="/bai">Th\u00f4ng tin đi\u1ec7n t\u1eed</a></li></ul></html>'
    # windows-1258 writes a letter with its tone as two characters.
    old = body.replace("\u1ec7", "\u00ea\u0323").replace("\u1eed", "\u01b0\u0309").encode("windows-1258")
    assert page.parse(document(old, item="ul.n > li", link="a")).items[0].title == "Thông tin điện tử"


def test_an_encoding_that_python_cannot_use_is_no_obstacle() -> None:
    body = b'<ul class="n"><li><a href="/bai">Tin \xff</a></li></ul>'
    select = {"item": "ul.n > li", "link": "a"}
    for charset in ("idna", "undefined", "no-such-thing", "hex", "x" * 1000):
        read = page.parse(Document(body=body, url=HERE, charset=charset, select=select))
        assert read.items[0].title.startswith("Tin ")


def test_a_selector_that_names_nothing_to_read_is_a_mistake_in_the_file() -> None:
    assert "select.item is missing" in refusal(page.parse, document("<p>", link="a"))
    assert "select.link is missing" in refusal(page.parse, document("<p>", item="p"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<div><a href=/tin/1>" * 500_000, id="deep"),
        pytest.param("<div><a href=/tin/1>t</a>" * 100 + "<p>a<b>b</b></p>" * 24_000, id="a hundred frames"),
        pytest.param("<a " + "".join(f"a{n}=1 " for n in range(1_000_000)) + ">", id="attributes"),
        pytest.param("<div><a href='/tin/" + "y" * 10_000_000 + "'>t</a></div>", id="an address of 10 MB"),
        pytest.param("<div><a href=/tin/>t</a></div>" * 300_000, id="300 000 items"),
        pytest.param("<div><a href=/tin/1>t</a><img srcset='" + "a " * 5_000_000 + "'></div>", id="srcset"),
        pytest.param("<" * 10_000_000, id="open brackets"),
        pytest.param("<!--" * 2_500_000, id="open comments"),
        pytest.param("<title" * 1_600_000, id="open titles"),
        pytest.param(" " * 10_000_000, id="blanks"),
        pytest.param("<div><a href=/tin/1 title=z>" + "." * 5_000_000 + "</a></div>", id="dots"),
    ],
)
def test_a_hostile_page_ends_soon(body: str) -> None:
    ends_soon(page.parse, document(body))


PIECES = st.sampled_from(
    [
        *(
            "<div>",
            "</div>",
            "<a href='/tin/1'>",
            "<a href=/tin/2 title='…'>",
            "</a>",
            "<li>",
            "<p>",
            "<time",
        ),
        *(
            " datetime=2024 ",
            ">",
            "<base href='//['>",
            "<img srcset='a 1x,, b'>",
            "&#xD800;",
            "\x00",
            "<script>",
        ),
        *("Tin…", "<a class=sau href='http://['>", "<meta charset=idna>", "<!--", "]]>", "<?", "<title>404"),
    ]
)


@given(st.binary() | st.lists(PIECES).map(lambda pieces: "".join(pieces).encode()))
@example(b"\xff\xfe\x00\xd8")
@settings(deadline=None)
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    read = outcome(page.parse, document(body))
    assert read is None or all("\ud800" not in item.title for item in read.items)
