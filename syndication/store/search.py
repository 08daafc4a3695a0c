"""Finds stories by their words, the same ones in the same order on both databases.

What is indexed is the folded text (``text.fold``), cut into words here and not by the database, so «Đồ Sơn» is found
by ``do son`` on both. A story's place in the index is the moment it was told, so the newest come first without sorting.
Folded Vietnamese is poor in letters (``do`` is đó, độ, đồ, …), so stories in which all words stand together come
before those that only have each of them somewhere.

What changed in a transaction is indexed at its end, once (``keep_step``); whoever changes a story says ``touch``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from sqlalchemy import BigInteger, Connection, String, bindparam, delete, func, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from syndication.store.tables import FTS, articles, stories, story_categories, story_texts
from syndication.text import fold

MOST_FOUND = 300
"""Stories that are counted and may be paged through; who finds more asks more exactly."""
MOST_WORDS = 2000
"""Words of one story that are indexed."""
LONGEST_WORD = 64
"""Letters of a word that are indexed; what is longer is no word."""

_AT_ONCE = 500
_TIES = 29
"""Bits of a place that tell stories of one second apart; what is left holds seconds until the year 2514."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for. All words are folded, and a story must have all of them."""

    words: tuple[str, ...] = ()
    """Wherever they stand; stories in which they stand together, in this order, come first."""
    phrases: tuple[tuple[str, ...], ...] = ()
    """Words that must stand together."""
    category: str | None = None
    portal: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    """Stories that were told from ``since`` on and before ``before``."""

    @property
    def says_nothing(self) -> bool:
        """Whether neither words nor a category or portal are asked for."""
        return not (self.words or self.phrases or self.category or self.portal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of what was found."""

    stories: tuple[str, ...]
    together: int
    """How many have all words standing together; they come first."""
    count: int
    """How many there are, at most MOST_FOUND."""
    more: bool
    """Whether there are more than are counted."""


def words_of(said: str) -> tuple[str, ...]:
    """The folded words of a text, as they are indexed."""
    return tuple(word[:LONGEST_WORD] for word in fold(said).split())


class Search:
    """The index of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._touched: set[str] = set()
        self._language: _Fts5 | _Postgres = (
            _Postgres() if connection.dialect.name == "postgresql" else _Fts5()
        )

    def touch(self, *ids: str) -> None:
        """These stories read otherwise now, or stand elsewhere."""
        self._touched.update(ids)

    def keep_step(self) -> None:
        """Index what was touched."""
        touched = sorted(self._touched)
        self._touched.clear()
        for start in range(0, len(touched), _AT_ONCE):
            self._put(touched[start : start + _AT_ONCE])

    def fill(self) -> None:
        """Index the stories that are not, as in a database that is older than its index."""
        rows = self._connection.execute(
            select(stories.c.id)
            .join(story_texts, story_texts.c.story == stories.c.id, isouter=True)
            .where(story_texts.c.story.is_(None), *_READABLE)
        )
        self.touch(*rows.scalars())
        self.keep_step()

    def find(self, question: Question, *, first: int, count: int) -> Found:
        """So many stories from the one with this number (0 is the first); nothing asked, nothing found."""
        self.keep_step()
        if question.says_nothing:
            return Found(stories=(), together=0, count=0, more=False)
        together: list[int] = []
        if len(question.words) > 1:
            as_phrase = replace(question, words=(), phrases=(*question.phrases, question.words))
            together = self._places(self._language.ask(as_phrase), question, limit=MOST_FOUND + 1)
        rest = self._places(
            self._language.ask(question, apart=bool(together)),
            question,
            limit=MOST_FOUND + 1 - len(together),
        )
        places = together + rest
        return Found(
            stories=self._stories(places[:MOST_FOUND][first : first + count]),
            together=min(len(together), MOST_FOUND),
            count=min(len(places), MOST_FOUND),
            more=len(places) > MOST_FOUND,
        )

    def akin(self, story: str, title: str, *, limit: int, among: int = 200) -> tuple[str, ...]:
        """The stories that speak of the same as this one's title, by the pairs of words they share with it.

        A pair counts the less the more of the newest stories have it. Two pairs are the least that says anything.
        """
        self.keep_step()
        pairs = tuple(dict.fromkeys(pairwise(words_of(title))))[:24]
        if not pairs:
            return ()
        places = self._places(self._language.any_of(pairs), Question(), limit=among)
        rows = self._connection.execute(
            select(story_texts.c.place, story_texts.c.story, story_texts.c.words).where(
                story_texts.c.place.in_(places)
            )
        ).all()
        having = {row.place: self._language.pairs_in(row.words, pairs) for row in rows}
        common = {pair: sum(pair in found for found in having.values()) for pair in pairs}
        scored = [
            (sum(1 / common[pair] for pair in having[row.place]), row.place, row.story)
            for row in rows
            if row.story != story and len(having[row.place]) > 1
        ]
        return tuple(found for _, _, found in sorted(scored, reverse=True)[:limit])

    def _places(self, query: str, question: Question, *, limit: int) -> list[int]:
        if limit <= 0:
            return []
        return list(
            self._connection.execute(
                self._language.newest,
                {
                    "query": query,
                    "since": _first_place(question.since) if question.since else 0,
                    "before": _first_place(question.before) if question.before else 1 << 62,
                    "most": limit,
                },
            ).scalars()
        )

    def _stories(self, places: Sequence[int]) -> tuple[str, ...]:
        rows = self._connection.execute(
            select(story_texts.c.place, story_texts.c.story).where(story_texts.c.place.in_(places))
        )
        by_place = {row.place: row.story for row in rows}
        return tuple(by_place[place] for place in places)

    def _put(self, ids: Sequence[str]) -> None:
        self._connection.execute(delete(story_texts).where(story_texts.c.story.in_(ids)))
        told_at = func.coalesce(articles.c.published_at, articles.c.first_seen_at).label("told_at")
        rows = self._connection.execute(
            select(stories.c.id, stories.c.lead_article, told_at)
            .join(articles, articles.c.id == stories.c.lead_article)
            .where(stories.c.id.in_(ids), *_READABLE)
            .order_by(stories.c.id)
        ).all()
        if not rows:
            return
        told = self._told({row.id: row.lead_article for row in rows})
        filters = self._filters(list(told))
        wished = {row.id: _place(row.told_at, row.id) for row in rows}
        taken = set(
            self._connection.execute(
                select(story_texts.c.place).where(story_texts.c.place.in_(wished.values()))
            ).scalars()
        )
        values = []
        for story, place in wished.items():
            while place in taken:
                place += 1
            taken.add(place)
            words = self._language.index(filters[story], told[story])
            values.append({"place": place, "story": story, "words": words})
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        self._connection.execute(insert(story_texts).on_conflict_do_nothing(), values)

    def _told(self, leads: Mapping[str, int]) -> dict[str, list[tuple[str, ...]]]:
        """By story, the words of each title and summary that tell it, the leading ones first, each text once."""
        rows = self._connection.execute(
            select(articles.c.id, articles.c.story, articles.c.title, articles.c.summary)
            .where(articles.c.story.in_(leads), articles.c.gone_at.is_(None))
            .order_by(articles.c.id)
        ).all()
        found: dict[str, dict[tuple[str, ...], None]] = {story: {} for story in leads}
        for row in sorted(rows, key=lambda row: row.id != leads[row.story]):
            found[row.story] |= dict.fromkeys((words_of(row.title), words_of(row.summary)))
        return {story: list(texts) for story, texts in found.items()}

    def _filters(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """By story, the marks of its categories and portals; no word is written like one."""
        found: dict[str, list[str]] = {story: [] for story in ids}
        for column, name in ((story_categories.c.category, "category"), (articles.c.portal, "portal")):
            story = column.table.c.story
            query = select(story, column).where(story.in_(ids)).distinct().order_by(story, column)
            if name == "portal":
                query = query.where(articles.c.gone_at.is_(None))
            for of, value in self._connection.execute(query):
                found[of].append(_filter(name, value))
        return found


_READABLE = (
    stories.c.withdrawn_at.is_(None),
    or_(stories.c.announced_at.is_not(None), stories.c.kept_back_at.is_not(None)),
)


def _first_place(moment: datetime) -> int:
    """Before the places of everything told from this moment on."""
    return max(0, int(moment.timestamp())) << _TIES


def _place(told_at: datetime, story: str) -> int:
    tie = int.from_bytes(hashlib.sha256(story.encode()).digest()[:4]) >> (32 - _TIES)
    return _first_place(told_at) + tie


def _filter(name: str, value: str) -> str:
    return f"{name}={_NOT_ID.sub('-', value)}"


_NOT_ID = re.compile(r"[^0-9a-z-]")


def _filters_of(question: Question) -> list[str]:
    asked = (("category", question.category), ("portal", question.portal))
    return [_filter(name, value) for name, value in asked if value]


class _Fts5:
    """How SQLite is asked (https://www.sqlite.org/fts5.html#full_text_query_syntax). Between quotes all is words."""

    newest = text(
        f"SELECT rowid FROM {FTS} WHERE {FTS} MATCH :query AND rowid >= :since AND rowid < :before "  # noqa: S608
        "ORDER BY rowid DESC LIMIT :most"
    )

    def index(self, filters: Iterable[str], texts: Iterable[Sequence[str]]) -> str:
        """What is kept of a story; a bar parts its texts, so that no phrase reaches from one into the next."""
        words = [word for told in texts for word in (*told, "|")]
        return " ".join([*filters, "|", *words[:MOST_WORDS]])

    def ask(self, question: Question, *, apart: bool = False) -> str:
        """All of it; with ``apart`` only stories in which the words do not stand together."""
        wanted = [*_filters_of(question), *map(" ".join, question.phrases), *question.words]
        asked = " AND ".join(f'"{one}"' for one in wanted)
        return f'({asked}) NOT "{" ".join(question.words)}"' if apart else asked

    def any_of(self, pairs: Iterable[tuple[str, str]]) -> str:
        """One of these pairs of words."""
        return " OR ".join(f'"{first} {second}"' for first, second in pairs)

    def pairs_in(self, words: str, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these pairs a story has."""
        return {pair for pair in pairs if f" {pair[0]} {pair[1]} " in f"{words} "}


class _Postgres:
    """How PostgreSQL is asked (https://www.postgresql.org/docs/current/datatype-textsearch.html).

    Pairs of words are indexed too: so a phrase needs no look at every text that has its words somewhere.
    """

    newest = text(
        "SELECT place FROM story_texts WHERE words @@ CAST(:query AS tsquery) AND place >= :since AND place < :before "
        "ORDER BY place DESC LIMIT :most"
    ).bindparams(
        # Planned for these very words: what is right for a rare one takes a second for a common one.
        bindparam("query", type_=String(), literal_execute=True),
        *(bindparam(name, type_=BigInteger(), literal_execute=True) for name in ("since", "before", "most")),
    )

    def index(self, filters: Iterable[str], texts: Iterable[Sequence[str]]) -> str:
        """What is kept of a story, as a ``tsvector``."""
        places: dict[str, list[int]] = {one: [] for one in filters}
        here = 0
        for told in texts:
            told = told[: MOST_WORDS - here]
            for word in told:
                here += 1
                places.setdefault(word, []).append(here)
            here += 1
            places |= {f"{first}_{second}": [] for first, second in pairwise(told)}
        return " ".join(f"'{one}'{':' if at else ''}{','.join(map(str, at))}" for one, at in places.items())

    def ask(self, question: Question, *, apart: bool = False) -> str:
        """All of it; with ``apart`` only stories in which the words do not stand together."""
        wanted = [f"'{one}'" for one in (*_filters_of(question), *question.words)]
        wanted += [self._phrase(phrase) for phrase in question.phrases]
        if apart:
            wanted.append(f"!({self._phrase(question.words)})")
        return " & ".join(wanted)

    def _phrase(self, words: Sequence[str]) -> str:
        pairs = [f"'{first}_{second}'" for first, second in pairwise(words)]
        if len(pairs) < 2:
            return pairs[0] if pairs else f"'{words[0]}'"
        exactly = " <-> ".join(f"'{word}'" for word in words)
        return " & ".join([*pairs, f"({exactly})"])

    def any_of(self, pairs: Iterable[tuple[str, str]]) -> str:
        """One of these pairs of words."""
        return " | ".join(f"'{first}_{second}'" for first, second in pairs)

    def pairs_in(self, words: str, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these pairs a story has."""
        return {pair for pair in pairs if f"'{pair[0]}_{pair[1]}'" in words}
