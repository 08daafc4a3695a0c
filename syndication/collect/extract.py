"""Reads an article's own page: title, date, lead, text and picture, each only when it is surely the article's.

Asked in this order, and the first sure answer counts: the selectors of the portal's file; what the page tells
machines (JSON-LD, OpenGraph, microdata, Dublin Core, ``<time datetime>``); the page's own markup.

The one mistake that must not happen is to take something of *another* article: portals print «Tin khác» with
titles, excerpts and dates under every article, and some articles have no date at all. So boxes that are named
like furniture go first, a date is believed only beside the title, and everything from a heading such as «Tin
khác» on is no part of the text.
"""

from __future__ import annotations

import codecs
import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import lxml.html
from cssselect import HTMLTranslator, SelectorError
from cssselect import parse as parse_css
from lxml import etree
from lxml.html import HtmlElement

from syndication import text
from syndication.collect import canonical, clean
from syndication.collect.dates import VIETNAM, Precision, ReadDate, read_date
from syndication.collect.normalise import summary_of
from syndication.collect.parse.document import Document
from syndication.domain.article import Item
from syndication.domain.portal import ArticleReading, FetchArticle, SlashDates
from syndication.errors import NotReadable

MOST_ELEMENTS = 50_000
"""A page with more elements is no article, and reading it would hold up everybody else."""
LONGEST_CONTENT = 400_000
"""Characters of markup; a longer text is a collection of documents, or an attack."""
LONGEST_TITLE = 300
LONGEST_LEAD = 1500
SHORTEST_PROSE = 60
"""Characters from which on a line without links is taken for a paragraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What an article's page says for certain; None or "" for everything else. Plain text but for the body."""

    title: str = ""
    published: str | None = None
    """As printed, or as the metadata has it; ``dates.read_date`` can read it."""
    lead: str = ""
    raw_content: str = ""
    """The body's markup, untrusted, its addresses absolute."""
    image_url: str | None = None
    author: str | None = None
    labels: tuple[str, ...] = ()
    canonical_url: str | None = None
    amp: bool = False


# ------------------------------------------------------------------ for the pipeline


def needed(item: Item, reading: ArticleReading, *, date_is_precise: bool) -> bool:
    """Whether an item's own page has to be read.

    With ``when-needed``: when the item lacks its title, summary or date, or the text where the portal allows
    us the full text. ``date_is_precise`` says that its date has a time of day that can be trusted.
    """
    if reading.fetch is not FetchArticle.WHEN_NEEDED:
        return reading.fetch is FetchArticle.ALWAYS
    return (
        not text.plain_line(item.title)
        or not date_is_precise
        or not (clean.text_of(item.raw_summary) or clean.text_of(item.raw_content))
        or (reading.full_text and not clean.text_of(item.raw_content))
    )


def complete(
    item: Item,
    page: Extracted,
    *,
    address: str,
    reading: ArticleReading,
    date_is_precise: bool,
    zone: ZoneInfo = VIETNAM,
) -> Item:
    """The item with what its own page, read at ``address``, adds to it. What the item has is kept.

    The page's date replaces one without a trusted time of day (``date_is_precise``), its text a shorter one;
    with ``fetch = "always"`` its title and date replace the item's. A date from the page is handed on as ISO
    8601 in ``zone``: pages are printed for people, the day first, whatever the feed's ``dates`` says. The item
    of an AMP page gets the address of the page it is a twin of.
    """
    always = reading.fetch is FetchArticle.ALWAYS
    published = item.published
    if always or not published or not date_is_precise:
        must_be_better = bool(published) and not always
        published = _iso(page.published, zone, with_time_only=must_be_better) or published
    has_title = bool(text.plain_line(item.title)) and not (always and page.title)
    has_summary = bool(clean.text_of(item.raw_summary))
    longer = len(clean.text_of(page.raw_content)) > len(clean.text_of(item.raw_content))
    twin = page.amp and page.canonical_url and _key(page.canonical_url) == _key(address)
    return replace(
        item,
        url=page.canonical_url if twin and page.canonical_url else item.url,
        title=item.title if has_title else html.escape(page.title, quote=False),
        raw_summary=item.raw_summary if has_summary else html.escape(page.lead, quote=False),
        raw_content=page.raw_content if longer else item.raw_content,
        author=item.author or page.author,
        labels=item.labels or page.labels,
        image_url=item.image_url or page.image_url,
        published=published,
    )


def _key(url: str) -> str:
    return canonical.address_key(url, portal="", hosts=())


def _iso(printed: str | None, zone: ZoneInfo, *, with_time_only: bool) -> str | None:
    read = read_date(printed, zone=zone)
    if read is None or (with_time_only and not _has_time(read)):
        return None
    local = read.at.astimezone(zone)
    return local.date().isoformat() if read.precise is Precision.DAY else local.isoformat()


def _has_time(read: ReadDate) -> bool:
    return read.precise in (Precision.MINUTE, Precision.SECOND)


# ------------------------------------------------------------------ the document

