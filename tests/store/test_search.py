"""Finding stories by their words: the same ones in the same order on both databases, in step with what is kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.domain.article import Article
from syndication.store import Memory, Store
from syndication.store.search import MOST_FOUND, Question, words_of
from tests.store.stock import NOW

DAY = timedelta(days=1)


def tell(
    memory: Memory,
    story: str,
    title: str,
    summary: str = "",
    *,
    portal: str = "quang-ninh",
    categories: Iterable[str] = ("khac",),
    told: datetime = NOW,
    announced: bool = True,
) -> int:
    """A story of one article."""
    memory.stories.add(story, tag=f"tag:tin.example.vn,2026:stories/{story}", now=NOW)
    kept = memory.articles.add(an_article(title, summary, portal=portal, told=told), story=story, now=NOW)
    memory.stories.led_by(story, kept)
    memory.stories.categorise(story, dict.fromkeys(categories, "the portal's file says so"))
    if announced:
        last = memory.stories.last_announced()
        memory.stories.announce(story, at=(last or NOW) + timedelta(seconds=1), feeds=["all"])
    return kept


def an_article(
    title: str, summary: str, *, portal: str = "quang-ninh", told: datetime | None = NOW
) -> Article:
    return Article(
        portal=portal,
        url=f"https://{portal}.example/{title}",
        address_key=f"{portal}/{title}",
        guid=None,
        title=title,
        summary=summary,
        content=None,
        author=None,
        labels=(),
        image_url=None,
        published_at=told,
    )


def asked(said: str, *phrases: str, **filters: object) -> Question:
    return Question(
        words=words_of(said),
        phrases=tuple(words_of(phrase) for phrase in phrases),
        **filters,  # type: ignore[arg-type] # the filters of Question, by name
    )


def found(memory: Memory, said: str, *phrases: str, **filters: object) -> tuple[str, ...]:
    return memory.search.find(asked(said, *phrases, **filters), first=0, count=20).stories


@pytest.mark.parametrize("said", ["do son", "Đồ Sơn", "ĐỒ SƠN", "đồ sơn", "do sơn", "Ðồ Sơn"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_place_is_found_with_and_without_its_marks(memory: Memory, said: str, form: str) -> None:
    tell(memory, "a", "Lễ hội chọi trâu Đồ Sơn khai mạc")
    tell(memory, "b", "Hạ Long đón khách")
    assert found(memory, unicodedata.normalize(form, said)) == ("a",)  # type: ignore[arg-type]


def test_where_the_tone_mark_sits_makes_no_difference(memory: Memory) -> None:
    tell(memory, "a", "Xã Hoà Bình")
    tell(memory, "b", "Tỉnh Hòa Bình", told=NOW - DAY)
    assert found(memory, "hòa bình") == found(memory, "hoà bình") == found(memory, "hoa binh") == ("a", "b")


def test_all_words_are_needed_and_the_newest_come_first(memory: Memory) -> None:
    tell(memory, "old", "Chuyển đổi số", "tại Hải Phòng", told=NOW - DAY)
    tell(memory, "new", "Hải Phòng", "chuyển đổi số")
    tell(memory, "other", "Chuyển đổi số", "tại Huế")
    assert found(memory, "Hải số") == ("new", "old")
    assert found(memory, "Hải Huế") == ()


def test_words_that_stand_together_come_first(memory: Memory) -> None:
    tell(memory, "apart", "Sơn La đón khách", "Lý do là thời tiết")
    tell(memory, "together", "Biển Đồ Sơn", told=NOW - 30 * DAY)
    answer = memory.search.find(asked("do son"), first=0, count=20)
    assert answer.stories == ("together", "apart")
    assert (answer.together, answer.count, answer.more) == (1, 2, False)


def test_a_phrase_stands_together_in_one_text(memory: Memory) -> None:
    tell(memory, "a", "Khai mạc lễ hội", "Đền Trần đông khách")
    tell(memory, "b", "Lễ hội Đền Trần", told=NOW - DAY)
    assert found(memory, "", "hội đền trần") == ("b",)
    assert found(memory, "", "hội đền") == ("b",)
    assert found(memory, "khách", "lễ hội") == ("a",)
    assert found(memory, "", "lễ đền") == ()


def test_a_search_can_be_held_to_a_category_a_portal_and_a_time(memory: Memory) -> None:
    tell(memory, "a", "Hội nghị", categories=["chinh-tri", "khac"])
    tell(memory, "b", "Hội nghị", portal="hue", told=NOW - 7 * DAY)
    assert found(memory, "hội", category="chinh-tri") == ("a",)
    assert found(memory, "hội", category="chinh") == ()
    assert found(memory, "hội", portal="hue") == ("b",)
    assert found(memory, "", portal="hue") == ("b",)
    assert found(memory, "hội", since=NOW) == ("a",)
    assert found(memory, "hội", since=NOW - 7 * DAY, before=NOW) == ("b",)
    assert found(memory, "hội", portal="hue", category="chinh-tri") == ()
    # What filters are written as is never a word of a text.
    assert found(memory, "portal hue") == ()


def test_what_is_not_public_is_not_found(memory: Memory) -> None:
    tell(memory, "waiting", "Hội nghị", announced=False)
    assert found(memory, "hội") == ()
    memory.stories.keep_back(["waiting"], now=NOW)
    assert found(memory, "hội") == ("waiting",)
    memory.stories.reconsider("waiting")
    assert found(memory, "hội") == ()


def test_a_withdrawn_story_is_lost_and_a_restored_one_is_found(memory: Memory) -> None:
    tell(memory, "a", "Hội nghị")
    assert found(memory, "hội") == ("a",)
    memory.stories.withdraw("a", why="Báo nhầm", now=NOW)
    assert found(memory, "hội") == ()
    memory.stories.restore("a", ["all"], now=NOW)
    assert found(memory, "hội") == ("a",)


def test_a_corrected_story_is_found_by_its_new_words_only(memory: Memory) -> None:
    kept = tell(memory, "a", "Hội nghị")
    assert found(memory, "hội") == ("a",)
    memory.articles.change(kept, an_article("Hội thảo", "ở Huế"), now=NOW)
    memory.stories.place("a", ["all"], now=NOW)
    assert found(memory, "nghị") == ()
    assert found(memory, "thảo huế") == ("a",)


def test_a_story_is_found_by_the_words_of_everyone_who_tells_it(memory: Memory) -> None:
    tell(memory, "a", "Hội nghị")
    memory.articles.add(an_article("Cuộc họp lớn", "", portal="hue"), story="a", now=NOW)
    memory.stories.place("a", ["all"], now=NOW)
    assert found(memory, "cuộc họp") == ("a",)
    assert found(memory, "họp", portal="hue") == ("a",)


def test_pages_follow_each_other_without_gap_or_repetition(memory: Memory) -> None:
    for number in range(25):
        tell(memory, f"s{number}", "Đồ Sơn" if number % 2 else "Sơn và đồ", told=NOW - number * DAY)
    question = asked("đồ sơn")
    pages = [memory.search.find(question, first=start, count=10) for start in (0, 10, 20, 30)]
    listed = [story for page in pages for story in page.stories]
    assert listed == [f"s{number}" for number in (*range(1, 25, 2), *range(0, 25, 2))]
    assert {(page.together, page.count, page.more) for page in pages} == {(12, 25, False)}


def test_more_than_anybody_pages_through_is_not_counted(store: Store) -> None:
    with store.write() as memory:
        for number in range(MOST_FOUND + 2):
            tell(memory, f"s{number}", "Đồ Sơn", announced=False)
        memory.stories.keep_back([f"s{number}" for number in range(MOST_FOUND + 2)], now=NOW)
    with store.read() as memory:
        answer = memory.search.find(asked("đồ sơn"), first=MOST_FOUND - 5, count=20)
    assert (len(answer.stories), answer.count, answer.more) == (5, MOST_FOUND, True)


def test_stories_of_one_second_stand_in_one_order_on_both_databases(memory: Memory) -> None:
    for name in "abcdefgh":
        tell(memory, name, "Hội nghị")
    assert found(memory, "hội") == ("g", "a", "h", "e", "b", "c", "f", "d")


def test_stories_that_speak_of_the_same_are_found(memory: Memory) -> None:
    tell(memory, "a", "Hải Phòng công bố chỉ số chuyển đổi số")
    tell(memory, "b", "Chỉ số chuyển đổi số của Hải Phòng tăng", told=NOW - DAY)
    tell(memory, "c", "Khai mạc hội chợ", told=NOW - DAY)
    tell(memory, "d", "Hải Phòng đón khách", told=NOW - DAY)
    assert memory.search.akin("a", "Hải Phòng công bố chỉ số chuyển đổi số", limit=4) == ("b",)


def test_a_database_older_than_its_index_is_indexed_when_it_is_migrated(store: Store) -> None:
    with store.write() as memory:
        tell(memory, "a", "Hội nghị")
    with store.write() as memory:
        memory.connection.exec_driver_sql("DELETE FROM story_texts")
        assert found(memory, "hội") == ()
    store.migrate()
    with store.read() as memory:
        assert found(memory, "hội") == ("a",)


@pytest.mark.parametrize(
    "title",
    [
        "'); DROP TABLE stories; --",
        "a' & !b | c:*",
        '"NEAR(a b)" OR * ^',
        "\\ ' \\' '' : , <->",
        "🎉" * 50,
        "x" * 9000,
    ],
)
def test_no_title_harms_the_index(memory: Memory, title: str) -> None:
    tell(memory, "a", f"Hội {title} nghị", title)
    assert found(memory, "hội nghị") == ("a",)
    assert found(memory, title) in ((), ("a",))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(said=st.text(max_size=80), phrase=st.text(max_size=40), name=st.text(max_size=20))
def test_no_question_fails(memory: Memory, said: str, phrase: str, name: str) -> None:
    phrases = [phrase] if words_of(phrase) else []
    assert found(memory, said, *phrases, category=name, portal=name) == ()
    found(memory, said, *phrases)
