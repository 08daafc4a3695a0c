"""Keeps what was read of one source: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from syndication.collect import canonical
from syndication.collect.gather import NEW, Gathered, Teller, gather
from syndication.collect.merge import Changed, New, Reading, Same, decide
from syndication.collect.pipeline.settle import Newsroom, settle
from syndication.collect.similar import Fingerprint, Told, index_keys, judge
from syndication.collect.timing import next_look
from syndication.domain.article import Article
from syndication.domain.story import OLD_NEWS, mint_id
from syndication.store import Memory
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
    look_at = next_look(now, now=now)
    gathered = gather(_resembling(memory, article, told, marks)) if told else []
    if all(one.stands for one in gathered):  # and this article stands alone
        story = mint(memory, article.portal, article.address_key, newsroom=newsroom, now=now)
        kept = memory.articles.add(article, story=story, now=now, look_at=look_at, marks=marks)
        memory.stories.led_by(story, kept)
        memory.stories.categorise(story, newsroom.categoriser.decide(article))
        return kept
    homes: dict[str, Gathered] = {}
    for one in gathered:
        first = min(one.tellers, key=lambda teller: teller.rank)
        address = article.address_key if first.article == NEW else _address_key(first, newsroom)
        homes[one.story or mint(memory, first.portal, address, newsroom=newsroom, now=now)] = one
    home = next(story for story, one in homes.items() if NEW in one.articles)
    kept = memory.articles.add(article, story=home, now=now, look_at=look_at, marks=marks)
    _move(memory, homes, new=kept, now=now)
    for story in homes:
        settle(memory, story, newsroom=newsroom, now=now)
    return kept


def _resembling(memory: Memory, article: Article, told: Told, marks: Sequence[int]) -> list[Teller]:
    """This article and, where any tells the same, those, with all who tell their stories."""
    new = Teller(article=NEW, portal=article.portal, url=article.url, told=told, story="")
    likely = [one for one in memory.articles.likely(marks) if not one.withdrawn]
    same = {
        one.story: None
        for one in likely
        if (other := _told(one.portal, one.fingerprint, one.published_at)) and judge(told, other).same
    }
    return [new, *(teller for story in same for teller in _tellers(memory, story))]


def _tellers(memory: Memory, story: str) -> list[Teller]:
    standing = memory.stories.standing(story)
    telling = memory.articles.telling(story)
    if standing is None or not telling:
        return []
    settled = (
        any((standing.announced_at, standing.kept_back_at, standing.filed_at))
        or bool(memory.joins.parted([one.id for one in telling]))
        or any(join.undone_at for join in memory.joins.of(story))
    )
    return [
        Teller(
            article=one.id,
            portal=one.portal,
            url=one.url,
            told=_told(one.portal, memory.articles.fingerprint(one.id), one.published_at),
            story=story,
            leads=one.id == standing.lead_article,
            settled=settled,
        )
        for one in telling
    ]


def _address_key(teller: Teller, newsroom: Newsroom) -> str:
    portal = newsroom.catalogue.portals.get(teller.portal)
    hosts = portal.hosts if portal else ()
    return canonical.address_key(teller.url, portal=teller.portal, hosts=hosts)


def _move(memory: Memory, homes: Mapping[str, Gathered], *, new: int, now: datetime) -> None:
    """Let every article tell the story it was gathered into, and keep why; what nobody tells any more is dropped."""
    left = {
        one.story: story
        for story, gathered in homes.items()
        for one in gathered.tellers
        if one.article != NEW and one.story not in homes
    }
    for story, gathered in homes.items():
        for one in gathered.tellers:
            if one.article != NEW and one.story != story:
                memory.articles.tell(one.article, story)
        if not gathered.settled:
            memory.joins.forget(story)
    for story, into in left.items():
        memory.stories.drop(story, into=into)
    for story, gathered in homes.items():
        for one, other, verdict in gathered.joined():
            memory.joins.add(
                Join(
                    article=one.article or new,
                    story=story,
                    other=other.article or new,
                    score=verdict.score,
                    why=verdict.why,
                    joined_at=now,
                )
            )
            _reconsider(memory, story, one, now=now)


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


def _reconsider(memory: Memory, story: str, joining: Teller, *, now: datetime) -> None:
    """What was history for one portal is news when another one tells it today; not so if that one is new to us."""
    standing = memory.stories.standing(story)
    if standing is None or standing.kept_back_at is None:
        return
    told_at = joining.told.told_at if joining.told else None
    fresh = told_at is None or told_at > now - OLD_NEWS
    if fresh and joining.portal in memory.stories.portals_heard():
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
