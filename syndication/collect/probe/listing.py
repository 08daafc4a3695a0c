"""Finds the lists of news in a page and writes the selectors that read them (``parse/page`` does the reading).

A list is what repeats: boxes of one make, each around a link with a title, most with a date, a lead and a picture.
A selector is proposed only if it is right for nearly every box, and a list only if ``parse/page`` really reads it with
these selectors. Nothing is known of any one portal; class names are taken from the page and never interpreted, but
for those that say «menu».
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile
from types import MappingProxyType
from urllib.parse import urlsplit

from cssselect import HTMLTranslator
from lxml import etree

from syndication import text
from syndication.collect import canonical
from syndication.collect.dates import is_relative, read_date
from syndication.collect.parse import markup, page
from syndication.collect.parse.document import Document
from syndication.domain.article import Item
from syndication.domain.portal import SlashDates
from syndication.errors import NotReadable

FEWEST_ITEMS = 3
"""Fewer boxes of one make are no list. Whoever believes a list of so few should have seen another like it."""
TITLE_WORDS = 4
"""Links with fewer words are menus and buttons, not titles."""

_NEARLY_ALL = 0.8
_SOME = 0.3
"""Shares of the boxes of a list: leads and pictures are often missing."""
_LONGEST_DATE = 60
"""Characters. A longer line with a date in it is prose."""
_MOST_LISTS = 6
_MOST_STEPS = 6
_MOST_ASKED = 40
"""Boxes of a list that are asked for their parts; the rest is of the same make."""

_JUNK = ("script", "style", "noscript", "template", "select", "textarea", "svg", "iframe")
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|zip|rar|7z|jpe?g|png|gif|webp|mp[34]|avi)$", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{1,40}")
"""Names with digits number things (``post-123``, ``col-md-6``) and change with the news."""
_PASSING = frozenset(
    """
    first last odd even active current selected hover open show hide hidden visible left right clear clearfix
    row col item-first item-last animated lazy lazyload lazyloaded loaded no-image has-image media-body
    """.split()
)
"""Classes that say where a box stands or how it looks at the moment, not what it is."""
_AROUND = frozenset(
    "menu nav navbar navigation submenu megamenu mainmenu topmenu footer header topbar breadcrumb breadcrumbs".split()
)
_SAYS_NEXT = re.compile(r"(?:trang )?(?:sau|tiep|tiep theo|ke tiep)|next(?: page)?")
_ARROWS = frozenset({"»", "›", ">", ">>", "→", "❯"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list of a page, as ``parse/page`` reads it with these selectors."""

    select: Mapping[str, str]
    items: tuple[Item, ...]
    dated: int
    """Items whose date can be read."""

    @property
    def worth(self) -> float:
        """For ranking: long lists whose items have dates, leads and pictures."""
        count = len(self.items)
        leads = sum(bool(item.raw_summary) for item in self.items) / count
        pictures = sum(bool(item.image_url) for item in self.items) / count
        return count * (1 + 2 * self.dated / count + leads + pictures / 2)


def find_lists(document: Document, hosts: Collection[str]) -> tuple[Listing, ...]:
    """The lists of news in a page, the best first; raises NotReadable when the document is no page.

    ``hosts`` are the portal's; links elsewhere are not its news.
    """
    body = markup.characters(document)
    if markup.sniff(body) not in (markup.Came.PAGE, markup.Came.OTHER):
        raise NotReadable(markup.what_came(body, wanted="a web page"))
    root = markup.read_html(body)
    etree.strip_elements(root, *_JUNK, with_tail=False)
    sheet = _Sheet.of(root, document.url, hosts)
    found: dict[tuple[tuple[str, str], ...], Listing] = {}
    for boxes in sheet.groups()[:_MOST_LISTS]:
        for select in sheet.proposals(boxes):
            listing = read_with(document, select)
            if listing and len(listing.items) >= max(FEWEST_ITEMS, _NEARLY_ALL * len(boxes)):
                found.setdefault(tuple(select.items()), listing)
                break
    return tuple(sorted(found.values(), key=lambda one: one.worth, reverse=True))


def read_with(document: Document, select: Mapping[str, str]) -> Listing | None:
    """What these selectors read on this page, or None where that is nothing."""
    try:
        parsed = page.parse(replace(document, select=select))
    except NotReadable:
        return None
    items = tuple(item for item in parsed.items if item.url and item.title)
    dated = sum(_reads(item.published or "") for item in items)
    return Listing(select=select, items=items, dated=dated) if items else None


def link_texts(root: etree._Element, url: str) -> Iterator[tuple[str, str, etree._Element]]:
    """Every link of a page: its absolute address, its words (or its ``title``), and the element."""
    base = next((canonical.absolute(one.get("href", ""), url) for one in root.iter("base")), None) or url
    for link in root.iter("a"):
        written = link.get("href", "").strip()
        if not written or written.startswith("#"):
            continue
        if address := canonical.absolute(written, base):
            yield address, markup.words(link) or text.one_line(link.get("title", "")), link


