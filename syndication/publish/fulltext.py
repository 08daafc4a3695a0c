"""Sees to it that a full text is HTML every reader takes: safe, well nested, every address absolute.

``collect/clean.py`` made it so, and almost always there is nothing to do but to look. This is no second sanitiser:
what cannot be trusted is not mended but told as plain paragraphs, which hold nothing but text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape

import lxml.html
from lxml import etree

from syndication import text
from syndication.publish.printable import printable, web_address

_VOID = frozenset({"br", "hr", "img"})
_BLOCKS = frozenset("blockquote dd dl dt figcaption figure h2 h3 h4 h5 h6 hr li ol p pre table ul".split())
_TABLE = {  # what may stand in the parts of a table (HTML Living Standard, 13.2.6.4.9 and following)
    "table": {"caption", "tbody", "thead"},
    "tbody": {"tr"},
    "thead": {"tr"},
    "tr": {"td", "th"},
}
_ONLY_IN = {
    "caption": {"table"},
    "tbody": {"table"},
    "thead": {"table"},
    "tr": {"tbody", "thead"},
    "td": {"tr"},
    "th": {"tr"},
}
_LISTS = {"li": {"ol", "ul"}, "dd": {"dl"}, "dt": {"dl"}}
_TAGS = (
    _VOID
    | _BLOCKS
    | {*_TABLE, *_ONLY_IN}
    | set("a abbr b code del em i ins q s small strong sub sup u".split())
)
_ATTRIBUTES = frozenset("alt colspan height href rel rowspan scope src title width".split())
_UNSEEN = ("script", "style", "noscript", "iframe", "object", "svg", "math", "template", "title", "head")

KEPT = 1_000
"""Full texts that are kept as they were found or made: each is asked for in every feed of its story."""

_MARKUP = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z]+="[^"<>]*")*)>|<')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_ODD_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|nbsp|#39|#160);)")


@lru_cache(maxsize=KEPT)
def full_text(markup: str, *, base: str) -> str | None:
    """The full text as it can be published, or None where there is none.

    ``base`` is what relative addresses in it are read against.
    """
    markup = printable(markup).strip()
    if not markup:
        return None
    if is_sound(markup):
        return markup
    try:
        root = lxml.html.fragment_fromstring(markup, create_parent="div")
    except (etree.LxmlError, ValueError):
        return None
    mended = _with_absolute_addresses(root, base)
    return mended if mended and is_sound(mended) else _paragraphs(root)


def is_sound(markup: str) -> bool:
    """Whether this is HTML as ``collect/clean.py`` writes it, which a strict parser reads without an error."""
    if _ODD_ENTITY.search(markup):
        return False
    stack: list[str] = []
    end = 0
    for found in _MARKUP.finditer(markup):
        closing, tag, attributes = found.groups()
        if stack and stack[-1] in _TABLE and markup[end : found.start()].strip():
            return False
        end = found.end()
        if closing:
            if attributes or not stack or stack.pop() != tag:
                return False
        elif (
            tag not in _TAGS
            or not _may_stand(tag, stack)
            or (attributes and not all(map(_is_sound, _ATTRIBUTE.findall(attributes))))
        ):
            return False
        elif tag not in _VOID:
            stack.append(tag)
    return not stack


def _may_stand(tag: str, stack: list[str]) -> bool:
    if not stack:
        return tag not in _ONLY_IN
    parent = stack[-1]
    if parent in _TABLE:
        return tag in _TABLE[parent]
    if tag in _ONLY_IN or (tag == "a" and "a" in stack):
        return False
    if tag not in _BLOCKS:
        return True
    for above in reversed(stack):  # what this tag would close unasked
        if above in ("td", "th", "caption"):
            break
        if above == "p" or (above in _LISTS and tag in _LISTS and _LISTS[tag] == _LISTS[above]):
            return False
        if above in ("ol", "ul", "dl") and tag in _LISTS:
            break
    return not (tag[0] == "h" and parent[:1] == "h" and tag != "hr")


def _is_sound(attribute: tuple[str, str]) -> bool:
    name, value = attribute
    if name in ("href", "src"):
        address = unescape(value)
        return (
            address.startswith("mailto:")
            if name == "href" and address[:1] == "m"
            else web_address(address) == address
        )
    return name in _ATTRIBUTES


def _with_absolute_addresses(root: lxml.html.HtmlElement, base: str) -> str:
    for element in root.iterdescendants():
        for name in ("href", "src"):
            value = element.get(name)
            if value is None or (name == "href" and value.startswith("mailto:")):
                continue
            if address := web_address(value, base=base):
                element.set(name, address)
            else:
                del element.attrib[name]
    whole = lxml.html.tostring(root, encoding="unicode")
    return printable(whole).removeprefix("<div>").removesuffix("</div>").strip()


def _paragraphs(root: lxml.html.HtmlElement) -> str | None:
    etree.strip_elements(root, *_UNSEEN, etree.Comment, with_tail=False)
    for element in root.iterdescendants():
        if element.tag in _BLOCKS or element.tag in ("br", "div", "tr", "h1", "section", "article"):
            # A reference such as &#1; has become a character by now, which lxml gives and does not take.
            element.text = printable(f"\n{element.text or ''}")
            element.tail = printable(f"\n{element.tail or ''}")
    lines = (text.one_line(line) for line in "".join(root.itertext()).splitlines())
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in lines if line) or None
