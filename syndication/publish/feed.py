"""Builds RSS 2.0 and Atom 1.0 by feedgen, with an extension for what feedgen lacks or gets wrong.

The same stories always give the same bytes: nothing here looks at a clock. An entry that cannot be built is left
out and named, and the rest of the feed stands.
"""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import feedgen.entry
import feedgen.feed
from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from syndication import text
from syndication.domain.portal import Catalogue
from syndication.domain.story import Story
from syndication.links import FeedFormat, Links
from syndication.publish.select import FeedPlan

log = logging.getLogger(__name__)

DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
DCMI_TERMS = "http://purl.org/dc/terms/"
MEDIA = "http://search.yahoo.com/mrss/"
SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"

BEFORE_ANY_STORY = datetime(2026, 1, 1, tzinfo=UTC)
"""The time an empty feed gives; any fixed one will do, the clock will not."""

# feedgen formats RFC 822 dates by switching the locale of the whole process, which makes files opened meanwhile
# in other threads unreadable. The standard library's function gives the same text and leaves the locale alone.
feedgen.feed.formatRFC2822 = format_datetime
feedgen.entry.formatRFC2822 = format_datetime


class _FeedExtension(BaseExtension):  # type: ignore[misc] # feedgen ships no types
    """Namespaces and what the channel says beyond feedgen: how often it changes."""

    def extend_ns(self) -> dict[str, str]:
        return {"dc": DUBLIN_CORE, "dcterms": DCMI_TERMS, "media": MEDIA, "sy": SYNDICATION}

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        channel = feed[0]
        for name, value in (("updatePeriod", "hourly"), ("updateFrequency", "1")):
            etree.SubElement(channel, f"{{{SYNDICATION}}}{name}").text = value
        return feed


class _EntryExtension(BaseEntryExtension):  # type: ignore[misc] # feedgen ships no types
    """Where a story comes from: its source, its author, everyone who tells it, and its picture.

    Elements of Atom carry no namespace of their own here: feedgen writes the default one at the root as text.
    """

    def __init__(self) -> None:
        self.story: Story | None = None
        self.page = ""
        self.portals: Sequence[tuple[str, str]] = ()
        """(address of the telling, the portal's name), the leading one first."""
        self.source: Mapping[str, str] = {}

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        assert self.story  # noqa: S101 -- set right after the extension is loaded
        # feedgen forgets the rel of an entry's links, so it only writes the alternate one.
        etree.SubElement(entry, "link", rel="related", type="text/html", href=self.page)
        for href, name in self.portals:
            etree.SubElement(entry, "link", rel="via", type="text/html", href=href, title=name)
        source = etree.SubElement(entry, "source")  # RFC 4287 §4.2.11
        etree.SubElement(source, "id").text = self.source["id"]
        etree.SubElement(source, "title").text = self.source["name"]
        etree.SubElement(source, "updated").text = self.story.updated_at.isoformat()
        etree.SubElement(source, "link", rel="alternate", type="text/html", href=self.source["home"])
        _portal_date(entry, self.story)
        _picture(entry, self.story)
        return entry

    def extend_rss(self, entry: etree._Element) -> etree._Element:
        assert self.story  # noqa: S101 -- set right after the extension is loaded
        creator = etree.SubElement(entry, f"{{{DUBLIN_CORE}}}creator")
        creator.text = text.clean_text(self.story.author or self.source["name"])
        _portal_date(entry, self.story)
        _picture(entry, self.story)
        return entry


def _portal_date(entry: etree._Element, story: Story) -> None:
    """The portal's own date beside ours; as dcterms, because dc:date would say the same as pubDate."""
    if story.lead.published_at:
        etree.SubElement(entry, f"{{{DCMI_TERMS}}}issued").text = story.lead.published_at.isoformat()


def _picture(entry: etree._Element, story: Story) -> None:
    if story.image_url:
        kind = mimetypes.guess_type(urlsplit(story.image_url).path)[0]
        content = etree.SubElement(entry, f"{{{MEDIA}}}content", url=story.image_url, medium="image")
        if kind and kind.startswith("image/"):
            content.set("type", kind)


def build(
    plan: FeedPlan, stories: Sequence[Story], *, catalogue: Catalogue, links: Links
) -> dict[FeedFormat, bytes]:
    """The documents of one feed, newest story first as given. Same arguments, same bytes."""
    updated = max((story.updated_at for story in stories), default=BEFORE_ANY_STORY)
    return {
        FeedFormat.RSS: _document(plan, stories, FeedFormat.RSS, updated, catalogue, links).rss_str(),
        FeedFormat.ATOM: _document(plan, stories, FeedFormat.ATOM, updated, catalogue, links).atom_str(),
    }


def _document(
    plan: FeedPlan,
    stories: Sequence[Story],
    form: FeedFormat,
    updated: datetime,
    catalogue: Catalogue,
    links: Links,
) -> Any:
    feed = FeedGenerator()
    feed.register_extension("house", _FeedExtension, _EntryExtension)
    feed.id(links.feed_tag(plan.name))
    feed.title(plan.title)
    feed.subtitle(plan.description)
    feed.description(plan.description)
    feed.language(plan.language)
    feed.author(name=plan.title)
    feed.generator("syndication")
    feed.link(href=links.page_of(plan.name), rel="alternate", type="text/html")
    feed.link(href=links.feed(plan.name, form), rel="self")
    feed.updated(updated)
    feed.ttl(60)
    for story in stories:
        try:
            entry = _entry(story, form, catalogue, links)
            # feedgen says no only when the whole feed is printed; asking here keeps one bad entry one bad entry.
            entry.rss_entry() if form is FeedFormat.RSS else entry.atom_entry()
        except (ValueError, UnicodeError):
            log.exception("story %s cannot be printed in feed %s and is left out", story.id, plan.name)
        else:
            feed.add_entry(entry, order="append")
    return feed


def _entry(story: Story, form: FeedFormat, catalogue: Catalogue, links: Links) -> Any:
    portal = catalogue.portals.get(story.lead.portal)
    name = portal.name if portal else story.lead.portal
    entry = FeedEntry()
    entry.register_extension("house", _EntryExtension)
    entry.house.story = story
    entry.house.page = links.story(story.id)
    entry.house.portals = [(one.url, _name(one.portal, catalogue)) for one in story.tellings]
    entry.house.source = {
        "id": links.feed_tag(f"portals/{story.lead.portal}"),
        "name": name,
        "home": portal.home if portal else story.url,
    }
    entry.id(story.tag)
    entry.title(text.clean_text(story.title) or text.clean_text(story.summary)[:80] or name)
    entry.link(href=story.url, rel="alternate")
    summary = text.clean_text(story.summary)
    if form is FeedFormat.ATOM:
        entry.author(name=text.clean_text(story.author or name))
        if summary:
            entry.summary(summary)
    else:
        entry.guid(story.tag, permalink=False)
        # RSS says nothing about the description's type and readers take it for HTML (RSS Profile, item/description).
        entry.description(summary.replace("&", "&amp;").replace("<", "&lt;") or text.clean_text(story.title))
        entry.source(url=links.feed(f"portals/{story.lead.portal}", FeedFormat.RSS), title=name)
    if story.content:
        entry.content(text.clean_text(story.content), type="html")
    for slug in story.categories:
        category = catalogue.category(slug)
        if category:
            entry.category(term=slug, label=category.title, scheme=links.to("/categories/"))
    entry.published(story.announced_at)
    entry.updated(story.updated_at)
    return entry


def _name(portal: str, catalogue: Catalogue) -> str:
    known = catalogue.portals.get(portal)
    return known.name if known else portal