_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9._-]{2,30})""", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_JUNK = (
    *("audio", "button", "canvas", "datalist", "embed", "iframe", "math", "noscript", "object", "option"),
    *("script", "select", "style", "svg", "template", "textarea", "video"),
)


def _decode(document: Document) -> str:
    """The page's characters. Valid UTF-8 is UTF-8; some bad bytes in it (excerpts cut in mid-letter) change
    nothing; else what the header or the page declares (windows-1258 on old portals)."""
    for mark, encoding in _BOMS:
        if document.body.startswith(mark):
            return document.body[len(mark) :].decode(encoding, errors="replace")
    try:
        return document.body.decode()
    except UnicodeDecodeError:
        pass
    declared = _META_CHARSET.search(document.body[:4096])
    for name in (document.charset, declared and declared[1].decode("ascii")):
        try:
            if name and codecs.lookup(name).name != "utf-8":
                return document.body.decode(name, errors="replace")
        except (LookupError, ValueError):  # no such encoding, or one that is not for text
            continue
    return document.body.decode("utf-8", errors="replace")


def _parse(document: Document) -> HtmlElement:
    head = document.body[:1024].lstrip().lower()
    if not head:
        raise NotReadable("the article's page is empty: open its address in a browser")
    if head.startswith((b"%pdf", b"{", b"[", b"<?xml")) and b"<html" not in document.body[:4096].lower():
        raise NotReadable(
            'the article\'s address gives no web page: set [article] fetch = "never" for this portal'
        )
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    sound = text.clean_text(_decode(document)).encode("utf-8", errors="replace")
    try:
        root = lxml.html.document_fromstring(sound, parser=parser)
    except (etree.LxmlError, ValueError) as cause:
        raise NotReadable("the article's page cannot be parsed: open its address in a browser") from cause
    for count, _ in enumerate(root.iter()):
        if count > MOST_ELEMENTS:
            raise NotReadable(f"the page has more than {MOST_ELEMENTS} elements: it is no article")
    return root


# ------------------------------------------------------------------ what the page tells machines

_ARTICLE_TYPES = re.compile(r"(?:\w*Article|BlogPosting|\w*NewsItem)")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_WRAPPING = re.compile(r"^\s*(?://\s*)?(?:<!\[CDATA\[|<!--)|(?://\s*)?(?:\]\]>|-->)\s*$|;\s*$")
_SALVAGED = re.compile(r'"datePublished"\s*:\s*"([^"\\]{8,40})"')
_DATE_METAS = (
    *("article:published_time", "og:published_time", "og:article:published_time", "article:published"),
    *("itemprop:datepublished", "dc.date.issued", "dcterms.issued", "dc.date.created", "dcterms.created"),
    *("dc.date", "dcterms.date", "pubdate", "publishdate", "publish-date", "publish_date"),
)
_NOT_THE_ARTICLES = re.compile(
    r"(?:logo|default|no_?(?:image|img|photo)|placeholder|blank|icon|favicon|avatar|quoc_?huy|spacer|loading|1x1)"
    r"(?![a-z])"
)


@dataclass(slots=True)
class _Facts:
    """The metadata of a page: JSON-LD of the one article it is about, and every ``<meta>`` by its name."""

    linked: Mapping[str, Any]
    metas: Mapping[str, list[str]]
    heading: str
    """The words of ``<title>``."""

    def said(self, *names: str) -> Iterator[str]:
        for name in names:
            yield from filter(None, map(text.plain_line, self.metas.get(name, ())))

    @property
    def titles(self) -> list[str]:
        return [
            title
            for title in (
                _words(self.linked.get("headline")),
                *self.said("og:title", "dc.title", "dcterms.title"),
            )
            if 4 <= len(title) <= LONGEST_TITLE
        ]

    @property
    def dates(self) -> list[str]:
        linked = _words(self.linked.get("datePublished")) or _words(self.linked.get("dateCreated"))
        return [date for date in (linked, *self.said(*_DATE_METAS)) if _readable(date)]

    @property
    def descriptions(self) -> list[str]:
        names = ("og:description", "description", "dc.description", "itemprop:description")
        return [
            said for said in (_words(self.linked.get("description")), *self.said(*names)) if len(said) >= 40
        ]

    @property
    def images(self) -> list[str]:
        linked = _words(self.linked.get("image"), "url", "contentUrl", "@id")
        return [linked, *self.said("og:image", "og:image:url", "itemprop:image", "twitter:image")]

    @property
    def authors(self) -> list[str]:
        publisher = text.fold(_words(self.linked.get("publisher")))
        site = {publisher, *map(text.fold, self.said("og:site_name"))}
        names = (_words(self.linked.get("author")), *self.said("author", "article:author", "dc.creator"))
        return [name for name in names if text.fold(name) not in site]

    @property
    def labels(self) -> tuple[str, ...]:
        sections = self.linked.get("articleSection")
        several = sections if isinstance(sections, list) else [sections]
        linked = [_words(section) for section in several[:5]]
        return tuple(dict.fromkeys(filter(None, linked))) or tuple(
            dict.fromkeys(self.said("article:section"))
        )


def _words(value: object, *keys: str) -> str:
    """A line of text out of what JSON-LD may hold where a text is meant: itself, the first of many, a thing."""
    for _ in range(4):
        if isinstance(value, list):
            value = value[0] if value else ""
        elif isinstance(value, dict):
            value = next((value[key] for key in (*keys, "name", "@value") if value.get(key)), "")
        else:
            break
    return text.plain_line(value) if isinstance(value, str) else ""


def _facts(root: HtmlElement, url: str) -> _Facts:
    metas: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        for attribute, prefix in (("property", ""), ("name", ""), ("itemprop", "itemprop:")):
            if (name := meta.get(attribute)) and (said := meta.get("content")):
                metas.setdefault(prefix + name.strip().lower(), []).append(said)
    heading = text.plain_line(root.findtext(".//title") or "")
    titles = [heading, *metas.get("og:title", ()), *(_text(h1) for h1 in root.iter("h1"))]
    nodes = [node for script in _scripts(root) for node in _articles(_tolerant_json(script))]
    about = [node for node in nodes if _is_about(node, url, titles)]
    linked = (
        about[0] if len(about) == 1 or len({_words(node.get("datePublished")) for node in about}) == 1 else {}
    )
    return _Facts(linked=linked, metas=metas, heading=heading)


def _scripts(root: HtmlElement) -> Iterator[str]:
    for script in root.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            yield script.text


def _tolerant_json(raw: str) -> object:
    """What a script says; {} where it says nothing. Comments around it, raw line breaks and commas too many
    are read over. Where quotes in a title broke it, the date may still stand alone."""
    bare = _WRAPPING.sub("", _WRAPPING.sub("", raw)).strip()
    for attempt in (bare, _TRAILING_COMMA.sub("", bare)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    dates = _SALVAGED.findall(raw)
    return {"@type": "Article", "datePublished": dates[0]} if len(dates) == 1 else {}


def _articles(value: object) -> Iterator[Mapping[str, Any]]:
    """The articles that a document is about: not those of lists, which are other articles."""
    queue: list[object] = [value]
    for thing in queue:  # grows while it is read
        if isinstance(thing, list):
            queue.extend(thing[:50])
        elif isinstance(thing, dict):
            kinds = thing.get("@type")
            if any(
                _ARTICLE_TYPES.fullmatch(str(kind))
                for kind in (kinds if isinstance(kinds, list) else [kinds])
            ):
                yield thing
            queue.extend(thing[key] for key in ("@graph", "mainEntity") if key in thing)
        if len(queue) > 200:
            return


def _is_about(node: Mapping[str, Any], url: str, titles: Sequence[str]) -> bool:
    headline = _words(node.get("headline") or node.get("name"))
    if any(_agree(headline, title) for title in titles):
        return True
    address = canonical.absolute(_words(node.get("mainEntityOfPage"), "@id") or _words(node.get("url")), url)
    return not headline if address is None else _key(address) == _key(url)


def _agree(one: str, other: str) -> bool:
    """Whether two titles are one: equal, or one begins with the other (« - Name of the site» is added)."""
    short, long = sorted((text.fold(one), text.fold(other)), key=len)
    return len(short) >= 8 and (long == short or long.startswith(short + " "))


def _readable(raw: str | None) -> bool:
    return any(read_date(raw, slashes=slashes) for slashes in SlashDates)


# ------------------------------------------------------------------ lines

_BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup li main nav ol p pre section summary table tbody td tfoot th thead
    tr ul
    """.split()
)
_BREAKS = frozenset({"br", "hr"})
_IMAGES = frozenset({"img", "amp-img"})


