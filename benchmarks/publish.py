"""What building feeds costs: beside feedgen alone, and with a hundred times as many stories in the store.

    .venv/bin/python benchmarks/publish.py [--stories 10000 1000000]

All are measured in turns in one run, so that what else the machine does falls on all alike. Claims: after a change in
one story, RSS, Atom and JSON of 50 in 2 times what feedgen alone takes for RSS and Atom; a feed built from 1 000 000
stories in 1.2 times what it takes from 10 000.
"""

from __future__ import annotations

import argparse
import itertools
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from feedgen.feed import FeedGenerator

from syndication.domain.story import Story
from syndication.links import FeedFormat
from syndication.publish import feed, fulltext, jsonfeed, pipeline
from syndication.publish.entry import Edition, entries_of
from syndication.publish.pipeline import FORMATS, Press
from syndication.publish.select import NEWEST, plan_feeds
from syndication.store import Store, open_store
from tests.publish.cast import CATALOGUE, LINKS, PLAN, a_story

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SUMMARY = "Sáng 23/11, lãnh đạo tỉnh dự hội nghị về chuyển đổi số và xây dựng chính quyền điện tử. " * 3
FULL_TEXT = f'<p>{SUMMARY}</p><p><a href="https://songdao.example/a?b=1&amp;c=2">{SUMMARY}</a></p>' * 8
TARGETS = {"alone": 2.0, "many": 1.2}


def some_stories(*, content: str | None) -> list[Story]:
    return [
        a_story(f"Hội nghị chuyển đổi số lần thứ {number}", number=number, summary=SUMMARY, content=content)
        for number in range(1, NEWEST + 1)
    ]


def feedgen_alone(stories: list[Story]) -> list[bytes]:
    """RSS and Atom of these stories by feedgen and its own extensions, as its documentation says.

    It tells what it can of what we tell: no atom:source, no links to other portals, no JSON, nothing checked.
    """
    feed = FeedGenerator()
    for extension in ("dc", "media", "syndication"):
        feed.load_extension(extension)
    feed.id(LINKS.feed_tag("all"))
    feed.title(PLAN.title)
    feed.description(PLAN.description)
    feed.language("vi")
    feed.author(name=PLAN.title)
    feed.link(href=LINKS.feed("all", FeedFormat.ATOM), rel="self")
    feed.link(href=LINKS.home(), rel="alternate")
    feed.updated(NOW)
    for story in stories:
        entry = feed.add_entry(order="append")
        entry.id(story.tag)
        entry.guid(story.tag)
        entry.title(story.title)
        entry.link(href=story.url)
        entry.summary(story.summary)
        entry.author(name="Trung tâm")
        if story.content:
            entry.content(story.content, type="html")
        entry.category(term="khac", label="Khác", scheme=LINKS.to("/categories/"))
        entry.published(story.announced_at)
        entry.updated(story.updated_at)
        entry.dc.dc_creator("Trung tâm")
        entry.source(url=LINKS.feed("portals/song-dao", FeedFormat.RSS), title="Trung tâm")
        entry.media.content({"url": story.image_url, "medium": "image", "type": "image/jpeg"})
        entry.media.thumbnail({"url": story.image_url})
    return [feed.rss_str(), feed.atom_str()]


def ours(stories: list[Story]) -> list[bytes]:
    edition = Edition(plan=PLAN, entries=entries_of(stories, catalogue=CATALOGUE, links=LINKS))
    return [FORMATS[form](edition, LINKS) for form in (FeedFormat.RSS, FeedFormat.ATOM, FeedFormat.JSON)]


def one_new(stories: list[Story]) -> Callable[[], object]:
    """Builds as after any change: one story is new, forty-nine are as they were."""
    count = itertools.count()

    def build() -> list[bytes]:
        number = next(count)
        return ours(
            [replace(stories[0], id=f"new{number}", tag=LINKS.story_tag(f"new{number}")), *stories[1:]]
        )

    return build


def all_new(stories: list[Story]) -> Callable[[], object]:
    """Builds as in a process that just started: every story is new."""

    def build() -> list[bytes]:
        for kept in (feed._item, feed._entry, jsonfeed._item, fulltext.full_text):
            kept.cache_clear()
        return ours(stories)

    return build


