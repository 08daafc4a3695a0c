"""A portal on loopback for the tests of fetching: it says exactly the bytes a test gives it, at any speed.

Nothing here knows HTTP beyond where a request ends, so that it can be as wrong as real servers are.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Play = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""An answer that does more than send bytes. The connection is closed after it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came: its first line, the header lines as bytes, the body, and on which connection."""

    method: str
    path: str
    lines: tuple[bytes, ...]
    body: bytes
    connection: int

    def header(self, name: str) -> bytes | None:
        """The exact bytes of a header, or None."""
        for line in self.lines:
            key, _, value = line.partition(b": ")
            if key.decode().lower() == name:
                return value
        return None


@dataclass(slots=True)
class PortalDouble:
    """Answers each path with what stands in ``plays`` for it, the last answer again and again."""

    host: str = "127.0.0.1"
    port: int = 0
    plays: dict[str, list[bytes | Play]] = field(default_factory=lambda: defaultdict(list))
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def url(self, path: str, *, host: str | None = None, scheme: str = "http") -> str:
        return f"{scheme}://{host or self.host}:{self.port}{path}"

    def authority(self, host: str | None = None) -> str:
        return f"{host or self.host}:{self.port}"

    def on(self, path: str, *answers: bytes | Play) -> str:
        """Say these at this path, one after the other; returns the path's URL."""
        self.plays[path] = list(answers)
        return self.url(path)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        number = self.connections
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
                method, path, _ = first.decode("ascii").split(" ")
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                self.asked.append(Asked(method, path, tuple(lines), body, number))
                answers = self.plays[path]
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                    if b"content-length:" not in answer.lower() and b" 304 " not in answer[:16]:
                        break
                else:
                    await answer(writer)
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ssl.SSLError):
            pass  # the other side hung up, or the test is over
        finally:
            self.writers.discard(writer)
            writer.close()


def reply(status: str = "200 OK", body: bytes = b"", *headers: str) -> bytes:
    """An honest answer: status line, headers, Content-Length, body."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def portal_on_loopback(*, tls: ssl.SSLContext | None = None) -> Iterator[PortalDouble]:
    """A PortalDouble that listens, in a thread of its own, until the block ends."""
    portal = PortalDouble()
    loop = asyncio.new_event_loop()
    listening = threading.Event()

    async def live() -> None:
        server = await asyncio.start_server(portal.serve, portal.host, 0, ssl=tls)
        portal.port = server.sockets[0].getsockname()[1]
        listening.set()
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            for writer in portal.writers:
                writer.transport.abort()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await server.wait_closed()
            for _ in range(3):  # transports close themselves in the turns after
                await asyncio.sleep(0)

    life = loop.create_task(live())
    thread = threading.Thread(target=_run, args=(loop, life), name="portal")
    thread.start()
    listening.wait(10)
    try:
        yield portal
    finally:
        loop.call_soon_threadsafe(life.cancel)
        thread.join()


def _run(loop: asyncio.AbstractEventLoop, life: asyncio.Task[None]) -> None:
    loop.run_until_complete(asyncio.gather(life, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
