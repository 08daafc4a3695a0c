"""Reads RSS and Atom of every version, by feedparser, from bytes made sound first.

feedparser is given neither the network nor the choice of dates, nor the cleaning of HTML: it fetches without
limits, reads ``04-07-2024`` as 20 July 2004, and lets scripts through in titles. What it is excellent at is
making sense of a hundred dialects of XML, and that is all it does here.
"""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html.entities import html5
from typing import Any
from xml.sax.saxutils import escape

import feedparser

from syndication.collect.cut import cut
from syndication.collect.parse import markup
from syndication.collect.parse.charset import decode
from syndication.collect.parse.document import MOST_ITEMS, Document, Parsed
from syndication.domain.article import Item
from syndication.domain.picture import Size, stated_size
from syndication.errors import NotReadable

_START = re.compile(rb"(?:\s|\xef\xbb\xbf|\xc2\xa0)*(?:<\?xml[^>]*\?>\s*)?")
_XML_ILLEGAL = bytes({*range(32)} - set(b"\t\n\r"))
_NON_CHARACTER = re.compile(rb"\xef\xbf[\xbe\xbf]")
_STRAY_AMPERSAND = re.compile(rb"&(?!(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")
_ENTITY_OF_HTML = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31});")
_LONGEST_PAGE = 200_000
"""Bytes of a web page in place of a feed that are looked at to say which page it is."""
_NUMBER = re.compile(r"\d{1,6}")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}


def bare(document: Document) -> bytes:
    """The document in UTF-8, without a blank start and without the declaration, which may lie about the encoding."""
    sound = decode(document).encode("utf-8", errors="replace")
    start = _START.match(sound)
    return sound[start.end() :] if start else sound


def repair(sound: bytes) -> bytes:
    """Well-formed where portals are not: stray ``&`` (``TT&TT``), entities of HTML, forbidden characters.

    ``]]>`` where no CDATA is open ends one that stood in another, which XML does not know (XML 1.0 §2.7).
    """
    sound = _NON_CHARACTER.sub(b"", sound.translate(None, _XML_ILLEGAL)).lstrip()
    own_entities = b"<!ENTITY" in sound
    pieces: list[bytes] = []
    done = 0
    while done < len(sound):
        start = sound.find(b"<![CDATA[", done)
        end = sound.find(b"]]>", start) + 3 if start >= 0 else 2
        if end < 3:
            start = end = len(sound)
        piece = _STRAY_AMPERSAND.sub(b"&amp;", sound[done:start].replace(b"]]>", b""))
        pieces += (piece if own_entities else _ENTITY_OF_HTML.sub(_character, piece), sound[start:end])
        done = end
    return b"".join(pieces)


def _character(entity: re.Match[bytes]) -> bytes:
    character = html5.get(f"{entity[1].decode()};")
    return escape(character).encode() if character else b"&amp;" + entity[0][1:]


def parse(document: Document) -> Parsed:
    """Read a feed; raises NotReadable when the document is none.

    Where the feed can be cut (``collect/cut.py``), items that are known are left out, and those left are told apart.
    """
    sound = bare(document)
    fewer = cut(sound, document.known, most=MOST_ITEMS)
    if fewer is None:
        sound = repair(sound)
        fewer = cut(sound, document.known, most=MOST_ITEMS)
    if fewer is not None:
        found = _understood(fewer.document, document.url)
        if len(found.entries) == len(fewer.left):
            return _parsed(found, hashes=fewer.left, left_out=fewer.left_out)
    return _parsed(_understood(sound, document.url))


