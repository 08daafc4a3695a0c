"""Decides what a reading of an article means: news, an edit of what we keep, or nothing new.

Pure: it is given the readings of one document and what the ledger knows of their names. An article is only ever
recognised by a name its own portal has given it; whether several portals tell one story is ``similar``'s to say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

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

    A broken portal gives every item the same GUID, an office fills in one form twice; such a name names nothing.
    """
    used = Counter(key for reading in readings for key in reading.keys)
    seen: set[str] = set()
    kept: list[Reading] = []
    for reading in readings:
        if reading.article.address_key in seen:
            continue
        seen.add(reading.article.address_key)
        keys = tuple(key for key in reading.keys if key.kind is KeyKind.ADDRESS or used[key] == 1)
        kept.append(Reading(reading.article, keys))
    return kept


def decide(readings: Sequence[Reading], known: Mapping[ArticleKey, Known]) -> list[Decision]:
    """What each reading means, in the order given; ``readings`` have passed ``trusted``."""
    return [_decide(reading, known) for reading in readings]


def _decide(reading: Reading, known: Mapping[ArticleKey, Known]) -> Decision:
    kept = next(
        (
            known[key]
            for key in reading.keys
            if key in known and (key.kind is not KeyKind.GUID or same_news(reading.article, known[key]))
        ),
        None,
    )
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


def same_news(article: Article, kept: Known) -> bool:
    """Whether an article found under a kept one's GUID, at another address, is that one and not other news.

    Some portals give a GUID to one article after the other, or the same to all. An edited title leaves most words of
    title or summary standing; other news does not, or says the same words of other numbers.
    """
    if text.fold(article.title) == text.fold(kept.title):
        return True
    if _numbers(article.title) != _numbers(kept.title) and article.published_at != kept.published_at:
        return False
    return any(
        _shared(one, other) >= MUCH
        for one, other in ((article.title, kept.title), (article.summary, kept.summary))
    )


MUCH = 0.5
"""Of the pairs of words in the shorter of two texts."""


def _shared(one: str, other: str) -> float:
    ours, theirs = _pairs(one), _pairs(other)
    return len(ours & theirs) / max(min(len(ours), len(theirs)), 1)


def _pairs(told: str) -> set[tuple[str, str]]:
    words = text.fold(told).split()
    return set(pairwise(words))


def _numbers(told: str) -> list[str]:
    return re.findall(r"\d+", told)