# ------------------------------------------------------------------ what stands in the page


@dataclass(frozen=True, slots=True)
class _Box:
    """The widest element that holds one article and nothing of another."""

    element: etree._Element
    address: str
    link: etree._Element
    """The one that bears the title."""
    title: etree._Element
    """What bears the title and nothing else: the link, or a part of it where the link is a whole card."""

    @property
    def words(self) -> str:
        return _title(self.title)

    def others(self) -> Iterator[etree._Element]:
        """What is in the box and has no part in the title."""
        title = {self.title, *self.title.iterancestors(), *self.title.iter()}
        return (element for element in self.element.iter() if element not in title)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page with its articles marked."""

    root: etree._Element
    links: Mapping[str, Sequence[etree._Element]]
    """Addresses of articles → all links to them."""
    leads_to: Mapping[etree._Element, str]
    """The same the other way round."""
    following: str | None
    """The selector of the link to older news."""

    @classmethod
    def of(cls, root: etree._Element, url: str, hosts: Collection[str]) -> _Sheet:
        links: dict[str, list[etree._Element]] = defaultdict(list)
        here = canonical.absolute(url, url)
        for address, _, link in link_texts(root, url):
            parts = urlsplit(address)
            home = parts.path in ("", "/") and not parts.query
            news = address != here and not home and not _FILE.search(parts.path)
            if news and canonical.belongs_to(address, hosts):
                links[address].append(link)
        titled = {
            address: found
            for address, found in links.items()
            if any(len(_title(link).split()) >= TITLE_WORDS for link in found)
        }
        leads_to = {link: address for address, found in titled.items() for link in found}
        return cls(root, titled, leads_to, _next(root))

    def groups(self) -> list[list[_Box]]:
        """Boxes of one make, the longest lists first."""
        owners: dict[etree._Element, str] = {}
        for address, links in self.links.items():
            for link in links:
                for around in (link, *link.iterancestors()):
                    owners[around] = address if owners.get(around, address) == address else ""
        made: defaultdict[object, dict[str, _Box]] = defaultdict(dict)
        for address, links in self.links.items():
            for link in links:
                title = _title(link)
                if len(title.split()) < TITLE_WORDS:
                    continue
                element = link
                for around in link.iterancestors():
                    if owners.get(around) != address or around.tag in ("body", "html"):
                        break
                    element = around
                make = tuple((around.tag, *_names(around)) for around in element.iterancestors())
                known = made[(element.tag, make)].get(address)
                if known is None or len(title) > len(_title(known.link)):
                    made[(element.tag, make)][address] = _Box(element, address, link, _title_in(link))
        groups = [list(boxes.values()) for boxes in made.values() if len(boxes) >= FEWEST_ITEMS]
        groups = [boxes for boxes in groups if not stands_aside(boxes[0].element)]
        return sorted(groups, key=len, reverse=True)

    def proposals(self, boxes: Sequence[_Box]) -> Iterator[Mapping[str, str]]:
        """Selectors for a list, the soundest first."""
        parts = self._parts(boxes)
        for item in self._item_selectors(boxes) if "link" in parts else ():
            yield MappingProxyType({"item": item} | parts)
        if link := self._common_link(boxes):
            yield MappingProxyType({"item": f":has(> {link})", "link": f"{link}@href", "title": link})

    def _item_selectors(self, boxes: Sequence[_Box]) -> list[str]:
        """Selectors for the boxes that begin at something with a name; those that find only the boxes first.

        A selector that names the container lets ``parse/page`` tell an empty list from a changed page.
        """
        own = _step(boxes[0].element.tag, _common_names([box.element for box in boxes]))
        wanted = {box.element for box in boxes}
        sound: list[tuple[int, str]] = []
        chain = own
        for around in list(boxes[0].element.iterancestors())[:_MOST_STEPS]:
            if around.tag in ("body", "html"):
                break
            for name in _identities(around):
                css = f"{name} > {chain}"
                found = set(_find(self.root, css))
                strangers = sum(not self._holds_article(element) for element in found - wanted)
                if len(found & wanted) >= _NEARLY_ALL * len(wanted) and strangers <= 0.1 * len(found):
                    sound.append((len(found - wanted), css))
            chain = f"{around.tag} > {chain}"
        if own != boxes[0].element.tag:
            found = set(_find(self.root, own))
            if len(found & wanted) >= _NEARLY_ALL * len(wanted):
                sound.append((len(found - wanted), own))
        return [css for _, css in sorted(sound, key=lambda one: one[0])][:4]

    def _holds_article(self, element: etree._Element) -> bool:
        return any(node in self.leads_to for node in element.iter("a"))

    def _leads_elsewhere(self, element: etree._Element, box: _Box) -> bool:
        """Whether an element is, or holds, a link to another article."""
        leads_to = (self.leads_to.get(node, box.address) for node in (element, *element.iter("a")))
        return any(address != box.address for address in leads_to)

    def _common_link(self, boxes: Sequence[_Box]) -> str | None:
        """``a[href*="/Trang/ChiTiet.aspx"]``, where the addresses share what no other link has."""
        paths = [urlsplit(box.address).path for box in boxes]
        levels = zip(*(path.split("/") for path in paths), strict=False)
        same = [level[0] for level in takewhile(lambda level: len(set(level)) == 1, levels)]
        shared = paths[0] if len(set(paths)) == 1 else "/".join((*same, ""))
        if len(shared.strip("/")) < 3:
            return None
        css = f'a[href*="{shared}"]'
        return css if not re.search(r'["\\]', shared) else None

    def _parts(self, boxes: Sequence[_Box]) -> dict[str, str]:
        """Selectors for the parts of an item, as far as the boxes agree on them."""
        parts = {
            "title": _agreed(boxes, lambda box: box.title, self._is_title, every=_NEARLY_ALL),
            "link": _agreed(boxes, lambda box: box.link, self._is_link, every=_NEARLY_ALL, then="@href"),
            "date": _date(boxes),
            "summary": _agreed(boxes, _lead_of, _says_the_same, every=_SOME),
            "image": self._image(boxes),
            "next": self.following,
        }
        if all(box.link is box.element for box in boxes):
            parts["link"] = "@href"
        return {part: css for part, css in parts.items() if css}

    def _is_title(self, found: Sequence[etree._Element], box: _Box, wanted: etree._Element) -> bool:
        said = next(filter(None, map(_title, found)), "")
        return said == _title(wanted) and not self._leads_elsewhere(found[0], box)

    def _is_link(self, found: Sequence[etree._Element], box: _Box, wanted: etree._Element) -> bool:
        return self.leads_to.get(found[0]) == box.address

    def _image(self, boxes: Sequence[_Box]) -> str | None:
        shown = Counter(_picture(image) for box in boxes for image in box.element.iter("img"))

        def picture(box: _Box) -> etree._Element | None:
            # What many boxes show is an icon, or stands for a picture that is not there.
            images = (
                one for one in box.element.iter("img") if shown[_picture(one)] <= max(1, len(boxes) / 4)
            )
            return next(images, None)

        def painted(box: _Box) -> etree._Element | None:
            return next((one for one in box.element.iter() if "url(" in one.get("style", "")), None)

        return _agreed(boxes, picture, _is_the_one, every=_SOME, then="@src") or _agreed(
            boxes, painted, _is_the_one, every=_SOME, then="@style"
        )


def _next(root: etree._Element) -> str | None:
    """The link to older news, where its own words name it; numbers and ``rel=next`` are found without us."""
    for link in root.iter("a"):
        said = _title(link)
        if said in _ARROWS or _SAYS_NEXT.fullmatch(text.fold(said)):
            for css in _descriptions(link, root)[:-1]:
                found = _find(root, css)
                if found[0] is link and len(found) <= 2:
                    return f"{css}@href"
    return None


# ------------------------------------------------------------------ parts of a box

_Judge = Callable[[Sequence[etree._Element], _Box, etree._Element], bool]
"""Whether what a selector found in a box, one element at least, means the one that is wanted."""


def _agreed(
    boxes: Sequence[_Box],
    target: Callable[[_Box], etree._Element | None],
    is_right: _Judge,
    *,
    every: float,
    then: str = "",
) -> str | None:
    """The selector that is right for most boxes, with ``then`` after it; None unless right for nearly all it should be.

    ``every`` is how large a share of the boxes must have the part at all.
    """
    asked = boxes[:_MOST_ASKED]
    having = [(box, wanted) for box in asked if (wanted := target(box)) is not None]
    if len(having) < max(1, every * len(asked)):
        return None
    proposed: dict[str, int] = {}
    for box, wanted in having:
        for place, css in enumerate(_descriptions(wanted, box.element)):
            proposed[css] = min(place, proposed.get(css, place))
    rated: list[tuple[int, int, int, str]] = []
    for css, place in proposed.items():
        right = 0
        for box, wanted in having:
            found = _find(box.element, css)
            right += bool(found) and is_right(found, box, wanted)
        rated.append((-right, place, len(css), css))
    best = min(rated, default=None)
    return f"{best[3]}{then}" if best and -best[0] >= _NEARLY_ALL * len(having) else None


def _is_the_one(found: Sequence[etree._Element], box: _Box, wanted: etree._Element) -> bool:
    return found[0] is wanted


def _is_some_date(found: Sequence[etree._Element], box: _Box, wanted: etree._Element) -> bool:
    return _is_date(found[0])


def _says_the_same(found: Sequence[etree._Element], box: _Box, wanted: etree._Element) -> bool:
    return markup.words(found[0]) == markup.words(wanted)


def _descriptions(element: etree._Element, within: etree._Element) -> list[str]:
    """Ways to say which element is meant, what names it best first; never more than two steps."""
    if element is within:
        return []
    tag = element.tag
    said = [f"{tag}.{name}" for name in _names(element)]
    around = element.getparent()
    for _ in range(3):
        if around is None or around is within:
            break
        said += [f"{around.tag}.{name} {tag}" for name in _names(around)]
        if re.fullmatch(r"h[1-6]|time|em|i|b|strong|small", around.tag):
            said.append(f"{around.tag} {tag}")
        around = around.getparent()
    return [*said, tag]


def _date(boxes: Sequence[_Box]) -> str | None:
    """The selector of the dates; lists that print «2 giờ trước» for the latest articles must have real ones too."""
    dates = [markup.words(found) for box in boxes if (found := _date_of(box)) is not None]
    if all(map(is_relative, dates)):
        return None
    return _agreed(boxes, _date_of, _is_some_date, every=_NEARLY_ALL)


def _date_of(box: _Box) -> etree._Element | None:
    """The smallest element of a box that prints a date and nothing else."""
    found = None
    for element in box.others():
        if _is_date(element):
            if found is not None and element not in set(found.iter()):
                break
            found = element
    return found


def _is_date(element: etree._Element) -> bool:
    if element.tag == "time" and _reads(element.get("datetime", "")):
        return True
    said = markup.words(element)
    return len(said) <= _LONGEST_DATE and (_reads(said) or is_relative(said))


def _reads(said: str) -> bool:
    if not any(map(str.isdigit, said)):
        return False
    return any(read_date(said, slashes=slashes) for slashes in SlashDates)


def _lead_of(box: _Box) -> etree._Element | None:
    """The element of a box with the most words beside the title: eight at least, and not the title again."""
    best, most = None, 0
    for element in box.others():
        said = markup.words(element)
        if len(said) >= max(40, most) and len(said.split()) >= 8 and text.fold(said) != text.fold(box.words):
            best, most = element, len(said)
    return best


def _picture(image: etree._Element) -> str:
    return image.get("data-src") or image.get("data-original") or image.get("src") or ""


def _title_in(link: etree._Element) -> etree._Element:
    """The part of a link that is the title: a heading; beside a date the part with the most words; else all of it."""
    for heading in link.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        return heading
    parts = list(link.iterdescendants())
    dates = [part for part in parts if _is_date(part)]
    if not dates:
        return link
    around = {element for date in dates for element in (date, *date.iterancestors())}
    rest = [part for part in parts if part not in around and len(markup.words(part).split()) >= TITLE_WORDS]
    return max(rest, key=lambda part: len(markup.words(part)), default=link)


def _title(link: etree._Element) -> str:
    return markup.words(link) or text.one_line(link.get("title", ""))


# ------------------------------------------------------------------ names of elements


def _names(element: etree._Element) -> list[str]:
    """An element's classes that say what it is."""
    return [
        name
        for name in dict.fromkeys(element.get("class", "").split())
        if _NAME.fullmatch(name) and name.lower() not in _PASSING
    ]


