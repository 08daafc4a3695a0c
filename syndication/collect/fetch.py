"""The one door out: every request that this program makes to somebody else's server.

Behind it stand the rules that no caller may forget: the address is checked before every connection and again
at the socket, an answer is bounded in time and in size, and a host is never asked faster than is polite.
It does not parse, does not remember, and does not decide when to ask again; it only says what came.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any
from urllib.parse import quote, urljoin

import aiohttp
import brotli
from aiohttp.abc import AbstractResolver, ResolveResult

from syndication.collect.address import CheckedUrl, authority, check_url, private_text, refuse_address
from syndication.errors import AddressRefused, FetchFailed, SourceError

logger = logging.getLogger(__name__)

FEED_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
)
PAGE_ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"

LONGEST_RETRY_AFTER = 24 * 3600.0
"""Seconds. A portal that asks for more is asked again after this; its own source only, never its host."""

Result = tuple["Request", "Fetched | SourceError"]

Resolve = Callable[[str, int], Iterable[str]]
"""From a host's name and port to its IP addresses; blocking, raises OSError. Run in a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, how much and how fast. Seconds and bytes."""

    connect: float = 5.0
    """For DNS, TCP and TLS together."""
    total: float = 25.0
    """From the first DNS question to the last byte, redirects included; waiting for a turn is not counted."""
    wire_bytes: int = 5_000_000
    inflated_bytes: int = 15_000_000
    ratio: int = 200
    """Inflated to wire bytes, looked at only above 1 MB: what beats it is a bomb, not a feed."""
    hops: int = 5
    concurrency: int = 32
    per_host: int = 2
    spacing: float = 0.5
    """Between two starts at one host. Hosts named in ``SYNDICATION_PRIVATE_HOSTS`` are not spaced."""


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask for. Validators are sent back exactly as they came (RFC 9110, section 13.1)."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    accept: str = FEED_ACCEPT
    ca_file: Path | None = None
    """PEM certificates to trust besides the system's, such as one that the server forgets to send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A usable answer: 200 (or 203), 226 with only what is new (RFC 3229), or 304 with an empty body."""

    request: Request
    url: str
    """Where the answer came from in the end."""
    status: int
    body: bytes
    """Without its transfer and content encodings."""
    content_type: str | None
    charset: str | None
    """As the header says it, not checked to be an encoding that exists."""
    etag: str | None
    last_modified: str | None
    """The validators to send next time: as received; after a 304 that repeats none, those of the request."""
    permanent_url: str | None
    """Where the address has moved for good: every redirect was a 301 or 308, and none gave up https."""
    downgraded: bool
    """True where a redirect led from https to http: anyone on the way could have written this answer."""
    headers: Mapping[str, str]
    """By lower-cased name; repeated headers joined with a comma."""
    seconds: float
    """From question to last byte, without the time spent waiting for our turn."""

    @property
    def body_hash(self) -> str:
        """SHA-256 of the body, hexadecimal: the same hash means that nothing changed."""
        return sha256(self.body).hexdigest()


