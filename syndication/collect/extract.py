"""Reads an article's own page: title, date, lead, text and picture, each only when it is surely the article's.

Asked in this order, and the first sure answer counts: the selectors of the portal's file; what the page tells
machines (``metadata``); the page's own print, the furniture taken away (``furniture``).

The one mistake that must not happen is to take something of *another* article: portals print «Tin khác» with
titles, excerpts and dates under every article, and some articles have no date at all. So boxes that are named
like furniture go first, a date is believed only beside the title, and everything from a heading such as «Tin
khác» on is no part of the text.

The text is found by our own rules. Libraries for that job keep what stands between the title and the foot of a
page, «Các tin khác» and «Lượt xem» included, and give back neither the markup nor the pictures as they were.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from lxml import etree

from syndication import css, text
from syndication.collect import canonical, clean
from syndication.collect.dates import VIETNAM, Precision, ReadDate, read_date
from syndication.collect.furniture import (
    IMAGES,
    JUNK,
    SHORTEST_PROSE,
    Line,
    box_words,
    chain,
    clear,
    end_of_box,
    is_caption,
    lines_of,
    links_at_the_end,
    names_of,
    readable,
    take_away,
)
from syndication.collect.metadata import DATE_METAS, Facts, read_facts, read_microdata, words
from syndication.collect.normalise import summary_of
from syndication.collect.parse import markup
from syndication.collect.parse.document import Document
from syndication.domain.article import Item
from syndication.domain.portal import ArticleReading, FetchArticle, SlashDates
from syndication.errors import NotReadable

MOST_ELEMENTS = 20_000
"""A page with more elements is no article (the largest of 258 news pages had 4,100), and would hold up all others."""
MOST_TEXT = 1_000_000
"""Characters of a page, for the same reason."""
LONGEST_CONTENT = 400_000
"""Characters of markup; a longer text is a collection of documents, or an attack."""
LONGEST_TITLE = 300
LONGEST_LEAD = 1500


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
    slashes: SlashDates = SlashDates.DMY,
) -> Item:
    """The item with what its own page, read at ``address``, adds to it. What the item has is kept.

    The page's date replaces one without a trusted time of day (``date_is_precise``), its text a shorter one;
    with ``fetch = "always"`` its title and date replace the item's. A date from the page is handed on as ISO
    8601 in ``zone``. ``slashes`` is the page's order of dates: pages are printed for people, the day first, even where
    a feed has the month first. The item of an AMP page gets the address of the page it is a twin of.
    """
    always = reading.fetch is FetchArticle.ALWAYS
    published = item.published
    if always or not published or not date_is_precise:
        must_be_better = bool(published) and not always
        printed = read_date(page.published, zone=zone, slashes=slashes)
        published = _iso(printed, zone, with_time_only=must_be_better) or published
    has_title = bool(text.plain_line(item.title)) and not (always and page.title)
    has_summary = bool(clean.text_of(item.raw_summary))
    longer = len(clean.text_of(page.raw_content)) > len(clean.text_of(item.raw_content))
    twin = page.canonical_url if page.amp and _key(page.canonical_url or "") == _key(address) else None
    return replace(
        item,
        url=twin or item.url,
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


def _iso(read: ReadDate | None, zone: ZoneInfo, *, with_time_only: bool) -> str | None:
    if read is None or (with_time_only and not _has_time(read)):
        return None
    local = read.at.astimezone(zone)
    return local.date().isoformat() if read.precise is Precision.DAY else local.isoformat()


def _has_time(read: ReadDate) -> bool:
    return read.precise in (Precision.MINUTE, Precision.SECOND)


# ------------------------------------------------------------------ the page


def extract(document: Document, reading: ArticleReading) -> Extracted:
    """Read an article's page. Raises NotReadable when the document is no page of an article."""
    raw = text.clean_text(markup.characters(document))
    if markup.sniff(raw) is not markup.Came.PAGE:
        raise NotReadable(markup.what_came(raw, wanted="an article's page", url=document.url))
    root = markup.read_html(raw)
    body = root.find("body")
    if body is None:
        raise NotReadable("the page has no text: open the article's address in a browser")
    says_instead = markup.instead(root, raw, url=document.url)
    facts = read_facts(root, document.url)
    etree.strip_elements(root, *JUNK, with_tail=False)
    if sum(1 for _ in body.iter()) > MOST_ELEMENTS or sum(map(len, body.itertext())) > MOST_TEXT:
        raise NotReadable(
            f"the page has over {MOST_ELEMENTS:,} elements or {MOST_TEXT:,} letters: it is no article"
        )
    chosen = _select(root, reading)
    lines = lines_of(body)
    title, heading = _title(body, lines, facts, chosen.get("title"))
    page = _Page(
        root=root,
        body=body,
        url=document.url,
        facts=facts,
        marked=read_microdata(root, heading),
        title=title,
        heading=heading,
        chosen=chosen,
    )
    kept = [element for _, element in chosen.values()]
    kept.extend(islice(heading.iter(), 10) if heading is not None else ())
    take_away(body, lines, kept)
    found = page.read()
    little = not (found.published or found.lead) and len(clean.text_of(found.raw_content)) < 300
    if says_instead and little:
        raise NotReadable(says_instead)
    return found


