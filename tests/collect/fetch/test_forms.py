"""Forms, such as the ping of a WebSub hub, go through the same door, in the same manner, and only once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import parse_qsl

import brotli
import pytest

from syndication.collect.fetch import Limits, Request
from syndication.errors import AddressRefused, FetchFailed
from tests.collect.fetch.asking import AGENT, BODY, NAME, MakeFetcher, failure, zipped
from tests.collect.portal_double import PortalDouble, reply

PING = (("hub.mode", "publish"), ("hub.url", "https://tin.example.vn/feeds/all.atom?a=1&b=2"))


def ping(url: str) -> Request:
    return Request(url=url, form=PING)


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted", "204 No Content"])
def test_a_form_is_posted_and_any_success_is_one(
    portal: PortalDouble, fetcher_for: MakeFetcher, status: str
) -> None:
    url = portal.on("/hub", reply(status))
    taken = fetcher_for(portal).fetch(ping(url))
    assert (taken.status, taken.body, taken.permanent_url) == (int(status[:3]), b"", None)
    asked = portal.asked[0]
    assert asked.method == "POST"
    assert tuple(parse_qsl(asked.body.decode("ascii"))) == PING
    assert asked.header("content-type") == b"application/x-www-form-urlencoded"


def test_a_form_may_hold_a_name_twice_and_vietnamese(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    form = (("hub.url", "https://a.vn/"), ("hub.url", "https://b.vn/"), ("tên", "Chuyển đổi số & A+B"))
    fetcher_for(portal).fetch(Request(url=portal.on("/hub", reply("204 No Content")), form=form))
    assert tuple(parse_qsl(portal.asked[0].body.decode("ascii"))) == form


def test_with_a_form_we_say_who_we_are_and_nothing_else(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    url = portal.on("/hub", reply("204 No Content"))
    fetcher_for(portal).fetch(replace(ping(url), etag='"1"', last_modified="hôm qua"))
    asked = portal.asked[0]
    names = {line.partition(b":")[0].lower() for line in asked.lines}
    assert names == {
        *(b"host", b"user-agent", b"accept", b"accept-encoding"),
        *(b"content-type", b"content-length", b"connection"),
    }
    assert asked.header("user-agent") == AGENT.encode()


@pytest.mark.parametrize("code", [307, 308])
def test_a_redirect_that_keeps_the_method_keeps_the_form(
    portal: PortalDouble, fetcher_for: MakeFetcher, code: int
) -> None:
    portal.on("/old", reply(f"{code} Moved", b"", "Location: /hub"))
    end = portal.on("/hub", reply("204 No Content"))
    taken = fetcher_for(portal).fetch(ping(portal.url("/old")))
    assert taken.url == end
    assert taken.permanent_url == (end if code == 308 else None)
    first, second = portal.asked
    assert (second.path, second.method, second.body) == ("/hub", "POST", first.body)


@pytest.mark.parametrize("code", [301, 302, 303])
def test_a_redirect_that_would_lose_the_form_is_an_error(
    portal: PortalDouble, fetcher_for: MakeFetcher, code: int
) -> None:
    portal.on("/hub", reply("204 No Content"))
    error = failure(
        fetcher_for(portal), ping(portal.on("/old", reply(f"{code} Moved", b"", "Location: /hub")))
    )
    assert isinstance(error, FetchFailed)
    assert f"would lose it ({code})" in str(error)
    assert [asked.path for asked in portal.asked] == ["/old"]


def test_redirects_of_a_form_end(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    fetcher = fetcher_for(portal)
    portal.on("/a", reply("307 Moved", b"", "Location: /b"))
    portal.on("/b", reply("307 Moved", b"", "Location: /a"))
    assert "in a circle" in str(failure(fetcher, ping(portal.url("/a"))))
    for step in range(7):
        portal.on(f"/{step}", reply("308 Moved", b"", f"Location: /{step + 1}"))
    assert "more than 5 times" in str(failure(fetcher, ping(portal.url("/0"))))
    assert len(portal.asked) == 2 + 6


def test_a_form_never_reaches_a_private_address(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    fetcher = fetcher_for(portal)
    assert isinstance(failure(fetcher, ping("http://evil.example:8080/hub")), AddressRefused)
    assert portal.connections == 0
    for inside in ("http://127.0.0.1:1/", "http://evil.example:8080/", "http://169.254.169.254/"):
        url = portal.on("/hub", reply("307 Moved", b"", f"Location: {inside}"))
        assert isinstance(failure(fetcher, ping(url)), AddressRefused)
    assert {asked.path for asked in portal.asked} == {"/hub"}


@pytest.mark.parametrize(
    "answer",
    [
        reply("200 OK", BODY, "Content-Encoding: gzip"),
        reply("200 OK", brotli.compress(BODY)[:-3], "Content-Encoding: br"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc",
    ],
    ids=["not gzip", "cut brotli", "cut body"],
)
def test_a_form_whose_answer_cannot_be_read_is_not_sent_again(
    portal: PortalDouble, fetcher_for: MakeFetcher, answer: bytes
) -> None:
    async def say_it_and_hang_up(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    assert isinstance(failure(fetcher_for(portal), ping(portal.on("/hub", say_it_and_hang_up))), FetchFailed)
    assert [asked.header("accept-encoding") for asked in portal.asked] == [b"identity"]


def test_a_form_goes_over_a_connection_of_its_own_and_is_not_sent_again_when_that_breaks(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    async def hang_up(writer: asyncio.StreamWriter) -> None:
        writer.close()

    fetcher = fetcher_for(portal)
    rss, taken = portal.on("/rss", reply("200 OK", BODY)), portal.on("/hub", reply("204 No Content"))
    for request in (Request(url=rss), ping(taken), ping(taken), Request(url=rss)):
        fetcher.fetch(request)
    assert "hangs up" in str(failure(fetcher, ping(portal.on("/broken", hang_up))))
    assert [(asked.path, asked.connection) for asked in portal.asked] == [
        *(("/rss", 1), ("/hub", 2), ("/hub", 3), ("/rss", 1)),
        ("/broken", 4),
    ]


def test_the_answer_to_a_form_is_bounded_in_size_and_time(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    async def never(writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    fetcher = fetcher_for(portal, limits=Limits(wire_bytes=1000, inflated_bytes=10_000, total=0.3))
    large = portal.on("/large", reply("202 Accepted", b"x" * 1001))
    assert "more than 1 kB" in str(failure(fetcher, ping(large)))
    bomb = portal.on("/bomb", reply("202 Accepted", zipped(b"\0" * 100_000), "Content-Encoding: gzip"))
    assert "bomb" in str(failure(fetcher, ping(bomb)))
    assert "too slow" in str(failure(fetcher, ping(portal.on("/never", never))))


def test_forms_wait_their_turn_with_questions(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    active = [0, 0]

    async def count(writer: asyncio.StreamWriter) -> None:
        active[0] += 1
        active[1] = max(active)
        for _ in range(20):  # turns of the loop in which another would come, were it let
            await asyncio.sleep(0)
        active[0] -= 1
        writer.write(reply("200 OK", BODY))
        await writer.drain()

    urls = [portal.on(f"/{n}", count) for n in range(12)]
    fetcher = fetcher_for(portal, limits=Limits(per_host=1))
    results = list(fetcher.fetch_all([*map(ping, urls[:6]), *(Request(url=url) for url in urls[6:])]))
    assert [type(result).__name__ for _, result in results] == ["Fetched"] * 12
    assert sorted(asked.method for asked in portal.asked) == ["GET"] * 6 + ["POST"] * 6
    assert active == [0, 1]


def test_a_hub_that_refuses_says_why_and_for_how_long(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    fetcher = fetcher_for(portal)
    error = failure(fetcher, ping(portal.on("/hub", reply("429 Too Many", b"", "Retry-After: 120"))))
    assert error.retry_after == 120
    assert "rejects our request (400)" in str(
        failure(fetcher, ping(portal.on("/hub", reply("400 Bad Request", b"no hub.url"))))
    )
    assert "status 304" in str(failure(fetcher, ping(portal.on("/hub", reply("304 Not Modified")))))


@pytest.mark.parametrize(
    "answer",
    [
        reply("202 Accepted", b"", "x-amzn-waf-action: challenge"),
        reply("200 OK", b"<html>The requested URL was rejected. Your support ID is: 1</html>"),
    ],
    ids=["AWS", "F5"],
)
def test_a_firewall_that_says_it_took_the_form_is_not_believed(
    portal: PortalDouble, fetcher_for: MakeFetcher, answer: bytes
) -> None:
    line = str(failure(fetcher_for(portal), ping(portal.on("/hub", answer))))
    assert "takes us for an attacker" in line


def test_a_form_goes_to_a_hub_by_its_name(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    portal.on("/hub", reply("204 No Content"))
    assert fetcher_for(portal).fetch(ping(portal.url("/hub", host=NAME))).status == 204
    assert portal.asked[0].header("host") == portal.authority(NAME).encode()