class Fetcher:
    """Asks portals, politely, and gives back what they say. Safe to use from several threads.

    One event loop in a thread of its own does the work and keeps connections open between rounds; it starts
    at the first request. Close it, or use it in ``with``.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        private_hosts: frozenset[str] = frozenset(),
        limits: Limits = DEFAULT_LIMITS,
        resolve: Resolve | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._private_hosts = private_hosts
        self._limits = limits
        self._resolve = resolve or look_up
        self._lock = threading.Lock()
        self._running: tuple[asyncio.AbstractEventLoop, threading.Thread, _Client] | None = None
        self._closed = False

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fetch(self, request: Request) -> Fetched:
        """Ask once and wait for the answer; raises SourceError (AddressRefused, FetchFailed)."""
        loop, client = self._start()
        future = asyncio.run_coroutine_threadsafe(client.settle(request), loop)
        try:
            result = future.result()
        except CancelledError as cause:
            raise RuntimeError("the fetcher was closed while it was asking") from cause
        finally:
            future.cancel()
        if isinstance(result, SourceError):
            raise result
        return result

    def fetch_all(self, requests: Iterable[Request]) -> Iterator[Result]:
        """Ask for all of them side by side; yields each with its answer or its error, in order of arrival.

        No more than ``2 * limits.concurrency`` answers wait to be taken, so a slow reader of this iterator
        slows the asking instead of filling the memory. Leaving the iterator early cancels what is under way.
        """
        waiting = _spread(requests)
        if not waiting:
            return
        loop, client = self._start()
        results: SimpleQueue[list[Result] | None] = SimpleQueue()
        room = asyncio.Semaphore(2 * self._limits.concurrency)
        driver = asyncio.run_coroutine_threadsafe(client.settle_all(waiting, room, results), loop)
        left, taken = len(waiting), 0
        try:
            while left:
                batch = results.get()
                if batch is None:
                    raise RuntimeError("the fetcher was closed while it was asking")
                for result in batch:
                    left -= 1
                    yield result
                taken += len(batch)
                if (
                    left and taken >= self._limits.concurrency
                ):  # seldom, since each call wakes the other thread
                    loop.call_soon_threadsafe(_make_room, room, taken)
                    taken = 0
        finally:
            driver.cancel()

    def close(self) -> None:
        """Cancel what is under way, close every connection and end the thread. May be called twice."""
        with self._lock:
            running, self._running, self._closed = self._running, None, True
        if running is None:
            return
        loop, thread, client = running
        asyncio.run_coroutine_threadsafe(client.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _start(self) -> tuple[asyncio.AbstractEventLoop, _Client]:
        with self._lock:
            if self._closed:
                raise RuntimeError("the fetcher is closed")
            if self._running is None:
                loop = asyncio.new_event_loop()
                thread = threading.Thread(target=loop.run_forever, name="fetcher", daemon=True)
                thread.start()
                making = _Client.make(self._user_agent, self._private_hosts, self._limits, self._resolve)
                self._running = loop, thread, asyncio.run_coroutine_threadsafe(making, loop).result()
            return self._running[0], self._running[2]


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system knows them. Blocking; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [str(sockaddr[0]) for _, _, _, _, sockaddr in found]


def _make_room(room: asyncio.Semaphore, taken: int) -> None:
    for _ in range(taken):
        room.release()


def _spread(requests: Iterable[Request]) -> list[Request]:
    """The requests in an order that goes round the hosts: one slow host does not hold up the others."""
    by_host: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        by_host[request.url.partition("//")[2].partition("/")[0]].append(request)
    rounds = zip_longest(*by_host.values())
    return [request for one_round in rounds for request in one_round if request is not None]


# ----------------------------------------------------------------------------------------------------
# Inside the loop


REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT_REDIRECTS = frozenset({301, 308})
USABLE = frozenset({200, 203, 226, 304})
_HAND_OVER_EVERY = 0.005
"""Seconds. Waking the reader's thread for each answer costs nearly as much as the answer itself."""
_PEEK = 32_768
"""Bytes of a refusal that are read to tell whose firewall wrote it."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one hop said. The body is as it came over the wire; of a refusal it is the start or nothing."""

    status: int
    headers: dict[str, str]
    wire: bytes


class _WrongEncoding(Exception):
    """The bytes are not what Content-Encoding says, or it says something that we did not ask for."""


