"""One issue to each reader once, whatever the mail server does; on both databases, with and without pipelining."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from syndication.bootstrap import House
from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.issue import cancel_issue, find_issue, pause_issue, resume_issue
from syndication.digest.pipeline.office import Office
from syndication.digest.pipeline.run import REFUSED_AT_FIRST, Sent
from syndication.digest.pipeline.tally import FINAL, issue_readers, issue_status
from syndication.digest.pipeline.verdict import PAUSES
from syndication.digest.send import Transport
from syndication.domain.issue import DeliveryState, IssueState
from syndication.domain.rate import Rate
from syndication.domain.subscriber import SubscriberState
from syndication.errors import IssueError
from tests.cast import ObedientClock
from tests.digest.post_office import DROP, PostOffice, issue_to_send, post_office, reader

pytestmark = pytest.mark.postgres_in_ci

READERS = 40
D = DeliveryState


@pytest.fixture(params=["pipelining", pytest.param("step by step", marks=pytest.mark.long)])
def server(request: pytest.FixtureRequest, unused_port: int) -> Iterator[PostOffice]:
    with post_office(unused_port, pipelining=request.param == "pipelining") as opened:
        yield opened


@pytest.fixture
def office(house: House, unused_port: int) -> Office:
    return replace(
        house.office, open_transport=lambda: Transport(f"smtp://127.0.0.1:{unused_port}"), connections=2
    )


@pytest.fixture
def issue(office: Office) -> str:
    return issue_to_send(office, readers=READERS).id


def send(office: Office, issue: str) -> list[Sent]:
    return list(send_issue(office, issue))


def numbers_agree(office: Office) -> bool:
    status = issue_status(office)
    listed = issue_readers(office)
    return status.candidates == status.prepared + sum(status.excluded.values()) == len(
        listed
    ) and status.prepared == sum(status.counts.values())


def states(office: Office) -> dict[str, str]:
    return {one.email: one.state for one in issue_readers(office)}


def test_everyone_gets_it_once_and_the_numbers_add_up(office: Office, issue: str, server: PostOffice) -> None:
    sent = send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS)}
    assert {one.state for one in sent} == {D.ACCEPTED}
    assert len(sent) == READERS
    assert issue_status(office).counts == {"accepted": READERS}
    assert find_issue(office).state is IssueState.SENT
    assert numbers_agree(office)
    assert server.connections <= 2


def test_who_is_not_written_to_is_listed_with_the_reason(
    office: Office, issue: str, server: PostOffice
) -> None:
    with office.store.write() as memory:
        left, paused, chose = (memory.subscribers.find(reader(n)) for n in range(3))
        assert left
        assert paused
        assert chose
        memory.subscribers.end(left.id, SubscriberState.UNSUBSCRIBED, now=office.now())
        for one, categories, until in (
            (paused, [], office.now() + timedelta(days=14)),
            (chose, ["the-thao"], None),
        ):
            memory.subscribers.prefer(
                one.id, categories=categories, portals=[], language="vi", paused_until=until, now=office.now()
            )
    send(office, issue)
    said = {one.email: (one.state, one.says) for one in issue_readers(office)}
    assert said[reader(0)] == ("excluded", "unsubscribed")
    assert said[reader(1)] == ("excluded", "paused")
    assert said[reader(2)] == ("excluded", "nothing-chosen")
    assert issue_status(office).excluded == {"unsubscribed": 1, "paused": 1, "nothing-chosen": 1}
    assert set(server.kept) == {reader(n) for n in range(3, READERS)}
    assert numbers_agree(office)


def test_a_refused_reader_does_not_disturb_the_others_and_is_written_to_no_more(
    office: Office, issue: str, server: PostOffice
) -> None:
    server.at_rcpt = lambda who, _: "550 5.1.1 no such user" if who == reader(7) else None
    send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS) if n != 7}
    [failed] = [one for one in issue_readers(office) if one.state == D.FAILED]
    assert (failed.email, failed.code, failed.bounce) == (reader(7), 550, "hard")
    assert "5.1.1" in failed.says
    with office.store.read() as memory:
        gone = memory.subscribers.find(reader(7))
        assert gone
        assert gone.state is SubscriberState.BOUNCED
        assert memory.consents.suppressed(office.addresses(reader(7))) == "bounced"
    assert numbers_agree(office)
    assert find_issue(office).state is IssueState.SENT


def test_a_refusal_for_the_servers_own_reasons_is_not_held_against_the_reader(
    office: Office, issue: str, server: PostOffice
) -> None:
    server.at_rcpt = lambda who, _: "554 5.7.1 blocked by policy" if who == reader(READERS - 1) else None
    send(office, issue)
    assert states(office)[reader(READERS - 1)] == D.FAILED
    with office.store.read() as memory:
        one = memory.subscribers.find(reader(READERS - 1))
        assert one
        assert one.state is SubscriberState.ACTIVE


def test_a_server_that_refuses_everybody_stops_the_issue_and_no_reader_is_lost(
    office: Office, issue: str, server: PostOffice
) -> None:
    server.at_rcpt = lambda who, _: "554 5.7.1 Relay access denied"
    sent = send(office, issue)
    assert sent[-1].stops
    stopped = find_issue(office)
    assert stopped.state is IssueState.PAUSED
    assert "Relay access denied" in stopped.says
    assert server.tried.total() < READERS
    assert server.tried.total() >= REFUSED_AT_FIRST
    with pytest.raises(IssueError, match="digest resume"):
        send(office, issue)
    server.at_rcpt = lambda who, _: None
    resume_issue(office, issue)
    send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS)}
    assert numbers_agree(office)


@pytest.mark.parametrize("answer", ["550 5.7.1 we do not take your messages", "554 5.6.0 bad content"])
def test_a_message_refused_as_such_stops_the_issue(
    office: Office, issue: str, server: PostOffice, answer: str
) -> None:
    server.at_dot = lambda who, _: answer
    assert send(office, issue)[-1].stops
    assert find_issue(office).state is IssueState.PAUSED
    assert set(states(office).values()) == {D.QUEUED}
    server.at_dot = lambda who, _: None
    resume_issue(office, issue)
    send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS)}


def test_who_is_put_off_waits_longer_each_time_and_is_given_up_at_last(
    office: Office, issue: str, server: PostOffice, clock: ObedientClock
) -> None:
    server.at_rcpt = lambda who, _: "450 4.2.0 greylisted" if who in (reader(3), reader(4)) else None
    send(office, issue)
    assert states(office)[reader(3)] == D.DEFERRED
    for pause in PAUSES[:2]:
        clock.at += pause - timedelta(seconds=1)
        assert send(office, issue) == []
        clock.at += timedelta(seconds=1)
        assert len(send(office, issue)) == 2
    server.at_rcpt = lambda who, _: "450 4.2.0 greylisted" if who == reader(4) else None
    for pause in PAUSES[2:]:
        clock.at += pause
        send(office, issue)
    assert states(office)[reader(3)] == D.ACCEPTED
    assert states(office)[reader(4)] == D.EXPIRED
    assert server.copies == {reader(n): 1 for n in range(READERS) if n != 4}
    assert find_issue(office).state is IssueState.SENT
    assert numbers_agree(office)


def test_what_the_server_may_have_taken_is_sent_once_more_the_same_to_the_byte(
    office: Office, issue: str, server: PostOffice, clock: ObedientClock
) -> None:
    server.at_dot = lambda who, attempt: f"keep and {DROP}" if who == reader(5) and attempt == 1 else None
    send(office, issue)
    assert states(office)[reader(5)] == D.UNCERTAIN
    assert find_issue(office).state is IssueState.SENDING
    clock.pass_(minutes=5)
    send(office, issue)
    assert server.copies == {reader(n): 2 if n == 5 else 1 for n in range(READERS)}
    assert len(set(server.kept[reader(5)])) == 1
    assert states(office)[reader(5)] == D.UNCERTAIN
    assert find_issue(office).state is IssueState.SENT
    assert numbers_agree(office)


def test_a_copy_that_may_have_arrived_is_not_forgotten_when_the_next_is_refused(
    office: Office, issue: str, server: PostOffice, clock: ObedientClock
) -> None:
    server.at_dot = lambda who, attempt: f"keep and {DROP}" if who == reader(5) and attempt == 1 else None
    send(office, issue)
    server.at_rcpt = lambda who, _: "550 5.1.1 no such user" if who == reader(5) else None
    clock.pass_(minutes=5)
    send(office, issue)
    [doubted] = [one for one in issue_readers(office) if one.state == D.UNCERTAIN]
    assert doubted.email == reader(5)
    assert "an earlier copy may have arrived" in doubted.says
    assert find_issue(office).state is IssueState.SENT
    assert numbers_agree(office)


def test_with_hold_what_is_in_doubt_waits_for_a_person(
    office: Office, issue: str, server: PostOffice, clock: ObedientClock
) -> None:
    office = replace(office, resend=False)
    server.at_dot = lambda who, attempt: f"keep and {DROP}" if who == reader(5) and attempt == 1 else None
    send(office, issue)
    clock.pass_(days=1)
    assert find_issue(office).state is IssueState.SENT
    assert server.copies[reader(5)] == 1
    assert states(office)[reader(5)] == D.UNCERTAIN
    list(send_issue(office, issue, again=[D.UNCERTAIN]))
    assert server.copies == {reader(n): 2 if n == 5 else 1 for n in range(READERS)}


def test_evidence_that_it_arrived_spares_the_reader_a_second_copy(
    office: Office, issue: str, server: PostOffice, clock: ObedientClock
) -> None:
    server.at_dot = lambda who, attempt: f"keep and {DROP}" if who == reader(5) and attempt == 1 else None
    send(office, issue)
    clock.pass_(minutes=5)
    office = replace(office, evidence=lambda ids: dict.fromkeys(ids, "accepted: in the log as 4Cq1"))
    send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS)}
    assert states(office)[reader(5)] == D.ACCEPTED


@pytest.mark.parametrize("when", ["at_mail", "at_rcpt", "at_dot"])
def test_a_connection_that_breaks_early_loses_nobody_and_doubles_nobody(
    office: Office, issue: str, server: PostOffice, clock: ObedientClock, when: str
) -> None:
    if when == "at_mail":
        server.at_mail = lambda number: DROP if number in (3, 20) else None
    else:
        setattr(
            server,
            when,
            lambda who, attempt: DROP if who in (reader(3), reader(20)) and attempt == 1 else None,
        )
    send(office, issue)
    for _ in range(3):
        clock.pass_(minutes=6)
        if find_issue(office).state is IssueState.SENDING:
            send(office, issue)
    assert {who: copies for who, copies in server.copies.items() if copies != 1} == {}
    assert set(server.kept) == {reader(n) for n in range(READERS)}
    assert find_issue(office).state is IssueState.SENT


def test_a_server_out_of_order_is_left_alone_for_a_while_and_nobody_pays_for_it(
    office: Office, issue: str, server: PostOffice, clock: ObedientClock
) -> None:
    server.at_greeting = lambda number: "421 4.3.2 closing down"
    sent = send(office, issue)
    assert sent[-1].stops
    with office.store.read() as memory:
        relay = memory.relay.state()
    assert relay.resume_at == clock() + timedelta(minutes=1)
    assert set(states(office).values()) == {D.QUEUED}
    assert {one.attempts for one in issue_readers(office)} == {0}
    server.at_greeting = lambda number: None
    send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS)}
    with office.store.read() as memory:
        assert memory.relay.state().failures == 0


def test_a_server_that_wants_one_connection_gets_one(office: Office, issue: str, server: PostOffice) -> None:
    server.at_greeting = lambda number: None if number == 1 else "421 4.7.0 too many connections"
    send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS)}


def test_throttling_in_mid_run_pauses_the_sending_and_not_the_readers(
    office: Office, issue: str, server: PostOffice, clock: ObedientClock
) -> None:
    server.at_mail = lambda number: "454 4.7.0 Throttling failure" if number > 10 else None
    assert send(office, issue)[-1].stops
    assert set(states(office).values()) == {D.ACCEPTED, D.QUEUED}
    server.at_mail = lambda number: None
    clock.pass_(minutes=1)
    send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS)}


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_pausing_and_cancelling_take_effect_within_one_message(
    office: Office, issue: str, server: PostOffice, verb: str
) -> None:
    office = replace(office, connections=1)

    def interfere(count: int) -> None:
        if count == 3:
            (pause_issue if verb == "pause" else cancel_issue)(office, issue, by="Lan")

    server.after_message = interfere
    server.pace = 0.2
    send(office, issue)
    # Who sends looks up every moment; what it is at by then is finished, and what was offered behind it.
    assert 3 <= len(server.kept) <= 5
    after = find_issue(office)
    assert after.state is (IssueState.PAUSED if verb == "pause" else IssueState.CANCELLED)
    left = READERS - len(server.kept)
    if verb == "cancel":
        assert issue_status(office).counts == {"accepted": len(server.kept), "cancelled": left}
        with pytest.raises(IssueError, match="cancelled"):
            send(office, issue)
    else:
        assert issue_status(office).counts == {"accepted": len(server.kept), "queued": left}
        server.pace = 0
        resume_issue(office, issue)
        send(office, issue)
        assert server.copies == {reader(n): 1 for n in range(READERS)}
    assert numbers_agree(office)


def test_a_process_that_is_to_stop_finishes_what_is_going_out(
    office: Office, issue: str, server: PostOffice
) -> None:
    server.after_message = lambda count: office.stopping.set() if count == 5 else None
    send(office, issue)
    counts = issue_status(office).counts
    assert counts == {"accepted": len(server.kept), "queued": READERS - len(server.kept)}
    assert len(server.kept) < READERS
    office.stopping.clear()
    send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS)}


def test_who_leaves_while_it_is_sent_gets_nothing_more(
    office: Office, issue: str, server: PostOffice
) -> None:
    office = replace(office, connections=1)

    def leave(count: int) -> None:
        if count == 2:
            with office.store.write() as memory:
                one = memory.subscribers.find(reader(READERS - 1))
                assert one
                memory.subscribers.end(one.id, SubscriberState.UNSUBSCRIBED, now=office.now())
                memory.deliveries.suppress(one.id, says="unsubscribed", now=office.now())

    server.after_message = leave
    send(office, issue)
    assert states(office)[reader(READERS - 1)] == D.SUPPRESSED
    assert server.copies == {reader(n): 1 for n in range(READERS - 1)}
    assert numbers_agree(office)


def test_no_more_go_out_than_the_rates_allow(
    office: Office, issue: str, server: PostOffice, clock: ObedientClock
) -> None:
    rates = (
        Rate(name="mail/m", most=10, per=timedelta(minutes=1)),
        Rate(name="mail/h", most=25, per=timedelta(hours=1)),
    )
    office = replace(office, rates=rates)
    sent = send(office, issue)
    assert len(server.kept) == 10
    assert "the rates allow" in sent[-1].says
    assert not sent[-1].stops
    clock.pass_(minutes=1)
    send(office, issue)
    assert len(server.kept) == 20
    clock.pass_(minutes=1)
    send(office, issue)
    assert 25 <= len(server.kept) <= 26, "the hour's bucket is empty before the minute's"
    clock.pass_(hours=1)
    for _ in range(3):
        clock.pass_(minutes=1)
        if find_issue(office).state is IssueState.SENDING:
            send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS)}


def test_only_those_who_failed_get_it_again(office: Office, issue: str, server: PostOffice) -> None:
    server.at_rcpt = lambda who, attempt: (
        "552 5.2.2 mailbox full" if who == reader(2) and attempt == 1 else None
    )
    send(office, issue)
    assert find_issue(office).state is IssueState.SENT
    with pytest.raises(IssueError, match="sent already"):
        send(office, issue)
    again = list(send_issue(office, issue, again=[D.FAILED]))
    assert [one.state for one in again] == [D.ACCEPTED]
    assert server.copies == {reader(n): 1 for n in range(READERS)}
    assert set(states(office).values()) <= {str(state) for state in FINAL}


def test_leaving_the_sending_half_way_records_what_went_out(
    office: Office, issue: str, server: PostOffice
) -> None:
    sending = send_issue(office, issue)
    next(sending)
    sending.close()  # type: ignore[attr-defined] # it is a generator
    counts = issue_status(office).counts
    assert counts["accepted"] == len(server.kept)
    assert set(counts) == {"accepted", "queued"}
    send(office, issue)
    assert server.copies == {reader(n): 1 for n in range(READERS)}
