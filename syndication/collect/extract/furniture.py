"""Tells an article from what a portal puts around it: menus, «Tin khác», captions, buttons, counts of views.

Two things give furniture away: what its boxes are called (class and id), and what its lines say. A page is cut
into lines for that, each of which knows where it stands in the tree, so that it can be taken out again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, takewhile

from lxml import etree

from syndication import text
from syndication.collect.dates import read_date
from syndication.collect.picture import CAPTION
from syndication.domain.portal import SlashDates

SHORTEST_PROSE = 60
"""Characters from which on a line without links is taken for a paragraph."""

JUNK = tuple(
    """
    audio button canvas datalist embed iframe math noscript object option script select style svg template textarea
    video
    """.split()
)
"""Elements that hold no words of the article."""

IMAGES = ("img", "amp-img")

_BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup li main nav ol p pre section summary table tbody td tfoot th thead
    tr ul
    """.split()
)
_BREAKS = frozenset({"br", "hr", *IMAGES})


def box_words(words: str) -> re.Pattern[str]:
    """Finds one of these, separated by ``|``, among the words of classes and ids (``names_of``)."""
    return re.compile(r"\b(?:" + "".join(map(str.strip, words.splitlines())) + r")\b", re.ASCII)


_OTHERS = box_words("""
    relate|related|relates|relatednews|lien quan|lienquan|tinlienquan|tin khac|tinkhac|others?|othernews|recommended
    |recommendations?|read more|readmore|most (?:read|viewed)|xem nhieu|doc nhieu|tin moi|theo dong|more news|comments?
    |respond|binh luan|disqus|ratings?|vote|votes|voting|danh gia|share|shares|sharing|socials?|addthis|addtoany
    |sharethis|fb|facebook|zalo|twitter|chia se|breadcrumbs?|duong dan|cookies?|consent|tags|taglist|tagcloud
    |tag (?:list|cloud)|keywords|tu khoa|pagination|paging|pager|newsletter|subscribe|hide accessible|ms accessible
    |slogan|site (?:title|name)|footer|ads|adverts?|advertisement|quang cao|quangcao
""")
_OTHERS_TAGS = frozenset({"aside", "footer", "nav"})
_AROUND = box_words("""
    nav|navbar|navigation|menu|sidebar|topbar|print|tools?|toolbar|cong cu|congcu|view count|views|luot xem|luotxem
    |hits|login|search|popup|modal|skip|(?:site|main|top|page) header
""")
_TOOL_BOX = box_words("print|tools?|toolbar|cong cu|congcu")
_AROUND_TAGS = frozenset({"dialog", "form", "header"})
_HIDDEN_CLASSES = frozenset({"hidden", "hide", "d-none", "sr-only", "visually-hidden"})
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CAPTION_BOX = box_words("caption|chu thich|chuthich|image note|img note")

