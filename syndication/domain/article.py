"""From what a source said to what we keep: Item, then Article.

An Item is untrusted: strings as the source wrote them, HTML as it came. An Article is ours: plain text in
NFC, checked addresses, HTML that passed the one door for HTML (``collect/clean.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from syndication.domain.picture import Size

SafeHtml = NewType("SafeHtml", str)
"""HTML that ``collect/clean.py`` made; nothing else may create one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry as a source gave it, parsed, not yet ours. Every string is untrusted."""

    url: str
    title: str
    guid: str | None = None
    raw_summary: str = ""
    raw_content: str = ""
    author: str | None = None
    labels: tuple[str, ...] = ()
    image_url: str | None = None
    image_size: Size | None = None
    """What the source says of the picture at ``image_url``; never without it."""
    published: str | None = None
    """The date exactly as printed; reading it is the work of ``collect/dates.py``."""
    updated: str | None = None


class DateFrom(StrEnum):
    """Where an article's date comes from, so that a reader can be told."""

    SOURCE = "source"
    FIRST_SEEN = "first-seen"


class KeyKind(StrEnum):
    """The ways in which a source can name an article (the identity ledger's kinds)."""

    ADDRESS = "address"
    GUID = "guid"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class ArticleKey:
    """One name of one article. The same name always leads to the same article."""

    kind: KeyKind
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One page of one portal, in our shape."""

    portal: str
    url: str
    address_key: str
    """The canonical address without scheme and host twins: equal for every twin of the page."""
    guid: str | None
    title: str
    summary: str
    content: SafeHtml | None
    author: str | None
    labels: tuple[str, ...]
    image_url: str | None
    image_size: Size | None = None
    published_at: datetime | None
    """The portal's own date, aware UTC; None where it cannot be trusted."""
    categories: tuple[str, ...] = ()
    """Slugs given by the source's file, when it is certain."""
    fingerprint: str = ""
    """What is kept of its text to know it again, as ``collect/similar.py`` writes it; empty where there is none."""

    def also_under(self, labels: Iterable[str], categories: Iterable[str]) -> Article:
        """The same article, listed under these labels and categories as well.

        A portal lists one article in several places; what they say is joined, in an order that does not depend
        on which of them was read first.
        """
        return replace(
            self,
            labels=tuple(sorted({*self.labels, *labels})),
            categories=tuple(sorted({*self.categories, *categories})),
        )

    def filled_from(self, known: Known) -> Article:
        """The article with what a kept reading of it said where this one says nothing.

        A list that tells less than an article's page must not blank what the page told. A picture keeps the size that
        was first told of it, so that sources that differ do not take turns.
        """
        image_url = self.image_url or known.image_url
        kept_size = known.image_size if image_url == known.image_url else None
        return replace(
            self,
            summary=self.summary or known.summary,
            content=self.content or known.content,
            author=self.author or known.author,
            image_url=image_url,
            image_size=kept_size or self.image_size,
        )

    @property
    def content_hash(self) -> str:
        """Changes when something a reader would see changes.

        The date is left out, sources re-stamp it; so is the size of the picture, which nobody reads.
        """
        parts = (self.title, self.summary, self.content or "", self.url, self.image_url or "")
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What must be known of a kept article to decide about a new reading of it."""

    id: int
    portal: str
    story: str
    url: str
    title: str
    summary: str
    content: SafeHtml | None
    author: str | None
    image_url: str | None
    image_size: Size | None = None
    labels: tuple[str, ...]
    categories: tuple[str, ...]
    content_hash: str
    published_at: datetime | None
