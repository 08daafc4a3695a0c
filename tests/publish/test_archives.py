"""Archives and deletions: every story of a feed is reachable, months stay as they are, what is withdrawn goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from syndication.domain.portal import Category
from syndication.domain.subscriber import Registration
from syndication.publish.archive import month_of, months_named, months_of, part_of, parts_named
from syndication.publish.pipeline import Press, Published, publish
from syndication.publish.select import NEWEST
from syndication.store import Store
from syndication.store.search import Question
from tests.cast import ObedientClock
from tests.publish.cast import CATALOGUE, LINKS
from tests.store.stock import keep_story

pytestmark = pytest.mark.postgres_in_ci

ATOM = "{http://www.w3.org/2005/Atom}"
ARCHIVE = "{http://purl.org/syndication/history/1.0}archive"
DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
START = datetime(2026, 9, 20, 3, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ObedientClock:
    return ObedientClock(at=START)


@pytest.fixture
def press(store: Store, clock: ObedientClock) -> Press:
    return Press(store=store, catalogue=CATALOGUE, links=LINKS, title="Điểm tin", now=clock, zone=ZONE)


def announce(press: Press, story: str, at: datetime, *, categories: Iterable[str] = ("khac",)) -> None:
    categories = tuple(categories)
    with press.store.write() as memory:
        keep_story(memory, story, portal="song-dao", categories=categories, published_at=at, now=at)
        memory.stories.announce(story, at=at, feeds=("all", *categories, "portals/song-dao"))


def announce_many(
    press: Press, clock: ObedientClock, number: int, *, every: timedelta, name: str = "tin"
) -> None:
    for count in range(number):
        announce(press, f"{name}{count}", clock())
        clock.at += every


class Document:
    """A feed's document as a reader that follows links sees it."""

    def __init__(self, body: bytes) -> None:
        self.root = etree.fromstring(body)
        self.links = {
            str(link.get("rel")): str(link.get("href")) for link in self.root.findall(f"{ATOM}link")
        }
        self.stories = [
            str(one.text).rpartition("/")[2] for one in self.root.findall(f"{ATOM}entry/{ATOM}id")
        ]
        self.is_archive = self.root.find(ARCHIVE) is not None


def documents(press: Press) -> dict[str, bytes]:
    with press.store.read() as memory:
        found = {path: memory.documents.get(path) for path in memory.documents.paths()}
    return {path: document.body for path, document in found.items() if document}


def walk(press: Press, feed: str) -> list[Document]:
    """The current document and what its links lead back to."""
    bodies = documents(press)
    walked = [Document(bodies[f"feeds/{feed}.atom"])]
    while back := walked[-1].links.get("prev-archive"):
        walked.append(Document(bodies.pop(back.removeprefix("https://tin.example.vn/"))))  # never twice
    return walked


def periods(press: Press, feed: str) -> list[str]:
    """The archives of a feed, the oldest first."""
    before = f"feeds/{feed}/"
    return [
        path.removeprefix(before).removesuffix(".atom")
        for path in documents(press)
        if path.startswith(before) and "/" not in path.removeprefix(before) and path[len(before)].isdigit()
    ]


def test_every_story_is_in_the_current_document_or_reached_by_walking(
    press: Press, clock: ObedientClock
) -> None:
    announce_many(press, clock, 170, every=timedelta(hours=10))
    publish(press)
    for feed in ("all", "khac", "portals/song-dao"):
        walked = walk(press, feed)
        assert walked[0].stories == [f"tin{number}" for number in reversed(range(170 - NEWEST, 170))]
        assert {story for document in walked for story in document.stories} == {f"tin{n}" for n in range(170)}
        assert [document.is_archive for document in walked] == [False] + [True] * (len(walked) - 1)
    assert periods(press, "all") == ["2026-09", "2026-10", "2026-11-21T050000Z"]


def test_archives_are_linked_both_ways_and_to_the_present(press: Press, clock: ObedientClock) -> None:
    announce_many(press, clock, 170, every=timedelta(hours=10))
    publish(press)
    current, *archives = walk(press, "all")
    following = current.links["self"]
    for archive in archives:
        assert archive.links["current"] == current.links["self"]
        assert archive.links["next-archive"] == following
        assert archive.links["self"] != following
        following = archive.links["self"]
    assert "prev-archive" not in archives[-1].links


