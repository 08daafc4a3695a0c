"""Reads an article's own page: title, date, lead, text and picture, each only when it is surely the article's.

Asked in this order, and the first sure answer counts: the selectors of the portal's file; what the page tells
machines (JSON-LD, OpenGraph, microdata, Dublin Core, ``<time datetime>``); the page's own markup.

The one mistake that must not happen is to take something of *another* article: portals print «Tin khác» with
titles, excerpts and dates under every article, and some articles have no date at all. So boxes that are named
like furniture go first, a date is believed only beside the title, and everything from a heading such as «Tin
khác» on is no part of the text.
"""

from __future__ import annotations

import codecs
import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import lxml.html
from cssselect import HTMLTranslator, SelectorError
from cssselect import parse as parse_css
from lxml import etree

from syndication import text
from syndication.collect import canonical, clean
from syndication.collect.dates import VIETNAM, Precision, ReadDate, read_date
from syndication.collect.normalise import summary_of
from syndication.collect.parse.document import Document
from syndication.domain.article import Item
from syndication.domain.portal import ArticleReading, FetchArticle, SlashDates
from syndication.errors import NotReadable

MOST_ELEMENTS = 50_000
"""A page with more elements is no article, and reading it would hold up everybody else."""
LONGEST_CONTENT = 400_000
"""Characters of markup; a longer text is a whole book of documents, or an attack."""
LONGEST_TITLE = 300
LONGEST_LEAD = 1500
SHORTEST_PROSE = 60
"""Characters from which on a line without links is taken for a paragraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What an article's page says for certain; None or "" for everything else. Plain text except for the body."""

    title: str = ""
    published: str | None = None
    """As printed, or as its metadata has it; ``dates.read_date`` can read it."""
    lead: str = ""
    raw_content: str = ""
    """The body's markup, untrusted, its addresses made absolute where that was possible."""
    image_url: str | None = None
    author: str | None = None
    labels: tuple[str, ...] = ()
    canonical_url: str | None = None
    amp: bool = False


def needed(item: Item, reading: ArticleReading, *, date_is_precise: bool) -> bool:
    """Whether an item's own page has to be read.

    With ``when-needed``: when the item lacks its title, summary or date, or the text where the portal allows
    us the full text. ``date_is_precise`` says that its date has a time of day that can be trusted.
    """
    if reading.fetch is not FetchArticle.WHEN_NEEDED:
        return reading.fetch is FetchArticle.ALWAYS
    return (
        not text.plain_line(item.title)
        or not date_is_precise
        or not (clean.text_of(item.raw_summary) or clean.text_of(item.raw_content))
        or (reading.full_text and not clean.text_of(item.raw_content))
    )


def complete(
    item: Item,
    page: Extracted,
    *,
    address: str,
    reading: ArticleReading,
    date_is_precise: bool,
    zone: ZoneInfo = VIETNAM,
) -> Item:
    """The item with what its own page, read at ``address``, adds to it. What the item has is kept.

    The page's date replaces one without a trusted time of day (``date_is_precise``), its text a shorter one;
    with ``fetch = "always"`` its title and date replace the item's. A date from the page is handed on as ISO
    8601 with the zone: pages are printed for people, the day first, whatever the feed's ``dates`` says.
    An AMP page's item gets the address of the page it is a twin of.
    """
    always = reading.fetch is FetchArticle.ALWAYS
    published = item.published
    if always or not published or not date_is_precise:
        printed = _iso(page.published, zone, want_time=bool(published) and not always)
        published = printed or published
    longer = len(clean.text_of(page.raw_content)) > len(clean.text_of(item.raw_content))
    keep_title = bool(text.plain_line(item.title)) and not (always and page.title)
    url = item.url
    if page.amp and page.canonical_url and _key(page.canonical_url) == _key(address):
        url = page.canonical_url
    return replace(
        item,
        url=url,
        title=item.title if keep_title else html.escape(page.title, quote=False),
        raw_summary=item.raw_summary
        if clean.text_of(item.raw_summary)
        else html.escape(page.lead, quote=False),
        raw_content=page.raw_content if longer else item.raw_content,
        author=item.author or page.author,
        labels=item.labels or page.labels,
        image_url=item.image_url or page.image_url,
        published=published,
    )


def _key(url: str) -> str:
    return canonical.address_key(url, portal="", hosts=())


def _iso(printed: str | None, zone: ZoneInfo, *, want_time: bool) -> str | None:
    read = read_date(printed, zone=zone)
    if read is None or (want_time and not _has_time(read)):
        return None
    local = read.at.astimezone(zone)
    return local.date().isoformat() if read.precise is Precision.DAY else local.isoformat()


def _has_time(read: ReadDate) -> bool:
    return read.precise in (Precision.MINUTE, Precision.SECOND)


# ------------------------------------------------------------------ the whole


def extract(document: Document, reading: ArticleReading) -> Extracted:
    """Read an article's page. Raises NotReadable when the document is no page of an article."""
    page = _Page(_parse(document), document.url)
    chosen = _Chosen(page, reading.select)
    facts = _Facts(page)
    title_text, title_element = _title(page, facts, chosen)
    if _NOT_THERE.fullmatch(text.fold(title_text)) and not page.linked_data:
        raise NotReadable(
            f"the page answers «{title_text[:80]}»: the article is gone, or its address is wrong"
        )
    return _Reader(page, facts, chosen, reading, title_text, title_element).read()
