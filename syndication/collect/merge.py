"""Decides what a reading of an article means: news, an edit of what we keep, or nothing new.

Pure: it is given the readings of one document and what the ledger knows of their names. It never compares
texts across portals; an article is only ever recognised by a name a source has given it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syndication import text
from syndication.domain.article import Article, ArticleKey, KeyKind, Known


@dataclass(frozen=True, slots=True)
class Reading:
    """An article as just read, and every name its source gave it, the surest first."""

    article: Article
    keys: tuple[ArticleKey, ...]


@dataclass(frozen=True, slots=True)
class New:
    """An article nobody knew."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class Same:
    """A kept article as it was; names not known yet are learnt."""

    reading: Reading
    known: Known


@dataclass(frozen=True, slots=True)
class Changed:
    """A kept article that says something else now."""

    reading: Reading
    known: Known
    matters: bool
    """Whether a reader would want to know: the words of title or summary changed, not marks or spacing."""


Decision = New | Same | Changed


def trusted(readings: Sequence[Reading]) -> list[Reading]:
    """The readings without names that name several articles, and without twins of an earlier reading.

    A broken portal gives every item the same GUID; such a GUID names nothing.
    """
    used = Counter(key for reading in readings for key in reading.keys if key.kind is KeyKind.GUID)
    seen: set[str] = set()
    kept: list[Reading] = []
    for reading in readings:
        if reading.article.address_key in seen:
            continue
        seen.add(reading.article.address_key)
        keys = tuple(key for key in reading.keys if key.kind is not KeyKind.GUID or used[key] == 1)
        kept.append(Reading(reading.article, keys))
    return kept


def decide(readings: Sequence[Reading], known: Mapping[ArticleKey, Known]) -> list[Decision]:
    """What each reading means, in the order given; ``readings`` have passed ``trusted``."""
    return [_decide(reading, known) for reading in readings]


def _decide(reading: Reading, known: Mapping[ArticleKey, Known]) -> Decision:
    kept = next((known[key] for key in reading.keys if key in known), None)
    if kept is None:
        return New(reading)
    article = reading.article.filled_from(kept)
    reading = Reading(article, reading.keys)
    if article.content_hash == kept.content_hash:
        return Same(reading, kept)
    matters = (text.fold(article.title), text.fold(article.summary)) != (
        text.fold(kept.title),
        text.fold(kept.summary),
    )
    return Changed(reading, kept, matters)
