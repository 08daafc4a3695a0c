"""Builds the OPML 2.0 list of all our feeds, for readers to import in one go (opml.org/spec2.opml)."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from lxml import etree

from syndication.links import FeedFormat, Links
from syndication.publish.printable import without_markup
from syndication.publish.select import FeedPlan

GROUPS = {"all": "Tất cả", "categories": "Theo chuyên mục", "portals": "Theo cổng thông tin"}


def group_of(name: str) -> str:
    """Which group of feeds a feed is shown in."""
    if name == "all":
        return "all"
    return "portals" if name.startswith("portals/") else "categories"


def build(plans: Iterable[FeedPlan], *, title: str, links: Links) -> bytes:
    """The OPML document, nested by kind. Same arguments, same bytes."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    # All texts of OPML are read as HTML, so «TT&TT» is escaped once more than XML needs.
    etree.SubElement(head, "title").text = escape(without_markup(title), quote=False)
    body = etree.SubElement(root, "body")
    groups: dict[str, etree._Element] = {}
    for plan in plans:
        group = group_of(plan.name)
        if group not in groups:
            groups[group] = etree.SubElement(body, "outline", text=GROUPS[group])
        text, description = escape(plan.title, quote=False), escape(plan.description, quote=False)
        etree.SubElement(
            groups[group],
            "outline",
            type="rss",
            text=text,
            title=text,
            description=description,
            language=plan.language,
            version="RSS2",
            xmlUrl=links.feed(plan.name, FeedFormat.RSS),
            htmlUrl=links.page_of(plan.name),
        )
    document: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return document
