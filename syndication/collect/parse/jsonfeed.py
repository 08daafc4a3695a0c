"""Reads JSON Feed, versions 1 and 1.1 (jsonfeed.org), and is the home of reading foreign JSON at all.

Nothing in the JSON is believed to be there or to be of the right kind: what is not, counts as empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from typing import Any

from syndication.collect.canonical import absolute
from syndication.collect.parse import markup
from syndication.collect.parse.document import MOST_ITEMS, Document, Parsed
from syndication.domain.article import Item
from syndication.errors import NotReadable

_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK_LINES = re.compile(r"(?:\r?\n[ \t]*){2,}")


def parse(document: Document) -> Parsed:
    """Read a JSON Feed; raises NotReadable when the document is none."""
    found = read_json(document, wanted="a JSON Feed")
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise NotReadable(
            'the JSON has no list "items", so it is no JSON Feed: correct url, or read it with read = "wordpress"'
        )
    entries = rows(found["items"])
    if found["items"] and not entries:
        raise NotReadable(
            'nothing in the list "items" is an item of a JSON Feed: correct url in the portal\'s file'
        )
    authors = _authors(found)
    next_url = absolute(string(found.get("next_url")), document.url)
    return Parsed(
        items=tuple(_item(entry, authors=authors) for entry in entries[:MOST_ITEMS]),
        next_url=None if next_url == absolute(document.url, document.url) else next_url,
    )


def _item(entry: Mapping[str, Any], *, authors: str) -> Item:
    modified = string(entry.get("date_modified"))
    return Item(
        url=string(entry.get("url")) or string(entry.get("external_url")),
        title=string(entry.get("title")),
        guid=_id(entry.get("id")),
        raw_summary=escape(string(entry.get("summary")), quote=False),
        raw_content=string(entry.get("content_html")) or _paragraphs(string(entry.get("content_text"))),
        author=_authors(entry) or authors or None,
        labels=tuple(filter(None, map(string, values(entry.get("tags"))))),
        image_url=string(entry.get("image")) or string(entry.get("banner_image")) or None,
        published=string(entry.get("date_published")) or None,
        updated=modified or None,
    )


def _id(found: object) -> str | None:
    """An id as text; version 1 lets it be a number, and asks readers to make text of it."""
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)
    return string(found) or None


def _authors(found: Mapping[str, Any]) -> str:
    """The names under ``authors`` (1.1) or ``author`` (1); those of the feed stand in for an item's."""
    people = rows(found.get("authors")) or rows([found.get("author")])
    return ", ".join(dict.fromkeys(filter(None, (string(one.get("name")) for one in people))))


def _paragraphs(plain: str) -> str:
    pieces = (piece.strip() for piece in _BLANK_LINES.split(plain))
    return "".join(f"<p>{escape(piece, quote=False)}</p>" for piece in pieces if piece)


def read_json(document: Document, *, wanted: str) -> Any:
    """What the document's JSON holds; raises NotReadable where it is none, saying what came instead."""
    body = markup.characters(document)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as cause:
        if markup.sniff(body) is markup.Came.JSON:
            raise NotReadable(
                "the JSON is broken or cut off: open the address in a browser, tell the portal"
            ) from cause
        raise NotReadable(markup.what_came(body, wanted=wanted, url=document.url)) from cause


def string(found: object) -> str:
    """The string, without the halves of characters that JSON can hold and UTF-8 cannot; "" for anything else."""
    return _SURROGATE.sub("", found).strip() if isinstance(found, str) else ""


def table(found: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return found if isinstance(found, dict) else {}


def values(found: object) -> list[Any]:
    """The list, or an empty one."""
    return found if isinstance(found, list) else []


def rows(found: object) -> list[Mapping[str, Any]]:
    """The objects in a list."""
    return [one for one in values(found) if isinstance(one, dict)]
