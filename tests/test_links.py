"""Public addresses: the promised ones, to the letter, since readers, partners and old mails hold them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.links import MEDIA_TYPES, FeedFormat, Links

LINKS = Links("https://tin.example.vn")

TAG = re.compile(r"tag:[a-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+")
"""``tagURI`` of RFC 4151 §2.1; without a fragment."""

PROMISED = {
    "/": LINKS.home(),
    "/categories/chuyen-doi-so": LINKS.category("chuyen-doi-so"),
    "/portals/quang-ninh": LINKS.portal("quang-ninh"),
    "/stories/abcdefghij234": LINKS.story("abcdefghij234"),
    "/feeds/": LINKS.feeds(),
    "/feeds/index.opml": LINKS.opml(),
    "/feeds/all.rss": LINKS.feed("all", FeedFormat.RSS),
    "/feeds/chuyen-doi-so.atom": LINKS.feed("chuyen-doi-so", FeedFormat.ATOM),
    "/feeds/portals/quang-ninh.rss": LINKS.feed("portals/quang-ninh", FeedFormat.RSS),
    "/feeds/all.json": LINKS.feed("all", FeedFormat.JSON),
    "/feeds/all.rdf": LINKS.feed("all", FeedFormat.RDF),
    "/feeds/all/2026-10.atom": LINKS.archive("all", "2026-10"),
    "/feeds/portals/quang-ninh/2026-11-03T011502Z.atom": LINKS.archive(
        "portals/quang-ninh", "2026-11-03T011502Z"
    ),
    "/digest/": LINKS.digests(),
    "/digest/2026-w47": LINKS.digest("2026-w47"),
    "/unsubscribe/a.b-c_d": LINKS.unsubscribe("a.b-c_d"),
}


@pytest.mark.parametrize("path", PROMISED)
def test_an_address_is_the_one_we_promised(path: str) -> None:
    assert PROMISED[path] == f"https://tin.example.vn{path}"


@pytest.mark.parametrize(
    "base", ["https://tin.example.vn", "http://127.0.0.1:8000", "https://example.vn/tin"]
)
def test_every_address_begins_with_the_base_url(base: str) -> None:
    links = Links(base)
    for address in (links.home(), links.feed("all", FeedFormat.RSS), links.digest("2026-w47")):
        assert address.startswith(f"{base}/")
        assert "//" not in urlsplit(address).path


@pytest.mark.parametrize(
    ("feed", "path"),
    [
        ("all", "/"),
        ("chuyen-doi-so", "/categories/chuyen-doi-so"),
        ("portals/quang-ninh", "/portals/quang-ninh"),
    ],
)
def test_every_feed_has_its_page_for_people(feed: str, path: str) -> None:
    assert LINKS.page_of(feed) == LINKS.to(path)


def test_every_format_has_its_media_type() -> None:
    assert set(MEDIA_TYPES) == set(FeedFormat)


def test_ids_are_tags_by_rfc_4151_and_hold_no_port() -> None:
    for base in ("https://tin.example.vn", "http://127.0.0.1:8000", "https://TIN.example.vn:8443/tin"):
        links = Links(base)
        for tag in (links.story_tag("abcdefghij234"), links.feed_tag("all"), links.feed_tag("portals/x-1")):
            assert TAG.fullmatch(tag), tag
    assert LINKS.story_tag("abcdefghij234") == "tag:tin.example.vn,2026:stories/abcdefghij234"
    assert LINKS.feed_tag("portals/x") == "tag:tin.example.vn,2026:feeds/portals/x"


def test_an_id_outlives_a_change_of_scheme_and_port() -> None:
    assert Links("http://tin.example.vn:8000").story_tag("x") == LINKS.story_tag("x")


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1))
def test_a_hostile_name_stays_inside_its_address(name: str) -> None:
    for address in (LINKS.category(name), LINKS.digest(name), LINKS.unsubscribe(name)):
        parts = urlsplit(address)
        assert parts.netloc == "tin.example.vn"
        assert not parts.query
        assert not parts.fragment
        assert address.isascii()
        assert address.isprintable()
        assert parts.path.count("/") == 2
