"""Completes an item that says too little from the article's own page. Pure: the page is fetched by the caller."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import time
from zoneinfo import ZoneInfo

from syndication.collect.extract import Extracted, complete, extract, needed
from syndication.collect.normalise import Place, read_published
from syndication.collect.parse.document import Document
from syndication.domain.article import Item
from syndication.domain.portal import ArticleReading, SlashDates
from syndication.errors import SourceError

log = logging.getLogger(__name__)

Extract = Callable[[Document, ArticleReading], Extracted]


def needs_page(item: Item, place: Place) -> bool:
    """Whether the article's own page has to be read to keep it as the portal meant it."""
    return needed(item, place.portal.article, date_is_precise=_is_precise(item, place))


def completed(item: Item, page: Document, place: Place, *, extract: Extract = extract) -> Item:
    """The item with what its own page adds; as it was where the page cannot be read.

    ``extract`` reads the page: in this process, or in a sandbox.
    """
    try:
        return complete(
            item,
            extract(page, place.portal.article),
            address=page.url,
            reading=place.portal.article,
            date_is_precise=_is_precise(item, place),
            zone=ZoneInfo(place.portal.timezone),
            slashes=_on_pages(place.source.dates),
        )
    except SourceError as trouble:
        log.info("%s: %s", page.url, trouble)
    except Exception:  # one bad page must stay one bad page
        log.exception("%s: the article's page", page.url)
    return item


def _on_pages(dates: SlashDates) -> SlashDates:
    """The order of dates on articles' pages, which are made for people: never the Americans' by default."""
    return dates if dates is SlashDates.DMY_ALWAYS else SlashDates.DMY


def _is_precise(item: Item, place: Place) -> bool:
    """Whether an item's date says the minute; 00:00 is what software prints that knows the day alone."""
    read = read_published(item, place)
    if read is None or not read.has_time:
        return False
    return read.at.astimezone(ZoneInfo(place.portal.timezone)).time() != time.min