def test_a_busy_month_puts_fifty_stories_away_at_a_time_until_it_is_over(
    press: Press, clock: ObedientClock
) -> None:
    for day in range(4):
        announce_many(press, clock, 40, every=timedelta(minutes=5), name=f"ngay{day}-")
        publish(press)
        clock.pass_(days=1)
    parts = periods(press, "all")
    assert len(parts) == 3
    bodies = documents(press)
    first = bodies[f"feeds/all/{parts[0]}.atom"]
    assert [len(document.stories) for document in walk(press, "all")] == [50, 50, 50, 50]
    assert len({story for document in walk(press, "all") for story in document.stories}) == 160
    announce(press, "sau", clock())
    publish(press)
    assert documents(press)[f"feeds/all/{parts[0]}.atom"] == first
    clock.at = datetime(2026, 9, 30, 17, 0, tzinfo=UTC)  # midnight in Hà Nội
    publish(press)
    assert periods(press, "all") == ["2026-09"]
    assert [len(document.stories) for document in walk(press, "all")] == [50, 161]


def test_a_month_is_put_away_when_it_is_over_even_where_nothing_is_new(
    press: Press, clock: ObedientClock
) -> None:
    announce_many(press, clock, 3, every=timedelta(hours=1))
    publish(press)
    assert periods(press, "khac") == []
    clock.at = datetime(2026, 9, 30, 16, 59, tzinfo=UTC)
    assert publish(press).changed == 0
    clock.at = datetime(2026, 9, 30, 17, 0, tzinfo=UTC)
    publish(press)
    assert [periods(press, feed) for feed in ("all", "khac", "portals/song-dao")] == [["2026-09"]] * 3
    assert periods(press, "chuyen-doi-so") == []
    assert publish(press).built == 0


def test_an_archive_stays_byte_for_byte_when_news_comes_and_when_stories_are_edited(
    press: Press, clock: ObedientClock
) -> None:
    announce_many(press, clock, 60, every=timedelta(days=1))
    publish(press)
    before = documents(press)
    assert periods(press, "all") == ["2026-09", "2026-10"]
    with press.store.write() as memory:
        memory.stories.changed("tin3", at=clock(), matters=True)
    announce(press, "moi", clock())
    publish(press)
    after = documents(press)
    for period in ("2026-09", "2026-10"):
        assert after[f"feeds/all/{period}.atom"] == before[f"feeds/all/{period}.atom"]
    assert after["feeds/all.atom"] != before["feeds/all.atom"]


def test_what_is_withdrawn_goes_from_every_document_and_readers_are_told(
    press: Press, clock: ObedientClock
) -> None:
    announce_many(press, clock, 100, every=timedelta(hours=12))
    publish(press)
    assert periods(press, "all") == ["2026-09", "2026-10"]
    clock.pass_(hours=1)
    with press.store.write() as memory:
        for story in ("tin2", "tin60", "tin99"):
            memory.stories.withdraw(story, why="taken back", now=clock())
    publish(press)
    for feed in ("all", "khac", "portals/song-dao"):
        walked = walk(press, feed)
        left = {story for document in walked for story in document.stories}
        assert left == {f"tin{number}" for number in range(100)} - {"tin2", "tin60", "tin99"}
        told = {str(one.get("ref")).rpartition("/")[2] for one in walked[0].root.findall(DELETED)}
        assert told == {"tin2", "tin60", "tin99"}
    for path, body in documents(press).items():
        if not path.endswith(".atom"):
            assert b"stories/tin99" not in body, path


def test_a_withdrawn_story_that_is_restored_stands_where_it_stood(press: Press, clock: ObedientClock) -> None:
    announce_many(press, clock, 30, every=timedelta(days=1))
    publish(press)
    before = documents(press)
    with press.store.write() as memory:
        memory.stories.withdraw("tin2", why="by mistake", now=clock())
    publish(press)
    assert documents(press)["feeds/all/2026-09.atom"] != before["feeds/all/2026-09.atom"]
    with press.store.write() as memory:
        memory.stories.restore("tin2", ("all", "khac", "portals/song-dao"), now=clock())
    publish(press)
    assert documents(press) == before