# ------------------------------------------------------------------ the portal's selectors

_Chosen = tuple[str, etree._Element]


def _select(root: etree._Element, reading: ArticleReading) -> dict[str, _Chosen]:
    """The words and the element of every part that has a selector which finds it; what ``remove`` finds goes."""
    chosen: dict[str, _Chosen] = {}
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


def _matches(root: etree._Element, written: str, part: str) -> Iterator[_Chosen]:
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


# ------------------------------------------------------------------ the title

_HEADS = ("h1", "h2", "h3")
_BETWEEN_NAMES = re.compile(r"\s*[|»]\s*|\s+[-–—•·]\s+")
_BANNER = box_words("banner|logo|brand|branding|masthead|slogan|site (?:header|title|name)")
_TRAIL = box_words("breadcrumbs?|duong dan")
_TITLE_BOX = box_words("title|headline|tieu de|tieude|article header")


def _title(
    body: etree._Element, lines: Sequence[Line], facts: Facts, chosen: _Chosen | None
) -> tuple[str, etree._Element | None]:
    """The title as it is printed and the element that prints it.

    A title that is printed nowhere is believed of JSON-LD alone: the others name a section of the site as often.
    """
    if chosen:
        return text.plain_line(chosen[0]), chosen[1]
    heads = [(markup.words(head), head) for head in body.iter(*_HEADS)]
    plain = [(line.text, line.block) for line in lines if not line.is_link]
    printed = [
        (text.fold(said), said, element)
        for said, element in (*heads, *plain)
        if 8 <= len(said) <= LONGEST_TITLE and not _is_banner(element)
    ]
    titles = [one for one in facts.all("headline", "og:title", "dc.title", "dcterms.title") if len(one) >= 4]
    for name in (*titles, facts.heading):
        forms = {key: form for key, form in _forms(name) if key not in facts.sites}
        agreeing = [(said, element) for key, said, element in printed if key in forms]
        agreeing += [  # a kicker stands within the heading
            (form, element)
            for said, _, element in printed
            for key, form in forms.items()
            if element.tag == "h1" and said.endswith(" " + key) and 2 * len(key) >= len(said)
        ]
        if agreeing:
            return max(agreeing, key=_rank)
    only = {key: (said, head) for key, said, head in printed if head.tag == "h1" and key not in facts.sites}
    if len(only) == 1:
        return next(iter(only.values()))
    return text.shorten(words(facts.linked.get("headline")), LONGEST_TITLE), None


def _forms(name: str) -> Iterator[tuple[str, str]]:
    """What a page may print of a title in its metadata, folded and not: all, or without the site at one end."""
    parts = _BETWEEN_NAMES.split(name[: 2 * LONGEST_TITLE])[:20]
    starts = (" ".join(parts[:end]) for end in range(1, len(parts) + 1))
    ends = (" ".join(parts[start:]) for start in range(1, len(parts)))
    return ((text.fold(form), form) for form in (*starts, *ends) if len(form) >= max(8, 0.4 * len(name)))


