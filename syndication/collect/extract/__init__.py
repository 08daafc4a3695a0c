"""Reads an article's own page: title, date, lead, text and picture, each only when it is surely the article's.

Asked in this order, and the first sure answer counts: the selectors of the portal's file; what the page tells
machines (``metadata``); the page's own print, the furniture taken away (``furniture``).

The one mistake that must not happen is to take something of *another* article: portals print «Tin khác» with
titles, excerpts and dates under every article, and some articles have no date at all. So boxes that are named
like furniture go first, a date is believed only beside the title, and everything from a heading such as «Tin
khác» on is no part of the text.

The text is found by our own rules. Libraries for that job keep what stands between the title and the foot of a
page, «Các tin khác» and «Lượt xem» included, and give back neither the markup nor the pictures as they were.

    extract: page, which asks select, title, layout, date, author, picture | complete: what that adds to an item
"""

from __future__ import annotations

from syndication.collect.extract.complete import complete, needed
from syndication.collect.extract.extracted import Extracted
from syndication.collect.extract.page import extract

__all__ = ["Extracted", "complete", "extract", "needed"]