@dataclass(slots=True)
class _Line:
    """What a reader sees as one line or paragraph, or one picture; and where it stands in the tree."""

    block: HtmlElement
    text: str = ""
    image: HtmlElement | None = None
    slots: list[tuple[HtmlElement, bool]] = field(default_factory=list)
    """The pieces: an element and whether it is its tail rather than its text."""
    linked: int = 0
    """Characters within links; ``bold`` and ``slanted`` likewise."""
    bold: int = 0
    slanted: int = 0
    time: HtmlElement | None = None

    @property
    def is_link(self) -> bool:
        return self.linked > 0.7 * len(self.text)

    @property
    def is_prose(self) -> bool:
        return len(self.text) >= SHORTEST_PROSE and self.linked < 0.4 * len(self.text)

    def wipe(self) -> None:
        """Take it out of the tree."""
        for element, tail in self.slots:
            if tail:
                element.tail = ""
            else:
                element.text = ""
        if self.image is not None and self.image.getparent() is not None:
            self.image.drop_tree()


def _lines(root: HtmlElement) -> list[_Line]:
    """The lines below an element in reading order."""
    found: list[_Line] = []
    pieces: list[str] = []
    blocks = [root]
    within: Counter[str] = Counter()
    times: list[HtmlElement] = []
    line = _Line(root)

    def flush() -> None:
        nonlocal line
        line.text = text.one_line("".join(pieces))
        if line.text:
            found.append(line)
        pieces.clear()
        line = _Line(blocks[-1])

    def add(said: str | None, element: HtmlElement, *, tail: bool) -> None:
        if not said:
            return
        pieces.append(said)
        if said.isspace():
            return
        line.slots.append((element, tail))
        length = len(said)
        line.linked += length * (within["a"] > 0)
        line.bold += length * (within["b"] + within["strong"] + within["th"] > 0)
        line.slanted += length * (within["i"] + within["em"] > 0)
        line.time = times[-1] if times else line.time

    for event, node in etree.iterwalk(root, events=("start", "end")):
        tag = str(node.tag)
        if event == "start":
            if tag in _BLOCKS or tag in _BREAKS or tag in _IMAGES:
                flush()
            if tag in _BLOCKS:
                blocks.append(node)
                line = _Line(node)
            elif tag in _IMAGES:
                found.append(_Line(blocks[-1], image=node))
            elif tag == "time":
                times.append(node)
            within[tag] += 1
            add(node.text, node, tail=False)
            continue
        if tag in _BLOCKS:
            flush()
            blocks.pop()
            line = _Line(blocks[-1])
        elif tag == "time":
            times.pop()
        within[tag] -= 1
        if node is not root:
            add(node.tail, node, tail=True)
    flush()
    return found


def _text(element: HtmlElement) -> str:
    return " ".join(line.text for line in _lines(element) if line.text)


def _chain(element: HtmlElement) -> Iterator[HtmlElement]:
    yield element
    yield from element.iterancestors()


