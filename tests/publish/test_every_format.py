"""Whatever stories go in, every format parses, is complete, in order, and tells the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from syndication.domain.story import Story
from syndication.links import FeedFormat
from syndication.publish.fulltext import full_text, is_sound
from syndication.publish.printable import web_address
from tests.publish.cast import LINKS, NOW, a_story, printed
from tests.publish.telling import told

HOSTILE_TEXTS = [
    "Sở TT&TT <script>alert(1)</script>",
    "]]> kết thúc & bắt đầu <![CDATA[",
    "ký tự \x00\x0b\x1f\x7f\x85 điều khiển và \ufffe \ufdd0 \U0001fffe \ufffd",
    "đảo \u202egnuhc\u202c chiều \u200f\u200e",
    "lone \ud800 surrogate",
    "e\u0302\u0323 tách rời",
    "😀 biểu tượng",
    "x" * 10_000,
    "",
    " \n\t ",
    "AT&amp;T &lt;b&gt;đậm&lt;/b&gt; &#x41; &nbsp; &unknown;",
    "1 < 2 <a",
    "</title><item>",
    "Lan <lan@docgia.example>",
    "javascript:alert(1)",
    "<!-- x --> <?import y?> \u2028\u2029",
]
HOSTILE_ADDRESSES = [
    "javascript:alert(1)",
    "data:image/png;base64,AAAA",
    "https://songdao.example/ảnh đẹp (1).jpg",
    "/anh/2026/tin.png",
    "mailto:lan@docgia.example",
    "ftp://songdao.example/x",
    "https://songdao.example/" + "a" * 9_000,
    "https://ví-dụ.example/đường?q=á b#ñ",
    "http://[::1]/x",
    "http://songdao.example:99999/",
    "https://user:password@songdao.example/",
    "https://songdao.example\\@other.example/",
    'https://songdao.example/%zz%41|{}^`"<>',
    "https://songdao.example/\ud800\u202e\x01.jpg",
    "",
    "http:///",
    "//songdao.example/x",
]
HOSTILE_MARKUP = [
    "<p>Có <a href='/rel?a=1&b=2'>liên kết</a> <img src='ảnh 1.png'></p>",
    "<script>alert(1)</script><p>còn chữ</p>",
    "<p onclick='x()'>chữ</p><iframe src='x'></iframe>",
    "<p style='x:expression(1)'>chữ",
    "a < b & c ]]> d",
    "<a href='javascript:alert(1)'>bấm</a>",
    "<p>chữ\x00\x0c&#0;&unknown;</p>",
    "<p>một<p>hai<table><tr><td>ba</table>",
    "<b><i>chữ</b></i></div></body>",
    "<ul><li>một<li>hai</ul>",
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>chữ",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<video src=x></video><p>một&#1; hai&#x85;</p>ba&#65534;",
]

anything = st.text() | st.sampled_from(HOSTILE_TEXTS)
addresses = st.sampled_from(HOSTILE_ADDRESSES) | st.text()
sides = st.integers(1, 20_000)
moments = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001 -- hypothesis adds the zone, or none
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=7))]),
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A story as bad as it can be."""
    base = a_story(number=draw(st.integers(0, 9)))
    tellings = tuple(
        replace(
            base.lead,
            portal=draw(st.sampled_from(["song-dao", "far-away", "gone"]) | anything),
            url=draw(addresses),
            title=draw(anything),
            published_at=draw(st.none() | moments),
        )
        for _ in range(draw(st.integers(1, 3)))
    )
    return replace(
        base,
        title=draw(anything),
        summary=draw(anything),
        content=draw(st.none() | st.sampled_from(HOSTILE_MARKUP) | st.text()),
        url=draw(addresses),
        author=draw(st.none() | anything),
        image_url=draw(st.none() | addresses),
        image_size=draw(st.none() | st.tuples(sides, sides)),
        announced_at=draw(moments),
        updated_at=draw(moments),
        categories=draw(st.sampled_from([(), ("khac",), ("khac", "chuyen-doi-so"), ("gone",)])),
        tellings=tellings,
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(stories(), max_size=6))
def test_whatever_goes_in_every_format_tells_all_of_it_in_order(given_stories: list[Story]) -> None:
    bodies = printed(*given_stories)
    assert bodies == printed(*given_stories)
    for form, body in bodies.items():
        entries = told(form, body)
        assert {entry.id for entry in entries} == {story.tag for story in given_stories}
        assert len(entries) == len({entry.id for entry in entries})
        assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)
        for entry in entries:
            assert entry.title.strip()
            assert urlsplit(entry.link).scheme in ("http", "https")
            assert re.fullmatch(r"[!-~]+", entry.link)


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_hostile_text_is_told_alike_by_every_format(text: str) -> None:
    hostile = a_story(text, number=1, summary=text, author=text)
    ways = {form: told(form, body) for form, body in printed(hostile, a_story(number=2)).items()}
    for form, entries in ways.items():
        assert [(entry.id, entry.link, entry.at) for entry in entries] == [
            (entry.id, entry.link, entry.at) for entry in ways[FeedFormat.JSON]
        ], form
        assert entries[1].title == "Hội nghị chuyển đổi số"


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES, ids=range(len(HOSTILE_ADDRESSES)))
def test_an_address_nobody_can_follow_is_never_printed(address: str) -> None:
    story = a_story(url=address, image_url=address, tellings=(replace(a_story().lead, url=address),))
    for form, body in printed(story).items():
        (entry,) = told(form, body)
        assert web_address(entry.link) == entry.link
        for scheme in (b"javascript:", b"data:", b"ftp:", b"mailto:"):
            assert scheme not in body
    if not urlsplit(address.replace("\\", "/")).scheme.startswith("http"):
        assert entry.link == LINKS.story(story.id)


