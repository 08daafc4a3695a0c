"""Stories, the categories they stand in, and their places in our feeds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.story import Story, Telling
from syndication.store.tables import (
    articles,
    issue_stories,
    placements,
    stale_feeds,
    stories,
    story_categories,
)

_AT_ONCE = 10_000
"""Ids in one statement: a database takes some ten thousand values, and a first round may bring more stories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A story that is kept and not announced yet."""

    id: str
    told_at: datetime
    categories: tuple[str, ...]
    portals: tuple[str, ...]


class Stories:
    """The stories' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def _insert(self) -> type[postgresql.Insert] | type[sqlite.Insert]:
        return postgresql.Insert if self._connection.dialect.name == "postgresql" else sqlite.Insert

    def exists(self, story: str) -> bool:
        """Whether this id is taken."""
        return self._connection.execute(select(stories.c.id).where(stories.c.id == story)).first() is not None

    def add(self, story: str, *, tag: str, now: datetime) -> None:
        """Mint a story; its leading article is named next, its announcement comes with publication."""
        self._connection.execute(
            stories.insert().values(id=story, tag=tag, first_seen_at=now, updated_at=now)
        )

    def led_by(self, story: str, article: int) -> None:
        """Let this article's text and link stand for the story."""
        self._connection.execute(update(stories).where(stories.c.id == story).values(lead_article=article))

    def changed(self, story: str, *, at: datetime, matters: bool) -> None:
        """Record that an announced story reads otherwise now; its feeds become stale.

        Only an edit that ``matters`` moves the time readers are told.
        """
        if matters:
            self._connection.execute(update(stories).where(stories.c.id == story).values(updated_at=at))
        self.mark_stale(self.feeds_of(story), now=at)

    def categorise(self, story: str, reasons: Mapping[str, str]) -> None:
        """Put a story into these categories (slug to reason), instead of those it stood in."""
        self._connection.execute(delete(story_categories).where(story_categories.c.story == story))
        if reasons:
            self._connection.execute(
                story_categories.insert(),
                [{"story": story, "category": slug, "why": why} for slug, why in reasons.items()],
            )

    def portals(self, story: str) -> tuple[str, ...]:
        """The portals that tell a story, in the order in which they came."""
        return self._portals([story]).get(story, ())

    def reasons(self, story: str) -> dict[str, str]:
        """The story's categories and why it stands in each."""
        rows = self._connection.execute(
            select(story_categories.c.category, story_categories.c.why).where(
                story_categories.c.story == story
            )
        )
        return {row.category: row.why for row in rows}

    def waiting(self, *, now: datetime) -> list[Waiting]:
        """Stories not announced yet, oldest news first; those dated in the future are held until they are due."""
        told_at = func.coalesce(articles.c.published_at, articles.c.first_seen_at).label("told_at")
        rows = self._connection.execute(
            select(stories.c.id, articles.c.published_at, articles.c.first_seen_at)
            .join(articles, articles.c.id == stories.c.lead_article)
            .where(stories.c.announced_at.is_(None), stories.c.kept_back_at.is_(None), told_at <= now)
            .order_by(told_at, stories.c.first_seen_at, stories.c.id)
        ).all()
        ids = [row.id for row in rows]
        categories = self._categories(ids)
        portals = self._portals(ids)
        return [
            Waiting(
                id=row.id,
                told_at=row.published_at or row.first_seen_at,
                categories=categories.get(row.id, ()),
                portals=portals.get(row.id, ()),
            )
            for row in rows
        ]

    def keep_back(self, ids: Collection[str], *, now: datetime) -> None:
        """Keep these stories without ever announcing them as news."""
        if ids:
            self._connection.execute(
                update(stories)
                .where(stories.c.id.in_(sorted(ids)), stories.c.announced_at.is_(None))
                .values(kept_back_at=now)
            )

    def portals_heard(self) -> set[str]:
        """The portals of which some story has been announced."""
        prefix = "portals/"
        feeds = self._connection.execute(
            select(placements.c.feed).where(placements.c.feed.startswith(prefix)).distinct()
        ).scalars()
        return {feed.removeprefix(prefix) for feed in feeds}

    def last_announced(self) -> datetime | None:
        """When the newest announced story was announced."""
        found: datetime | None = self._connection.execute(
            select(func.max(stories.c.announced_at))
        ).scalar_one()
        return found

    def announce(self, story: str, *, at: datetime, feeds: Iterable[str]) -> None:
        """Publish a story at this time in these feeds, which become stale."""
        self._connection.execute(
            update(stories)
            .where(stories.c.id == story, stories.c.announced_at.is_(None))
            .values(announced_at=at, updated_at=at)
        )
        self.place(story, feeds, now=at)

    def place(self, story: str, feeds: Iterable[str], *, now: datetime) -> None:
        """Let an announced story stand in exactly these feeds; those it leaves or enters become stale."""
        announced = self._connection.execute(
            select(stories.c.announced_at).where(stories.c.id == story)
        ).scalar_one_or_none()
        if announced is None:
            return
        wanted, had = set(feeds), set(self.feeds_of(story))
        if left := sorted(had - wanted):
            self._connection.execute(
                delete(placements).where(placements.c.story == story, placements.c.feed.in_(left))
            )
        if entered := sorted(wanted - had):
            self._connection.execute(
                placements.insert(),
                [{"feed": feed, "story": story, "announced_at": announced} for feed in entered],
            )
        self.mark_stale(wanted ^ had, now=now)

    def feeds_of(self, story: str) -> tuple[str, ...]:
        """The feeds a story stands in."""
        rows = self._connection.execute(select(placements.c.feed).where(placements.c.story == story))
        return tuple(sorted(rows.scalars()))

    def mark_stale(self, feeds: Collection[str], *, now: datetime) -> None:
        """These feeds must be built again."""
        if feeds:
            self._connection.execute(
                self._insert(stale_feeds).on_conflict_do_nothing(),
                [{"feed": feed, "since_at": now} for feed in sorted(feeds)],
            )

    def stale(self) -> list[str]:
        """Feeds that must be built again."""
        return list(
            self._connection.execute(select(stale_feeds.c.feed).order_by(stale_feeds.c.feed)).scalars()
        )

    def built(self, feeds: Collection[str]) -> None:
        """These feeds are as new as their stories."""
        if feeds:
            self._connection.execute(delete(stale_feeds).where(stale_feeds.c.feed.in_(sorted(feeds))))

    def newest(self, feed: str, *, limit: int) -> list[Story]:
        """The newest announced stories of a feed, newest first."""
        ids = self._connection.execute(
            select(placements.c.story)
            .where(placements.c.feed == feed)
            .order_by(placements.c.announced_at.desc())
            .limit(limit)
        ).scalars()
        return self.by_ids(list(ids))

    def get(self, story: str) -> Story | None:
        """An announced story, or None."""
        return next(iter(self.by_ids([story])), None)

    def for_issue(
        self, issue: str, *, not_before: datetime, after: datetime | None, until: datetime
    ) -> list[Story]:
        """Stories an issue may tell, newest first.

        They were announced after ``after`` (what earlier issues have looked at) and up to ``until``, are not
        older than ``not_before``, and stand in no other issue.
        """
        told_at = func.coalesce(articles.c.published_at, articles.c.first_seen_at)
        elsewhere = select(issue_stories.c.story).where(
            issue_stories.c.story == stories.c.id, issue_stories.c.issue != issue
        )
        conditions = [stories.c.announced_at <= until, told_at >= not_before, ~elsewhere.exists()]
        if after is not None:
            conditions.append(stories.c.announced_at > after)
        ids = self._connection.execute(
            select(stories.c.id)
            .join(articles, articles.c.id == stories.c.lead_article)
            .where(and_(*conditions))
            .order_by(stories.c.announced_at.desc())
        ).scalars()
        return self.by_ids(list(ids))

    def by_ids(self, ids: Sequence[str]) -> list[Story]:
        """Announced stories by id, in the order asked for."""
        if not ids:
            return []
        rows = self._connection.execute(
            select(
                stories.c.id,
                stories.c.tag,
                stories.c.lead_article,
                stories.c.announced_at,
                stories.c.updated_at,
                articles.c.title,
                articles.c.summary,
                articles.c.content,
                articles.c.url,
                articles.c.author,
                articles.c.image_url,
            )
            .join(articles, articles.c.id == stories.c.lead_article)
            .where(stories.c.id.in_(ids), stories.c.announced_at.is_not(None))
        )
        found = {row.id: row for row in rows}
        categories = self._categories(ids)
        tellings = self._tellings(ids)
        return [
            Story(
                id=row.id,
                tag=row.tag,
                title=row.title,
                summary=row.summary,
                content=row.content,
                url=row.url,
                author=row.author,
                image_url=row.image_url,
                announced_at=row.announced_at,
                updated_at=row.updated_at,
                categories=categories.get(row.id, ()),
                tellings=tuple(
                    telling
                    for _, telling in sorted(tellings[row.id], key=lambda pair: pair[0] != row.lead_article)
                ),
            )
            for row in (found[story] for story in ids if story in found)
        ]

    def _categories(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return self._by_story(story_categories.c.category, ids, order=story_categories.c.category)

    def _portals(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return self._by_story(articles.c.portal, ids, order=articles.c.id)

    def _by_story(
        self, wanted: Column[str], ids: Sequence[str], *, order: Column[Any]
    ) -> dict[str, tuple[str, ...]]:
        story = wanted.table.c.story
        found: dict[str, tuple[str, ...]] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            for of, value in self._connection.execute(
                select(story, wanted).where(story.in_(some)).order_by(order)
            ):
                found[of] = (*found.get(of, ()), value)
        return found

    def _tellings(self, ids: Sequence[str]) -> dict[str, list[tuple[int, Telling]]]:
        rows = self._connection.execute(
            select(
                articles.c.id,
                articles.c.story,
                articles.c.portal,
                articles.c.url,
                articles.c.title,
                articles.c.published_at,
                articles.c.first_seen_at,
            )
            .where(articles.c.story.in_(ids))
            .order_by(articles.c.id)
        )
        found: dict[str, list[tuple[int, Telling]]] = {}
        for row in rows:
            telling = Telling(
                portal=row.portal,
                url=row.url,
                title=row.title,
                published_at=row.published_at,
                first_seen_at=row.first_seen_at,
            )
            found.setdefault(row.story, []).append((row.id, telling))
        return found
