"""Addresses: made absolute and sound, and reduced to the key that all twins of a page share.

A page of a portal is reachable under many addresses: http and https, with ``www.`` or ``m.``, as AMP or print
version, with tracking parameters, on the portal's former host. They differ; their key does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

LONGEST_URL = 2048

TRACKING = frozenset(
    """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid igshid mc_cid mc_eid mkt_tok zarsrc
    _ga _gl _hsenc _hsmi oly_anon_id oly_enc_id vero_id wickedid rss_source ref_src ref_url spm
    inheritredirect phpsessid jsessionid cfid cftoken
    """.split()
)
"""Query parameters that say who a reader is or where he came from, and never which page is meant."""

TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "piwik_", "hsa_", "aspsessionid")
_SESSION = re.compile(r";jsessionid=[^/;]*|/\((?:[A-Z]\([A-Za-z0-9_-]+\))+\)(?=/)", re.IGNORECASE)
"""A reader's session within the path: Java's servlets, and ASP.NET without cookies (``/(S(lit3py55))/``)."""

_TWIN_HOSTS = ("www.", "m.", "amp.", "mobile.", "mail.")
_TWIN_PATHS = (
    re.compile(r"/amp/?$|^/amp(?=/)"),
    re.compile(r"/index\.php(?=/|$)"),
    re.compile(r"^/(?:en|vi)(?=/)"),
    re.compile(r"/print(?=/)"),
    re.compile(r"\.(?:html?|amp)$"),
)
_LOST_SLASHES = re.compile(r"^(https?):/{0,1}(?=[^/])", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_TWIN_PARAMETERS = frozenset({"amp", "print", "tmpl"})
_WAY_BACK = re.compile(r"(?:^|_)redirect$|^(?:return|back)_?url$", re.IGNORECASE)
"""Parameters that name the page to go back to, Liferay's ``_101_INSTANCE_…_redirect`` among them."""


def absolute(raw: str, base: str) -> str | None:
    """A sound absolute http(s) address, or None where there is none to be had.

    ``http:host/path`` (slashes lost, seen on state portals), ``host/path`` with the host of ``base`` and backslashes
    before the query (WHATWG URL Standard §4.4) are repaired; other schemes, userinfo, control characters and
    overlong addresses are refused. IRIs become URIs (RFC 3987 §3.1).
    """
    text = raw.strip()
    if not text or len(text) > LONGEST_URL:
        return None
    place, *rest = re.split(r"(?=[?#])", text, maxsplit=1)
    place = _LOST_SLASHES.sub(r"\1://", place.replace("\\", "/"))
    try:
        if _bare(place.partition("/")[0].lower()) == _bare(urlsplit(base).netloc.lower()):
            place = f"//{place}"
        parts = urlsplit(urljoin(base, "".join((place, *rest))))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return None
    try:
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    if ":" in host:
        host = f"[{host}]"
    netloc = f"{host}:{port}" if port else host
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    address = urlunsplit((parts.scheme, netloc, path, query, ""))
    return None if _UNSAFE.search(address) or len(address) > LONGEST_URL else address


def without_tracking(url: str) -> str:
    """The address without a session and parameters that only track; what names the page (``?id=130235``) stays."""
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if not _tracks(pair.partition("=")[0])]
    return urlunsplit(parts._replace(path=_SESSION.sub("", parts.path), query="&".join(kept)))


def _tracks(name: str) -> bool:
    name = unquote(name).lower()
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


def host_of(url: str) -> str:
    """``host`` or ``host:port``, without the port that the scheme implies."""
    return _host(urlsplit(url))


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    implied = {"http": 80, "https": 443}.get(parts.scheme)
    return host if parts.port in (None, implied) else f"{host}:{parts.port}"


def belongs_to(url: str, hosts: Collection[str]) -> bool:
    """Whether an address lies on one of these hosts or on a twin (``www.``, ``m.`` …) of one."""
    host = host_of(url)
    return host in hosts or _bare(host) in {_bare(known) for known in hosts}


def _bare(host: str) -> str:
    for prefix in _TWIN_HOSTS:
        if host.startswith(prefix) and host.count(".") > 1:
            return host.removeprefix(prefix)
    return host


def address_key(url: str, *, portal: str, hosts: Collection[str]) -> str:
    """The key that all twins of a page share.

    The portal's id stands in place of any of its hosts, so that a portal may move and its articles stay
    themselves. Pages that lie elsewhere keep their host.
    """
    parts = urlsplit(url)
    place = portal if belongs_to(url, hosts) else _bare(host_of(url))
    path = unquote(parts.path).replace("\0", "")  # no database keeps a NUL as it is
    path = re.sub("//+", "/", unicodedata.normalize("NFC", _SESSION.sub("", path))).rstrip("/")
    for twin in _TWIN_PATHS:
        path = twin.sub("", path)
    pairs = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not (_tracks(name) or name.lower() in _TWIN_PARAMETERS or _WAY_BACK.search(name))
    )
    return f"{place}{path.rstrip('/') or '/'}" + (f"?{urlencode(pairs)}" if pairs else "")
