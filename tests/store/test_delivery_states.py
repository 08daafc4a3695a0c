"""Deliveries: every way from queued to settled, what a sender that died leaves, and when something is next due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from syndication.digest.pipeline.tally import FINAL
from syndication.domain.issue import DeliveryState, IssueState
from syndication.domain.subscriber import SubscriberState
from syndication.store import Memory
from syndication.store.deliveries import MOST_ATTEMPTS_IN_DOUBT, Outcome
from syndication.store.tables import deliveries
from tests.store.stock import ISSUE, NOW, keep_issue, recipients

LEASE = timedelta(minutes=15)
LATER = NOW + LEASE + timedelta(seconds=1)
D = DeliveryState


def put_in(memory: Memory, state: DeliveryState, **columns: object) -> int:
    """The one delivery of the issue, in this state, as the program would have left it."""
    [delivery] = memory.deliveries.of_issue(ISSUE)
    held = state in (D.CLAIMED, D.SENDING)
    done = state in FINAL and state is not D.UNCERTAIN
    values = {
        "state": state,
        "lease_owner": "a" if held else None,
        "lease_until": NOW + LEASE if held else None,
        "next_at": None if done else NOW,
    }
    memory.connection.execute(
        update(deliveries).where(deliveries.c.id == delivery.id).values(values | columns)
    )
    return delivery.id


def accepted(delivery: int) -> Outcome:
    return Outcome(delivery=delivery, state=D.ACCEPTED, code=250, says="OK")


@pytest.fixture
def issue(memory: Memory) -> Memory:
    """A transaction on a database with an issue for one reader."""
    keep_issue(memory, readers=1)
    return memory


@pytest.mark.parametrize("state", D)
def test_only_a_delivery_that_is_going_out_can_come_into_doubt(issue: Memory, state: DeliveryState) -> None:
    put_in(issue, state)
    assert issue.deliveries.doubt(now=NOW + LEASE) == 0
    assert issue.deliveries.doubt(now=LATER) == (1 if state is D.SENDING else 0)
    [found] = issue.deliveries.of_issue(ISSUE)
    assert found.state is (D.UNCERTAIN if state is D.SENDING else state)
    assert found.doubtful is (state is D.SENDING)


@pytest.mark.parametrize("attempts", range(1, MOST_ATTEMPTS_IN_DOUBT + 2))
def test_a_delivery_in_doubt_is_sent_again_but_not_for_ever(issue: Memory, attempts: int) -> None:
    put_in(issue, D.SENDING, attempts=attempts)
    issue.deliveries.doubt(now=LATER)
    again = issue.deliveries.claim(ISSUE, owner="b", now=LATER, lease=LEASE)
    left = issue.deliveries.unfinished(ISSUE)
    assert len(again) == (1 if attempts < MOST_ATTEMPTS_IN_DOUBT else 0)
    assert left == len(again)
    assert all(one.doubtful and one.says and "nobody can know" in one.says for one in again)


@pytest.mark.parametrize("state", D)
def test_only_what_waits_is_claimed(issue: Memory, state: DeliveryState) -> None:
    put_in(issue, state)
    taken = issue.deliveries.claim(ISSUE, owner="b", now=NOW, lease=LEASE)
    assert [one.state for one in taken] == (
        [D.CLAIMED] if state in (D.QUEUED, D.DEFERRED, D.UNCERTAIN) else []
    )


@pytest.mark.parametrize("state", [state for state in IssueState if state is not IssueState.SENDING])
def test_nothing_is_claimed_or_begun_of_an_issue_that_is_not_being_sent(
    issue: Memory, state: IssueState
) -> None:
    delivery = put_in(issue, D.QUEUED)
    sending = issue.issues.move(ISSUE, [IssueState.SENDING], state, says="by Lan")
    assert sending
    assert issue.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE) == []
    put_in(issue, D.CLAIMED)
    assert issue.deliveries.begin([delivery], owner="a", now=NOW, lease=LEASE) == set()


@pytest.mark.parametrize("state", D)
def test_only_what_is_claimed_goes_out(issue: Memory, state: DeliveryState) -> None:
    delivery = put_in(issue, state, lease_owner="a", attempts=1)
    assert issue.deliveries.begin([delivery], owner="b", now=NOW, lease=LEASE) == set()
    begun = issue.deliveries.begin([delivery], owner="a", now=NOW, lease=LEASE)
    [found] = issue.deliveries.of_issue(ISSUE)
    assert begun == ({delivery} if state is D.CLAIMED else set())
    assert (found.state, found.attempts) == ((D.SENDING, 2) if begun else (state, 1))


@pytest.mark.parametrize("state", D)
@pytest.mark.parametrize("result", [D.ACCEPTED, D.FAILED, D.DEFERRED, D.UNCERTAIN, D.SUPPRESSED, D.EXPIRED])
def test_only_what_one_holds_is_settled_and_every_attempt_counts_once(
    issue: Memory, state: DeliveryState, result: DeliveryState
) -> None:
    again_at = NOW + timedelta(minutes=5) if result is D.DEFERRED else None
    delivery = put_in(issue, state, lease_owner="a", attempts=1)
    before = issue.deliveries.get(delivery)
    outcome = Outcome(delivery=delivery, state=result, code=250, says="so", next_at=again_at)
    issue.deliveries.settle([outcome], owner="b", now=NOW)
    assert issue.deliveries.get(delivery) == before
    issue.deliveries.settle([outcome], owner="a", now=NOW)
    found = issue.deliveries.get(delivery)
    assert found
    if state not in (D.CLAIMED, D.SENDING):
        assert found == before
        return
    assert (found.state, found.code, found.says, found.at) == (result, 250, "so", NOW)
    # An attempt is counted when it begins; one that ended before it began, when it is settled.
    assert found.attempts == (2 if state is D.CLAIMED else 1)
    assert found.doubtful is (result is D.UNCERTAIN)
    assert issue.deliveries.next_at(ISSUE) == again_at
    issue.deliveries.settle([replace(outcome, says="again")], owner="a", now=NOW)
    assert issue.deliveries.get(delivery) == found, "what is settled is nobody's"


def test_a_doubt_once_noted_stays_noted(issue: Memory) -> None:
    delivery = put_in(issue, D.SENDING, doubtful=True)
    issue.deliveries.settle([accepted(delivery)], owner="a", now=NOW)
    [found] = issue.deliveries.of_issue(ISSUE)
    assert found.doubtful


def test_what_a_server_says_of_a_reader_erased_meanwhile_is_not_kept(issue: Memory) -> None:
    delivery = put_in(issue, D.SENDING)
    [reader] = issue.subscribers.all()
    issue.subscribers.erase(reader.id, instead="erased-1", now=NOW)
    said = "5.1.1 <lan@docgia.example>: unknown user"
    refused = Outcome(delivery=delivery, state=D.FAILED, code=550, says=said)
    issue.deliveries.settle([refused], owner="a", now=NOW)
    [found] = issue.deliveries.of_issue(ISSUE)
    assert (found.state, found.code, found.says) == (D.FAILED, 550, None)


@pytest.mark.parametrize("doubtful", [False, True])
@pytest.mark.parametrize("state", D)
def test_what_has_not_gone_out_is_given_back_as_if_it_had_not_been_tried(
    issue: Memory, state: DeliveryState, doubtful: bool
) -> None:
    delivery = put_in(issue, state, lease_owner="a", attempts=2, doubtful=doubtful)
    before = issue.deliveries.get(delivery)
    issue.deliveries.give_back([delivery], owner="b", now=LATER)
    assert issue.deliveries.get(delivery) == before
    issue.deliveries.give_back([delivery], owner="a", now=LATER)
    found = issue.deliveries.get(delivery)
    assert found
    if state in (D.CLAIMED, D.SENDING):
        assert found.state is (D.UNCERTAIN if doubtful else D.QUEUED)
        assert found.attempts == (1 if state is D.SENDING else 2)
        assert issue.deliveries.claim(ISSUE, owner="c", now=LATER, lease=LEASE)
    else:
        assert found == before


@pytest.mark.parametrize("state", D)
def test_a_reader_who_left_gets_nothing_more_that_waits(issue: Memory, state: DeliveryState) -> None:
    put_in(issue, state)
    [reader] = issue.subscribers.all()
    issue.deliveries.suppress(reader.id + 1, says="somebody else", now=NOW)
    issue.deliveries.suppress(reader.id, says="unsubscribed", now=NOW)
    [found] = issue.deliveries.of_issue(ISSUE)
    assert found.state is (D.SUPPRESSED if state in (D.QUEUED, D.DEFERRED, D.CLAIMED) else state)
    waits_still = issue.deliveries.unfinished(ISSUE)
    assert waits_still == (1 if state is D.SENDING else 0), "what is going out is not called back"


@pytest.mark.parametrize("state", D)
def test_only_what_ended_so_is_sent_again_and_only_to_who_still_reads(
    issue: Memory, state: DeliveryState
) -> None:
    put_in(issue, state, attempts=3)
    assert issue.deliveries.again(ISSUE, [D.FAILED, D.EXPIRED, D.CANCELLED], now=LATER) == (
        1 if state in (D.FAILED, D.EXPIRED, D.CANCELLED) else 0
    )
    [reader] = issue.subscribers.all()
    put_in(issue, D.FAILED)
    issue.subscribers.end(reader.id, SubscriberState.BOUNCED, now=NOW)
    assert issue.deliveries.again(ISSUE, [D.FAILED], now=LATER) == 0


def test_the_recipients_are_frozen_once_and_an_address_gets_one_delivery(issue: Memory) -> None:
    [one] = recipients(issue)
    twin = replace(one, email=one.email.upper(), message_id="<other@tin.example.vn>")
    assert issue.deliveries.prepare(ISSUE, [one, twin, twin], now=LATER) == 0
    issue.deliveries.prepare(ISSUE, [], now=LATER)
    [found] = issue.deliveries.of_issue(ISSUE)
    assert (found.message_id, found.at) == (one.message_id, NOW)
    assert (found.state, found.attempts, found.doubtful, found.categories) == (D.QUEUED, 0, False, ())


def test_readers_are_served_in_the_order_in_which_they_are_due(memory: Memory) -> None:
    keep_issue(memory, readers=3)
    [first] = memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE)
    put_off = Outcome(
        delivery=first.id, state=D.DEFERRED, code=451, says="later", next_at=NOW + timedelta(hours=1)
    )
    memory.deliveries.settle([put_off], owner="a", now=NOW)
    order = [first.id]
    while some := memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE):
        order += [one.id for one in some]
    assert memory.deliveries.claim(ISSUE, owner="a", now=NOW + timedelta(minutes=59), lease=LEASE)
    assert memory.deliveries.counts(ISSUE) == {"claimed": 2, "deferred": 1}
    assert order == sorted(order)
    assert len(order) == 3


def test_several_are_claimed_at_once_and_no_more_than_asked_for(memory: Memory) -> None:
    keep_issue(memory, readers=5)
    first = memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE, limit=3)
    rest = memory.deliveries.claim(ISSUE, owner="b", now=NOW, lease=LEASE, limit=3)
    assert (len(first), len(rest)) == (3, 2)
    assert not {one.id for one in first} & {one.id for one in rest}


def test_something_is_next_due_when_a_wait_or_a_lease_ends(memory: Memory) -> None:
    keep_issue(memory, readers=2)
    assert memory.deliveries.next_at(ISSUE) == NOW
    first, second = memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE, limit=2)
    assert memory.deliveries.next_at(ISSUE) == NOW + LEASE
    soon = NOW + timedelta(minutes=1)
    put_off = Outcome(delivery=first.id, state=D.DEFERRED, code=451, says="later", next_at=soon)
    memory.deliveries.settle([put_off], owner="a", now=NOW)
    assert memory.deliveries.next_at(ISSUE) == soon
    assert not memory.deliveries.due(ISSUE, now=NOW)
    assert memory.deliveries.due(ISSUE, now=soon)
    memory.deliveries.settle([accepted(second.id)], owner="a", now=NOW)
    assert memory.deliveries.unfinished(ISSUE) == 1
    assert memory.deliveries.claim(ISSUE, owner="a", now=soon, lease=LEASE)
    refused = Outcome(delivery=first.id, state=D.FAILED, code=550, says="no")
    memory.deliveries.settle([refused], owner="a", now=soon)
    assert memory.deliveries.next_at(ISSUE) is None
    assert memory.deliveries.unfinished(ISSUE) == 0
    assert memory.deliveries.counts(ISSUE) == {"accepted": 1, "failed": 1}
    assert memory.deliveries.counts("2026-w48") == {}
