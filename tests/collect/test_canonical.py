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
        ("portal.example/tin/5.html", "https://portal.example/tin/5.html"),
        ("www.portal.example/tin/5.html", "https://www.portal.example/tin/5.html"),
        ("portal.example.html", "https://portal.example/tin/portal.example.html"),
        ("https://portal.example\\tin\\5.html?p=a\\b", "https://portal.example/tin/5.html?p=a%5Cb"),
        ("/Uploads\\anh.jpg", "https://portal.example/Uploads/anh.jpg"),
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


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("/tin/1.html;jsessionid=0A1B.node2", "/tin/1.html"),
        ("/tin/1.html;jsessionid=0A1B?id=4", "/tin/1.html?id=4"),
        ("/tin.php?id=1&PHPSESSID=abc", "/tin.php?id=1"),
        ("/tin.asp?ASPSESSIONIDQQ=abc&id=1", "/tin.asp?id=1"),
        ("/(S(lit3py55t21z5v55vlm25s55))/tin/1.aspx", "/tin/1.aspx"),
        ("/tin/(s1)/1.aspx", "/tin/(s1)/1.aspx"),
        ("/tin/1;v=2", "/tin/1;v=2"),
    ],
)
def test_a_session_is_no_part_of_an_address(shown: str, kept: str) -> None:
    """A reader's session is another one at every visit: the article would be new each time."""
    address, sound = f"https://portal.example{shown}", f"https://portal.example{kept}"
    assert without_tracking(address) == sound
    assert address_key(address, portal="p", hosts=()) == address_key(sound, portal="p", hosts=())


@pytest.mark.parametrize(
    "twin",
    [
        *("/tin//hoi-nghi.html", "/amp/tin/hoi-nghi.html", "/tin/hoi-nghi.html?tmpl=component&print=1"),
        "/tin/hoi-nghi?redirect=https%3A%2F%2Fportal.example%2F%3Fcur%3D2",
        "/tin/hoi-nghi?_101_INSTANCE_abc_redirect=%2Fhome&returnUrl=%2F",
    ],
)
def test_more_twins_of_a_page_share_its_key(twin: str) -> None:
    def key(path: str) -> str:
        return address_key(f"https://portal.example{path}", portal="p", hosts=())

    assert key(twin) == key("/tin/hoi-nghi.html")
    assert key("/tin/h%E1%BB%99i") == key("/tin/ho%CC%82%CC%A3i")  # the same letters, composed and not