# ------------------------------------------------------------------ furniture

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_OTHERS = re.compile(  # boxes of other articles, of other people's words, of the page's own tools
    r"""(?<![a-z0-9])(?:
    relate|related|relates|relatednews|lien\ quan|lienquan|tinlienquan|tin\ khac|tinkhac|others?|othernews
    |recommend\w*|read\ more|readmore|most\ (?:read|viewed)|xem\ nhieu|doc\ nhieu|tin\ moi|theo\ dong|more\ news
    |comments?|respond|binh\ luan|disqus|ratings?|vote|votes|voting|danh\ gia
    |share|shares|sharing|socials?|addthis|addtoany|sharethis|fb|facebook|zalo|twitter|chia\ se
    |breadcrumbs?|duong\ dan|cookies?|consent|tags|taglist|tagcloud|tag\ (?:list|cloud)|keywords|tu\ khoa
    |pagination|paging|pager|newsletter|subscribe|hide\ accessible|ms\ accessible|slogan|site\ (?:title|name)
    )(?![a-z0-9])""",
    re.VERBOSE,
)
_AROUND = re.compile(  # the same, but the words also name parts of a layout that holds the article
    r"""(?<![a-z0-9])(?:
    nav|navbar|navigation|menu|sidebar|topbar|print|tools?|toolbar|cong\ cu|congcu|view\ count|views|luot\ xem|luotxem
    |hits|login|search|popup|modal|ads|advert\w*|quang\ cao|quangcao|skip|(?:site|main|top|page)\ (?:header|footer)
    )(?![a-z0-9])""",
    re.VERBOSE,
)
_BOX_TAGS = frozenset({"aside", "footer", "form", "header", "nav", "dialog"})
_HIDDEN_CLASSES = frozenset({"hidden", "hide", "d-none", "sr-only", "visually-hidden"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

# Over folded lines. After one of these, a page tells of other things.
_END = re.compile(
    r"(?:xem )?(?:cac )?(?:tin|bai|bai viet|tin tuc|tin bai)(?: tuc)? "
    r"(?:khac|lien quan|cung chuyen muc|cung chu de|da dua|da dang|moi hon|cu hon|moi nhat|noi bat|moi|cu)"
    r"|nhung tin (?:moi|cu) hon|cung chuyen muc|theo dong su kien|co the ban quan tam|ban co the quan tam"
    r"|(?:tin )?(?:doc|xem) nhieu(?: nhat)?|related (?:posts?|articles?|news|content)|leave a (?:reply|comment).{0,20}"
    r"|gui (?:binh luan|y kien|phan hoi)(?: cua ban)?|y kien (?:ban doc|binh luan)|binh luan(?: \d+)?|\d+ binh luan"
    r"|tags?|tu khoa|mot so hinh anh khac"
)
_PHRASES = (
    r"in|in ra|in bai|in bai viet|in bai viet nay|ban in|print|email|gui email|gui mail|gui tin qua email"
    r"|luu bai|luu bai viet nay|chia se|share|share this post|facebook|zalo|twitter|tweet|google|linkedin|telegram"
    r"|phan hoi|quay lai|tro ve|ve trang truoc|dong cua so nay|nghe doc bai|co chu|chia se bai viet"
    r"|gioi thieu bai viet cho ban be|click de danh gia bai viet|xem tiep|xem chi tiet|theo doi"
    r"|(?:da xem|luot xem|so luot xem|so lan xem|luot doc|views?|xem)(?: [\d ]{1,12})?|[\d ]{1,12} (?:luot xem|luot doc|views?|lan xem)"
    r"|skip ribbon commands|skip to main content|nhay den noi dung|chuyen den noi dung|lien he|phan hoi [\d ]{1,6}"
)
_FURNITURE = re.compile(
    rf"(?:{_PHRASES})(?: (?:{_PHRASES})){{0,6}}"
    r"|(?:tu khoa|tags?|the) .{1,150}|xem them .{0,120}|doc them .{0,120}|tong so diem cua bai viet la .{0,80}"
    r"|xep hang .{0,80}|.{0,40}su dung cookie.{0,200}|this website uses cookies?.{0,200}|url cua ban tin nay .{0,300}"
    r"|theo doi .{1,60} tren .{0,60}|chia se bai viet .{0,40}|.{0,20}your email address will not be published.{0,60}"
)
_CAPTION_END = re.compile(
    r"(?:[-–—]\s*Ảnh\s*\d{1,3}\s*\.?|(?:^|[\s(.])(?:Ảnh|Ảnh tư liệu|Nguồn ảnh|Photo)\s*:\s*[^:.]{2,60}\.?\)?)$",
    re.IGNORECASE,
)
_CAPTION_WHOLE = re.compile(
    r"\(?\s*(?:hình\s+)?ảnh\s+(?:minh\s+(?:họa|hoạ)|tư\s+liệu|internet)\b[^.]{0,60}\.?\s*\)?", re.IGNORECASE
)
_CAPTION_BOX = re.compile(
    r"(?<![a-z])(?:wp caption|caption|photocms caption|chu thich|chuthich|image note|img note)(?![a-z])"
)
_DATE_WORDS = frozenset(
    """
    thu hai ba tu nam sau bay chu nhat cn t2 t3 t4 t5 t6 t7 ngay thang luc hoi vao gio luot xem gmt utc sa ch am pm h
    dang cap nhat thoi gian xuat ban tao bai viet print in posted published updated on at date phut giay cong bo goi
    mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday jan feb mar apr may jun jul aug
    sep oct nov dec january february march april june july august september october november december th thg
    """.split()
)
_DATE_LABEL = re.compile(
    r"\b(?:ngay (?:dang|xuat ban|cong bo|tao|dua tin)|dang (?:ngay|luc|vao|tai)|thoi gian(?: dang)?|cap nhat|posted|published"
    r"|xuat ban|gio dang|da dang)\b"
)
_DATE_BOX = re.compile(
    r"(?<![a-z])(?:dates?|time|datetime|pubdate|published?|publishdate|posted|postdate|created|ngay\w*|ngaydang|thoi gian|thoigian"
    r"|entry meta|post meta|article meta|meta|submitted|timestamp|dateline)(?![a-z])"
)
_CHANGED = re.compile(r"(?<![a-z])(?:updated|modified|cap nhat|sua doi|chinh sua)(?![a-z])")
_TODAY = re.compile(r"\b(?:hom nay|today|bay gio)\b")
_SHORTEST_DATE = re.compile(r"\d[^\n]{0,40}\d{4}|\d{4}-\d\d-\d\d")

_NOT_THERE = re.compile(
    r"(?:loi |error )?404(?: .{0,60})?|(?:page )?not found(?: .{0,40})?|access denied(?: .{0,40})?|403 forbidden"
    r"|khong tim thay(?: (?:trang|noi dung|bai viet|tin|duong dan))?(?: (?:nay|yeu cau|ban yeu cau))?"
    r"|(?:trang|bai viet|noi dung)(?: ban)?(?: dang)?(?: yeu cau| tim| tim kiem| can tim)? khong (?:ton tai|tim thay)"
)


def _names(element: HtmlElement) -> str:
    """The words of its class and id, each between spaces: ``boxTinLienQuan`` is «box tin lien quan»."""
    raw = f"{element.get('class') or ''} {element.get('id') or ''}"[:300]
    if ":" in raw or "[" in raw:  # «print:hidden» says how something looks, not what it is
        raw = " ".join(word for word in raw.split() if ":" not in word and "[" not in word)
    return _NOT_WORD.sub(" ", _CAMEL.sub(" ", raw).lower()).strip() if len(raw) > 1 else ""


def _dispensable(element: HtmlElement) -> float:
    """How much of a page's paragraphs may go with an element, judged by what it is called; 0 for most."""
    names = _names(element)
    if _OTHERS.search(names):
        return 0.5
    if element.tag in _BOX_TAGS or _AROUND.search(names) or element.get("hidden") is not None:
        return 0.1
    classes = (element.get("class") or "")[:300].lower().split()
    hidden = not _HIDDEN_CLASSES.isdisjoint(classes) or _HIDDEN.search((element.get("style") or "")[:200])
    return 0.1 if hidden else 0.0


def _take_away(body: HtmlElement, kept: Iterable[HtmlElement | None]) -> None:
    """Drop the boxes around the article, but nothing that holds one of ``kept`` or much of the paragraphs."""
    prose: Counter[HtmlElement] = Counter()
    for line in _lines(body):
        if line.is_prose:
            for element in _chain(line.block):
                prose[element] += len(line.text)
    holds = {holder for element in kept if element is not None for holder in _chain(element)}
    for element in list(body.iter()):
        if element is body or element in holds or element.getparent() is None:
            continue
        share = prose[element] / prose[body] if prose[element] else 0.0
        if share < _dispensable(element):
            element.drop_tree()


# ------------------------------------------------------------------ the whole

_LEAD_BOX = re.compile(
    r"(?<![a-z])(?:sapo|lead|hometext|trich dan|trichdan|tom tat|tomtat|article summary|news summary|summary|abstract"
    r"|chapeau|excerpt|introtext|intro text|mo ta)(?![a-z])"
)
_BODY_BOX = re.compile(
    r"(?<![a-z])(?:news bodyhtml|bodytext|body text|news detail|newsdetail|detail content|content detail|article content"
    r"|article body|articlebody|entry content|post content|post body|amp wp article content|noi dung|noidung"
    r"|journal content article|field name body|content news|news content|fck detail|item body|story body|article text"
    r"|chi tiet|noi dung chi tiet|ms rtestate field|main content detail|content body)(?![a-z])"
)
_CONTAINERS = frozenset(
    {"article", "body", "center", "div", "form", "html", "main", "section", "table", "tbody", "td", "tr"}
)
_AUTHOR_BOX = re.compile(r"(?<![a-z])(?:author|authors|byline|tac gia|tacgia|nguoi viet)(?![a-z])")
_AUTHOR_LABEL = re.compile(
    r"\s*(?:Tác giả|Người viết|Tin, ảnh|Bài, ảnh|Tin và ảnh)\s*:\s*(.{2,60})", re.IGNORECASE
)
_WORD = r"[A-ZÀ-ỸĐ][a-zà-ỹđ]*"
_NAME = re.compile(
    rf"{_WORD}(?: {_WORD}){{1,4}}(?:(?:,| và| -| –) ?{_WORD}(?: {_WORD}){{1,4}}){{0,2}}|Nhóm PV|PV|Ban [Bb]iên tập"
)
_BYLINE = re.compile(rf"({_WORD}(?: {_WORD}){{1,3}})\s*[-–—/]\s*[A-ZĐ&]{{2,10}}")
_SURNAMES = frozenset(
    """
    an bach ban be bui cao chau chu cu dam dang dao diep dinh do doan doi duong giang giap ha ho hoang hua huynh kieu kim la
    lai lam le lieu lo loc luc luong luu ly ma mac mai nghiem ngo nguyen nong phan phi pham phung quach quan sung ta thai
    than thach to ton tong tran trieu trinh truong tu ung van vi vo vu vuong vang
    """.split()
)
_NO_AUTHOR = frozenset(
    {"", "admin", "administrator", "editor", "quan tri", "quan tri vien", "user", "root", "webmaster"}
)
_WALL_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)")
_DOCUMENT_LINK = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|zip|rar|7z)(?:$|\?)", re.IGNORECASE)
_KEPT_EMPTY = frozenset({"img", "amp-img", "br", "hr", "td", "th"})


