"""Feeds tailored by a filter: built when first asked for, and kept while the feed they are cut from stays as it is.

What is looked through is bounded, and so is what is kept; nothing here is written to the database.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from time import monotonic

from syndication.bootstrap import House
from syndication.domain.story import Story, Tombstone, feed_names
from syndication.errors import StoreError
from syndication.links import MEDIA_TYPES, FeedFormat
from syndication.publish.entry import Edition, entries_of
from syndication.publish.pipeline import FORMATS, etag_of
from syndication.publish.printable import nobodys_mail
from syndication.publish.select import NEWEST, FeedPlan
from syndication.store import Memory
from syndication.store.documents import Document, compressed
from syndication.web.feeds import Ready
from syndication.web.filters import Filter
from syndication.web.shelf import Recent, Shelf, size_of

LOOKED_THROUGH = 300
"""Newest stories of a feed, or of each portal, among which a filter finds its own."""
MOST_BYTES = 16 * 1024 * 1024
"""What tailored feeds may take in the memory of one process."""
KEPT = 600.0
"""Seconds; an edit of a story that the feed itself no longer shows is seen after them."""


class Tailored:
    """The tailored feeds of one process."""

    def __init__(self, house: House, shelf: Shelf) -> None:
        self._house, self._shelf = house, shelf
        self._kept: Recent[tuple[str, Filter], tuple[float, Ready]] = Recent(
            MOST_BYTES, lambda pair: size_of(pair[1])
        )
        self._printing = threading.Lock()

    @cached_property
    def _plans(self) -> dict[str, tuple[FeedPlan, FeedFormat]]:
        return {
            f"feeds/{plan.name}.{form}": (plan, form)
            for plan in self._house.press.plans()
            for form in FeedFormat
        }

    def can(self, path: str) -> bool:
        """Whether this is a feed that can be filtered: archives and lists of feeds are what they are."""
        return path in self._plans

    def kept(self, whole: Ready, wanted: Filter) -> Ready | None:
        """What this filter leaves of a feed, if it was built before and still holds."""
        kept = self._kept.get((whole.document.path, wanted))
        holds = kept and kept[1].number == whole.number and monotonic() < kept[0] and kept[1].unmoved
        return kept[1] if kept and holds else None

    def build(self, whole: Ready, wanted: Filter) -> Ready:
        """What this filter leaves of a feed. Raises StoreError while the database is away and none was kept."""
        key = (whole.document.path, wanted)
        # One at a time: printing is work, and those who wait mostly want the same.
        if not self._printing.acquire(timeout=5):
            raise StoreError("too many filters are asked for at once")
        try:
            return self.kept(whole, wanted) or self._build(whole, wanted)
        except StoreError:
            if old := self._kept.get(key):
                return old[1]
            raise
        finally:
            self._printing.release()

    def _build(self, whole: Ready, wanted: Filter) -> Ready:
        path = whole.document.path
        plan, form = self._plans[path]
        found, gone = self._shelf.ask(
            lambda memory: (
                _candidates(memory, plan.name, wanted),
                _withdrawn(memory, plan.name, wanted) if form is FeedFormat.ATOM else (),
            )
        )
        stories = [story for story in found if wanted.takes(story)][: wanted.limit]
        body = self._print(plan, form, wanted, stories, gone)
        changed = [story.updated_at.replace(microsecond=0) for story in stories]
        document = Document(
            path=f"{path}?{wanted.query}",
            media_type=MEDIA_TYPES[form],
            body=body,
            etag=etag_of(body),
            changed_at=max([whole.changed_at, *changed]),
            number=whole.number,
            **compressed(body),
        )
        # The hub is told of whole feeds only: who subscribed to this one there would never hear of it again.
        ready = Ready(document, links=self._house.links, hub="", now=self._house.now())
        self._kept.keep((path, wanted), (monotonic() + KEPT, ready))
        return ready

    def _print(
        self,
        plan: FeedPlan,
        form: FeedFormat,
        wanted: Filter,
        stories: Sequence[Story],
        gone: Sequence[Tombstone],
    ) -> bytes:
        catalogue, links = self._house.catalogue, self._house.links
        names = {portal.id: nobodys_mail(portal.name) for portal in catalogue.portals.values()}
        edition = Edition(
            plan=replace(plan, title=wanted.title(plan.title, names)),
            entries=entries_of(stories, catalogue=catalogue, links=links, language=plan.language),
            tombstones=tuple(gone),
            query=wanted.query,
        )
        return FORMATS[form](edition, links)


def _candidates(memory: Memory, feed: str, wanted: Filter) -> list[Story]:
    """Stories of a feed among which the filter finds its own, newest first."""
    if not wanted.portals:
        return memory.stories.newest(feed, limit=LOOKED_THROUGH if wanted.words else wanted.limit)
    found = {
        story.id: story
        for portal in wanted.portals
        for story in memory.stories.newest(f"portals/{portal}", limit=LOOKED_THROUGH)
        if feed in feed_names(story.categories, (telling.portal for telling in story.tellings))
    }
    return sorted(found.values(), key=lambda story: story.announced_at, reverse=True)


def _withdrawn(memory: Memory, feed: str, wanted: Filter) -> list[Tombstone]:
    """What was withdrawn of a feed and may have passed the filter.

    The words of what is withdrawn are told to nobody, so words leave nothing out here; a reader that never had an
    entry has nothing to delete (RFC 6721 §3).
    """
    stones = memory.stories.tombstones(feed, limit=NEWEST)
    if not wanted.portals:
        return stones
    theirs = {
        stone.tag
        for portal in wanted.portals
        for stone in memory.stories.tombstones(f"portals/{portal}", limit=LOOKED_THROUGH)
    }
    return [stone for stone in stones if stone.tag in theirs]
