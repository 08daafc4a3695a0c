"""The one door for HTML: foreign markup in, SafeHtml or plain text out.

Nothing else in the program may make a SafeHtml. The work is done by nh3 (ammonia), an allowlist over a real
HTML5 parser, because every hand-made blocklist before it was beaten.
"""

from __future__ import annotations

import re

import lxml.html
import nh3
from lxml import etree

from syndication import text
from syndication.collect.canonical import absolute
from syndication.domain.article import SafeHtml
from syndication.domain.picture import Size, stated_size

TAGS = frozenset(
    """
    a abbr b blockquote br caption code dd del dl dt em figcaption figure h2 h3 h4 h5 h6 hr i img ins li ol p
    pre q s small strong sub sup table tbody td th thead tr u ul
    """.split()
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
_DROPPED = frozenset({"script", "style", "noscript", "iframe", "object", "svg", "math", "form", "template"})
_BLOCKS = frozenset(
    """
    address article aside blockquote br caption dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header
    hr li main nav ol p pre section table tbody td th thead tr ul
    """.split()
)
_NOT_TEXT = _DROPPED | {"figcaption", "title", "head"}
LONGEST_HTML = 200_000
"""Characters of one piece of markup that are looked at; a single tag that long already costs a second."""

_PICTURE = re.compile(r'<img(?:\s+[a-z]+="[^"]*")*\s*>')
_DOT = re.compile(r'\s(?:width|height)="\s*[01](?:px)?\s*"')
_BLANK_LINES = re.compile(r"\s*\n\s*")


def clean_html(raw: str, *, base: str) -> SafeHtml:
    """Markup that may be published: allowed tags only, every address absolute http(s) or mailto."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if (tag, name) in (("a", "href"), ("img", "src")):
            return value if value.lower().startswith("mailto:") and tag == "a" else absolute(value, base)
        return text.clean_text(value)

    cleaned = nh3.clean(
        text.clean_text(raw[:LONGEST_HTML]),
        tags=set(TAGS),
        clean_content_tags=set(_DROPPED),
        # Without «*» the library lets lang and title stand everywhere.
        attributes={"*": set(), **{tag: set(names) for tag, names in ATTRIBUTES.items()}},
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    # What was written as a reference, such as &#1;, has become a character by now.
    cleaned = text.clean_text(_PICTURE.sub(_without_pixel, cleaned))
    return SafeHtml(cleaned.strip())


def _without_pixel(picture: re.Match[str]) -> str:
    """A picture of one dot shows nothing; it counts readers for somebody."""
    return "" if _DOT.search(picture[0]) else picture[0]


def _parse(raw: str) -> lxml.html.HtmlElement | None:
    try:
        return lxml.html.fragment_fromstring(text.clean_text(raw[:LONGEST_HTML]), create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def text_of(raw: str) -> str:
    """The words of a piece of markup, one line per block, without captions, scripts and styles."""
    raw = raw[:LONGEST_HTML]
    if "<" not in raw and "&" not in raw:
        return "\n".join(filter(None, (text.one_line(line) for line in raw.splitlines())))
    root = _parse(raw)
    if root is None:
        return ""
    pieces: list[str] = []

    def walk(node: etree._Element) -> None:
        if not isinstance(node.tag, str):
            return
        if node.tag in _NOT_TEXT:
            return
        block = node.tag in _BLOCKS
        if block:
            pieces.append("\n")
        pieces.append(node.text or "")
        for child in node:
            walk(child)
            pieces.append(child.tail or "")
        if block:
            pieces.append("\n")

    walk(root)
    lines = (text.one_line(line) for line in _BLANK_LINES.split("".join(pieces)))
    return "\n".join(line for line in lines if line)


def first_image(raw: str, *, base: str) -> tuple[str | None, Size | None]:
    """The address of the first picture in a piece of markup that is more than a tracking pixel, and its size."""
    if "<img" not in raw.lower():
        return None, None
    root = _parse(raw)
    if root is None:
        return None, None
    for image in root.iter("img"):
        source = image.get("src") or image.get("data-src") or ""
        if image.get("width") in ("0", "1") or image.get("height") in ("0", "1"):
            continue
        if address := absolute(source, base):
            return address, stated_size(image.get("width"), image.get("height"))
    return None, None
