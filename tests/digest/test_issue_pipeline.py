"""An issue from its weeks to its approval, on both databases: windows, skips, edits, withdrawals, the clock."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from syndication.digest import edit
from syndication.digest.pipeline.clock import GRACE, PATIENCE, tend
from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.issue import (
    approve_issue,
    compose_issue,
    edit_issue,
    find_issue,
    left_out,
    pause_issue,
    resume_issue,
)
from syndication.digest.pipeline.letters import Letters
from syndication.digest.pipeline.office import Office
from syndication.digest.pipeline.preview import preview
from syndication.digest.render import Renderer
from syndication.digest.send import Envelope, Receipt
from syndication.digest.token import Signer
from syndication.domain.issue import Edits, IssueState
from syndication.domain.portal import Catalogue, Category
from syndication.domain.subscriber import Registration
from syndication.domain.week import Holiday, Hours, IsoWeek
from syndication.errors import IssueError
from syndication.links import Links
from syndication.settings import TET
from syndication.store import Store
from syndication.store.tables import articles
from tests.cast import ObedientClock
from tests.store.stock import keep_story

pytestmark = pytest.mark.postgres_in_ci

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LINKS = Links("https://tin.example.vn")
SLUGS = ("chinh-tri", "chuyen-doi-so", "kinh-te", "khac")
MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=ZONE)
"""When the issue of week 47 is due."""
HOURS: dict[str, Any] = {"day": 0, "at": time(7, 0)}
CLOCK: dict[str, Any] = {**HOURS, "automatic": False}
ALONE: dict[str, Any] = {**HOURS, "automatic": True}


class _Taken:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []

    def send(self, *, recipient: str, data: bytes, **_: Any) -> Receipt:
        self.mails.append((recipient, data))
        return Receipt(250, f"OK for <{recipient}>")

    def send_many(
        self, envelopes: Iterable[Envelope], *, before_text: Callable[[Envelope], None]
    ) -> Iterator[tuple[Envelope, Receipt]]:
        for envelope in envelopes:
            before_text(envelope)
            yield envelope, self.send(recipient=envelope.recipient, data=envelope.data)


@pytest.fixture
def taken() -> _Taken:
    return _Taken()


@pytest.fixture
def office(store: Store, taken: _Taken) -> Office:
    """An office whose clock stands at the hour of week 47, and that has one reader."""

    @contextmanager
    def transport() -> Iterator[Any]:
        yield taken

    with store.write() as memory:
        reader = Registration(line=2, email="lan@docgia.example", email_key="lan@docgia.example", name="Lan")
        memory.subscribers.register([reader], now=MONDAY)
    return Office(
        store=store,
        catalogue=Catalogue(
            portals={},
            categories=tuple(
                Category(slug=slug, title=slug, title_en=slug, description="") for slug in SLUGS
            ),
        ),
        links=LINKS,
        renderer=Renderer(
            Path(__file__).parents[2] / "templates",
            links=LINKS,
            site_title="Điểm tin",
            contact="",
            timezone=ZONE,
        ),
        signer=Signer("a key that only tests know"),
        title="Điểm tin",
        mail_from="Điểm tin <tin@example.vn>",
        contact="",
        zone=ZONE,
        open_transport=transport,
        now=ObedientClock(MONDAY.astimezone(UTC)),
    )


def clock_of(office: Office) -> ObedientClock:
    assert isinstance(office.now, ObedientClock)
    return office.now


def publish(office: Office, *names: str, told_at: datetime, category: str = "kinh-te") -> None:
    """Stories told and announced at about this time."""
    with office.store.write() as memory:
        for place, name in enumerate(names):
            at = told_at + timedelta(minutes=place)
            keep_story(memory, name, categories=(category,), published_at=at, now=at)
            memory.stories.announce(name, at=at, feeds=("all",))


def a_weeks_news(office: Office, week: str = "2026-w47", *, size: int = 6) -> list[str]:
    """As many stories of a week, spread over the categories."""
    wednesday = datetime.combine(IsoWeek.parse(week).starts_on + timedelta(days=2), time(9), ZONE)
    names = [f"{week}-{number}" for number in range(size)]
    for number, name in enumerate(names):
        publish(office, name, told_at=wednesday + timedelta(minutes=number), category=SLUGS[number % 4])
    return names


def told(office: Office, name: str | None = None) -> set[str]:
    return {entry.story for entry in find_issue(office, name).content.entries}


# --- weeks -----------------------------------------------------------------------------------------------------


def test_a_week_with_too_little_is_left_to_the_next_issue_and_told_once(office: Office) -> None:
    few = a_weeks_news(office, size=2)
    assert tend(office, **CLOCK) == []  # it may still fill up
    clock_of(office).pass_(seconds=PATIENCE.total_seconds())
    [said] = tend(office, **CLOCK)
    assert said.startswith("week 2026-w47 skipped, its stories stand in the next issue: only 2 new stories")
    assert tend(office, **CLOCK) == []
    with office.store.read() as memory:
        assert list(memory.issues.skipped()) == ["2026-w47"]
    clock_of(office).at = (MONDAY + timedelta(days=7)).astimezone(UTC)
    more = a_weeks_news(office, "2026-w48")
    tend(office, **CLOCK)
    assert told(office) == set(more)  # the first issue of all tells of its own week only
    assert not told(office) & set(few)


def test_what_the_clock_says_for_the_log_names_no_reader(office: Office, taken: _Taken) -> None:
    a_weeks_news(office)
    said = tend(office, **CLOCK | {"automatic": True})
    assert [recipient for recipient, _ in taken.mails] == ["lan@docgia.example"]
    assert said[-1] == "issue 2026-w47: 1 deliveries settled"
    assert "lan@" not in " ".join(said)


def test_an_issue_after_a_skipped_week_tells_of_both(office: Office) -> None:
    a_weeks_news(office, "2026-w46")
    compose_issue(office, IsoWeek(2026, 46))
    few = a_weeks_news(office, size=2)
    clock_of(office).pass_(hours=2)
    tend(office, **CLOCK)
    clock_of(office).at = (MONDAY + timedelta(days=7)).astimezone(UTC)
    more = a_weeks_news(office, "2026-w48")
    assert tend(office, **CLOCK) == ["issue 2026-w48 composed: 8 stories"]
    content = find_issue(office).content
    assert told(office) == {*few, *more}
    assert content.begins == IsoWeek(2026, 47)
    assert content.subject == "[Điểm tin tuần] Tuần 47 – 48/2026 (16/11 – 29/11/2026)"


def test_a_person_may_compose_a_week_the_clock_has_skipped(office: Office) -> None:
    a_weeks_news(office, size=1)
    clock_of(office).pass_(hours=2)
    tend(office, **CLOCK)
    assert len(compose_issue(office).content.entries) == 1
    with office.store.read() as memory:
        assert memory.issues.skipped() == {}


def test_no_issue_is_composed_on_a_holiday(office: Office) -> None:
    a_weeks_news(office)
    rest = replace(office, holidays=(Holiday(date(2026, 11, 23), date(2026, 11, 24), "nghỉ Tết"),))
    assert tend(rest, **CLOCK) == ["week 2026-w47 skipped, its stories stand in the next issue: nghỉ Tết"]
    assert tend(rest, **CLOCK) == []
    with pytest.raises(IssueError, match="no issue"):
        find_issue(rest)


def test_the_table_of_tet_covers_each_years_first_lunar_days() -> None:
    # The first day of the lunar year in Vietnam (UTC+7), which is not always China's: 2030 differs.
    firsts = (
        "2026-02-17",
        "2027-02-06",
        "2028-01-26",
        "2029-02-13",
        "2030-02-02",
        "2031-01-23",
        "2034-02-19",
    )
    for first in map(date.fromisoformat, firsts):
        [holiday] = [one for one in TET if first in one]
        assert (first - holiday.first, holiday.last - first) == (timedelta(days=2), timedelta(days=4))


def test_a_month_without_issues_is_the_most_one_issue_tells_of(office: Office) -> None:
    a_weeks_news(office, "2026-w35")
    compose_issue(office, IsoWeek(2026, 35))
    old = a_weeks_news(office, "2026-w40")
    new = a_weeks_news(office)
    issue = compose_issue(office)
    assert issue.content.begins == IsoWeek(2026, 44)
    assert told(office) >= set(new)
    assert not told(office) & set(old)


# --- the clock -------------------------------------------------------------------------------------------------


def test_an_issue_approved_before_its_hour_waits_for_it(office: Office, taken: _Taken) -> None:
    a_weeks_news(office)
    clock_of(office).at = (MONDAY - timedelta(hours=14)).astimezone(UTC)
    compose_issue(office, IsoWeek(2026, 47))
    approve_issue(office, by="Lan")
    tend(office, **CLOCK)
    assert taken.mails == []
    clock_of(office).at = MONDAY.astimezone(UTC)
    tend(office, **CLOCK)
    assert [recipient for recipient, _ in taken.mails] == ["lan@docgia.example"]
    assert find_issue(office).state is IssueState.SENT


def test_an_issue_past_its_grace_waits_for_a_person(office: Office, taken: _Taken) -> None:
    a_weeks_news(office)
    compose_issue(office)
    approve_issue(office, by="Lan")
    clock_of(office).pass_(seconds=GRACE.total_seconds() + 60)
    assert tend(office, **ALONE) == []
    assert (taken.mails, find_issue(office).state) == ([], IssueState.APPROVED)
    edit_issue(office, None, partial(edit.note, words="Số này ra chậm một ngày."))
    assert tend(office, **ALONE) == []
    assert find_issue(office).state is IssueState.DRAFT  # not even approved by the clock
    approve_issue(office, by="Lan")
    tend(office, **CLOCK)
    assert len(taken.mails) == 1


def test_the_clock_sends_at_office_hours(office: Office, taken: _Taken) -> None:
    office = replace(office, hours=Hours(frozenset(range(5)), time(8), time(17)))
    a_weeks_news(office)
    compose_issue(office)
    approve_issue(office, by="Lan")
    assert tend(office, **CLOCK) == []
    assert taken.mails == []
    clock_of(office).pass_(hours=1)
    assert tend(office, **CLOCK) != []
    assert len(taken.mails) == 1


def test_a_run_that_comes_to_the_end_of_the_hours_stops(office: Office, taken: _Taken) -> None:
    a_weeks_news(office)
    compose_issue(office)
    approve_issue(office, by="Lan")
    hours = Hours(frozenset({0}), time(6), time(6, 30))
    assert list(send_issue(office, hours=hours)) == []
    assert taken.mails == []
    assert find_issue(office).state is IssueState.SENDING


def test_the_clock_leaves_a_mail_server_that_was_out_of_order_alone_for_a_while(
    office: Office, taken: _Taken
) -> None:
    a_weeks_news(office)
    compose_issue(office)
    approve_issue(office, by="Lan")
    with office.store.write() as memory:
        memory.relay.failed(resume_at=office.now() + timedelta(minutes=2), says="421 closing down")
    assert tend(office, **CLOCK) == []
    clock_of(office).pass_(minutes=2)
    assert tend(office, **CLOCK) != []
    assert len(taken.mails) == 1


@pytest.mark.parametrize(("quiet", "goes_on"), [(timedelta(hours=23), True), (timedelta(hours=25), False)])
def test_an_issue_half_sent_and_long_forgotten_waits_for_a_person(
    office: Office, taken: _Taken, quiet: timedelta, goes_on: bool
) -> None:
    a_weeks_news(office)
    compose_issue(office)
    approve_issue(office, by="Lan")
    office.stopping.set()
    list(send_issue(office))
    office.stopping.clear()
    clock_of(office).at += quiet
    tend(office, **CLOCK)
    assert len(taken.mails) == (1 if goes_on else 0)
    if not goes_on:
        pause_issue(office, by="Lan")
        resume_issue(office)
        tend(office, **CLOCK)
        assert len(taken.mails) == 1


def test_an_issue_too_large_for_mail_programs_is_refused_before_it_is_approved(office: Office) -> None:
    with office.store.write() as memory:
        for place in range(6):
            at = MONDAY - timedelta(days=2, minutes=place)
            keep_story(memory, f"tin-{place}", categories=("kinh-te",), published_at=at, now=at)
            memory.connection.execute(update(articles).values(url="https://x.example/" + "y" * 20_000))
            memory.stories.announce(f"tin-{place}", at=at, feeds=("all",))
    compose_issue(office)
    with pytest.raises(IssueError, match="100 KB; take stories out"):
        approve_issue(office, by="Lan")
    assert tend(office, **ALONE) == []  # the clock says so and goes on
    assert find_issue(office).state is IssueState.DRAFT


# --- edits -----------------------------------------------------------------------------------------------------


def test_an_edit_takes_the_approval_back_and_survives_composing_again(office: Office) -> None:
    names = a_weeks_news(office)
    approved = (compose_issue(office), approve_issue(office, by="Lan"))[1]
    edited = edit_issue(office, None, partial(edit.retitle, story=names[0], title="Tên khác"))
    assert (edited.state, edited.approved_by) == (IssueState.DRAFT, None)
    assert edited.hash != approved.hash
    again = compose_issue(office)
    assert "Tên khác" in [entry.title for entry in again.content.entries]
    assert again.hash == edited.hash
    fresh = compose_issue(office, fresh=True)
    assert (fresh.edits, fresh.hash) == (Edits(), approved.hash)


def test_news_that_comes_while_an_editor_works_is_not_mixed_in(office: Office) -> None:
    names = a_weeks_news(office)
    compose_issue(office)
    publish(office, "moi", told_at=MONDAY - timedelta(minutes=1))
    edited = edit_issue(office, None, partial(edit.drop, story=names[0]))
    assert {entry.story for entry in edited.content.entries} == set(names[1:])
    assert [story.id for story in left_out(office, edited)] == [names[0]]
    assert "moi" in {entry.story for entry in compose_issue(office).content.entries}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (partial(edit.pin, story="khong-co"), "cannot tell story khong-co"),
        (partial(edit.move, story="2026-w47-0", category="the-thao"), "choose among chinh-tri"),
    ],
)
def test_what_an_issue_cannot_have_is_refused(office: Office, change: Any, says: str) -> None:
    a_weeks_news(office)
    before = compose_issue(office)
    with pytest.raises(IssueError, match=says):
        edit_issue(office, None, change)
    assert find_issue(office) == before


def test_two_editors_at_once_do_not_undo_each_other(office: Office) -> None:
    names = a_weeks_news(office)
    compose_issue(office)

    def slow(edits: Edits) -> Edits:
        edit_issue(office, None, partial(edit.drop, story=names[1]))
        return edit.drop(edits, names[0])

    with pytest.raises(IssueError, match="look at it again"):
        edit_issue(office, None, slow)
    assert find_issue(office).edits.dropped == (names[1],)


def test_what_is_being_sent_can_no_longer_be_edited(office: Office) -> None:
    names = a_weeks_news(office)
    compose_issue(office)
    approve_issue(office, by="Lan")
    tend(office, **CLOCK)
    with pytest.raises(IssueError, match="is sent already"):
        edit_issue(office, None, partial(edit.drop, story=names[0]))


# --- withdrawals -----------------------------------------------------------------------------------------------


def withdraw(office: Office, story: str) -> None:
    with office.store.write() as memory:
        memory.stories.withdraw(story, why="taken back", now=office.now())


def test_a_story_withdrawn_after_the_approval_is_not_sent(office: Office, taken: _Taken) -> None:
    names = a_weeks_news(office)
    compose_issue(office)
    approved = approve_issue(office, by="Lan")
    withdraw(office, names[2])
    issue = find_issue(office)
    assert (issue.state, issue.hash, issue.withdrawn) == (IssueState.APPROVED, approved.hash, (names[2],))
    assert told(office) == {*names} - {names[2]}
    tend(office, **CLOCK)
    [(_, data)] = taken.mails
    assert f"Tin {names[2]}".encode() not in b"".join(parts_of(data))
    assert f"Tin {names[3]}".encode() in b"".join(parts_of(data))
    withdraw(office, names[3])
    assert names[3] not in told(office)  # the page in the archive tells it no more either


def parts_of(data: bytes) -> list[bytes]:
    mail = email.message_from_bytes(data)
    parts = (part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart())
    return [part for part in parts if isinstance(part, bytes)]


def test_an_issue_all_of_whose_stories_were_withdrawn_is_not_approved(office: Office) -> None:
    names = a_weeks_news(office, size=2)
    compose_issue(office)
    for name in names:
        withdraw(office, name)
    with pytest.raises(IssueError, match="tells nothing"):
        approve_issue(office, by="Lan")


# --- letters ---------------------------------------------------------------------------------------------------


def test_choices_that_leave_the_same_share_one_printing(office: Office) -> None:
    a_weeks_news(office)
    letters = Letters(office, compose_issue(office))
    everything = letters.prepared(())
    assert letters.prepared(SLUGS[::-1]) is everything
    assert letters.prepared((*SLUGS, "the-thao")) is everything
    economy = letters.prepared(("kinh-te",))
    assert letters.prepared(("the-thao", "kinh-te")) is economy
    assert economy is not everything
    assert letters.printed == 2


def test_the_preview_shows_the_mail_its_text_its_source_and_every_reason(office: Office) -> None:
    names = a_weeks_news(office, size=40)
    page = preview(office, compose_issue(office))
    for part in ("Phần chữ", "Nguồn của cả thư", "List-Unsubscribe: ", "srcdoc=", "KB"):
        assert part in page
    assert all(name in page for name in names)
    assert page.count('sandbox=""') == 3
