"""Nobody holds us up for longer than the limits say, however slowly they speak."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from syndication.collect.fetch import Limits
from tests.collect.fetch.asking import NAME, MakeFetcher, failure
from tests.collect.portal_double import PortalDouble, reply


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nX", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_a_drip_ends_at_the_deadline(portal: PortalDouble, fetcher_for: MakeFetcher, head: bytes) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(b"x" if head else b"")
            await writer.drain()
            await asyncio.sleep(0.02)

    url = portal.on("/rss", drip)
    fetcher = fetcher_for(portal, limits=Limits(total=0.4))
    begun = time.monotonic()
    line = str(failure(fetcher, url))
    assert "too slow" in line
    assert "0.4 s" in line
    assert 0.3 < time.monotonic() - begun < 2


def test_the_deadline_counts_all_hops_together(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    async def wait_and_go_on(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.25)
        portal.plays[f"/{len(portal.asked)}"] = [wait_and_go_on]
        writer.write(reply("302 Found", b"", f"Location: /{len(portal.asked)}"))
        await writer.drain()

    fetcher = fetcher_for(portal, limits=Limits(total=0.6))
    begun = time.monotonic()
    assert "too slow" in str(failure(fetcher, portal.on("/0", wait_and_go_on)))
    assert time.monotonic() - begun < 2
    assert len(portal.asked) in (2, 3)


def test_a_server_that_asks_for_patience_again_and_again_ends_at_the_deadline(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    async def early_hints(writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    url = portal.on("/rss", early_hints)
    assert "no whole answer within 0.4 s" in str(failure(fetcher_for(portal, limits=Limits(total=0.4)), url))


def test_a_server_that_never_speaks_tls_is_given_up(fetcher_for: MakeFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        double = PortalDouble(port=silent.getsockname()[1])
        fetcher = fetcher_for(double, limits=Limits(connect=0.3))
        assert "within 0.3 s" in str(failure(fetcher, double.url("/", scheme="https")))


def test_a_name_server_that_never_answers_is_given_up(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    answer = threading.Event()

    def hang(host: str, port: int) -> list[str]:
        answer.wait(10)
        return ["127.0.0.1"]

    fetcher = fetcher_for(portal, limits=Limits(connect=0.2), resolve=hang)
    assert "within 0.2 s" in str(failure(fetcher, portal.url("/rss", host=NAME)))
    answer.set()
