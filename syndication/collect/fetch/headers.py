"""Which headers go out with a request, and what those that come back mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

from syndication.collect.fetch.exchange import FEED_ACCEPT, Answer, Fetched, Request
from syndication.collect.fetch.redirects import Trail

_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s;"',]+)""", re.IGNORECASE)


def headers_for(request: Request, *, user_agent: str, encodings: str) -> dict[str, str]:
    """All that we say besides what HTTP itself needs: who we are, what we want, what we have already."""
    headers = {"User-Agent": user_agent, "Accept": request.accept, "Accept-Encoding": encodings}
    if request.form:
        return headers | {"Content-Type": "application/x-www-form-urlencoded"}
    if etag := _sendable(request.etag):
        headers["If-None-Match"] = etag
    if last_modified := _sendable(request.last_modified):
        headers["If-Modified-Since"] = last_modified
    if request.accept == FEED_ACCEPT and (etag or last_modified):
        headers["A-IM"] = "feed"
    return headers


def plain_headers(received: Mapping[str, str]) -> dict[str, str]:
    """By lower-cased name; repeated headers joined with a comma (RFC 9110, section 5.2)."""
    headers: dict[str, str] = {}
    for name, value in received.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def fetched(request: Request, trail: Trail, answer: Answer, *, body: bytes, seconds: float) -> Fetched:
    """The usable answer at the end of the trail, with what its headers say."""
    received = answer.headers
    headers = {name: _readable(value) for name, value in received.items()}
    unchanged = answer.status == 304
    kind = headers.get("content-type", "")
    charset = _CHARSET.search(kind)
    return Fetched(
        request=request,
        url=trail.target.url,
        status=answer.status,
        body=body,
        content_type=kind.partition(";")[0].strip().lower() or None,
        charset=charset[1].lower() if charset else None,
        etag=_sendable(received.get("etag")) or (request.etag if unchanged else None),
        last_modified=_sendable(received.get("last-modified"))
        or (request.last_modified if unchanged else None),
        permanent_url=trail.moved_to,
        downgraded=trail.downgraded,
        headers=headers,
        seconds=seconds,
    )


def _readable(value: str) -> str:
    """A header's value as text that can be stored: bytes that are not UTF-8 become U+FFFD."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _sendable(validator: str | None) -> str | None:
    """A validator that can be sent back byte by byte; anything else is as good as none."""
    if validator and validator.isprintable():
        return validator
    return None
