"""The one door out, against a portal on loopback that misbehaves in every way we know of."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.collect.address import check_url
from syndication.collect.fetch import (
    FEED_ACCEPT,
    LONGEST_RETRY_AFTER,
    PAGE_ACCEPT,
    Fetched,
    Fetcher,
    Limits,
    Request,
    _Gate,
    _Turns,
    _unbrotli,
    _unzip,
    next_hop,
    read_retry_after,
)
from syndication.errors import AddressRefused, FetchFailed, SourceError
from tests.collect.portal_double import (
    INTERMEDIATE,
    LEAF,
    ROOT,
    PortalDouble,
    portal_on_loopback,
    reply,
    tls_context,
)

AGENT = "syndication/1 (+https://tin.example.vn)"
NAME = "portal.example"
OTHER = "other.example"
BODY = "<rss><title>Chuyển đổi số</title></rss>".encode() * 20

MakeFetcher = Callable[..., Fetcher]


@pytest.fixture
def portal() -> Iterator[PortalDouble]:
    with portal_on_loopback() as portal:
        yield portal


@pytest.fixture
def fetcher_for() -> Iterator[MakeFetcher]:
    """Makes fetchers that may read the given portals by address and by two names, and closes them."""
    made: list[Fetcher] = []

    def make(
        *portals: PortalDouble,
        limits: Limits | None = None,
        resolve: Callable[[str, int], list[str]] = lambda host, port: ["127.0.0.1"],
    ) -> Fetcher:
        named = {portal.authority(host) for portal in portals for host in (portal.host, NAME, OTHER)}
        fetcher = Fetcher(
            user_agent=AGENT, private_hosts=frozenset(named), limits=limits or Limits(), resolve=resolve
        )
        made.append(fetcher)
        return fetcher

    yield make
    for fetcher in made:
        fetcher.close()


def failure(fetcher: Fetcher, url: str, **more: str) -> SourceError:
    """The error that asking for this raises: one plain line."""
    with pytest.raises(SourceError) as caught:
        fetcher.fetch(Request(url=url, **more))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return caught.value


# What is asked and what comes back


def test_a_source_is_read(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    url = portal.on(
        "/rss?cat=Đ".replace("Đ", "%C4%90"),
        reply(
            "200 OK",
            BODY,
            'Content-Type: Application/RSS+xml; Charset="UTF-8"',
            'ETag: W/"a b"',
            "X-A: 1",
            "X-a: 2",
        ),
    )
    fetched = fetcher_for(portal).fetch(Request(url=url))
    assert (fetched.status, fetched.body, fetched.url) == (200, BODY, url)
    assert (fetched.content_type, fetched.charset) == ("application/rss+xml", "utf-8")
    assert (fetched.etag, fetched.last_modified) == ('W/"a b"', None)
    assert (fetched.permanent_url, fetched.downgraded) == (None, False)
    assert fetched.headers["x-a"] == "1, 2"
    assert len(fetched.body_hash) == 64
    assert 0 < fetched.seconds < 5


def test_we_say_who_we_are_and_nothing_else(
    portal: PortalDouble, fetcher_for: MakeFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    portal.on("/rss", reply("200 OK", BODY, "Set-Cookie: spy=1; Path=/"))
    portal.on("/old", reply("301 Moved", b"", "Location: /rss", "Set-Cookie: spy=2; Path=/"))
    fetcher = fetcher_for(portal)
    for path in ("/rss", "/old"):
        fetcher.fetch(Request(url=portal.url(path, host=NAME)))
    names = {line.partition(b":")[0].lower() for asked in portal.asked for line in asked.lines}
    assert names == {b"host", b"user-agent", b"accept", b"accept-encoding"}
    asked = portal.asked[0]
    assert asked.header("host") == portal.authority(NAME).encode()
    assert asked.header("user-agent") == AGENT.encode()
    assert asked.header("accept") == FEED_ACCEPT.encode()
    assert asked.header("accept-encoding") == b"gzip, br"


@pytest.mark.parametrize("etag", ['"abc"', 'W/"abc"', "no-quotes", '"số 1"', '"a, b"  "c"'])
@pytest.mark.parametrize("last_modified", ["Mon, 01 Jan 2026 00:00:00 GMT", "2026-01-01 00:00", "hôm qua"])
def test_validators_go_back_byte_by_byte(
    portal: PortalDouble, fetcher_for: MakeFetcher, etag: str, last_modified: str
) -> None:
    url = portal.on(
        "/rss",
        reply("200 OK", BODY, f"ETag: {etag}", f"Last-Modified: {last_modified}"),
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
    )
    fetcher = fetcher_for(portal)
    first = fetcher.fetch(Request(url=url))
    second = fetcher.fetch(Request(url=url, etag=first.etag, last_modified=first.last_modified))
    asked = portal.asked[1]
    assert asked.header("if-none-match") == etag.encode()
    assert asked.header("if-modified-since") == last_modified.encode()
    assert asked.header("a-im") == b"feed"
    assert (second.status, second.body) == (304, b"")
    assert (second.etag, second.last_modified) == (etag, last_modified)


def test_a_validator_that_cannot_be_sent_back_is_none_at_all(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    url = portal.on(
        "/rss", reply("200 OK", BODY).replace(b"\r\n\r\n", b'\r\nETag: "\xff"\r\nX-Odd: \xff\r\n\r\n')
    )
    fetched = fetcher_for(portal).fetch(Request(url=url))
    assert fetched.etag is None
    assert fetched.headers["x-odd"] == "\ufffd"
    fetcher_for(portal).fetch(Request(url=url, etag='"a"\r\nX-Evil: 1'))
    assert portal.asked[-1].header("if-none-match") is portal.asked[-1].header("x-evil") is None


def test_only_a_feed_is_asked_for_in_part(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    url = portal.on("/rss", reply("226 IM Used", BODY, "IM: feed"))
    fetcher = fetcher_for(portal)
    assert fetcher.fetch(Request(url=url, etag='"1"')).status == 226
    fetcher.fetch(Request(url=url))
    fetcher.fetch(Request(url=url, etag='"1"', accept=PAGE_ACCEPT))
    assert [asked.header("a-im") for asked in portal.asked] == [b"feed", None, None]


def test_nothing_new_without_a_question_is_an_error(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    url = portal.on("/rss", b"HTTP/1.1 304 Not Modified\r\n\r\n")
    assert "304" in str(failure(fetcher_for(portal), url))


def test_connections_are_kept_between_rounds(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    url = portal.on("/rss", reply("200 OK", BODY))
    fetcher = fetcher_for(portal)
    for _ in range(3):
        fetcher.fetch(Request(url=url))
    assert list(fetcher.fetch_all([Request(url=url)]))
    assert {asked.connection for asked in portal.asked} == {1}


# Encodings


def zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def deflate_raw(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def brotli_quick(body: bytes) -> bytes:
    return bytes(brotli.compress(body, quality=5))


def short(value: object) -> str:
    """How a parameter is called in a test's name."""
    return value if isinstance(value, str) else type(value).__name__