class _Client:
    """The part of Fetcher that lives in the event loop."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        names: ThreadPoolExecutor,
        user_agent: str,
        private_hosts: frozenset[str],
        limits: Limits,
    ) -> None:
        self._session = session
        self._names = names
        self._user_agent = user_agent
        self._private_hosts = private_hosts
        self._limits = limits
        self._turns = _Turns(limits)
        self._loop = asyncio.get_running_loop()
        self._contexts: dict[Path, tuple[int, ssl.SSLContext]] = {}

    @classmethod
    async def make(
        cls, user_agent: str, private_hosts: frozenset[str], limits: Limits, resolve: Resolve
    ) -> _Client:
        names = ThreadPoolExecutor(limits.concurrency, thread_name_prefix="fetcher-names")
        gate = _Gate(resolve, names, private_hosts)
        connector = aiohttp.TCPConnector(
            resolver=gate,
            socket_factory=gate.open_socket,
            ssl=_tls_context(None),
            limit=0,  # _Turns counts; a second queue would spend the request's own time
            keepalive_timeout=75,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=limits.connect),
            auto_decompress=False,
            trust_env=False,
            max_line_size=16_384,
            max_field_size=16_384,
            max_headers=500,
        )
        return cls(session, names, user_agent, private_hosts, limits)

    async def close(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._session.close()
        self._names.shutdown(wait=False, cancel_futures=True)

    async def settle_all(
        self, requests: Sequence[Request], room: asyncio.Semaphore, results: SimpleQueue[list[Result] | None]
    ) -> None:
        """Settle each request while there is room; puts lists of results, and None when it has ended."""
        rest = iter(requests)
        ready: list[Result] = []

        def hand_over() -> None:
            if ready:
                results.put(ready.copy())
                ready.clear()

        async def take_next() -> None:
            for request in rest:
                await room.acquire()
                result = await self.settle(request)
                if not ready:
                    self._loop.call_later(_HAND_OVER_EVERY, hand_over)
                ready.append((request, result))
                if len(ready) >= self._limits.concurrency:
                    hand_over()

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(len(requests), 2 * self._limits.concurrency)):
                    group.create_task(take_next())
        finally:
            hand_over()
            results.put(None)

    async def settle(self, request: Request) -> Fetched | SourceError:
        """The answer or the error, whatever happens: one bad source never stops a round."""
        try:
            return await self._read(request)
        except SourceError as error:
            return error
        except Exception as error:
            logger.exception("unexpected error while fetching")
            return FetchFailed(f"unexpected error ({type(error).__name__}); the log has its details")

    async def _read(self, request: Request) -> Fetched:
        target = check_url(request.url, private_hosts=self._private_hosts)
        seen = [target.url]
        permanent, downgraded = True, False
        encodings = "gzip, br"
        seconds = 0.0
        while True:
            host = await self._turns.begin(target)
            begun = self._loop.time()
            try:
                answer = await self._ask(target, request, encodings, self._limits.total - seconds)
            finally:
                self._turns.end(host)
            seconds += self._loop.time() - begun
            if answer.status in REDIRECTS:
                location = answer.headers.get("location", "")
                previous, target = target, next_hop(target, location, self._private_hosts)
                if target.url in seen:
                    raise FetchFailed(
                        f"{target.host} redirects in a circle; it may want cookies, give an address without"
                    )
                if len(seen) > self._limits.hops:
                    raise FetchFailed(
                        f"{previous.host} redirects more than {self._limits.hops} times; "
                        "give the address where it ends"
                    )
                seen.append(target.url)
                permanent = permanent and answer.status in PERMANENT_REDIRECTS
                downgraded = downgraded or (previous.parsed.scheme, target.parsed.scheme) == ("https", "http")
                continue
            if answer.status not in USABLE:
                raise _refusal(target.host, answer, self._limits)
            try:
                body = _inflate(answer, self._limits, target.host)
            except _WrongEncoding as cause:
                if encodings == "identity":
                    raise FetchFailed(
                        f"{target.host} sends a body that is not packed as it says ({cause}); tell the portal"
                    ) from cause
                encodings = "identity"
                continue
            if answer.status == 304 and not (request.etag or request.last_modified):
                raise FetchFailed(
                    f"{target.host} says that nothing changed (304) though we asked afresh; "
                    "a cache before it is broken, tell the portal"
                )
            if len(body) < _PEEK and _REJECTED in body:
                raise _refusal(target.host, answer, self._limits)
            moved = permanent and not downgraded and len(seen) > 1
            return _fetched(request, target, answer, body, moved, downgraded, seconds)

    async def _ask(self, target: CheckedUrl, request: Request, encodings: str, left: float) -> _Answer:
        """One GET, without redirects, in at most ``left`` seconds."""
        headers = {"User-Agent": self._user_agent, "Accept": request.accept, "Accept-Encoding": encodings}
        if etag := _sendable(request.etag):
            headers["If-None-Match"] = etag
        if last_modified := _sendable(request.last_modified):
            headers["If-Modified-Since"] = last_modified
        if request.accept == FEED_ACCEPT and (etag or last_modified):
            headers["A-IM"] = "feed"
        trust = True if request.ca_file is None else self._context(request.ca_file)
        try:
            async with (
                asyncio.timeout(left),
                self._session.get(
                    target.parsed, headers=headers, allow_redirects=False, ssl=trust
                ) as response,
            ):
                status = response.status
                received = _plain_headers(response.headers)
                if status == 304 or status in REDIRECTS:
                    return _Answer(status, received, b"")
                if status in USABLE:
                    wire = await _read_body(response, self._limits.wire_bytes, target.host)
                elif 400 <= status < 500 and status not in (404, 410, 429):
                    wire = await _read_start(response)
                else:
                    wire = b""
                return _Answer(status, received, wire)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise FetchFailed(_explain(error, target, self._limits)) from error

    def _context(self, ca_file: Path) -> ssl.SSLContext:
        try:
            stamp = ca_file.stat().st_mtime_ns
            kept = self._contexts.get(ca_file)
            if kept is None or kept[0] != stamp:
                kept = self._contexts[ca_file] = (stamp, _tls_context(ca_file))
        except OSError as cause:  # ssl.SSLError is one
            raise FetchFailed(
                f"the certificates in {ca_file} cannot be read ({cause.strerror or cause}); give a PEM file"
            ) from cause
        return kept[1]


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        context.load_verify_locations(ca_file)
        # The file most often holds the intermediate that a server forgets; trusting it must be enough.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


class _Gate(AbstractResolver):
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
        family, kind, proto, _, (address, port, *_) = info
        named = (address, port) in self._granted or authority(address, port) in self._private_hosts
        if not named and (why := refuse_address(address)):
            raise AddressRefused(private_text(address, authority(address, port), why))
        return socket.socket(family, kind, proto)

    async def close(self) -> None:
        pass


@dataclass(slots=True)
class _Host:
    """What is going on at one host."""

    slots: asyncio.Semaphore
    next_start: float = 0.0
    users: int = 0


@dataclass(slots=True)
class _Turns:
    """Whose turn it is: few requests at once in all, fewer at one host, and a pause between their starts."""

    limits: Limits
    _all: asyncio.Semaphore = field(init=False)
    _hosts: dict[str, _Host] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._all = asyncio.Semaphore(self.limits.concurrency)

    async def begin(self, target: CheckedUrl) -> _Host:
        """Wait until this may be asked; give what is returned to ``end`` afterwards."""
        # Named private hosts are machines of the house, often many ports of one: each port counts for itself.
        name = target.authority if target.private else target.host
        host = self._hosts.get(name)
        if host is None:
            self._forget_idle()
            host = self._hosts[name] = _Host(asyncio.Semaphore(self.limits.per_host))
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

    def end(self, host: _Host) -> None:
        """The answer is there, or will never be."""
        self._all.release()
        host.slots.release()
        host.users -= 1

    async def _pause(self, host: _Host, spacing: float) -> None:
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


# ----------------------------------------------------------------------------------------------------
# Reading an answer


def next_hop(target: CheckedUrl, location: str, private_hosts: frozenset[str]) -> CheckedUrl:
    """Where a redirect leads (RFC 9110, section 15.4), checked like a first address; raises AddressRefused.

    A host out in the world must not send us to a private one, even one that we may read for its own sake.
    """
    if not location:
        raise AddressRefused(f"{target.host} redirects without saying where; tell the portal")
    # Browsers accept both, so portals send both: spaces, and bytes that are not UTF-8.
    location = re.sub("[ \udc80-\udcff]", lambda odd: quote(odd[0], errors="surrogateescape"), location)
    try:
        step = check_url(urljoin(target.url, location), private_hosts=private_hosts)
    except (AddressRefused, ValueError) as cause:
        raise AddressRefused(
            f"{target.host} redirects to where we do not go ({cause}); see in a browser where it leads"
        ) from cause
    if step.private and not target.private:
        raise AddressRefused(
            f"{target.host} redirects to {step.authority}, which is private; give that address itself"
        )
    return step


def _plain_headers(received: Mapping[str, str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in received.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _readable(value: str) -> str:
    """A header's value as text that can be stored: bytes that are not UTF-8 become U+FFFD."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _sendable(validator: str | None) -> str | None:
    """A validator that can be sent back byte by byte; anything else is as good as none."""
    if validator and validator.isprintable():
        return validator
    return None