_BETWEEN_NAMES = re.compile(r"\s*[|»]\s*|\s+[-–—•·]\s+")
_BANNER = re.compile(
    r"(?<![a-z])(?:banner|logo|brand|branding|masthead|slogan|site (?:header|title|name))(?![a-z])"
)
_TRAIL = re.compile(r"(?<![a-z])(?:breadcrumbs?|duong dan)(?![a-z])")
_TITLE_BOX = re.compile(r"(?<![a-z])(?:title|headline|tieu de|tieude|article header)(?![a-z])")


def extract(document: Document, reading: ArticleReading) -> Extracted:
    """Read an article's page. Raises NotReadable when the document is no page of an article."""
    root = _parse(document)
    facts = _facts(root, document.url)
    base = _base(root, document.url)
    etree.strip_elements(root, *_JUNK, with_tail=False)
    body = root.find("body")
    if body is None:
        raise NotReadable("the article's page has no text: open its address in a browser")
    chosen = {part: _select(root, css, part) for part, css in reading.select.items()}
    for css in reading.remove:
        for _, element in _matches(root, css, "remove"):
            if element.getparent() is not None:
                element.drop_tree()
    title, heading = _title(body, facts, chosen.get("title"))
    if _NOT_THERE.fullmatch(text.fold(title)) and not facts.linked:
        raise NotReadable(f"the page says «{title[:80]}»: the article is gone, or its address is wrong")
    marked = _microdata(root, heading)
    _take_away(body, [heading, *(found[1] for found in chosen.values() if found)])
    page = _Page(root=root, body=body, base=base, facts=facts, title=title, heading=heading, marked=marked)
    return page.read(chosen)


def _base(root: HtmlElement, url: str) -> str:
    for element in root.iter("base"):
        return canonical.absolute(element.get("href") or "", url) or url
    return url


_Chosen = tuple[str, HtmlElement]


def _matches(root: HtmlElement, css: str, part: str) -> Iterator[_Chosen]:
    """What a selector finds, its alternatives (between commas) in the order in which they were written."""
    bare, at, attribute = css.rpartition("@")
    if not at or not re.fullmatch(r"[\w:-]+", attribute):
        bare, attribute = css, ""
    try:
        paths = [HTMLTranslator().selector_to_xpath(one) for one in parse_css(bare)]
        for path in paths:
            for element in root.xpath(path):
                yield (element.get(attribute) or "" if attribute else _text(element)), element
    except (SelectorError, etree.XPathError) as cause:
        raise NotReadable(
            f"[article.select] {part}: «{css}» is not a CSS selector: correct it in the portal's file"
        ) from cause


def _select(root: HtmlElement, css: str, part: str) -> _Chosen | None:
    found = ((value.strip(), element) for value, element in _matches(root, css, part))
    return next((one for one in found if one[0] or part == "body"), None)


def _microdata(root: HtmlElement, heading: HtmlElement | None) -> dict[str, str]:
    """The itemprops of the article: those of the scope that holds its heading, or the only ones there are."""
    found: dict[str, dict[str, None]] = {}
    own = None
    if heading is not None:
        own = next((element for element in _chain(heading) if element.get("itemscope") is not None), None)
    for element in root.xpath("//*[@itemprop]"):
        scope = next(
            (holder for holder in element.iterancestors() if holder.get("itemscope") is not None), None
        )
        if own is not None and scope is not own and not (scope is not None and scope.getparent() is own):
            continue
        said = element.get("content") or element.get("datetime") or element.get("src") or _text(element)[:400]
        for name in (element.get("itemprop") or "").split():
            if said.strip():
                found.setdefault(name, {})[text.one_line(said)] = None
    return {name: next(iter(values)) for name, values in found.items() if len(values) == 1}


def _title(body: HtmlElement, facts: _Facts, chosen: _Chosen | None) -> tuple[str, HtmlElement | None]:
    """The title as it is printed and the element that prints it; a title that is only metadata has none."""
    if chosen and chosen[0]:
        return text.plain_line(chosen[0]), chosen[1]
    heads = [(_text(head), head) for head in body.iter("h1", "h2", "h3")]
    lines = [(line.text, line.block) for line in _lines(body) if not line.is_link]
    printed = [one for one in (*heads, *lines) if 8 <= len(one[0]) <= LONGEST_TITLE and not _is_banner(one[1])]
    folded = [(text.fold(said), said, element) for said, element in printed]
    sites = {text.fold(name) for name in (*facts.said("og:site_name"), _words(facts.linked.get("publisher")))}
    for name in (*facts.titles, facts.heading):
        forms = _forms(name) - sites
        agreeing = [(said, element) for key, said, element in folded if key in forms]
        if agreeing:
            return max(agreeing, key=_rank)
    only = {key: (said, element) for key, said, element in folded if element.tag == "h1" and key not in sites}
    if len(only) == 1:
        return next(iter(only.values()))
    return (facts.titles[0], None) if facts.titles else ("", None)