@pytest.mark.parametrize(
    ("encoding", "wire"),
    [
        ("gzip", zipped(BODY)),
        ("X-GZIP", zipped(BODY)),
        ("gzip", zipped(BODY[:100]) + zipped(BODY[100:])),
        ("gzip", zipped(BODY) + b"\0\0\0"),
        ("br", brotli.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", deflate_raw(BODY)),
        ("identity", BODY),
        ("identity, gzip", zipped(BODY)),
        ("", BODY),
        ("", zipped(BODY)),  # sitemap.xml.gz
    ],
    ids=short,
)
def test_an_encoded_answer_is_opened(
    portal: PortalDouble, fetcher_for: MakeFetcher, encoding: str, wire: bytes
) -> None:
    url = portal.on("/rss", reply("200 OK", wire, f"Content-Encoding: {encoding}"))
    assert fetcher_for(portal).fetch(Request(url=url)).body == BODY
    assert len(portal.asked) == 1


@pytest.mark.parametrize(
    ("encoding", "wire"),
    [
        ("gzip", BODY),
        ("gzip", zipped(BODY)[:-20]),
        ("gzip", zipped(b"") * 101),
        ("br", BODY),
        ("br", brotli.compress(BODY)[:-3]),
        ("deflate", BODY),
        ("zstd", BODY),
    ],
    ids=short,
)
def test_a_lie_about_the_encoding_is_asked_again_once_without_any(
    portal: PortalDouble, fetcher_for: MakeFetcher, encoding: str, wire: bytes
) -> None:
    lie = reply("200 OK", wire, f"Content-Encoding: {encoding}")
    url = portal.on("/rss", lie, reply("200 OK", BODY))
    assert fetcher_for(portal).fetch(Request(url=url)).body == BODY
    assert [asked.header("accept-encoding") for asked in portal.asked] == [b"gzip, br", b"identity"]
    url = portal.on("/always", lie)
    assert "not packed as it says" in str(failure(fetcher_for(portal), url))
    assert len(portal.asked) == 4


def test_an_answer_compressed_twice_is_refused(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    wire = zipped(zipped(BODY))
    url = portal.on("/rss", reply("200 OK", wire, "Content-Encoding: gzip, gzip"))
    assert "2 times over" in str(failure(fetcher_for(portal), url))
    url = portal.on("/rss", reply("200 OK", wire, "Content-Encoding: gzip", "Content-Encoding: gzip"))
    assert "2 times over" in str(failure(fetcher_for(portal), url))


# Size and time


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", zipped), ("br", brotli_quick), ("deflate", zlib.compress), ("deflate", deflate_raw)],
)
@pytest.mark.parametrize(("size", "says"), [(20_000_000, "15 MB"), (2_000_000, "2 MB")])
def test_a_bomb_is_not_opened(
    portal: PortalDouble,
    fetcher_for: MakeFetcher,
    encoding: str,
    pack: Callable[[bytes], bytes],
    size: int,
    says: str,
) -> None:
    url = portal.on("/rss", reply("200 OK", pack(b"\0" * size), f"Content-Encoding: {encoding}"))
    line = str(failure(fetcher_for(portal), url))
    assert "bomb" in line
    assert says in line


def test_a_bomb_never_stands_in_memory() -> None:
    bomb = b"\0" * 50_000_000
    assert len(_unzip(zipped(bomb), 1_000_000, 31)) == 1_000_001
    assert len(_unzip(zipped(bomb[:900_000]) * 50, 1_000_000, 31)) == 1_000_001
    assert 1_000_000 < len(_unbrotli(brotli_quick(bomb), 1_000_000)) < 3_000_000


def test_a_dense_but_honest_answer_passes(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    body = b"0" * 900_000
    url = portal.on("/rss", reply("200 OK", zipped(body), "Content-Encoding: gzip"))
    assert fetcher_for(portal).fetch(Request(url=url)).body == body


def test_too_many_bytes_are_not_read(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    fetcher = fetcher_for(portal, limits=Limits(wire_bytes=100_000))
    said = portal.on("/said", b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n")
    assert "more than 100 kB" in str(failure(fetcher, said))
    fits = portal.on("/fits", reply("200 OK", b"x" * 100_000))
    assert len(fetcher.fetch(Request(url=fits)).body) == 100_000

    sent = []

    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10_000):
            writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
            await writer.drain()
            sent.append(10_000)

    assert "more than 100 kB" in str(failure(fetcher, portal.on("/unsaid", flood)))
    assert sum(sent) < 100_000_000


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


def test_many_headers_are_read_and_too_many_are_not(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    fetcher = fetcher_for(portal)
    some = portal.on(
        "/some", reply("200 OK", BODY, *(f"X-{n}: {n}" for n in range(300)), "X-L: " + "a" * 12_000)
    )
    assert len(fetcher.fetch(Request(url=some)).headers) == 302
    many = portal.on("/many", reply("200 OK", BODY, *(f"X-{n}: {n}" for n in range(1000))))
    assert "not proper HTTP" in str(failure(fetcher, many))
    long = portal.on("/long", reply("200 OK", BODY, "X-L: " + "a" * 100_000))
    assert "not proper HTTP" in str(failure(fetcher, long))


# What the network does


def test_each_failure_of_the_network_has_its_own_line(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    async def hang_up(writer: asyncio.StreamWriter) -> None:
        writer.close()

    fetcher = fetcher_for(portal)

    async def truncate(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc")
        await writer.drain()

    assert "breaks off" in str(failure(fetcher, portal.on("/cut", truncate)))

    async def truncate_chunks(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
        await writer.drain()

    assert "breaks off" in str(failure(fetcher, portal.on("/chunks", truncate_chunks)))
    assert "hangs up" in str(failure(fetcher, portal.on("/hang-up", hang_up)))
    assert "not proper HTTP" in str(failure(fetcher, portal.on("/ssh", b"SSH-2.0-OpenSSH_9.2\r\n\r\n")))


def test_a_closed_port_is_told_from_an_unknown_name(fetcher_for: MakeFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        double = PortalDouble(port=closed.getsockname()[1])
    line = str(failure(fetcher_for(double), double.url("/rss")))
    assert f"refuses connections on port {double.port}" in line

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    line = str(failure(fetcher_for(double, resolve=unknown), double.url("/rss", host=NAME)))
    assert "not found in DNS" in line
    line = str(failure(fetcher_for(double, resolve=lambda host, port: []), double.url("/rss", host=NAME)))
    assert "not found in DNS" in line


# Statuses


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("401 Unauthorized", "password"),
        ("403 Forbidden", "refuses us (403)"),
        ("404 Not Found", "nothing at this address"),
        ("418 I'm a teapot", "rejects our request (418)"),
        ("429 Too Many Requests", "less often"),
        ("500 Internal Server Error", "a fault of its own (500)"),
        ("502 Bad Gateway", "a fault of its own (502)"),
        ("503 Service Unavailable", "not available for now"),
        ("204 No Content", "status 204"),
        ("206 Partial Content", "status 206"),
        ("300 Multiple Choices", "status 300"),
    ],
)
def test_an_error_status_is_put_in_words(
    portal: PortalDouble, fetcher_for: MakeFetcher, status: str, says: str
) -> None:
    error = failure(
        fetcher_for(portal),
        portal.on("/rss", reply(status, b"" if says == "status 204" else b"<h1>sorry</h1>")),
    )
    assert says in str(error)
    assert isinstance(error, FetchFailed)
    assert (error.permanent, error.retry_after) == (False, None)


def test_only_gone_is_for_good(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    error = failure(fetcher_for(portal), portal.on("/rss", reply("410 Gone")))
    assert error.permanent
    assert "gone for good" in str(error)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            reply("403 Forbidden", b"<title>Just a moment...</title>", "cf-mitigated: challenge"),
            "cf-mitigated",
        ),
        (
            reply("503 Unavailable", b"<title>Just a moment...</title>", "CF-Mitigated: challenge"),
            "cf-mitigated",
        ),
        (reply("403 Forbidden", b"<title>Access denied \xc2\xb7 Viettel WAF</title>"), "Viettel WAF"),
        (
            reply("403 Forbidden", zipped(b"<title>Viettel WAF</title>"), "Content-Encoding: gzip"),
            "Viettel WAF",
        ),
        (reply("202 Accepted", b"", "x-amzn-waf-action: challenge"), "AWS WAF"),
        (reply("406 Not Acceptable", b"<p>generated by Mod_Security.</p>"), "ModSecurity"),
        (reply("200 OK", b"<html>The requested URL was rejected. Your support ID is: 1</html>"), "F5"),
    ],
    ids=short,
)
def test_a_firewall_is_named(
    portal: PortalDouble, fetcher_for: MakeFetcher, answer: bytes, says: str
) -> None:
    line = str(failure(fetcher_for(portal), portal.on("/rss", answer)))
    assert "takes us for an attacker" in line
    assert says in line


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


NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


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


# Redirects


@pytest.mark.parametrize(
    ("codes", "permanent"),
    [
        *(([301], True), ([308], True), ([301, 308, 301], True), ([301] * 5, True), ([302], False)),
        *(([303], False), ([307], False), ([301, 302], False), ([302, 301], False)),
    ],
)
def test_redirects_are_followed_and_only_permanent_ones_are_remembered(
    portal: PortalDouble, fetcher_for: MakeFetcher, codes: list[int], permanent: bool
) -> None:
    for step, code in enumerate(codes):
        portal.on(f"/{step}", reply(f"{code} Moved", b"moved", f"Location: /{step + 1}"))
    end = portal.on(f"/{len(codes)}", reply("200 OK", BODY))
    fetched = fetcher_for(portal).fetch(Request(url=portal.url("/0"), etag='"1"'))
    assert (fetched.body, fetched.url) == (BODY, end)
    assert fetched.permanent_url == (end if permanent else None)
    assert all(asked.header("if-none-match") == b'"1"' for asked in portal.asked)


def test_redirects_end(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    fetcher = fetcher_for(portal)
    portal.on("/a", reply("302 Found", b"", "Location: /b"))
    portal.on("/b", reply("302 Found", b"", "Location: /a#again"))
    assert "in a circle" in str(failure(fetcher, portal.url("/a")))
    assert len(portal.asked) == 2
    for step in range(7):
        portal.on(f"/{step}", reply("302 Found", b"", f"Location: /{step + 1}"))
    assert "more than 5 times" in str(failure(fetcher, portal.url("/0")))
    assert len(portal.asked) == 2 + 6


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("tin tức/mới".encode(), "/x/tin%20t%E1%BB%A9c/m%E1%BB%9Bi"),
        (b"/caf\xe9", "/caf%E9"),
        (b"../y?a=%2F", "/y?a=%2F"),
        (b"?page=2", "/x/rss?page=2"),
    ],
)
def test_odd_but_common_locations_are_understood(
    portal: PortalDouble, fetcher_for: MakeFetcher, location: bytes, path: str
) -> None:
    portal.on("/x/rss", b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n")
    end = portal.on(path, reply("200 OK", BODY))
    assert fetcher_for(portal).fetch(Request(url=portal.url("/x/rss"))).url == end


@pytest.mark.parametrize(
    "location",
    [
        *("http://127.0.0.1:1/", "http://169.254.169.254/latest/", "http://[::1]/", "file:///etc/passwd"),
        *("http://u:hunter2@portal.vn/", "http://127.0.0.1\\@portal.vn/", "gopher://portal.vn/"),
        *("http://127.1/", "http://[", ""),
    ],
)
def test_a_redirect_is_checked_like_a_first_address(
    portal: PortalDouble, fetcher_for: MakeFetcher, location: str
) -> None:
    error = failure(fetcher_for(portal), portal.on("/rss", reply("302 Found", b"", f"Location: {location}")))
    assert isinstance(error, AddressRefused)
    assert "hunter2" not in str(error)
    assert len(portal.asked) == 1


def test_the_world_cannot_send_us_to_a_private_host() -> None:
    named = frozenset({"intranet:80", "10.0.0.5:80", "wiki:80"})
    world = check_url("https://portal.vn/rss", private_hosts=named)
    inside = check_url("http://intranet/rss", private_hosts=named)
    for private in ("http://intranet/rss", "http://10.0.0.5/", "http://wiki/"):
        with pytest.raises(AddressRefused, match="redirects to"):
            next_hop(world, private, named)
    assert next_hop(inside, "http://wiki/", named).private
    assert next_hop(world, "/atom", named).url == "https://portal.vn/atom"


# Addresses that are checked when we connect


def test_a_name_that_leads_to_a_private_address_is_refused_before_anything_is_sent(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    portal.on("/rss", reply("200 OK", BODY))
    for addresses in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"]):
        fetcher = fetcher_for(portal, resolve=lambda host, port, addresses=addresses: addresses)
        error = failure(fetcher, "http://evil.example:8080/rss")
        assert isinstance(error, AddressRefused)
        assert "evil.example:8080 in SYNDICATION_PRIVATE_HOSTS" in str(error)
    assert portal.connections == 0


def test_a_private_portal_is_read_by_the_name_and_port_that_are_named(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    portal.on("/rss", reply("200 OK", BODY))
    assert fetcher_for(portal).fetch(Request(url=portal.url("/rss", host=NAME))).body == BODY
    assert portal.asked[0].header("host") == portal.authority(NAME).encode()
    with Fetcher(user_agent=AGENT, private_hosts=frozenset({f"127.0.0.1:{portal.port + 1}"})) as fetcher:
        assert isinstance(failure(fetcher, portal.url("/rss")), AddressRefused)
    assert len(portal.asked) == 1


def test_a_name_that_changes_its_mind_gains_nothing(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    """DNS rebinding: the second answer would be the attack, so there must be no second question."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    questions: list[str] = []

    def rebind(host: str, port: int) -> list[str]:
        questions.append(host)
        return answers[min(len(questions), 2) - 1]

    async def answer_and_hang_up(writer: asyncio.StreamWriter) -> None:
        writer.write(reply("200 OK", BODY))
        await writer.drain()

    portal.on("/rss", answer_and_hang_up)
    fetcher = fetcher_for(portal, resolve=rebind)
    assert fetcher.fetch(Request(url=portal.url("/rss", host=NAME))).body == BODY
    assert questions == [NAME]

    # An unnamed host whose answer turns private is refused the moment it does.
    private = fetcher_for(portal, resolve=lambda host, port: ["127.0.0.1"])
    assert isinstance(failure(private, f"http://{NAME}:8080/rss"), AddressRefused)


def test_the_socket_itself_refuses_what_came_past_the_resolver() -> None:
    with ThreadPoolExecutor(1) as names:
        gate = _Gate(lambda host, port: ["127.0.0.1"], names, frozenset({"intranet:80", "127.0.0.1:81"}))

        def knock(address: str, port: int) -> None:
            gate.open_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))).close()

        with pytest.raises(AddressRefused):
            knock("127.0.0.1", 80)
        knock("127.0.0.1", 81)
        knock("8.8.8.8", 80)
        asyncio.run(gate.resolve("intranet", 80))
        knock("127.0.0.1", 80)
        with pytest.raises(AddressRefused):
            knock("127.0.0.1", 82)


def test_userinfo_never_reaches_a_line(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    error = failure(fetcher_for(portal), f"http://staff:hunter2@{portal.authority()}/rss")
    assert isinstance(error, AddressRefused)
    assert "hunter2" not in str(error)
    assert not portal.asked


# TLS


def test_a_certificate_is_always_checked(tmp_path: Path, fetcher_for: MakeFetcher) -> None:
    with portal_on_loopback(tls=tls_context(tmp_path, chain=LEAF)) as portal:
        portal.on("/rss", reply("200 OK", BODY))
        fetcher = fetcher_for(portal)
        url = portal.url("/rss", host=NAME, scheme="https")
        line = str(failure(fetcher, url))
        assert "incomplete chain" in line
        assert "ca_file" in line
        assert not portal.asked

        for known in (ROOT + INTERMEDIATE, INTERMEDIATE):
            ca_file = tmp_path / "ca.pem"
            ca_file.write_text(known)
            assert fetcher_for(portal).fetch(Request(url=url, ca_file=ca_file)).body == BODY
            other = Request(url=portal.url("/rss", host=OTHER, scheme="https"), ca_file=ca_file)
            with pytest.raises(FetchFailed, match="is for another host"):
                fetcher.fetch(other)

        assert fetcher.fetch(Request(url=url, ca_file=ca_file)).body == BODY
        assert "incomplete chain" in str(failure(fetcher, url)), "one portal's ca_file must not serve another"


def test_a_full_chain_needs_only_its_root(tmp_path: Path, fetcher_for: MakeFetcher) -> None:
    with portal_on_loopback(tls=tls_context(tmp_path, chain=LEAF + INTERMEDIATE)) as portal:
        portal.on("/rss", reply("200 OK", BODY))
        ca_file = tmp_path / "ca.pem"
        ca_file.write_text(ROOT)
        url = portal.url("/rss", host=NAME, scheme="https")
        assert fetcher_for(portal).fetch(Request(url=url, ca_file=ca_file)).body == BODY


def test_certificates_that_cannot_be_read_say_so(tmp_path: Path, fetcher_for: MakeFetcher) -> None:
    ca_file = tmp_path / "ca.pem"
    request = Request(url=f"https://{NAME}/", ca_file=ca_file)
    with pytest.raises(FetchFailed, match="cannot be read"):
        fetcher_for().fetch(request)
    ca_file.write_text("not a certificate")
    with pytest.raises(FetchFailed, match="cannot be read"):
        fetcher_for().fetch(request)


def test_speaking_tls_to_a_plain_server_says_so(fetcher_for: MakeFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        double = PortalDouble(port=server.getsockname()[1])

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(10_000)

        thread = threading.Thread(target=answer)
        thread.start()
        line = str(failure(fetcher_for(double), double.url("/", scheme="https")))
        thread.join()
    assert "agree on no TLS" in line


def test_giving_up_https_is_flagged_and_never_remembered(tmp_path: Path, fetcher_for: MakeFetcher) -> None:
    with portal_on_loopback(tls=tls_context(tmp_path, chain=LEAF)) as safe, portal_on_loopback() as plain:
        end = plain.on("/rss", reply("200 OK", BODY))
        safe.on("/rss", reply("301 Moved", b"", f"Location: {end}"))
        ca_file = tmp_path / "ca.pem"
        ca_file.write_text(INTERMEDIATE)
        url = safe.url("/rss", host=NAME, scheme="https")
        fetched = fetcher_for(safe, plain).fetch(Request(url=url, ca_file=ca_file))
        assert (fetched.url, fetched.downgraded, fetched.permanent_url) == (end, True, None)

        plain.on("/up", reply("301 Moved", b"", f"Location: {url}"))
        safe.on("/rss", reply("200 OK", BODY))
        fetched = fetcher_for(safe, plain).fetch(Request(url=plain.url("/up"), ca_file=ca_file))
        assert (fetched.downgraded, fetched.permanent_url) == (False, url)


# Many at once


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
        turns = _Turns(Limits(concurrency=3))
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
        turns = _Turns(Limits(spacing=0.06))
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


# The fetcher's own life


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


def test_several_threads_may_ask_at_once(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
    url = portal.on("/rss", reply("200 OK", BODY))
    fetcher = fetcher_for(portal)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: fetcher.fetch(Request(url=url)).body, range(40)))
    assert answers == [BODY] * 40
