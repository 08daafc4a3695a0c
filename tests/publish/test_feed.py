"""Feeds from hostile stories: valid, complete, and the same bytes every time."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from types import MappingProxyType

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syndication.domain.portal import Catalogue, Category, Portal
from syndication.domain.story import Story, Telling
from syndication.links import FeedFormat, Links
from syndication.publish import feed, opml
from syndication.publish.select import FeedPlan, plan_feeds

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LINKS = Links("https://tin.example.vn")
CATALOGUE = Catalogue(
    portals=MappingProxyType(
        {
            "song-dao": Portal(
                id="song-dao",
                name="Trung tâm CNTT&TT tỉnh Sông Đào",
                home="https://songdao.example/",
                hosts=("songdao.example",),
                sources=(),
            )
        }
    ),
    categories=(Category(slug="khac", title="Khác", title_en="Other", description="Tin khác"),),
)
PLAN = FeedPlan(name="all", title="Điểm tin TT&TT", description="Mọi tin")
HOSTILE = [
    "Sở TT&TT <script>alert(1)</script>",
    "]]> kết thúc & bắt đầu <![CDATA[",
    "ký tự \x00\x0b\x1f điều khiển và \ufffe",
    "đảo \u202egnuhc\u202c chiều",
    "lone \ud800 surrogate",
    "e\u0302\u0323 tách rời",
    "😀 biểu tượng",
    "x" * 10_000,
    "",
    " ",
]


def a_story(title: str = "Hội nghị chuyển đổi số", *, number: int = 1, **more: object) -> Story:
    at = NOW - timedelta(minutes=number)
    telling = Telling(
        portal="song-dao",
        url=f"https://songdao.example/{number}.html",
        title=title,
        published_at=at - timedelta(hours=1),
        first_seen_at=at,
    )
    story = Story(
        id=f"tin{number}",
        tag=LINKS.story_tag(f"tin{number}"),
        title=title,
        summary="Tóm tắt của tin.",
        content=None,
        url=telling.url,
        author=None,
        image_url="https://songdao.example/anh.jpg",
        announced_at=at,
        updated_at=at,
        categories=("khac",),
        tellings=(telling,),
    )
    return replace(story, **more)  # type: ignore[arg-type]


def build(*stories: Story) -> dict[FeedFormat, bytes]:
    return feed.build(PLAN, stories, catalogue=CATALOGUE, links=LINKS)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_leaves_the_feed_well_formed_and_complete(text: str) -> None:
    hostile = a_story(text, number=1, summary=text, author=text)
    for body in build(hostile, a_story(number=2)).values():
        etree.fromstring(body)
        parsed = feedparser.parse(io.BytesIO(body))
        assert not parsed.bozo
        assert len(parsed.entries) == 2
        assert parsed.entries[1].title == "Hội nghị chuyển đổi số"


@given(st.text(), st.text())
def test_any_text_gives_a_well_formed_feed_with_the_same_bytes_twice(title: str, summary: str) -> None:
    story = a_story(title, summary=summary)
    assert build(story) == build(story)
    for body in build(story).values():
        assert len(feedparser.parse(io.BytesIO(body)).entries) == 1


def test_an_entry_that_cannot_be_built_harms_no_other() -> None:
    naive = a_story(number=1, announced_at=datetime(2026, 11, 23, 2, 0))  # noqa: DTZ001 -- the mistake itself
    for body in build(naive, a_story(number=2)).values():
        assert [entry.id for entry in feedparser.parse(io.BytesIO(body)).entries] == [LINKS.story_tag("tin2")]


def test_a_feed_is_as_new_as_its_newest_story_and_never_as_the_clock() -> None:
    older, newer = a_story(number=9), a_story(number=3)
    parsed = feedparser.parse(io.BytesIO(build(newer, older)[FeedFormat.ATOM]))
    assert parsed.feed.updated == newer.updated_at.isoformat()
    empty = feedparser.parse(io.BytesIO(build()[FeedFormat.ATOM]))
    assert empty.feed.updated == feed.BEFORE_ANY_STORY.isoformat()


def test_a_summary_is_read_as_text_and_never_as_markup() -> None:
    written = "Nếu a < b & b > c thì <b>đúng</b>"
    bodies = build(a_story(summary=written))
    # RSS does not say what a description is and readers take it for HTML; Atom says text, and means it.
    rss = feedparser.parse(io.BytesIO(bodies[FeedFormat.RSS]), sanitize_html=False).entries[0]
    assert "<b>" not in rss.summary
    assert unescape(rss.summary) == written
    atom = feedparser.parse(io.BytesIO(bodies[FeedFormat.ATOM]), sanitize_html=False).entries[0]
    assert (atom.summary, atom.summary_detail.type) == (written, "text/plain")


def test_every_portal_that_tells_a_story_is_named_and_linked() -> None:
    story = a_story()
    other = replace(story.lead, portal="may-trang", url="https://maytrang.example/9.html")
    entry = feedparser.parse(
        io.BytesIO(build(replace(story, tellings=(story.lead, other)))[FeedFormat.ATOM])
    ).entries[0]
    via = {link.href for link in entry.links if link.rel == "via"}
    assert via == {story.url, other.url}
    assert entry.source.title == "Trung tâm CNTT&TT tỉnh Sông Đào"
    assert entry.source.id == LINKS.feed_tag("portals/song-dao")


def test_full_text_stands_in_a_feed_only_where_a_story_has_it() -> None:
    bodies = build(a_story(number=1, content="<p>Toàn văn</p>"), a_story(number=2))
    for form, body in bodies.items():
        entries = feedparser.parse(io.BytesIO(body)).entries
        assert "content" in entries[0], form
        assert "content" not in entries[1], form


def test_building_feeds_leaves_the_locale_alone() -> None:
    import locale

    before = locale.setlocale(locale.LC_ALL)
    build(a_story())
    assert locale.setlocale(locale.LC_ALL) == before


def test_the_opml_names_each_feed_once_in_its_group() -> None:
    root = etree.fromstring(
        opml.build(plan_feeds(CATALOGUE, title="Điểm tin"), title="Điểm tin", links=LINKS)
    )
    groups = {str(group.get("text")): [str(one.get("xmlUrl")) for one in group] for group in root[1]}
    assert groups == {
        "Tất cả": ["https://tin.example.vn/feeds/all.rss"],
        "Theo chuyên mục": ["https://tin.example.vn/feeds/khac.rss"],
        "Theo cổng thông tin": ["https://tin.example.vn/feeds/portals/song-dao.rss"],
    }
