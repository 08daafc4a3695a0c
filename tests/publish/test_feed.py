"""Feeds from hostile stories: valid, complete, and the same bytes every time."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape

import feedparser
import pytest
from lxml import etree

from syndication.domain.story import Story, Tombstone
from syndication.links import FeedFormat
from syndication.publish import opml
from syndication.publish.entry import BEFORE_ANY_STORY, entries_of
from syndication.publish.pipeline import FORMATS
from syndication.publish.select import plan_feeds
from tests.publish.cast import CATALOGUE, LINKS, NOW, a_story, edition

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


def build(*stories: Story) -> dict[FeedFormat, bytes]:
    """RSS and Atom, which feedgen prints."""
    return {form: FORMATS[form](edition(*stories), LINKS) for form in (FeedFormat.RSS, FeedFormat.ATOM)}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_leaves_the_feed_well_formed_and_complete(text: str) -> None:
    hostile = a_story(text, number=1, summary=text, author=text)
    for body in build(hostile, a_story(number=2)).values():
        etree.fromstring(body)
        parsed = feedparser.parse(io.BytesIO(body))
        assert not parsed.bozo
        assert len(parsed.entries) == 2
        assert parsed.entries[1].title == "Hội nghị chuyển đổi số"


def test_a_story_that_cannot_be_told_harms_no_other() -> None:
    nobody = a_story(number=1, tellings=())
    for body in build(nobody, a_story(number=2)).values():
        assert [entry.id for entry in feedparser.parse(io.BytesIO(body)).entries] == [LINKS.story_tag("tin2")]


def test_a_time_without_a_zone_is_read_as_utc() -> None:
    naive = a_story(number=1, announced_at=datetime(2026, 11, 23, 1, 59))  # noqa: DTZ001 -- the mistake itself
    assert build(naive) == build(a_story(number=1))


def test_a_feed_is_as_new_as_its_newest_story_and_never_as_the_clock() -> None:
    older, newer = a_story(number=9), a_story(number=3)
    parsed = feedparser.parse(io.BytesIO(build(newer, older)[FeedFormat.ATOM]))
    assert parsed.feed.updated == newer.updated_at.isoformat()
    empty = feedparser.parse(io.BytesIO(build()[FeedFormat.ATOM]))
    assert empty.feed.updated == BEFORE_ANY_STORY.isoformat()


def test_a_summary_is_read_as_text_and_never_as_markup() -> None:
    written = "Nếu a < b & b > c thì <b>đúng</b>"
    bodies = build(a_story(summary=written))
    # RSS does not say what a description is and readers take it for HTML.
    rss = feedparser.parse(io.BytesIO(bodies[FeedFormat.RSS]), sanitize_html=False).entries[0]
    assert "<b>" not in rss.summary
    assert unescape(rss.summary) == written
    # A validator warns of text that looks like markup; it is told as the markup that shows it.
    atom = feedparser.parse(io.BytesIO(bodies[FeedFormat.ATOM]), sanitize_html=False).entries[0]
    assert (unescape(atom.summary), atom.summary_detail.type) == (written, "text/html")
    plain = build(a_story(summary="Nếu a < b & b > c"))[FeedFormat.ATOM]
    atom = feedparser.parse(io.BytesIO(plain)).entries[0]
    assert (atom.summary, atom.summary_detail.type) == ("Nếu a < b & b > c", "text/plain")


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


def test_a_picture_has_its_width_and_height_where_they_are_known() -> None:
    # Media RSS 1.5.1, media:content and media:thumbnail: both are numbers of pixels.
    sized, unsized = a_story(number=1, image_size=(1200, 675)), a_story(number=2)
    bare = a_story(number=3, image_url="data:image/png;base64,AAAA", image_size=(1200, 675))
    for form, body in build(sized, unsized, bare).items():
        entries = feedparser.parse(io.BytesIO(body)).entries
        for element in ("media_content", "media_thumbnail"):
            (first,), (second,) = entries[0][element], entries[1][element]
            assert (first["width"], first["height"]) == ("1200", "675"), form
            assert first["url"] == second["url"] == sized.image_url
            assert "width" not in second
            assert "height" not in second
            assert element not in entries[2]


def test_a_size_says_nothing_to_readers_of_json() -> None:
    bodies = (
        FORMATS[FeedFormat.JSON](edition(a_story(image_size=size)), LINKS) for size in (None, (1200, 675))
    )
    assert len(set(bodies)) == 1


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
        "Theo chuyên mục": [
            "https://tin.example.vn/feeds/chuyen-doi-so.rss",
            "https://tin.example.vn/feeds/khac.rss",
        ],
        "Theo cổng thông tin": [
            "https://tin.example.vn/feeds/portals/song-dao.rss",
            "https://tin.example.vn/feeds/portals/far-away.rss",
        ],
    }


def test_what_is_in_the_names_of_the_catalogue_is_told_as_text() -> None:
    site = "Điểm tin <b>TT&TT</b> <3 \U0010ffff <lan@docgia.example>"
    rough = replace(
        CATALOGUE,
        categories=(replace(CATALOGUE.categories[0], title="<a>Số</a>", description="<p>Số</p>\ufdd0"),),
        portals={"song-dao": replace(CATALOGUE.portals["song-dao"], name="<i>Cổng</i> <lan@docgia.example>")},
    )
    plans = list(plan_feeds(rough, title=site))
    assert [plan.title for plan in plans] == [
        "Điểm tin TT&TT <3",
        "Số – Điểm tin TT&TT <3",
        "Cổng – Điểm tin TT&TT <3",
    ]
    assert plans[1].description == "Số"
    assert plans[2].description == "Tin đăng trên cổng thông tin của Cổng."
    root = etree.fromstring(opml.build(plans, title=site, links=LINKS))
    # HTML, of which a strict parser has nothing to say.
    assert root.findtext("head/title") == "Điểm tin TT&amp;TT &lt;3"
    assert root.find("body/outline/outline").get("text") == "Điểm tin TT&amp;TT &lt;3"  # type: ignore[union-attr]
    (entry,) = entries_of([a_story(categories=("chuyen-doi-so",))], catalogue=rough, links=LINKS)
    assert (entry.categories, entry.origin.name) == ((("chuyen-doi-so", "Số"),), "Cổng")


def links(body: bytes) -> dict[str, str]:
    """The addresses of a document by their rel, from the first entry's on left out."""
    root = etree.fromstring(body)
    atom = "{http://www.w3.org/2005/Atom}"
    found = root.find("channel") if root.tag == "rss" else root
    assert found is not None
    return {str(one.get("rel")): str(one.get("href")) for one in found.findall(f"{atom}link")}


