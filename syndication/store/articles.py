"""Articles, and the ledger of every name under which a source ever named one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.article import Article, ArticleKey, KeyKind, Known
from syndication.store.tables import article_keys, articles


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
                select(
                    article_keys.c.key,
                    articles.c.id,
                    articles.c.story,
                    articles.c.title,
                    articles.c.summary,
                    articles.c.content,
                    articles.c.author,
                    articles.c.image_url,
                    articles.c.labels,
                    articles.c.categories,
                    articles.c.content_hash,
                    articles.c.published_at,
                )
                .join(articles, articles.c.id == article_keys.c.article)
                .where(and_(article_keys.c.kind == kind, article_keys.c.key.in_(wanted)))
            )
            for row in rows:
                found[ArticleKey(kind, row.key)] = Known(
                    id=row.id,
                    story=row.story,
                    title=row.title,
                    summary=row.summary,
                    content=row.content,
                    author=row.author,
                    image_url=row.image_url,
                    labels=tuple(row.labels),
                    categories=tuple(row.categories),
                    content_hash=row.content_hash,
                    published_at=row.published_at,
                )
        return found

    def add(self, article: Article, *, story: str, now: datetime) -> int:
        """Keep a new article; returns its id."""
        result = self._connection.execute(
            articles.insert()
            .values(story=story, first_seen_at=now, changed_at=now, **_columns(article))
            .returning(articles.c.id)
        )
        return int(result.scalar_one())

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


def _columns(article: Article) -> dict[str, object]:
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
        "published_at": article.published_at,
        "content_hash": article.content_hash,
    }
