"""Prints RSS 2.0 and Atom 1.0 by feedgen, with an extension for what feedgen lacks or gets wrong.

The same edition always gives the same bytes: nothing here looks at a clock. An entry that cannot be printed is left
out and named, and the rest of the feed stands.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from typing import Any

import feedgen.entry
import feedgen.feed
from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from syndication.links import MEDIA_TYPES, FeedFormat, Links
from syndication.publish.entry import Edition, Entry

log = logging.getLogger(__name__)

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
DCMI_TERMS = "http://purl.org/dc/terms/"
HISTORY = "http://purl.org/syndication/history/1.0"
MEDIA = "http://search.yahoo.com/mrss/"
SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

TTL = 60
"""Minutes between two looks at a feed, as we advise readers."""

KEPT = 2_000
"""Printed entries that are kept: a story stands in three feeds, and there most stories are as they were."""

_RSS_SPACES = {
    "atom": ATOM,
    "content": CONTENT,
    "dc": DUBLIN_CORE,
    "dcterms": DCMI_TERMS,
    "media": MEDIA,
    "sy": SYNDICATION,
}
_ATOM_SPACES = {"dcterms": DCMI_TERMS, "media": MEDIA}

RSS_SPECIFICATION = "https://www.rssboard.org/rss-specification"

# feedgen formats RFC 822 dates by switching the locale of the whole process, which makes files opened meanwhile
# in other threads unreadable. The standard library's function gives the same text and leaves the locale alone.
feedgen.feed.formatRFC2822 = format_datetime
feedgen.entry.formatRFC2822 = format_datetime


def links_of(edition: Edition, form: FeedFormat, links: Links) -> Iterator[dict[str, str]]:
    """The links a document has to others: itself, its hub (WebSub §4), its neighbours (RFC 5005 §4)."""
    name = edition.plan.name
    media = MEDIA_TYPES[FeedFormat.ATOM]
    yield {"rel": "self", "type": MEDIA_TYPES[form], "href": edition.address(form, links)}
    if edition.hub and not edition.archive:
        yield {"rel": "hub", "href": edition.hub}
    current = links.feed(name, FeedFormat.ATOM)
    if edition.archive:
        yield {"rel": "current", "type": media, "href": current}
    if edition.previous:
        yield {"rel": "prev-archive", "type": media, "href": links.archive(name, edition.previous)}
    if edition.archive:
        after = links.archive(name, edition.following) if edition.following else current
        yield {"rel": "next-archive", "type": media, "href": after}


class _House(BaseExtension):  # type: ignore[misc] # feedgen ships no types
    """What the channel says beyond feedgen. Links to others than itself are lost in RSS without it."""

    edition: Edition
    links: Links

    def extend_ns(self) -> dict[str, str]:
        spaces = dict(_ATOM_SPACES)
        if self.edition.archive:
            spaces["fh"] = HISTORY
        if self.edition.tombstones:
            spaces["at"] = TOMBSTONES
        return spaces

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        if self.edition.archive:
            etree.SubElement(feed, f"{{{HISTORY}}}archive")
        for stone in self.edition.tombstones:  # RFC 6721 §3
            etree.SubElement(feed, f"{{{TOMBSTONES}}}deleted-entry", ref=stone.tag, when=stone.at.isoformat())
        return feed


class _RssHouse(_House):
    def extend_ns(self) -> dict[str, str]:
        return dict(_RSS_SPACES)

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        channel = feed[0]
        for link in links_of(self.edition, FeedFormat.RSS, self.links):
            if link["rel"] != "self":
                etree.SubElement(channel, f"{{{ATOM}}}link", link)
        for name, value in (("updatePeriod", "hourly"), ("updateFrequency", "1")):
            etree.SubElement(channel, f"{{{SYNDICATION}}}{name}").text = value
        return feed


def rss(edition: Edition, links: Links) -> bytes:
    """The edition as RSS 2.0 (rssboard.org/rss-specification, with its Profile)."""
    feed = _feed(edition, FeedFormat.RSS, links, _RssHouse)
    feed.lastBuildDate(edition.updated_at)
    feed.docs(RSS_SPECIFICATION)
    feed.ttl(TTL)
    return _document(feed.rss_str(), b"</channel></rss>", edition, links, _item)


def atom(edition: Edition, links: Links) -> bytes:
    """The edition as Atom 1.0 (RFC 4287), with archives (RFC 5005) and deletions (RFC 6721)."""
    feed = _feed(edition, FeedFormat.ATOM, links, _House)
    feed.id(edition.tag(links))
    feed.updated(edition.updated_at)
    feed.author(name=edition.plan.title)
    return _document(feed.atom_str(), b"</feed>", edition, links, _entry)


def _feed(edition: Edition, form: FeedFormat, links: Links, house: type[_House]) -> Any:
    plan = edition.plan
    feed = FeedGenerator()
    feed.title(plan.title)
    feed.subtitle(plan.description)
    feed.description(plan.description)
    feed.language(plan.language)
    feed.generator("syndication")
    page = {"rel": "alternate", "type": "text/html", "href": links.page_of(plan.name)}
    # feedgen takes the last address it is given for the channel's own.
    feed.link([*links_of(edition, form, links), page])
    feed.register_extension("house", house)
    feed.house.edition = edition
    feed.house.links = links
    return feed


def _document(
    empty: bytes,
    end: bytes,
    edition: Edition,
    links: Links,
    print_entry: Callable[[Entry, Links, str], bytes],
) -> bytes:
    """The document with its entries in it, each on a line of its own, as it was printed when it last changed."""
    head, found, _ = empty.rpartition(end)
    assert found, empty  # noqa: S101 -- feedgen always ends a document so
    lines = [told_apart(head)]
    for entry in edition.entries:
        try:
            lines.append(print_entry(entry, links, edition.plan.language))
        except (ValueError, UnicodeError):
            log.exception(
                "story %s cannot be printed in feed %s and is left out", entry.story, edition.plan.name
            )
    return b"\n".join((*lines, end, b""))


@lru_cache(maxsize=KEPT)
def _item(entry: Entry, links: Links, language: str) -> bytes:
    """A story as an item of RSS; ``language`` is the feed's."""
    story = FeedEntry()
    story.title(entry.title)
    story.link(href=entry.url)
    # RSS says nothing about the description's type and readers take it for HTML (RSS Profile, item/description).
    story.description(escape(entry.summary or entry.title, quote=False))
    if entry.content:
        story.content(entry.content)
    story.guid(entry.id, permalink=False)
    for slug, title in entry.categories:
        story.category(term=slug, label=title, scheme=links.category(slug))
    story.published(entry.announced_at)
    story.source(url=links.feed(f"portals/{entry.origin.portal}", FeedFormat.RSS), title=entry.origin.name)
    root = etree.Element("rss", nsmap=_RSS_SPACES)
    item = story.rss_entry()
    root.append(item)
    for category, (_, title) in zip(item.iterfind("category"), entry.categories, strict=True):
        category.text = title  # feedgen prints the term, which is in the address of the scheme already
    etree.SubElement(item, f"{{{DUBLIN_CORE}}}creator").text = entry.author
    if entry.language != language:
        etree.SubElement(item, f"{{{DUBLIN_CORE}}}language").text = entry.language
    for teller in entry.tellers:
        link = etree.SubElement(item, f"{{{ATOM}}}link", rel="via", type="text/html", href=teller.url)
        link.set("title", teller.name)
    _add_portal_date_and_picture(item, entry)
    return _inside(root)


