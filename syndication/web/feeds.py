"""What a request for a feed is answered: headers prepared once per document, and one plain line where there is none.

Nothing here looks anything up; ``front`` finds the document. Sources of the rules: RFC 9110 (conditional requests,
negotiation), RFC 9111 (caching), RFC 5861 (stale answers), RFC 3229 (answers with only what is new), WebSub §4
(links), and what readers do in practice.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

import brotli

from syndication.links import MEDIA_TYPES, FeedFormat, Links
from syndication.store.documents import Document
from syndication.web import conditions

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, bytes]
"""Status line, headers, body."""

FRESH = 900
"""Seconds for which a feed need not be asked for again."""
YEAR = 365 * 86_400
CACHE = f"public, max-age={FRESH}, stale-while-revalidate=3600, stale-if-error=86400"
POLICY = "default-src 'none'; sandbox"
PLAIN_JSON = "application/json; charset=utf-8"

ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")
FOR_ALL: Headers = [
    ANY_ORIGIN,
    ("Access-Control-Expose-Headers", "ETag, Last-Modified, Link, Retry-After, IM, Delta-Base"),
]
"""On every answer, so that scripts of other sites may read it, whatever it says."""

SAFE: Headers = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
]
"""On every answer with a body: it is data, and a browser that shows it runs nothing of it."""

METHODS = "GET, HEAD, OPTIONS"
PREFLIGHT: Headers = [
    ("Allow", METHODS),
    ("Access-Control-Allow-Methods", METHODS),
    (
        "Access-Control-Allow-Headers",
        "A-IM, Accept, Cache-Control, If-Modified-Since, If-None-Match, Pragma, Range",
    ),
    ("Access-Control-Max-Age", "86400"),
    *FOR_ALL,
]

ARCHIVE = re.compile(r"feeds/.+/\d{4}-\d\d[^/]*\.atom")
"""Documents of the past (RFC 5005 §4), which stay as they are."""

_WORTH_COMPRESSING = 1000


class Ready:
    """A document with everything prepared that does not depend on the request."""

    def __init__(self, document: Document, *, links: Links, hub: str, now: datetime) -> None:
        """``hub`` is told to readers of feeds (WebSub); ``now`` only keeps Last-Modified out of the future."""
        self.document = document
        self.number = document.number
        self.changed_at = document.changed_at
        at = min(document.changed_at, now.replace(microsecond=0))
        self.last_modified = http_date(at)
        self.unmoved = self.last_modified if at == document.changed_at else ""
        """The date by which a reader has just this content; empty while Last-Modified says an earlier one."""
        self.lasts = YEAR if ARCHIVE.fullmatch(document.path) else FRESH
        self.cache = CACHE if self.lasts == FRESH else f"public, max-age={YEAR}"
        self.is_json = document.media_type == MEDIA_TYPES[FeedFormat.JSON]
        self.vary = "Accept-Encoding, Accept" if self.is_json else "Accept-Encoding"
        self.links = _links(document, links, hub)
        self.tag = document.etag.strip('"')
        bodies = {"": document.body, "gzip": document.gzip, "br": document.brotli}
        self.bodies = {coding: body for coding, body in bodies.items() if body is not None}
        self.whole = {
            coding: [*self._content(coding, body), *self._validators(coding), *FOR_ALL, *SAFE]
            for coding, body in self.bodies.items()
        }
        """The headers of 200, by content coding."""
        self.unchanged = {
            self.etag(coding): [*self._validators(coding), ANY_ORIGIN] for coding in ("", *conditions.CODINGS)
        }
        """The headers of 304 by the ETag that a reader named, in the words in which we gave it.

        As few as can be, for most answers are this one: its tag a script knows already, so nothing is exposed to it.
        """

    def etag(self, coding: str) -> str:
        """The strong tag of one form (RFC 9110 §8.8.3.3: each form has its own)."""
        return f'"{self.tag}{conditions.CODINGS.get(coding, "")}"'

    def _content(self, coding: str, body: bytes) -> Headers:
        return [
            ("Content-Type", f"{self.document.media_type}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            *([("Content-Encoding", coding)] if coding else []),
            *self.links,
        ]

    def _validators(self, coding: str) -> Headers:
        return [
            ("ETag", self.etag(coding)),
            ("Last-Modified", self.last_modified),
            ("Cache-Control", self.cache),
            ("Vary", self.vary),
        ]

    def coding(self, accept_encoding: str) -> str:
        """The best form we have for who takes these codings; "" is the plain one."""
        return next(coding for coding in conditions.codings(accept_encoding) if coding in self.bodies)

    def named(self, if_none_match: str, accept_encoding: str) -> Headers | None:
        """The headers of 304 if one of these ETags is ours, in whatever form; else None."""
        if exact := self.unchanged.get(if_none_match):
            return exact
        tags = conditions.tags(if_none_match)
        if self.tag not in tags and "*" not in tags:
            return None
        # A cache can only renew a copy whose tag it reads again (RFC 9111 §4.3.4): say the one that was named.
        named = (headers for etag, headers in self.unchanged.items() if etag in if_none_match)
        return next(named, self.unchanged[self.etag(self.coding(accept_encoding))])

    def is_unmodified_since(self, date: str, *, now: datetime) -> bool:
        """Whether who has a copy of this date has this content (RFC 9110 §13.1.3).

        Readers invent dates, so a later one than ours counts too. One in the future or that cannot be read is none.
        """
        if date == self.unmoved:
            return True
        moment = conditions.moment(date)
        return moment is not None and self.changed_at <= moment <= now

    def is_still(self, if_match: str | None, if_unmodified_since: str | None) -> bool:
        """Whether the content is what somebody wants or nothing (RFC 9110 §13.1.1, §13.1.4); a tag decides."""
        if if_match:
            tags = conditions.strong_tags(if_match)
            return "*" in tags or not tags.isdisjoint(self.unchanged)
        moment = conditions.moment(if_unmodified_since or "")
        return moment is None or self.changed_at <= moment

    def news(
        self, if_none_match: str, accept_encoding: str, editions: Mapping[str, frozenset[bytes]]
    ) -> Answer | None:
        """226 with only the entries that an edition the reader has does not hold; None where it is not known.

        RFC 3229 §10.4.1, with the manipulation «feed»: the ETag is that of the whole feed as it is now, and no
        cache keeps what was cut for the copy of one reader.
        """
        named = (f'"{tag}"' for tag in conditions.tags(if_none_match))
        base = next((tag for tag in named if tag in editions), None)
        body = self.document.without(editions[base]) if base else None
        if base is None or body is None or len(body) >= len(self.document.body):
            return None
        coding = self.coding(accept_encoding) if len(body) > _WORTH_COMPRESSING else ""
        if coding:
            body = brotli.compress(body, quality=4) if coding == "br" else gzip.compress(body, 6, mtime=0)
        return (
            "226 IM Used",
            [
                *self._content(coding, body),
                ("ETag", self.etag(coding)),
                ("IM", "feed"),
                ("Delta-Base", base),
                ("Last-Modified", self.last_modified),
                ("Cache-Control", "no-store, im"),
                ("Vary", f"{self.vary}, A-IM, If-None-Match"),
                *FOR_ALL,
                *SAFE,
            ],
            body,
        )


def _links(document: Document, links: Links, hub: str) -> Headers:
    """A feed's address as it should be kept, and who tells of its changes (RFC 8288; WebSub §4)."""
    if document.media_type not in MEDIA_TYPES.values():
        return []
    own = f'<{links.to("/" + document.path)}>; rel="self"'
    return [("Link", f'{own}, <{hub}>; rel="hub"' if hub and not ARCHIVE.fullmatch(document.path) else own)]


