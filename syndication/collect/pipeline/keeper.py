"""Keeps what was read of one source: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from syndication.collect.categorise import Categoriser
from syndication.collect.merge import Changed, New, Reading, Same, decide
from syndication.domain.article import Article, Known
from syndication.domain.story import feed_names, mint_id
from syndication.links import Links
from syndication.store import Memory


def keep(
    memory: Memory, readings: Sequence[Reading], *, categoriser: Categoriser, links: Links, now: datetime
) -> tuple[int, int]:
    """Keep what is new or changed in these readings; returns how many articles are new, and how many changed."""
    known = memory.articles.known_as([key for reading in readings for key in reading.keys])
    new = changed = 0
    for decision in decide(readings, known):
        article, keys = decision.reading.article, decision.reading.keys
        if isinstance(decision, New):
            kept = _add(memory, article.also_under((), ()), categoriser=categoriser, links=links, now=now)
            new += 1
        else:
            kept = decision.known.id
            _renew(memory, decision, categoriser=categoriser, now=now)
            changed += isinstance(decision, Changed)
        memory.articles.name(kept, [key for key in keys if key not in known])
    return new, changed


def _add(memory: Memory, article: Article, *, categoriser: Categoriser, links: Links, now: datetime) -> int:
    for attempt in count():
        story = mint_id(article.portal, article.address_key, attempt=attempt)
        if not memory.stories.exists(story):
            break
    memory.stories.add(story, tag=links.story_tag(story), now=now)
    kept = memory.articles.add(article, story=story, now=now)
    memory.stories.led_by(story, kept)
    memory.stories.categorise(story, categoriser.decide(article))
    return kept


def _renew(memory: Memory, decision: Same | Changed, *, categoriser: Categoriser, now: datetime) -> None:
    """Bring a kept article up to what was read now."""
    was = decision.known
    article = decision.reading.article.also_under(was.labels, was.categories)
    relisted = (article.labels, article.categories) != (was.labels, was.categories)
    if isinstance(decision, Changed):
        article = replace(article, published_at=was.published_at or article.published_at)
        memory.articles.change(was.id, article, now=now)
        memory.stories.changed(was.story, at=now, matters=decision.matters)
    elif relisted:
        memory.articles.list_under(was.id, article)
    if isinstance(decision, Changed) or relisted:
        _recategorise(memory, was, article, categoriser=categoriser, now=now)


def _recategorise(
    memory: Memory, was: Known, article: Article, *, categoriser: Categoriser, now: datetime
) -> None:
    reasons = categoriser.decide(article)
    memory.stories.categorise(was.story, reasons)
    memory.stories.mark_stale(memory.stories.feeds_of(was.story), now=now)
    memory.stories.place(was.story, feed_names(reasons, memory.stories.portals(was.story)), now=now)
