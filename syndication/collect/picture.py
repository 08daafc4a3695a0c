"""Knows pictures in what portals send: their addresses, loaded late or offered in sizes, blanks, and captions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree

LATE = ("data-src", "data-original", "data-lazy-src", "data-lazy")
"""Where scripts that load pictures late keep the address; ``src`` then holds a blank."""

CAPTION = re.compile(
    r"\(?\s*(?:hình )?ảnh (?:minh (?:họa|hoạ)|tư liệu|internet)\b[^.]{0,60}\.?\s*\)?"
    r"|.{0,240}[-–—]\s*Ảnh\s*\d{1,3}\s*\.?"
    r"|(?:.{0,240}[\s(.])?(?:Ảnh(?: tư liệu)?|Nguồn ảnh|Photo)\s*:\s*[^:.]{2,60}\.?\)?",
    re.IGNORECASE,
)
"""«Quang cảnh hội nghị. Ảnh: Thu Hà», alone on a line: what a picture shows."""

_NO_ADDRESS = re.compile(r"#|javascript:|data:|about:", re.IGNORECASE)
_STAND_IN = re.compile(
    r"(?:logo|default|no_?(?:image|img|photo)|placeholder|blank|icon|favicon|avatar|quoc_?huy|spacer|loading|loader"
    r"|lazy(?:_?load)?|pixel|transparent|1x1)(?![a-z])"
)
_EMOJI = re.compile(r"/emoji/|/smil(?:ies|eys?)/")
_BETWEEN_OFFERS = re.compile(r"(?<=[wx]),|,\s")


def address_in(picture: etree._Element) -> str:
    """The address that a picture in markup gives; "" where it is a blank, a logo or none at all."""
    said = ((picture.get(name) or "").strip() for name in (*LATE, "src"))
    offered = (largest(picture.get(name) or "") for name in ("data-srcset", "srcset"))
    found = (one for one in (*said, *offered) if one and not _NO_ADDRESS.match(one))
    return next((one for one in found if not is_stand_in(one)), "")


def is_stand_in(address: str) -> bool:
    """Whether a picture is called like a logo or a blank, which sites show where an article has none."""
    path = re.split(r"[?#]", address[:3000])[0].lower()
    name = path.rpartition("/")[2].replace("-", "_")
    return _STAND_IN.match(name) is not None or _EMOJI.search(path) is not None


def largest(srcset: str) -> str:
    """The widest or densest picture that ``srcset`` offers (HTML, «srcset attributes»)."""
    offers = [offer.split() for offer in _BETWEEN_OFFERS.split(srcset[:8192])]
    usable = [offer for offer in offers if offer and not _NO_ADDRESS.match(offer[0])]
    return max(usable, key=_measure, default=[""])[0].rstrip(",")


def _measure(offer: Sequence[str]) -> float:
    try:
        return float(offer[1][:-1])
    except (IndexError, ValueError):
        return 1.0
