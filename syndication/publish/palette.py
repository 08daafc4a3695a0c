"""Colours a partner chose for a block, made readable: what is too pale on its background is darkened, and so on.

Contrast is that of WCAG 2.2 (success criterion 1.4.3): at least 4.5 to 1 for text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

ENOUGH = 4.5
BLACK, WHITE = "#000000", "#ffffff"

_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_STEPS = 20


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a block, each ``#rrggbb``."""

    paper: str
    tint: str
    ink: str
    soft: str
    rule: str
    accent: str

    def variables(self, theme: str) -> str:
        """As CSS custom properties that ``block.css`` knows; ``theme`` is ``light`` or ``dark``."""
        return ";".join(f"--sf-{theme}-{one.name}:{getattr(self, one.name)}" for one in fields(self))


LIGHT = Palette("#ffffff", "#f3efe7", "#211d19", "#5e564d", "#ddd6ca", "#97191d")
DARK = Palette("#181513", "#26221e", "#ece6dd", "#b6ada1", "#3d3731", "#f3a296")


def colour(raw: str) -> str | None:
    """``#rrggbb`` in lower case, from what a person typed; None where it is no colour.

    >>> colour("F80")
    '#ff8800'
    """
    if not (match := _HEX.fullmatch(raw.strip())):
        return None
    digits = match[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """Between 1 (the same) and 21 (black on white)."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def readable(wanted: str, on: str) -> str:
    """The colour nearest to the wanted one that can be read on this background."""
    goal = max((BLACK, WHITE), key=lambda end: contrast(end, on))
    steps = (mixed(wanted, goal, step / _STEPS) for step in range(_STEPS + 1))
    return next((one for one in steps if contrast(one, on) >= ENOUGH), goal)


def mixed(one: str, other: str, part: float) -> str:
    """``part`` (0 to 1) of the way from one colour to the other."""
    channels = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in channels)


def chosen(start: Palette, *, accent: str = "", background: str = "", text: str = "") -> Palette:
    """A palette with these colours in place of its own, and the others made to go with them; "" chooses none."""
    paper = background or start.paper
    # A background of one's own wants text that goes with it, even where only the background was chosen.
    inks = (start.ink, LIGHT.ink, DARK.ink)
    ink = readable(text or max(inks, key=lambda one: contrast(one, paper)), paper)
    own = bool(background or text)
    tint = mixed(paper, ink, 0.06) if own else start.tint
    return Palette(
        paper=paper,
        tint=tint,
        ink=ink,
        soft=readable(mixed(ink, paper, 0.3), paper) if own else start.soft,
        rule=mixed(paper, ink, 0.16) if own else start.rule,
        accent=readable(accent or start.accent, paper),
    )


def _channels(hexadecimal: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(hexadecimal[1:]))


def _luminance(hexadecimal: str) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    red, green, blue = (
        part / 12.92 if (part := channel / 255) <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for channel in _channels(hexadecimal)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
