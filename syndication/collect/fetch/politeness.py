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
from syndication.errors import HostWaits

LONGEST_RETRY_AFTER = 24 * 3600.0
"""Seconds. A portal that asks for more is asked again after this."""
REFUSALS = frozenset({429, 503})
"""What a server says that we ask too often, or that it can do no more for now (RFC 6585 §4, RFC 9110 §15.6.4)."""
REFUSED_ENOUGH = 3
"""So many addresses must refuse before their host waits: one feed must not keep us from the others (CVE-2025-68148)."""
REFUSED_TOGETHER = 900.0
"""Seconds. Refusals further apart than this have nothing to do with one another."""
HOST_WAIT = 900.0
"""Seconds that a host waits which does not say how long."""
LONGEST_HOST_WAIT = 8 * 3600.0
"""Seconds. Less than for a single source, as most addresses of the host have said nothing themselves."""


def spread(requests: Iterable[Request]) -> list[Request]:
    """The requests in an order that goes round the hosts: one slow host does not hold up the others."""
    by_host: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        by_host[request.url.partition("//")[2].partition("/")[0]].append(request)
    rounds = zip_longest(*by_host.values())
    return [request for one_round in rounds for request in one_round if request is not None]


class Patience:
    """Which hosts have asked us to come less often, and how long each is left alone. Seconds of any one clock."""

    def __init__(self) -> None:
        self._refused: dict[str, dict[str, tuple[float, float]]] = {}
        self._until: dict[str, float] = {}

    def refused(self, host: str, address: str, *, wait: float | None, now: float) -> None:
        """Note that this address of a host refused us, and asked to ``wait`` so many seconds or did not say."""
        self._until = {name: until for name, until in self._until.items() if until > now}
        self._refused = {
            name: recent
            for name, said in self._refused.items()
            if (recent := {one: at for one, at in said.items() if now - at[0] < REFUSED_TOGETHER})
        }
        said = self._refused.setdefault(host, {})
        said[address] = now, now + min(wait or HOST_WAIT, LONGEST_HOST_WAIT)
        if len(said) >= REFUSED_ENOUGH:
            self._until[host] = max(until for _, until in said.values())

    def left(self, host: str, *, now: float) -> float:
        """For how many seconds this host is still left alone; 0 where it may be asked."""
        return max(self._until.get(host, now) - now, 0.0)


@dataclass(slots=True)
class HostTurns:
    """What is going on at one host."""

    name: str
    slots: asyncio.Semaphore
    next_start: float = 0.0
    users: int = 0


@dataclass(slots=True)
class Turns:
    """Whose turn it is: few requests at once in all, fewer at one host, and a pause between their starts."""

    limits: Limits
    _all: asyncio.Semaphore = field(init=False)
    _hosts: dict[str, HostTurns] = field(init=False, default_factory=dict)
    _patience: Patience = field(init=False, default_factory=Patience)

    def __post_init__(self) -> None:
        self._all = asyncio.Semaphore(self.limits.concurrency)

    async def begin(self, target: CheckedUrl) -> HostTurns:
        """Wait until this may be asked; give what is returned to ``end`` afterwards.

        Raises HostWaits where the host has asked us to stay away.
        """
        name = _name(target)
        host = self._hosts.get(name)
        if host is None:
            self._forget_idle()
            host = self._hosts[name] = HostTurns(name, asyncio.Semaphore(self.limits.per_host))
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

    def refused(self, target: CheckedUrl, *, wait: float | None) -> None:
        """This address refused us, and asked to wait so many seconds or did not say."""
        self._patience.refused(_name(target), target.url, wait=wait, now=asyncio.get_running_loop().time())

    async def _pause(self, host: HostTurns, spacing: float) -> None:
        """Wait for the pause to be over and for a place among all; nobody holds a place while pausing."""
        clock = asyncio.get_running_loop().time
        while True:
            if left := self._patience.left(host.name, now=clock()):
                raise HostWaits(
                    f"{host.name} asks us to come less often, so this is not asked for now; we try again in "
                    f"{_in_words(left)}",
                    retry_after=left,
                )
            if (pause := host.next_start - clock()) > 0:
                await asyncio.sleep(pause)
            await self._all.acquire()
            if (now := clock()) >= host.next_start and not self._patience.left(host.name, now=now):
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


def _name(target: CheckedUrl) -> str:
    """What counts as one host. Named private hosts are machines of the house, often many ports of one."""
    return target.authority if target.private else target.host


def _in_words(seconds: float) -> str:
    minutes = max(round(seconds / 60), 1)
    return f"{minutes} min" if minutes < 90 else f"{round(minutes / 60)} h"


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
