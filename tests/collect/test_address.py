"""What may be connected to: URLs that are read one way only, and networks that are never visited."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndication.collect.address import PORTS, check_url, refuse_address
from syndication.errors import AddressRefused

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("url", "sent", "authority"),
    [
        ("http://portal.vn", "http://portal.vn/", "portal.vn:80"),
        ("HTTPS://Portal.VN:443/rss#top", "https://portal.vn/rss", "portal.vn:443"),
        ("http://portal.vn:8080/rss", "http://portal.vn:8080/rss", "portal.vn:8080"),
        ("http://portal.vn./rss", "http://portal.vn/rss", "portal.vn:80"),
        ("http://tin_tuc.portal.vn/", "http://tin_tuc.portal.vn/", "tin_tuc.portal.vn:80"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4", "xn--bcher-kva.example:443"),
        (
            "http://portal.vn/tin/Đổi?q=số",
            "http://portal.vn/tin/%C4%90%E1%BB%95i?q=s%E1%BB%91",
            "portal.vn:80",
        ),
        ("http://8.8.8.8/rss", "http://8.8.8.8/rss", "8.8.8.8:80"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/", "[2606:4700::1111]:80"),
    ],
)
def test_an_address_is_read_as_a_browser_reads_it(url: str, sent: str, authority: str) -> None:
    checked = check_url(url, private_hosts=NOBODY)
    assert (checked.url, checked.authority, checked.private) == (sent, authority, False)


def test_path_and_query_are_sent_as_they_are_written() -> None:
    url = "http://portal.vn/a%2Fb%7Ec/../d//e?x=%2F%20+%2B%3A&y='|[1]&z=%zz;s=%41"
    assert check_url(url, private_hosts=NOBODY).url == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://portal.vn/rss", "http://"),
        ("file:///etc/passwd", "http://"),
        ("javascript:alert(1)", "http://"),
        ("//portal.vn/rss", "http://"),
        ("portal.vn/rss", "http://"),
        ("", "http://"),
        ("http://", "no host"),
        ("http://:80/", "cannot be read"),
        ("http:///rss", "no host"),
        ("http:portal.vn", "no host"),
        ("http://[::1", "cannot be read"),
        ("http://[::1]x/", "cannot be read"),
        ("http://portal.vn:99999/", "cannot be read"),
        ("http://portal.vn:22/", "port 22"),
        ("http://portal.vn:0/", "port 0"),
        ("http://portal.vn:3000/", "portal.vn:3000"),
        ("http://user@portal.vn/", "user name"),
        ("http://user:hunter2@portal.vn/", "user name"),
        ("http://@portal.vn/", "user name"),
        ("http://127.0.0.1\\@portal.vn/", "backslash"),
        ("http://portal.vn\\rss", "backslash"),
        ("http://portal.vn/a b", "space"),
        (" http://portal.vn/", "space"),
        ("http://portal.vn/\n", "space"),
        ("http://portal.vn/\r\nX: y", "space"),
        ("http://portal.vn/\x00", "control"),
        ("http://portal.vn/\x85", "control"),
        ("http://portal.vn/\u3000", "space"),
        ("http://portal.vn/\ud800", "control"),
        ("http://a..b/", "no host"),
        ("http://-a.vn/", "no host"),
        ("http://*.vn/", "no host"),
        ("http://a%2eb.vn/", "no host"),
        ("http://a%00b.vn/", "no host"),
        ("http://" + "a" * 64 + ".vn/", "no host"),
        ("http://portal.vn/" + "a" * 2048, "longer than 2048"),
        ("http://portal.vn/" + "ề" * 300, "longer than 2048"),
        ("http://127.1/", "plain IP"),
        ("http://2130706433/", "plain IP"),
        ("http://0x7f.1/", "plain IP"),
        ("http://0x7f000001/", "plain IP"),
        ("http://017700000001/", "plain IP"),
        ("http://127.0.0.01/", "plain IP"),
        ("http://1.2.3.4.5/", "plain IP"),
        ("http://[fe80::1%25eth0]/", "plain IP"),
        ("http://127.0.0.1/", "this machine"),
        ("http://127.0.0.1./", "this machine"),
        ("http://１２７.０.０.１/", "this machine"),
        ("http://127。0。0。1/", "this machine"),
        ("http://169.254.169.254/latest/meta-data/", "metadata"),
        ("http://[::1]/", "this machine"),
        ("http://[::ffff:127.0.0.1]/", "this machine"),
        ("http://[::ffff:7f00:1]/", "this machine"),
    ],
)
def test_an_address_that_breaks_a_rule_is_refused_with_the_rule(url: str, says: str) -> None:
    with pytest.raises(AddressRefused, match=says) as refused:
        check_url(url, private_hosts=NOBODY)
    line = str(refused.value)
    assert "\n" not in line
    assert "hunter2" not in line


def test_a_private_address_is_read_only_where_its_exact_host_and_port_are_named() -> None:
    named = frozenset({"10.0.0.5:8000", "intranet:81", "[fd00::5]:80"})
    for url in ("http://10.0.0.5:8000/", "http://intranet:81/rss", "http://[fd00:0::5]/"):
        assert check_url(url, private_hosts=named).private
    for url in ("http://10.0.0.5/", "http://10.0.0.5:8001/", "http://10.0.0.6:8000/", "http://[fd00::6]/"):
        with pytest.raises(AddressRefused):
            check_url(url, private_hosts=named)
    assert not check_url("http://intranet/", private_hosts=named).private


@settings(deadline=None)
@given(st.one_of(st.text(), st.from_regex(r"https?://[^/]{0,30}(:\d*)?(/.*)?", fullmatch=True)))
@example("http://a@b@c/")
@example("http://e.vn:+80/")
@example("http://[v1.x]/")
def test_what_was_checked_is_what_is_connected_to(url: str) -> None:
    try:
        checked = check_url(url, private_hosts=NOBODY)
    except AddressRefused:
        return
    assert (checked.parsed.raw_host, checked.parsed.port) == (checked.host, checked.port)
    assert checked.parsed.raw_user is checked.parsed.raw_password is None
    assert checked.port in PORTS
    assert checked.url.isascii()
    assert check_url(checked.url, private_hosts=NOBODY) == checked


@pytest.mark.parametrize(
    "ip",
    [
        *(
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "100.100.100.200",
        ),
        *("127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
        *(
            "192.0.0.1",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
        ),
        *("198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *(
            "::",
            "::1",
            "100::1",
            "2001:db8::1",
            "2001:10::1",
            "2001:20::1",
            "2001:2f::1",
            "3fff::1",
            "3fff:fff::1",
        ),
        *(
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "5f00::1",
            "::2",
        ),
    ],
)
def test_no_special_network_is_visited(ip: str) -> None:
    why = refuse_address(ip)
    assert why is not None
    assert why.startswith(str(ip_address(ip))) or "wraps" in why
    if "." in ip:
        mapped = IPv6Address(0xFFFF_0000_0000 + int(IPv4Address(ip)))
        assert refuse_address(mapped) == why


@pytest.mark.parametrize(
    "ip",
    [
        *("8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.167.0.1"),
        *("223.5.5.5", "203.162.0.1", "2001:4860:4860::8888", "2606:4700::1111", "::ffff:8.8.8.8"),
    ],
)
def test_the_public_internet_is_visited(ip: str) -> None:
    assert refuse_address(ip) is None


@pytest.mark.parametrize(
    ("ip", "hidden"),
    [
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::127.0.0.1", "127.0.0.1"),
        ("::10.1.2.3", "10.1.2.3"),
        ("2002:7f00:1::", "127.0.0.1"),
        ("2002:a9fe:a9fe::1", "169.254.169.254"),
        ("2001:0:a00:1::", "10.0.0.1"),  # Teredo, its server
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", "10.0.0.1"),  # Teredo, its client, inverted
        ("64:ff9b::127.0.0.1", "127.0.0.1"),
        ("64:ff9b::c0a8:101", "192.168.1.1"),
        ("64:ff9b:1:a00:0:100::", "10.0.0.1"),  # RFC 6052, prefix of 48 bits
        ("64:ff9b:1::10.0.0.1", "10.0.0.1"),  # prefix of 96 bits
    ],
)
def test_an_ipv4_address_cannot_hide_in_an_ipv6_one(ip: str, hidden: str) -> None:
    why = refuse_address(ip)
    assert why is not None
    assert hidden in why


@pytest.mark.parametrize(
    "ip", ["::8.8.8.8", "2002:808:808::", "64:ff9b::8.8.8.8", "64:ff9b:1::8.8.8.8", "::ffff:0:8.8.8.8"]
)
def test_a_tunnel_is_refused_even_where_it_leads_to_the_public_internet(ip: str) -> None:
    assert refuse_address(ip) is not None


def test_what_is_no_address_is_refused() -> None:
    assert refuse_address("portal.vn") is not None