def test_a_month_whose_only_story_is_withdrawn_is_no_link_of_the_chain(
    press: Press, clock: ObedientClock
) -> None:
    for month in (9, 10, 11):
        clock.at = datetime(2026, month, 20, tzinfo=UTC)
        announce(press, f"tin{month}", clock())
    publish(press)
    assert periods(press, "all") == ["2026-09", "2026-10"]
    with press.store.write() as memory:
        memory.stories.withdraw("tin10", why="taken back", now=clock())
    publish(press)
    assert periods(press, "all") == ["2026-09"]
    current, september = walk(press, "all")
    assert september.links["next-archive"] == current.links["self"]


def test_a_story_that_enters_a_feed_late_stands_in_its_month_there(
    press: Press, clock: ObedientClock
) -> None:
    for month in (9, 10, 11):
        clock.at = datetime(2026, month, 20, tzinfo=UTC)
        announce(
            press, f"tin{month}", clock(), categories=["khac"] if month == 10 else ["khac", "chuyen-doi-so"]
        )
    publish(press)
    assert periods(press, "chuyen-doi-so") == ["2026-09"]
    clock.pass_(hours=1)
    with press.store.write() as memory:
        memory.stories.categorise("tin10", {"chuyen-doi-so": "a person said so"})
        memory.stories.place("tin10", ("all", "chuyen-doi-so", "portals/song-dao"), now=clock())
    publish(press)
    assert periods(press, "chuyen-doi-so") == ["2026-09", "2026-10"]
    assert periods(press, "khac") == ["2026-09"]
    assert [document.stories for document in walk(press, "chuyen-doi-so")][1:] == [["tin10"], ["tin9"]]
    assert [document.stories for document in walk(press, "khac")][1:] == [["tin9"]]


def test_a_feed_that_the_catalogue_no_longer_names_goes_with_its_archives(
    press: Press, clock: ObedientClock
) -> None:
    announce_many(press, clock, 20, every=timedelta(days=1))
    publish(press)
    assert "feeds/khac/2026-09.atom" in documents(press)
    fewer = replace(press, catalogue=replace(press.catalogue, categories=press.catalogue.categories[:1]))
    publish(fewer)
    assert not [path for path in documents(press) if "khac" in path]
    assert publish(fewer).changed == 0


def test_a_renamed_category_takes_its_stories_along_and_announces_none_again(
    press: Press, clock: ObedientClock
) -> None:
    before, after = (
        Category(slug="cntt", title="CNTT", title_en="IT", description=""),
        CATALOGUE.categories[0],
    )
    rest = CATALOGUE.categories[1:]
    old = replace(press, catalogue=replace(CATALOGUE, categories=(before, *rest)))
    new = replace(press, catalogue=replace(CATALOGUE, renamed={"cntt": after.slug}))
    announce(old, "tin8", clock() - timedelta(days=31), categories=["cntt"])
    announce(old, "tin9", clock(), categories=["cntt", "khac"])
    announce(old, "both", clock() + timedelta(hours=1), categories=["cntt", after.slug])
    announce(old, "gone", clock() + timedelta(hours=2), categories=["cntt"])
    clock.pass_(hours=3)
    publish(old)
    with press.store.write() as memory:
        memory.stories.withdraw("gone", why="a mistake", now=clock())
        keep_story(memory, "waits", portal="song-dao", categories=["cntt"], now=clock())
        keep_story(memory, "history", portal="song-dao", categories=["cntt"], now=clock())
        memory.stories.keep_back(["history"], now=clock())
        entries_before = memory.stories.newest("all", limit=50)
        lan = Registration(
            line=2, email="lan@a.example", email_key="lan@a.example", categories=("cntt", "khac")
        )
        minh = replace(
            lan, email="minh@a.example", email_key="minh@a.example", categories=("cntt", after.slug)
        )
        memory.subscribers.register([lan, minh], now=clock())
    clock.pass_(hours=1)

    assert publish(new).announced == 1
    with press.store.read() as memory:
        chosen = [one.categories for one in memory.subscribers.all()]
    assert chosen == [(after.slug, "khac"), (after.slug,)]
    documents_after = documents(press)
    assert not [path for path in documents_after if "cntt" in path]
    assert Document(documents_after[f"feeds/{after.slug}.atom"]).stories == ["waits", "both", "tin9", "tin8"]
    assert DELETED.encode().rpartition(b"}")[2] in documents_after[f"feeds/{after.slug}.atom"]
    assert [one.stories for one in walk(press, after.slug)][1:] == [["tin8"]]
    with press.store.read() as memory:
        now_in_all = {story.id: story for story in memory.stories.newest("all", limit=50)}
        assert memory.stories.stale() == []
        assert memory.stories.reasons("history").keys() == {after.slug}
        found = memory.search.find(Question(category=after.slug), first=0, count=9).stories
        assert set(found) == {"tin8", "tin9", "both", "waits", "history"}
        assert not memory.search.find(Question(category="cntt"), first=0, count=9).stories
    for story in entries_before:
        told = now_in_all[story.id]
        assert (told.announced_at, told.updated_at, told.tag) == (
            story.announced_at,
            story.updated_at,
            story.tag,
        )
    assert now_in_all["both"].categories == (after.slug,)
    assert publish(new) == Published(announced=0, waiting=0, built=0, changed=0)


