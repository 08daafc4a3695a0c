"""Whether a portal lets us read a page (RFC 9309). Feeds are made for us and are not asked about. Pure."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from protego import Protego

VALID_FOR = timedelta(days=1)
"""How long a portal's robots.txt is taken to stand (RFC 9309 §2.4)."""

LONGEST = 500_000
"""Bytes of a robots.txt that are read (RFC 9309 §2.5 asks for 500 KiB at least)."""


def address_for(url: str) -> str:
    """Where the rules for this address stand."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "/robots.txt", "", ""))


def allows(rules: str, url: str, *, user_agent: str) -> bool:
    """Whether rules allow this address to the first word of ``user_agent``."""
    return bool(Protego.parse(rules[:LONGEST]).can_fetch(url, user_agent.partition("/")[0]))
