"""Reads what a request says about the copy it has and the forms it takes: ETags, dates, codings, A-IM.

Headers come from anybody: what cannot be read asks for nothing, and none of this raises.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from werkzeug.http import parse_date

LONGEST = 8192
"""Characters of a header that are looked at; nobody's list of ETags is longer."""

CODINGS = {"br": "-br", "gzip": "-gz"}
"""Content codings we have, the better one first, and how an ETag of each ends."""

_TAG = re.compile(r'(?:W/)?(?:"([^"]*)"|([^\s,"]+))')
_STRONG = re.compile(r'(W/)?("[^"]*")')
_CHANGED_ON_THE_WAY = re.compile(r"(?:-br|-gz|[-;]{1,2}(?:gzip|br|brotli|zstd))$")
_WEIGHED = re.compile(r"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*([^\s;,]*)\s*)?(?:;[^,]*)?(?:,|$)", re.IGNORECASE)
_WEIGHT = re.compile(r"[01](?:\.\d{0,9})?")


def tags(if_none_match: str) -> list[str]:
    """The entity tags of a list, without quotes and W/, as weak comparison asks (RFC 9110 §13.1.2).

    What is left out too is how compressing on the way marks a tag: ours (``-gz``, ``-br``), Apache's (``-gzip``).
    ``*`` is in the list as itself.
    """
    # «"*"» in quotes is a tag like another, which nobody has.
    found = (bare or quoted.replace("*", "") for quoted, bare in _TAG.findall(if_none_match[:LONGEST]))
    return [_CHANGED_ON_THE_WAY.sub("", tag) for tag in found]


def strong_tags(if_match: str) -> set[str]:
    """The entity tags of a list with their quotes, without weak ones, which a strong comparison never finds.

    RFC 9110 §13.1.1; ``*`` is in the set as itself.
    """
    if if_match.strip() == "*":
        return {"*"}
    return {tag for weak, tag in _STRONG.findall(if_match[:LONGEST]) if not weak}


def moment(date: str) -> datetime | None:
    """An HTTP date in any of its three forms (RFC 9110 §5.6.7), or None."""
    if len(date) > 64:
        return None
    try:
        found = parse_date(date)
        return found.astimezone(UTC) if found else None
    except (ValueError, OverflowError, IndexError):
        return None


def weights(header: str) -> dict[str, float]:
    """The members of a list with their weights (RFC 9110 §12.4.2), in lower case; a broken weight is none."""
    found = {}
    for name, weight in _WEIGHED.findall(header[:LONGEST]):
        known = not weight or _WEIGHT.fullmatch(weight)
        found[name.lower()] = min(float(weight or 1), 1.0) if known else 0.0
    return found


@lru_cache(maxsize=512)
def codings(accept_encoding: str) -> tuple[str, ...]:
    """The content codings to answer with, the preferred one first; "" is none, and always the last resort.

    RFC 9110 §12.5.3. Whoever refuses even the plain bytes gets them nevertheless: a reader does more with them
    than with an error.
    """
    asked = weights(accept_encoding)
    asked.setdefault("gzip", asked.get("x-gzip", asked.get("*", 0.0)))
    asked.setdefault("br", asked.get("*", 0.0))
    plain = asked.get("identity", 0.0)
    wanted = [name for name in CODINGS if asked[name] > 0 and asked[name] >= plain]
    return (*sorted(wanted, key=lambda name: -asked[name]), "")


def wants_news(a_im: str) -> bool:
    """Whether a reader takes an answer that holds only the new entries (``A-IM: feed``, RFC 3229 §10.5.3)."""
    return weights(a_im).get("feed", 0.0) > 0
