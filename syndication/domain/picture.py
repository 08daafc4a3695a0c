"""How large a picture is, where whoever shows it says so: pictures themselves are never fetched to find out."""

from __future__ import annotations

import re

Size = tuple[int, int]
"""Width and height in pixels, each from 1 to ``MOST_PIXELS``."""

MOST_PIXELS = 20_000
"""No camera's picture is wider or taller; a larger number is a mistake."""

_PIXELS = re.compile(r"[0-9]{1,5}(?: ?px)?")


def stated_size(width: object, height: object) -> Size | None:
    """A picture's size as somebody states it, in numbers or in text; None unless both are whole and plausible."""
    found = _pixels(width), _pixels(height)
    return found if all(0 < one <= MOST_PIXELS for one in found) else None


def _pixels(said: object) -> int:
    if isinstance(said, str) and _PIXELS.fullmatch(said.strip()):
        return int(said.strip().removesuffix("px"))
    return said if isinstance(said, int) and not isinstance(said, bool) else 0