# These are compared with folded lines.
_END = re.compile(
    r"(?:xem )?(?:cac )?(?:tin|bai|bai viet|tin tuc|tin bai) "
    r"(?:khac|lien quan|cung chuyen muc|cung chu de|da dua|da dang|moi hon|cu hon|moi nhat|noi bat|moi|cu)"
    r"|nhung tin (?:moi|cu) hon|cung chuyen muc|theo dong su kien|(?:co the ban|ban co the) quan tam"
    r"|(?:tin )?(?:doc|xem) nhieu(?: nhat)?|related (?:posts?|articles?|news|content)"
    r"|leave a (?:reply|comment).{0,20}|gui (?:binh luan|y kien|phan hoi)(?: cua ban)?"
    r"|y kien (?:ban doc|binh luan)|binh luan(?: \d+)?|\d+ binh luan|tags?|tu khoa"
)
_TOOL = (
    r"(?:in|in ra|in bai(?: viet)?(?: nay)?|ban in|print|email|gui (?:e?mail|tin qua email)"
    r"|luu bai(?: viet nay)?|chia se(?: bai viet)?|share(?: this post)?|facebook|zalo|twitter|tweet|google|linkedin"
    r"|telegram|phan hoi(?: \d{1,6})?|quay lai|tro ve|ve trang truoc|dong cua so nay|nghe doc bai|co chu|xem tiep"
    r"|xem chi tiet|theo doi|lien he|gioi thieu bai viet cho ban be|click de danh gia bai viet"
    r"|skip ribbon commands|skip to main content|(?:nhay|chuyen) den noi dung"
    r"|(?:da xem|so luot xem|luot xem|so lan xem|luot doc|views?|xem)(?: \d{1,9}){0,3}"
    r"|(?:so |tong (?:so )?)?luot truy cap(?: \d{1,9}){0,4}"
    r"|\d{1,9}(?: \d{3}){0,2} (?:luot xem|luot doc|lan xem|views?))"
)
_TOOLS = re.compile(
    rf"{_TOOL}(?: {_TOOL}){{0,6}}|tong so diem cua bai viet la .{{0,80}}|xep hang \d.{{0,40}}"
    r"|(?:chung toi|website|website nay|trang web nay|this website)(?: dang)? (?:su dung|uses?) cookies?.{0,200}"
    r"|(?:copyright|ban quyen thuoc|ghi ro nguon|url cua ban tin nay|your email address will not be) .{1,250}"
    r"|theo doi .{1,60} tren (?:google|facebook|zalo|youtube|tiktok).{0,20}"
)
_SURE_IMPRINT = frozenset(
    {"chiu trach nhiem", "co quan chu quan", "ban quyen", "ghi ro nguon", "giay phep so"}
)
_IMPRINT = re.compile(
    rf"\b(?:{'|'.join(_SURE_IMPRINT)}|giay phep|dia chi|tru so|dien thoai|duong day nong|fax|email|thu dien tu)\b"
)
_DATE_WORDS = frozenset(
    """
    thu hai ba tu nam sau bay chu nhat cn t2 t3 t4 t5 t6 t7 ngay thang luc hoi vao gio luot da xem gmt utc sa ch am
    pm h dang cap thoi gian xuat ban tao bai viet print in posted published on at date phut giay cong bo nhom pv th
    thg mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday jan feb mar apr may jun
    jul aug sep oct nov dec january february march april june july august september october november december
    """.split()
)

# And these with lines as they are printed.
_LABELLED = re.compile(
    r"(?:Từ kho[áa]|Từ khóa|Tags?|Thẻ)\s*:.{0,200}"
    r"|[>»►▶➤\s-]{0,5}(?:Xem|Đọc) thêm\b.{0,150}"
    r"|[>»►▶➤\s-]{0,5}(?:Tin|Bài(?: viết)?) liên quan\s*:.{0,200}|©.*",
    re.IGNORECASE,
)
_ARROWS = (">", "»", "►", "▶", "➤")
_MAY_BE_DATE = re.compile(r"\d[^\n]{0,40}\d{4}|\d{4}-\d\d-\d\d")
_DOCUMENT_LINK = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|zip|rar|7z)(?:$|\?)", re.IGNORECASE)

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def names_of(element: etree._Element) -> str:
    """The words of its class, id and type: ``boxTinLienQuan`` is «box tin lien quan»."""
    raw = " ".join(filter(None, (element.get("class"), element.get("id"), element.get("type"))))[:300]
    if ":" in raw or "[" in raw:  # «print:hidden» says how something looks, not what it is
        raw = " ".join(word for word in raw.split() if ":" not in word and "[" not in word)
    return _NOT_WORD.sub(" ", _CAMEL.sub(" ", raw).lower()).strip() if len(raw) > 1 else ""


def chain(element: etree._Element) -> Iterator[etree._Element]:
    """An element and those that hold it, the nearest first."""
    yield element
    yield from element.iterancestors()


def clear(element: etree._Element) -> None:
    """Leave nothing of an element. Cutting it out would copy its tail, and a row of thousands would take minutes."""
    tail = element.tail
    element.clear()
    element.tag, element.tail = "span", tail


def readable(raw: str | None) -> bool:
    """Whether it can be read as a date, in whichever order."""
    return any(read_date(raw, slashes=slashes) for slashes in SlashDates)


# ------------------------------------------------------------------ lines


