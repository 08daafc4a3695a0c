"""Reads every source of the catalogue once, keeps nothing, and says which of them are broken and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from syndication.collect import robots
from syndication.collect.fetch import FEED_ACCEPT, PAGE_ACCEPT, Fetched, Request
from syndication.collect.parse import wordpress
from syndication.collect.probe.reading import STALE, Fetches, Reading, read_source
from syndication.collect.sandbox import Sandbox
from syndication.domain.portal import Catalogue, Portal, Read, Source
from syndication.errors import SourceError


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
    for url, trouble in _refused(list(sources.values()), catalogue, fetcher, user_agent=user_agent):
        yield _broken(sources.pop(url), str(trouble))
    asked = {
        id(request): (request, source)
        for source in sources.values()
        for request in [_request(source, catalogue.portals[source.portal])]
    }
    for request, answer in fetcher.fetch_all([request for request, _ in asked.values()]):
        _, source = asked[id(request)]
        portal = catalogue.portals[source.portal]
        try:
            if isinstance(answer, SourceError):
                raise answer
            yield _well(_read(source, portal, answer, fetcher, sandbox=sandbox, now=now), answer, now=now)
        except SourceError as trouble:
            yield _broken(source, str(trouble))


def _request(source: Source, portal: Portal) -> Request:
    """The same as a round asks, without anything remembered."""
    return Request(
        url=wordpress.asked(source.url) if source.read is Read.WORDPRESS else source.url,
        accept=PAGE_ACCEPT if source.read is Read.PAGE else FEED_ACCEPT,
        ca_file=portal.ca_file,
    )


def _refused(
    sources: list[Source], catalogue: Catalogue, fetcher: Fetches, *, user_agent: str
) -> Iterator[tuple[str, SourceError]]:
    """The addresses of sources that robots.txt keeps us from, with the reason."""
    asking = {
        source.url: catalogue.portals[source.portal] for source in sources if source.read in robots.ASKED_FOR
    }
    requests = {robots.address_for(url): portal.ca_file for url, portal in asking.items()}
    asked = [Request(url=url, accept=PAGE_ACCEPT, ca_file=ca_file) for url, ca_file in requests.items()]
    rules = {request.url: robots.rules_in(answer) for request, answer in fetcher.fetch_all(asked)}
    for url in asking:
        said = rules[robots.address_for(url)]
        if isinstance(said, SourceError):
            yield url, said
        elif not robots.allows(said, url, user_agent=user_agent):
            yield url, SourceError(robots.FORBIDDEN)


def _read(
    source: Source, portal: Portal, answer: Fetched, fetcher: Fetches, *, sandbox: Sandbox, now: datetime
) -> Reading:
    reading = read_source(source, portal, answer, sandbox=sandbox, now=now)
    if reading.items or not reading.next_url:
        return reading
    for _, following in fetcher.fetch_all(
        [Request(url=reading.next_url, ca_file=portal.ca_file)]
    ):  # of an index of sitemaps
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