def _identities(element: etree._Element) -> Iterator[str]:
    """An element said by its class, or by its id."""
    for name in _names(element):
        yield f"{element.tag}.{name}"
    if _NAME.fullmatch(element.get("id", "")):
        yield f"#{element.get('id')}"


def _common_names(elements: Sequence[etree._Element]) -> list[str]:
    counted = Counter(name for element in elements for name in _names(element))
    return [name for name, count in counted.items() if count == len(elements)][:1]


def _step(tag: str, names: Iterable[str]) -> str:
    return ".".join((tag, *names))


def stands_aside(element: etree._Element) -> bool:
    """Whether an element stands in what surrounds every page of a portal: menus, header, footer."""
    for around in element.iterancestors():
        if around.tag in ("nav", "footer", "header"):
            return True
        said = (
            f"{around.get('class', '')} {around.get('id', '')}" if around.tag not in ("body", "html") else ""
        )
        if _AROUND & set(re.split(r"[^a-z]+", said.lower())):
            return True
    return False


def _find(within: etree._Element, css: str) -> list[etree._Element]:
    found = _path(css)(within)
    return [one for one in found if isinstance(one, etree._Element)] if isinstance(found, list) else []


@lru_cache(1024)
def _path(css: str) -> etree.XPath:
    return etree.XPath(HTMLTranslator().css_to_xpath(css))