@pytest.mark.parametrize(
    ("raw", "base", "address"),
    [
        ("https://a.example/x", "", "https://a.example/x"),
        ("HTTPS://A.example/X", "", "https://a.example/X"),
        (
            "ảnh đẹp.jpg",
            "https://a.example/b/c.html",
            "https://a.example/b/%E1%BA%A3nh%20%C4%91%E1%BA%B9p.jpg",
        ),
        ("https://a.example/%C4%91%zz", "", "https://a.example/%C4%91%25zz"),
        ("https://ví-dụ.example", "", "https://xn--v-d-rma6749a.example/"),
        ("https://u:p@a.example:8080/x", "", "https://a.example:8080/x"),
        ("//a.example/x", "https://b.example/", "https://a.example/x"),
        ("//a.example/x", "", None),
        ("java\nscript:alert(1)", "https://b.example/", None),
        ("https://a.example:x/", "", None),
        ("http://[::1", "", None),
        ("https://a b.example/", "", None),
        ("https://a_b.example:443/x#y", "", "https://a_b.example:443/x#y"),
        ("https://a.example:\u0668\u0660/", "", None),
        ("https://a.example:99999/", "", None),
        ("https://a..example/", "", None),
        (f"https://{'a' * 63}.example/", "", f"https://{'a' * 63}.example/"),
        (f"https://{'a' * 64}.example/", "", None),
        (f"https://{'a.' * 130}example/", "", None),
        ("https://[2001:db8::1]/", "", None),
    ],
)
def test_an_address_is_made_one_that_every_reader_takes(raw: str, base: str, address: str | None) -> None:
    assert web_address(raw, base=base) == address