def side_by_side(*jobs: Callable[[], object], rounds: int) -> list[float]:
    """The median milliseconds of each job, run in turns."""
    times: list[list[float]] = [[] for _ in jobs]
    for turn in range(rounds + 3):
        for job, kept in zip(jobs, times, strict=True):
            start = time.perf_counter()
            job()
            if turn >= 3:  # the first turns warm up
                kept.append((time.perf_counter() - start) * 1000)
    return [statistics.median(kept) for kept in times]


def filled_store(folder: Path, stories: int) -> Store:
    """A store with this many announced stories, five minutes apart, a third of them in «khac»."""
    path = folder / f"{stories}.db"
    store = open_store(f"sqlite:///{path}")
    store.migrate()
    raw = sqlite3.connect(path)
    raw.executescript("PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-200000;")

    def text(at: datetime) -> str:
        return f"{at:%Y-%m-%d %H:%M:%S.%f}"

    numbers = range(stories)
    at = [text(NOW - timedelta(minutes=5 * (stories - number))) for number in numbers]
    with raw:
        raw.executemany(
            "INSERT INTO stories (id, tag, lead_article, first_seen_at, announced_at, updated_at) VALUES (?,?,?,?,?,?)",
            ((f"s{n}", LINKS.story_tag(f"s{n}"), n + 1, at[n], at[n], at[n]) for n in numbers),
        )
        raw.executemany(
            "INSERT INTO articles (id, portal, story, url, title, summary, labels, categories, published_at,"
            " first_seen_at, changed_at, content_hash) VALUES (?,?,?,?,?,?,'[]','[]',?,?,?,'x')",
            (
                (
                    n + 1,
                    "song-dao",
                    f"s{n}",
                    f"https://songdao.example/{n}",
                    f"Tin {n}",
                    SUMMARY,
                    at[n],
                    at[n],
                    at[n],
                )
                for n in numbers
            ),
        )
        raw.executemany(
            "INSERT INTO story_categories (story, category, why) VALUES (?,?,'x')",
            ((f"s{n}", "khac" if n % 3 == 0 else "chuyen-doi-so") for n in numbers),
        )
        raw.executemany(
            "INSERT INTO placements (feed, story, announced_at) VALUES (?,?,?)",
            (
                (feed, f"s{n}", at[n])
                for n in numbers
                for feed in ("all", "khac" if n % 3 == 0 else "chuyen-doi-so", "portals/song-dao")
            ),
        )
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    return store


def builder(store: Store) -> Callable[[], object]:
    """Builds «khac» as after any change in it; what it archived before is there already."""
    press = Press(store=store, catalogue=CATALOGUE, links=LINKS, title="Điểm tin", now=lambda: NOW)
    plan = next(plan for plan in plan_feeds(CATALOGUE, title="Điểm tin") if plan.name == "khac")
    pipeline._build(press, plan, known=set())
    with store.read() as memory:
        known = pipeline._archives([plan.name], memory.documents.paths())[plan.name]

    def build() -> None:
        # As if one thing had changed, so that documents are written too.
        with store.write() as memory:
            for form in FeedFormat:
                memory.documents.remove(f"feeds/khac.{form}")
        pipeline._build(press, plan, known=set(known))

    return build


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", nargs=2, type=int, default=(10_000, 1_000_000))
    parser.add_argument("--rounds", type=int, default=60)
    asked = parser.parse_args()
    missed = False

    def report(name: str, ours: float, theirs: float, target: float) -> None:
        nonlocal missed
        ratio = ours / theirs
        missed |= ratio > target
        print(f"{name}: {ours:.2f} ms against {theirs:.2f} ms: {ratio:.2f}× (at most {target}×)")

    for kind, content in (("summaries", None), ("full texts of 5 KB", FULL_TEXT)):
        stories = some_stories(content=content)
        alone, mine, first = side_by_side(
            partial(feedgen_alone, stories), one_new(stories), all_new(stories), rounds=asked.rounds
        )
        what = f"RSS, Atom and JSON of {NEWEST} {kind}, beside feedgen's RSS and Atom"
        report(f"{what}, one story new", mine, alone, TARGETS["alone"])
        print(f"  the first time, every story new: {first:.2f} ms: {first / alone:.2f}×")
    with tempfile.TemporaryDirectory() as folder:
        stores = [filled_store(Path(folder), number) for number in asked.stories]
        few, many = side_by_side(*map(builder, stores), rounds=asked.rounds)
        few_stories, many_stories = asked.stories
        report(f"one feed of {many_stories} stories, beside one of {few_stories}", many, few, TARGETS["many"])
        for store in stores:
            store.close()
    sys.exit(missed)


if __name__ == "__main__":
    main()
