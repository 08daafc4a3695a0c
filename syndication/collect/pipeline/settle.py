"""Settles who leads a story and where it stands, whenever those who tell it have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from syndication import text
from syndication.collect import canonical
from syndication.collect.categorise import Categoriser
from syndication.domain.article import Known
from syndication.domain.portal import Catalogue
from syndication.domain.story import Standing, feed_names, mint_id
from syndication.links import Links
from syndication.store import Memory

LATEST = datetime.max.replace(tzinfo=UTC)
WITHDRAWN = "Every portal that told it has taken it back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    """What it takes to decide about stories."""

    catalogue: Catalogue
    categoriser: Categoriser
    links: Links

    @classmethod
    def of(cls, catalogue: Catalogue, links: Links) -> Newsroom:
        """The newsroom of an instance."""
        return cls(catalogue=catalogue, categoriser=Categoriser.of(catalogue.categories), links=links)

    def priority(self, portal: str) -> int:
        """Whose text leads: the higher. Portals the catalogue no longer names come last."""
        known = self.catalogue.portals.get(portal)
        return known.priority if known else -1


def settle(memory: Memory, story: str, *, newsroom: Newsroom, now: datetime) -> None:
    """Let the right portal lead a story, and the story stand where it belongs.

    A story that nobody tells any more is withdrawn. Where a person has filed a story, it stays.
    """
    standing = memory.stories.standing(story)
    if standing is None:
        return
    telling = memory.articles.telling(story)
    if not telling:
        if standing.withdrawn_at is None:
            memory.stories.withdraw(story, why=WITHDRAWN, now=now)
        return
    telling.sort(key=lambda one: _rank(one, standing, newsroom))
    lead = telling[0]
    if lead.id != standing.lead_article:
        former = next((one for one in telling if one.id == standing.lead_article), None)
        memory.stories.led_by(story, lead.id)
        memory.stories.changed(story, at=now, matters=former is None or _words(former) != _words(lead))
    if standing.filed_at is None:
        memory.stories.categorise(story, file(telling, categoriser=newsroom.categoriser))
    memory.stories.mark_stale(memory.stories.feeds_of(story), now=now)
    feeds = feed_names(memory.stories.reasons(story), memory.stories.portals(story))
    memory.stories.place(story, feeds, now=now)
    if standing.announced_at is None and standing.kept_back_at is None and standing.withdrawn_at is None:
        _name(memory, story, lead, newsroom=newsroom)


def _rank(article: Known, standing: Standing, newsroom: Newsroom) -> tuple[object, ...]:
    """Sorts who leads first: the portal with the highest priority.

    Of equals the one who told it first, by the portals' own dates, as long as nobody has read the story; whose copy we
    happened to find first says nothing. Once it is announced nobody takes the lead by a date.
    """
    priority = -newsroom.priority(article.portal)
    if standing.announced_at is not None:
        return priority, article.id != standing.lead_article, article.id
    return priority, article.published_at or LATEST, article.portal, article.id


def _name(memory: Memory, story: str, lead: Known, *, newsroom: Newsroom) -> None:
    """Name a story that nobody has been told of after who leads it, in whatever order its articles were found.

    So a database that is lost and collected anew gives the same ids.
    """
    portal = newsroom.catalogue.portals.get(lead.portal)
    if portal is None:
        return
    name = mint_id(portal.id, canonical.address_key(lead.url, portal=portal.id, hosts=portal.hosts))
    if name != story and not memory.stories.exists(name):
        memory.stories.rename(story, name, tag=newsroom.links.story_tag(name))


def _words(article: Known) -> tuple[str, str]:
    return text.fold(article.title), text.fold(article.summary)


def file(telling: Sequence[Known], *, categoriser: Categoriser) -> Mapping[str, str]:
    """The categories of a story, each with its reason: the leading article's first, then what the others add.

    The last category says that nothing decides, and counts only where that is so for all who tell it.
    """
    reasons: dict[str, str] = {}
    for article in telling:
        for slug, why in categoriser.decide(article).items():
            reasons.setdefault(slug, why)
    last = categoriser.slugs[-1]
    if len(reasons) > 1:
        reasons.pop(last, None)
    return reasons
