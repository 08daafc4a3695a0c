"""Asks one request or many inside the event loop: takes turns, follows redirects, settles every request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from urllib.parse import urlencode

import aiohttp

from syndication.collect.address import CheckedUrl, check_url
from syndication.collect.fetch.body import WrongEncoding, inflate, read_body, read_start
from syndication.collect.fetch.door import Gate, Resolve, open_session
from syndication.collect.fetch.exchange import Answer, Fetched, Limits, Request, Result
from syndication.collect.fetch.failures import explain, passes_for_content, refusal
from syndication.collect.fetch.headers import fetched, headers_for, plain_headers
from syndication.collect.fetch.politeness import REFUSALS, Turns
from syndication.collect.fetch.redirects import REDIRECTS, Trail
from syndication.collect.fetch.trust import Trust
from syndication.errors import FetchFailed, SourceError

logger = logging.getLogger(__name__)

USABLE = frozenset({200, 203, 226, 304})
UNPACKED = "identity"
_HAND_OVER_EVERY = 0.005
"""Seconds. Waking the reader's thread for each answer costs nearly as much as the answer itself."""


class Client:
    """The part of Fetcher that lives in the event loop."""

    def __init__(
        self, *, user_agent: str, private_hosts: frozenset[str], limits: Limits, resolve: Resolve
    ) -> None:
        self._user_agent = user_agent
        self._private_hosts = private_hosts
        self._limits = limits
        self._names = ThreadPoolExecutor(limits.concurrency, thread_name_prefix="fetcher-names")
        gate = Gate(resolve, self._names, private_hosts)
        self._asking = open_session(gate, limits, keep=True)
        # What is kept may be closing at the other end; a question is then asked again, a form could not be.
        self._sending = open_session(gate, limits, keep=False)
        self._trust = Trust()
        self._turns = Turns(limits)
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def make(
        cls, *, user_agent: str, private_hosts: frozenset[str], limits: Limits, resolve: Resolve
    ) -> Client:
        """The same, from outside the loop."""
        return cls(user_agent=user_agent, private_hosts=private_hosts, limits=limits, resolve=resolve)

    async def close(self) -> None:
        """Cancel what is under way and close every connection."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._asking.close()
        await self._sending.close()
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
        asked = check_url(request.url, private_hosts=self._private_hosts)
        trail = Trail(asked)
        # A form must not arrive twice, so its answer comes as it is and is never asked for once more.
        encodings = UNPACKED if request.form else "gzip, br"
        seconds = 0.0
        while True:
            turn = await self._turns.begin(trail.target)
            begun = self._loop.time()
            try:
                answer = await self._ask(trail.target, request, encodings, self._limits.total - seconds)
            finally:
                self._turns.end(turn)
            seconds += self._loop.time() - begun
            if answer.status in REDIRECTS:
                trail.follow(
                    answer,
                    private_hosts=self._private_hosts,
                    hops=self._limits.hops,
                    sending=bool(request.form),
                )
                continue
            host = trail.target.host
            if not _usable(request, answer.status):
                trouble = refusal(host, answer, self._limits)
                # Who sends us elsewhere to be refused there must not shut us out from that host.
                if trouble.status in REFUSALS and host == asked.host:
                    self._turns.refused(trail.target, wait=trouble.retry_after)
                raise trouble
            try:
                body = inflate(answer, self._limits, host)
            except WrongEncoding as cause:
                if encodings == UNPACKED:
                    raise FetchFailed(
                        f"{host} sends a body that is not packed as it says ({cause}); tell the portal"
                    ) from cause
                encodings = UNPACKED
                continue
            if answer.status == 304 and not (request.etag or request.last_modified):
                raise FetchFailed(
                    f"{host} says that nothing changed (304) though we asked afresh; "
                    "a cache before it is broken, tell the portal"
                )
            if passes_for_content(answer, body):
                raise refusal(host, answer, self._limits)
            return fetched(request, trail, answer, body=body, seconds=seconds)

    async def _ask(self, target: CheckedUrl, request: Request, encodings: str, left: float) -> Answer:
        """One GET or POST, without redirects, in at most ``left`` seconds."""
        session = self._sending if request.form else self._asking
        try:
            async with (
                asyncio.timeout(left),
                session.request(
                    "POST" if request.form else "GET",
                    target.parsed,
                    data=urlencode(request.form).encode() if request.form else None,
                    headers=headers_for(request, user_agent=self._user_agent, encodings=encodings),
                    allow_redirects=False,
                    ssl=self._trust.in_file(request.ca_file) if request.ca_file else True,
                ) as response,
            ):
                status = response.status
                received = plain_headers(response.headers)
                if status == 304 or status in REDIRECTS:
                    return Answer(status, received, b"")
                if _usable(request, status):
                    wire = await read_body(response, self._limits.wire_bytes, target.host)
                elif 400 <= status < 500 and status not in (404, 410, 429):
                    wire = await read_start(response)
                else:
                    wire = b""
                return Answer(status, received, wire)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise FetchFailed(explain(error, target, self._limits, request.ca_file)) from error


def _usable(request: Request, status: int) -> bool:
    """Who takes a form says so with any 2xx; of a source only some statuses bring something."""
    return 200 <= status < 300 if request.form else status in USABLE
