"""Reads what every format tells of its entries, with parsers that know nothing of how we print."""

from __future__ import annotations

import io
import json
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime

import feedparser

from syndication.links import FeedFormat


@dataclass(frozen=True, slots=True)
class Told:
    """One entry as a reader has it."""

    id: str
    title: str
    link: str
    at: datetime


def told(form: FeedFormat, body: bytes) -> list[Told]:
    """The entries of a document; fails where it is not well-formed."""
    if form is FeedFormat.JSON:
        return [
            Told(item["id"], item["title"], item["url"], datetime.fromisoformat(item["date_published"]))
            for item in json.loads(body)["items"]
        ]
    feed = feedparser.parse(io.BytesIO(body), sanitize_html=False)
    assert not feed.bozo, feed.bozo_exception
    return [
        Told(
            entry.id,
            entry.title,
            entry.link,
            # RSS 1.0 has one date, and feedparser calls it «updated».
            datetime.fromtimestamp(timegm(entry.get("published_parsed") or entry.updated_parsed), UTC),
        )
        for entry in feed.entries
    ]