def _rank(candidate: tuple[str, etree._Element]) -> tuple[bool, int, int]:
    said, element = candidate
    in_trail = any(_TRAIL.search(names_of(holder)) for holder in islice(chain(element), 5))
    tags = {"h1": 4, "h2": 2, "h3": 2, "h4": 2}
    return (
        not in_trail,
        tags.get(str(element.tag), int(bool(_TITLE_BOX.search(names_of(element))))),
        len(said),
    )


def _is_banner(element: etree._Element) -> bool:
    """Whether a line belongs to the site rather than to the article: its name, its slogan."""
    near = (*islice(chain(element), 5), *islice(element, 3))
    return any(_BANNER.search(names_of(one)) or _leads_home(one) for one in near)


def _leads_home(element: etree._Element) -> bool:
    if element.tag != "a" or not (address := element.get("href")):
        return False
    host, _, path = address.partition("//")[2].partition("/")
    return address == "/" or bool(host and not path)


# ------------------------------------------------------------------ everything else

_CONTAINERS = frozenset("article body center div form main section table tbody td tr".split())
_LEAD_BOX = box_words("""
    sapo|lead|hometext|trich dan|trichdan|tom tat|tomtat|(?<!with )summary|abstract|chapeau|excerpt|introtext|intro text
    |mo ta
""")
_TEXT_BOX = box_words("""
    bodyhtml|bodytext|body text|news detail|newsdetail|detail content|content detail|articlebody|content news
    |(?:article|news|story|post|item) body|(?:article|news|post|entry|story) (?:content|text)|noi dung|noidung
    |chi tiet|content body|field name body|fck detail|ms rtestate field|journal content
""")
_AUTHOR_BOX = box_words("authors?|byline|tac gia|tacgia|nguoi viet")
_DATE_BOX = box_words("""
    dates?|time|datetime|pubdate|publish|published|publishdate|posted|postdate|created|ngay|ngaydang|ngay dang
    |thoi gian|thoigian|meta|submitted|timestamp|dateline
""")
_DATE_LABEL = re.compile(  # in a folded line
    r"\b(?:ngay (?:dang|xuat ban|cong bo|tao|dua tin)|dang (?:ngay|luc|vao|tai)|thoi gian(?: dang)?|cap nhat|posted"
    r"|published|xuat ban|gio dang|da dang)\b"
)
_CHANGED = re.compile(r"\b(?:updated|modified|changed|cap nhat|sua doi|chinh sua)\b")
_TODAY = re.compile(r"\b(?:hom nay|today|bay gio)\b")
_WALL_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)")

_WORD = r"[A-ZÀ-ỸĐ][a-zà-ỹđ]*"
_NAMES = rf"{_WORD}(?: {_WORD}){{1,4}}"
_NAME = re.compile(rf"{_NAMES}(?:(?:,| và| -| –) ?{_NAMES}){{0,2}}|Nhóm PV|PV|Ban [Bb]iên tập")
_AUTHOR_LABEL = re.compile(r"\s*(?:Tác giả|Người viết|Tin, ảnh|Bài, ảnh)\s*:\s*(.{2,80})", re.IGNORECASE)
_BYLINE = re.compile(rf"({_WORD}(?: {_WORD}){{1,3}})\s*[-–—/]\s*[A-ZĐ&]{{2,10}}")
_NO_AUTHORS = frozenset({"super user", "quan tri", "quan tri vien", "bien tap vien", "site admin"})
_SURNAMES = frozenset(
    """
    an bach ban be bui cao chau chu cu dam dang dao diep dinh do doan doi duong giang giap ha ho hoang hua huynh kieu
    kim la lai lam le lieu lo loc luc luong luu ly ma mac mai nghiem ngo nguyen nong phan phi pham phung quach quan
    sung ta thai than thach to ton tong tran trieu trinh truong tu ung van vi vo vu vuong vang
    """.split()
)


