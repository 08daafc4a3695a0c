"""Finds who wrote an article."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from syndication import text
from syndication.collect.extract.furniture import Line, box_words, names_of
from syndication.collect.extract.layout import Layout
from syndication.collect.extract.metadata import Facts
from syndication.collect.extract.select import Chosen

AUTHOR_BOX = box_words("authors?|byline|tac gia|tacgia|nguoi viet")

_WORD = r"[A-ZÀ-ỸĐ][a-zà-ỹđ]*"
_NAMES = rf"{_WORD}(?: {_WORD}){{1,4}}"
_NAME = re.compile(rf"{_NAMES}(?:(?:,| và| -| –) ?{_NAMES}){{0,2}}|Nhóm PV|PV|Ban [Bb]iên tập")
_AUTHOR_LABEL = re.compile(r"\s*(?:Tác giả|Người viết|Tin, ảnh|Bài, ảnh)\s*:\s*(.{2,80})", re.IGNORECASE)
_BYLINE = re.compile(rf"({_WORD}(?: {_WORD}){{1,3}})\s*[-–—/]\s*[A-ZĐ&]{{2,10}}")
_NO_AUTHORS = frozenset({"super user", "quan tri", "quan tri vien", "bien tap vien", "site admin"})
_SURNAMES = frozenset(
    """
    an bach ban be bui cao chau chu cu dam dang dao diep dinh do doan doi duong giang giap ha ho hoang hua huynh kieu
    kim la lai lam le lieu lo loc luc luong luu ly ma mac mai nghiem ngo nguyen nong phan phi pham phung quach quan
    sung ta thai than thach to ton tong tran trieu trinh truong tu ung van vi vo vu vuong vang
    """.split()
)


def find_author(
    layout: Layout, *, facts: Facts, marked: Mapping[str, str], chosen: Chosen | None
) -> str | None:
    """The name that the portal's selector, the metadata or a line right under the text gives. ``marked``: microdata."""
    if chosen:
        return text.plain_line(chosen[0])
    told = facts.all("author", "author", "article:author", "dc.creator")
    for name in (*told, marked.get("author", "")):
        if _NAME.fullmatch(name) and text.fold(name) not in facts.sites | _NO_AUTHORS:
            return name
    under = range(layout.at + 1, min(layout.last + 7, len(layout.lines)))
    for number in under if layout.last > layout.at >= 0 else ():
        line = layout.lines[number]
        if layout.parted(layout.last, number):
            break
        labelled = _AUTHOR_LABEL.fullmatch(line.text)
        name = labelled[1] if labelled else line.text
        if _NAME.fullmatch(name) and (labelled or AUTHOR_BOX.search(names_of(line.block))):
            return name
    return None


def byline(kept: Sequence[Line]) -> str | None:
    """«Phạm Trang – QNICT» as the last line: a name that begins with a surname, and an acronym."""
    last = next((line.text for line in reversed(kept) if line.text), "")
    signed = _BYLINE.fullmatch(last)
    return signed[1] if signed and text.fold(signed[1]).split()[0] in _SURNAMES else None
