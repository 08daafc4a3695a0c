"""HTML as portals send it: read within bounds, put into words, and named when it is not the page we wanted.

A portal answers 200 with almost anything: its «not found» page, a login, a firewall's challenge, a page that is
empty until a browser runs its scripts. Whoever keeps the portal's file must be told which of them it was.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from syndication import text
from syndication.collect.parse.charset import decode
from syndication.collect.parse.document import Document
from syndication.errors import NotReadable

MOST_ATTRIBUTES = 1_000
"""Of one tag. libxml2 takes time by their square: a tag of a million would hold up everybody else for an hour."""
MOST_ELEMENTS = 50_000
"""Of one page."""

_HEAD = 200_000
"""Characters of an answer that are looked at to say what it is."""
_FEW_WORDS = 200
"""Characters. The menu of a real page alone has more."""

_SILENT = frozenset({"script", "style", "noscript", "template"})
_INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small span strike
    strong sub sup time tt u var wbr
    """.split()
)

_META_CHARSET = re.compile(
    rb"""<meta[^<>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{2,40})""", re.IGNORECASE
)
_PROLOGUE = re.compile(r"\s*(?:<\?[^>]*>|<!--.*?-->|<!doctype\s+html[^>]*>)", re.IGNORECASE | re.DOTALL)
_FIRST_TAG = re.compile(r"\s*<([a-z][a-z0-9:]*)", re.IGNORECASE)

# Compared with the folded words of the title and of the first heading.
_BOT_CHECK = re.compile(
    r"\b(?:just a moment|attention required|access denied|request rejected|forbidden|human verification"
    r"|security check|ddos|captcha|waf|firewall|tuong lua|tu choi truy cap|truy cap bi (?:tu choi|chan))\b"
)
_NOT_FOUND = re.compile(
    r"\b404\b|\bnot (?:be )?found\b|\bkhong tim thay\b|\b(?:trang|duong dan)\b.{0,30}\bkhong ton tai\b"
)
_AT_WORK = re.compile(
    r"\b(?:dang )?bao tri\b|\bmaintenance\b|\bunder construction\b|\bdang nang cap\b|\btam ngung\b"
)
_LOGIN = re.compile(r"\b(?:dang nhap|log ?in|sign ?in|single sign on)\b")
_LOGIN_PATH = re.compile(r"(?:log-?in|sign-?in|dang-?nhap|/sso|/cas)(?:[/.?]|$)", re.IGNORECASE)
_REFRESH = re.compile(
    r"""<meta[^<>]{0,100}http-equiv\s*=\s*["']?refresh["']?[^<>]{0,100}?\burl\s*=\s*["']?([^"'<>\s]{1,500})""",
    re.IGNORECASE,
)
_FAULT = re.compile(
    r"\b(?:runtime error|server error in|fatal error|internal server error|service unavailable|bad gateway"
    r"|database (?:connection )?error|error establishing a database connection|loi (?:he thong|may chu))\b"
)
# Only challenges contain these; the scripts that firewalls put into ordinary pages do not.
_CHALLENGE = ("_cf_chl_opt", "incapsula incident id", "the requested url was rejected")


class Came(StrEnum):
    """What an answer is by its first characters, whatever its header says."""

    NOTHING = "nothing"
    JSON = "json"
    FEED = "feed"
    SITEMAP = "sitemap"
    PAGE = "page"
    OTHER = "other"


def characters(document: Document) -> str:
    """The document's characters (see ``charset``); for HTML, what its ``<meta charset>`` says counts too."""
    declared = _META_CHARSET.search(document.body[:4096])
    if declared and not document.charset:
        document = replace(document, charset=declared[1].decode("ascii"))
    try:
        return decode(document)
    except ValueError:  # some of Python's encodings raise more than UnicodeDecodeError
        return document.body.decode("utf-8", errors="replace")


def sniff(body: str) -> Came:
    """What these characters are."""
    head = body[:_HEAD].lstrip("\ufeff \t\r\n")
    if not head:
        return Came.NOTHING
    if head[0] in "{[":
        return Came.JSON
    place = 0
    while skipped := _PROLOGUE.match(head, place):
        place = skipped.end()
    tag = _FIRST_TAG.match(head, place)
    if not tag:
        return Came.PAGE if "<html" in head.lower() else Came.OTHER
    name = tag[1].lower()
    if name in ("rss", "feed", "rdf:rdf"):
        return Came.FEED
    return Came.SITEMAP if name in ("urlset", "sitemapindex") else Came.PAGE


