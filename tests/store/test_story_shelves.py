"""Stories, articles and what is published: placed, found in order, and marked stale exactly where they changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, event, select, text

from syndication.domain.article import ArticleKey, KeyKind
from syndication.domain.issue import Entry, IssueContent, Named
from syndication.domain.week import IsoWeek
from syndication.store import Memory, Store, open_store
from syndication.store.tables import articles, stories, story_categories
from tests.store.stock import NOW, WEEK, all_at_once, article, content, keep_story

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def announced(memory: Memory, story: str, *feeds: str, at: int = 0, **kept: object) -> None:
    """A story announced so many seconds after the first one."""
    keep_story(memory, story, **kept)  # type: ignore[arg-type]
    memory.stories.announce(story, at=NOW + at * SECOND, feeds=feeds or ("all",))


def test_placing_marks_the_feeds_a_story_enters_and_leaves_and_no_other(memory: Memory) -> None:
    announced(memory, "x", "all", "a", "b")
    assert memory.stories.stale() == ["a", "all", "b"]
    memory.stories.built(["a", "all", "b"])
    memory.stories.place("x", ["all", "b", "c"], now=NOW)
    assert memory.stories.stale() == ["a", "c"]
    assert memory.stories.feeds_of("x") == ("all", "b", "c")
    memory.stories.built(["a", "c"])
    memory.stories.place("x", ["c", "b", "all"], now=NOW)
    assert memory.stories.stale() == []
    memory.stories.place("x", [], now=NOW)
    assert memory.stories.feeds_of("x") == ()
    assert memory.stories.stale() == ["all", "b", "c"]


def test_a_story_not_announced_stands_nowhere(memory: Memory) -> None:
    keep_story(memory, "x", categories=["a"])
    memory.stories.place("x", ["all", "a"], now=NOW)
    memory.stories.changed("x", at=NOW, matters=True)
    memory.stories.place("no such story", ["all"], now=NOW)
    assert memory.stories.stale() == []
    assert memory.stories.newest("all", limit=9) == []
    assert memory.stories.get("x") is None
    assert memory.stories.last_announced() is None
    assert [one.id for one in memory.stories.waiting(now=NOW)] == ["x"]


def test_an_edit_marks_every_feed_of_the_story_and_moves_its_time_only_if_it_matters(memory: Memory) -> None:
    announced(memory, "x", "all", "a")
    announced(memory, "y", "all", "b", at=1)
    memory.stories.built(["all", "a", "b"])
    memory.stories.changed("x", at=NOW + HOUR, matters=False)
    assert memory.stories.stale() == ["a", "all"]
    assert [story.updated_at for story in memory.stories.by_ids(["x"])] == [NOW]
    memory.stories.changed("x", at=NOW + HOUR, matters=True)
    assert [story.updated_at for story in memory.stories.by_ids(["x", "y"])] == [NOW + HOUR, NOW + SECOND]


def test_a_story_is_announced_once(memory: Memory) -> None:
    announced(memory, "x", "all")
    memory.stories.announce("x", at=NOW + HOUR, feeds=["all", "a"])
    [story] = memory.stories.by_ids(["x"])
    assert (story.announced_at, story.updated_at) == (NOW, NOW)
    assert memory.stories.waiting(now=NOW) == []
    assert memory.stories.last_announced() == NOW
    # A feed entered later holds it at the time at which it was announced.
    announced(memory, "y", "a", at=60)
    assert [one.id for one in memory.stories.newest("a", limit=9)] == ["y", "x"]


def test_stories_by_id_come_in_the_order_asked_for(memory: Memory) -> None:
    for place, story in enumerate("abc"):
        announced(memory, story, at=place)
    keep_story(memory, "waiting")
    wanted = ["c", "a", "no such story", "waiting", "b"]
    assert [story.id for story in memory.stories.by_ids(wanted)] == ["c", "a", "b"]
    assert memory.stories.by_ids([]) == []


def test_a_feed_holds_its_newest_first_and_no_more_than_asked_for(memory: Memory) -> None:
    for place, story in enumerate(["old", "middle", "new"]):
        announced(memory, story, "all", "a", at=place)
    announced(memory, "elsewhere", "b", at=9)
    assert [story.id for story in memory.stories.newest("a", limit=2)] == ["new", "middle"]
    assert [story.id for story in memory.stories.newest("a", limit=9)] == ["new", "middle", "old"]
    assert memory.stories.newest("none", limit=9) == []


def test_a_story_is_led_by_the_article_named_whoever_came_first(memory: Memory) -> None:
    keep_story(memory, "x", portal="a-portal", categories=["z", "a"])
    second = memory.articles.add(article("x2", portal="b-portal"), story="x", now=NOW)
    third = memory.articles.add(article("x3", portal="b-portal"), story="x", now=NOW)
    memory.stories.led_by("x", second)
    memory.stories.announce("x", at=NOW, feeds=["all"])
    story = memory.stories.get("x")
    assert story
    assert third
    assert [telling.title for telling in story.tellings] == ["Tin x2", "Tin x", "Tin x3"]
    assert (story.title, story.url) == ("Tin x2", "https://b-portal.example/x2")
    assert story.categories == ("a", "z")
    assert set(memory.stories.portals("x")) == {"a-portal", "b-portal"}


def test_a_story_moved_to_other_categories_leaves_the_old_ones(memory: Memory) -> None:
    keep_story(memory, "x", categories=["a", "b"])
    memory.stories.categorise("x", {"c": "«số» in the title"})
    assert memory.stories.reasons("x") == {"c": "«số» in the title"}
    memory.stories.categorise("x", {})
    assert memory.stories.reasons("x") == {}


def test_what_waits_comes_out_oldest_news_first(memory: Memory) -> None:
    keep_story(memory, "undated", now=NOW - HOUR)
    keep_story(memory, "old", published_at=NOW - 9 * HOUR, portal="p", categories=["a", "b"])
    keep_story(memory, "between", published_at=NOW - 2 * HOUR)
    announced(memory, "told")
    waiting = memory.stories.waiting(now=NOW)
    assert [one.id for one in waiting] == ["old", "between", "undated"]
    assert (waiting[0].categories, waiting[0].portals) == (("a", "b"), ("p",))
    assert [one.told_at for one in waiting] == [NOW - 9 * HOUR, NOW - 2 * HOUR, NOW - HOUR]


def test_a_first_round_may_bring_more_than_one_statement_can_name(tmp_path: Path) -> None:
    # SQLite takes 32 766 values unless built otherwise, PostgreSQL 65 535; what holds for fewer holds for them.
    store = open_store(f"sqlite:///{tmp_path}/x.db")
    store.migrate()
    with store.write() as memory:
        keep_story(memory, "first", categories=["a"], published_at=NOW - HOUR)

        def twins(table: Table, **columns: Callable[[int], object]) -> None:
            first = memory.connection.execute(select(table)).one()._asdict()
            rows = [
                first | {name: value(place) for name, value in columns.items()} for place in range(10_200)
            ]
            memory.connection.execute(table.insert(), rows)

        twins(stories, id="s{}".format, tag="t{}".format, lead_article=lambda place: place + 10)
        twins(articles, id=lambda place: place + 10, story="s{}".format)
        twins(story_categories, story="s{}".format)
        driver = memory.connection.connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 10_100)
        waiting = memory.stories.waiting(now=NOW)
    assert len(waiting) == 10_201
    assert {(one.categories, one.portals) for one in waiting} == {(("a",), ("quang-ninh",))}
    store.close()


def test_the_newest_of_a_feed_are_found_along_an_index(memory: Memory) -> None:
    announced(memory, "x", "all")
    sqlite = memory.connection.dialect.name == "sqlite"
    if not sqlite:
        memory.connection.execute(text("SET LOCAL enable_seqscan = off"))
        memory.connection.execute(text("SET LOCAL enable_bitmapscan = off"))
    plans: list[str] = []

    @event.listens_for(memory.connection, "before_cursor_execute")
    def explain(_conn: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{statement}", parameters)  # type: ignore[attr-defined]
        plans.append("\n".join(" ".join(map(str, row)) for row in cursor.fetchall()))  # type: ignore[attr-defined]

    assert [story.id for story in memory.stories.newest("all", limit=50)] == ["x"]
    assert "ix_placements_feed_announced_at" in plans[0]
    for plan in plans:
        assert "Seq Scan" not in plan
        assert not any(line.split()[3:4] == ["SCAN"] for line in plan.splitlines()), plan
    assert not any("placements" in plan for plan in plans[1:])
    assert "TEMP B-TREE" not in plans[0]
    assert "Sort" not in plans[0]


def test_an_article_is_known_by_every_name_and_a_name_leads_where_it_first_led(memory: Memory) -> None:
    address = ArticleKey(KeyKind.ADDRESS, "quang-ninh/1")
    guid = ArticleKey(KeyKind.GUID, "quang-ninh https://portal.example/feed/ 1")
    same_word = ArticleKey(KeyKind.GUID, "quang-ninh/1")
    one = keep_story(memory, "x")
    other = keep_story(memory, "y")
    memory.articles.name(one, [address, guid])
    memory.articles.name(other, [address, same_word])
    memory.articles.name(one, [])
    found = memory.articles.known_as([address, guid, same_word, ArticleKey(KeyKind.GUID, "unknown")])
    assert memory.articles.known_as([]) == {}
    assert {key: known.id for key, known in found.items()} == {address: one, guid: one, same_word: other}
    assert (found[address].story, found[address].title) == ("x", "Tin x")


def test_an_edited_article_keeps_its_story_portal_and_first_sight(memory: Memory) -> None:
    edited = replace(article("new", portal="another", published_at=NOW - HOUR), author="Lan", labels=())
    kept = keep_story(memory, "x", published_at=NOW - HOUR)
    memory.articles.change(kept, edited, now=NOW + HOUR)
    memory.stories.announce("x", at=NOW, feeds=["all"])
    story = memory.stories.get("x")
    assert memory.articles.count_by_portal() == {"quang-ninh": 1}
    assert story
    assert (story.title, story.author, story.lead.portal) == ("Tin new", "Lan", "quang-ninh")
    assert (story.lead.first_seen_at, story.lead.published_at) == (NOW, NOW - HOUR)


@pytest.mark.parametrize("size", [(1200, 675), None])
def test_a_pictures_size_is_kept_and_goes_with_the_picture(
    memory: Memory, size: tuple[int, int] | None
) -> None:
    address = ArticleKey(KeyKind.ADDRESS, "quang-ninh/x")
    kept = keep_story(memory, "x")
    memory.articles.name(kept, [address])
    memory.stories.announce("x", at=NOW, feeds=["all"])

    def found() -> list[tuple[str | None, tuple[int, int] | None]]:
        story, known = memory.stories.get("x"), memory.articles.known_as([address])[address]
        assert story
        return [(one.image_url, one.image_size) for one in (story, known)]

    assert found() == [(None, None)] * 2
    shown = replace(article("x"), image_url="https://portal.example/a.jpg", image_size=size)
    memory.articles.change(kept, shown, now=NOW + HOUR)
    assert found() == [(shown.image_url, size)] * 2
    memory.articles.change(kept, article("x"), now=NOW + HOUR)
    assert found() == [(None, None)] * 2


def test_publishing_the_same_again_changes_nothing(store: Store) -> None:
    with store.write() as memory:
        put = memory.documents.put
        assert put(
            "feeds/all.rss", media_type="application/rss+xml", body=b"\x00\xffone", etag='"1"', now=NOW
        )
        assert not put(
            "feeds/all.rss", media_type="application/rss+xml", body=b"other", etag='"1"', now=NOW + HOUR
        )
    with store.read() as memory:
        kept = memory.documents.get("feeds/all.rss")
    assert kept
    assert (kept.media_type, kept.body, kept.changed_at) == ("application/rss+xml", b"\x00\xffone", NOW)
    with store.write() as memory:
        later = NOW + HOUR + timedelta(microseconds=5)
        assert memory.documents.put("feeds/all.rss", media_type="text/x", body=b"two", etag='"2"', now=later)
        kept = memory.documents.get("feeds/all.rss")
        assert kept
        assert (kept.media_type, kept.body, kept.etag, kept.changed_at) == (
            "text/x",
            b"two",
            '"2"',
            NOW + HOUR,
        )
        assert memory.documents.paths() == ["feeds/all.rss"]
        memory.documents.remove("feeds/all.rss")
        memory.documents.remove("feeds/all.rss")
        assert memory.documents.get("feeds/all.rss") is None


def test_many_may_publish_the_same_new_document_at_once(store: Store) -> None:
    def publish(number: int) -> int:
        changed = 0
        for path in map(str, range(20)):
            with store.write() as memory:
                changed += memory.documents.put(path, media_type="t", body=b"same", etag='"same"', now=NOW)
        return changed

    assert sum(all_at_once(publish, threads=4)) == 20


def test_an_issue_tells_what_was_announced_since_the_last_and_stands_in_no_other(memory: Memory) -> None:
    def tells(subject: str, *stories: str, week: IsoWeek) -> IssueContent:
        entries = [
            Entry(
                story=story,
                category="a",
                title="t",
                url="u",
                summary="",
                image_url=None,
                told_at=NOW,
                portals=(Named(id="p", name="P", url="u"),),
            )
            for story in stories
        ]
        return replace(content(subject, week=week), hero=entries[0])

    this_week = IsoWeek(2026, 48)
    announced(memory, "before", at=0)
    announced(memory, "told last week", at=10)
    announced(memory, "new", at=20)
    announced(memory, "old news", at=21, published_at=NOW - 300 * HOUR)
    announced(memory, "too late", at=90)
    memory.issues.draft(tells("w47", "told last week", week=WEEK), cut_at=NOW + 5 * SECOND, now=NOW)
    after = memory.issues.cut_before(str(this_week))
    assert after == NOW + 5 * SECOND
    assert memory.issues.cut_before(str(WEEK)) is None

    def found(issue: IsoWeek, **bounds: object) -> list[str]:
        asked = {"not_before": NOW - HOUR, "after": after, "until": NOW + 60 * SECOND} | bounds
        return [story.id for story in memory.stories.for_issue(str(issue), **asked)]  # type: ignore[arg-type]

    assert found(this_week) == ["new"]
    assert found(this_week, after=None) == ["new", "before"]
    assert found(this_week, not_before=NOW - 999 * HOUR) == ["old news", "new"]
    assert found(WEEK, after=None) == ["new", "told last week", "before"]
    # Composed anew, an issue lets go of what it does not tell any more.
    memory.issues.draft(tells("w47", "before", week=WEEK), cut_at=NOW + 5 * SECOND, now=NOW)
    assert found(this_week) == ["new", "told last week"]


@pytest.mark.parametrize("kept", ["x", "y"])
def test_every_id_and_tag_is_minted_once(memory: Memory, kept: str) -> None:
    memory.stories.add("x", tag="tag:x", now=NOW)
    assert memory.stories.exists("x")
    assert memory.stories.exists(kept) is (kept == "x")
