"""Chooses what an issue tells: a hero, highlights, sections in the order of the categories, what is to come. Pure.

Stories are ranked by how many portals tell them, then by the priority of the portal that leads, then by the day, then
by whether there is a picture and a summary to print; that order is said to the editor story by story (``Entry.why``).
No portal fills a part of the issue alone while others have something to say, and an editor's wishes go before all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import cached_property

from syndication import text
from syndication.digest.upcoming import days_to_come
from syndication.domain.issue import Edits, Entry, IssueContent, Named, Section, Tally, Upcoming
from syndication.domain.portal import Catalogue
from syndication.domain.story import Story
from syndication.domain.week import IsoWeek, administrative_day, week_title

SECTION_SIZE = 5
"""Stories in one section; the rest is counted and linked."""
ISSUE_SIZE = 30
"""Stories in one issue: what a person reads in ten minutes, and half of what mail programs cut at."""
HIGHLIGHTS = range(3, 6)
"""How many stories stand among the highlights."""
WORTH_HIGHLIGHTS = 10
"""Stories from which on an issue has highlights; a shorter one is read from top to bottom anyway."""
UPCOMING_SIZE = 5
LOOKED_THROUGH = 300
"""The best of the stories among which what is to come is looked for; the others are hardly worth a journey."""
SUMMARY_LENGTH = 320
TITLE_LENGTH = 250
"""Characters of a title. Portals print what is longer as a text, and so it is one."""


@dataclass(frozen=True, eq=False)
class _Ranked:
    """A story with what decides its place."""

    story: Story
    category: str
    told_on: date
    rank: tuple[object, ...]
    week: IsoWeek

    @cached_property
    def days(self) -> tuple[date, date] | None:
        """The days of what it announces, where that is still to come; looked for only where it is asked."""
        return days_to_come(
            self.story.title,
            self.story.summary,
            told_on=self.told_on,
            after=max(self.told_on, self.week.ends_on),
        )


def compose(
    week: IsoWeek,
    stories: Sequence[Story],
    *,
    catalogue: Catalogue,
    zone: tzinfo,
    title: str,
    begins: IsoWeek | None = None,
    edits: Edits | None = None,
) -> IssueContent:
    """The issue of a week out of the stories it may tell. Same arguments, same content.

    ``begins`` is the first week told of, where weeks before had no issue. What ``edits`` ask of stories that are not
    among ``stories`` is passed over.
    """
    desk = _Desk(week, catalogue=catalogue, zone=zone, edits=edits or Edits())
    ranked = sorted((desk.ranked(story) for story in stories), key=lambda one: one.rank, reverse=True)
    tally = Counter(one.category for one in ranked)
    ranked = [one for one in ranked if one.story.id not in desk.edits.dropped]
    hero = desk.hero(ranked)
    highlights = desk.highlights([one for one in ranked if one is not hero])
    shown = {id(one) for one in (hero, *highlights)}
    ranked = [one for one in ranked if id(one) not in shown]
    upcoming = desk.upcoming(ranked)
    shown = {id(one) for one, _ in upcoming}
    sections = desk.sections(
        [one for one in ranked if id(one) not in shown],
        room=ISSUE_SIZE - len(highlights) - len(upcoming) - (hero is not None),
    )
    begins = begins if begins != week else None
    return IssueContent(
        week=week,
        subject=desk.edits.subject or f"[{title}] {week_title(week, begins)}",
        hero=desk.entry(hero) if hero else None,
        highlights=tuple(desk.entry(one) for one in highlights),
        sections=sections,
        upcoming=tuple(event for _, event in upcoming),
        note=desk.edits.note,
        tally=tuple(
            Tally(category=one.slug, title=one.title, stories=tally[one.slug])
            for one in catalogue.categories
            if tally[one.slug]
        ),
        portals_heard=len({telling.portal for story in stories for telling in story.tellings}),
        begins=begins,
    )


class _Desk:
    """What every choice for one issue looks at."""

    def __init__(self, week: IsoWeek, *, catalogue: Catalogue, zone: tzinfo, edits: Edits) -> None:
        self.edits = edits
        self._week = week
        self._catalogue = catalogue
        self._zone = zone
        self._usual = Counter(portal.priority for portal in catalogue.portals.values()).most_common(1)
        self._order = {category.slug: place for place, category in enumerate(catalogue.categories)}
        self._last = catalogue.categories[-1].slug

    def ranked(self, story: Story) -> _Ranked:
        day = story.told_at.astimezone(self._zone).date()
        known = [slug for slug in story.categories if slug in self._order]
        category = min(known, key=self._order.__getitem__, default=self._last)
        moved = self.edits.moved.get(story.id)
        return _Ranked(
            story=story,
            category=moved if moved in self._order else category,
            told_on=day,
            week=self._week,
            rank=(
                len({telling.portal for telling in story.tellings}),
                self._priority(story),
                day,
                story.image_url is not None,
                bool(story.summary),
                story.told_at,
                story.id,
            ),
        )

    def _priority(self, story: Story) -> int:
        portal = self._catalogue.portals.get(story.lead.portal)
        return portal.priority if portal else 0

    def hero(self, ranked: Sequence[_Ranked]) -> _Ranked | None:
        """The editor's choice, or the first that has a picture and something to say."""
        for one in ranked:
            if one.story.id == self.edits.hero:
                return one
        fixed = {*self.edits.pinned, *self.edits.moved, *self.edits.places}
        for one in ranked:
            if one.story.image_url and one.story.summary and one.story.id not in fixed and not one.days:
                return one
        return None

    def highlights(self, ranked: Sequence[_Ranked]) -> list[_Ranked]:
        """The editor's choice first, then the best: no more than two of one portal or one category."""
        by_id = {one.story.id: one for one in ranked}
        chosen = [by_id[story] for story in self.edits.pinned if story in by_id][: HIGHLIGHTS[-1]]
        enough = min(max(len(ranked) // 6, HIGHLIGHTS[0]), HIGHLIGHTS[-1])
        if len(ranked) + 1 >= WORTH_HIGHLIGHTS:
            portals = Counter(one.story.lead.portal for one in chosen)
            categories = Counter(one.category for one in chosen)
            fixed = {*self.edits.pinned, *self.edits.moved, *self.edits.places}
            for one in ranked:
                if len(chosen) >= enough:
                    break
                if one.story.id in fixed or one.days or not one.story.summary:
                    continue
                if portals[one.story.lead.portal] < 2 and categories[one.category] < 2:
                    portals[one.story.lead.portal] += 1
                    categories[one.category] += 1
                    chosen.append(one)
        return self._placed(chosen)

    def upcoming(self, ranked: Sequence[_Ranked]) -> list[tuple[_Ranked, Upcoming]]:
        """The best of what is to come, the next first; what an editor gave a place stays there."""
        fixed = {*self.edits.moved, *self.edits.places}
        events = [
            (one, Upcoming(starts_on=one.days[0], ends_on=one.days[1], entry=self.entry(one)))
            for one in ranked[:LOOKED_THROUGH]
            if one.story.id not in fixed and one.days
        ][:UPCOMING_SIZE]
        return sorted(events, key=lambda event: (event[1].starts_on, event[1].ends_on))

    def sections(self, ranked: Iterable[_Ranked], *, room: int) -> tuple[Section, ...]:
        """The rest by category; where there are more than fit, the longest sections give way first."""
        by_category: dict[str, list[_Ranked]] = {}
        for one in ranked:
            by_category.setdefault(one.category, []).append(one)
        sizes = {
            category.slug: min(len(by_category[category.slug]), SECTION_SIZE)
            for category in self._catalogue.categories
            if category.slug in by_category
        }
        while sum(sizes.values()) > room:
            longest = max(sizes.values())
            sizes[[slug for slug, size in sizes.items() if size == longest][-1]] -= 1
        sections = []
        for category in self._catalogue.categories:
            if size := sizes.get(category.slug):
                candidates = by_category[category.slug]
                chosen = self._placed(self._diverse(candidates, size))
                sections.append(
                    Section(
                        category=category.slug,
                        title=category.title,
                        entries=tuple(self.entry(one) for one in chosen),
                        more=len(candidates) - len(chosen),
                    )
                )
        return tuple(sections)

    def _diverse(self, ranked: Sequence[_Ranked], size: int) -> list[_Ranked]:
        """The best ``size``, at most half of them from one portal while others are left to choose from."""
        asked = {*self.edits.moved, *self.edits.places}
        chosen = [one for one in ranked if one.story.id in asked][:size]
        passed: list[_Ranked] = []
        per_portal = Counter(one.story.lead.portal for one in chosen)
        most = max(1, (size + 1) // 2)
        for one in ranked:
            if one in chosen:
                continue
            if len(chosen) < size and per_portal[one.story.lead.portal] < most:
                per_portal[one.story.lead.portal] += 1
                chosen.append(one)
            else:
                passed.append(one)
        chosen += passed[: size - len(chosen)]
        return sorted(chosen, key=lambda one: one.rank, reverse=True)

    def _placed(self, chosen: list[_Ranked]) -> list[_Ranked]:
        """The same stories, those to which an editor gave a place in that place."""
        places = self.edits.places
        placed = [one for one in chosen if one.story.id not in places]
        for one in sorted(
            (one for one in chosen if one.story.id in places), key=lambda one: places[one.story.id]
        ):
            placed.insert(places[one.story.id] - 1, one)
        return placed

    def entry(self, one: _Ranked) -> Entry:
        """A story as the digest prints it."""
        story = one.story
        named: dict[str, Named] = {}
        for telling in story.tellings:
            portal = self._catalogue.portals.get(telling.portal)
            name = portal.name if portal else telling.portal
            named.setdefault(telling.portal, Named(id=telling.portal, name=name, url=telling.url))
        title = self.edits.titles.get(story.id) or story.title
        return Entry(
            story=story.id,
            category=one.category,
            title=text.shorten(text.one_line(title), TITLE_LENGTH),
            url=story.url,
            summary=text.shorten(story.summary, SUMMARY_LENGTH),
            image_url=story.image_url,
            told_at=story.told_at,
            portals=tuple(named.values()),
            why=self._why(one),
        )

    def _why(self, one: _Ranked) -> str:
        edits, story = self.edits, one.story
        tellers = len({telling.portal for telling in story.tellings})
        usual = self._usual[0][0] if self._usual else 0
        reasons = [
            "biên tập viên chọn làm tin chính" if story.id == edits.hero else "",
            "biên tập viên ghim" if story.id in edits.pinned else "",
            "biên tập viên chuyển mục" if story.id in edits.moved else "",
            f"biên tập viên đặt ở vị trí {edits.places[story.id]}" if story.id in edits.places else "",
            "biên tập viên đặt lại tiêu đề" if story.id in edits.titles else "",
            f"{tellers} cổng cùng đưa tin" if tellers > 1 else "",
            "cổng được ưu tiên" if self._priority(story) > usual else "",
            f"đăng ngày {administrative_day(story.told_at.astimezone(self._zone).date(), with_year=False)}",
            "có ảnh" if story.image_url else "không có ảnh",
            "" if story.summary else "không có tóm tắt",
        ]
        return "; ".join(reason for reason in reasons if reason)
