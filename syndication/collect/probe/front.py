"""What a portal's pages say about the portal: its name, its feeds, its menus, the addresses that are its own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree

from syndication import text
from syndication.collect import canonical
from syndication.collect.parse import Document, markup
from syndication.collect.probe.listing import link_texts, stands_aside
from syndication.collect.probe.software import traces_in

MOST_LINKS = 5_000
"""Of one page; no page for people has more."""
LONGEST_WORDS = 1_000
"""Characters of a name, a title or a link that are looked at."""

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")

_FEED_PATH = re.compile(r"(?:^|[/._=-])(?:rss\w{0,8}|feeds?|atom)(?=$|[/._?&-])", re.IGNORECASE)
_FEED_WORDS = re.compile(r"(?:kenh )?(?:rss|atom|xml|feeds?)(?: feeds?)?")
_COMMENTS = re.compile(r"\b(?:comments?|binh luan)\b")
_EVERYTHING = re.compile(r"(?:trang chu|home|tin tuc|tin moi(?: nhat)?|tat ca|tong hop|news|all)?")
"""What a feed is called that holds everything; it is no category."""
_NAMELESS = re.compile(
    r"(?:trang chu|home(?: ?page)?|welcome|index|gioi thieu|default|untitled.*|tin tuc(?: su kien)?)?"
)
_NEWS = re.compile(
    r"\b(?:tin|su kien|thoi su|hoat dong|chuyen doi so|kinh te|van hoa|xa hoi|chinh tri|khoa hoc|cong nghe|cntt"
    r"|nong nghiep|nong thon|giao duc|y te|doi song|cai cach|chi dao|du lich|quoc phong|an ninh|moi truong|news)\b"
)
_NO_NEWS = re.compile(
    r"\b(?:lien he|gioi thieu|trang chu|dang nhap|dang ky|van ban|thu tuc|dich vu|so do|hoi dap|video|hinh anh"
    r"|thu vien|lich|tim kiem|english|cong thong tin|lien ket|home|contact|login|chinh sach|xem them)\b"
)
_SUFFIX = re.compile(r"(?:\.(?:gov|edu|org|com|net|ac))?\.(?:vn|com|net|org|info|example)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a page."""

    address: str
    said: str
    """Its words, or its ``title``."""
    around: str = ""
    """The words around a link to a feed whose own say no more than «RSS»."""
    aside: bool = False
    """Whether it stands in a menu, a margin or the foot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one page for people says. Everything is as the page has it, and much of it may be other portals'."""

    asked: str
    """The address it was asked for at."""
    url: str
    """Where it came from in the end."""
    name: str
    """What the portal calls itself there, or ""."""
    generator: str
    language: str | None
    """``vi`` or another two letters."""
    addresses: tuple[str, ...]
    """Everything it links to or loads."""
    feeds: tuple[Link, ...]
    """Those that its head names (``rel=alternate``, WHATWG HTML §4.6.7.1)."""
    links: tuple[Link, ...]
    traces: Mapping[str, str]
    """Of the software that made it (``software.traces_in``)."""

    def own_addresses(self, hosts: Collection[str]) -> set[str]:
        """Everything the page links to or loads from the portal itself, as path and query."""
        return {path_of(address) for address in self.addresses if canonical.belongs_to(address, hosts)}

    def feed_links(self, hosts: Collection[str]) -> Iterator[tuple[str, str]]:
        """Links for people that lead to feeds: the address, and the category it is called by, or ""."""
        for link in self.links:
            if _leads_to_feed(link.address) and canonical.belongs_to(link.address, hosts):
                said = link.around or link.said
                folded = text.fold(said)
                vague = (
                    _FEED_WORDS.fullmatch(folded) or _EVERYTHING.fullmatch(folded) or len(folded.split()) > 8
                )
                yield link.address, "" if vague else said

    def sections(self, hosts: Collection[str], *, most: int) -> dict[str, str]:
        """Links that seem to lead to lists of news, the surest ``most`` of them as they stand: address → label."""
        found: dict[str, tuple[bool, bool, str]] = {}
        for link in self.links:
            words, path = text.fold(link.said), urlsplit(link.address).path
            if not 0 < len(words.split()) <= 7 or _NO_NEWS.search(words) or _FEED_PATH.search(path):
                continue
            own = canonical.belongs_to(link.address, hosts)
            if own and not is_front(link.address) and link.address != self.url:
                found.setdefault(link.address, (not link.aside, not _NEWS.search(words), link.said))
        surest = sorted(found, key=lambda address: found[address][:2])[:most]
        return {address: said for address, (_, _, said) in found.items() if address in surest}


