"""What went wrong, in one plain line that says whose fault it is and what to do."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from syndication.collect.address import CheckedUrl
from syndication.collect.fetch.body import PEEK, WrongEncoding, inflate
from syndication.collect.fetch.exchange import Answer, Limits
from syndication.collect.fetch.politeness import read_retry_after
from syndication.collect.fetch.trust import explain_certificate, reason
from syndication.errors import FetchFailed

_CHALLENGES = {"cf-mitigated": "a Cloudflare challenge, cf-mitigated", "x-amzn-waf-action": "AWS WAF"}
"""Headers that stand only on a page which wants a person to click."""
_REJECTED = b"The requested URL was rejected"
"""F5's firewall says this with status 200, so that it would pass for content."""
_FIREWALLS = (
    (b"viettel waf", "Viettel WAF"),
    (b"cloudflare", "Cloudflare"),
    (_REJECTED.lower(), "F5"),
    (b"incapsula", "Imperva"),
    (b"sucuri", "Sucuri"),
    (b"fortiweb", "FortiWeb"),
    (b"fortiguard", "FortiGuard"),
    (b"modsecurity", "ModSecurity"),
    (b"mod_security", "ModSecurity"),
    (b"web application firewall", "a web application firewall"),
)
_STATUS_WORDS = {
    401: "wants a password (401); give an address that is open to everyone, or ask the portal for one",
    403: "refuses us (403); ask the portal to let our User-Agent or our address in",
    404: "has nothing at this address (404); see in a browser where it is now",
    410: "says that this is gone for good (410); give the new address or take it out",
    429: "asks us to come less often (429); we wait, make the source's `every` longer if it happens again",
    503: "is not available for now (503); we try again later",
}


def passes_for_content(answer: Answer, body: bytes) -> bool:
    """Whether a firewall wrote this, though its status says that all is well."""
    return not _CHALLENGES.keys().isdisjoint(answer.headers) or (len(body) < PEEK and _REJECTED in body)


def refusal(host: str, answer: Answer, limits: Limits) -> FetchFailed:
    """The error for a status that brings no source, with the firewall named where one wrote the answer."""
    status = answer.status
    if wall := _firewall(answer, limits):
        says = f"takes us for an attacker ({status}, {wall}); ask the portal to let our User-Agent in"
    elif status in _STATUS_WORDS:
        says = _STATUS_WORDS[status]
    elif status >= 500:
        says = f"has a fault of its own ({status}); we try again later, tell the portal if it lasts"
    elif status >= 400:
        says = f"rejects our request ({status}); see in a browser whether the address is right"
    else:
        says = f"answers with status {status}, which brings us nothing; see in a browser what it says"
    wait = (
        read_retry_after(answer.headers.get("retry-after"), now=datetime.now(UTC)) if status >= 400 else None
    )
    return FetchFailed(f"{host} {says}", permanent=status == 410, retry_after=wait, status=status)


def _firewall(answer: Answer, limits: Limits) -> str | None:
    for header, name in _CHALLENGES.items():
        if header in answer.headers:
            return name
    try:
        page = inflate(answer, limits, "")
    except (WrongEncoding, FetchFailed):
        page = answer.wire
    page = page[:PEEK].lower()
    for mark, name in _FIREWALLS:
        if mark in page:
            return name
    return None


def explain(error: BaseException, target: CheckedUrl, limits: Limits, ca_file: Path | None) -> str:
    """One plain line for what the network did to us."""
    host = target.host
    match error:
        case aiohttp.ConnectionTimeoutError():
            return f"{host} does not answer within {limits.connect:g} s; it may be down, or may drop us"
        case TimeoutError():
            return f"{host} is too slow: no whole answer within {limits.total:g} s; we try again later"
        case aiohttp.ClientConnectorDNSError() if error.os_error.errno == socket.EAI_AGAIN:
            return (
                f"{host} cannot be looked up, no name server answers; we try again later, see whether this machine "
                "finds other names"
            )
        case aiohttp.ClientConnectorDNSError():
            return f"{host} is not found in DNS; check its spelling, or see whether the portal has moved"
        case aiohttp.ClientConnectorCertificateError():
            return explain_certificate(host, error.certificate_error, ca_file)
        case aiohttp.ClientSSLError():
            return f"{host} and we agree on no TLS ({reason(error.os_error)}); tell the portal to mend it"
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, ConnectionRefusedError):
            return (
                f"{host} refuses connections on port {target.port}; the server may be down or the port wrong"
            )
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, ConnectionResetError):
            return f"{host} hangs up while we connect; its firewall may drop us, we try again later"
        case aiohttp.ClientConnectorError():
            return f"{host} cannot be reached ({reason(error.os_error)}); we try again later"
        case aiohttp.ClientPayloadError():
            return f"{host} breaks off in the middle of its answer; we try again later"
        case aiohttp.ClientResponseError():
            return f"{host} answers with something that is not proper HTTP; tell the portal"
        case _:
            return f"{host} hangs up before it has answered; we try again later"