def test_both_formats_name_themselves_their_hub_and_what_came_before() -> None:
    whole = edition(a_story(), hub="https://hub.example/", previous="2026-10")
    for form in (FeedFormat.RSS, FeedFormat.ATOM):
        found = links(FORMATS[form](whole, LINKS))
        assert found["self"] == LINKS.feed("all", form)
        assert found["hub"] == "https://hub.example/"
        assert found["prev-archive"] == "https://tin.example.vn/feeds/all/2026-10.atom"
        assert "current" not in found


def test_an_archive_leads_to_its_neighbours_and_to_the_present() -> None:
    whole = edition(a_story(), hub="https://hub.example/", archive="2026-10", previous="2026-09")
    body = FORMATS[FeedFormat.ATOM](whole, LINKS)
    assert links(body) == {
        "self": "https://tin.example.vn/feeds/all/2026-10.atom",
        "current": "https://tin.example.vn/feeds/all.atom",
        "prev-archive": "https://tin.example.vn/feeds/all/2026-09.atom",
        "next-archive": "https://tin.example.vn/feeds/all.atom",
        "alternate": "https://tin.example.vn/",
    }
    assert etree.fromstring(body).find("{http://purl.org/syndication/history/1.0}archive") is not None
    then = FORMATS[FeedFormat.ATOM](replace(whole, following="2026-11"), LINKS)
    assert links(then)["next-archive"] == "https://tin.example.vn/feeds/all/2026-11.atom"


def test_what_was_withdrawn_is_told_to_readers_of_atom() -> None:
    stone = Tombstone(tag=LINKS.story_tag("tin9"), at=NOW)
    root = etree.fromstring(FORMATS[FeedFormat.ATOM](edition(a_story(), tombstones=(stone,)), LINKS))
    (told,) = root.findall("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert (told.get("ref"), told.get("when")) == (stone.tag, NOW.isoformat())
    assert root.findtext("{http://www.w3.org/2005/Atom}updated") == NOW.isoformat()


def test_stories_edited_in_one_round_have_times_of_their_own_that_stay() -> None:
    edited = [a_story(number=number, updated_at=NOW) for number in range(1, 40)]

    def updated(*stories: Story) -> dict[str, str]:
        parsed = feedparser.parse(io.BytesIO(build(*stories)[FeedFormat.ATOM]))
        return {entry.id: entry.updated for entry in parsed.entries}

    times: dict[str, str] = updated(*edited)
    assert len(set(times.values())) == len(edited)
    assert all(NOW <= datetime.fromisoformat(at) < NOW + timedelta(seconds=1) for at in times.values())
    fewer = updated(*edited[::2])
    assert fewer.items() <= times.items()


def test_a_portals_date_after_our_announcement_is_wrong_and_not_told() -> None:
    story = a_story()
    ahead = replace(story.lead, published_at=NOW + timedelta(days=400))
    for body in build(replace(story, tellings=(ahead,))).values():
        assert b"dcterms:created" not in body
    assert all(b"dcterms:created" in body for body in build(story).values())


def test_an_entry_in_another_language_says_so() -> None:
    foreign = a_story(tellings=(replace(a_story().lead, portal="far-away"),))
    bodies = build(foreign, a_story(number=2))
    assert bodies[FeedFormat.RSS].count(b"<dc:language>en</dc:language>") == 1
    assert bodies[FeedFormat.ATOM].count(b'<entry xml:lang="en">') == 1
