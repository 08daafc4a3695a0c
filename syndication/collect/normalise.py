"""An Item becomes an Article: plain text in NFC, sound addresses, a date we trust, a summary worth reading."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syndication import text
from syndication.collect import canonical, clean
from syndication.collect.dates import ReadDate, keep_date, read_date
from syndication.collect.picture import CAPTION, is_stand_in
from syndication.collect.similar import fingerprint
from syndication.domain.article import Article, ArticleKey, Item, KeyKind
from syndication.domain.picture import Size, stated_size
from syndication.domain.portal import Portal, SlashDates, Source

log = logging.getLogger(__name__)

LONGEST_TITLE = 300
LONGEST_SUMMARY = 600
LONGEST_LABEL = 80
LEAST_SYLLABLES = 20
"""Of title and summary together, for a text to be known again by itself."""
LONGEST_RAW = 5_000
"""Characters of a line as the source gave it that are looked at; an honest title has a hundred."""

_END_MARK = re.compile(r"\s*(?:\.{0,3}\s?/\s?\.|\./|\.//)\s*$")
_AGENCY = re.compile(
    r"^(?:\(\s*[\w.&+ -]{2,24}\s*\)\s*[-–—:]?|[A-Z0-9-]{2,20}(?:\.[A-Z]{2,4})?\.(?:vn|com|net|org)\s+[-–—])\s*(?=\S)",
    re.IGNORECASE,
)
_EXCERPT_TAIL = re.compile(
    r"\s*(?:\[(?:…|\.\.\.|&hellip;)\]"
    r"|\(?(?:Xem tiếp|Xem thêm|Đọc tiếp|Đọc thêm|(?:Xem )?chi tiết(?: tại đây)?|Continue reading|Read more)"
    r"(?:\s*[“\"].{1,300}[”\"])?\s*\S{0,3})\s*$",
    re.IGNORECASE,
)
_STOPS = (".", "!", "?", "…")
_SIGNED = re.compile(r"(?:[A-ZÀ-ỸĐ][a-zà-ỹđ]* ){1,3}[A-ZÀ-ỸĐ][a-zà-ỹđ]* ?[-–—/] ?[A-ZĐ&]{2,10}")
"""«Phạm Trang – QNICT», alone on a line."""
_ORIGIN = re.compile(r"\(?(?:Nguồn|Nguồn tin|Theo)\s?:.{2,80}|\(?Theo [\w.]+\.vn\)?", re.IGNORECASE)
"""«Nguồn: Báo …», alone on a line."""
_WORDPRESS_TAIL = re.compile(
    r"\s*(?:The post|Bài viết) .{1,400} (?:appeared first on|xuất hiện đầu tiên) .*$"
)
_MERE_NAME = re.compile(r"[\w:-]*")
_MAIL = re.compile(r"[^\s<>()]+@[^\s<>()]+")
_NOBODY = frozenset(
    {"", "admin", "administrator", "webmaster", "root", "quan tri", "quan tri vien", "super user"}
)
_FURNITURE = re.compile(
    r"^(?:các tin khác|tin khác|tin liên quan|những tin (?:mới|cũ) hơn|theo dòng sự kiện|bài viết liên quan)\b"
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """An item that cannot become an article, and why, in words for the operator."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an item was found: what it takes to read it as the portal meant it."""

    portal: Portal
    source: Source
    url: str
    generator: str | None = None
    order_in_doubt: bool = False
    """Whether the document also prints dates that can only have the month first, against the portal's file."""


def summary_of(raw_summary: str, raw_content: str) -> str:
    """Two or three sentences of plain text: the portal's own excerpt, else the beginning of its text.

    End marks (``./.``), agency prefixes (``(Chinhphu.vn) - ``) and «Xem tiếp» are furniture and go; in full
    text they stay.
    """
    # What was escaped twice shows its entities and tags only now.
    lead = text.plain_line("\n".join(_told(clean.text_of(raw_summary).splitlines())))
    lead = _WORDPRESS_TAIL.sub("", lead)
    if len(lead) < 2:
        lead = text.plain_line(_beginning(clean.text_of(raw_content)))
    lead = _EXCERPT_TAIL.sub(lambda tail: "" if tail.string[: tail.start()].endswith(_STOPS) else "…", lead)
    lead = _END_MARK.sub(".", _AGENCY.sub("", lead))
    return text.shorten(text.one_line(lead), LONGEST_SUMMARY)


def _told(lines: list[str]) -> list[str]:
    """The lines of a summary without a picture's caption on top, and who wrote it below."""
    while len(lines) > 1 and CAPTION.fullmatch(lines[0]):
        lines = lines[1:]
    while len(lines) > 1 and (_ORIGIN.fullmatch(lines[-1]) or _SIGNED.fullmatch(lines[-1])):
        lines = lines[:-1]
    return lines


def _beginning(body: str) -> str:
    lines: list[str] = []
    for line in body.splitlines():
        if _FURNITURE.match(line.lower()) or (lines and (_SIGNED.fullmatch(line) or _ORIGIN.fullmatch(line))):
            break
        if CAPTION.fullmatch(line):
            continue
        lines.append(line)
        if _END_MARK.search(line) or sum(map(len, lines)) >= LONGEST_SUMMARY:
            break
    return " ".join(lines)


