"""Articles, and the ledger of every name under which a source ever named one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, TextualSelect, and_, delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.article import Article, ArticleKey, KeyKind, Known
from syndication.domain.picture import stated_size
from syndication.store.tables import article_keys, article_marks, articles, stories

NEWEST_MARKED = 32
"""Of the articles under one mark only so many are counted: a phrase of all offices leads to thousands."""
MARKS_SHARED = 2
"""Marks an article must have in common with another to be looked at."""
MOST_LIKELY = 8
"""Articles that are looked at: those with most marks in common."""

_KNOWN = (
    articles.c.id,
    articles.c.portal,
    articles.c.story,
    articles.c.url,
    articles.c.title,
    articles.c.summary,
    articles.c.content,
    articles.c.author,
    articles.c.image_url,
    articles.c.image_width,
    articles.c.image_height,
    articles.c.labels,
    articles.c.categories,
    articles.c.content_hash,
    articles.c.published_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likely:
    """A kept article that may tell the same as another."""

    id: int
    story: str
    portal: str
    fingerprint: str
    published_at: datetime | None
    withdrawn: bool
    """Whether its story was."""


class Articles:
    """The articles' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known_as(self, keys: Collection[ArticleKey]) -> dict[ArticleKey, Known]:
        """The kept article behind each of these names, for the names that lead to one."""
        found: dict[ArticleKey, Known] = {}
        for kind in KeyKind:
            wanted = sorted({key.key for key in keys if key.kind == kind})
            if not wanted:
                continue
            rows = self._connection.execute(
                select(article_keys.c.key, *_KNOWN)
                .join(articles, articles.c.id == article_keys.c.article)
                .where(and_(article_keys.c.kind == kind, article_keys.c.key.in_(wanted)))
            )
            for row in rows:
                found[ArticleKey(kind, row.key)] = _known(row)
        return found

    def telling(self, story: str) -> list[Known]:
        """The articles that tell a story, in the order in which they came, without those taken back."""
        rows = self._connection.execute(
            select(*_KNOWN)
            .where(articles.c.story == story, articles.c.gone_at.is_(None))
            .order_by(articles.c.id)
        )
        return [_known(row) for row in rows]

    def likely(self, marks: Sequence[int]) -> list[Likely]:
        """The kept articles that have most of these marks in common, at most MOST_LIKELY.

        However many articles are kept, only the newest under each mark are counted.
        """
        if not marks:
            return []
        rows = self._connection.execute(
            _likely(len(marks)), {f"mark{place}": mark for place, mark in enumerate(marks)}
        )
        return [
            Likely(
                id=row.id,
                story=row.story,
                portal=row.portal,
                fingerprint=row.fingerprint or "",
                published_at=row.published_at,
                withdrawn=row.withdrawn_at is not None,
            )
            for row in rows
        ]

    def fingerprint(self, article_id: int) -> str:
        """What is kept of an article's text; empty where nothing is."""
        kept = self._connection.execute(
            select(articles.c.fingerprint).where(articles.c.id == article_id)
        ).scalar_one()
        return kept or ""

    def mark(self, article_id: int, fingerprint: str, marks: Iterable[int]) -> None:
        """Keep what an article's text is known by, instead of what was kept of it before."""
        self._connection.execute(
            update(articles).where(articles.c.id == article_id).values(fingerprint=fingerprint)
        )
        self._connection.execute(delete(article_marks).where(article_marks.c.article == article_id))
        self._mark(article_id, marks)

    def _mark(self, article_id: int, marks: Iterable[int]) -> None:
        rows = [{"key": mark, "article": article_id} for mark in sorted(set(marks))]
        if rows:
            self._connection.execute(article_marks.insert(), rows)

    def add(
        self,
        article: Article,
        *,
        story: str,
        now: datetime,
        look_at: datetime | None = None,
        marks: Iterable[int] = (),
    ) -> int:
        """Keep a new article; returns its id.

        ``look_at`` says when to see whether its page is still there, ``marks`` are what its text is found by.
        """
        result = self._connection.execute(
            articles.insert()
            .values(
                story=story,
                first_seen_at=now,
                changed_at=now,
                look_at=look_at,
                fingerprint=article.fingerprint,
                **_columns(article),
            )
            .returning(articles.c.id)
        )
        kept = int(result.scalar_one())
        self._mark(kept, marks)
        return kept

    def change(self, article_id: int, article: Article, *, now: datetime) -> None:
        """Replace what a kept article says; its id, story, portal and first-seen time stay."""
        values = _columns(article)
        del values["portal"]
        self._connection.execute(
            update(articles).where(articles.c.id == article_id).values(changed_at=now, **values)
        )

    def list_under(self, article_id: int, article: Article) -> None:
        """Keep under which labels and categories an article is listed."""
        self._connection.execute(
            update(articles)
            .where(articles.c.id == article_id)
            .values(labels=list(article.labels), categories=list(article.categories))
        )

    def tell(self, article_id: int, story: str) -> None:
        """Let an article tell this story instead of the one it told."""
        self._connection.execute(update(articles).where(articles.c.id == article_id).values(story=story))

    def name(self, article_id: int, keys: Iterable[ArticleKey]) -> None:
        """Let these names lead to the article; a name that already leads somewhere keeps leading there."""
        rows = [{"kind": key.kind, "key": key.key, "article": article_id} for key in keys]
        if not rows:
            return
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        self._connection.execute(insert(article_keys).on_conflict_do_nothing(), rows)

    def count_by_portal(self) -> dict[str, int]:
        """How many articles each portal has given us."""
        rows = self._connection.execute(
            select(articles.c.portal, func.count().label("articles")).group_by(articles.c.portal)
        )
        return {row.portal: row.articles for row in rows}