class Nesting(HTMLParser):
    """What a markup would do."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("markup", HOSTILE_MARKUP, ids=range(len(HOSTILE_MARKUP)))
def test_a_full_text_does_nothing_and_loses_no_word(markup: str) -> None:
    whole = full_text(markup, base="https://songdao.example/tin/1.html")
    assert whole is None or is_sound(whole)
    seen = Nesting(whole or "")
    assert not seen.tags & {"script", "iframe", "svg", "noscript", "style"}
    for name, value in seen.attributes:
        assert not name.startswith("on")
        assert name not in ("href", "src") or value.startswith("https://songdao.example/")
    assert whole or "onerror" in markup
    for word in ("chữ", "liên kết", "một", "hai", "ba", "bấm"):
        assert (word in markup) <= (word in (whole or ""))


@pytest.mark.parametrize(
    "markup",
    [
        '<p>Chữ <strong>đậm</strong> &amp; <a href="https://a.example/?x=1&amp;y=2" rel="noopener">nối</a></p>',
        "<ul><li>một<ul><li>trong</li></ul></li></ul><blockquote><p>x</p></blockquote>",
        '<table><tbody><tr><td colspan="2"><p>x</p></td></tr></tbody></table><hr><h2>y</h2>',
        '<figure><img src="https://a.example/a%20b.png" alt=""><figcaption>z</figcaption></figure>',
        '<p><a href="mailto:lan@docgia.example">thư</a></p>',
    ],
)
def test_a_clean_full_text_is_published_as_it_is(markup: str) -> None:
    assert full_text(markup, base="https://songdao.example/") == markup


@pytest.mark.parametrize(
    "markup",
    [
        "<p><p>x</p></p>",
        "<p><ul><li>x</li></ul></p>",
        '<a href="https://a.example/"><a href="https://a.example/">x</a></a>',
        "<ul><li><li>x</li></li></ul>",
        "<table>x</table>",
        "<tr><td>x</td></tr>",
        "<h2><h3>x</h3></h2>",
        "<b>x",
        "x</b>",
        "<b><i>x</b></i>",
        "a < b",
        "AT&T",
        '<img src="x.png">',
        '<p class="x">x</p>',
        "<video>x</video>",
    ],
)
def test_markup_that_a_strict_parser_would_warn_of_is_not_sound(markup: str) -> None:
    assert not is_sound(markup)


@pytest.mark.parametrize(
    "date",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=7))),
        datetime(1, 1, 1),  # noqa: DTZ001 -- some stories have no zone
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-7))),
        datetime(1969, 12, 31, tzinfo=UTC),
    ],
    ids=range(4),
)
def test_a_date_that_cannot_be_is_not_told_and_loses_no_story(date: datetime) -> None:
    lead = a_story().lead
    for form, body in printed(a_story(tellings=(replace(lead, published_at=date),))).items():
        assert len(told(form, body)) == 1
        assert b"created" not in body


def test_a_json_item_names_every_portal_that_tells_the_story() -> None:
    story = a_story()
    other = replace(
        story.lead, portal="far-away", url="https://faraway.example/9", title="Tin ấy", published_at=None
    )
    story = replace(story, tellings=(story.lead, other))
    feed = json.loads(printed(story, hub="https://hub.example/")[FeedFormat.JSON])
    assert feed["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    assert (feed["language"], feed["feed_url"]) == ("vi", "https://tin.example.vn/feeds/all.json")
    (item,) = feed["items"]
    assert item["_syndication"] == {
        "story": "tin1",
        "portals": [
            {
                "id": "song-dao",
                "name": "Trung tâm CNTT&TT tỉnh Sông Đào",
                "url": story.url,
                "title": story.title,
                "published": (NOW - timedelta(minutes=61)).isoformat(),
            },
            {
                "id": "far-away",
                "name": "Far Away Agency",
                "url": "https://faraway.example/9",
                "title": "Tin ấy",
                "published": None,
            },
        ],
        "categories": ["khac"],
        "announced": story.announced_at.isoformat(),
    }


def test_the_rdf_lists_its_items_as_it_has_them() -> None:
    root = etree.fromstring(printed(a_story(number=1), a_story(number=2))[FeedFormat.RDF])
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    listed = [one.get(f"{rdf}resource") for one in root.iter(f"{rdf}li")]
    assert listed == [one.get(f"{rdf}about") for one in root.iter("{http://purl.org/rss/1.0/}item")]
    assert listed == [LINKS.story_tag("tin1"), LINKS.story_tag("tin2")]
