"""Independent parsers agree: each reads the same id, title, link and date of every demo story in every format."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

import fastfeedparser
import feedparser_rs
import pytest
from rss_parser import AtomParser, RSSParser

from syndication.bootstrap import House
from syndication.collect.pipeline import collect
from syndication.links import FeedFormat
from syndication.publish.pipeline import publish
from tests.publish.telling import Told, told


def by_feedparser_rs(body: bytes) -> list[Told]:
    return [
        # It hands out titles as HTML.
        Told(
            entry.id,
            unescape(entry.title),
            entry.link,
            datetime.fromtimestamp(timegm(entry.published_parsed), UTC),
        )
        for entry in feedparser_rs.parse(body).entries
    ]


def by_fastfeedparser(body: bytes) -> list[Told]:
    return [
        Told(entry.id, entry.title, entry.link, datetime.fromisoformat(entry.published))
        for entry in fastfeedparser.parse(body).entries
    ]


def _moment(raw: Any) -> datetime:
    if isinstance(raw, datetime):
        return raw
    return datetime.fromisoformat(raw) if "T" in raw else parsedate_to_datetime(raw)


def by_rss_parser(body: bytes) -> list[Told]:
    if b"<rss " in body:
        rss: Any = RSSParser.parse(body.decode())
        items = [item.content for item in rss.channel.content.items]
        return [
            Told(
                item.guid.content,
                item.title.content,
                item.links[0].content,
                _moment(item.pub_date.content),
            )
            for item in items
        ]
    atom: Any = AtomParser.parse(body.decode())
    entries = [entry.content for entry in atom.feed.content.entries]
    return [
        Told(
            entry.id.content,
            entry.title.content,
            next(link.attributes["href"] for link in entry.links if link.attributes["rel"] == "alternate"),
            _moment(entry.published.content),
        )
        for entry in entries
    ]


PARSERS: dict[str, tuple[Callable[[bytes], list[Told]], tuple[FeedFormat, ...]]] = {
    "feedparser-rs": (by_feedparser_rs, tuple(FeedFormat)),
    "fastfeedparser": (by_fastfeedparser, tuple(FeedFormat)),
    "rss-parser": (by_rss_parser, (FeedFormat.RSS, FeedFormat.ATOM)),
}
"""Beside feedparser and the json module, which ``told`` uses: what reads an entry, and of which formats."""

PUBLIC = "https://portal.example/"
"""In place of loopback, which feedparser-rs takes for an attack and leaves out."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_parsers_agree_on_every_demo_story_in_every_format(house: House) -> None:
    list(collect(house.round, due_only=False))
    publish(house.press)
    with house.store.read() as memory:
        stories = {plan.name: memory.stories.newest(plan.name, limit=50) for plan in house.press.plans()}
        bodies = {
            (name, form): memory.documents.get(f"feeds/{name}.{form}")
            for name in stories
            for form in FeedFormat
        }
    assert len(stories["all"]) > 40
    for (name, form), document in bodies.items():
        assert document
        body = document.body.replace(b"http://127.0.0.1:", PUBLIC.encode())
        wanted = [
            Told(one.tag, one.title, one.url.replace("http://127.0.0.1:", PUBLIC), one.announced_at)
            for one in stories[name]
        ]
        assert told(form, body) == wanted, (name, form)
        for parser, (read, forms) in PARSERS.items():
            if form in forms and wanted:
                assert read(body) == wanted, (parser, name, form)
