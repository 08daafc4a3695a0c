"""Golden feeds: the same stories always give exactly these bytes, in every format.

Readers and caches see each changed byte as news, so a change of these files is a decision. Renew them with:

    .venv/bin/python -m tests.publish.test_golden
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syndication.domain.story import Story, Telling, Tombstone
from syndication.links import FeedFormat
from syndication.publish import opml
from syndication.publish.pipeline import FORMATS
from syndication.publish.select import plan_feeds
from tests.publish.cast import CATALOGUE, LINKS, edition

SAMPLES = Path(__file__).parent.parent / "samples" / "feeds"


def _telling(raw: dict[str, Any], *, first_seen_at: datetime) -> Telling:
    return Telling(
        portal=raw["portal"],
        url=raw["url"],
        title=raw["title"],
        published_at=raw.get("published"),
        first_seen_at=first_seen_at,
    )


def _story(raw: dict[str, Any]) -> Story:
    return Story(
        id=raw["id"],
        tag=LINKS.story_tag(raw["id"]),
        title=raw["title"],
        summary=raw["summary"],
        content=raw.get("content"),
        url=raw["url"],
        author=raw.get("author"),
        image_url=raw.get("image"),
        image_size=tuple(raw["image_size"]) if "image_size" in raw else None,
        announced_at=raw["announced"],
        updated_at=raw["updated"],
        categories=tuple(raw["categories"]),
        tellings=tuple(_telling(one, first_seen_at=raw["announced"]) for one in raw["telling"]),
    )


def golden() -> dict[str, bytes]:
    """Every document of the samples by its file's name."""
    raw = tomllib.loads((SAMPLES / "stories.toml").read_text(encoding="utf-8"))
    current = replace(
        edition(*map(_story, raw["story"])),
        hub="https://hub.example/",
        previous="2026-10",
        tombstones=(
            Tombstone(tag=LINKS.story_tag("withdrawn2345"), at=datetime(2026, 11, 22, 9, tzinfo=UTC)),
        ),
    )
    past = replace(current, archive="2026-10", previous="2026-09", following="2026-11", tombstones=())
    documents = {f"all.{form}": build(current, LINKS) for form, build in FORMATS.items()}
    documents["empty.atom"] = FORMATS[FeedFormat.ATOM](edition(), LINKS)
    documents["2026-10.atom"] = FORMATS[FeedFormat.ATOM](past, LINKS)
    documents["index.opml"] = opml.build(
        plan_feeds(CATALOGUE, title="Điểm tin"), title="Điểm tin", links=LINKS
    )
    return documents


@pytest.mark.parametrize("name", sorted(golden()))
def test_a_golden_feed_comes_out_to_the_byte(name: str) -> None:
    assert golden()[name].decode() == (SAMPLES / name).read_text(encoding="utf-8")


def test_no_golden_feed_is_left_over() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {*golden(), "stories.toml"}


if __name__ == "__main__":
    for name, body in golden().items():
        (SAMPLES / name).write_bytes(body)
