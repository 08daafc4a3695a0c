"""Finds the picture of an article: not a logo, not a button, not the blank that stands in for one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lxml import etree

from syndication.collect import canonical
from syndication.collect.extract.furniture import IMAGES, Line
from syndication.collect.extract.metadata import Facts, words
from syndication.collect.extract.select import Chosen

_STAND_IN = re.compile(
    r"(?:logo|default|no_?(?:image|img|photo)|placeholder|blank|icon|favicon|avatar|quoc_?huy|spacer|loading|1x1)"
    r"(?![a-z])"
)
_LATE = ("data-src", "data-original", "data-lazy-src", "data-lazy")


def find_picture(
    lines: Sequence[Line], *, facts: Facts, marked: Mapping[str, str], chosen: Chosen | None, base: str
) -> str | None:
    """The picture that the page names, else the first of some size between these lines."""
    value, element = chosen or ("", None)
    named_by_file = picture_in(element) if element is not None and element.tag in IMAGES else value
    linked = words(facts.linked.get("image"), "url", "contentUrl")
    named = facts.named("og:image", "og:image:url", "itemprop:image", "twitter:image")
    own = (picture_in(line.image) for line in lines if line.image is not None and not _is_small(line.image))
    for address in (named_by_file, linked, *named, marked.get("image", ""), *own):
        if address and not _is_stand_in(address) and (found := canonical.absolute(address, base)):
            return found
    return None


def picture_in(image: etree._Element) -> str:
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
