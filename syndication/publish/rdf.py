"""Prints RSS 1.0 (web.resource.org/rss/1.0), the RDF format that Vietnam's list of standards names.

With its modules Dublin Core, Syndication and Content. feedgen knows nothing of it.
"""

from __future__ import annotations

from html import escape

from lxml import etree

from syndication.links import FeedFormat, Links
from syndication.publish.entry import Edition, Entry
from syndication.publish.feed import CONTENT, DCMI_TERMS, DUBLIN_CORE, SYNDICATION, links_of, told_apart

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS = "http://purl.org/rss/1.0/"
ATOM = "http://www.w3.org/2005/Atom"
_SPACES = {
    None: RSS,
    "rdf": RDF,
    "atom": ATOM,
    "content": CONTENT,
    "dc": DUBLIN_CORE,
    "dcterms": DCMI_TERMS,
    "sy": SYNDICATION,
}
_ABOUT, _RESOURCE = f"{{{RDF}}}about", f"{{{RDF}}}resource"


def build(edition: Edition, links: Links) -> bytes:
    """The edition as RSS 1.0. Same arguments, same bytes."""
    plan = edition.plan
    root = etree.Element(f"{{{RDF}}}RDF", nsmap=_SPACES)  # type: ignore[arg-type] # None is the default one
    channel = etree.SubElement(root, f"{{{RSS}}}channel", {_ABOUT: edition.address(FeedFormat.RDF, links)})
    _add(channel, RSS, "title", plan.title)
    _add(channel, RSS, "link", links.page_of(plan.name))
    _add(channel, RSS, "description", plan.description)
    for link in links_of(edition, FeedFormat.RDF, links):
        etree.SubElement(channel, f"{{{ATOM}}}link", link)
    _add(channel, DUBLIN_CORE, "language", plan.language)
    _add(channel, DUBLIN_CORE, "date", edition.updated_at.isoformat())
    _add(channel, DUBLIN_CORE, "publisher", plan.title)
    _add(channel, SYNDICATION, "updatePeriod", "hourly")
    _add(channel, SYNDICATION, "updateFrequency", "1")
    sequence = etree.SubElement(etree.SubElement(channel, f"{{{RSS}}}items"), f"{{{RDF}}}Seq")
    for entry in edition.entries:
        etree.SubElement(sequence, f"{{{RDF}}}li", {_RESOURCE: entry.id})
        _add_item(root, entry, language=plan.language)
    document = told_apart(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    return document.replace(b"<item ", b"\n<item ") + b"\n"


def _add_item(root: etree._Element, entry: Entry, *, language: str) -> None:
    item = etree.SubElement(root, f"{{{RSS}}}item", {_ABOUT: entry.id})
    _add(item, RSS, "title", entry.title)
    _add(item, RSS, "link", entry.url)
    # Like that of RSS 2.0, it is read as HTML.
    _add(item, RSS, "description", escape(entry.summary or entry.title, quote=False))
    if entry.content:
        _add(item, CONTENT, "encoded", entry.content)
    _add(item, DUBLIN_CORE, "creator", entry.author)
    _add(item, DUBLIN_CORE, "date", entry.announced_at.isoformat())
    for _, title in entry.categories:
        _add(item, DUBLIN_CORE, "subject", title)
    _add(item, DUBLIN_CORE, "source", entry.origin.name)
    if entry.language != language:
        _add(item, DUBLIN_CORE, "language", entry.language)
    if entry.issued_at:
        _add(item, DCMI_TERMS, "created", entry.issued_at.isoformat())


def _add(parent: etree._Element, space: str, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{space}}}{name}").text = text
