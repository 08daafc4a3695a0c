"""Whether a portal lets us read a page (RFC 9309). Feeds are made for us and are not asked about. Pure."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from protego import Protego

from syndication.collect.fetch import Fetched
from syndication.domain.portal import Read
from syndication.errors import SourceError

ASKED_FOR = (Read.PAGE, Read.SITEMAP)
"""Ways that read what is made for people or for search engines; feeds are made to be read by us."""

VALID_FOR = timedelta(days=1)
"""How long a portal's robots.txt is taken to stand (RFC 9309 §2.4)."""

UNREACHED_FOR = timedelta(days=30)
"""Rules that cannot be had are the last that were; after so long they are none (RFC 9309 §2.3.1.4)."""

UNKNOWN = "User-agent: *\nDisallow: /\n# It could not be had.\n"
"""Stands for rules that could never be had: until they can, nothing may be read."""

FORBIDDEN = "the portal's robots.txt asks us not to read this page: ask the portal, or find a feed"

LONGEST = 500_000
"""Bytes of a robots.txt that are read (RFC 9309 §2.5 asks for 500 KiB at least)."""


def address_for(url: str) -> str:
    """Where the rules for this address stand."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "/robots.txt", "", ""))


def allows(rules: str, url: str, *, user_agent: str) -> bool:
    """Whether rules allow this address to the first word of ``user_agent``."""
    return bool(Protego.parse(rules[:LONGEST]).can_fetch(url, user_agent.partition("/")[0]))


def rules_in(answer: Fetched | SourceError) -> str | SourceError:
    """The rules that an answer holds, "" where the portal has none; or why nobody can say whether it has any.

    No rules where it says 4xx or leads nowhere (RFC 9309 §2.3.1.2 and 3), but a server that is down or wants to be
    left alone may have some (§2.3.1.4).
    """
    if isinstance(answer, Fetched):
        return answer.body.decode("utf-8", "replace")
    if answer.status is not None and 300 <= answer.status < 500 and answer.status != 429:
        return ""
    return SourceError(
        f"its robots.txt cannot be had, and until then we read none of its pages: {answer}",
        retry_after=answer.retry_after,
    )