@dataclass(kw_only=True)
class _Page:
    """A page and what is known of it before it is read."""

    root: etree._Element
    body: etree._Element
    url: str
    facts: Facts
    marked: Mapping[str, str]
    """What microdata says of the article."""
    title: str
    heading: etree._Element | None
    chosen: Mapping[str, _Chosen]

    def read(self) -> Extracted:
        """Everything the page says for certain, once its furniture is gone."""
        written = next((element.get("href") or "" for element in self.root.iter("base")), "")
        self._base = canonical.absolute(written, self.url) or self.url
        self._lines = lines_of(self.body)
        self._at = self._place()
        self._lead_box = self.chosen["lead"][1] if "lead" in self.chosen else self._find_lead()
        self._box = self.chosen["body"][1] if "body" in self.chosen else self._find_text()
        inside = [number for number, line in enumerate(self._lines) if line.inside(self._box)]
        prose = [number for number in inside if number > self._at and self._lines[number].is_prose]
        self._first, self._last = (prose[0], prose[-1]) if prose else (-1, -1)
        published, author = self._published(), self._author()
        image = self._image(
            self._lines[self._at + 1 if self._at >= 0 else inside[0] : inside[-1] + 1] if inside else ()
        )
        kept = self._clean_text()
        return Extracted(
            title=self.title,
            published=published,
            lead=self._lead(kept),
            raw_content=_inner(self._box) if kept and self._box is not None else "",
            image_url=image,
            author=author or _byline(kept),
            labels=self.facts.labels,
            canonical_url=self._canonical(),
            amp=self.root.get("amp") is not None or self.root.get("⚡") is not None,
        )

    def _place(self) -> int:
        """The number of the title's line; -1 where it is not printed."""
        within = [n for n, line in enumerate(self._lines) if line.text and line.inside(self.heading)]
        exact = [n for n in within if self._lines[n].key == text.fold(self.title)]
        whole = self.heading is not None and (self.heading.tag in _HEADS or len(within) <= 3)
        return exact[0] if exact else within[-1] if within and whole else -1

    # -------------------------------------------------------------- the text

    def _find_lead(self) -> etree._Element | None:
        """The element that is named as the lead, if it is among the first paragraphs under the title."""
        if self._at < 0 or self.heading is None:
            return None
        holders = set(chain(self.heading))
        paragraphs = 0
        for line in self._lines[self._at + 1 :]:
            paragraphs += line.is_prose
            if paragraphs > 3 or _is_another(line):
                break
            if not 30 <= len(line.text) <= LONGEST_LEAD or line.is_link:
                continue
            for element in islice(chain(line.block), 2):
                named = _LEAD_BOX.search(names_of(element)) or element.get("itemprop") == "description"
                if named and element not in holders:
                    prose = sum(one.is_prose for one in lines_of(element))
                    return element if prose <= 2 and len(markup.words(element)) <= LONGEST_LEAD else None
        return None

    def _find_text(self) -> etree._Element | None:
        """The element that holds the article's paragraphs, and as little else as possible."""
        prose: Counter[etree._Element] = Counter()
        count: Counter[etree._Element] = Counter()
        for line in self._lines[self._at + 1 :]:
            if line.ends and prose[self.body] > 200:
                break
            led = line.inside(self._lead_box) or (self._at < 0 and _LEAD_BOX.search(names_of(line.block)))
            if line.is_prose and not led:
                for element in chain(line.block):
                    prose[element] += len(line.text)
                    count[element] += 1
        boxes = [element for element in prose if element.tag in _CONTAINERS]
        named = [
            one for one in boxes if one.get("itemprop") == "articleBody" or _TEXT_BOX.search(names_of(one))
        ]
        most = max((prose[element] for element in named), default=0)
        if most >= 0.5 * prose[self.body] > 0:
            near = [element for element in named if prose[element] >= 0.9 * most]
            return max(near, key=lambda element: sum(1 for _ in element.iterancestors()))
        if self._at < 0 or not prose:
            return None
        node = self.body
        while True:
            inner = [child for child in node if child in prose and child.tag in _CONTAINERS]
            child = max(inner, key=prose.__getitem__, default=None)
            share = prose[child] / prose[node] if child is not None else 0
            if child is None or share < 0.65 or (share < 1 and count[child] < 2):
                return node
            node = child

    def _clean_text(self) -> list[Line]:
        """Take everything out of the text that is not the article's words or pictures; the lines that are left."""
        if self._box is None:
            return []
        lines = lines_of(self._box)
        own, again = text.fold(self.title), -1
        for number, line in enumerate(lines[:12]):
            if own and line.key == own:
                again = number
            elif line.is_prose:
                break
        prose = next((n for n, line in enumerate(lines) if n > again and line.is_prose), 0)
        wiped = set(range(again + 1))
        for number, line in enumerate(lines):
            if number in wiped or not line.text:
                continue
            on_top = number < prose and (
                line.is_date or line.is_link or _AUTHOR_BOX.search(names_of(line.block))
            )
            if line.ends:
                wiped.update(range(number, end_of_box(lines, number, self._box)))
            elif on_top or line.is_tool or is_caption(lines, number, self._box):
                wiped.add(number)
        wiped |= links_at_the_end([(n, line) for n, line in enumerate(lines) if n not in wiped])
        for number in wiped:
            lines[number].wipe()
        _tidy(self._box, self._base)
        return [line for number, line in enumerate(lines) if number not in wiped]

    def _lead(self, kept: Sequence[Line]) -> str:
        if self._lead_box is not None:
            inner = lines_of(self._lead_box)
            printed = (
                one.text
                for n, one in enumerate(inner)
                if one.text and not is_caption(inner, n, self._lead_box)
            )
            said = " ".join(printed) or self.chosen.get("lead", ("",))[0]
        else:
            said = self._told_lead() or _bold_beginning(kept)
        lead = summary_of(html.escape(said, quote=False), "")
        return "" if text.fold(lead) == text.fold(self.title) else lead

    def _told_lead(self) -> str:
        """The description in the metadata, if the page itself prints it: others are the site's slogan."""
        printed = [
            line for line in self._lines[self._at + 1 :][:40] if len(line.text) >= 40 and not line.is_link
        ]
        for told in self.facts.all("description", "og:description", "description", "dc.description"):
            wanted = text.fold(told[:300])
            if len(wanted) < 40 or wanted == text.fold(self.title):
                continue
            for line in printed:
                if line.key.startswith(wanted):
                    return line.text
                if wanted.startswith(line.key):
                    return line.text if told.endswith(("…", "...", "]")) or len(told) > LONGEST_LEAD else told
        return ""

    # -------------------------------------------------------------- the date

    def _published(self) -> str | None:
        if "date" in self.chosen and readable(self.chosen["date"][0]):
            return text.one_line(self.chosen["date"][0])
        linked = (*self.facts.all("datePublished"), *self.facts.all("dateCreated"))
        open_graph, dublin_core = self.facts.named(*DATE_METAS[:4]), self.facts.named(*DATE_METAS[4:])
        marked = self.marked.get("datePublished", "")
        told = next(filter(readable, (*linked, *open_graph, marked, *dublin_core)), None)
        printed = self._printed_date()
        return printed if printed and (told is None or _same_clock(told, printed)) else told

    def _printed_date(self) -> str | None:
        """The date that the page prints beside the title, or with a label right above or below the article."""
        found: list[tuple[int, str]] = []
        for number, line in enumerate(self._lines):
            stamps = [time for time in line.times if readable(time.get("datetime"))]
            if (stamps or line.has_date) and self._dates_the_article(number, line, stamped=bool(stamps)):
                rank = 2 * bool(_CHANGED.search(line.key)) - bool(_DATE_LABEL.search(line.key))
                found += [
                    (rank + 2 * bool(_CHANGED.search(names_of(time))), time.get("datetime") or "")
                    for time in stamps
                ] or [(rank, line.text)]
        surest = min((rank for rank, _ in found), default=0)
        raws = [raw for rank, raw in found if rank == surest]
        orders = [[read_date(raw, slashes=slashes) for slashes in SlashDates] for raw in raws]
        reads = [(raw, next(filter(None, read), None)) for raw, read in zip(raws, orders, strict=True)]
        if len({read.at.astimezone(VIETNAM).date() for _, read in reads if read}) != 1:
            return None
        return next((raw for raw, read in reads if read and _has_time(read)), raws[0])

    def _dates_the_article(self, number: int, line: Line, *, stamped: bool) -> bool:
        """Whether a line with a date in it tells the article's, by where it stands and what else it says."""
        if (
            self._at < 0
            or number == self._at
            or line.is_link
            or len(line.text) > 160
            or _TODAY.search(line.key)
        ):
            return False
        labelled = bool(_DATE_LABEL.search(line.key)) and len(line.text) <= 90
        called = stamped or labelled or bool(_DATE_BOX.search(names_of(line.block)))
        if number < self._at:  # today's date is printed up there, too
            near = self._is_near_title(line) or (labelled and self._is_in_article(line))
            return called and near and number >= self._at - 6
        if number < self._first or self._first < 0:
            near = number - self._at <= (12 if self._first > 0 else 3)
            return near and (called or line.is_date) and not self._parted(self._at, number)
        return labelled and 0 < number - self._last <= 8 and not self._parted(self._last, number)

    def _parted(self, start: int, stop: int) -> bool:
        """Whether other articles stand between two lines."""
        return any(map(_is_another, self._lines[start + 1 : stop]))

    def _is_near_title(self, line: Line) -> bool:
        """Whether a line shares a parent or grandparent with the title that is smaller than the page."""
        near = list(chain(self.heading))[1:3] if self.heading is not None else []
        holders = islice(chain(line.block), 3)
        return any(holder in near and holder.tag not in ("body", "form") for holder in holders)

    def _is_in_article(self, line: Line) -> bool:
        """Whether a line stands in the smallest element that holds both title and text."""
        if self.heading is None or self._box is None:
            return False
        holders = set(chain(self.heading))
        return line.inside(next((one for one in chain(self._box) if one in holders), None))

    # -------------------------------------------------------------- the rest

    def _author(self) -> str | None:
        if "author" in self.chosen:
            return text.plain_line(self.chosen["author"][0])
        told = self.facts.all("author", "author", "article:author", "dc.creator")
        for name in (*told, self.marked.get("author", "")):
            if _NAME.fullmatch(name) and text.fold(name) not in self.facts.sites | _NO_AUTHORS:
                return name
        for number in range(self._at + 1, self._last + 7) if self._last > self._at >= 0 else ():
            line = self._lines[number] if number < len(self._lines) else Line(self.body)
            if self._parted(self._last, number):
                break
            labelled = _AUTHOR_LABEL.fullmatch(line.text)
            name = labelled[1] if labelled else line.text
            if _NAME.fullmatch(name) and (labelled or _AUTHOR_BOX.search(names_of(line.block))):
                return name
        return None

    def _image(self, lines: Sequence[Line]) -> str | None:
        """The picture that the page names, else the first of some size between these lines."""
        value, element = self.chosen.get("image", ("", None))
        chosen = _source(element) if element is not None and element.tag in IMAGES else value
        linked = words(self.facts.linked.get("image"), "url", "contentUrl")
        named = self.facts.named("og:image", "og:image:url", "itemprop:image", "twitter:image")
        own = (_source(line.image) for line in lines if line.image is not None and not _is_small(line.image))
        for address in (chosen, linked, *named, self.marked.get("image", ""), *own):
            if address and not _is_stand_in(address) and (found := canonical.absolute(address, self._base)):
                return found
        return None

    def _canonical(self) -> str | None:
        """The address the page gives itself; that of a section or of the front page, which some print, is none."""
        links = [link for link in self.root.iter("link") if (link.get("rel") or "").lower() == "canonical"]
        for address in (*(link.get("href") or "" for link in links), *self.facts.named("og:url")):
            if found := canonical.absolute(address, self.url):
                above = urlsplit(self.url).path.startswith(urlsplit(found).path.rstrip("/") + "/")
                same = _key(found) == _key(self.url)
                return found if same or urlsplit(found).query or not above else None
        return None


