"""Makes the text of an article fit to be handed on: whole addresses, nothing empty."""

from __future__ import annotations

import html

from lxml import etree

from syndication.collect import canonical
from syndication.collect.extract.furniture import IMAGES, clear
from syndication.collect.picture import address_in

LONGEST_CONTENT = 400_000
"""Characters of markup; a longer text is a collection of documents, or an attack."""

_KEPT_EMPTY = frozenset({"img", "br", "hr", "td", "th"})


def tidy(box: etree._Element, base: str) -> None:
    """Make addresses absolute and drop what is empty now."""
    for element in reversed(list(box.iterdescendants())):
        if element.tag in IMAGES:
            found = canonical.absolute(address_in(element), base)
            element.tag = "img"
            element.set("src", found or "")
            if not found:
                clear(element)
        elif element.tag == "a" and not (element.get("href") or "").lower().startswith("mailto:"):
            element.set("href", canonical.absolute(element.get("href") or "", base) or "")
        if element.tag not in _KEPT_EMPTY and not _says(element.text) and all(map(_is_nothing, element)):
            clear(element)
    etree.strip_tags(box, "span")


def markup_of(box: etree._Element) -> str:
    """The markup in an element; "" where it is longer than any article."""
    pieces = [html.escape(box.text or "", quote=False)]
    pieces.extend(etree.tostring(child, encoding="unicode", method="html") for child in box)
    raw = "".join(pieces).strip()
    return raw if len(raw) <= LONGEST_CONTENT else ""


def _is_nothing(child: etree._Element) -> bool:
    return child.tag == "span" and not len(child) and not _says(child.text) and not _says(child.tail)


def _says(words: str | None) -> bool:
    return bool(words and words.strip())