def _known(row: Any) -> Known:
    return Known(
        id=row.id,
        portal=row.portal,
        story=row.story,
        url=row.url,
        title=row.title,
        summary=row.summary,
        content=row.content,
        author=row.author,
        image_url=row.image_url,
        image_size=stated_size(row.image_width, row.image_height),
        labels=tuple(row.labels),
        categories=tuple(row.categories),
        content_hash=row.content_hash,
        published_at=row.published_at,
    )


@lru_cache(maxsize=128)
def _likely(marks: int) -> TextualSelect:
    """The query for so many marks, as text: a tree of forty SELECTs costs more to build than to answer."""
    newest = " UNION ALL ".join(
        f"SELECT article FROM (SELECT article FROM article_marks WHERE key = :mark{place} "  # noqa: S608 -- numbers
        f"ORDER BY article DESC LIMIT {NEWEST_MARKED}) AS m{place}"
        for place in range(marks)
    )
    return text(
        "SELECT articles.id, articles.story, articles.portal, articles.fingerprint, "  # noqa: S608 -- numbers
        f"articles.published_at, stories.withdrawn_at FROM (SELECT article, count(*) AS shared FROM ({newest}) AS m "
        f"GROUP BY article HAVING count(*) >= {MARKS_SHARED} ORDER BY shared DESC, article DESC LIMIT {MOST_LIKELY}"
        ") AS likely JOIN articles ON articles.id = likely.article JOIN stories ON stories.id = articles.story "
        "WHERE articles.gone_at IS NULL ORDER BY likely.shared DESC, articles.id DESC"
    ).columns(
        articles.c.id,
        articles.c.story,
        articles.c.portal,
        articles.c.fingerprint,
        articles.c.published_at,
        stories.c.withdrawn_at,
    )


def _columns(article: Article) -> dict[str, object]:
    width, height = article.image_size or (None, None)
    return {
        "portal": article.portal,
        "url": article.url,
        "title": article.title,
        "summary": article.summary,
        "content": article.content,
        "author": article.author,
        "labels": list(article.labels),
        "categories": list(article.categories),
        "image_url": article.image_url,
        "image_width": width,
        "image_height": height,
        "published_at": article.published_at,
        "content_hash": article.content_hash,
    }
