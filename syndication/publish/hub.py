"""Tells a WebSub hub which feeds changed, so that it can pass them on (WebSub §7, PubSubHubbub 0.4 §7.1).

How often to try again is decided here; what the hub was told last stands in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

Form = tuple[tuple[str, str], ...]
Post = Callable[[str, Form], None]
"""Sends a form to an address; raises SourceError where it was not taken."""

AT_ONCE = 50
"""Addresses in one ping. Hubs take several, and none says how many; a body stays below 10 KB."""

LEASE = timedelta(minutes=10)
"""For so long nobody else pings while one process does."""

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)


def ping(hub: str, topics: Sequence[str], *, failures: int = 0, post: Post) -> None:
    """Tell the hub that these addresses have news; raises SourceError if it did not take all of it.

    Some hubs take one address at a time and say no to more, so every other attempt after a failure goes one by one.
    """
    at_once = 1 if failures % 2 else AT_ONCE
    for start in range(0, len(topics), at_once):
        batch = topics[start : start + at_once]
        post(hub, (("hub.mode", "publish"), *(("hub.url", topic) for topic in batch)))


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row, 1 or more: a minute, and twice as long each time."""
    doublings = min(failures - 1, 20)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
