"""Publishes what waits: announce new stories in order, then build the feeds that hold something new.

Building is repeatable: the same stories give the same bytes, so two processes that publish at once only do the
same work twice. Announcing is not, and is done by one at a time.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from syndication.domain.portal import Catalogue
from syndication.domain.story import announce_times, feed_names, is_history
from syndication.links import MEDIA_TYPES, Links
from syndication.publish import feed, opml
from syndication.publish.select import NEWEST, FeedPlan, plan_feeds
from syndication.store import Store

log = logging.getLogger(__name__)

OPML_PATH = "feeds/index.opml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Everything publishing works with."""

    store: Store
    catalogue: Catalogue
    links: Links
    title: str
    now: Callable[[], datetime]

    def plans(self) -> list[FeedPlan]:
        """Every feed there is."""
        return list(plan_feeds(self.catalogue, title=self.title))


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a round of publishing did."""

    announced: int
    waiting: int
    """Stories that come out next time, because announcements are a second apart."""
    built: int
    changed: int
    """Documents whose content is new."""


def publish(press: Press, *, everything: bool = False) -> Published:
    """Announce what waits and build the feeds that are stale, or, with ``everything``, all of them."""
    announced, waiting = _announce(press)
    plans = {plan.name: plan for plan in press.plans()}
    with press.store.read() as memory:
        stale = memory.stories.stale()
        have = set(memory.documents.paths())
    wanted = [
        plan
        for plan in plans.values()
        if everything or plan.name in stale or not {path for path, _ in _paths(plan)} <= have
    ]
    changed = sum(_build(press, plan) for plan in wanted)
    if everything or wanted or OPML_PATH not in have:
        changed += _put(
            press, OPML_PATH, "text/x-opml", opml.build(plans.values(), title=press.title, links=press.links)
        )
    _forget(press, have=have, plans=plans, stale=stale)
    return Published(announced=announced, waiting=waiting, built=len(wanted), changed=changed)


def _announce(press: Press) -> tuple[int, int]:
    with press.store.write() as memory:
        memory.alone()
        now = press.now()
        waiting = memory.stories.waiting(now=now)
        if not waiting:
            return 0, 0
        history = is_history(
            {story.id: story.told_at for story in waiting},
            {story.id: story.lead for story in waiting},
            heard=memory.stories.portals_heard(),
            now=now,
        )
        memory.stories.keep_back(history, now=now)
        waiting = [story for story in waiting if story.id not in history]
        times = announce_times(
            [story.told_at for story in waiting], last=memory.stories.last_announced(), now=now
        )
        for story, at in zip(waiting, times, strict=False):
            memory.stories.announce(story.id, at=at, feeds=feed_names(story.categories, story.portals))
        return len(times), len(waiting) - len(times)


def _paths(plan: FeedPlan) -> list[tuple[str, str]]:
    return [(f"feeds/{plan.name}.{form}", media) for form, media in MEDIA_TYPES.items()]


def _build(press: Press, plan: FeedPlan) -> int:
    """Build one feed from what it holds now; returns how many of its documents changed.

    It is called fresh only if nothing marked it stale meanwhile, which the transaction sees.
    """
    with press.store.write() as memory:
        memory.alone()
        stories = memory.stories.newest(plan.name, limit=NEWEST)
        documents = feed.build(plan, stories, catalogue=press.catalogue, links=press.links)
        changed = 0
        for form, body in documents.items():
            changed += memory.documents.put(
                f"feeds/{plan.name}.{form}",
                media_type=MEDIA_TYPES[form],
                body=body,
                etag=etag_of(body),
                now=press.now(),
            )
        memory.stories.built([plan.name])
        return changed


def etag_of(body: bytes) -> str:
    """A strong entity tag (RFC 9110 §8.8.3): a hash of the bytes, so equal bytes have equal tags for ever."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _put(press: Press, path: str, media_type: str, body: bytes) -> int:
    with press.store.write() as memory:
        return int(
            memory.documents.put(path, media_type=media_type, body=body, etag=etag_of(body), now=press.now())
        )


def _forget(press: Press, *, have: set[str], plans: dict[str, FeedPlan], stale: list[str]) -> None:
    """Feeds that the catalogue no longer names are served no longer."""
    known = {path for plan in plans.values() for path, _ in _paths(plan)} | {OPML_PATH}
    gone = sorted(have - known)
    lost = [name for name in stale if name not in plans]
    if gone or lost:
        with press.store.write() as memory:
            for path in gone:
                memory.documents.remove(path)
            memory.stories.built(lost)


def export(press: Press, *, to: Path) -> Iterator[Path]:
    """Write every published document as a file below ``to``, each replaced in one step; yields the paths."""
    with press.store.read() as memory:
        for path in memory.documents.paths():
            document = memory.documents.get(path)
            if document is None:
                continue
            file = to / path
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_name(f".{file.name}.part")
            partial.write_bytes(document.body)
            partial.replace(file)
            yield file