def _forms(name: str) -> set[str]:
    """What a page may print of a title in its metadata: all of it, or without the site's name at one end."""
    parts = _BETWEEN_NAMES.split(name)
    starts = (" ".join(parts[:end]) for end in range(1, len(parts) + 1))
    ends = (" ".join(parts[start:]) for start in range(1, len(parts)))
    return {text.fold(form) for form in (*starts, *ends) if len(form) >= max(8, 0.4 * len(name))}


def _rank(candidate: tuple[str, HtmlElement]) -> tuple[bool, int, int]:
    said, element = candidate
    in_trail = any(_TRAIL.search(_names(holder)) for _, holder in zip(range(5), _chain(element), strict=False))
    tags = {"h1": 4, "h2": 2, "h3": 2, "h4": 2}
    return not in_trail, tags.get(str(element.tag), int(bool(_TITLE_BOX.search(_names(element))))), len(said)


def _is_banner(element: HtmlElement) -> bool:
    """Whether a line belongs to the site rather than to the article: its name, its slogan."""
    holders = list(zip(range(5), _chain(element), strict=False))
    links = [child for child in element if child.tag == "a"]
    return any(_BANNER.search(_names(holder)) or _leads_home(holder) for _, holder in holders) or any(
        map(_leads_home, links)
    )


def _leads_home(element: HtmlElement) -> bool:
    if element.tag != "a" or not (address := element.get("href")):
        return False
    parts = urlsplit(address)
    return address == "/" or bool(parts.netloc and parts.path in ("", "/") and not parts.query and not parts.fragment)