def as_plain_json(headers: Headers, accept: str) -> Headers:
    """The same, under the older name of its type for readers who take nothing else."""
    asked = conditions.weights(accept)
    if asked.get("application/json") and not asked.keys() & {"application/feed+json", "application/*", "*/*"}:
        return [(name, PLAIN_JSON if name == "Content-Type" else value) for name, value in headers]
    return headers


def http_date(moment: datetime) -> str:
    """RFC 9110 §5.6.7, in whole seconds; ``moment`` is in UTC."""
    return format_datetime(moment, usegmt=True)


def says(status: str, words: str, *headers: tuple[str, str], cache: str = "no-store") -> Answer:
    """An answer that is no feed: plain words that tell what to do."""
    body = f"{words}\n".encode()
    return (
        status,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", cache),
            *headers,
            *FOR_ALL,
            *SAFE,
        ],
        body,
    )


def no_such_feed(links: Links) -> Answer:
    """404. The address is not repeated: it may be anything."""
    words = f"There is no feed at this address. All feeds: {links.feeds()}"
    return says("404 Not Found", words, cache="public, max-age=60")


def ended(links: Links) -> Answer:
    """410, on which readers stop asking."""
    words = f"This feed has ended and will not come back. All feeds: {links.feeds()}"
    return says("410 Gone", words, cache="public, max-age=86400")


def moved(address: str) -> Answer:
    """301: readers keep the new address."""
    words = f"This feed has moved for good: {address}"
    return says("301 Moved Permanently", words, ("Location", address), cache="public, max-age=86400")


def wrong_filter(words: str) -> Answer:
    """400."""
    return says("400 Bad Request", words, cache="public, max-age=60")


def wrong_method() -> Answer:
    """405."""
    return says("405 Method Not Allowed", f"A feed can only be read: use {METHODS}.", ("Allow", METHODS))


def has_changed() -> Answer:
    """412."""
    return says("412 Precondition Failed", "The feed is not what it was: ask without If-Match and its like.")


def too_often(wait: int) -> Answer:
    """429 (RFC 6585 §4); ``wait`` in seconds."""
    words = (
        "This address has taken the whole feed very often. Keep what you get, and send its ETag as If-None-Match "
        f"when you ask again; such questions are welcome at any time. Whole feeds again in {wait} seconds."
    )
    return says("429 Too Many Requests", words, ("Retry-After", str(wait)))


def away() -> Answer:
    """503: the database is away and we have no copy."""
    words = "This feed cannot be read at the moment. Try again in a minute."
    return says("503 Service Unavailable", words, ("Retry-After", "60"))
