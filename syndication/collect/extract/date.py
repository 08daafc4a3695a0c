"""Finds the date of an article, and never that of another: what stands under «Tin khác» has dates too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, timedelta

from syndication import text
from syndication.collect.dates import VIETNAM, read_date
from syndication.collect.extract.furniture import Line, box_words, names_of, readable
from syndication.collect.extract.layout import Layout
from syndication.collect.extract.metadata import DATE_METAS, Facts
from syndication.collect.extract.select import Chosen
from syndication.domain.portal import SlashDates

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


def find_date(
    layout: Layout, *, facts: Facts, marked: Mapping[str, str], chosen: Chosen | None
) -> str | None:
    """The date as printed or as the metadata has it: by the portal's selector, the metadata, then the page's print.

    ``marked`` is what microdata says.
    """
    if chosen and readable(chosen[0]):
        return text.one_line(chosen[0])
    linked = (*facts.all("datePublished"), *facts.all("dateCreated"))
    open_graph, dublin_core = facts.named(*DATE_METAS[:4]), facts.named(*DATE_METAS[4:])
    microdata = marked.get("datePublished", "")
    told = next(filter(readable, (*linked, *open_graph, microdata, *dublin_core)), None)
    printed = _printed_date(layout)
    return printed if printed and (told is None or _same_clock(told, printed)) else told


def _printed_date(layout: Layout) -> str | None:
    """The date that the page prints beside the title, or with a label right above or below the article."""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(layout.lines):
        stamps = [time for time in line.times if readable(time.get("datetime"))]
        if (stamps or line.has_date) and _dates_the_article(layout, number, line, stamped=bool(stamps)):
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
    return next((raw for raw, read in reads if read and read.has_time), raws[0])


def _dates_the_article(layout: Layout, number: int, line: Line, *, stamped: bool) -> bool:
    """Whether a line with a date in it tells the article's, by where it stands and what else it says."""
    if (
        layout.at < 0
        or number == layout.at
        or line.is_link
        or len(line.text) > 160
        or _TODAY.search(line.key)
    ):
        return False
    labelled = bool(_DATE_LABEL.search(line.key)) and len(line.text) <= 90
    called = stamped or labelled or bool(_DATE_BOX.search(names_of(line.block)))
    if number < layout.at:  # today's date is printed up there, too
        near = layout.is_near_title(line) or (labelled and layout.is_in_article(line))
        return called and near and number >= layout.at - 6
    if number < layout.first or layout.first < 0:
        near = number - layout.at <= (12 if layout.first > 0 else 3)
        return near and (called or line.is_date) and not layout.parted(layout.at, number)
    return labelled and 0 < number - layout.last <= 8 and not layout.parted(layout.last, number)


def _same_clock(told: str, printed: str) -> bool:
    """Whether the metadata says the printed moment with a wrong zone: 08:30 in Vietnam as 08:30Z, or as 01:30."""
    wall, one, other = _WALL_CLOCK.match(told), read_date(told), read_date(printed)
    if not wall or one is None or other is None or abs(one.at - other.at) < timedelta(minutes=15):
        return False
    clocks = (f"{other.at.astimezone(zone):%Y-%m-%d %H:%M}" for zone in (VIETNAM, UTC))
    return other.has_time and f"{wall[1]} {wall[2]}" in clocks
