"""Reads sitemaps (sitemaps.org, with the extensions for news and pictures), also gzipped, and their indexes.

A plain sitemap knows addresses and days, no titles: those items have an empty title, which only the article's
own page can fill. What a sitemap calls ``lastmod`` is a change, never the publication.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from heapq import nlargest
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree

from syndication.collect.canonical import absolute
from syndication.collect.dates import read_date
from syndication.collect.parse import markup
from syndication.collect.parse.document import MOST_ITEMS, Document, Parsed
from syndication.collect.parse.feed import repair
from syndication.domain.article import Item
from syndication.errors import NotReadable

MOST_BYTES = 15_000_000
"""Of an inflated sitemap; as much as one answer of a portal may have."""
MOST_ENTRIES = 50_000
"""What sitemaps.org lets one file hold; the rest is not looked at."""

_GZIP = b"\x1f\x8b"
_NEVER = datetime.min.replace(tzinfo=UTC)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_END = re.compile(r"</(?:\w{1,20}:)?urlset\s*>", re.IGNORECASE)
_DOCUMENT_TYPE = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
# How WordPress and its plug-ins name the sitemaps of what is not an article.
_NO_ARTICLES = re.compile(
    r"(?:^|[-_])(?:pages?|categor(?:y|ies)|tags?|authors?|users?|taxonom(?:y|ies)|images?|videos?)(?=[-_.\d]|$)"
)


def parse(document: Document) -> Parsed:
    """Read a sitemap; of an index, ``next_url`` is its newest sitemap. Raises NotReadable for anything else.

    Of more than ``MOST_ITEMS`` entries those with the latest dates are taken: many portals list the oldest first.
    """
    body = markup.characters(replace(document, body=_inflated(document.body)))
    root = _root(body, url=document.url)
    if _name(root) == "sitemapindex":
        return Parsed(items=(), next_url=_newest(_children(root, "sitemap"), url=document.url))
    entries = list(_children(root, "url"))
    if not _END.search(body[-1_000:]):
        entries = entries[:-1]  # half an address is a wrong one
    if len(entries) > MOST_ITEMS:
        entries = nlargest(MOST_ITEMS, entries, key=_dated)
    return Parsed(items=tuple(item for item in map(_item, entries) if item.url))


def _inflated(body: bytes) -> bytes:
    """The body without its gzip (RFC 1952); a sitemap's address often ends in ``.xml.gz``."""
    if not body.startswith(_GZIP):
        return body
    inflater = zlib.decompressobj(wbits=31)
    try:
        inflated = inflater.decompress(body, MOST_BYTES)
    except zlib.error as cause:
        raise NotReadable(
            "the gzipped sitemap is damaged: open the address in a browser, tell the portal"
        ) from cause
    if inflater.unconsumed_tail:
        raise NotReadable(
            f"the sitemap inflates to more than {MOST_BYTES // 1_000_000} MB: choose a smaller one from the portal's "
            "robots.txt"
        )
    return inflated


def _root(body: str, *, url: str) -> etree._Element:
    if markup.sniff(body) in (markup.Came.NOTHING, markup.Came.PAGE):
        raise NotReadable(markup.what_came(body, wanted="a sitemap", url=url))
    if _DOCUMENT_TYPE.search(body):
        raise NotReadable("the XML declares entities, which no sitemap needs: tell the portal")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,  # an undeclared prefix or a cut-off end must not cost us the rest
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(repair(_DECLARATION.sub("", body).encode("utf-8", errors="replace")), parser)
    except (etree.LxmlError, ValueError) as cause:
        raise NotReadable(
            "the sitemap cannot be parsed: open the address in a browser, tell the portal"
        ) from cause
    if root is None or _name(root) not in ("urlset", "sitemapindex"):
        raise NotReadable(markup.what_came(body, wanted="a sitemap", url=url))
    return root


def _name(element: etree._Element) -> str:
    """The name without its namespace, also where the prefix was never declared."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return islice((child for child in element if _name(child) == name), MOST_ENTRIES)


def _said(element: etree._Element, *path: str) -> str:
    """The text at a path of names below an element, or ""."""
    for name in path:
        found = next(_children(element, name), None)
        if found is None:
            return ""
        element = found
    return (element.text or "").strip()


def _item(entry: etree._Element) -> Item:
    keywords = (keyword.strip() for keyword in _said(entry, "news", "keywords").split(","))
    return Item(
        url=_said(entry, "loc"),
        title=_said(entry, "news", "title"),
        labels=tuple(dict.fromkeys(filter(None, keywords))),
        image_url=_said(entry, "image", "loc") or None,
        published=_said(entry, "news", "publication_date") or None,
        updated=_said(entry, "lastmod") or None,
    )


def _dated(entry: etree._Element) -> datetime:
    read = read_date(_said(entry, "lastmod")) or read_date(_said(entry, "news", "publication_date"))
    return read.at if read else _NEVER


def _newest(sitemaps: Iterator[etree._Element], *, url: str) -> str | None:
    """The sitemap in which the newest articles are to be expected: of articles if names tell, changed last."""
    here = absolute(url, url)
    known = [(absolute(_said(one, "loc"), url), _said(one, "lastmod")) for one in sitemaps]
    children: Sequence[tuple[str, str]] = [(loc, at) for loc, at in known if loc and loc != here]
    children = [child for child in children if not _NO_ARTICLES.search(_file(child[0]))] or children
    changed = [(read.at if (read := read_date(at)) else _NEVER, loc) for loc, at in children]
    return max(changed, key=lambda child: child[0], default=(_NEVER, None))[1]


def _file(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2].lower()
