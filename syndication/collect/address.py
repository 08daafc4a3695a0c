"""Which addresses we may connect to: the shape of a URL, and the networks that are never ours to visit.

Portals choose many of the addresses we read (redirects, links, images), so no address is trusted for where it
was found. Nothing here talks to the network: ``fetch`` asks these two questions before every connection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote

from yarl import URL

from syndication.errors import AddressRefused

LONGEST_URL = 2048
PORTS = frozenset({80, 443, 8080, 8443})
"""Ports that any host may be read on; every other port must be named in ``SYNDICATION_PRIVATE_HOSTS``."""

IP = IPv4Address | IPv6Address

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]|\s")
_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\Z"
)
_NUMERIC = re.compile(r"(\d+|0x[0-9a-f]*)\Z")
_AS_WRITTEN = "!#$%&'()*+,/:;=?@[]~|"


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """A URL we may ask for, and the one reading of it that is both checked and connected to."""

    parsed: URL
    """What the HTTP client is given, so that no second parser can read another host out of the text."""
    url: str
    """The same as text: absolute, ASCII, without fragment."""
    host: str
    """Lower case ASCII (IDNA); an IPv6 address stands without brackets."""
    port: int
    authority: str
    """``host:port``, as ``SYNDICATION_PRIVATE_HOSTS`` spells it (IPv6 in brackets)."""
    private: bool
    """True where ``SYNDICATION_PRIVATE_HOSTS`` names ``host:port``: a private address is then allowed."""


def authority(host: str, port: int) -> str:
    """``host:port`` with brackets round an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@lru_cache(4096)
def check_url(url: str, *, private_hosts: frozenset[str]) -> CheckedUrl:
    """Read one absolute http(s) URL, or raise AddressRefused with the rule that it breaks.

    ``private_hosts`` are the exact ``host:port`` that may be private (settings). Path and query are kept as
    they are written, except that characters outside URLs (RFC 3986, section 2) are percent-encoded. A host
    that is an IP address is judged here; a name is judged by ``refuse_address`` when it has been resolved.
    """
    if len(url) > LONGEST_URL:
        raise AddressRefused(f"the address is longer than {LONGEST_URL} characters; give a shorter one")
    if _FORBIDDEN.search(url):
        raise AddressRefused(
            "the address holds a space, a backslash or a control character; percent-encode it"
        )
    try:
        parsed, written = URL(url), URL(url, encoded=True)
        scheme, host, port = parsed.scheme, parsed.raw_host or "", parsed.port or 0
    except ValueError as cause:
        raise AddressRefused(
            "the address cannot be read as a URL; give one such as https://portal.vn/rss"
        ) from cause
    if scheme not in ("http", "https"):
        raise AddressRefused("the address must begin with http:// or https://")
    if "@" in written.raw_authority:
        raise AddressRefused("the address holds a user name or a password; take it out")
    host = host.removesuffix(".")
    literal = _literal(host)
    here = authority(host, port)
    private = here in private_hosts
    if port not in PORTS and not private:
        raise AddressRefused(
            f"port {port} is not one we read; name {here} in SYNDICATION_PRIVATE_HOSTS to allow it"
        )
    if literal is not None and not private and (why := refuse_address(literal)):
        raise AddressRefused(private_text(host, here, why))
    shown = None if port == (443 if scheme == "https" else 80) else port
    sent = URL.build(
        scheme=scheme,
        authority=here if shown else here.rpartition(":")[0],
        path=quote(written.raw_path, safe=_AS_WRITTEN),
        query_string=quote(written.raw_query_string, safe=_AS_WRITTEN),
        encoded=True,
    )
    text = str(sent)
    if len(text) > LONGEST_URL:
        raise AddressRefused(f"the address is longer than {LONGEST_URL} characters; give a shorter one")
    return CheckedUrl(sent, text, host, port, here, private)


def private_text(host: str, here: str, why: str) -> str:
    """The plain line for a host that leads to a forbidden address."""
    return f"{host} is refused: {why}; if it is a portal of yours, name {here} in SYNDICATION_PRIVATE_HOSTS"


def _literal(host: str) -> IP | None:
    """The address that a host spells out, None for a name; raises AddressRefused for neither.

    ``127.1``, ``0x7f.1`` and ``2130706433`` are addresses to the C library and names to a naive check; the
    WHATWG URL standard (section 3.5, "ends in a number") tells them apart by their last label.
    """
    if ":" in host or _NUMERIC.match(host.rpartition(".")[2]):
        try:
            return ip_address(host.replace("%", " "))  # a zone names a network card of ours: never accepted
        except ValueError as cause:
            raise AddressRefused(
                "the host is a number that is not a plain IP address; write it in full"
            ) from cause
    if not _HOST.match(host):
        raise AddressRefused("the address names no host that could exist; check its spelling")
    return None


