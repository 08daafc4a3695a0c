"""JSON Feed of both versions, and whatever else calls itself JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.collect.parse import Document, jsonfeed
from syndication.collect.parse.document import MOST_ITEMS
from tests.collect.parse.samples import HERE, check, ends_soon, outcome, samples

NAMES = st.sampled_from(
    [
        *("id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "tags"),
        *("banner_image", "date_published", "authors", "author", "name", "next_url", "items"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)


def document(body: bytes) -> Document:
    return Document(body=body, url=HERE)


@pytest.mark.parametrize("sample", samples("jsonfeed"))
def test_an_answer_gives_what_stands_beside_it(sample: Path) -> None:
    check(jsonfeed.parse, sample)


def test_a_feed_is_cut_at_the_most_items() -> None:
    feed = {"items": [{"id": number, "url": f"/{number}"} for number in range(MOST_ITEMS + 50)]}
    read = jsonfeed.parse(document(json.dumps(feed).encode()))
    assert [item.guid for item in read.items] == [str(number) for number in range(MOST_ITEMS)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"items":' + b"[" * 10_000_000, id="deep lists"),
        pytest.param(b'{"items":[{"id":1' + b"1" * 10_000_000 + b"}]}", id="a number of 10 MB"),
        pytest.param(b'{"items":[' + b"{}," * 3_000_000 + b"{}]}", id="three million items"),
        pytest.param(b'{"items":[{"content_text":"' + rb"\n " * 3_000_000 + b'"}]}', id="blank lines"),
    ],
)
def test_hostile_json_ends_soon(body: bytes) -> None:
    ends_soon(jsonfeed.parse, document(body))


@given(st.binary())
@settings(deadline=None)
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    outcome(jsonfeed.parse, document(body))


@given(
    st.fixed_dictionaries({"items": st.lists(st.dictionaries(NAMES, JSON)) | JSON, "authors": JSON}) | JSON
)
@settings(deadline=None)
def test_whatever_the_json_holds_becomes_text_or_nothing(found: Any) -> None:
    read = outcome(jsonfeed.parse, document(json.dumps(found).encode()))
    for item in read.items if read else ():
        said = (item.url, item.title, item.raw_summary, item.raw_content, *item.labels)
        "".join(filter(None, (*said, item.guid, item.author, item.image_url, item.published))).encode()