@dataclass(eq=False)
class Line:
    """What a reader sees as one line or paragraph, or one picture; and where it stands in the tree."""

    block: etree._Element
    text: str = ""
    image: etree._Element | None = None
    slots: list[tuple[etree._Element, bool]] = field(default_factory=list)
    """The pieces: an element and whether it is its tail rather than its text."""
    linked: int = 0
    """Characters within links; ``bold`` and ``slanted`` likewise."""
    bold: int = 0
    slanted: int = 0
    times: list[etree._Element] = field(default_factory=list)
    """Every ``<time>`` in which words of it stand."""

    @cached_property
    def key(self) -> str:
        """Its first 300 characters, folded."""
        return text.fold(self.text[:300])

    @property
    def is_link(self) -> bool:
        """Whether it is hardly more than a link."""
        return self.linked > 0.7 * len(self.text)

    @property
    def is_prose(self) -> bool:
        """Whether it is a paragraph of an article: the portal's own address and licence are none."""
        long = len(self.text) >= SHORTEST_PROSE and self.linked < 0.4 * len(self.text)
        return long and not self._is_imprint

    @cached_property
    def _is_imprint(self) -> bool:
        labels = set(_IMPRINT.findall(self.key))
        return len(labels) >= 3 or (len(labels) == 2 and not labels.isdisjoint(_SURE_IMPRINT))

    @property
    def ends(self) -> bool:
        """Whether it says that from here on the page tells of other things."""
        return 0 < len(self.text) <= 80 and _END.fullmatch(self.key) is not None

    @property
    def is_tool(self) -> bool:
        """Whether it is something to press, or counts how often that was done."""
        if len(self.text) > 300:
            return False
        points = self.is_link and self.text.startswith(_ARROWS)
        return points or bool(_TOOLS.fullmatch(self.key) or _LABELLED.fullmatch(self.text))

    @property
    def points_on(self) -> bool:
        """Whether it leads to another article in the middle of this one («>> Xem thêm: …»)."""
        return self.is_tool and self.is_link and len(self.text) >= 25

    @cached_property
    def has_date(self) -> bool:
        """Whether a date can be read in it."""
        return len(self.text) <= 160 and bool(_MAY_BE_DATE.search(self.text)) and readable(self.text)

    @property
    def is_date(self) -> bool:
        """Whether it says a date and hardly anything else."""
        words = (word for word in self.key.split() if not word[0].isdigit())
        return self.has_date and sum(word not in _DATE_WORDS for word in words) <= 1

    def inside(self, element: etree._Element | None) -> bool:
        """Whether it stands in this element."""
        return element is not None and any(holder is element for holder in chain(self.block))

    def wipe(self) -> None:
        """Take it out of the tree."""
        for element, tail in self.slots:
            if tail:
                element.tail = ""
            else:
                element.text = ""
        if self.image is not None:
            clear(self.image)


class _Walk:
    """Cuts what stands below an element into lines, in reading order."""

    def __init__(self, root: etree._Element) -> None:
        self.lines: list[Line] = []
        self._pieces: list[str] = []
        self._blocks = [root]
        self._within: Counter[str] = Counter()
        self._times: list[etree._Element] = []
        self._line = Line(root)
        for event, node in etree.iterwalk(root, events=("start", "end")):
            if event == "start":
                self._open(node, str(node.tag))
            else:
                self._close(node, str(node.tag), tail=None if node is root else node.tail)
        self._flush()

    def _open(self, node: etree._Element, tag: str) -> None:
        if tag in _BLOCKS:
            self._blocks.append(node)
        if tag in _BLOCKS or tag in _BREAKS:
            self._flush()
        if tag in IMAGES:
            self.lines.append(Line(self._blocks[-1], image=node))
        elif tag == "time":
            self._times.append(node)
        self._within[tag] += 1
        self._add(node.text, node, tail=False)

    def _close(self, node: etree._Element, tag: str, *, tail: str | None) -> None:
        if tag in _BLOCKS:
            self._blocks.pop()
            self._flush()
        elif tag == "time":
            self._times.pop()
        self._within[tag] -= 1
        self._add(tail, node, tail=True)

    def _flush(self) -> None:
        self._line.text = text.one_line("".join(self._pieces))
        if self._line.text:
            self.lines.append(self._line)
        self._pieces.clear()
        self._line = Line(self._blocks[-1])

    def _add(self, said: str | None, element: etree._Element, *, tail: bool) -> None:
        if not said:
            return
        self._pieces.append(said)
        if said.isspace():
            return
        line, within, length = self._line, self._within, len(said)
        line.slots.append((element, tail))
        line.linked += length * (within["a"] > 0)
        line.bold += length * (within["b"] + within["strong"] > 0)
        line.slanted += length * (within["i"] + within["em"] > 0)
        if self._times and self._times[-1] not in line.times[-1:]:
            line.times.append(self._times[-1])


def lines_of(element: etree._Element) -> list[Line]:
    """What stands in an element, line by line, in reading order."""
    return _Walk(element).lines


