"""Stories, the categories they stand in, and their places in our feeds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.picture import stated_size
from syndication.domain.story import Standing, Story, Telling, Tombstone
from syndication.store.search import Search
from syndication.store.tables import (
    articles,
    issue_stories,
    joins,
    placements,
    stale_feeds,
    stories,
    story_categories,
    story_texts,
    tombstones,
)

_DAY = re.compile(r"/(\d{4}-\d\d-\d\d)$")
"""What follows a feed's name in a mark that stands for one day of it; no feed is named like this."""

_AT_ONCE = 10_000
"""Ids in one statement: a database takes some ten thousand values, and a first round may bring more stories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A story that is kept and not announced yet."""

    id: str
    told_at: datetime
    lead: str
    """The portal that leads it."""
    categories: tuple[str, ...]
    portals: tuple[str, ...]


class Stories:
    """The stories' shelf of one transaction."""

    def __init__(self, connection: Connection, search: Search) -> None:
        """``search`` is told which stories are found by other words now."""
        self._connection = connection
        self._search = search

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

    def standing(self, story: str) -> Standing | None:
        """How a story stands, also one that is not announced or was withdrawn; None where there is none."""
        row = self._connection.execute(
            select(
                stories.c.id,
                stories.c.tag,
                stories.c.lead_article,
                stories.c.announced_at,
                stories.c.kept_back_at,
                stories.c.filed_at,
                stories.c.filed_by,
                stories.c.withdrawn_at,
                stories.c.withdrawn_why,
            ).where(stories.c.id == story)
        ).first()
        return Standing(**row._mapping) if row else None

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

    def rename(self, story: str, to: str, *, tag: str) -> None:
        """Give a story that nobody has been told of another id."""
        columns = [column.name for column in stories.c if column.name not in ("id", "tag")]
        kept = self._connection.execute(
            select(*(stories.c[name] for name in columns)).where(
                stories.c.id == story, stories.c.announced_at.is_(None)
            )
        ).one()
        self._connection.execute(stories.insert().values(id=to, tag=tag, **kept._mapping))
        for table in (articles, story_categories, joins, story_texts):
            self._connection.execute(update(table).where(table.c.story == story).values(story=to))
        self._connection.execute(delete(stories).where(stories.c.id == story))

    def drop(self, story: str, *, into: str) -> None:
        """Forget a story that nobody has been told of; articles that still name it (taken back) name ``into``."""
        self._connection.execute(update(articles).where(articles.c.story == story).values(story=into))
        for table in (story_categories, joins, story_texts):
            self._connection.execute(delete(table).where(table.c.story == story))
        self._connection.execute(
            delete(stories).where(stories.c.id == story, stories.c.announced_at.is_(None))
        )

    def file(self, story: str, slugs: Iterable[str], *, by: str, now: datetime) -> None:
        """Put a story where a person says it belongs; ``filed_at`` tells every rule to leave it there."""
        self.categorise(story, dict.fromkeys(slugs, f"Chosen by {by}."))
        self._connection.execute(
            update(stories).where(stories.c.id == story).values(filed_at=now, filed_by=by)
        )

    def are_filed_under(self, slug: str) -> bool:
        """Whether any announced story, or what was withdrawn of them, stands in this category's feed."""
        return any(
            self._connection.execute(select(table.c.feed).where(table.c.feed == slug).limit(1)).first()
            for table in (placements, tombstones)
        )

    def move(self, old: str, new: str, *, now: datetime) -> None:
        """File all that stands in one category under another, which has taken its place.

        Announced stories stand in the new feed where they stood in the old one; nobody is told of them again.
        """
        rows = self._connection.execute(
            select(placements.c.story, placements.c.announced_at).where(placements.c.feed == old)
        ).all()
        filed = select(story_categories.c.story).where(story_categories.c.category == old)
        self._search.touch(*(row.story for row in rows), *self._connection.execute(filed).scalars())
        for column in (story_categories.c.category, placements.c.feed, tombstones.c.feed):
            table = column.table
            there = select(table.c.story).where(column == new)
            self._connection.execute(delete(table).where(column == old, table.c.story.in_(there)))
            self._connection.execute(update(table).where(column == old).values({column: new}))
        self.mark_stale([new], now=now)
        for day in {row.announced_at.astimezone(UTC).date(): row.announced_at for row in rows}.values():
            self.mark_stale([new], now=now, of=day)

    def withdraw(self, story: str, *, why: str, now: datetime) -> None:
        """Take a story out of every feed, for good unless ``restore`` is called; its feeds' readers are told."""
        feeds = self.feeds_of(story)
        announced = self._connection.execute(
            select(stories.c.announced_at).where(stories.c.id == story)
        ).scalar_one()
        self._connection.execute(
            update(stories)
            .where(stories.c.id == story, stories.c.withdrawn_at.is_(None))
            .values(withdrawn_at=now, withdrawn_why=why)
        )
        self._connection.execute(delete(placements).where(placements.c.story == story))
        self._search.touch(story)
        if feeds:
            self._connection.execute(
                self._insert(tombstones).on_conflict_do_nothing(),
                [{"feed": feed, "story": story, "at": now} for feed in feeds],
            )
        self.mark_stale(feeds, now=now, of=announced)

    def restore(self, story: str, feeds: Iterable[str], *, now: datetime) -> None:
        """Let a withdrawn story stand in these feeds again, where it stood."""
        self._connection.execute(
            update(stories).where(stories.c.id == story).values(withdrawn_at=None, withdrawn_why=None)
        )
        left = self._connection.execute(
            delete(tombstones).where(tombstones.c.story == story).returning(tombstones.c.feed)
        ).scalars()
        self.mark_stale(set(left), now=now)
        self.place(story, feeds, now=now)

    def tombstones(self, feed: str, *, limit: int) -> list[Tombstone]:
        """The stories last withdrawn from a feed, the last one first."""
        rows = self._connection.execute(
            select(stories.c.tag, tombstones.c.at)
            .join(stories, stories.c.id == tombstones.c.story)
            .where(tombstones.c.feed == feed)
            .order_by(tombstones.c.at.desc(), tombstones.c.story)
            .limit(limit)
        )
        return [Tombstone(tag=row.tag, at=row.at) for row in rows]

    def reconsider(self, story: str) -> None:
        """A story that was kept back as history may be news after all; publication decides anew."""
        self._search.touch(story)
        self._connection.execute(
            update(stories)
            .where(stories.c.id == story, stories.c.announced_at.is_(None))
            .values(kept_back_at=None)
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
            select(stories.c.id, articles.c.portal, articles.c.published_at, articles.c.first_seen_at)
            .join(articles, articles.c.id == stories.c.lead_article)
            .where(
                stories.c.announced_at.is_(None),
                stories.c.kept_back_at.is_(None),
                stories.c.withdrawn_at.is_(None),
                told_at <= now,
            )
            .order_by(told_at, stories.c.first_seen_at, stories.c.id)
        ).all()
        ids = [row.id for row in rows]
        categories = self._categories(ids)
        portals = self._portals(ids)
        return [
            Waiting(
                id=row.id,
                told_at=row.published_at or row.first_seen_at,
                lead=row.portal,
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
            self._search.touch(*ids)

    def count_news(self, portal: str, *, since: datetime) -> int:
        """How many stories that are news a portal has told since then; history that is kept back does not count."""
        found: int = self._connection.execute(
            select(func.count())
            .select_from(stories.join(articles, articles.c.story == stories.c.id))
            .where(
                stories.c.first_seen_at > since,
                stories.c.kept_back_at.is_(None),
                articles.c.portal == portal,
            )
        ).scalar_one()
        return found

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
        self._search.touch(story)
        announced = self._connection.execute(
            select(stories.c.announced_at).where(stories.c.id == story, stories.c.withdrawn_at.is_(None))
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
        self.mark_stale(wanted ^ had, now=now, of=announced)

    def feeds_of(self, story: str) -> tuple[str, ...]:
        """The feeds a story stands in."""
        rows = self._connection.execute(select(placements.c.feed).where(placements.c.story == story))
        return tuple(sorted(rows.scalars()))

    def mark_stale(self, feeds: Collection[str], *, now: datetime, of: datetime | None = None) -> None:
        """These feeds must be built again; if ``of`` is past, also what they archived of that day.

        ``of`` is when a story that entered or left them was announced.
        """
        marks = set(feeds)
        if of and of < now:
            marks |= {f"{feed}/{of.astimezone(UTC):%Y-%m-%d}" for feed in feeds}
        if marks:
            self._connection.execute(
                self._insert(stale_feeds).on_conflict_do_nothing(),
                [{"feed": mark, "since_at": now} for mark in sorted(marks)],
            )

    def stale(self) -> list[str]:
        """Feeds that must be built again."""
        return [mark for mark in self._marks() if not _DAY.search(mark)]

    def stale_days(self) -> dict[str, set[date]]:
        """By feed, the days in UTC of which stories left or entered it since; what is archived of them is stale."""
        found: dict[str, set[date]] = {}
        for mark in self._marks():
            if day := _DAY.search(mark):
                found.setdefault(mark[: day.start()], set()).add(date.fromisoformat(day[1]))
        return found

    def _marks(self) -> Iterable[str]:
        return self._connection.execute(select(stale_feeds.c.feed).order_by(stale_feeds.c.feed)).scalars()

    def built(self, feeds: Collection[str], *, days: Collection[date] = ()) -> None:
        """These feeds, and what they archived of these days, are as new as their stories."""
        marks = sorted({*feeds, *(f"{feed}/{day}" for feed in feeds for day in days)})
        for start in range(0, len(marks), _AT_ONCE):
            some = marks[start : start + _AT_ONCE]
            self._connection.execute(delete(stale_feeds).where(stale_feeds.c.feed.in_(some)))

    def newest(self, feed: str, *, limit: int, before: datetime | None = None) -> list[Story]:
        """The newest announced stories of a feed, of those announced before a moment if one is given, newest first."""
        return self.by_ids(self.newest_ids(feed, limit=limit, before=before))

    def newest_ids(self, feed: str, *, limit: int, before: datetime | None = None) -> list[str]:
        """The ids of what ``newest`` gives."""
        query = select(placements.c.story).where(placements.c.feed == feed)
        if before is not None:
            query = query.where(placements.c.announced_at < before)
        return list(
            self._connection.execute(query.order_by(placements.c.announced_at.desc()).limit(limit)).scalars()
        )

    def between(
        self, feed: str, *, since: datetime, before: datetime, limit: int | None = None
    ) -> list[Story]:
        """The stories of a feed that were announced from ``since`` on and before ``before``, the oldest first."""
        ids = list(
            self._connection.execute(
                select(placements.c.story)
                .where(
                    placements.c.feed == feed,
                    placements.c.announced_at >= since,
                    placements.c.announced_at < before,
                )
                .order_by(placements.c.announced_at)
                .limit(limit)
            ).scalars()
        )
        return [
            story
            for start in range(0, len(ids), _AT_ONCE)
            for story in self.by_ids(ids[start : start + _AT_ONCE])
        ]

    def nth_since(self, feed: str, moment: datetime, number: int) -> datetime | None:
        """When the story was announced that is this many in a feed from a moment on; None where there are fewer."""
        found: datetime | None = self._connection.execute(
            select(placements.c.announced_at)
            .where(placements.c.feed == feed, placements.c.announced_at >= moment)
            .order_by(placements.c.announced_at)
            .offset(number - 1)
            .limit(1)
        ).scalar_one_or_none()
        return found

    def last_before(self, feed: str, moment: datetime) -> datetime | None:
        """When the last story of a feed before a moment was announced."""
        found: datetime | None = self._connection.execute(
            select(placements.c.announced_at)
            .where(placements.c.feed == feed, placements.c.announced_at < moment)
            .order_by(placements.c.announced_at.desc())
            .limit(1)
        ).scalar_one_or_none()
        return found

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
        conditions = [
            stories.c.announced_at <= until,
            # Nothing is announced before it is told; said apart, because this has an index.
            stories.c.announced_at >= not_before,
            stories.c.withdrawn_at.is_(None),
            told_at >= not_before,
            ~elsewhere.exists(),
        ]
        if after is not None:
            conditions.append(stories.c.announced_at > after)
        ids = self._connection.execute(
            select(stories.c.id)
            .join(articles, articles.c.id == stories.c.lead_article)
            .where(and_(*conditions))
            .order_by(stories.c.announced_at.desc())
        ).scalars()
        return self.by_ids(list(ids))

    def by_ids(self, ids: Sequence[str], *, kept_back: bool = False) -> list[Story]:
        """Announced stories by id, in the order asked for; with ``kept_back`` also history that never was announced."""
        if not ids:
            return []
        public = [stories.c.announced_at.is_not(None)]
        if kept_back:
            public.append(stories.c.kept_back_at.is_not(None))
        rows = self._connection.execute(
            select(
                stories.c.id,
                stories.c.tag,
                stories.c.lead_article,
                stories.c.announced_at,
                stories.c.kept_back_at,
                stories.c.updated_at,
                articles.c.title,
                articles.c.summary,
                articles.c.content,
                articles.c.url,
                articles.c.author,
                articles.c.image_url,
                articles.c.image_width,
                articles.c.image_height,
            )
            .join(articles, articles.c.id == stories.c.lead_article)
            .where(
                stories.c.id.in_(ids),
                or_(*public),
                stories.c.withdrawn_at.is_(None),
            )
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
                image_size=stated_size(row.image_width, row.image_height),
                announced_at=row.announced_at or row.kept_back_at,
                updated_at=row.updated_at,
                kept_back=row.announced_at is None,
                categories=categories.get(row.id, ()),
                tellings=_in_order(tellings[row.id], row.lead_article),
            )
            for row in (found[story] for story in ids if story in found)
        ]

    def _categories(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return self._by_story(story_categories.c.category, ids, order=story_categories.c.category)

    def _portals(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        told = self._by_story(articles.c.portal, ids, order=articles.c.id, where=articles.c.gone_at.is_(None))
        return {story: tuple(dict.fromkeys(portals)) for story, portals in told.items()}

    def _by_story(
        self,
        wanted: Column[str],
        ids: Sequence[str],
        *,
        order: Column[Any],
        where: ColumnElement[bool] | None = None,
    ) -> dict[str, tuple[str, ...]]:
        story = wanted.table.c.story
        found: dict[str, tuple[str, ...]] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            query = select(story, wanted).where(story.in_(some)).order_by(order)
            for of, value in self._connection.execute(query if where is None else query.where(where)):
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
                joins.c.why,
                joins.c.score,
            )
            .join(
                joins,
                and_(
                    joins.c.article == articles.c.id,
                    joins.c.story == articles.c.story,
                    joins.c.undone_at.is_(None),
                ),
                isouter=True,
            )
            .where(articles.c.story.in_(ids), articles.c.gone_at.is_(None))
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
                why=row.why or "",
                score=row.score,
            )
            found.setdefault(row.story, []).append((row.id, telling))
        return found


def _in_order(tellings: Iterable[tuple[int, Telling]], lead: int) -> tuple[Telling, ...]:
    """The leading one first, then as the portals told it; which of them we found first changes nothing."""

    def place(one: tuple[int, Telling]) -> tuple[bool, datetime, str, int]:
        number, telling = one
        return number != lead, telling.published_at or telling.first_seen_at, telling.portal, number

    return tuple(telling for _, telling in sorted(tellings, key=place))