def normalise(item: Item, place: Place, *, now: datetime) -> Article | Dropped:
    """Make an article of an item, or say why it cannot be one. ``now`` is when it was seen."""
    portal, source = place.portal, place.source
    title = text.shorten(text.plain_line(item.title[:LONGEST_RAW]), LONGEST_TITLE)
    if not title:
        return Dropped("an item has no title")
    url = address_of(item, place)
    if url is None:
        return Dropped(f"«{title}» has no usable link")
    if not canonical.belongs_to(url, portal.hosts):
        host = canonical.host_of(url)
        return Dropped(f"«{title}» links to {host}, which hosts does not name in the portal's file")
    url = canonical.without_tracking(url)
    labels = [text.shorten(text.plain_line(label[:LONGEST_RAW]), LONGEST_LABEL) for label in item.labels]
    image_url, image_size = _picture(item, url)
    summary = summary_of(item.raw_summary, item.raw_content)
    if text.fold(summary) == text.fold(title):  # some portals print the title in place of a summary
        summary = summary_of("", item.raw_content)
    return Article(
        portal=portal.id,
        url=url,
        address_key=canonical.address_key(url, portal=portal.id, hosts=portal.hosts),
        guid=text.one_line(item.guid[:LONGEST_RAW])[:500] if item.guid else None,
        title=title,
        summary=summary,
        content=(
            clean.clean_html(item.raw_content, base=url)
            if portal.article.full_text and item.raw_content
            else None
        ),
        author=_author(item.author or ""),
        labels=tuple(dict.fromkeys(filter(None, labels))) or ((source.label,) if source.label else ()),
        image_url=image_url,
        image_size=image_size,
        published_at=keep_date(read_published(item, place), first_seen=now),
        categories=source.categories,
        fingerprint=fingerprint(
            title, f"{clean.text_of(item.raw_summary)}\n{clean.text_of(item.raw_content)}"
        ).to_json(),
    )


def address_of(item: Item, place: Place) -> str | None:
    """Where an item's article is to be read, or None.

    A GUID is an address only where it looks like one: feedparser makes a link of ``12345``, too, unless the feed
    says ``isPermaLink="false"`` (RSS 2.0).
    """
    guid = (item.guid or "").strip()
    written = item.url.strip() or guid
    if written == guid and _MERE_NAME.fullmatch(written):
        return None
    return canonical.absolute(written, place.url)


def _author(said: str) -> str | None:
    """A name for readers: not the portal's software, and no e-mail address (RSS wants one beside the name)."""
    name = text.plain_line(said[:LONGEST_RAW])
    if address := _MAIL.search(name):
        name = next(filter(None, (part.strip(" ()<>-:,") for part in name.split(address[0]))), "")
    return None if text.fold(name) in _NOBODY else text.shorten(name, LONGEST_LABEL)


def _picture(item: Item, url: str) -> tuple[str | None, Size | None]:
    """The picture that the source names, else the first in its markup, and its size.

    What a summary says of its picture is no size: lists squeeze all pictures into one box (130 by 100, or a width).
    """
    named = canonical.absolute(item.image_url or "", url)
    if named and not is_stand_in(named) and urlsplit(named).path != "/":
        # Parsed in a child process, which a hostile document may have taken over: looked at once more.
        return named, stated_size(*item.image_size) if item.image_size else None
    if teaser := clean.first_image(item.raw_summary, base=url)[0]:
        return teaser, None
    return clean.first_image(item.raw_content, base=url)


def read_published(item: Item, place: Place) -> ReadDate | None:
    """An item's date as its portal meant it, or None where it cannot be read."""

    def read(order: SlashDates) -> ReadDate | None:
        return read_date(
            item.published,
            slashes=order,
            zone=ZoneInfo(place.portal.timezone),
            minutes_are_month="nukeviet" in (place.generator or "").lower(),
        )

    found = read(place.source.dates)
    return None if place.order_in_doubt and read(SlashDates.MDY) != found else found


def month_first(items: Iterable[Item], dates: SlashDates) -> str | None:
    """A date among these that can only have the month first («11/23/2026»), though the portal's file says otherwise."""
    printed = (item.published for item in items if dates is not SlashDates.MDY and item.published)
    return next((one for one in printed if not read_date(one, slashes=dates) and _is_american(one)), None)


def _is_american(printed: str) -> bool:
    return read_date(printed, slashes=SlashDates.MDY) is not None


def article_of(item: Item, place: Place, *, now: datetime) -> Article | Dropped:
    """``normalise``, with whatever a hostile item makes it raise turned into a reason to drop that item alone."""
    try:
        return normalise(item, place, now=now)
    except Exception as trouble:  # one bad item must stay one bad item
        log.exception("%s %s: an item", place.portal.id, place.source.url)
        return Dropped(f"an item cannot be read ({trouble.__class__.__name__}: {trouble})")


def keys_of(article: Article, source: Source) -> tuple[ArticleKey, ...]:
    """Every name under which a source names an article, the surest first.

    A GUID means something only within its source: NukeViet's ``news_123`` exists on every NukeViet site.
    """
    keys = [ArticleKey(KeyKind.ADDRESS, article.address_key)]
    if article.guid:
        keys.append(ArticleKey(KeyKind.GUID, f"{source.portal} {source.url} {article.guid}"))
    if content := _content_key(article):
        keys.append(ArticleKey(KeyKind.CONTENT, content))
    return tuple(keys)


def _content_key(article: Article) -> str | None:
    """What an article says and when, for a portal that gives all its articles new addresses and GUIDs at once.

    Offices fill in the same form again and again, so a short text, or one without a date, is no name.
    """
    title, summary = text.fold(article.title), text.fold(article.summary)
    if article.published_at is None or not summary or len(f"{title} {summary}".split()) < LEAST_SYLLABLES:
        return None
    said = hashlib.blake2b(f"{title}\n{summary}".encode("utf-8", "replace"), digest_size=16).hexdigest()
    return f"{article.portal} {article.published_at:%Y-%m-%dT%H:%M} {said}"
