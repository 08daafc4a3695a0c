"""Finds the picture of an article and what is said of its size: not a logo, not a button, not the blank before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat

from lxml import etree

from syndication.collect import canonical
from syndication.collect.extract.furniture import IMAGES, Line
from syndication.collect.extract.metadata import Facts, words
from syndication.collect.extract.select import Chosen
from syndication.collect.picture import address_in, is_stand_in
from syndication.domain.picture import Size, stated_size


def find_picture(
    lines: Sequence[Line], *, facts: Facts, marked: Mapping[str, str], chosen: Chosen | None, base: str
) -> tuple[str | None, Size | None]:
    """The picture that the page names, else the first of some size between these lines; and its size.

    The size is what the page says of that very picture, wherever it says it.
    """
    told = list(_told(lines, facts=facts, marked=marked, chosen=chosen))
    for address, _ in told:
        if address and not is_stand_in(address) and (found := canonical.absolute(address, base)):
            sizes = (size for other, size in told if size and canonical.absolute(other, base) == found)
            return found, next(sizes, None)
    return None, None


def _told(
    lines: Sequence[Line], *, facts: Facts, marked: Mapping[str, str], chosen: Chosen | None
) -> Iterator[tuple[str, Size | None]]:
    """Every picture that may be the article's, the surest first, with the size that is told together with it."""
    value, element = chosen or ("", None)
    if element is not None and element.tag in IMAGES:
        yield address_in(element), _size_in(element)
    else:
        yield value, None
    linked = facts.linked.get("image")
    yield words(linked, "url", "contentUrl"), _size_in_json(linked)
    yield from zip(facts.named("og:image", "og:image:url"), repeat(_size_in_opengraph(facts)), strict=False)
    yield from zip(facts.named("itemprop:image", "twitter:image"), repeat(None), strict=False)
    yield marked.get("image", ""), None
    for line in lines:
        if line.image is not None and not _is_small(line.image):
            yield address_in(line.image), _size_in(line.image)


def _size_in(image: etree._Element) -> Size | None:
    return stated_size(image.get("width"), image.get("height"))


def _size_in_json(image: object) -> Size | None:
    """The size of the picture of which ``words`` takes the address: the first one."""
    for _ in range(4):
        if isinstance(image, list):
            image = image[0] if image else None
    return stated_size(image.get("width"), image.get("height")) if isinstance(image, dict) else None


def _size_in_opengraph(facts: Facts) -> Size | None:
    """The size of the one picture; where there are several, which of them it is of stands in an order we lost."""
    pictures = {*facts.named("og:image", "og:image:url")}
    widths, heights = {*facts.named("og:image:width")}, {*facts.named("og:image:height")}
    alone = len(pictures) == len(widths) == len(heights) == 1
    return stated_size(widths.pop(), heights.pop()) if alone else None


def _is_small(image: etree._Element) -> bool:
    width = (image.get("width") or "").removesuffix("px")
    return width.isdecimal() and int(width[:6]) < 100