_REFUSED: tuple[tuple[IPv4Network | IPv6Network, str], ...] = (
    (IPv4Network("0.0.0.0/8"), "this machine itself"),
    (IPv4Network("10.0.0.0/8"), "a private network"),
    (IPv4Network("100.64.0.0/10"), "a carrier's inner network"),
    (IPv4Network("127.0.0.0/8"), "this machine itself"),
    (IPv4Network("168.63.129.16/32"), "a cloud's own service"),
    (IPv4Network("169.254.0.0/16"), "a link-local or cloud metadata address"),
    (IPv4Network("172.16.0.0/12"), "a private network"),
    (IPv4Network("192.0.0.0/24"), "reserved for protocols"),
    (IPv4Network("192.0.2.0/24"), "for documentation"),
    (IPv4Network("192.88.99.0/24"), "an old 6to4 relay"),
    (IPv4Network("192.168.0.0/16"), "a private network"),
    (IPv4Network("198.18.0.0/15"), "for bench tests"),
    (IPv4Network("198.51.100.0/24"), "for documentation"),
    (IPv4Network("203.0.113.0/24"), "for documentation"),
    (IPv4Network("224.0.0.0/4"), "multicast"),
    (IPv4Network("240.0.0.0/4"), "reserved"),
    (IPv6Network("::/128"), "this machine itself"),
    (IPv6Network("::1/128"), "this machine itself"),
    (IPv6Network("64:ff9b::/96"), "a NAT64 address"),
    (IPv6Network("64:ff9b:1::/48"), "a NAT64 address"),
    (IPv6Network("100::/64"), "a discard address"),
    (IPv6Network("2001::/32"), "a Teredo tunnel"),
    (IPv6Network("2001:10::/28"), "an identifier, not a place"),
    (IPv6Network("2001:20::/28"), "an identifier, not a place"),
    (IPv6Network("2001:db8::/32"), "for documentation"),
    (IPv6Network("2002::/16"), "a 6to4 tunnel"),
    (IPv6Network("3fff::/20"), "for documentation"),
    (IPv6Network("fc00::/7"), "a private network"),
    (IPv6Network("fe80::/10"), "link-local"),
    (IPv6Network("fec0::/10"), "a private network"),
    (IPv6Network("ff00::/8"), "multicast"),
)
"""Networks that are refused, with the words for a person (IANA special-purpose registries, RFC 6890).

Written out because ``ipaddress.is_global`` differs between versions of Python.
"""

_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_UNICAST = IPv6Network("2000::/3")
"""All IPv6 that is given out to the public internet (IANA, IPv6 Global Unicast Address Assignments)."""


def refuse_address(ip: IP | str) -> str | None:
    """Why we never connect to this address, in a few words, or None where we may.

    An IPv4 address that hides in an IPv6 one is named, since some machines route the packet to it. Only the
    mapped form (``::ffff:a.b.c.d``) is the IPv4 address itself, so only that form can pass.
    """
    try:
        address = ip_address(ip)
    except ValueError:
        return "what the name leads to is not an IP address"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if isinstance(address, IPv6Address):
        for hidden in _hidden(address):
            if (why := refuse_address(hidden)) is not None:
                return f"{address} wraps an IPv4 address, and {why}"
    for network, what in _REFUSED:
        if address in network:
            return f"{address} is {what}"
    if not address.is_global or (isinstance(address, IPv6Address) and address not in _UNICAST):
        return f"{address} is not an address of the public internet"
    return None


def _hidden(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses inside an IPv6 one: compatible, 6to4, Teredo, NAT64 (RFC 4291, 3056, 4380, 6052)."""
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    number = int(address)
    if address in _NAT64 or (address in _COMPATIBLE and number > 1):
        return (IPv4Address(number & 0xFFFFFFFF),)
    if address in _NAT64_LOCAL:
        # RFC 6052 section 2.2: the prefix is 48, 56, 64 or 96 bits long, and bits 64 to 71 are skipped.
        halves = f"{number:032x}"
        spellings = (
            halves[12:16] + halves[18:22],
            halves[14:16] + halves[18:24],
            halves[18:26],
            halves[24:32],
        )
        return tuple(IPv4Address(int(spelling, 16)) for spelling in spellings if spelling[:2] != "00")
    return ()
