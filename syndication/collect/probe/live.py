"""Reads every source of the catalogue once, keeps nothing, and says which of them are broken and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from syndication.collect import robots
from syndication.collect.fetch import PAGE_ACCEPT, Fetched, Request
from syndication.collect.probe.reading import STALE, Fetches, Reading, read_source
from syndication.collect.sandbox import Sandbox
from syndication.domain.portal import Catalogue, Portal, Read, Source
from syndication.errors import SourceError

ASKS_ROBOTS = (Read.PAGE, Read.SITEMAP)
"""Ways that read what is made for people or for search engines; feeds are made to be read by us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How one source reads right now."""

    portal: str
    url: str
    well: bool
    items: int
    newest_at: datetime | None
    says: str
    """What is broken and what to do; of a source that is well, what is worth knowing."""


def look(
    catalogue: Catalogue, *, fetcher: Fetches, sandbox: Sandbox, now: datetime, user_agent: str
) -> Iterator[Looked]:
    """Read every source once, in order of arrival. Never raises for what one source does."""
    sources = {source.url: source for source in catalogue.sources}
    for url in _refused(list(sources.values()), fetcher, user_agent=user_agent):
        says = "the portal's robots.txt asks us not to read this page: ask the portal, or find a feed"
        yield _broken(sources.pop(url), says)
    for request, answer in fetcher.fetch_all([Request(url=url) for url in sources]):
        source = sources[request.url]
        portal = catalogue.portals[source.portal]
        try:
            if isinstance(answer, SourceError):
                raise answer
            yield _well(_read(source, portal, answer, fetcher, sandbox=sandbox, now=now), answer, now=now)
        except SourceError as trouble:
            yield _broken(source, str(trouble))


def _refused(sources: list[Source], fetcher: Fetches, *, user_agent: str) -> list[str]:
    """The addresses of sources that robots.txt keeps us from; a portal without one refuses nothing."""
    asking = [source.url for source in sources if source.read in ASKS_ROBOTS]
    requests = [Request(url=url, accept=PAGE_ACCEPT) for url in {robots.address_for(url) for url in asking}]
    rules = {
        request.url: answer.body.decode("utf-8", "replace") if isinstance(answer, Fetched) else ""
        for request, answer in fetcher.fetch_all(requests)
    }
    return [
        url for url in asking if not robots.allows(rules[robots.address_for(url)], url, user_agent=user_agent)
    ]


def _read(
    source: Source, portal: Portal, answer: Fetched, fetcher: Fetches, *, sandbox: Sandbox, now: datetime
) -> Reading:
    reading = read_source(source, portal, answer, sandbox=sandbox, now=now)
    if reading.items or not reading.next_url:
        return reading
    for _, following in fetcher.fetch_all([Request(url=reading.next_url)]):  # of an index of sitemaps
        if isinstance(following, SourceError):
            raise following
        return read_source(source, portal, following, sandbox=sandbox, now=now)
    return reading


def _well(reading: Reading, answer: Fetched, *, now: datetime) -> Looked:
    newest = reading.newest_at
    says = ""
    if answer.permanent_url:
        says = f"it has moved for good: set url to {answer.permanent_url}"
    elif not reading.articles:
        says = "it lists nothing now"
    elif reading.notes:
        says = "; ".join(reading.notes)
    elif reading.source.read is not Read.SITEMAP and not reading.dated:
        says = "none of its items has a date that can be read"
    elif newest and now - newest >= STALE:
        zone = ZoneInfo(reading.place.portal.timezone)
        says = f"nothing new since {newest.astimezone(zone):%d/%m/%Y}: see whether the portal still uses it"
    elif reading.dropped:
        says = f"{len(reading.dropped)} items cannot be used; the first: {reading.dropped[0]}"
    return Looked(
        portal=reading.source.portal,
        url=reading.source.url,
        well=True,
        items=len(reading.articles),
        newest_at=newest,
        says=says,
    )


def _broken(source: Source, says: str) -> Looked:
    return Looked(portal=source.portal, url=source.url, well=False, items=0, newest_at=None, says=says)