def read_page(document: Document, asked: str) -> Page | None:
    """The page that was asked for at this address, or None where the document is something else.

    Raises NotReadable where the page is beyond all measure.
    """
    body = markup.characters(document)
    if markup.sniff(body) is not markup.Came.PAGE:
        return None
    root = markup.read_html(body)
    url = document.url
    language = root.get("lang", "").strip().partition("-")[0].lower()
    written = (
        node.get("href") or node.get("src") or node.get("action") or ""
        for node in root.iter("a", "link", "script", "img", "form")
    )
    addresses = filter(None, (canonical.absolute(one, url) for one in islice(written, MOST_LINKS)))
    return Page(
        asked=asked,
        url=url,
        name=_name_in(root),
        generator=_meta(root, "generator"),
        language=language if re.fullmatch(r"[a-z]{2}", language) else None,
        addresses=tuple(dict.fromkeys(addresses)),
        feeds=tuple(islice(_alternates(root, url), MOST_LINKS)),
        links=tuple(_links(root, url)),
        traces=traces_in(body),
    )


def _meta(root: etree._Element, *names: str) -> str:
    """What the first ``<meta>`` of one of these names says, or ""."""
    for node in root.iter("meta"):
        called = (node.get("property") or node.get("name") or "").lower()
        if called in names and (said := text.plain_line(node.get("content", "")[:LONGEST_WORDS])):
            return said
    return ""


def _name_in(root: etree._Element) -> str:
    """``og:site_name``, else the title without «Trang chủ»; "" for neither.

    Of a title in several parts nobody can say which one is the organisation; a person may shorten what is true.
    """
    if said := _meta(root, "og:site_name", "application-name"):
        return said
    title = root.find(".//title")
    parts = re.split(r"\s+[|–—»-]\s+", markup.words(title)[:LONGEST_WORDS] if title is not None else "")
    return " - ".join(dict.fromkeys(part for part in parts if not _NAMELESS.fullmatch(text.fold(part))))


def _alternates(root: etree._Element, url: str) -> Iterator[Link]:
    for link in root.iter("link"):
        kind = link.get("type", "").partition(";")[0].strip().lower()
        address = canonical.absolute(link.get("href", ""), url)
        if "alternate" in link.get("rel", "").lower().split() and kind in _FEED_TYPES and address:
            yield Link(address=address, said=text.plain_line(link.get("title", "")[:LONGEST_WORDS]))


def _links(root: etree._Element, url: str) -> Iterator[Link]:
    said_around: dict[etree._Element, str] = {}  # a box of a thousand links is read once
    for address, said, link in islice(link_texts(root, url), MOST_LINKS):
        holder = link.getparent()
        around = ""
        if (
            holder is not None
            and _leads_to_feed(address)
            and (not said or _FEED_WORDS.fullmatch(text.fold(said)))
        ):
            if holder not in said_around:
                said_around[holder] = markup.words(holder)[:LONGEST_WORDS]
            around = said_around[holder]
        yield Link(address=address, said=said[:LONGEST_WORDS], around=around, aside=stands_aside(link))


def _leads_to_feed(address: str) -> bool:
    parts = urlsplit(address)
    return bool(_FEED_PATH.search(parts.path) or _FEED_PATH.search(parts.query))


def lists_comments(url: str, title: str) -> bool:
    """Whether a feed's address or title says that it holds comments."""
    return bool(_COMMENTS.search(text.fold(f"{urlsplit(url).path} | {title}")))


def is_front(url: str) -> bool:
    """Whether an address is its host's first page."""
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query


def path_of(url: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"


def twins(url: str) -> tuple[str, ...]:
    """The host of an address, and its twin with or without ``www.`` where there can be one."""
    host = canonical.host_of(url)
    if re.fullmatch(r"[\d.]+(?::\d+)?|\[.*|localhost.*", host):
        return (host,)
    return (host, host.removeprefix("www.") if host.startswith("www.") else f"www.{host}")


def id_from(url: str) -> str:
    """An id for the portal, from its host.

    >>> id_from("https://www.caobangitc.vn/"), id_from("https://sotttt.laocai.gov.vn/")
    ('caobangitc', 'sotttt-laocai')
    """
    host = canonical.host_of(url).removeprefix("www.")
    return text.slug(_SUFFIX.sub("", host)) or "portal"