@lru_cache(maxsize=KEPT)
def _entry(entry: Entry, links: Links, language: str) -> bytes:
    """A story as an entry of Atom; ``language`` is the feed's.

    Elements of Atom carry no namespace of their own here: feedgen writes the default one at the root as text.
    """
    story = FeedEntry()
    story.id(entry.id)
    story.title(entry.title)
    story.updated(entry.updated_at)
    story.published(entry.announced_at)
    story.author(name=entry.author)
    story.link(href=entry.url, rel="alternate")
    summary = entry.summary or entry.title
    if "</" in summary:  # text that would be taken for markup is told as the markup that shows it
        story.summary(escape(summary, quote=False), type="html")
    else:
        story.summary(summary)
    if entry.content:
        story.content(entry.content, type="html")
    for slug, title in entry.categories:
        story.category(term=slug, label=title, scheme=links.to("/categories/"))
    root = etree.Element("feed", nsmap=_ATOM_SPACES)
    printed = story.atom_entry()
    root.append(printed)
    if entry.language != language:
        printed.set(XML_LANG, entry.language)
    for link in printed.iterfind("link"):  # feedgen forgets the rel and the type of an entry's links
        link.set("rel", "alternate")
        link.set("type", "text/html")
    etree.SubElement(printed, "link", rel="related", type="text/html", href=entry.page)
    for teller in entry.tellers:
        link = etree.SubElement(printed, "link", rel="via", type="text/html", href=teller.url)
        link.set("title", teller.name)
    origin = f"portals/{entry.origin.portal}"
    source = etree.SubElement(printed, "source")  # RFC 4287 §4.2.11
    etree.SubElement(source, "id").text = links.feed_tag(origin)
    etree.SubElement(source, "title").text = entry.origin.name
    etree.SubElement(source, "updated").text = entry.updated_at.isoformat()
    media = MEDIA_TYPES[FeedFormat.ATOM]
    etree.SubElement(source, "link", rel="self", type=media, href=links.feed(origin, FeedFormat.ATOM))
    etree.SubElement(source, "link", rel="alternate", type="text/html", href=entry.origin.home)
    _add_portal_date_and_picture(printed, entry)
    return _inside(root)


def _add_portal_date_and_picture(printed: etree._Element, entry: Entry) -> None:
    if entry.issued_at:
        # The portal's own date beside ours. Not dc:date, which says the same as pubDate (a validator warns of it),
        # nor dcterms:issued, which feedparser takes for the date of publication instead of ours.
        etree.SubElement(printed, f"{{{DCMI_TERMS}}}created").text = entry.issued_at.isoformat()
    if entry.image:
        content = etree.SubElement(printed, f"{{{MEDIA}}}content", url=entry.image, medium="image")
        if entry.image_type:
            content.set("type", entry.image_type)
        thumbnail = etree.SubElement(printed, f"{{{MEDIA}}}thumbnail", url=entry.image)
        if entry.image_size:
            width, height = map(str, entry.image_size)
            for picture in (content, thumbnail):
                picture.set("width", width)
                picture.set("height", height)


def _inside(root: etree._Element) -> bytes:
    """What the root holds, without the root, which declares the namespaces as that of the document does."""
    whole = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return told_apart(whole[whole.index(b">") + 1 : whole.rindex(b"</")])


def told_apart(document: bytes) -> bytes:
    """The same XML with the characters of markup in text as numbers.

    Readers that take a title for HTML and those that take it for text both read ``&#x3C;`` rightly (RSS Profile,
    character data).
    """
    # In a full text these are many, and cutting and joining takes two thirds of the time of bytes.replace.
    return b"&#x26;".join(b"&#x3C;".join(document.split(b"&lt;")).split(b"&amp;"))
