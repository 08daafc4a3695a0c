"""Says whether an item needs its own page, and adds to the item what that page says."""

from __future__ import annotations

import html
from dataclasses import replace
from zoneinfo import ZoneInfo

from syndication import text
from syndication.collect import canonical, clean
from syndication.collect.dates import VIETNAM, Precision, ReadDate, read_date
from syndication.collect.extract.extracted import Extracted, same_page
from syndication.domain.article import Item
from syndication.domain.picture import Size
from syndication.domain.portal import ArticleReading, FetchArticle, SlashDates


def needed(item: Item, reading: ArticleReading, *, date_is_precise: bool) -> bool:
    """Whether an item's own page has to be read.

    With ``when-needed``: when the item lacks its title, summary or date, or the text where the portal allows
    us the full text. ``date_is_precise`` says that its date has a time of day that can be trusted.
    """
    if reading.fetch is not FetchArticle.WHEN_NEEDED:
        return reading.fetch is FetchArticle.ALWAYS
    return (
        not text.plain_line(item.title)
        or not date_is_precise
        or not (_has_summary(item) or clean.text_of(item.raw_content))
        or (reading.full_text and not clean.text_of(item.raw_content))
    )


def complete(
    item: Item,
    page: Extracted,
    *,
    address: str,
    reading: ArticleReading,
    date_is_precise: bool,
    zone: ZoneInfo = VIETNAM,
    slashes: SlashDates = SlashDates.DMY,
) -> Item:
    """The item with what its own page, read at ``address``, adds to it. What the item has is kept.

    The page's date replaces one without a trusted time of day (``date_is_precise``), its text a shorter one;
    with ``fetch = "always"`` its title and date replace the item's. A date from the page is handed on as ISO
    8601 in ``zone``. ``slashes`` is the page's order of dates: pages are printed for people, the day first, even where
    a feed has the month first. The item of an AMP page gets the address of the page it is a twin of.
    """
    always = reading.fetch is FetchArticle.ALWAYS
    published = item.published
    if always or not published or not date_is_precise:
        must_be_better = bool(published) and not always
        printed = read_date(page.published, zone=zone, slashes=slashes)
        published = _iso(printed, zone, with_time_only=must_be_better) or published
    has_title = bool(text.plain_line(item.title)) and not (always and page.title)
    has_summary = _has_summary(item)
    longer = len(clean.text_of(page.raw_content)) > len(clean.text_of(item.raw_content))
    image_url, image_size = _picture(item, page, address)
    twin = page.canonical_url if page.amp and same_page(page.canonical_url or "", address) else None
    return replace(
        item,
        url=twin or item.url,
        title=item.title if has_title else html.escape(page.title, quote=False),
        raw_summary=item.raw_summary if has_summary else html.escape(page.lead, quote=False),
        raw_content=page.raw_content if longer else item.raw_content,
        author=item.author or page.author,
        labels=item.labels or page.labels,
        image_url=image_url,
        image_size=image_size,
        published=published,
    )


def _has_summary(item: Item) -> bool:
    """Whether the item has a summary that says more than its title."""
    return text.fold(clean.text_of(item.raw_summary)) not in ("", text.fold(text.plain_line(item.title)))


def _picture(item: Item, page: Extracted, address: str) -> tuple[str | None, Size | None]:
    """The item's picture, else the page's, and what either says of its size."""
    if not item.image_url:
        return page.image_url, page.image_size
    same = canonical.absolute(item.image_url, address) == page.image_url
    return item.image_url, item.image_size or (page.image_size if same else None)


def _iso(read: ReadDate | None, zone: ZoneInfo, *, with_time_only: bool) -> str | None:
    if read is None or (with_time_only and not read.has_time):
        return None
    local = read.at.astimezone(zone)
    return local.date().isoformat() if read.precise is Precision.DAY else local.isoformat()
