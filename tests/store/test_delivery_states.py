"""Deliveries: every way from queued to settled, what a sender that died leaves, and when something is next due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from syndication.domain.issue import DeliveryState
from syndication.store import Memory
from syndication.store.deliveries import MOST_ATTEMPTS_IN_DOUBT
from syndication.store.tables import deliveries
from tests.store.stock import ISSUE, NOW, keep_issue, recipients

LEASE = timedelta(minutes=15)
LATER = NOW + LEASE + timedelta(seconds=1)
D = DeliveryState


def put_in(memory: Memory, state: DeliveryState, **columns: object) -> int:
    """The one delivery of the issue, in this state, as the program would have left it."""
    [delivery] = memory.deliveries.of_issue(ISSUE)
    held = state in (D.CLAIMED, D.SENDING)
    done = state in (D.ACCEPTED, D.FAILED, D.SUPPRESSED)
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
    assert (again is not None) is (attempts < MOST_ATTEMPTS_IN_DOUBT)
    assert left == (1 if attempts < MOST_ATTEMPTS_IN_DOUBT else 0)
    assert again is None or (again.doubtful and again.says and "nobody can know" in again.says)


@pytest.mark.parametrize("state", D)
def test_only_what_waits_is_claimed(issue: Memory, state: DeliveryState) -> None:
    put_in(issue, state)
    taken = issue.deliveries.claim(ISSUE, owner="b", now=NOW, lease=LEASE)
    assert (taken is not None) is (state in (D.QUEUED, D.DEFERRED, D.UNCERTAIN))
    assert taken is None or taken.state is D.CLAIMED


@pytest.mark.parametrize("state", D)
def test_only_what_is_claimed_goes_out(issue: Memory, state: DeliveryState) -> None:
    delivery = put_in(issue, state, lease_owner="a", attempts=1)
    assert not issue.deliveries.begin(delivery, owner="b", now=NOW, lease=LEASE)
    begun = issue.deliveries.begin(delivery, owner="a", now=NOW, lease=LEASE)
    [found] = issue.deliveries.of_issue(ISSUE)
    assert begun is (state is D.CLAIMED)
    assert (found.state, found.attempts) == ((D.SENDING, 2) if begun else (state, 1))


@pytest.mark.parametrize("state", D)
@pytest.mark.parametrize("result", [D.ACCEPTED, D.FAILED, D.DEFERRED, D.UNCERTAIN, D.SUPPRESSED])
def test_only_what_one_holds_is_settled_and_every_attempt_counts_once(
    issue: Memory, state: DeliveryState, result: DeliveryState
) -> None:
    again_at = NOW + timedelta(minutes=5) if result is D.DEFERRED else None
    delivery = put_in(issue, state, lease_owner="a", attempts=1)

    def settle(owner: str) -> bool:
        return issue.deliveries.settle(
            delivery,
            owner=owner,
            state=result,
            code=250,
            says="so",
            now=NOW,
            next_at=again_at,
            doubtful=result is D.UNCERTAIN,
        )

    assert not settle("b")
    settled = settle("a")
    assert not settle("a"), "what is settled is nobody's"
    [found] = issue.deliveries.of_issue(ISSUE)
    next_at = issue.deliveries.next_at(ISSUE)
    assert settled is (state in (D.CLAIMED, D.SENDING))
    if not settled:
        assert (found.state, found.attempts, found.says) == (state, 1, None)
        return
    assert (found.state, found.code, found.says, found.at) == (result, 250, "so", NOW)
    # An attempt is counted when it begins; one that ended before it began, when it is settled.
    assert found.attempts == (2 if state is D.CLAIMED else 1)
    assert found.doubtful is (result is D.UNCERTAIN)
    assert next_at == again_at


def test_a_doubt_once_noted_stays_noted(issue: Memory) -> None:
    delivery = put_in(issue, D.SENDING, doubtful=True)
    issue.deliveries.settle(delivery, owner="a", state=D.ACCEPTED, code=250, says="OK", now=NOW)
    [found] = issue.deliveries.of_issue(ISSUE)
    assert found.doubtful


@pytest.mark.parametrize("state", D)
def test_a_reader_who_left_gets_nothing_more_that_waits(issue: Memory, state: DeliveryState) -> None:
    put_in(issue, state)
    [reader] = issue.subscribers.all()
    issue.deliveries.suppress(reader.id + 1, says="somebody else", now=NOW)
    issue.deliveries.suppress(reader.id, says="unsubscribed", now=NOW)
    [found] = issue.deliveries.of_issue(ISSUE)
    assert found.state is (D.SUPPRESSED if state in (D.QUEUED, D.DEFERRED) else state)


def test_the_recipients_are_frozen_once_and_an_address_gets_one_delivery(issue: Memory) -> None:
    [one] = recipients(issue)
    twin = replace(one, email=one.email.upper(), message_id="<other@tin.example.vn>")
    issue.deliveries.prepare(ISSUE, [one, twin, twin], now=LATER)
    issue.deliveries.prepare(ISSUE, [], now=LATER)
    [found] = issue.deliveries.of_issue(ISSUE)
    assert (found.message_id, found.at) == (one.message_id, NOW)
    assert (found.state, found.attempts, found.doubtful, found.categories) == (D.QUEUED, 0, False, ())


def test_readers_are_served_in_the_order_in_which_they_are_due(memory: Memory) -> None:
    keep_issue(memory, readers=3)
    first = memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE)
    assert first
    memory.deliveries.settle(
        first.id,
        owner="a",
        state=D.DEFERRED,
        code=451,
        says="later",
        now=NOW,
        next_at=NOW + timedelta(hours=1),
    )
    order = [first.id]
    while one := memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE):
        order.append(one.id)
    assert memory.deliveries.claim(ISSUE, owner="a", now=NOW + timedelta(minutes=59), lease=LEASE)
    assert memory.deliveries.counts(ISSUE) == {"claimed": 2, "deferred": 1}
    assert order == sorted(order)
    assert len(order) == 3


def test_something_is_next_due_when_a_wait_or_a_lease_ends(memory: Memory) -> None:
    keep_issue(memory, readers=2)
    assert memory.deliveries.next_at(ISSUE) == NOW
    first = memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE)
    second = memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE)
    assert first
    assert second
    assert memory.deliveries.next_at(ISSUE) == NOW + LEASE
    soon = NOW + timedelta(minutes=1)
    memory.deliveries.settle(
        first.id, owner="a", state=D.DEFERRED, code=451, says="later", now=NOW, next_at=soon
    )
    assert memory.deliveries.next_at(ISSUE) == soon
    memory.deliveries.settle(second.id, owner="a", state=D.ACCEPTED, code=250, says="OK", now=NOW)
    assert memory.deliveries.unfinished(ISSUE) == 1
    assert memory.deliveries.claim(ISSUE, owner="a", now=soon, lease=LEASE)
    memory.deliveries.settle(first.id, owner="a", state=D.FAILED, code=550, says="no", now=soon)
    assert memory.deliveries.next_at(ISSUE) is None
    assert memory.deliveries.unfinished(ISSUE) == 0
    assert memory.deliveries.counts(ISSUE) == {"accepted": 1, "failed": 1}
    assert memory.deliveries.counts("2026-w48") == {}