def _understood(sound: bytes, url: str) -> Any:
    try:
        found = feedparser.parse(
            io.BytesIO(sound),
            # No base address: feedparser would make http:host/path (slashes lost) an address on our base's host.
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except MemoryError:
        raise
    except Exception as cause:  # whatever a hostile document makes feedparser raise is the source's fault
        raise NotReadable(
            f"the feed cannot be parsed ({cause.__class__.__name__}): tell the portal"
        ) from cause
    if not found.entries and not found.get("version"):
        raise NotReadable(_not_a_feed(sound, url))
    return found


def _parsed(found: Any, *, hashes: tuple[str, ...] = (), left_out: frozenset[str] = frozenset()) -> Parsed:
    return Parsed(
        items=tuple(_item(entry) for entry in found.entries[:MOST_ITEMS]),
        hashes=hashes,
        left_out=left_out,
        generator=found.feed.get("generator"),
        every=_every(found.feed),
    )


def _every(feed: Any) -> timedelta | None:
    """How often the feed says it is worth asking for: RSS's ttl in minutes, or the syndication module's period.

    Whichever asks us to come more seldom. https://www.rssboard.org/rss-profile#element-channel-ttl,
    https://web.resource.org/rss/1.0/modules/syndication/
    """
    said: list[timedelta] = []
    if minutes := _NUMBER.fullmatch(str(feed.get("ttl", "")).strip()):
        said.append(timedelta(minutes=int(minutes[0])))
    period = _PERIODS.get(str(feed.get("sy_updateperiod", "")).strip().lower())
    times = _NUMBER.fullmatch(str(feed.get("sy_updatefrequency") or "1").strip())
    if period and times and int(times[0]):
        said.append(period / int(times[0]))
    return max(said, default=None)


def _not_a_feed(body: bytes, url: str) -> str:
    head = body[:2000].lstrip().lower()
    if not head:
        return "the answer is empty: open the address in a browser and correct url in the portal's file"
    if head.startswith((b"<!doctype html", b"<html")) or b"<body" in head:
        page = body[:_LONGEST_PAGE].decode("utf-8", errors="replace")
        if says := markup.instead(markup.read_html(page), page, url=url):
            return says
        return (
            "the answer is a web page, not a feed: open the address in a browser and correct url, "
            'or read the listing with read = "page"'
        )
    return "the answer is neither RSS nor Atom: open the address in a browser and correct url"


def _item(entry: Any) -> Item:
    contents = [_said(part.get("value")) for part in _rows(entry, "content")]
    image_url, image_size = _image(entry)
    return Item(
        url=_link(entry),
        title=_said(entry.get("title")),
        guid=entry.get("id") or None,
        raw_summary=_said(entry.get("summary")),
        raw_content=max(contents, key=len, default=""),
        author=entry.get("author") or None,
        labels=tuple(tag.get("label") or tag.get("term") or "" for tag in _rows(entry, "tags")),
        image_url=image_url,
        image_size=image_size,
        published=_printed(entry, "published") or _printed(entry, "created") or _printed(entry, "updated"),
        updated=_printed(entry, "updated"),
    )


def _said(written: str | None) -> str:
    """A text without the marks of a CDATA that was escaped, or stood in another: no reader shall see those."""
    return _CDATA.sub("", written or "")


def _rows(entry: Any, name: str) -> list[Any]:
    # An element that feedparser does not know stands under its own name: <links> where a list should be.
    found = entry.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _printed(entry: Any, name: str) -> str | None:
    # ``in`` first: feedparser's get() quietly answers with another date.
    return (entry[name] or None) if name in entry else None


def _link(entry: Any) -> str:
    alternates = [
        link.get("href") or ""
        for link in _rows(entry, "links")
        if link.get("rel", "alternate") == "alternate" and "html" in link.get("type", "text/html")
    ]
    return next(filter(None, alternates), "") or entry.get("link") or ""


def _image(entry: Any) -> tuple[str | None, Size | None]:
    """The picture's address and its size; an enclosure has a length in bytes only."""
    for media in _rows(entry, "media_content"):
        if media.get("medium") == "image" or str(media.get("type", "")).startswith("image/"):
            return _media(media)
    for thumbnail in _rows(entry, "media_thumbnail"):
        if thumbnail.get("url"):
            return _media(thumbnail)
    for link in _rows(entry, "links"):
        if link.get("rel") == "enclosure" and _is_picture(
            link.get("href") or "", str(link.get("type") or "")
        ):
            return link["href"], None
    return None, None


def _is_picture(address: str, kind: str) -> bool:
    """Whether an enclosure is a picture: by its type, or where the portal gives none by its name."""
    return bool(address) and (kind.startswith("image/") or (not kind and bool(_PICTURE_FILE.search(address))))


def _media(element: Any) -> tuple[str | None, Size | None]:
    """What an element of Media RSS says of a picture (rssboard.org/media-rss)."""
    if url := element.get("url"):
        return str(url), stated_size(element.get("width"), element.get("height"))
    return None, None