async def _read_body(response: aiohttp.ClientResponse, most: int, host: str) -> bytes:
    declared = response.content_length or 0
    chunks: list[bytes] = []
    size = 0
    if declared <= most:
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > most:
                break
            chunks.append(chunk)
    if max(size, declared) > most:
        raise FetchFailed(f"{host} sends more than {_size(most)}; give an address with fewer items")
    return b"".join(chunks)


async def _read_start(response: aiohttp.ClientResponse) -> bytes:
    start = b""
    with suppress(aiohttp.ClientPayloadError):
        while len(start) < _PEEK and (chunk := await response.content.readany()):
            start += chunk
    return start[:_PEEK]


def _size(number: int) -> str:
    return f"{number / 1_000_000:g} MB" if number >= 1_000_000 else f"{number / 1000:g} kB"


def _inflate(answer: _Answer, limits: Limits, host: str) -> bytes:
    """Undo the one content encoding of an answer (RFC 9110, section 8.4), within the limits.

    Raises _WrongEncoding where the bytes are not what they are said to be, FetchFailed where they grow too
    large. A body that is a gzip file by itself (``sitemap.xml.gz``) is opened too, under the same limits.
    """
    wire = answer.wire
    if not wire:
        return wire
    named = [name.strip() for name in answer.headers.get("content-encoding", "").lower().split(",")]
    named = [name for name in named if name not in ("", "identity")]
    if not named and wire.startswith(_GZIP):
        named = ["gzip"]
    if not named:
        return wire
    if len(named) > 1:
        raise FetchFailed(f"{host} compresses its answer {len(named)} times over; tell the portal")
    most = limits.inflated_bytes
    try:
        match named[0]:
            case "gzip" | "x-gzip":
                body = _unzip(wire, most, zlib.MAX_WBITS | 16)
            case "deflate":
                # Said to be zlib (RFC 9110, section 8.4.1.2); some servers send it without the wrapping.
                wrapped = wire[0] & 0x0F == 8 and int.from_bytes(wire[:2]) % 31 == 0
                body = _unzip(wire, most, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
            case "br":
                body = _unbrotli(wire, most)
            case other:
                raise _WrongEncoding(f"Content-Encoding: {other[:20]!a}")
    except (zlib.error, brotli.error) as cause:
        raise _WrongEncoding(f"not {named[0]}") from cause
    if len(body) > most or (len(body) > 1_000_000 and len(body) > limits.ratio * len(wire)):
        raise FetchFailed(
            f"{host} sends {_size(len(wire))} that grow beyond {_size(min(most, len(body)))} when unpacked; "
            "it looks like a bomb, tell the portal"
        )
    return body


def _unzip(wire: bytes, most: int, wbits: int) -> bytes:
    """Inflate at most one byte more than ``most``. A gzip file may have several members (RFC 1952)."""
    parts: list[bytes] = []
    size = 0
    for _ in range(100):  # each member costs a copy of what follows it
        member = zlib.decompressobj(wbits)
        parts.append(member.decompress(wire, most + 1 - size))
        size += len(parts[-1])
        if size > most:
            break
        if not member.eof:
            raise _WrongEncoding("it breaks off")
        wire = member.unused_data
        if not wire.startswith(_GZIP):
            break
    else:
        raise _WrongEncoding("too many parts")
    return b"".join(parts)


def _unbrotli(wire: bytes, most: int) -> bytes:
    """Inflate little more than ``most`` bytes of brotli (RFC 7932)."""
    stream = brotli.Decompressor()
    parts: list[bytes] = [stream.process(wire, output_buffer_limit=most + 1)]
    size = len(parts[0])
    while size <= most and not stream.is_finished():
        parts.append(stream.process(b"", output_buffer_limit=most + 1 - size))
        size += len(parts[-1])
        if not parts[-1]:
            raise _WrongEncoding("it breaks off")
    return b"".join(parts)


def _fetched(
    request: Request,
    target: CheckedUrl,
    answer: _Answer,
    body: bytes,
    moved: bool,
    downgraded: bool,
    seconds: float,
) -> Fetched:
    received = answer.headers
    headers = {name: _readable(value) for name, value in received.items()}
    unchanged = answer.status == 304
    kind = headers.get("content-type", "")
    charset = _CHARSET.search(kind)
    return Fetched(
        request=request,
        url=target.url,
        status=answer.status,
        body=body,
        content_type=kind.partition(";")[0].strip().lower() or None,
        charset=charset[1].lower() if charset else None,
        etag=_sendable(received.get("etag")) or (request.etag if unchanged else None),
        last_modified=_sendable(received.get("last-modified"))
        or (request.last_modified if unchanged else None),
        permanent_url=target.url if moved else None,
        downgraded=downgraded,
        headers=headers,
        seconds=seconds,
    )


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


# ----------------------------------------------------------------------------------------------------
# Saying what went wrong


_GZIP = b"\x1f\x8b\x08"
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"',]+)""", re.IGNORECASE)
_REJECTED = b"The requested URL was rejected"
"""F5's firewall says this with status 200, so that it would pass for content."""
_FIREWALLS = (
    (b"viettel waf", "Viettel WAF"),
    (b"cloudflare", "Cloudflare"),
    (_REJECTED.lower(), "F5"),
    (b"incapsula", "Imperva"),
    (b"sucuri", "Sucuri"),
    (b"fortiweb", "FortiWeb"),
    (b"fortiguard", "FortiGuard"),
    (b"modsecurity", "ModSecurity"),
    (b"mod_security", "ModSecurity"),
    (b"web application firewall", "a web application firewall"),
)
_STATUS_WORDS = {
    401: "wants a password (401); give an address that is open to everyone, or ask the portal for one",
    403: "refuses us (403); ask the portal to let our User-Agent or our address in",
    404: "has nothing at this address (404); see in a browser where the source is now",
    410: "says that the source is gone for good (410); give its new address or take it out",
    429: "asks us to come less often (429); we wait, make the source's `every` longer if it happens again",
    503: "is not available for now (503); we try again later",
}


