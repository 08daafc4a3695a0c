"""Asks portals for the rest of the program: a plain class that any thread may use."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from queue import SimpleQueue
from types import TracebackType

from syndication.collect.fetch.client import Client
from syndication.collect.fetch.door import Resolve, look_up
from syndication.collect.fetch.exchange import DEFAULT_LIMITS, Fetched, Limits, Request, Result
from syndication.collect.fetch.politeness import spread
from syndication.errors import SourceError


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
        self._running: tuple[asyncio.AbstractEventLoop, threading.Thread, Client] | None = None
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
        waiting = spread(requests)
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
                # Seldom, since each call wakes the other thread.
                if left and taken >= self._limits.concurrency:
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

    def _start(self) -> tuple[asyncio.AbstractEventLoop, Client]:
        with self._lock:
            if self._closed:
                raise RuntimeError("the fetcher is closed")
            if self._running is None:
                loop = asyncio.new_event_loop()
                thread = threading.Thread(target=loop.run_forever, name="fetcher", daemon=True)
                thread.start()
                making = Client.make(
                    user_agent=self._user_agent,
                    private_hosts=self._private_hosts,
                    limits=self._limits,
                    resolve=self._resolve,
                )
                self._running = loop, thread, asyncio.run_coroutine_threadsafe(making, loop).result()
            return self._running[0], self._running[2]


def _make_room(room: asyncio.Semaphore, taken: int) -> None:
    for _ in range(taken):
        room.release()
