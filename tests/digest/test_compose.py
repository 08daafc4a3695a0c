"""What an issue tells and where: ranks, diversity, caps, an editor's wishes, and weeks with odd news."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.digest import edit
from syndication.digest.compose import HIGHLIGHTS, ISSUE_SIZE, SECTION_SIZE, compose
from syndication.domain.issue import Edits, IssueContent
from syndication.domain.portal import Catalogue, Category, Portal
from syndication.domain.story import Story, Telling
from syndication.domain.week import IsoWeek
from syndication.errors import IssueError

WEEK = IsoWeek(2026, 47)
MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
SLUGS = ("chinh-tri", "chuyen-doi-so", "kinh-te", "khac")


def portal(name: str, priority: int = 10) -> Portal:
    return Portal(
        id=name, name=f"Trung tâm {name}", home="https://x.example/", hosts=(), sources=(), priority=priority
    )


CATALOGUE = Catalogue(
    portals={name: portal(name, 20 if name == "a" else 10) for name in "abcd"},
    categories=tuple(
        Category(slug=slug, title=slug.title(), title_en=slug, description="") for slug in SLUGS
    ),
)


def story(
    name: str,
    *,
    portals: str = "b",
    category: str = "kinh-te",
    day: int = 0,
    image: bool = True,
    summary: str = "Tóm tắt.",
) -> Story:
    at = MONDAY + timedelta(days=day)
    return Story(
        id=name,
        tag=f"tag:x,2026:stories/{name}",
        title=f"Tin {name}",
        summary=summary,
        content=None,
        url=f"https://x.example/{name}",
        author=None,
        image_url="https://x.example/anh.jpg" if image else None,
        announced_at=at,
        updated_at=at,
        categories=(category,) if category else (),
        tellings=tuple(
            Telling(
                portal=teller,
                url=f"https://{teller}.example/{name}",
                title=f"Tin {name}",
                published_at=at,
                first_seen_at=at,
            )
            for teller in portals
        ),
    )


def composed(stories: Sequence[Story], edits: Edits | None = None) -> IssueContent:
    return compose(
        WEEK,
        stories,
        catalogue=CATALOGUE,
        zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        title="Điểm tin tuần",
        edits=edits,
    )


def where(content: IssueContent) -> dict[str, list[str]]:
    """The ids of stories by where they stand."""
    found = {"hero": [content.hero.story] if content.hero else []}
    found["highlights"] = [one.story for one in content.highlights]
    found["upcoming"] = [one.entry.story for one in content.upcoming]
    return found | {one.category: [entry.story for entry in one.entries] for one in content.sections}


A_WEEK = [
    story(f"{slug}-{teller}-{number}", portals=teller, category=slug, day=number)
    for slug in SLUGS
    for teller in "abcd"
    for number in range(4)
]


def test_stories_are_ranked_by_tellers_then_priority_then_day_then_picture() -> None:
    few = [
        story("co-anh", day=3),
        story("khong-anh", day=3, image=False),
        story("cu", day=1),
        story("uu-tien", portals="a", day=0, image=False),
        story("ba-cong", portals="bcd", day=0, image=False),
    ]
    content = composed([*few, story("tin-chinh", portals="abcd")])
    assert where(content) == {
        "hero": ["tin-chinh"],
        "highlights": [],
        "upcoming": [],
        "kinh-te": ["ba-cong", "uu-tien", "co-anh", "khong-anh", "cu"],
    }
    why = {entry.story: entry.why for entry in content.entries}
    assert why["ba-cong"] == "3 cổng cùng đưa tin; đăng ngày 16/11; không có ảnh"
    assert why["uu-tien"] == "cổng được ưu tiên; đăng ngày 16/11; không có ảnh"


def test_an_issue_has_a_hero_three_to_five_highlights_and_sections_in_order() -> None:
    content = composed(A_WEEK)
    assert content.hero
    assert len(content.highlights) in HIGHLIGHTS
    assert [section.category for section in content.sections] == list(SLUGS)
    assert len(content.entries) <= ISSUE_SIZE
    assert {one.category: one.stories for one in content.tally} == dict.fromkeys(SLUGS, 16)
    printed = [entry.story for entry in content.entries]
    assert len(printed) == len(set(printed))
    for section in content.sections:
        elsewhere = sum(entry.category == section.category for entry in (content.hero, *content.highlights))
        assert len(section.entries) + section.more + elsewhere == 16


def test_no_portal_fills_a_part_alone_while_others_have_something_to_say() -> None:
    content = composed(A_WEEK)
    for entries in (content.highlights, *(section.entries for section in content.sections)):
        tellers = Counter(entry.portals[0].id for entry in entries)
        assert max(tellers.values()) <= (SECTION_SIZE + 1) // 2


def test_one_portal_alone_fills_an_issue_that_leaves_nothing_out() -> None:
    alone = composed([one for one in A_WEEK if one.lead.portal == "c"])
    assert alone.hero
    assert len(alone.highlights) == 2  # more of one portal would be too many
    assert len(alone.entries) == 16
    assert [section.more for section in alone.sections] == [0, 0, 0, 0]
    assert alone.portal_count == alone.portals_heard == 1


def test_a_week_without_pictures_or_summaries_is_told_in_its_sections() -> None:
    bare = [replace(one, summary="", image_url=None) for one in A_WEEK]
    content = composed(bare)
    assert content.hero is None
    assert content.highlights == ()
    assert [len(section.entries) for section in content.sections] == [SECTION_SIZE] * 4


def test_two_hundred_stories_in_one_section_leave_the_others_their_room() -> None:
    flood = [story(f"tin-{number:03}", portals="abcd"[number % 4], day=number % 7) for number in range(200)]
    content = composed([*flood, *(one for one in A_WEEK if one.categories != ("kinh-te",))])
    economy = next(section for section in content.sections if section.category == "kinh-te")
    assert len(economy.entries) == SECTION_SIZE
    assert economy.more >= 190
    assert [section.category for section in content.sections] == list(SLUGS)


def test_a_story_of_no_category_we_have_stands_in_the_last_section() -> None:
    assert where(
        composed([story("x", category="", image=False), story("y", category="la", image=False)])
    ) == {
        "hero": [],
        "highlights": [],
        "upcoming": [],
        "khac": ["y", "x"],
    }


def test_what_is_to_come_stands_apart_the_next_first() -> None:
    later = story("sau", summary="Hội nghị sẽ diễn ra ngày 02/12/2026.")
    sooner = story("truoc", summary="Tập huấn được tổ chức từ ngày 25 đến 27/11.")
    content = composed([story("tin"), later, sooner])
    assert where(content) == {"hero": ["tin"], "highlights": [], "upcoming": ["truoc", "sau"]}


def test_an_issue_of_weeks_before_says_so_in_its_subject() -> None:
    content = compose(
        WEEK, A_WEEK, catalogue=CATALOGUE, zone=UTC, title="Điểm tin tuần", begins=WEEK.after(-1)
    )
    assert content.subject == "[Điểm tin tuần] Tuần 46 – 47/2026 (09/11 – 22/11/2026)"
    assert content.first_week == IsoWeek(2026, 46)
    assert compose(WEEK, A_WEEK, catalogue=CATALOGUE, zone=UTC, title="T", begins=WEEK).begins is None


# --- an editor's wishes ---


def asked(*verbs: partial[Edits]) -> Edits:
    edits = Edits()
    for verb in verbs:
        edits = verb(edits)
    return edits


LAST = "khac-d-0"


def test_an_editor_leads_pins_drops_retitles_moves_and_places() -> None:
    plain = composed(A_WEEK)
    assert plain.hero
    first = plain.sections[0].entries
    edits = asked(
        partial(edit.lead, story=LAST),
        partial(edit.pin, story="khac-c-0"),
        partial(edit.drop, story=plain.hero.story),
        partial(edit.retitle, story=first[0].story, title=" Tiêu đề\u200b  mới\n"),
        partial(edit.move, story="kinh-te-b-0", category="chinh-tri"),
        partial(edit.place, story="kinh-te-b-0", number=1),
        partial(edit.note, words="Lời ban biên tập.\n\n  Dòng hai.  "),
        partial(edit.name, subject="Số đặc biệt"),
    )
    content = composed(A_WEEK, edits)
    stands = where(content)
    assert stands["hero"] == [LAST]
    assert stands["highlights"][0] == "khac-c-0"
    assert plain.hero.story not in [entry.story for entry in content.entries]
    assert stands["chinh-tri"][0] == "kinh-te-b-0"
    assert "Tiêu đề mới" in [entry.title for entry in content.entries]
    assert (content.note, content.subject) == ("Lời ban biên tập.\nDòng hai.", "Số đặc biệt")
    why = {entry.story: entry.why for entry in content.entries}
    assert why[LAST].startswith("biên tập viên chọn làm tin chính")
    assert "biên tập viên chuyển mục; biên tập viên đặt ở vị trí 1" in why["kinh-te-b-0"]
    assert content.stories_told == len(A_WEEK)  # what was dropped was told all the same


def test_a_story_dropped_makes_room_for_the_next_best() -> None:
    before = composed(A_WEEK)
    gone = before.sections[1].entries[0].story
    after = composed(A_WEEK, edit.drop(Edits(), gone))
    assert len(after.entries) == len(before.entries)
    assert gone not in [entry.story for entry in after.entries]


def test_releasing_a_story_brings_the_issue_back_as_it_was() -> None:
    edits = asked(
        partial(edit.lead, story=LAST),
        partial(edit.retitle, story=LAST, title="Khác"),
        partial(edit.place, story=LAST, number=2),
        partial(edit.drop, story=LAST),
    )
    assert edits == Edits(dropped=(LAST,), titles={}, moved={}, places={})
    assert composed(A_WEEK, edit.release(edits, LAST)) == composed(A_WEEK)


def test_edits_are_kept_as_plain_json() -> None:
    edits = asked(
        partial(edit.lead, story="a"),
        partial(edit.pin, story="b"),
        partial(edit.drop, story="c"),
        partial(edit.retitle, story="d", title="Đổi"),
        partial(edit.move, story="e", category="khac"),
        partial(edit.place, story="f", number=3),
        partial(edit.note, words="Lời"),
        partial(edit.name, subject="Số"),
    )
    assert Edits.from_json(edits.to_json()) == edits
    assert Edits().to_json() == {}
    assert Edits.from_json(None) == Edits()


@pytest.mark.parametrize(
    "verb",
    [
        partial(edit.place, story="x", number=0),
        partial(edit.place, story="x", number=SECTION_SIZE + 1),
        partial(edit.note, words="lời " * 200),
        partial(edit.name, subject="tin " * 50),
        partial(edit.pin, Edits(pinned=tuple("abcde")), "f"),
    ],
)
def test_what_cannot_be_printed_well_is_refused_with_a_reason(verb: partial[Edits]) -> None:
    with pytest.raises(IssueError):
        verb() if verb.args else verb(Edits())


names = st.sampled_from([one.id for one in A_WEEK] + ["khong-co"])
verbs = st.one_of(
    st.builds(lambda one: partial(edit.lead, story=one), names),
    st.builds(lambda one: partial(edit.pin, story=one), names),
    st.builds(lambda one: partial(edit.drop, story=one), names),
    st.builds(lambda one: partial(edit.release, story=one), names),
    st.builds(lambda one, title: partial(edit.retitle, story=one, title=title), names, st.text(max_size=9)),
    st.builds(lambda one, to: partial(edit.move, story=one, category=to), names, st.sampled_from(SLUGS)),
    st.builds(lambda one, to: partial(edit.place, story=one, number=to), names, st.integers(1, SECTION_SIZE)),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(verbs, max_size=12), st.integers(0, len(A_WEEK)))
def test_whatever_is_asked_an_issue_stays_whole(wishes: list[partial[Edits]], size: int) -> None:
    edits = Edits()
    for wish in wishes:
        try:
            edits = wish(edits)
        except IssueError:
            continue
    stories = A_WEEK[:size]
    content = composed(stories, edits)
    printed = [entry.story for entry in content.entries]
    assert len(printed) == len(set(printed)) <= ISSUE_SIZE
    assert not set(printed) & set(edits.dropped)
    assert all(section.entries and len(section.entries) <= SECTION_SIZE for section in content.sections)
    present = {one.id for one in stories}
    if edits.hero in present:
        assert content.hero
        assert content.hero.story == edits.hero
    assert [one for one in edits.pinned if one in present and one not in edits.places] == [
        entry.story
        for entry in content.highlights
        if entry.story in edits.pinned and entry.story not in edits.places
    ]
    moved = {story: to for story, to in edits.moved.items() if story in printed}
    assert {entry.story: entry.category for entry in content.entries if entry.story in moved} == moved
    assert IssueContent.from_json(content.to_json()) == content


def test_a_story_everybody_tells_reaches_who_chose_the_last_of_them() -> None:
    content = composed([story("khap-noi", portals="abcdefghijkl"), story("rieng", portals="b")])
    (entry,) = (one for one in content.entries if one.story == "khap-noi")
    assert [portal.id for portal in entry.portals] == list("abcdefghijkl")
    assert [one.story for one in content.only((), ("l",)).entries] == ["khap-noi"]
