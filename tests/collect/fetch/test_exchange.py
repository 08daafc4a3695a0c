"""What is asked of a portal, and what its answer is read as."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndication import __version__
from syndication.bootstrap import House
from syndication.collect.fetch import FEED_ACCEPT, PAGE_ACCEPT, Request
from syndication.settings import read_settings
from tests.collect.fetch.asking import AGENT, BODY, NAME, MakeFetcher, failure
from tests.collect.portal_double import PortalDouble, reply


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


def test_we_say_who_we_are_and_nothing_else(portal: PortalDouble, fetcher_for: MakeFetcher) -> None:
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


def test_we_introduce_ourselves_with_our_version_and_where_to_find_us(
    portal: PortalDouble, tmp_path: Path
) -> None:
    url = portal.on("/rss", reply("200 OK", BODY))
    for more, contact in (
        ({}, "https://tin.example.vn"),
        ({"SYNDICATION_CONTACT": "diemtin@tin.example.vn"}, "diemtin@tin.example.vn"),
    ):
        settings = read_settings(
            {
                "SYNDICATION_BASE_URL": "https://tin.example.vn",
                "SYNDICATION_PRIVATE_HOSTS": portal.authority(),
                "SYNDICATION_VAR_DIR": str(tmp_path),
                **more,
            }
        )
        with House(settings).open_fetcher() as fetcher:
            list(fetcher.fetch_all([Request(url=url)]))
        assert portal.asked[-1].header("user-agent") == f"syndication/{__version__} (+{contact})".encode()


def test_no_proxy_and_no_password_is_taken_from_the_environment(
    portal: PortalDouble, fetcher_for: MakeFetcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text(f"machine {NAME} login staff password hunter2\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    portal.on("/rss", reply("200 OK", BODY))
    assert fetcher_for(portal).fetch(Request(url=portal.url("/rss", host=NAME))).body == BODY
    assert portal.asked[0].header("authorization") is None


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
