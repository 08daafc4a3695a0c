"""What we publish: a story, told by one article or by several portals' articles."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndication.domain.picture import Size

ID_LENGTH = 13
"""Base32 characters of a story id: 65 bits, so a million stories collide with odds of one in 70 million."""

ANNOUNCE_RESERVE = timedelta(minutes=5)
"""How far behind the clock a round begins to number its stories, so that there is room for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One portal's article in a story, with what is needed to name and link it."""

    portal: str
    url: str
    title: str
    published_at: datetime | None
    first_seen_at: datetime
    why: str = ""
    """Why it was taken for the same news as another portal's article; empty for the one that came first."""
    score: float | None = None
    """How much of the shorter of the two texts stands in the longer one, 0 to 1; None for the one that came first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One piece of news as we publish it: the leading article's text, and everyone who tells it."""

    id: str
    tag: str
    title: str
    summary: str
    content: str | None
    """The full text as SafeHtml, only where the leading portal's file allows it."""
    url: str
    author: str | None
    image_url: str | None
    image_size: Size | None = None
    """Where a source or the article's page says it."""
    announced_at: datetime
    updated_at: datetime
    """Moves only on an edit that matters; never before ``announced_at``."""
    categories: tuple[str, ...]
    tellings: tuple[Telling, ...]
    """The leading telling first."""
    kept_back: bool = False
    """Whether it was history when we first saw it: it can be found and read, and stands in no feed. Then
    ``announced_at`` is when we put it by."""

    @property
    def lead(self) -> Telling:
        """The telling whose text and link stand for the story."""
        return self.tellings[0]

    @property
    def told_at(self) -> datetime:
        """The portal's own date; where it gave none we can trust, the moment we first saw the article."""
        return self.lead.published_at or self.lead.first_seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a story stands, whether it is published or not."""

    id: str
    tag: str
    lead_article: int | None
    announced_at: datetime | None
    kept_back_at: datetime | None
    filed_at: datetime | None
    """When a person said in which categories it belongs."""
    filed_by: str | None
    withdrawn_at: datetime | None
    withdrawn_why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A story that stood in a feed and was withdrawn."""

    tag: str
    at: datetime


FIRST_NEWS = 10
"""Stories that a portal's first round announces."""

OLD_NEWS = timedelta(days=30)
"""What was told longer ago than this when we first see it is no news."""


def feed_names(categories: Iterable[str], portals: Iterable[str]) -> tuple[str, ...]:
    """The feeds a story stands in: all of them together, its categories', and its portals' own."""
    return ("all", *dict.fromkeys(categories), *(f"portals/{portal}" for portal in dict.fromkeys(portals)))


def mint_id(portal: str, address_key: str, *, attempt: int = 0) -> str:
    """A story's public id, from where its first article was found.

    Deterministic, so a lost database that is collected anew gives the same ids; kept in the store once
    minted, so nothing that happens to the address later can change it.
    """
    seed = f"{portal}\n{address_key}" + (f"\n{attempt}" if attempt else "")
    digest = hashlib.sha256(seed.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:ID_LENGTH]


def is_history(
    told: Mapping[str, datetime], portal_of: Mapping[str, str], *, heard: Collection[str], now: datetime
) -> set[str]:
    """Which of the waiting stories are history and not news, so that readers are not flooded with it.

    ``told`` gives the portals' own dates by story, ``portal_of`` the leading portal, ``heard`` the portals of
    which readers have had news before. A portal heard for the first time tells its newest ten; after that, what
    a portal itself dates a month back is not announced any more.
    """
    history = {story for story, at in told.items() if portal_of[story] in heard and at < now - OLD_NEWS}
    fresh: dict[str, list[str]] = {}
    for story in sorted(told, key=lambda one: (told[one], one), reverse=True):
        if portal_of[story] not in heard:
            fresh.setdefault(portal_of[story], []).append(story)
    return history.union(*(stories[FIRST_NEWS:] for stories in fresh.values()))


def announce_times(told: list[datetime], *, last: datetime | None, now: datetime) -> list[datetime]:
    """When each waiting story is announced; stories beyond the end of the answer wait for the next round.

    ``told`` are the portals' own dates in the order in which the stories will come out. The times are whole
    seconds, unique, rising, later than ``last`` and never after ``now`` (feed consumers that go by date need
    all four). Before anything was ever announced there is no reader to mislead, and the portals' dates are
    kept; afterwards a story is announced when we announce it, numbered second by second from a few minutes
    ago so that a whole round fits before now.
    """
    now = now.replace(microsecond=0)
    second = timedelta(seconds=1)
    times: list[datetime] = []
    if last is None:
        # The latest moment each may take so that all that follow still fit before now.
        ceilings = [now - second * (len(told) - 1 - place) for place in range(len(told))]
        for wish, ceiling in zip(told, ceilings, strict=True):
            at = min(wish.replace(microsecond=0), ceiling)
            if times and at <= times[-1]:
                at = times[-1] + second
            times.append(at)
        return times
    at = max(last + second, now - ANNOUNCE_RESERVE)
    for _ in told:
        if at > now:
            break
        times.append(at)
        at += second
    return times
