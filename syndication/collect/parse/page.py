"""Reads a listing, the page of a portal that shows its latest news, by the CSS selectors of the portal's file.

``item`` says what one piece of news is on the page, the other parts are looked for inside it. What is not surely
an item's own stays empty: its neighbours on the page have titles, dates and pictures too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import parse_qsl, urlsplit

from cssselect.parser import CombinedSelector, Element, Relation, Selector
from lxml import etree

from syndication import css, text
from syndication.collect.canonical import absolute
from syndication.collect.dates import is_relative, read_date
from syndication.collect.parse import markup
from syndication.collect.parse.document import MOST_ITEMS, Document, Parsed
from syndication.collect.picture import LATE, largest
from syndication.domain.article import Item
from syndication.domain.portal import SlashDates
from syndication.errors import NotReadable

MOST_ELEMENTS = 4 * MOST_ITEMS
"""Elements that ``item`` may find: an article often shows as several, its picture and its title."""
MOST_NODES = 50
"""Elements that any other part may find in one item."""
MOST_NESTED = 4
"""Items in items in items. What holds more is a frame of the page, and reading all of it for each would be slow."""

_NO_ADDRESS = re.compile(r"#|javascript:|data:|about:", re.IGNORECASE)
_CUT_OFF = re.compile(r"\s*(?:…|\.{3})\s*$")
# Words on a second link to the same article, in folded form; they are no title.
_MORE = re.compile(r"(?:xem|doc) (?:them|tiep|chi tiet|ngay|tin)|chi tiet|read more|more|view more|details?")
_IN_STYLE = re.compile(r"""url\(\s*["']?([^"')]+)""", re.IGNORECASE)

# The forms in which portals number the pages of a list; without a number it is the first.
_NUMBERED = (
    re.compile(r"/page/(\d{1,5})/?$"),
    re.compile(r"/(?:trang|page)-(\d{1,5})(?:\.html?)?/?$"),
    re.compile(r"-(?:p|page)(\d{1,5})(?=(?:\.html?)?$)"),
)
# These tell nothing by themselves, /tin/2.html may be an article: both addresses must have them.
_NUMBERED_ON_BOTH = (
    re.compile(r"(?<=/)(\d{1,5})(?=\.html?$)"),
    re.compile(r"(?<=/PhanTrang/)(?:\d{1,8}/)?(\d{1,5})(?=/)"),
)
_NUMBER_NAMES = frozenset({"page", "paged", "trang", "pageindex"})


def parse(document: Document) -> Parsed:
    """Read a listing; raises NotReadable when the page changed, naming the selector that finds nothing.

    A list that is there and has nothing in it is no failure: where ``item`` is ``ul.news > li`` and there is a
    ``ul.news`` without any ``li``, there are no items. That can be told only where the selector names the list
    by more than its tags.
    """
    body = markup.characters(document)
    came = markup.sniff(body)
    if came not in (markup.Came.PAGE, markup.Came.OTHER):
        raise NotReadable(markup.what_came(body, wanted="a web page"))
    parts = {name: _Part.of(name, written) for name, written in document.select.items()}
    for name in ("item", "link"):
        if name not in parts:
            raise NotReadable(f'select.{name} is missing in the portal\'s file: read = "page" needs it')
    root = markup.read_html(body)
    etree.strip_elements(root, "script", "style", "noscript", "template", with_tail=False)
    elements = _without_frames(parts["item"].find(root))
    if not elements:
        if came is markup.Came.OTHER:
            raise NotReadable(markup.what_came(body, wanted="a web page"))
        if says := markup.instead(root, body, url=document.url):
            raise NotReadable(says)
        if any(_evaluate(path, root) for path in parts["item"].containers()):
            return Parsed(items=())
        raise NotReadable(_changed(parts["item"], "finds nothing in it"))
    base = _base(root, document.url)
    listing = _Listing(parts, base, written_from=document.url)
    items = listing.items(elements)[:MOST_ITEMS]
    if not any(item.url for item in items):
        raise NotReadable(_changed(parts["link"], f"finds no address in any of {len(elements)} items"))
    if not any(item.title for item in items):
        raise NotReadable(_changed(parts.get("title", parts["link"]), "gives none of the items a title"))
    return Parsed(
        items=tuple(items),
        next_url=_next(root, parts, here=document.url, base=base),
        notes=tuple(listing.notes(elements)),
    )


def _changed(part: _Part, what: str) -> str:
    return (
        f'the page has changed: select.{part.name} = "{part.written}" {what}; open the address in a browser and '
        "correct [source.select] in the portal's file"
    )


# ------------------------------------------------------------------ selectors


@dataclass(frozen=True, slots=True)
class _Part:
    """One selector of the portal's file: ``selector``, ``selector@attribute``, or ``@attribute`` of the item."""

    name: str
    written: str
    selectors: tuple[Selector, ...]
    path: etree.XPath
    attribute: str | None

    @classmethod
    def of(cls, name: str, written: str) -> _Part:
        try:
            read = css.Css.of(written)
        except css.NoSelector as cause:
            raise NotReadable(
                f'select.{name} = "{written}" is no CSS selector ({cause}): correct it in the portal\'s file'
            ) from cause
        path = css.xpath(read.selectors, most=MOST_ELEMENTS if name == "item" else MOST_NODES)
        return cls(name, written, read.selectors, path, read.attribute)

    def find(self, within: etree._Element) -> list[etree._Element]:
        """The elements that it means, in the order of the page."""
        return _evaluate(self.path, within)

    def texts(self, within: etree._Element) -> Iterator[str]:
        for element in self.find(within):
            yield text.one_line(element.get(self.attribute, "")) if self.attribute else _label(element)

    @property
    def names_no_box(self) -> bool:
        """Whether as ``item`` it is but ``:has(> a…)``: what it means are the links, wherever they stand."""
        trees = [selector.parsed_tree for selector in self.selectors]
        return all(
            isinstance(tree, Relation)
            and isinstance(tree.selector, Element)
            and tree.selector.element is None
            for tree in trees
        )

    def containers(self) -> Iterator[etree.XPath]:
        """What the items stand in, by the selector's own words; only where those name more than tags."""
        for selector in self.selectors:
            tree = selector.parsed_tree
            while isinstance(tree, CombinedSelector) and tree.combinator in "+~":
                tree = tree.selector
            if not isinstance(tree, CombinedSelector):
                continue
            container = Selector(tree.selector)
            if any(container.specificity()[:2]):
                yield css.xpath([container], most=1)


def _evaluate(path: etree.XPath, within: etree._Element) -> list[etree._Element]:
    try:
        found = path(within)
    except etree.XPathError as cause:
        raise NotReadable(
            "the page is too intricate for the selectors in the portal's file: simplify them"
        ) from cause
    return (
        [element for element in found if isinstance(element, etree._Element)]
        if isinstance(found, list)
        else []
    )


# ------------------------------------------------------------------ items

_Links = Mapping[str, Sequence[etree._Element]]
"""The addresses in one element, as absolute as can be, each with the elements that link to it."""

_SEVERAL = ""
"""In place of an address: the element holds several articles."""


@dataclass(frozen=True, slots=True)
class _Listing:
    parts: Mapping[str, _Part]
    base: str
    written_from: str

    def items(self, elements: Sequence[etree._Element]) -> list[Item]:
        """One item for each address, from all elements that link to it, in the order of the page."""
        held = [(element, self._links(element)) for element in elements]
        owners = self._owners(held)
        several = len({key for _, links in held for key in links}) > 1
        whole: list[tuple[str, Item]] = []
        bare: list[tuple[str, Item]] = []
        places: dict[str, int] = {}
        for place, (element, links) in enumerate(held):
            if owners[element] == _SEVERAL:
                found = [(key, self._bare(anchors)) for key, anchors in self._meant(links)]
                bare += found
            elif links:
                key, anchors = next(iter(links.items()))
                own = _widest(element, key, owners) if several else element
                found = [(key, self._item(element, anchors, own))]
                whole += found
            else:
                found = [(f"#{place}", Item(url="", title=self._title(element, ())))]
                whole += filter(lambda reading: reading[1].title, found)
            for key, _ in found:
                places.setdefault(key, place)
        items: dict[str, Item] = {}
        for key, item in whole + bare:
            items[key] = _merged(items[key], item) if key in items else item
        return [items[key] for key in sorted(items, key=places.__getitem__)]

    def notes(self, elements: Sequence[etree._Element]) -> Iterator[str]:
        """What the operator should know of selectors that find nothing in any item; the items stay."""
        finds = {
            "title": (
                lambda element: any(self._texts("title", element)),
                "the links' own words stand in for it",
            ),
            "date": (self._date, "the articles' own pages must tell it"),
        }
        for name, (find, instead) in finds.items():
            if name in self.parts and not any(map(find, elements)):
                part = self.parts[name]
                yield (
                    f'select.{name} = "{part.written}" finds no {name} in any of {len(elements)} items, so {instead}: '
                    "open the address in a browser and correct it in the portal's file"
                )

    def _links(self, element: etree._Element) -> _Links:
        part = self.parts["link"]
        found: dict[str, list[etree._Element]] = {}
        for node in part.find(element):
            holder = _holder(node, part.attribute)
            if holder is not None:
                written = holder.get(part.attribute or "href", "").strip()
                found.setdefault(absolute(written, self.base) or written, []).append(holder)
        return found

    def _meant(self, links: _Links) -> list[tuple[str, Sequence[etree._Element]]]:
        return list(links.items())[: None if self.parts["item"].names_no_box else 1]

    def _owners(self, held: Iterable[tuple[etree._Element, _Links]]) -> dict[etree._Element, str]:
        """The address that everything in an element belongs to, for the items' elements and all around them."""
        owners: dict[etree._Element, str] = {}
        for place, (element, links) in enumerate(held):
            keys = [key for key, _ in self._meant(links)] or [f"#{place}"]
            owner = keys[0] if len(keys) == 1 else _SEVERAL
            for around in (element, *element.iterancestors()):
                if owners.setdefault(around, owner) != owner:
                    owners[around] = _SEVERAL
        return owners

    def _bare(self, anchors: Sequence[etree._Element]) -> Item:
        return Item(url=self._address(anchors), title=_first(anchors))

    def _item(self, element: etree._Element, anchors: Sequence[etree._Element], own: etree._Element) -> Item:
        summary = next(filter(None, self._texts("summary", element)), "")
        return Item(
            url=self._address(anchors),
            title=self._title(element, anchors),
            raw_summary=escape(summary, quote=False),
            image_url=self._image(element),
            published=self._date(element) or _machine_date(own),
        )

    def _address(self, anchors: Sequence[etree._Element]) -> str:
        return self._from_base(anchors[0].get(self.parts["link"].attribute or "href", "").strip())

    def _from_base(self, written: str) -> str:
        """As written, unless the page itself says that it is written from elsewhere (``<base href>``)."""
        return written if self.base == self.written_from else absolute(written, self.base) or written

    def _texts(self, name: str, element: etree._Element) -> Iterator[str]:
        return self.parts[name].texts(element) if name in self.parts else iter(())

    def _title(self, element: etree._Element, anchors: Sequence[etree._Element]) -> str:
        titles = (title for title in self._texts("title", element) if title and not _is_more(title))
        return next(titles, "") or _first(anchors)

    def _date(self, element: etree._Element) -> str | None:
        part = self.parts.get("date")
        found: list[str] = []
        for node in part.find(element) if part else ():
            if part and part.attribute:
                found.append(node.get(part.attribute, ""))
            else:
                found += (one.get("datetime", "") for one in (node, *node.iter("time")))
                found.append(markup.words(node))
        printed = [text.one_line(said) for said in found if any(map(str.isdigit, said))]
        sure = (said for said in printed if any(read_date(said, slashes=order) for order in SlashDates))
        return next(sure, next((said for said in printed if not is_relative(said)), None))

    def _image(self, element: etree._Element) -> str | None:
        part = self.parts.get("image")
        for node in part.find(element) if part else ():
            for picture in [node, *node.iter("img", "source")]:
                if found := _picture(picture, part.attribute if part else None):
                    return self._from_base(found)
        return None


def _merged(first: Item, second: Item) -> Item:
    """What the first says, and from the second what the first leaves open."""
    return replace(
        first,
        title=first.title or second.title,
        raw_summary=first.raw_summary or second.raw_summary,
        image_url=first.image_url or second.image_url,
        published=first.published or second.published,
    )


def _without_frames(elements: Sequence[etree._Element]) -> list[etree._Element]:
    """The elements that hold no more than ``MOST_NESTED`` of the others in one another."""
    heights = dict.fromkeys(elements, 0)
    for element in reversed(elements):
        outer = next((around for around in element.iterancestors() if around in heights), None)
        if outer is not None:
            heights[outer] = max(heights[outer], heights[element] + 1)
    return [element for element in elements if heights[element] < MOST_NESTED]


def _holder(node: etree._Element, attribute: str | None) -> etree._Element | None:
    """What bears the address: the element itself, or, where no attribute is named, the first link in it."""
    nodes = (node,) if attribute else (node, *node.iter("a"))
    for one in nodes:
        written = one.get(attribute or "href", "").strip()
        if written and not _NO_ADDRESS.match(written):
            return one
    return None


def _first(anchors: Iterable[etree._Element]) -> str:
    """The title that links to an article bear: their text, or else their ``title``."""
    titles = (_label(anchor) for anchor in anchors if anchor.tag == "a")
    return next((title for title in titles if title and not _is_more(title)), "")


def _is_more(title: str) -> bool:
    return _MORE.fullmatch(text.fold(title)) is not None


def _label(element: etree._Element) -> str:
    """An element's words; where the portal cut them off with «…», or there are none, its link's ``title``."""
    shown = markup.words(element)
    link = element if element.tag == "a" else next(element.iter("a"), None)
    said = text.one_line(link.get("title", "")) if link is not None else ""
    beginning = _CUT_OFF.sub("", shown)
    whole = beginning != shown and len(said) > len(beginning) and said.startswith(beginning)
    return said if said and (whole or not shown) else shown


def _widest(element: etree._Element, key: str, owners: Mapping[etree._Element, str]) -> etree._Element:
    """The outermost box around an element that holds nothing of another article."""
    for around in element.iterancestors():
        if around.tag in ("body", "html") or owners.get(around) != key:
            break
        element = around
    return element


def _machine_date(within: etree._Element) -> str | None:
    """The date an item states for machines: microdata, or ``<time datetime>`` if there is but one to choose."""
    for node in within.iter():
        if node.get("itemprop") == "datePublished" and (said := node.get("content") or node.get("datetime")):
            return text.one_line(said)
    times = [time for time in within.iter("time") if time.get("datetime", "").strip()]
    published = [
        time for time in times if "published" in time.get("class", "").split() or "pubdate" in time.attrib
    ]
    said_by = {text.one_line(time.get("datetime", "")) for time in published or times}
    return said_by.pop() if len(said_by) == 1 else None


def _picture(node: etree._Element, attribute: str | None) -> str:
    """The address of a picture: where it is loaded late, not that of the blank that stands in for it."""
    if attribute and attribute not in ("src", "srcset", "style"):
        return _in_style(node.get(attribute, "")) or node.get(attribute, "").strip()
    for name in (*LATE, "src"):
        found = node.get(name, "").strip() if node.tag == "img" else ""
        if found and not _NO_ADDRESS.match(found):
            return found
    return largest(node.get("data-srcset") or node.get("srcset") or "") or _in_style(node.get("style", ""))


def _in_style(style: str) -> str:
    found = _IN_STYLE.search(style[:4096])
    return found[1].strip() if found and not _NO_ADDRESS.match(found[1].strip()) else ""


# ------------------------------------------------------------------ addresses of the page


def _base(root: etree._Element, url: str) -> str:
    written = next((base.get("href", "") for base in root.iter("base")), "")
    return (absolute(written, url) if written.strip() else None) or url


def _next(root: etree._Element, parts: Mapping[str, _Part], *, here: str, base: str) -> str | None:
    """Where older items are listed: by the portal's file, else as ``rel=next``, else as the next number."""
    this = absolute(here, here)
    if part := parts.get("next"):
        holders = (_holder(node, part.attribute) for node in part.find(root))
        written = (holder.get(part.attribute or "href", "") for holder in holders if holder is not None)
        return _other(written, this, base)
    related = (node for node in root.iter("link", "a") if "next" in node.get("rel", "").lower().split())
    said = _other((node.get("href", "") for node in related), this, base)
    return said or (_next_number(root, this, base) if this else None)


def _other(written: Iterable[str], this: str | None, base: str) -> str | None:
    """The first sound address that is not this page's own."""
    addresses = (absolute(one, base) for one in written)
    return next((address for address in addresses if address and address != this), None)


def _next_number(root: etree._Element, here: str, base: str) -> str | None:
    """The page's own link to the page after it, known by the number in its address; none is made up.

    Where pages are counted from nought, the link that says «2» leads from the first to number 1.
    """
    stem, stated = _numbered(here)
    number = stated or 1
    numbered = [
        (address, link)
        for link in root.iter("a")
        if (written := link.get("href", "")) and any(map(str.isdigit, written))
        if (address := absolute(written, base)) and address != here
    ]
    if number == 1:
        for address, link in numbered:
            if markup.words(link) == "2" and _numbered(address) == (stem, 1):
                return address
    likely = (address for address, _ in numbered if str(number + 1) in address)
    return next((address for address in likely if _numbered(address) == (stem, number + 1)), None)


def _numbered(url: str) -> tuple[tuple[object, ...], int | None]:
    """An address as a list's own part and the number of the page, where it has one."""
    place = urlsplit(url)
    path, pairs = place.path, parse_qsl(place.query, keep_blank_values=True)
    numbers = [
        value for name, value in pairs if name.lower() in _NUMBER_NAMES and re.fullmatch("[0-9]{1,5}", value)
    ]
    pairs = [(name, value) for name, value in pairs if name.lower() not in _NUMBER_NAMES]
    for form in _NUMBERED:
        if not numbers and (found := form.search(path)):
            numbers.append(found[1])
            path = path[: found.start()] + path[found.end() :]
    for form in _NUMBERED_ON_BOTH:
        if not numbers and (found := form.search(path)):
            numbers.append(found[1])
            path = f"{path[: found.start(1)]}#{path[found.end(1) :]}"
    return (place.netloc, path.rstrip("/"), *sorted(pairs)), int(numbers[0]) if numbers else None
