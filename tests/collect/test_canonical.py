"""Addresses that portals write become sound ones, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.collect.canonical import (
    LONGEST_URL,
    absolute,
    address_key,
    belongs_to,
    without_tracking,
)

BASE = "https://portal.example/tin/danh-sach.html"


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("/a.html", "https://portal.example/a.html"),
        ("b.html", "https://portal.example/tin/b.html"),
        ("//other.example/a", "https://other.example/a"),
        (" https://portal.example/a \n", "https://portal.example/a"),
        ("http:portal.example/a", "http://portal.example/a"),
        ("http:/portal.example/a", "http://portal.example/a"),
        (
            "https://cổng.example/tin tức?q=số#cuối",
            "https://xn--cng-qmz.example/tin%20t%E1%BB%A9c?q=s%E1%BB%91",
        ),
        ("https://portal.example:8080/a%2Fb", "https://portal.example:8080/a%2Fb"),
        ("https://[2606:4700::1]/a", "https://[2606:4700::1]/a"),
    ],
)
def test_a_link_is_made_absolute_and_ascii(written: str, means: str) -> None:
    assert absolute(written, BASE) == means


@pytest.mark.parametrize(
    "written",
    [
        *("", "   ", "javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "file:///etc/passwd"),
        *(
            "ftp://portal.example/a",
            "mailto:a@b.vn",
            "https://u:p@portal.example/",
            "https://portal.example:x/",
        ),
        *("https://[", "https://" + "a" * 64 + ".example/", "/" + "a" * LONGEST_URL),
        "/" + "ứ" * (LONGEST_URL // 2),
    ],
)
def test_what_is_no_address_of_the_web_is_none(written: str) -> None:
    assert absolute(written, BASE) is None


@given(st.text(max_size=60))
def test_whatever_is_written_becomes_a_sound_address_or_none(written: str) -> None:
    address = absolute(written, BASE)
    if address is not None:
        assert address.isascii()
        assert address.startswith(("http://", "https://"))
        assert not set(address) & set(' "<>\\^`{|}\n\t\0')
        assert len(address) <= LONGEST_URL
        assert absolute(address, BASE) == address


def test_a_host_and_its_twins_belong_together_and_look_alikes_do_not() -> None:
    hosts = {"www.portal.example", "127.0.0.1:8001"}
    for ours in ("https://portal.example/", "http://m.portal.example/a", "http://127.0.0.1:8001/"):
        assert belongs_to(ours, hosts)
    for foreign in (
        *("https://evil.example/?portal.example", "https://portal.example.evil.example/"),
        *("https://notportal.example/", "http://127.0.0.1:8002/", "https://portal.example:444/"),
    ):
        assert not belongs_to(foreign, hosts)


def test_parameters_that_only_track_are_taken_out_and_the_rest_stays_as_written() -> None:
    assert without_tracking("https://a.vn/b?id=1&utm_source=x&q=a+b&fbclid=y&%75tm_id=z") == (
        "https://a.vn/b?id=1&q=a+b"
    )


def test_twins_of_a_page_share_their_key() -> None:
    keys = {
        address_key(url, portal="cong", hosts={"portal.example"})
        for url in (
            *(
                "http://portal.example/tin/1.html",
                "https://www.portal.example/tin/1",
                "https://m.portal.example/tin/1/",
            ),
            *("https://portal.example/tin/1/amp/", "https://portal.example/tin/1.html?utm_source=rss&amp=1"),
        )
    }
    assert keys == {"cong/tin/1"}
    assert address_key("https://other.example/tin/1", portal="cong", hosts={"portal.example"}) == (
        "other.example/tin/1"
    )