def _refusal(host: str, answer: _Answer, limits: Limits) -> FetchFailed:
    """The error for a status that brings no source, with the firewall named where one wrote the answer."""
    status = answer.status
    if wall := _firewall(answer, limits):
        says = f"takes us for an attacker ({status}, {wall}); ask the portal to let our User-Agent in"
    elif status in _STATUS_WORDS:
        says = _STATUS_WORDS[status]
    elif status >= 500:
        says = f"has a fault of its own ({status}); we try again later, tell the portal if it lasts"
    elif status >= 400:
        says = f"rejects our request ({status}); see in a browser whether the address is right"
    else:
        says = f"answers with status {status}, which brings no source; see in a browser what it says"
    wait = (
        read_retry_after(answer.headers.get("retry-after"), now=datetime.now(UTC)) if status >= 400 else None
    )
    return FetchFailed(f"{host} {says}", permanent=status == 410, retry_after=wait)


def _firewall(answer: _Answer, limits: Limits) -> str | None:
    if "cf-mitigated" in answer.headers:
        return "a Cloudflare challenge, cf-mitigated"
    if "x-amzn-waf-action" in answer.headers:
        return "AWS WAF"
    try:
        page = _inflate(answer, limits, "")
    except (_WrongEncoding, FetchFailed):
        page = answer.wire
    page = page[:_PEEK].lower()
    for mark, name in _FIREWALLS:
        if mark in page:
            return name
    return None


