"""Opens connections, and only to addresses that we may visit."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from syndication.collect.address import authority, private_text, refuse_address
from syndication.collect.fetch.exchange import Limits
from syndication.collect.fetch.trust import tls_context
from syndication.errors import AddressRefused

Resolve = Callable[[str, int], Iterable[str]]
"""From a host's name and port to its IP addresses; blocking, raises OSError. Run in a thread."""


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system knows them. Blocking; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [str(sockaddr[0]) for _, _, _, _, sockaddr in found]


def open_session(gate: Gate, limits: Limits, *, keep: bool) -> aiohttp.ClientSession:
    """Connections that go through the gate, carry no cookies and know no proxy. Call it inside the event loop.

    ``keep`` says whether they stay open for the next request to the same host.
    """
    connector = aiohttp.TCPConnector(
        resolver=gate,
        socket_factory=gate.open_socket,
        ssl=tls_context(None),
        limit=0,  # Turns counts; a second queue would spend the request's own time
        force_close=not keep,
        keepalive_timeout=75 if keep else None,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=limits.connect),
        auto_decompress=False,
        trust_env=False,
        max_line_size=16_384,
        max_field_size=16_384,
        max_headers=500,
    )


class Gate(AbstractResolver):
    """Turns names into addresses and opens sockets, and refuses where either leads to a private network.

    The name is resolved once, all its addresses are checked, and exactly those are connected to: a name that
    means something else a moment later (DNS rebinding) gains nothing. The socket is checked once more, so
    that no path through the HTTP library goes round the resolver.
    """

    def __init__(self, resolve: Resolve, names: ThreadPoolExecutor, private_hosts: frozenset[str]) -> None:
        self._resolve = resolve
        self._names = names
        self._private_hosts = private_hosts
        self._granted: set[tuple[str, int]] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses to connect to; raises AddressRefused where one of them is private, and OSError."""
        loop = asyncio.get_running_loop()
        addresses = await loop.run_in_executor(self._names, lambda: list(self._resolve(host, port)))
        here = authority(host, port)
        for address in addresses:
            if here in self._private_hosts:
                self._granted.add((address, port))
            elif why := refuse_address(address):
                raise AddressRefused(private_text(host, here, why))
        if not addresses:
            raise OSError("no address")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    def open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for one entry of ``getaddrinfo``; raises AddressRefused."""
        family, kind, proto, _, (address, port, *_) = info
        named = (address, port) in self._granted or authority(address, port) in self._private_hosts
        if not named and (why := refuse_address(address)):
            raise AddressRefused(private_text(address, authority(address, port), why))
        return socket.socket(family, kind, proto)

    async def close(self) -> None:
        """Nothing: the threads that resolve belong to the client."""
