"""When a source is due again: as often as its file says, as seldom as it really changes, never impolitely. Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from syndication.domain.portal import Source

LONGEST_WAIT = timedelta(days=1)
"""However often a source failed or however quiet it is, it is asked again within this."""
LONGEST_HINT = timedelta(hours=5)
"""What a server says about its freshness counts up to this; a year of max-age is a misconfiguration, not a wish."""
SLOWEST = 6
"""A quiet source is asked at most this many times more seldom than its file says."""
JITTER = 0.1
"""A tenth more or less, so that sources read together once do not stay together for ever."""

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def hinted(headers: Mapping[str, str], *, document: timedelta | None, now: datetime) -> timedelta:
    """The shortest wait that the answer asks for: Cache-Control, Expires (RFC 9111), or what the document says.

    ``headers`` have lower-case names; ``document`` is the feed's own ttl or sy:updatePeriod.
    """
    hints = [document or timedelta()]
    control = headers.get("cache-control", "")
    if match := _MAX_AGE.search(control):
        hints.append(timedelta(seconds=int(match[1])))
    elif expires := headers.get("expires"):
        with suppress(ValueError, TypeError):  # Expires: 0 and worse mean «stale already» (RFC 9111 §5.3)
            hints.append(parsedate_to_datetime(expires) - now)
    if "no-cache" in control or "no-store" in control:
        return min(hints[0], LONGEST_HINT)
    return min(max(hints), LONGEST_HINT)


def interval(source: Source, *, usual_gap: timedelta | None) -> timedelta:
    """How often a healthy source is asked: by its file, more seldom when its news is usually further apart."""
    if usual_gap is None:
        return source.every
    return min(max(source.every, usual_gap / 4), source.every * SLOWEST, max(LONGEST_WAIT, source.every))


def next_after_success(
    source: Source, *, now: datetime, usual_gap: timedelta | None, hint: timedelta, spread: random.Random
) -> datetime:
    """When a source that answered is due again."""
    wait = max(interval(source, usual_gap=usual_gap), hint)
    return now + wait * spread.uniform(1 - JITTER, 1 + JITTER)


def next_after_failure(
    source: Source, *, now: datetime, failures: int, retry_after: float | None, spread: random.Random
) -> datetime:
    """When a source that failed is due again: later with each failure in a row, never given up.

    ``failures`` counts this one; ``retry_after`` is what the portal asked for, in seconds, kept up to a day.
    """
    ceiling = max(LONGEST_WAIT, source.every)
    doublings = min(failures - 1, 8)
    wait = min(source.every * (1 << doublings), ceiling) * spread.uniform(1 - JITTER, 1 + JITTER)
    if retry_after is not None:
        wait = max(wait, min(timedelta(seconds=retry_after), LONGEST_WAIT))
    return now + min(wait, ceiling)


def learn_gap(usual: timedelta | None, *, last_new_at: datetime | None, now: datetime) -> timedelta | None:
    """The usual time between two rounds that brought news, after one that did (a running average)."""
    if last_new_at is None:
        return usual
    gap = now - last_new_at
    return gap if usual is None else (usual * 3 + gap) / 4


def is_silent(*, usual_gap: timedelta | None, new_at: datetime | None, now: datetime) -> bool:
    """Whether a source has brought nothing for so long that a person should look: three times its usual gap."""
    if new_at is None:
        return False
    return now - new_at > max((usual_gap or timedelta(days=7)) * 3, timedelta(days=3))


LOOKS = (timedelta(days=1), timedelta(days=4), timedelta(days=14), timedelta(days=45))
"""So long after an article was first seen its page is looked at, to see whether it is still there."""


def next_look(first_seen: datetime, *, now: datetime) -> datetime | None:
    """When to look at an article's page next; None when it has been looked at often enough."""
    return next((first_seen + after for after in LOOKS if first_seen + after > now), None)
