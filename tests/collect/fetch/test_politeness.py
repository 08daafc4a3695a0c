"""Portals are asked seldom enough, one after the other, and not before they want to be."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.collect.address import check_url
from syndication.collect.fetch import LONGEST_RETRY_AFTER, Limits, Patience, Request, read_retry_after
from syndication.collect.fetch.politeness import HOST_WAIT, LONGEST_HOST_WAIT, REFUSED_TOGETHER, Turns
from syndication.errors import FetchFailed, HostWaits
from tests.collect.fetch.asking import BODY, NAME, OTHER, MakeFetcher, failure
from tests.collect.portal_double import PortalDouble, reply

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_we_stay_away_as_long_as_we_are_asked(
    portal: PortalDouble, fetcher_for: MakeFetcher, status: str
) -> None:
    fetcher = fetcher_for(portal)
    assert failure(fetcher, portal.on("/rss", reply(status, b"", "Retry-After: 120"))).retry_after == 120
    at = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    wait = failure(fetcher, portal.on("/rss", reply(status, b"", f"Retry-After: {at}"))).retry_after
    assert wait is not None
    assert 3500 < wait <= 3600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("86401", LONGEST_RETRY_AFTER),
        ("9" * 5000, LONGEST_RETRY_AFTER),
        ("0" * 5000 + "7", 7),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60),
        ("Mon, 23 Nov 2026 12:01:00", 60),
        ("Monday, 23-Nov-26 12:01:00 GMT", 60),
        ("Wed, 23 Nov 2099 12:01:00 GMT", LONGEST_RETRY_AFTER),
        ("Mon, 23 Nov 2026 11:59:00 GMT", None),
        ("0", None),
        ("-5", None),
        ("1e9", None),
        ("inf", None),
        ("²", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Mon, 99 Foo 99999 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_never_for_more_than_a_day(
    value: str | None, seconds: float | None
) -> None:
    assert read_retry_after(value, now=NOW) == seconds


@settings(deadline=None)
@given(
    st.one_of(
        st.text(), st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ .*", fullmatch=True)
    )
)
def test_no_retry_after_harms_us(value: str) -> None:
    seconds = read_retry_after(value, now=NOW)
    assert seconds is None or 0 < seconds <= LONGEST_RETRY_AFTER


def test_no_host_gets_more_than_two_requests_at_once(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    gate = asyncio.Event()
    active = [0]
    two = threading.Event()

    async def wait_for_the_gate(writer: asyncio.StreamWriter) -> None:
        active[0] += 1
        if active[0] == 2:
            two.set()
        await gate.wait()
        active[0] -= 1
        writer.write(reply("200 OK", BODY))
        await writer.drain()

    async def open_the_gate(writer: asyncio.StreamWriter) -> None:
        gate.set()
        writer.write(reply("200 OK", BODY))
        await writer.drain()

    urls = [portal.on(f"/{n}", wait_for_the_gate) for n in range(10)]
    portal.on("/other", reply("200 OK", BODY))
    portal.on("/open", open_the_gate)
    fetcher = fetcher_for(portal)
    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(list, fetcher.fetch_all(Request(url=url) for url in urls))
        assert two.wait(10)
        for _ in range(10):  # another host is not held up, and in that time a third would have come
            fetcher.fetch(Request(url=portal.url("/other", host=OTHER)))
        assert active[0] == 2
        fetcher.fetch(Request(url=portal.url("/open", host=OTHER)))
        assert len(answers.result(10)) == 10


def test_all_hosts_together_keep_the_limit() -> None:
    async def ten_hosts() -> int:
        turns = Turns(Limits(concurrency=3))
        active = most = 0

        async def one(number: int) -> None:
            nonlocal active, most
            host = await turns.begin(check_url(f"http://p{number}.example/", private_hosts=frozenset()))
            active += 1
            most = max(most, active)
            for _ in range(5):
                await asyncio.sleep(0)
            active -= 1
            turns.end(host)

        await asyncio.gather(*(one(number) for number in range(10)))
        return most

    assert asyncio.run(ten_hosts()) == 3


def test_starts_at_one_host_are_spaced_and_other_hosts_do_not_wait() -> None:
    async def starts() -> list[tuple[str, float]]:
        turns = Turns(Limits(spacing=0.06))
        order: list[tuple[str, float]] = []

        async def one(url: str) -> None:
            target = check_url(url, private_hosts=frozenset({"intranet:80"}))
            host = await turns.begin(target)
            order.append((target.host, host.next_start))
            turns.end(host)

        same = [asyncio.create_task(one(f"http://{NAME}/{n}")) for n in range(4)]
        await asyncio.sleep(0)
        await one(f"http://{OTHER}/")
        for _ in range(3):
            await one("http://intranet/")
        await asyncio.gather(*same)
        return order

    order = asyncio.run(starts())
    assert [host for host, _ in order] == [NAME, OTHER, *["intranet"] * 3, *[NAME] * 3]
    gaps = [later - earlier for earlier, later in pairwise(at for host, at in order if host == NAME)]
    assert min(gaps) >= 0.06 - 1e-6


# A host that refuses several addresses


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_host_that_refuses_three_addresses_is_left_alone_and_other_hosts_are_not(
    portal: PortalDouble, fetcher_for: MakeFetcher, status: str
) -> None:
    fetcher = fetcher_for(portal)
    for number, wait in enumerate((30, 600, 60)):
        portal.on(f"/{number}", reply(status, b"", f"Retry-After: {wait}"))
        assert not isinstance(failure(fetcher, portal.url(f"/{number}", host=NAME)), HostWaits)
    portal.on("/well", reply("200 OK", BODY))
    heard = len(portal.asked)
    told = failure(fetcher, portal.url("/well", host=NAME))
    assert isinstance(told, HostWaits)
    assert "asks us to come less often" in str(told)
    assert "try again in 10 min" in str(told)
    assert told.retry_after is not None
    assert 590 < told.retry_after <= 600
    assert len(portal.asked) == heard
    assert fetcher.fetch(Request(url=portal.url("/well", host=OTHER))).body == BODY


def test_the_same_address_refused_again_and_again_speaks_only_for_itself(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    fetcher = fetcher_for(portal)
    url = portal.on("/busy", reply("429 Too Many Requests", b"", "Retry-After: 86400"))
    for _ in range(5):
        assert "(429)" in str(failure(fetcher, url))
    assert fetcher.fetch(Request(url=portal.on("/well", reply("200 OK", BODY)))).body == BODY


def test_a_host_cannot_shut_us_out_of_another_by_sending_us_there_to_be_refused(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    fetcher = fetcher_for(portal)
    for number in range(5):
        busy = portal.url(f"/busy-{number}", host=OTHER)
        portal.on(f"/busy-{number}", reply("429 Too Many Requests", b"", "Retry-After: 86400"))
        portal.on(f"/{number}", reply("302 Found", b"", f"Location: {busy}"))
        assert isinstance(failure(fetcher, portal.url(f"/{number}", host=NAME)), FetchFailed)
    portal.on("/well", reply("200 OK", BODY))
    assert fetcher.fetch(Request(url=portal.url("/well", host=OTHER))).body == BODY


@pytest.mark.parametrize(
    ("waits", "left"),
    [
        ((10, 300, 20), 300),
        ((None, None, None), HOST_WAIT),
        ((10, 10, LONGEST_RETRY_AFTER), LONGEST_HOST_WAIT),
        ((10, 300), 0),
    ],
)
def test_the_longest_wait_counts_up_to_a_third_of_a_day(waits: tuple[float | None, ...], left: float) -> None:
    patience = Patience()
    for number, wait in enumerate(waits):
        patience.refused(NAME, f"/{number}", wait=wait, now=1000)
    assert patience.left(NAME, now=1000) == left
    assert patience.left(NAME, now=1000 + left) == 0
    assert patience.left(OTHER, now=1000) == 0


def test_refusals_far_apart_have_nothing_to_do_with_one_another() -> None:
    patience = Patience()
    for number in range(6):
        now = number * REFUSED_TOGETHER / 2
        patience.refused(NAME, f"/{number}", wait=3600, now=now)
        assert patience.left(NAME, now=now) == 0
