"""The digest's issues and its readers: what may follow what, and who never comes back against their will."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syndication.domain.issue import IssueState
from syndication.domain.subscriber import Registration, SubscriberState
from syndication.domain.week import IsoWeek
from syndication.store import Memory, Store
from tests.store.stock import ISSUE, NOW, all_at_once, content

HOUR = timedelta(hours=1)

LAN = Registration(
    line=2,
    email="Lan@docgia.example",
    email_key="lan@docgia.example",
    name="Nguyễn Thị Lan",
    unit="Sở KH&CN",
    categories=("chinh-tri", "khac"),
    language="vi",
    basis="danh sách cán bộ 2026",
)
MINH = Registration(line=3, email="minh@docgia.example", email_key="minh@docgia.example")


def bring_to(memory: Memory, state: IssueState) -> None:
    """An issue of the week, walked to this state."""
    memory.issues.draft(content(), cut_at=NOW, now=NOW)
    if state is IssueState.DRAFT:
        return
    assert memory.issues.approve(ISSUE, content_hash=content().hash, by="Lan", now=NOW)
    if state is IssueState.APPROVED:
        return
    assert memory.issues.begin_sending(ISSUE, candidates=5, now=NOW)
    memory.issues.left_out(ISSUE, {"unsubscribed": 2})
    if state is IssueState.SENDING:
        return
    if state in (IssueState.PAUSED, IssueState.CANCELLED):
        assert memory.issues.move(ISSUE, [IssueState.SENDING], state, says="by Lan")
        return
    assert memory.issues.finish(ISSUE, now=NOW + HOUR)


def state_of(memory: Memory) -> IssueState:
    issue = memory.issues.get(ISSUE)
    assert issue
    return issue.state


@pytest.mark.parametrize("state", IssueState)
def test_an_issue_goes_its_way_step_by_step(store: Store, state: IssueState) -> None:
    with store.write() as memory:
        bring_to(memory, state)
        assert state_of(memory) is state
        assert memory.issues.finish(ISSUE, now=NOW) is (state is IssueState.SENDING)
    with store.write() as memory:
        before = state_of(memory)
        begun = memory.issues.begin_sending(ISSUE, candidates=5, now=NOW)
        assert begun is (before is IssueState.APPROVED)
        approved = memory.issues.approve(ISSUE, content_hash=content().hash, by="Minh", now=NOW)
        assert approved is (before is IssueState.DRAFT)


def test_an_approval_is_bound_to_what_was_approved(memory: Memory) -> None:
    edited = content("Điểm tin, sửa lại")
    memory.issues.draft(content(), cut_at=NOW, now=NOW)
    assert not memory.issues.approve(ISSUE, content_hash=edited.hash, by="Lan", now=NOW)
    assert memory.issues.approve(ISSUE, content_hash=content().hash, by="Lan", now=NOW)
    issue = memory.issues.get(ISSUE)
    assert issue
    assert (issue.approved_by, issue.approved_at, issue.hash) == ("Lan", NOW, content().hash)
    assert memory.issues.draft(edited, cut_at=NOW, now=NOW + HOUR)
    issue = memory.issues.get(ISSUE)
    assert issue
    assert (issue.state, issue.approved_by, issue.approved_at) == (IssueState.DRAFT, None, None)
    assert not memory.issues.begin_sending(ISSUE, candidates=5, now=NOW)


@pytest.mark.parametrize(
    "state", [IssueState.SENDING, IssueState.PAUSED, IssueState.CANCELLED, IssueState.SENT]
)
def test_what_went_out_is_never_composed_anew(memory: Memory, state: IssueState) -> None:
    bring_to(memory, state)
    assert not memory.issues.draft(content("another"), cut_at=NOW + HOUR, now=NOW + HOUR)
    issue = memory.issues.get(ISSUE)
    assert issue
    assert (issue.state, issue.content) == (state, content())
    assert (memory.issues.candidates(ISSUE), memory.issues.excluded(ISSUE)) == (5, {"unsubscribed": 2})
    assert memory.issues.cut_before("2026-w48") == NOW


def test_two_clocks_may_compose_and_begin_at_once_and_one_begins(store: Store) -> None:
    def compose(number: int) -> bool:
        with store.write() as memory:
            return memory.issues.draft(content(f"by {number}"), cut_at=NOW, now=NOW)

    assert all_at_once(compose, threads=4) == [True] * 4
    with store.write() as memory:
        [issue] = memory.issues.all()
        assert memory.issues.approve(ISSUE, content_hash=issue.hash, by="Lan", now=NOW)

    def begin(_: int) -> bool:
        with store.write() as memory:
            return memory.issues.begin_sending(ISSUE, candidates=5, now=NOW)

    assert sorted(all_at_once(begin, threads=4)) == [False, False, False, True]


def test_issues_are_listed_newest_first_over_the_years_end(memory: Memory) -> None:
    weeks = [IsoWeek(2026, 9), IsoWeek(2027, 1), IsoWeek(2026, 53), IsoWeek(2026, 10)]
    for place, week in enumerate(weeks):
        memory.issues.draft(content(week=week), cut_at=NOW + place * HOUR, now=NOW)
    listed = [issue.id for issue in memory.issues.all()]
    assert memory.issues.cut_before("2026-w53") == NOW + 3 * HOUR
    assert memory.issues.get("2026-w11") is None
    assert memory.issues.excluded("2026-w11") == {}
    assert not memory.issues.finish("2026-w11", now=NOW)
    assert listed == ["2027-w01", "2026-w53", "2026-w10", "2026-w09"]


def test_a_reader_is_kept_as_registered(memory: Memory) -> None:
    assert memory.subscribers.register([LAN, MINH], now=NOW) == (2, 0, [])
    lan, minh = memory.subscribers.all()
    assert (lan.email, lan.name, lan.unit) == ("Lan@docgia.example", "Nguyễn Thị Lan", "Sở KH&CN")
    assert (lan.categories, lan.language, lan.basis) == (("chinh-tri", "khac"), "vi", "danh sách cán bộ 2026")
    assert (lan.state, lan.since_at, minh.categories) == (SubscriberState.ACTIVE, NOW, ())


def test_a_list_read_again_updates_only_what_is_new_in_it(memory: Memory) -> None:
    moved = replace(LAN, email="LAN@docgia.example", unit="Sở TT&TT", categories=())
    memory.subscribers.register([LAN, MINH], now=NOW)
    assert memory.subscribers.register([LAN, MINH], now=NOW + HOUR) == (0, 0, [])
    assert memory.subscribers.register([moved, MINH], now=NOW + HOUR) == (0, 1, [])
    lan, _ = memory.subscribers.all()
    assert (lan.unit, lan.categories, lan.since_at) == ("Sở TT&TT", (), NOW)


def test_a_reader_is_found_by_their_address(memory: Memory) -> None:
    memory.subscribers.register([LAN, MINH], now=NOW)
    lan, minh = memory.subscribers.all()
    assert memory.subscribers.find("lan@docgia.example") == lan
    assert memory.subscribers.find("minh@docgia.example") == minh
    assert memory.subscribers.find("hoa@docgia.example") is None


def test_the_same_person_twice_in_a_list_is_one_reader(memory: Memory) -> None:
    assert memory.subscribers.register([LAN, replace(LAN, line=9), MINH], now=NOW) == (2, 0, [])
    assert len(memory.subscribers.all()) == 2


def test_who_left_is_never_brought_back_by_a_list(memory: Memory) -> None:
    memory.subscribers.register([LAN, MINH], now=NOW)
    lan, _ = memory.subscribers.all()
    assert memory.subscribers.end(lan.id, SubscriberState.UNSUBSCRIBED, now=NOW + HOUR)
    assert not memory.subscribers.end(lan.id, SubscriberState.UNSUBSCRIBED, now=NOW + 2 * HOUR)
    again = replace(LAN, name="Lan", categories=(), line=7)
    assert memory.subscribers.register([again, MINH], now=NOW + 3 * HOUR) == (0, 0, [again])
    active = [one.email for one in memory.subscribers.all() if one.state is SubscriberState.ACTIVE]
    assert active == ["minh@docgia.example"]
    left = memory.subscribers.get(lan.id)
    assert memory.subscribers.get(lan.id + 99) is None
    assert left
    assert (left.state, left.name) == (SubscriberState.UNSUBSCRIBED, "Nguyễn Thị Lan")


def test_two_lists_read_at_once_make_one_reader_of_one_person(store: Store) -> None:
    people = [
        Registration(line=line, email=f"r{line}@x.example", email_key=f"r{line}@x.example")
        for line in range(30)
    ]

    def register(number: int) -> int:
        with store.write() as memory:
            return memory.subscribers.register(people[:: -1 if number % 2 else 1], now=NOW)[0]

    assert sum(all_at_once(register, threads=2)) == 30
    with store.read() as memory:
        assert len(memory.subscribers.all()) == 30
