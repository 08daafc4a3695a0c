"""What a parser is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from syndication.domain.article import Item

if TYPE_CHECKING:  # the child process that parses needs no HTTP library
    from syndication.collect.fetch import Fetched

MOST_ITEMS = 500
"""Items read from one document; a portal that lists more is listing its history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One answer of a source: its bytes, where they came from, and what the server called them."""

    body: bytes
    url: str
    content_type: str | None = None
    charset: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What else the server said, by lower-cased name; repeated headers joined with a comma."""
    select: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """For listings: the CSS selectors of the source's file (``domain.portal.Source.select``)."""
    known: frozenset[str] = frozenset()
    """Hashes of items that need not be read again (``Parsed.hashes``); a reader may leave those items out."""

    @classmethod
    def of(
        cls, answer: Fetched, *, select: Mapping[str, str] | None = None, known: frozenset[str] = frozenset()
    ) -> Document:
        """What came over the net, as parsers take it."""
        return cls(
            body=answer.body,
            url=answer.url,
            content_type=answer.content_type,
            charset=answer.charset,
            headers=answer.headers,
            select=select or MappingProxyType({}),
            known=known,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The items of a document, in its order."""

    items: tuple[Item, ...]
    hashes: tuple[str, ...] = ()
    """One for each item, where the reader can tell items apart before it reads them (``collect/cut.py``)."""
    left_out: frozenset[str] = frozenset()
    """Of ``Document.known`` those that the document holds; their items were left out."""
    generator: str | None = None
    """The software that says it made the document; some have known faults (NukeViet's minutes)."""
    next_url: str | None = None
    """Where older items are listed, absolute, when the document says so."""
    every: timedelta | None = None
    """How often the document itself says it changes (RSS ttl, sy:updatePeriod)."""
    notes: tuple[str, ...] = ()
    """What was read and yet does not look right, each in one plain line that says what to do."""