def _explain(error: BaseException, target: CheckedUrl, limits: Limits) -> str:
    """One plain line for what the network did to us."""
    host = target.host
    match error:
        case aiohttp.ConnectionTimeoutError():
            return f"{host} does not answer within {limits.connect:g} s; it may be down, or may drop us"
        case TimeoutError():
            return f"{host} is too slow: no whole answer within {limits.total:g} s; we try again later"
        case aiohttp.ClientConnectorDNSError():
            return f"{host} is not found in DNS; check its spelling, or see whether the portal has moved"
        case aiohttp.ClientConnectorCertificateError():
            return _explain_certificate(host, error.certificate_error)
        case aiohttp.ClientSSLError():
            return f"{host} and we agree on no TLS ({_reason(error.os_error)}); tell the portal to mend it"
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, ConnectionRefusedError):
            return (
                f"{host} refuses connections on port {target.port}; the server may be down or the port wrong"
            )
        case aiohttp.ClientConnectorError():
            return f"{host} cannot be reached ({_reason(error.os_error)}); we try again later"
        case aiohttp.ClientPayloadError():
            return f"{host} breaks off in the middle of its answer; we try again later"
        case aiohttp.ClientResponseError():
            return f"{host} answers with something that is not proper HTTP; tell the portal"
        case _:
            return f"{host} hangs up before it has answered; we try again later"


def _explain_certificate(host: str, error: Exception) -> str:
    """OpenSSL's verdict in words (``openssl verify``, "Diagnostics", gives the codes)."""
    match getattr(error, "verify_code", 0):
        case 10:
            return f"the TLS certificate of {host} has expired; tell the portal to renew it"
        case 18 | 19:
            return f"the TLS certificate of {host} is signed by itself; if it is right, give it as ca_file"
        case 20 | 21:
            return (
                f"the TLS certificate of {host} leads to no authority that we know; its server likely sends "
                "an incomplete chain: give the missing certificate as ca_file"
            )
        case 62 | 64:
            return f"the TLS certificate of {host} is for another host; check the address or tell the portal"
        case _:
            return f"the TLS certificate of {host} is not valid ({_reason(error)}); tell the portal"


def _reason(error: Exception) -> str:
    """The shortest true words of an operating system or OpenSSL error."""
    if isinstance(error, ssl.SSLError):
        return (getattr(error, "verify_message", "") or error.reason or "TLS error").lower().replace("_", " ")
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__
