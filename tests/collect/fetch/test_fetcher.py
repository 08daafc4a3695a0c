"""Many requests at once, from several threads, and the end of it all."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from syndication.collect.fetch import Fetched, Fetcher, Limits, Request
from syndication.errors import SourceError
from tests.collect.fetch.asking import AGENT, BODY, OTHER, MakeFetcher
from tests.collect.portal_double import PortalDouble, reply


def test_one_bad_source_never_stops_a_round(
    portal: PortalDouble, fetcher_for: MakeFetcher, caplog: pytest.LogCaptureFixture
) -> None:
    def resolve(host: str, port: int) -> list[str]:
        if host == OTHER:
            raise ArithmeticError("a bug in a resolver")
        return ["127.0.0.1"]

    good = [portal.on(f"/good/{n}", reply("200 OK", BODY + str(n).encode())) for n in range(150)]
    bad = {
        portal.on("/404", reply("404 Not Found")): "404",
        portal.on("/ssh", b"SSH-2.0\r\n\r\n"): "not proper HTTP",
        portal.url("/x", host=OTHER): "unexpected error (ArithmeticError)",
        "http://10.0.0.1/": "a private network",
        "not an address": "space",
    }
    requests = [Request(url=url) for url in [*good[:70], *bad, *good[70:]]]
    with caplog.at_level(logging.ERROR):
        results = list(fetcher_for(portal, resolve=resolve).fetch_all(iter(requests)))
    assert sorted(request.url for request, _ in results) == sorted(request.url for request in requests)
    for request, result in results:
        if request.url in bad:
            assert isinstance(result, SourceError)
            assert bad[request.url] in str(result)
        else:
            assert isinstance(result, Fetched)
            assert result.request is request
            assert result.body.decode().endswith(request.url.rpartition("/")[2])
    assert "a bug in a resolver" in caplog.text


def test_nothing_to_ask_is_nothing_done(fetcher_for: MakeFetcher) -> None:
    assert list(fetcher_for().fetch_all([])) == []


def test_a_round_left_early_is_cancelled_and_the_next_works(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    async def never(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    quick = portal.on("/quick", reply("200 OK", BODY))
    slow = portal.on("/slow", never)
    fetcher = fetcher_for(portal, limits=Limits(per_host=8))
    with_slow = fetcher.fetch_all([Request(url=quick), *[Request(url=slow)] * 7])
    assert next(with_slow)[0].url == quick
    with_slow.close()  # type: ignore[attr-defined]
    assert [request.url for request, _ in fetcher.fetch_all([Request(url=quick)] * 20)] == [quick] * 20


def test_a_reader_may_ask_for_more_while_it_reads(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    urls = [portal.on(f"/{n}", reply("200 OK", BODY)) for n in range(40)]
    fetcher = fetcher_for(portal, limits=Limits(concurrency=2, per_host=1))
    for request, _ in fetcher.fetch_all(Request(url=url) for url in urls):
        assert fetcher.fetch(Request(url=request.url)).body == BODY


def test_a_slow_reader_slows_the_asking(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    urls = [portal.on(f"/{n}", reply("200 OK", BODY)) for n in range(60)]
    fetcher = fetcher_for(portal, limits=Limits(concurrency=3))
    results = fetcher.fetch_all(Request(url=url) for url in urls)
    next(results)
    for _ in range(20):  # time enough to ask for much more
        fetcher.fetch(Request(url=urls[0]))
    assert len(portal.asked) <= 20 + 6
    assert len(list(results)) == 59


def test_several_threads_may_ask_at_once(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    url = portal.on("/rss", reply("200 OK", BODY))
    fetcher = fetcher_for(portal)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: fetcher.fetch(Request(url=url)).body, range(40)))
    assert answers == [BODY] * 40


def test_closing_ends_the_thread_and_what_is_under_way(portal: PortalDouble) -> None:
    asked = threading.Event()

    async def never(writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.Event().wait()

    url = portal.on("/rss", never)
    fetcher = Fetcher(user_agent=AGENT, private_hosts=frozenset({portal.authority()}))
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(fetcher.fetch, Request(url=url))
        many = pool.submit(list, fetcher.fetch_all([Request(url=url)]))
        assert asked.wait(10)
        fetcher.close()
        for waiting in (one, many):
            with pytest.raises(RuntimeError, match="closed"):
                waiting.result(10)
    fetcher.close()
    with pytest.raises(RuntimeError, match="closed"):
        fetcher.fetch(Request(url=url))
    assert "fetcher" not in {thread.name for thread in threading.enumerate()}


def test_a_fetcher_that_was_never_used_starts_no_thread() -> None:
    before = threading.active_count()
    with Fetcher(user_agent=AGENT):
        assert threading.active_count() == before
