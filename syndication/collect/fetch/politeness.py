"""How not to be a burden: few requests at once, a pause between two at one host, and the wait it asks for."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import zip_longest

from syndication.collect.address import CheckedUrl
from syndication.collect.fetch.exchange import Limits, Request

LONGEST_RETRY_AFTER = 24 * 3600.0
"""Seconds. A portal that asks for more is asked again after this; its own source only, never its host."""


def spread(requests: Iterable[Request]) -> list[Request]:
    """The requests in an order that goes round the hosts: one slow host does not hold up the others."""
    by_host: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        by_host[request.url.partition("//")[2].partition("/")[0]].append(request)
    rounds = zip_longest(*by_host.values())
    return [request for one_round in rounds for request in one_round if request is not None]


@dataclass(slots=True)
class HostTurns:
    """What is going on at one host."""

    slots: asyncio.Semaphore
    next_start: float = 0.0
    users: int = 0


@dataclass(slots=True)
class Turns:
    """Whose turn it is: few requests at once in all, fewer at one host, and a pause between their starts."""

    limits: Limits
    _all: asyncio.Semaphore = field(init=False)
    _hosts: dict[str, HostTurns] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._all = asyncio.Semaphore(self.limits.concurrency)

    async def begin(self, target: CheckedUrl) -> HostTurns:
        """Wait until this may be asked; give what is returned to ``end`` afterwards."""
        # Named private hosts are machines of the house, often many ports of one: each port counts for itself.
        name = target.authority if target.private else target.host
        host = self._hosts.get(name)
        if host is None:
            self._forget_idle()
            host = self._hosts[name] = HostTurns(asyncio.Semaphore(self.limits.per_host))
        host.users += 1
        try:
            await host.slots.acquire()
            try:
                await self._pause(host, 0.0 if target.private else self.limits.spacing)
            except BaseException:
                host.slots.release()
                raise
        except BaseException:
            host.users -= 1
            raise
        return host

    def end(self, host: HostTurns) -> None:
        """The answer is there, or will never be."""
        self._all.release()
        host.slots.release()
        host.users -= 1

    async def _pause(self, host: HostTurns, spacing: float) -> None:
        """Wait for the pause to be over and for a place among all; nobody holds a place while pausing."""
        clock = asyncio.get_running_loop().time
        while True:
            if (pause := host.next_start - clock()) > 0:
                await asyncio.sleep(pause)
            await self._all.acquire()
            if (now := clock()) >= host.next_start:
                host.next_start = now + spacing
                return
            self._all.release()

    def _forget_idle(self) -> None:
        """Redirects can name hosts without end; those where nothing goes on are dropped now and then."""
        if len(self._hosts) < 1000:
            return
        now = asyncio.get_running_loop().time()
        self._hosts = {
            name: host for name, host in self._hosts.items() if host.users or host.next_start > now
        }


def read_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to stay away, from a Retry-After header (RFC 9110, section 10.2.3), at most a day.

    None where it is missing, past, or not one of the two forms.
    """
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        seconds = float(value)
    else:
        try:
            moment = parsedate_to_datetime(value)
            seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
        except (ValueError, OverflowError, TypeError, IndexError):
            return None
    return min(seconds, LONGEST_RETRY_AFTER) if seconds > 0 else None
