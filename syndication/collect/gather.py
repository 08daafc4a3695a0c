"""Gathers articles that look alike into stories, in whatever order they were found.

``similar`` judges two articles. Of several, one may resemble two that are known to tell different news: an office's
report that names no place, between those of two provinces. And one may resemble two that have nothing in common: the
whole text, between its first half and its second. So the surest likeness counts first, what is known to be apart stays
apart whatever lies between, and no portal tells a story twice. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

from syndication.collect.similar import Told, Verdict, judge

NEW = 0
"""Stands for the id of an article that is not kept yet."""
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """An article that tells a story, or will."""

    article: int
    """Its id, or ``NEW``."""
    portal: str
    url: str
    told: Told | None
    """None where nothing is kept to know it by."""
    story: str
    """The story it tells; empty for a new one."""
    leads: bool = False
    """Whether it leads that story."""
    settled: bool = False
    """Whether that story stays as it is, but for who joins it: readers or a person have had it in hand."""

    @property
    def rank(self) -> tuple[object, ...]:
        """Sorts articles by what they say of themselves, not by when we found them."""
        told_at = self.told.told_at if self.told else None
        return told_at or _LATEST, self.portal, self.url, self.article


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two articles that tell the same news, and how that is known."""

    one: Teller
    other: Teller
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Gathered:
    """The articles of one story, and the likenesses that brought them together: one fewer, or fewer yet where the
    story was settled before."""

    tellers: tuple[Teller, ...]
    likenesses: tuple[Likeness, ...]

    @property
    def settled(self) -> bool:
        """Whether the story was, before any of this."""
        return any(one.settled for one in self.tellers)

    @property
    def story(self) -> str | None:
        """The story as which it goes on: the settled one, or one that an article of it leads; None where it is new."""
        standing = sorted(
            (not one.settled, one.rank, one.story) for one in self.tellers if one.settled or one.leads
        )
        return standing[0][-1] if standing else None

    @property
    def articles(self) -> frozenset[int]:
        """The ids of its articles."""
        return frozenset(one.article for one in self.tellers)

    @property
    def stands(self) -> bool:
        """Whether it is what it was before: one story, or the new article alone."""
        return len({one.story for one in self.tellers}) == 1

    def joined(self) -> Iterator[tuple[Teller, Teller, Verdict]]:
        """Every article that joins the story, with one that stood in it before and how they are alike.

        The first joins nothing.
        """
        reached = {one.article for one in self.tellers if one.settled}
        reached = reached or {min(self.tellers, key=lambda one: one.rank).article}
        waiting = list(self.likenesses)
        while waiting:
            for likeness in waiting:
                one, other = likeness.one, likeness.other
                if (one.article in reached) != (other.article in reached):
                    break
            waiting.remove(likeness)
            one, other = (other, one) if one.article in reached else (one, other)
            reached.add(one.article)
            yield one, other, likeness.verdict


def gather(tellers: Sequence[Teller]) -> list[Gathered]:
    """Which of these articles tell one story. The order in which they are given changes nothing."""
    ordered = sorted(tellers, key=lambda one: one.rank)
    groups: dict[int, Gathered] = {}
    for one in ordered:
        before = next((g for g in groups.values() if one.settled and g.tellers[0].story == one.story), None)
        group = Gathered((*(before.tellers if before else ()), one), ())
        groups.update({member.article: group for member in group.tellers})
    alike: list[Likeness] = []
    apart: set[frozenset[int]] = set()
    for one, other in combinations(ordered, 2):
        if one.told is None or other.told is None or groups[one.article] is groups[other.article]:
            continue
        verdict = judge(one.told, other.told)
        if verdict.same:
            alike.append(Likeness(one, other, verdict))
        elif verdict.apart:
            apart.add(frozenset((one.article, other.article)))
    # The sort is stable: of equals those that were told first come first.
    for likeness in sorted(alike, key=lambda found: -found.verdict.score):
        ours, theirs = groups[likeness.one.article], groups[likeness.other.article]
        if ours is not theirs and _agree(ours, theirs, apart):
            group = Gathered(ours.tellers + theirs.tellers, (*ours.likenesses, *theirs.likenesses, likeness))
            groups.update({member.article: group for member in group.tellers})
    return list({id(group): group for group in groups.values()}.values())


def _agree(ours: Gathered, theirs: Gathered, apart: set[frozenset[int]]) -> bool:
    if ours.settled and theirs.settled:
        return False
    return not any(
        one.portal == other.portal or frozenset((one.article, other.article)) in apart
        for one in ours.tellers
        for other in theirs.tellers
    )
