"""Where an article stands on its page: its title, its text, and what parts it from other articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from syndication.collect.extract.furniture import Line, chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The lines of a page, and which of them are the article's."""

    lines: Sequence[Line]
    heading: etree._Element | None
    """The element that prints the title."""
    box: etree._Element | None
    """The element that holds the text."""
    at: int
    """The number of the title's line; -1 where it is not printed."""
    first: int
    last: int
    """The numbers of the first and the last paragraph of the text; -1 where there is none."""

    def parted(self, start: int, stop: int) -> bool:
        """Whether other articles stand between two lines."""
        return any(map(is_another, self.lines[start + 1 : stop]))

    def is_near_title(self, line: Line) -> bool:
        """Whether a line shares a parent or grandparent with the title that is smaller than the page."""
        near = list(chain(self.heading))[1:3] if self.heading is not None else []
        holders = islice(chain(line.block), 3)
        return any(holder in near and holder.tag not in ("body", "form") for holder in holders)

    def is_in_article(self, line: Line) -> bool:
        """Whether a line stands in the smallest element that holds both title and text."""
        if self.heading is None or self.box is None:
            return False
        holders = set(chain(self.heading))
        return line.inside(next((one for one in chain(self.box) if one in holders), None))


def is_another(line: Line) -> bool:
    """Whether a line is the beginning of other articles: their heading, or the title of one."""
    return line.ends or (line.is_link and len(line.text) >= 25 and not line.is_tool)
