"""Redirects are followed only so far, only to where we may go, and only permanent ones are told."""

from __future__ import annotations

import pytest

from syndication.collect.address import check_url
from syndication.collect.fetch import Request, next_hop
from syndication.errors import AddressRefused
from tests.collect.fetch.asking import BODY, NAME, MakeFetcher, failure
from tests.collect.portal_double import PortalDouble, reply


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


def test_a_redirect_to_a_name_that_leads_inside_is_refused(
    portal: PortalDouble, fetcher_for: MakeFetcher
) -> None:
    portal.on("/rss", reply("302 Found", b"", "Location: http://evil.example:8080/admin"))
    error = failure(fetcher_for(portal), portal.url("/rss", host=NAME))
    assert isinstance(error, AddressRefused)
    assert "evil.example is refused" in str(error)
    assert portal.connections == 1


def test_the_world_cannot_send_us_to_a_private_host() -> None:
    named = frozenset({"intranet:80", "10.0.0.5:80", "wiki:80"})
    world = check_url("https://portal.vn/rss", private_hosts=named)
    inside = check_url("http://intranet/rss", private_hosts=named)
    for private in ("http://intranet/rss", "http://10.0.0.5/", "http://wiki/"):
        with pytest.raises(AddressRefused, match="redirects to"):
            next_hop(world, private, named)
    assert next_hop(inside, "http://wiki/", named).private
    assert next_hop(world, "/atom", named).url == "https://portal.vn/atom"