@dataclass(slots=True, kw_only=True)
class _Page:
    """A page without its furniture, and what is known of it so far."""

    root: HtmlElement
    body: HtmlElement
    base: str
    facts: _Facts
    title: str
    heading: HtmlElement | None
    marked: Mapping[str, str]

    def read(self, chosen: Mapping[str, _Chosen | None]) -> Extracted:
        """Everything the page says for certain."""
        lines = _lines(self.body)
        at = self._place(lines)
        body = (found := chosen.get("body")) and found[1]
        lead_box = (found := chosen.get("lead")) and found[1]
        if lead_box is None:
            lead_box = self._lead_box(lines, at)
        if body is None:
            body = self._body(lines, at, lead_box)
        first = next(
            (n for n, line in enumerate(lines) if n > at and line.is_prose and _inside(line, body)),
            len(lines),
        )
        published = self._published(chosen.get("date"), lines, at, first, body)
        author = self._author(chosen.get("author"), lines, at, body)
        own = self._own_image(lines, at, body)
        kept = self._content(body)
        return Extracted(
            title=self.title,
            published=published,
            lead=self._lead(chosen.get("lead"), lead_box, lines[at + 1 :], kept),
            raw_content=_inner(body) if kept and body is not None else "",
            image_url=self._image(chosen.get("image"), own),
            author=author or _byline(kept),
            labels=self.facts.labels,
            canonical_url=self._canonical(),
            amp=self.root.get("amp") is not None or self.root.get("⚡") is not None,
        )

    def _place(self, lines: Sequence[_Line]) -> int:
        """Where the title stands; -1 where it does not."""
        if self.heading is None:
            return -1
        within = [number for number, line in enumerate(lines) if line.text and _inside(line, self.heading)]
        wanted = text.fold(self.title)
        exact = [number for number in within if text.fold(lines[number].text) == wanted]
        if exact:
            return exact[0]
        return within[-1] if within and self.heading.tag in ("h1", "h2", "h3") else -1

    # -------------------------------------------------------------- the text

    def _lead_box(self, lines: Sequence[_Line], at: int) -> HtmlElement | None:
        """The element that is named as the lead, if it is among the first paragraphs under the title."""
        if at < 0:
            return None
        paragraphs = 0
        for line in lines[at + 1 :]:
            if not line.text:
                continue
            if 30 <= len(line.text) <= LONGEST_LEAD and not line.is_link:
                for element in (line.block, line.block.getparent()):
                    if element is None or element in set(
                        self.heading.iterancestors() if self.heading is not None else ()
                    ):
                        break
                    if _LEAD_BOX.search(_names(element)) or element.get("itemprop") == "description":
                        return element if len(_text(element)) <= LONGEST_LEAD else None
            paragraphs += line.is_prose
            if paragraphs > 2:
                break
        return None

    def _body(self, lines: Sequence[_Line], at: int, lead_box: HtmlElement | None) -> HtmlElement | None:
        """The element that holds the article's paragraphs, and as little else as possible."""
        prose: Counter[HtmlElement] = Counter()
        count: Counter[HtmlElement] = Counter()
        total = 0
        for line in lines[at + 1 :]:
            if total > 200 and _END.fullmatch(text.fold(line.text[:80])):
                break
            if not line.is_prose or (lead_box is not None and _inside(line, lead_box)):
                continue
            total += len(line.text)
            for element in _chain(line.block):
                prose[element] += len(line.text)
                count[element] += 1
        if not total:
            return None
        named = [
            element
            for element in prose
            if element.tag in _CONTAINERS
            and (element.get("itemprop") == "articleBody" or _BODY_BOX.search(_names(element)))
        ]
        best = max((prose[element] for element in named), default=0)
        if best >= 0.5 * total:
            near = [element for element in named if prose[element] >= 0.9 * best]
            return max(near, key=lambda element: sum(1 for _ in element.iterancestors()))
        if at < 0:
            return None
        node = self.body
        while True:
            inner = [child for child in node if child in prose and child.tag in _CONTAINERS]
            child = max(inner, key=lambda one: prose[one], default=None)
            share = prose[child] / prose[node] if child is not None else 0
            if child is None or share < 0.75 or (share < 1 and count[child] < 2):
                return node
            node = child

    def _content(self, body: HtmlElement | None) -> list[_Line]:
        """Take everything out of the body that is not the article's text or its pictures; what is left."""
        if body is None:
            return []
        lines = _lines(body)
        wiped: set[int] = set()
        start = self._start(lines)
        wiped.update(range(start))
        for number, line in enumerate(lines):
            folded = text.fold(line.text[:300])
            if number in wiped or not folded:
                continue
            if len(line.text) <= 80 and _END.fullmatch(folded):
                wiped.update(range(number, _end_of_box(lines, number, body)))
            elif len(line.text) <= 300 and (_FURNITURE.fullmatch(folded) or _is_caption(lines, number, body)):
                wiped.add(number)
        wiped.update(_links_at_the_end([(n, line) for n, line in enumerate(lines) if n not in wiped]))
        for number in wiped:
            lines[number].wipe()
        _tidy(body, self.base)
        return [line for number, line in enumerate(lines) if number not in wiped]

    def _start(self, lines: Sequence[_Line]) -> int:
        """How many lines of the body come before its text: the title once more, its date, its label."""
        wanted = text.fold(self.title)
        start = 0
        for number, line in enumerate(lines[:12]):
            if wanted and text.fold(line.text) == wanted:
                start = number + 1
        while start < len(lines) and lines[start].text and _is_date_line(lines[start]):
            start += 1
        return start

    def _lead(
        self, chosen: _Chosen | None, box: HtmlElement | None, lines: Sequence[_Line], kept: Sequence[_Line]
    ) -> str:
        if chosen and chosen[1] is not box:
            box = chosen[1]
        if box is not None:
            inner = _lines(box)
            said = " ".join(
                line.text for n, line in enumerate(inner) if line.text and not _is_caption(inner, n, box)
            )
            if chosen and not said:
                said = chosen[0]
        else:
            said = self._told_lead(lines) or _bold_beginning(kept)
        lead = summary_of(html.escape(said, quote=False), "")
        return "" if text.fold(lead) == text.fold(self.title) else lead

    def _told_lead(self, lines: Sequence[_Line]) -> str:
        """The description of the metadata, if the page itself prints it: others are the site's slogan."""
        for told in self.facts.descriptions:
            cut = told.endswith(("…", "...", "]"))
            wanted = text.fold(told)
            if wanted == text.fold(self.title):
                continue
            for line in lines[:40]:
                printed = text.fold(line.text) if len(line.text) >= 40 else ""
                if not printed or line.is_link:
                    continue
                if printed == wanted or (cut and printed.startswith(wanted)):
                    return line.text
                if wanted.startswith(printed) and len(printed) >= SHORTEST_PROSE:
                    return line.text if cut else told
                if printed.startswith(wanted) and len(wanted) >= SHORTEST_PROSE:
                    return line.text
        return ""

    # -------------------------------------------------------------- the rest

    def _published(
        self, chosen: _Chosen | None, lines: Sequence[_Line], at: int, first: int, body: HtmlElement | None
    ) -> str | None:
        if chosen and _readable(chosen[0]):
            return text.one_line(chosen[0])
        told = [*self.facts.dates[:1]]
        if (marked := self.marked.get("datePublished") or self.marked.get("dateCreated")) and _readable(
            marked
        ):
            told.append(marked)
        printed = self._printed_date(lines, at, first, body)
        if told and printed and _same_clock(told[0], printed):
            return printed
        return told[0] if told else printed

    def _printed_date(
        self, lines: Sequence[_Line], at: int, first: int, body: HtmlElement | None
    ) -> str | None:
        """The date that the page prints beside the title, or with a label above or below the text."""
        found: list[tuple[int, _Line, str]] = []
        scope = _common(self.heading, body)
        for number, line in enumerate(lines):
            if not line.text or number == at or len(line.text) > 160 or not _SHORTEST_DATE.search(line.text):
                continue
            folded = text.fold(line.text)
            if line.is_link or _TODAY.search(folded):
                continue
            labelled = bool(_DATE_LABEL.search(folded)) and len(folded) <= 90
            between = at >= 0 and at < number < first and number - at <= 12
            beside = at >= 0 and 0 < at - number <= 4 and _near(line.block, self.heading)
            within = scope is None or _inside(line, scope)
            if not (
                between
                or beside
                or (labelled and within and (at < 0 or number < at or self._below(lines, first, number)))
            ):
                continue
            stamp = line.time.get("datetime") if line.time is not None else None
            if stamp and _readable(stamp):
                raw = stamp
            elif _readable(line.text) and (
                labelled or _is_date_line(line) or _DATE_BOX.search(_names(line.block))
            ):
                raw = line.text
            else:
                continue
            changed = bool(
                _CHANGED.search(folded) or (line.time is not None and _CHANGED.search(_names(line.time)))
            )
            found.append((2 * changed - labelled, line, raw))
        if not found:
            return None
        surest = min(rank for rank, _, _ in found)
        reads = {
            raw: read_date(raw) or read_date(raw, slashes=SlashDates.MDY)
            for rank, _, raw in found
            if rank == surest
        }
        days = {read.at.astimezone(VIETNAM).date() for read in reads.values() if read}
        if len(days) != 1:
            return None
        return next((raw for raw, read in reads.items() if read and _has_time(read)), next(iter(reads)))

    def _below(self, lines: Sequence[_Line], first: int, number: int) -> bool:
        """Whether a line below the first paragraph still belongs to the article."""
        return number >= first and not any(
            _END.fullmatch(text.fold(line.text[:80])) for line in lines[first:number]
        )

    def _author(
        self, chosen: _Chosen | None, lines: Sequence[_Line], at: int, body: HtmlElement | None
    ) -> str | None:
        if chosen and chosen[0]:
            return text.plain_line(chosen[0])
        told = [*self.facts.authors, self.marked.get("author", "")]
        for name in told:
            if (
                text.fold(name) not in _NO_AUTHOR
                and 2 <= len(name) <= 80
                and "@" not in name
                and "://" not in name
            ):
                return name
        if at < 0 or body is None:
            return None
        for line in lines[at + 1 :]:
            if not line.text:
                continue
            if _END.fullmatch(text.fold(line.text[:80])):
                break
            if labelled := _AUTHOR_LABEL.fullmatch(line.text):
                return text.one_line(labelled[1])
            if len(line.text) <= 60 and _AUTHOR_BOX.search(_names(line.block)) and _NAME.fullmatch(line.text):
                return line.text
        return None

    def _own_image(self, lines: Sequence[_Line], at: int, body: HtmlElement | None) -> str:
        """The first picture of some size between the title and the end of the text."""
        within = [number for number, line in enumerate(lines) if _inside(line, body)]
        for line in lines[at + 1 if at >= 0 else within[0] : within[-1] + 1] if within else ():
            if line.image is None:
                continue
            width = (line.image.get("width") or "").removesuffix("px")
            source = _source(line.image)
            if source and not (width.isdigit() and int(width) < 100) and not _is_placeholder(source):
                return source
        return ""

    def _image(self, chosen: _Chosen | None, own: str) -> str | None:
        if chosen and chosen[1].tag in _IMAGES:
            chosen = (_source(chosen[1]), chosen[1])
        told = (chosen[0] if chosen else "", *self.facts.images, self.marked.get("image", ""), own)
        for address in told:
            if address and not _is_placeholder(address) and (found := canonical.absolute(address, self.base)):
                return found
        return None

    def _canonical(self) -> str | None:
        """The address the page gives itself; the front page's, which some sites print everywhere, is none."""
        links = (
            link.get("href") or ""
            for link in self.root.iter("link")
            if (link.get("rel") or "").lower() == "canonical"
        )
        for address in (*links, *self.facts.said("og:url")):
            if address and (found := canonical.absolute(address, self.base)):
                parts = urlsplit(found)
                return found if parts.path.strip("/") or parts.query else None
        return None


