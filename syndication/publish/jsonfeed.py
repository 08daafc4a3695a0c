"""Prints JSON Feed 1.1 (jsonfeed.org/version/1.1), which partner sites read from scripts.

What JSON Feed has no word for stands under ``_syndication`` in each item.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from syndication.links import FeedFormat, Links
from syndication.publish.entry import Edition, Entry, Teller
from syndication.publish.feed import KEPT

VERSION = "https://jsonfeed.org/version/1.1"


def build(edition: Edition, links: Links) -> bytes:
    """The edition as JSON Feed. Same arguments, same bytes."""
    plan = edition.plan
    feed: dict[str, Any] = {
        "version": VERSION,
        "title": plan.title,
        "home_page_url": links.page_of(plan.name),
        "feed_url": edition.address(FeedFormat.JSON, links),
        "description": plan.description,
        "authors": [{"name": plan.title, "url": links.home()}],
        "language": plan.language,
    }
    if edition.hub:
        feed["hubs"] = [{"type": "WebSub", "url": edition.hub}]
    head = _written(feed).removesuffix("}")
    items = ",\n".join(_item(entry, links, plan.language) for entry in edition.entries)
    return f'{head},"items":[\n{items}\n]}}\n'.encode()


def _written(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=KEPT)
def _item(entry: Entry, links: Links, language: str) -> str:
    item: dict[str, Any] = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        # An item must have a text (Items: content_html and content_text are optional, one of them is not).
        **(
            {"content_html": entry.content}
            if entry.content
            else {"content_text": entry.summary or entry.title}
        ),
        "summary": entry.summary or entry.title,
        "date_published": entry.announced_at.isoformat(),
        "date_modified": entry.updated_at.isoformat(),
        "authors": [{"name": entry.author, "url": links.portal(entry.origin.portal)}],
        "tags": [title for _, title in entry.categories],
    }
    if entry.image:
        item["image"] = entry.image
        if entry.image_type:
            item["attachments"] = [{"url": entry.image, "mime_type": entry.image_type}]
    if entry.language != language:
        item["language"] = entry.language
    item["_syndication"] = {
        "story": entry.story,
        "portals": [_portal(teller) for teller in entry.tellers],
        "categories": [slug for slug, _ in entry.categories],
        "announced": entry.announced_at.isoformat(),
    }
    return _written(item)


def _portal(teller: Teller) -> dict[str, str | None]:
    return {
        "id": teller.portal,
        "name": teller.name,
        "url": teller.url,
        "title": teller.title,
        "published": teller.published_at.isoformat() if teller.published_at else None,
    }
