"""WordPress's posts as JSON, and everything else that WordPress answers at such an address."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.collect.parse import Document, wordpress
from syndication.collect.parse.document import MOST_ITEMS
from tests.collect.parse.samples import HERE, check, ends_soon, outcome, samples

NAMES = st.sampled_from(
    [
        *(
            "link",
            "title",
            "rendered",
            "date_gmt",
            "_embedded",
            "wp:term",
            "wp:featuredmedia",
            "author",
            "name",
        ),
        *("media_details", "sizes", "large", "source_url", "taxonomy", "guid", "content", "code"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.just("category"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)


def document(body: bytes) -> Document:
    return Document(body=body, url=HERE)


@pytest.mark.parametrize("sample", samples("wordpress"))
def test_an_answer_gives_what_stands_beside_it(sample: Path) -> None:
    check(wordpress.parse, sample)


POSTS = "https://portal.example/wp-json/wp/v2/posts?_embed=1&per_page=20"
LINK = "<https://portal.example/wp-json/wp/v2/posts?_embed=1&per_page=20&page={}>"


@pytest.mark.parametrize(
    ("url", "headers", "following"),
    [
        pytest.param(POSTS, {}, None, id="nothing is said"),
        pytest.param(
            POSTS, {"link": f'{LINK.format(2)}; rel="next"'}, f"{POSTS}&page=2", id="as WordPress says it"
        ),
        pytest.param(
            f"{POSTS}&page=2",
            {"link": f'{LINK.format(1)}; rel="prev", {LINK.format(3)}; rel="next"', "x-wp-totalpages": "9"},
            f"{POSTS}&page=3",
            id="between two pages",
        ),
        pytest.param(
            POSTS,
            {"link": '<https://portal.example/wp-json/>; rel="https://api.w.org/"', "x-wp-totalpages": "3"},
            f"{POSTS}&page=2",
            id="another's link only",
        ),
        pytest.param(
            POSTS,
            {"link": '</p?a=1,2&page=2>; title="sau, \\"; rel=prev\\" kia"; REL=next'},
            "https://portal.example/p?a=1,2&page=2&_embed=1&per_page=20",
            id="commas that separate nothing",
        ),
        pytest.param(
            POSTS,
            {"link": "<?page=2>; rel=next"},
            "https://portal.example/wp-json/wp/v2/posts?page=2&_embed=1&per_page=20",
            id="names are asked for again",
        ),
        pytest.param(f"{POSTS}&page=3", {"x-wp-totalpages": "3"}, None, id="the last page"),
        pytest.param(f"{POSTS}&page=x", {"x-wp-totalpages": "3"}, None, id="no number"),
        pytest.param(POSTS, {"x-wp-totalpages": "9" * 5000}, None, id="too large a number"),
        pytest.param(POSTS, {"link": f'<{POSTS}>; rel="next"'}, None, id="itself"),
        pytest.param(POSTS, {"link": '<javascript:x>; rel="next"'}, None, id="no address"),
        pytest.param(
            POSTS, {"link": "<" * 50_000 + ">; rel=next" * 50_000}, None, id="a header made to harm"
        ),
    ],
)
def test_older_posts_are_where_the_headers_say(
    url: str, headers: dict[str, str], following: str | None
) -> None:
    body = b'[{"link": "/a", "title": {"rendered": "Tin"}}]'
    assert wordpress.parse(Document(body=body, url=url, headers=headers)).next_url == following


def test_a_page_without_posts_is_the_last() -> None:
    assert wordpress.parse(Document(body=b"[]", url=POSTS, headers={"x-wp-totalpages": "3"})).next_url is None


def test_a_mark_before_the_json_is_no_obstacle() -> None:
    read = wordpress.parse(document(b'\xef\xbb\xbf [{"link": "/a", "title": {"rendered": "Tin"}}]'))
    assert [(item.url, item.title) for item in read.items] == [("/a", "Tin")]


def test_a_list_is_cut_at_the_most_items() -> None:
    posts = [{"link": f"/{number}"} for number in range(MOST_ITEMS + 50)]
    assert len(wordpress.parse(document(json.dumps(posts).encode())).items) == MOST_ITEMS


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 10_000_000, id="deep lists"),
        pytest.param(b'{"a":' * 2_000_000, id="deep objects"),
        pytest.param(b'[{"link":1' + b"1" * 10_000_000 + b"}]", id="a number of 10 MB"),
        pytest.param(b"[" + b"{}," * 3_000_000 + b"{}]", id="three million posts"),
        pytest.param(b" " * 10_000_000, id="blanks"),
    ],
)
def test_hostile_json_ends_soon(body: bytes) -> None:
    ends_soon(wordpress.parse, document(body))


@given(st.binary())
@settings(deadline=None)
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    outcome(wordpress.parse, document(body))


@given(st.lists(st.dictionaries(NAMES, JSON, min_size=1)) | JSON)
@settings(deadline=None)
def test_whatever_the_json_holds_becomes_text_or_nothing(found: Any) -> None:
    read = outcome(wordpress.parse, document(json.dumps(found).encode()))
    for item in read.items if read else ():
        said = (item.url, item.title, item.raw_summary, item.raw_content, *item.labels)
        "".join(filter(None, (*said, item.guid, item.author, item.image_url, item.published))).encode()
