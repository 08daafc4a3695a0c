"""Finds the parts of an article's page that the portal's file has selectors for, and takes out what it removes."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from syndication import css
from syndication.collect.extract.furniture import clear
from syndication.collect.parse import markup
from syndication.domain.portal import ArticleReading
from syndication.errors import NotReadable

Chosen = tuple[str, etree._Element]
"""The words of a part, and the element that bears them."""


def select(root: etree._Element, reading: ArticleReading) -> dict[str, Chosen]:
    """The words and the element of every part that has a selector which finds it; what ``remove`` finds goes."""
    chosen: dict[str, Chosen] = {}
    for part, written in reading.select.items():
        for words_of_it, element in _matches(root, written, part):
            if words_of_it.strip() or part in ("body", "image"):
                chosen[part] = words_of_it, element
                break
    for written in reading.remove:
        for _, element in list(_matches(root, written, "remove")):
            if all(one is not element for _, one in chosen.values()):
                clear(element)
    return chosen


def _matches(root: etree._Element, written: str, part: str) -> Iterator[Chosen]:
    """What a selector finds, its alternatives (between commas) in the order in which they were written."""
    try:
        read = css.Css.of(written)
        for selector in read.selectors:
            found = css.xpath([selector])(root)
            for element in found if isinstance(found, list) else ():
                if isinstance(element, etree._Element):
                    yield (
                        ((element.get(read.attribute) or "") if read.attribute else markup.words(element)),
                        element,
                    )
    except (css.NoSelector, etree.XPathError) as cause:
        raise NotReadable(
            f'[article.select] {part} = "{written}" is no CSS selector for this page ({cause}): correct it in the '
            "portal's file"
        ) from cause
