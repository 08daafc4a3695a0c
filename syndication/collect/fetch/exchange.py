"""What is asked and what comes back, and how much of either we take: the words of fetching."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from syndication.errors import SourceError

FEED_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
)
PAGE_ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, how much and how fast. Seconds and bytes."""

    connect: float = 5.0
    """For DNS, TCP and TLS together."""
    total: float = 25.0
    """From the first DNS question to the last byte, redirects included; waiting for a turn is not counted."""
    wire_bytes: int = 5_000_000
    inflated_bytes: int = 15_000_000
    ratio: int = 200
    """Inflated to wire bytes, looked at only above 1 MB: what beats it is a bomb, not a feed."""
    hops: int = 5
    concurrency: int = 32
    per_host: int = 2
    spacing: float = 1.0
    """Between two starts at one host. Hosts named in ``SYNDICATION_PRIVATE_HOSTS`` are not spaced."""


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask for. Validators are sent back exactly as they came (RFC 9110, section 13.1)."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    accept: str = FEED_ACCEPT
    ca_file: Path | None = None
    """PEM certificates to trust besides the system's, such as one that the server forgets to send."""
    form: tuple[tuple[str, str], ...] = ()
    """Names and values to send as a web form does, such as the ping of a WebSub hub. They make it a POST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A usable answer: 200 (or 203), 226 with only what is new (RFC 3229), or 304 with an empty body.

    A form was taken where the status is any from 200 to 299; the body may then be empty.
    """

    request: Request
    url: str
    """Where the answer came from in the end."""
    status: int
    body: bytes
    """Without its transfer and content encodings."""
    content_type: str | None
    charset: str | None
    """As the header says it, not checked to be an encoding that exists."""
    etag: str | None
    last_modified: str | None
    """The validators to send next time: as received; after a 304 that repeats none, those of the request."""
    permanent_url: str | None
    """Where the address has moved for good: every redirect was a 301 or 308, and none gave up https."""
    downgraded: bool
    """True where a redirect led from https to http: anyone on the way could have written this answer."""
    headers: Mapping[str, str]
    """By lower-cased name; repeated headers joined with a comma."""
    seconds: float
    """From question to last byte, without the time spent waiting for our turn."""

    @property
    def body_hash(self) -> str:
        """SHA-256 of the body, hexadecimal: the same hash means that nothing changed."""
        return sha256(self.body).hexdigest()


Result = tuple[Request, Fetched | SourceError]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one hop said. The body is as it came over the wire; of a refusal it is the start or nothing."""

    status: int
    headers: dict[str, str]
    """By lower-cased name; bytes that are not UTF-8 stand in them as surrogates."""
    wire: bytes