class _Bounds:
    """Counts what a page is made of, and ends the reading of one that is made to exhaust us."""

    def __init__(self) -> None:
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if len(attributes) > MOST_ATTRIBUTES or self._elements > MOST_ELEMENTS:
            raise NotReadable(
                f"the page has more than {MOST_ELEMENTS:,} elements, or more than {MOST_ATTRIBUTES:,} attributes on "
                "one of them: no portal writes that; open the address in a browser"
            )

    def close(self) -> None:
        """lxml asks for it; there is nothing to give."""


def read_html(body: str) -> etree._Element:
    """The tree of a page, without comments; raises NotReadable when there is none or it is beyond all measure.

    Deeper than 255 elements libxml2 does not read; what stands there is left out.
    """
    raw = body.encode("utf-8", errors="replace")
    try:
        bounds: Any = _Bounds()  # the stubs ask for methods that lxml does not
        etree.fromstring(raw, etree.HTMLParser(encoding="utf-8", target=bounds))
        parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
        root = etree.fromstring(raw, parser)
    except etree.LxmlError as cause:
        raise NotReadable("the page cannot be parsed: open the address in a browser") from cause
    if root is None:
        raise NotReadable(what_came(body, wanted="a web page"))
    return root


def words(element: etree._Element) -> str:
    """What a reader sees of an element, on one line; blocks are set apart by a space."""
    pieces: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, node in walk:
        tag = node.tag
        if event == "start":
            if tag in _SILENT:
                walk.skip_subtree()
                continue
            pieces += ("" if tag in _INLINE else " ", node.text or "")
        else:
            pieces.append("" if tag in _INLINE else " ")
            if node is not element:
                pieces.append(node.tail or "")
    return text.one_line("".join(pieces))


def instead(root: etree._Element, body: str, *, url: str) -> str | None:
    """One line about a page that is plainly not the one asked for, and what to do; None for an ordinary page.

    Meant for pages in which nothing was found. ``url`` is where the answer came from in the end.
    """
    title = root.find(".//title")
    heading = root.find(".//h1")
    shown = words(title) if title is not None else ""
    said = text.fold(f"{shown} | {words(heading) if heading is not None else ''}")
    named = f" («{text.shorten(shown, 80)}»)" if shown else ""
    main = root.find(".//body")
    little = len(words(main if main is not None else root)) < _FEW_WORDS
    head = body[:_HEAD].lower()
    by_script = little and "<script" in head
    if (
        _BOT_CHECK.search(said)
        or any(mark in head for mark in _CHALLENGE)
        or (by_script and "document.cookie" in head and "location" in head)
    ):
        return (
            f"the portal's firewall or bot check answered{named}: ask the portal to let this service through"
        )
    asks_password = root.find(".//input[@type='password']") is not None
    if asks_password and (_LOGIN.search(said) or _LOGIN_PATH.search(urlsplit(url).path)):
        return f"the answer is a login page{named}: choose an address that is open to all"
    if _NOT_FOUND.search(said):
        return f"the portal says that there is no such page{named}: correct url in the portal's file"
    if _FAULT.search(said):
        return f"the portal's own software has failed{named}: wait, and tell the portal if it lasts"
    if _AT_WORK.search(said):
        return f"the portal is closed for maintenance{named}: nothing to do but wait"
    if little and (leads := _REFRESH.search(head)):
        return f"the page only leads on to {leads[1]}: put that address in place of this one in the portal's file"
    if by_script:
        return (
            f"the page is empty until a browser runs its scripts{named}: look for a feed or for the JSON that "
            "they load, and read that"
        )
    return None


def what_came(body: str, *, wanted: str, url: str = "") -> str:
    """One line about an answer that is not ``wanted`` («a JSON Feed»): what it is, and what to do."""
    correct = "open the address in a browser and correct url in the portal's file"
    match sniff(body):
        case Came.NOTHING:
            return f"the answer is empty: {correct}"
        case Came.JSON:
            return f'the answer is JSON, not {wanted}: set read = "wordpress" or read = "jsonfeed"'
        case Came.FEED:
            return f'the answer is a feed, not {wanted}: set read = "feed"'
        case Came.SITEMAP:
            return f'the answer is a sitemap, not {wanted}: set read = "sitemap"'
        case Came.PAGE:
            head = body[:_HEAD]
            if "<" in head.strip()[1:] and (says := instead(read_html(head), head, url=url)):
                return says
            return (
                f'the answer is a web page, not {wanted}: {correct}, or read the listing with read = "page"'
            )
    return f"the answer is not {wanted}: {correct}"
