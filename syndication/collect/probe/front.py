"""What a portal's pages say about the portal: its name, its feeds, its menus, the addresses that are its own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from syndication import text
from syndication.collect import canonical
from syndication.collect.fetch import Fetched
from syndication.collect.parse import Document, markup
from syndication.collect.probe.listing import link_texts, stands_aside
from syndication.domain.portal import NO_SELECTORS
from syndication.errors import NotReadable

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


@dataclass(frozen=True, slots=True)
class Page:
    """One page for people, read once."""

    asked: str
    """The address it was asked for at."""
    document: Document
    root: etree._Element
    markup: str

    @classmethod
    def of(cls, answer: Fetched) -> Page | None:
        """The page, or None where the answer is something else."""
        document = document_of(answer)
        body = markup.characters(document)
        if markup.sniff(body) is not markup.Came.PAGE:
            return None
        try:
            return cls(answer.request.url, document, markup.read_html(body), body)
        except NotReadable:
            return None

    @property
    def url(self) -> str:
        """Where it came from in the end."""
        return self.document.url

    @property
    def language(self) -> str | None:
        """``vi`` or another two letters, as the page says."""
        said = self.root.get("lang", "").strip().partition("-")[0].lower()
        return said if re.fullmatch(r"[a-z]{2}", said) else None

    def meta(self, *names: str) -> str:
        """What the first ``<meta>`` of one of these names says, or ""."""
        for node in self.root.iter("meta"):
            called = (node.get("property") or node.get("name") or "").lower()
            if called in names and (said := text.plain_line(node.get("content", ""))):
                return said
        return ""

    def own_addresses(self, hosts: Collection[str]) -> set[str]:
        """Everything the page links to or loads from the portal itself, as path and query."""
        found = set()
        for node in self.root.iter("a", "link", "script", "img", "form"):
            written = node.get("href") or node.get("src") or node.get("action") or ""
            address = canonical.absolute(written, self.url)
            if address and canonical.belongs_to(address, hosts):
                found.add(path_of(address))
        return found

    def alternates(self) -> Iterator[tuple[str, str]]:
        """Feeds that the page's head names (``rel=alternate``, WHATWG HTML §4.6.7.1): address and title."""
        for link in self.root.iter("link"):
            kind = link.get("type", "").partition(";")[0].strip().lower()
            address = canonical.absolute(link.get("href", ""), self.url)
            if "alternate" in link.get("rel", "").lower().split() and kind in _FEED_TYPES and address:
                yield address, text.plain_line(link.get("title", ""))

    def feed_links(self, hosts: Collection[str]) -> Iterator[tuple[str, str]]:
        """Links for people that lead to feeds: the address, and the category it is called by, or ""."""
        for address, said, link in link_texts(self.root, self.url):
            parts = urlsplit(address)
            named = _FEED_PATH.search(parts.path) or _FEED_PATH.search(parts.query)
            if not named or not canonical.belongs_to(address, hosts):
                continue
            around = link.getparent()
            if _FEED_WORDS.fullmatch(text.fold(said)) or not said:
                said = markup.words(around) if around is not None else ""
            folded = text.fold(said)
            vague = _FEED_WORDS.fullmatch(folded) or _EVERYTHING.fullmatch(folded) or len(folded.split()) > 8
            yield address, "" if vague else said

    def sections(self, hosts: Collection[str], *, most: int) -> dict[str, str]:
        """Links that seem to lead to lists of news, the surest ``most`` of them as they stand: address → label."""
        found: dict[str, tuple[bool, bool, str]] = {}
        for address, said, link in link_texts(self.root, self.url):
            words, path = text.fold(said), urlsplit(address).path
            if not 0 < len(words.split()) <= 7 or _NO_NEWS.search(words) or _FEED_PATH.search(path):
                continue
            if canonical.belongs_to(address, hosts) and not is_front(address) and address != self.url:
                found.setdefault(address, (not stands_aside(link), not _NEWS.search(words), said))
        surest = sorted(found, key=lambda address: found[address][:2])[:most]
        return {address: said for address, (_, _, said) in found.items() if address in surest}


def document_of(answer: Fetched) -> Document:
    """An answer as parsers take it."""
    return Document(
        body=answer.body,
        url=answer.url,
        content_type=answer.content_type,
        charset=answer.charset,
        select=NO_SELECTORS,
    )


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


def name_of(page: Page) -> str:
    """What the portal calls itself there: ``og:site_name``, else the title without «Trang chủ»; "" for neither.

    Of a title in several parts nobody can say which one is the organisation; a person may shorten what is true.
    """
    if said := page.meta("og:site_name", "application-name"):
        return said
    title = page.root.find(".//title")
    parts = re.split(r"\s+[|–—»-]\s+", markup.words(title) if title is not None else "")
    return " - ".join(dict.fromkeys(part for part in parts if not _NAMELESS.fullmatch(text.fold(part))))


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