def _is_another(line: Line) -> bool:
    """Whether a line is the beginning of other articles: their heading, or the title of one."""
    return line.ends or (line.is_link and len(line.text) >= 25 and not line.is_tool)


def _same_clock(told: str, printed: str) -> bool:
    """Whether the metadata says the printed hour with a wrong zone (08:30 in Vietnam as 08:30Z)."""
    wall, one, other = _WALL_CLOCK.match(told), read_date(told), read_date(printed)
    if not wall or one is None or other is None or abs(one.at - other.at) < timedelta(minutes=15):
        return False
    return f"{other.at.astimezone(VIETNAM):%Y-%m-%d %H:%M}" == f"{wall[1]} {wall[2]}" and _has_time(other)


def _bold_beginning(kept: Sequence[Line]) -> str:
    """The first paragraph, if it is bold throughout and the second is not."""
    first = [line for line in kept if line.text][:2]
    bold = [line.bold >= 0.9 * len(line.text) for line in first]
    return (
        first[0].text
        if bold == [True, False] and SHORTEST_PROSE <= len(first[0].text) <= LONGEST_LEAD
        else ""
    )


def _byline(kept: Sequence[Line]) -> str | None:
    """«Phạm Trang – QNICT» as the last line: a name that begins with a surname, and an acronym."""
    last = next((line.text for line in reversed(kept) if line.text), "")
    signed = _BYLINE.fullmatch(last)
    return signed[1] if signed and text.fold(signed[1]).split()[0] in _SURNAMES else None


