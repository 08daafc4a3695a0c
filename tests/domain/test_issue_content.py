"""What an issue says: kept as the same bytes, bound to an approval by its hash, cut down to a reader's choice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.domain.issue import Entry, IssueContent, Named, Section
from syndication.domain.week import IsoWeek

MOMENT = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)


def entry(story: str, category: str = "chinh-tri") -> Entry:
    return Entry(
        story=story,
        category=category,
        title=f"Tin «{story}»",
        url=f"https://portal.example/{story}",
        summary="Tóm tắt.\nDòng hai.",
        image_url=None,
        told_at=MOMENT,
        portals=(Named(id="quang-ninh", name="Quảng Ninh", url="https://portal.example/"),),
    )


HERO = replace(entry("hero", "chuyen-doi-so"), image_url="https://portal.example/anh.jpg")
CONTENT = IssueContent(
    week=IsoWeek(2026, 47),
    subject="Điểm tin tuần 47/2026",
    hero=HERO,
    sections=(
        Section(
            category="chuyen-doi-so", title="Chuyển đổi số", entries=(entry("b", "chuyen-doi-so"),), more=3
        ),
        Section(category="chinh-tri", title="Chính trị", entries=(entry("c"), entry("d"))),
    ),
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.datetimes(timezones=st.just(UTC))
named = st.builds(Named, id=words, name=words, url=words)
entries = st.builds(
    Entry,
    story=words,
    category=words,
    title=words,
    url=words,
    summary=words,
    image_url=st.none() | words,
    told_at=moments,
    portals=st.lists(named, max_size=3).map(tuple),
)
sections = st.builds(
    Section,
    category=words,
    title=words,
    entries=st.lists(entries, max_size=3).map(tuple),
    more=st.integers(0, 99),
)
contents = st.builds(
    IssueContent,
    week=st.dates().filter(lambda day: 1000 < day.year < 9999).map(IsoWeek.of),
    subject=words,
    hero=st.none() | entries,
    sections=st.lists(sections, max_size=3).map(tuple),
)


@settings(deadline=None)
@given(contents)
def test_an_issue_is_read_back_as_it_was_written_to_the_byte(content: IssueContent) -> None:
    kept = content.to_json()
    again = IssueContent.from_json(kept)
    assert again == content
    assert again.to_json() == kept
    assert again.hash == content.hash


def test_the_kept_form_is_plain_json_in_readable_vietnamese() -> None:
    document = json.loads(CONTENT.to_json())
    assert document["week"] == "2026-w47"
    assert document["hero"]["told_at"] == "2026-11-16T08:30:00+00:00"
    assert "Điểm tin tuần" in CONTENT.to_json()


CHANGES: dict[str, Callable[[IssueContent], IssueContent]] = {
    "the week": lambda content: replace(content, week=IsoWeek(2026, 48)),
    "the subject": lambda content: replace(content, subject=content.subject + "!"),
    "no hero": lambda content: replace(content, hero=None),
    "the hero's picture": lambda content: replace(content, hero=replace(HERO, image_url=None)),
    "a time": lambda content: replace(content, hero=replace(HERO, told_at=MOMENT + timedelta(seconds=1))),
    "a portal": lambda content: replace(content, hero=replace(HERO, portals=())),
    "the order of sections": lambda content: replace(content, sections=content.sections[::-1]),
    "the order of stories": lambda content: replace(
        content,
        sections=(
            content.sections[0],
            replace(content.sections[1], entries=content.sections[1].entries[::-1]),
        ),
    ),
    "how many more": lambda content: replace(
        content, sections=(replace(content.sections[0], more=4), content.sections[1])
    ),
    "a section less": lambda content: replace(content, sections=content.sections[:1]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_changes_the_hash_an_approval_is_bound_to(what: str) -> None:
    assert CHANGES[what](CONTENT).hash != CONTENT.hash
    assert CONTENT.hash == IssueContent.from_json(CONTENT.to_json()).hash


def test_every_story_and_portal_is_counted_once_the_hero_first() -> None:
    assert [one.story for one in CONTENT.entries] == ["hero", "b", "c", "d"]
    assert CONTENT.portal_count == 1
    assert replace(CONTENT, hero=None, sections=()).entries == ()
    assert replace(CONTENT, hero=None, sections=()).portal_count == 0


def test_a_reader_who_chose_nothing_gets_everything() -> None:
    assert CONTENT.only(()) is CONTENT


def test_a_reader_gets_what_they_chose_in_the_issues_order() -> None:
    both = CONTENT.only(("chinh-tri", "chuyen-doi-so"))
    assert both == CONTENT
    digital = CONTENT.only(["chuyen-doi-so"])
    assert digital.hero == HERO
    assert [section.category for section in digital.sections] == ["chuyen-doi-so"]
    assert (digital.week, digital.subject) == (CONTENT.week, CONTENT.subject)


def test_a_hero_from_a_subject_not_chosen_is_given_up() -> None:
    politics = CONTENT.only({"chinh-tri"})
    assert politics.hero is None
    assert [one.story for one in politics.entries] == ["c", "d"]


def test_a_reader_who_chose_portals_gets_what_any_of_them_tells() -> None:
    son_la = Named(id="son-la", name="Sơn La", url="https://other.example/")
    told_by_two = replace(entry("e"), portals=(*HERO.portals, son_la))
    told_by_one = replace(entry("f"), portals=(son_la,))
    politics = replace(CONTENT.sections[1], entries=(entry("c"), told_by_two, told_by_one))
    issue = replace(CONTENT, sections=(CONTENT.sections[0], politics))
    assert [one.story for one in issue.only((), ["son-la"]).entries] == ["e", "f"]
    assert issue.only((), ["son-la"]).hero is None
    assert [one.story for one in issue.only(["chuyen-doi-so"], ["quang-ninh"]).entries] == ["hero", "b"]
    assert issue.only(["chuyen-doi-so"], ["son-la"]).entries == ()
    assert issue.only((), ["son-la", "quang-ninh"]) == issue


def test_a_choice_nothing_was_told_about_leaves_an_empty_issue() -> None:
    nothing = CONTENT.only(["van-hoa-xa-hoi"])
    assert nothing.entries == ()
    assert nothing.hash != CONTENT.hash


def test_something_that_is_no_issue_cannot_be_kept() -> None:
    odd = replace(CONTENT, subject=b"bytes")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="bytes has no place in an issue"):
        odd.to_json()
