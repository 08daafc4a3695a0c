"""The one door for HTML: foreign markup in, SafeHtml or plain text out.

Nothing else in the program may make a SafeHtml. The work is done by nh3 (ammonia), an allowlist over a real
HTML5 parser, because every hand-made blocklist before it was beaten.
"""

from __future__ import annotations

import html
import re

import lxml.html
import nh3
from lxml import etree

from syndication import text
from syndication.collect.canonical import absolute
from syndication.collect.picture import LATE, address_in
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
_OF_A_PICTURE = ATTRIBUTES["img"] | {*LATE}
_DROPPED = frozenset(
    """
    script style noscript iframe object svg math form template audio video canvas select button textarea
    """.split()
)
_BLOCKS = frozenset(
    """
    address article aside blockquote br caption dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header
    hr li main nav ol p pre section table tbody td th thead tr ul
    """.split()
)
_NOT_TEXT = _DROPPED | {"figcaption", "title", "head"}
LONGEST_HTML = 200_000
"""Characters of one piece of markup that are looked at; a single tag that long already costs a second."""

_PICTURE = re.compile(r'<img(?:\s+[a-z-]+="[^"]*")*\s*>')
_ADDRESS = re.compile(rf'\s(src|{"|".join(LATE)})="([^"]*)"')
_DOT = re.compile(r'\s(?:width|height)="\s*[01](?:px)?\s*"')
_ANY_TAG = re.compile(r"<[a-zA-Z/!]")
_ESCAPED_TAG = re.compile(
    r"&lt;/?(?:p|div|br|img|a|span|strong|b|em|ul|table|h[1-6])\b[^&]{0,2000}?&gt;", re.IGNORECASE
)
_BLANK_LINES = re.compile(r"\s*\n\s*")


def clean_html(raw: str, *, base: str) -> SafeHtml:
    """Markup that may be published: allowed tags only, every address absolute http(s) or mailto."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if (tag, name) == ("a", "href") or (tag == "img" and name in ("src", *LATE)):
            return value if value.lower().startswith("mailto:") and tag == "a" else absolute(value, base)
        return text.clean_text(value)

    cleaned = nh3.clean(
        text.clean_text(_once(raw[:LONGEST_HTML])),
        tags=set(TAGS),
        clean_content_tags=set(_DROPPED),
        # Without «*» the library lets lang and title stand everywhere.
        attributes={
            "*": set(),
            **{tag: set(names) for tag, names in ATTRIBUTES.items()},
            "img": _OF_A_PICTURE,
        },
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    # What was written as a reference, such as &#1;, has become a character by now.
    cleaned = text.clean_text(_PICTURE.sub(_shown, cleaned))
    return SafeHtml(cleaned.strip())


def _shown(picture: re.Match[str]) -> str:
    """A picture with the address from which it is loaded in the end.

    "" for one that has none, and for one of a dot, which shows nothing and counts readers for somebody.
    """
    if _DOT.search(picture[0]):
        return ""
    said = dict(_ADDRESS.findall(picture[0]))
    address = next((said[name] for name in (*LATE, "src") if said.get(name)), None)
    return f'<img src="{address}"{_ADDRESS.sub("", picture[0])[4:]}' if address else ""


def _once(raw: str) -> str:
    """Markup that was escaped once too often, as it was meant: no tag stands in it, and tags of a text do."""
    return html.unescape(raw) if not _ANY_TAG.search(raw) and _ESCAPED_TAG.search(raw) else raw


def _parse(raw: str) -> lxml.html.HtmlElement | None:
    try:
        return lxml.html.fragment_fromstring(text.clean_text(_once(raw[:LONGEST_HTML])), create_parent="div")
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
    if "<img" not in _once(raw).lower():
        return None, None
    root = _parse(raw)
    if root is None:
        return None, None
    for image in root.iter("img"):
        if image.get("width") in ("0", "1") or image.get("height") in ("0", "1"):
            continue
        if address := absolute(address_in(image), base):
            return address, stated_size(image.get("width"), image.get("height"))
    return None, None