# ------------------------------------------------------------------ the text as markup

_STAND_IN = re.compile(
    r"(?:logo|default|no_?(?:image|img|photo)|placeholder|blank|icon|favicon|avatar|quoc_?huy|spacer|loading|1x1)"
    r"(?![a-z])"
)
_LATE = ("data-src", "data-original", "data-lazy-src", "data-lazy")
_KEPT_EMPTY = frozenset({"img", "br", "hr", "td", "th"})


def _source(image: etree._Element) -> str:
    """A picture's address, also where it is loaded late; "" for a blank one."""
    said = ((image.get(name) or "").strip() for name in ("src", *_LATE))
    return next((one for one in said if one and not one.startswith("data:") and not _is_stand_in(one)), "")


def _is_small(image: etree._Element) -> bool:
    width = (image.get("width") or "").removesuffix("px")
    return width.isdecimal() and int(width[:6]) < 100


def _is_stand_in(address: str) -> bool:
    """Whether a picture is called like a logo or a blank, which sites show where an article has none."""
    name = re.split(r"[?#]", address[:3000])[0].rpartition("/")[2]
    return _STAND_IN.match(name.lower().replace("-", "_")) is not None


def _tidy(box: etree._Element, base: str) -> None:
    """Make addresses absolute and drop what is empty now."""
    for element in reversed(list(box.iterdescendants())):
        if element.tag in IMAGES:
            found = canonical.absolute(_source(element), base)
            element.tag = "img"
            element.set("src", found or "")
            if not found:
                clear(element)
        elif element.tag == "a" and not (element.get("href") or "").lower().startswith("mailto:"):
            element.set("href", canonical.absolute(element.get("href") or "", base) or "")
        if element.tag not in _KEPT_EMPTY and not _says(element.text) and all(map(_is_nothing, element)):
            clear(element)
    etree.strip_tags(box, "span")


def _is_nothing(child: etree._Element) -> bool:
    return child.tag == "span" and not len(child) and not _says(child.text) and not _says(child.tail)


def _says(words: str | None) -> bool:
    return bool(words and words.strip())


def _inner(box: etree._Element) -> str:
    pieces = [html.escape(box.text or "", quote=False)]
    pieces.extend(etree.tostring(child, encoding="unicode", method="html") for child in box)
    raw = "".join(pieces).strip()
    return raw if len(raw) <= LONGEST_CONTENT else ""
