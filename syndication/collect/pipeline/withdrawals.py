"""Looks again at articles' own pages, and takes out of our feeds what its portal has taken back.

An article counts as taken back when its page says 404 or 410 at two looks a day apart. Where many pages of one portal
are missing at once its system has changed, and a person is told instead.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndication.collect.fetch import PAGE_ACCEPT, Fetched, Request
from syndication.collect.pipeline.reader import Reader
from syndication.collect.pipeline.round import Round
from syndication.collect.pipeline.settle import Newsroom, settle
from syndication.collect.timing import next_look
from syndication.errors import FetchFailed, SourceError
from syndication.store import Memory
from syndication.store.looks import Look

log = logging.getLogger(__name__)

SURE_AFTER = timedelta(days=1)
"""Between the look that misses a page and the one that makes sure: sites are down for a night."""
MOST_MISSING = 3
"""Pages of one portal that may be missing at once and still be taken for withdrawn, one by one."""
AT_ONCE = 20
"""Pages looked at in one round."""
LEASE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """An article that its portal has taken back."""

    portal: str
    url: str
    story: str


def look_again(house: Round) -> Iterator[Withdrawn]:
    """Look at the pages that are due; yields the articles that were taken back."""
    with house.store.write() as memory:
        looks = memory.looks.take(now=house.now(), lease=LEASE, limit=AT_ONCE)
    if not looks:
        return
    newsroom = Newsroom.of(house.catalogue, house.links)
    portals = house.catalogue.portals
    with house.open_fetcher() as fetcher:
        reader = Reader(house.store, fetcher, house.sandbox, user_agent=house.user_agent, now=house.now)
        forbidden = reader.forbidden(
            {look.url: portals[look.portal] for look in looks if look.portal in portals}
        )
        asked: dict[int, tuple[Request, Look]] = {}
        with house.store.write() as memory:
            for look in looks:
                if look.portal in portals and look.url not in forbidden:
                    request = Request(url=look.url, accept=PAGE_ACCEPT, ca_file=portals[look.portal].ca_file)
                    asked[id(request)] = request, look
                else:  # who may not be asked has told nothing
                    memory.looks.done(
                        look.article,
                        missed_at=look.missed_at,
                        next_at=next_look(look.first_seen_at, now=house.now()),
                    )
        for request, answer in fetcher.fetch_all([request for request, _ in asked.values()]):
            _, look = asked[id(request)]
            with house.store.write() as memory:
                memory.alone()
                withdrawn = _record(memory, look, answer, newsroom=newsroom, now=house.now())
            if withdrawn:
                yield Withdrawn(portal=look.portal, url=look.url, story=look.story)


def _record(
    memory: Memory, look: Look, answer: Fetched | SourceError, *, newsroom: Newsroom, now: datetime
) -> bool:
    """Record what was found; returns whether the article is withdrawn now."""
    if not _is_missing(answer):
        # A page that could not be had is as before; only one that is there is there again.
        missed_at = None if isinstance(answer, Fetched) else look.missed_at
        following = now + SURE_AFTER if missed_at else next_look(look.first_seen_at, now=now)
        memory.looks.done(look.article, missed_at=missed_at, next_at=following)
        return False
    if look.missed_at is None:
        memory.looks.done(look.article, missed_at=now, next_at=now + SURE_AFTER)
        memory.looks.bring_forward(look.portal, now=now, limit=MOST_MISSING + 1)
        return False
    if now - look.missed_at < SURE_AFTER or memory.looks.missing().get(look.portal, 0) > MOST_MISSING:
        memory.looks.done(look.article, missed_at=look.missed_at, next_at=now + SURE_AFTER)
        return False
    log.info("%s has taken back %s", look.portal, look.url)
    memory.looks.gone(look.article, now=now)
    settle(memory, look.story, newsroom=newsroom, now=now)
    return True


def _is_missing(answer: Fetched | SourceError) -> bool:
    return isinstance(answer, FetchFailed) and answer.status in (404, 410)
