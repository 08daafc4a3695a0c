"""Chooses what an issue tells: one hero, then sections in the order of the categories. Pure.

A story told by several portals matters more than one told by one, a fresh one more than an old one; no portal
fills a section alone while others have something to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from syndication import text
from syndication.domain.issue import Entry, IssueContent, Named, Section
from syndication.domain.portal import Catalogue
from syndication.domain.story import Story
from syndication.domain.week import IsoWeek, week_title

SECTION_SIZE = 5
"""Stories in one section; the rest is counted and linked."""
ISSUE_SIZE = 30
"""Stories in one issue: what a person reads in ten minutes, and half of what mail programs cut at."""
SUMMARY_LENGTH = 320


def compose(week: IsoWeek, stories: Sequence[Story], *, catalogue: Catalogue, title: str) -> IssueContent:
    """The issue of a week out of the stories it may tell. Same arguments, same content."""
    ranked = sorted(stories, key=lambda story: _rank(story, catalogue), reverse=True)
    hero = next((story for story in ranked if story.image_url and story.summary), None)
    by_category: dict[str, list[Story]] = {}
    for story in ranked:
        if story is not hero:
            by_category.setdefault(home_of(story, catalogue), []).append(story)
    sections = []
    room = ISSUE_SIZE - (hero is not None)
    for category in catalogue.categories:
        candidates = by_category.get(category.slug, [])
        chosen = _diverse(candidates, min(SECTION_SIZE, room))
        if chosen:
            room -= len(chosen)
            sections.append(
                Section(
                    category=category.slug,
                    title=category.title,
                    entries=tuple(_entry(story, catalogue) for story in chosen),
                    more=len(candidates) - len(chosen),
                )
            )
    return IssueContent(
        week=week,
        subject=f"[{title}] {week_title(week)}",
        hero=_entry(hero, catalogue) if hero else None,
        sections=tuple(sections),
    )


def home_of(story: Story, catalogue: Catalogue) -> str:
    """The one section a story stands in: the first of its categories in the order of the catalogue."""
    order = [category.slug for category in catalogue.categories]
    return min((slug for slug in story.categories if slug in order), key=order.index, default=order[-1])


def _rank(story: Story, catalogue: Catalogue) -> tuple[int, int, str]:
    portal = catalogue.portals.get(story.lead.portal)
    tellers = len({telling.portal for telling in story.tellings})
    return tellers, portal.priority if portal else 0, story.told_at.isoformat()


def _diverse(ranked: Sequence[Story], size: int) -> list[Story]:
    """The best ``size``, at most half of them from one portal while others are left to choose from."""
    chosen: list[Story] = []
    passed: list[Story] = []
    per_portal: Counter[str] = Counter()
    most = max(1, (size + 1) // 2)
    for story in ranked:
        if len(chosen) < size and per_portal[story.lead.portal] < most:
            per_portal[story.lead.portal] += 1
            chosen.append(story)
        else:
            passed.append(story)
    return chosen + passed[: size - len(chosen)]


def _entry(story: Story, catalogue: Catalogue) -> Entry:
    named: dict[str, Named] = {}
    for telling in story.tellings:
        portal = catalogue.portals.get(telling.portal)
        name = portal.name if portal else telling.portal
        named.setdefault(telling.portal, Named(id=telling.portal, name=name, url=telling.url))
    return Entry(
        story=story.id,
        category=home_of(story, catalogue),
        title=story.title,
        url=story.url,
        summary=text.shorten(story.summary, SUMMARY_LENGTH),
        image_url=story.image_url,
        told_at=story.told_at,
        portals=tuple(named.values()),
    )