def test_what_an_older_catalogue_files_after_a_rename_comes_along(press: Press, clock: ObedientClock) -> None:
    after = CATALOGUE.categories[0].slug
    new = replace(press, catalogue=replace(CATALOGUE, renamed={"cntt": after}))
    publish(new)
    with press.store.write() as memory:
        keep_story(memory, "late", portal="song-dao", categories=["cntt"], now=clock())
    assert publish(new).announced == 1
    assert Document(documents(press)[f"feeds/{after}.atom"]).stories == ["late"]


def test_a_change_builds_only_the_feeds_that_hold_it(press: Press, clock: ObedientClock) -> None:
    announce(press, "mot", clock(), categories=["khac"])
    announce(press, "hai", clock() + timedelta(seconds=1), categories=["chuyen-doi-so"])
    clock.pass_(minutes=1)
    assert publish(press).built == 5
    before = documents(press)
    with press.store.write() as memory:
        memory.stories.changed("hai", at=clock(), matters=True)
    assert publish(press).built == 3
    after = documents(press)
    changed = {path for path in after if after[path] != before[path]}
    assert {path.partition(".")[0] for path in changed} == {
        "feeds/all",
        "feeds/chuyen-doi-so",
        "feeds/portals/song-dao",
    }


# --- the calendar ----------------------------------------------------------------------------------------------


def test_a_month_begins_at_midnight_where_its_readers_are() -> None:
    month = month_of(datetime(2026, 9, 30, 17, 0, tzinfo=UTC), ZONE)
    assert (month.name, month.since, month.before) == (
        "2026-10",
        datetime(2026, 9, 30, 17, 0, tzinfo=UTC),
        datetime(2026, 10, 31, 17, 0, tzinfo=UTC),
    )
    assert month_of(month.since - timedelta(seconds=1), ZONE).name == "2026-09"
    assert month_of(datetime(2026, 12, 31, 17, 0, tzinfo=UTC), ZONE).name == "2027-01"


def test_the_archives_of_a_feed_are_known_by_their_names() -> None:
    running = month_of(datetime(2026, 11, 10, tzinfo=UTC), ZONE)
    first = part_of(running, [], datetime(2026, 11, 3, 1, 2, 3, tzinfo=UTC))
    second = part_of(running, [first], datetime(2026, 11, 4, tzinfo=UTC))
    names = [second.name, "2026-10", first.name, "2026-09", "2026-09-03T010203Z", "rubbish"]
    assert parts_named(names, running) == [first, second]
    assert (first.since, second.since) == (running.since, first.before)
    assert [month.name for month in months_named(names, ZONE)] == ["2026-09", "2026-10"]


def test_a_day_in_utc_touches_the_months_it_lies_in() -> None:
    running = month_of(datetime(2026, 12, 10, tzinfo=UTC), ZONE)
    assert set(months_of({date(2026, 10, 31)}, ZONE, running=running)) == {"2026-10", "2026-11"}
    assert set(months_of({date(2026, 10, 30), date(2026, 12, 1)}, ZONE, running=running)) == {"2026-10"}
    october = month_of(datetime(2026, 10, 10, tzinfo=UTC), ZONE)
    assert october.touches(date(2026, 9, 30))
    assert october.touches(date(2026, 10, 31))
    assert not october.touches(date(2026, 11, 1))
