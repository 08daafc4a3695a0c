"""What the store's tests put on its shelves: stories with their articles, readers, issues and their deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TypeVar

from sqlalchemy import text

from syndication.domain.article import Article
from syndication.domain.issue import IssueContent
from syndication.domain.subscriber import Registration
from syndication.domain.week import IsoWeek
from syndication.store import Memory, Store
from syndication.store.deliveries import Recipient

NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
WEEK = IsoWeek(2026, 47)
ISSUE = str(WEEK)

_T = TypeVar("_T")


def article(key: str, *, portal: str = "quang-ninh", published_at: datetime | None = None) -> Article:
    """An article, told apart from others by its key."""
    return Article(
        portal=portal,
        url=f"https://{portal}.example/{key}",
        address_key=f"{portal}/{key}",
        guid=None,
        title=f"Tin {key}",
        summary="Tóm tắt",
        content=None,
        author=None,
        labels=("Chính trị", "Tin tức"),
        image_url=None,
        published_at=published_at,
    )


def keep_story(
    memory: Memory,
    story: str,
    *,
    portal: str = "quang-ninh",
    categories: Iterable[str] = (),
    published_at: datetime | None = None,
    now: datetime = NOW,
) -> int:
    """A story led by one article, not announced; returns the article's id."""
    memory.stories.add(story, tag=f"tag:tin.example.vn,2026:stories/{story}", now=now)
    kept = memory.articles.add(article(story, portal=portal, published_at=published_at), story=story, now=now)
    memory.stories.led_by(story, kept)
    memory.stories.categorise(story, dict.fromkeys(categories, "the portal's file says so"))
    return kept


def content(subject: str = "Điểm tin", *, week: IsoWeek = WEEK) -> IssueContent:
    """An issue that tells nothing yet."""
    return IssueContent(week=week, subject=subject, hero=None, sections=())


def keep_issue(memory: Memory, *, readers: int, now: datetime = NOW) -> None:
    """An issue with its recipients frozen, and that many readers for it."""
    people = [
        Registration(
            line=line, email=f"reader{line}@docgia.example", email_key=f"reader{line}@docgia.example"
        )
        for line in range(readers)
    ]
    memory.subscribers.register(people, now=now)
    memory.issues.draft(content(), cut_at=now, now=now)
    memory.issues.approve(ISSUE, content_hash=content().hash, by="Lan", now=now)
    memory.issues.begin_sending(ISSUE, candidates=readers, now=now)
    memory.deliveries.prepare(ISSUE, recipients(memory), now=now)


def recipients(memory: Memory) -> list[Recipient]:
    """Everyone who is on record, as one freezes them."""
    return [
        Recipient(
            subscriber=one.id,
            email=one.email,
            email_key=one.email,
            name=one.name,
            categories=one.categories,
            message_id=f"<{one.id}@tin.example.vn>",
        )
        for one in memory.subscribers.all()
    ]


def let_the_planner_think_all_is_small(store: Store) -> None:
    """PostgreSQL plans by what it last counted; what came since is more."""
    with store.write() as memory:
        if memory.connection.dialect.name == "postgresql":
            memory.connection.execute(text("ANALYZE"))


def all_at_once(work: Callable[[int], _T], *, threads: int) -> list[_T]:
    """Do this in so many threads that begin together; returns what each came to, in order."""
    start = Barrier(threads)

    def begin(number: int) -> _T:
        start.wait(timeout=60)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(begin, range(threads)))
