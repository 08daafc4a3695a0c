"""Counts who takes whole feeds without saying what he has, or searches, again and again, and when it is too much.

Readers behind one address (an office, a mobile network) are many, so the limit is generous, and an answer that says
«not modified» never counts. Memory is bounded: counts live for one window, and so many clients at most.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

WINDOW = 600
"""Seconds for which we count."""
MOST_CLIENTS = 50_000
"""Pairs of a client and a feed that we count at once, some 10 MB; those who come later are not counted."""


class Patience:
    """Counts in one process; several processes are patient each on its own."""

    def __init__(self, limit: int) -> None:
        """``limit``: whole answers of one feed to one address in a window; 0: no limit."""
        self._limit = limit
        self._window = 0
        self._counts: dict[tuple[bytes | str, str], int] = {}

    def wait(self, client: str, what: str, *, now: int) -> int:
        """Count an answer; returns the seconds this client must wait for it, 0 if it may have it.

        ``now`` is in seconds since 1970.
        """
        if not self._limit:
            return 0
        if now // WINDOW != self._window:
            self._window, self._counts = now // WINDOW, {}
        key = (_network(client) if ":" in client else client, what)
        count = self._counts.get(key, 0) + 1
        if count > 1 or len(self._counts) < MOST_CLIENTS:
            self._counts[key] = count
        return 0 if count <= self._limit else WINDOW - now % WINDOW


def _network(client: str) -> bytes | str:
    """The /64 of an IPv6 address, which one household has."""
    try:
        return socket.inet_pton(socket.AF_INET6, client)[:8]
    except OSError:
        return client


def client(environ: Mapping[str, Any], *, proxies: int) -> str:
    """The address a request comes from.

    What proxies add is believed only as far as there are proxies of ours: each appends the address it was asked
    from to X-Forwarded-For, so with two of them the client is the last but one. The rest of it anybody can write.
    """
    peer: str = environ.get("REMOTE_ADDR") or ""
    if not proxies:
        return peer
    hops = environ.get("HTTP_X_FORWARDED_FOR", "")[-1024:].split(",")
    if len(hops) < proxies:
        return peer
    return hops[-proxies].strip().strip("[]")[:64] or peer