# ------------------------------------------------------------------ questions about lines


def _inside(line: _Line, element: HtmlElement | None) -> bool:
    return element is not None and any(holder is element for holder in _chain(line.block))


def _common(one: HtmlElement | None, other: HtmlElement | None) -> HtmlElement | None:
    if one is None or other is None:
        return None
    holders = set(_chain(one))
    return next((element for element in _chain(other) if element in holders), None)


def _near(block: HtmlElement, heading: HtmlElement | None) -> bool:
    """Whether two elements share a parent or grandparent smaller than the page."""
    if heading is None:
        return False
    near = [holder for holder in _chain(heading)][1:3]
    holders = [holder for holder in _chain(block)][:3]
    return any(holder in holders and holder.tag not in ("body", "html", "form") for holder in near)


def _is_date_line(line: _Line) -> bool:
    """Whether a line says a date and nothing else."""
    if len(line.text) > 120 or not _readable(line.text):
        return False
    words = re.findall(r"[a-z]\w*", text.fold(line.text))
    return sum(word not in _DATE_WORDS for word in words) <= 1


def _same_clock(told: str, printed: str) -> bool:
    """Whether the metadata says the printed hour with a wrong zone (08:30 in Vietnam as 08:30Z)."""
    wall, one, other = _WALL_CLOCK.match(told), read_date(told), read_date(printed)
    if not wall or one is None or other is None or not _has_time(other):
        return False
    return abs(one.at - other.at) >= timedelta(minutes=15) and f"{other.at.astimezone(VIETNAM):%Y-%m-%d %H:%M}" == f"{wall[1]} {wall[2]}"


def _is_caption(lines: Sequence[_Line], number: int, body: HtmlElement) -> bool:
    line = lines[number]
    if not line.text or len(line.text) > 300:
        return False
    if _CAPTION_WHOLE.fullmatch(line.text) or _CAPTION_END.search(line.text):
        return True
    holders = []
    for holder in _chain(line.block):
        if holder is body:
            break
        holders.append(holder)
    for holder in holders:
        pictured = any(True for _ in holder.iter(*_IMAGES))
        if holder.tag in ("figcaption", "caption") or _CAPTION_BOX.search(_names(holder)):
            return True
        if pictured and holder.tag in ("figure", "table") and len(_text(holder)) <= 400 and not line.is_prose:
            return True
        if pictured and holder.tag == "figure":
            return True
    after_picture = number > 0 and lines[number - 1].image is not None
    if not after_picture or len(line.text) > 250:
        return False
    style = (line.block.get("style") or "").replace(" ", "").lower()
    centred = (
        "text-align:center" in style
        or line.block.get("align") == "center"
        or "center" in _names(line.block).split()
    )
    slanted = line.slanted >= 0.9 * len(line.text)
    beside = lines[number - 1].block is line.block and line.block is not body and len(line.text) <= 160
    return centred or slanted or beside


def _end_of_box(lines: Sequence[_Line], number: int, body: HtmlElement) -> int:
    """Up to where the box reaches that begins with this heading: its own element, or the body's end."""
    box = lines[number].block
    while box is not body and all(not _inside(line, box) for line in lines[number + 1 : number + 2]):
        parent = box.getparent()
        if parent is None:
            break
        box = parent
    if box is body:
        return len(lines)
    return next((n for n in range(number + 1, len(lines)) if not _inside(lines[n], box)), len(lines))


def _links_at_the_end(lines: Sequence[tuple[int, _Line]]) -> list[int]:
    """Two or more lines at the end that are nothing but links to pages: other articles without a heading."""
    run: list[int] = []
    for number, line in reversed(lines):
        link = next((e for e in _chain(line.slots[0][0]) if e.tag == "a"), None) if line.slots else None
        if (
            link is None
            or not line.is_link
            or len(line.text) < 25
            or _DOCUMENT_LINK.search(link.get("href") or "")
        ):
            break
        run.append(number)
    return run if len(run) >= 2 else []


def _bold_beginning(kept: Sequence[_Line]) -> str:
    """The first paragraph, if it is bold throughout and others are not."""
    prose = [line for line in kept if line.text and not line.is_link]
    if len(prose) < 2 or not prose[0].is_prose or len(prose[0].text) > LONGEST_LEAD:
        return ""
    first, second = (line.bold >= 0.9 * len(line.text) for line in prose[:2])
    return prose[0].text if first and not second else ""


def _byline(kept: Sequence[_Line]) -> str | None:
    """«Phạm Trang – QNICT» as the last line: a name that begins with a surname, and an acronym."""
    last = next((line.text for line in reversed(kept) if line.text), "")
    signed = _BYLINE.fullmatch(last)
    if not signed or text.fold(signed[1]).split()[0] not in _SURNAMES:
        return None
    return signed[1]


# ------------------------------------------------------------------ the body as markup


def _source(image: HtmlElement) -> str:
    """A picture's address, also where it is loaded late."""
    plain = (image.get("src") or "").strip()
    if plain and not plain.startswith("data:") and not _is_placeholder(plain):
        return plain
    late = (image.get(name) or "" for name in ("data-src", "data-original", "data-lazy-src", "data-lazy"))
    return next(filter(None, map(str.strip, late)), "")


def _is_placeholder(address: str) -> bool:
    name = urlsplit(address).path.rpartition("/")[2] if len(address) < 3000 else "logo"
    return bool(_NOT_THE_ARTICLES.match(name.lower().replace("-", "_")))


def _tidy(body: HtmlElement, base: str) -> None:
    """Make addresses absolute and drop what is empty now."""
    for element in reversed(list(body.iter())):
        if element is body:
            continue
        if element.tag in _IMAGES:
            if (found := canonical.absolute(_source(element), base)) is None:
                element.drop_tree()
                continue
            element.tag = "img"
            element.set("src", found)
        elif (
            element.tag == "a"
            and (address := element.get("href"))
            and not address.lower().startswith("mailto:")
        ):
            found = canonical.absolute(address, base)
            if found is None:
                del element.attrib["href"]
            else:
                element.set("href", found)
        if element.tag not in _KEPT_EMPTY and not len(element) and not (element.text or "").strip():
            element.drop_tree()


def _inner(body: HtmlElement) -> str:
    pieces = [html.escape(body.text or "", quote=False)]
    pieces.extend(etree.tostring(child, encoding="unicode", method="html") for child in body)
    markup = "".join(pieces).strip()
    return markup if len(markup) <= LONGEST_CONTENT else ""
