"""Keeps what was read of one source: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from syndication.collect.merge import Changed, New, Reading, Same, decide
from syndication.collect.pipeline.settle import Newsroom, settle
from syndication.collect.similar import Fingerprint, Told, Verdict, index_keys, judge
from syndication.collect.timing import next_look
from syndication.domain.article import Article
from syndication.domain.story import OLD_NEWS, mint_id
from syndication.store import Memory
from syndication.store.articles import Likely
from syndication.store.joins import Join


def keep(
    memory: Memory, readings: Sequence[Reading], *, newsroom: Newsroom, now: datetime
) -> tuple[int, int]:
    """Keep what is new or changed in these readings; returns how many articles are new, and how many changed."""
    known = memory.articles.known_as([key for reading in readings for key in reading.keys])
    new = changed = 0
    for decision in decide(readings, known):
        article, keys = decision.reading.article, decision.reading.keys
        if isinstance(decision, New):
            kept = _add(memory, article.also_under((), ()), newsroom=newsroom, now=now)
            new += 1
        else:
            kept = decision.known.id
            _renew(memory, decision, newsroom=newsroom, now=now)
            changed += isinstance(decision, Changed)
        memory.articles.name(kept, [key for key in keys if key not in known])
    return new, changed


def _add(memory: Memory, article: Article, *, newsroom: Newsroom, now: datetime) -> int:
    told = _told(article.portal, article.fingerprint, article.published_at)
    marks = index_keys(told.fingerprint) if told else ()
    same = _same_story(memory, told, memory.articles.likely(marks)) if told else None
    story = (
        same[0].story
        if same
        else mint(memory, article.portal, article.address_key, newsroom=newsroom, now=now)
    )
    look_at = next_look(now, now=now)
    kept = memory.articles.add(article, story=story, now=now, look_at=look_at, marks=marks)
    if same:
        other, verdict = same
        memory.joins.add(
            Join(
                article=kept,
                story=story,
                other=other.id,
                score=verdict.score,
                why=verdict.why,
                joined_at=now,
            )
        )
        _reconsider(memory, story, article, now=now)
        settle(memory, story, newsroom=newsroom, now=now)
    else:
        memory.stories.led_by(story, kept)
        memory.stories.categorise(story, newsroom.categoriser.decide(article))
    return kept


def mint(memory: Memory, portal: str, address_key: str, *, newsroom: Newsroom, now: datetime) -> str:
    """A new story, named after where its first article was found."""
    for attempt in count():
        story = mint_id(portal, address_key, attempt=attempt)
        if not memory.stories.exists(story):
            break
    memory.stories.add(story, tag=newsroom.links.story_tag(story), now=now)
    return story


def _told(portal: str, fingerprint: str, told_at: datetime | None) -> Told | None:
    try:
        return Told(portal=portal, fingerprint=Fingerprint.from_json(fingerprint), told_at=told_at)
    except ValueError:
        return None  # kept by another version of this program, or nothing is kept


def _same_story(memory: Memory, told: Told, likely: Sequence[Likely]) -> tuple[Likely, Verdict] | None:
    """The kept article that tells the same news, and how that is known; the surest of several."""
    found: list[tuple[Likely, Verdict]] = []
    for one in likely:
        other = _told(one.portal, one.fingerprint, one.published_at)
        if one.withdrawn or other is None:
            continue
        verdict = judge(told, other)
        # A portal tells a piece of news once: what looks like a second time is a sequel.
        if verdict.same and told.portal not in memory.stories.portals(one.story):
            found.append((one, verdict))
    return max(found, key=lambda pair: (pair[1].score, -pair[0].id), default=None)


def _reconsider(memory: Memory, story: str, article: Article, *, now: datetime) -> None:
    """What was history for one portal is news when another one tells it today; not so if that one is new to us."""
    standing = memory.stories.standing(story)
    if standing is None or standing.kept_back_at is None:
        return
    fresh = article.published_at is None or article.published_at > now - OLD_NEWS
    if fresh and article.portal in memory.stories.portals_heard():
        memory.stories.reconsider(story)


def _renew(memory: Memory, decision: Same | Changed, *, newsroom: Newsroom, now: datetime) -> None:
    """Bring a kept article up to what was read now."""
    was = decision.known
    article = decision.reading.article.also_under(was.labels, was.categories)
    relisted = (article.labels, article.categories) != (was.labels, was.categories)
    if isinstance(decision, Changed):
        article = replace(article, published_at=was.published_at or article.published_at)
        memory.articles.change(was.id, article, now=now)
        _mark_again(memory, was.id, article)
        standing = memory.stories.standing(was.story)
        leads = standing is not None and standing.lead_article == was.id
        memory.stories.changed(was.story, at=now, matters=decision.matters and leads)
    elif relisted:
        memory.articles.list_under(was.id, article)
    if isinstance(decision, Changed) or relisted:
        settle(memory, was.story, newsroom=newsroom, now=now)


def _mark_again(memory: Memory, kept: int, article: Article) -> None:
    """Know an article by its new text, unless this reading only tells less of it than an earlier one."""
    now = _told(article.portal, article.fingerprint, None)
    before = _told(article.portal, memory.articles.fingerprint(kept), None)
    if now and (before is None or now.fingerprint.runs >= before.fingerprint.runs):
        memory.articles.mark(kept, article.fingerprint, index_keys(now.fingerprint))
