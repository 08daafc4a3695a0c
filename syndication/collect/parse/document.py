"""What a parser is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass

from syndication.domain.article import Item

MOST_ITEMS = 500
"""Items read from one document; a portal that lists more is listing its history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One answer of a source: its bytes, where they came from, and what the server called them."""

    body: bytes
    url: str
    content_type: str | None = None
    charset: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The items of a document, in its order."""

    items: tuple[Item, ...]
    generator: str | None = None
    """The software that says it made the document; some have known faults (NukeViet's minutes)."""