# ------------------------------------------------------------------ what goes


def take_away(body: etree._Element, lines: Sequence[Line], kept: Iterable[etree._Element]) -> None:
    """Clear the boxes around the article, but nothing that holds one of ``kept`` or much of the paragraphs.

    A date may stand among the buttons («Print Thứ Bảy, 26/01/2019 19:26»); then they stay for the time being.
    """
    prose: Counter[etree._Element] = Counter()
    dated: set[etree._Element] = set()
    for line in lines:
        if line.is_prose:
            for element in chain(line.block):
                prose[element] += len(line.text)
        elif line.has_date and not line.is_link:
            dated.update(islice(chain(line.block), 3))
    holds = {holder for element in kept for holder in chain(element)}
    for element in list(body.iter()):
        if element is body or element in holds or (element in dated and _TOOL_BOX.search(names_of(element))):
            continue
        share = prose[element] / prose[body] if element in prose else 0.0
        if share < _dispensable(element):
            clear(element)


def _dispensable(element: etree._Element) -> float:
    """How much of a page's paragraphs may go with an element, judged by what it is called; 0 for most.

    Words for other articles, other people's words and tools are sure. Words such as «sidebar» also name parts of
    the layout that hold the article itself.
    """
    names = names_of(element)
    hidden = element.get("hidden") is not None or _HIDDEN_STYLE.search((element.get("style") or "")[:200])
    if element.tag in _OTHERS_TAGS or _OTHERS.search(names) or hidden:
        return 0.5
    classes = (element.get("class") or "")[:300].lower().split()
    around = element.tag in _AROUND_TAGS or _AROUND.search(names) or not _HIDDEN_CLASSES.isdisjoint(classes)
    return 0.1 if around else 0.0


def is_caption(lines: Sequence[Line], number: int, box: etree._Element) -> bool:
    """Whether a line of a box says what a picture shows."""
    line = lines[number]
    if len(line.text) > 300:
        return False
    if CAPTION.fullmatch(line.text):
        return True
    for holder in chain(line.block):
        if holder is box:
            break
        if holder.tag in ("figcaption", "caption") or _CAPTION_BOX.search(names_of(holder)):
            return True
        if holder.tag in ("figure", "table") and sum(1 for _ in islice(holder.iter(), 40)) < 40:
            held = lines_of(holder)
            if any(one.image is not None for one in held):
                return holder.tag == "figure" or sum(bool(one.text) for one in held) <= 2
    before = lines[number - 1] if number else line
    if before.image is None or len(line.text) > 250:
        return False
    style = (line.block.get("style") or "").replace(" ", "").lower()
    centred = "text-align:center" in style or "center" in (
        line.block.get("align"),
        *names_of(line.block).split(),
    )
    beside = before.block is line.block and line.block is not box and len(line.text) <= 160
    return centred or beside or line.slanted >= 0.9 * len(line.text)


def end_of_box(lines: Sequence[Line], number: int, box: etree._Element) -> int:
    """Up to where the furniture reaches that a heading begins: to the end of its own element, or of ``box``."""
    holder = lines[number].block
    following = lines[number + 1] if number + 1 < len(lines) else None
    while holder is not box and (following is None or not following.inside(holder)):
        parent = holder.getparent()
        holder = box if parent is None else parent
    return next((n for n in range(number + 1, len(lines)) if not lines[n].inside(holder)), len(lines))


def links_from(lines: Sequence[Line], start: int) -> list[int]:
    """The numbers of the lines from ``start`` on that are but links to pages."""
    return [n for n, _ in takewhile(lambda one: _is_page_link(one[1]), islice(enumerate(lines), start, None))]


def links_at_the_end(lines: Sequence[tuple[int, Line]]) -> set[int]:
    """The numbers of two or more last lines that are but links to pages: other articles without a heading."""
    run = {number for number, _ in takewhile(lambda one: _is_page_link(one[1]), reversed(lines))}
    return run if len(run) >= 2 else set()


def _is_page_link(line: Line) -> bool:
    """Whether a line is a link of the length of a title, and not to a document."""
    if len(line.text) < 25 or not line.is_link:
        return False
    links = (holder for element, _ in line.slots for holder in chain(element) if holder.tag == "a")
    return not any(_DOCUMENT_LINK.search(link.get("href") or "") for link in islice(links, 20))
