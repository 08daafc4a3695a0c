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
