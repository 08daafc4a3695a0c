"""A CSS selector as portals' files write it: ``ul.news > li``, or ``a@href`` for an attribute of what it finds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cssselect import HTMLTranslator, SelectorError, parse
from cssselect.parser import Selector
from lxml import etree

_ATTRIBUTE = re.compile(r"@([A-Za-z_][\w:.-]*)\s*$")
_TOKEN = re.compile(r"<[A-Z_]+ '(.*?)' at \d+>")
_END = re.compile(r"got <EOF at \d+>")


class NoSelector(ValueError):
    """A text is no CSS selector. Its own text says why, in a few words for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Css:
    """A selector that can be used."""

    written: str
    selectors: tuple[Selector, ...]
    """Its alternatives, between commas, in the order in which they were written."""
    attribute: str | None
    """In lower case, as HTML's are once they are read."""
    names_element: bool
    """False for ``@href`` alone: that means the element in which one looks."""

    @classmethod
    def of(cls, written: str) -> Css:
        """Understand a selector; raises NoSelector."""
        ending = _ATTRIBUTE.search(written)
        bare = (written[: ending.start()] if ending else written).strip()
        try:
            selectors = tuple(parse(bare or ":scope"))
            # Some mistakes, such as a prefix that means nothing, show only when it is used.
            xpath(selectors)(etree.Element("html"))
        except (SelectorError, etree.XPathError, RecursionError, ValueError) as cause:
            raise NoSelector(_plain(cause, bare)) from cause
        return cls(written, selectors, ending[1].lower() if ending else None, bool(bare))


def xpath(selectors: Iterable[Selector], *, most: int | None = None) -> etree.XPath:
    """What any of these means, in the order of the document, the first ``most`` of each.

    Each is cut before libxml2 brings them all into order, which it does slowly.
    """
    translator = HTMLTranslator()
    paths = (translator.selector_to_xpath(one, translate_pseudo_elements=True) for one in selectors)
    first = "" if most is None else f"[position() <= {most}]"
    return etree.XPath(" | ".join(f"({path}){first}" for path in paths))


def _plain(cause: Exception, bare: str) -> str:
    if isinstance(cause, RecursionError):
        return "it is too long"
    if isinstance(cause, ValueError):  # an escape such as \1
        return "it names a character that no page can hold"
    if "@" in bare:
        return "an attribute is named once, at the very end: img@src"
    said = _END.sub("and it ends there", _TOKEN.sub(r"«\1»", str(cause))).strip("[]. ")
    return said[:1].lower() + said[1:]
