"""What is kept about readers beside their rows: consent, refusals, wishes, mails that wait, and rates."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.domain.rate import Rate
from syndication.domain.subscriber import Cause, Consent, ConsentEvent, Registration, SubscriberState
from syndication.store import Memory, Store, open_store
from tests.store.stock import ISSUE, NOW, all_at_once, keep_issue

HOUR = timedelta(hours=1)
NOTED = Consent(address="new", event=ConsentEvent.ASKED, how="form", words="Tôi đồng ý", network="n", at=NOW)


def ask(memory: Memory, email: str = "Lan@docgia.example", *, now: datetime = NOW) -> int:
    return memory.sign_ups.ask(
        email=email,
        email_key=email.lower(),
        categories=["kinh-te"],
        portals=["song-dao"],
        language="en",
        words="Tôi đồng ý",
        network="n",
        now=now,
        expires_at=now + 48 * HOUR,
    )


def put(memory: Memory, email: str = "lan@docgia.example", *, now: datetime = NOW) -> None:
    memory.mails.put(
        "confirm",
        email,
        language="vi",
        values={"about": "1"},
        message_id="<1@tin.example.vn>",
        now=now,
        expires_at=now + 48 * HOUR,
    )


# --- consent and refusal ---------------------------------------------------------------------------------------


def test_the_record_of_an_address_is_whole_and_in_order_under_every_key(memory: Memory) -> None:
    first = replace(NOTED, address="former", at=NOW - HOUR)
    later = replace(NOTED, event=ConsentEvent.CONFIRMED, at=NOW)
    for one in (first, later, replace(NOTED, address="somebody else")):
        memory.consents.note(one)
    assert memory.consents.of(["new", "former"]) == [first, later]
    assert memory.consents.of(["nobody"]) == []


def test_who_chose_for_themselves_is_told_apart_from_who_was_listed(memory: Memory) -> None:
    for event in ConsentEvent:
        memory.consents.note(replace(NOTED, address=event, event=event))
    assert memory.consents.chosen_among([*ConsentEvent, "nobody"]) == {"confirmed", "changed"}
    assert memory.consents.chosen_among([]) == set()


def test_an_address_stays_suppressed_under_any_key_until_it_is_lifted(memory: Memory) -> None:
    memory.consents.suppress("former", why=Cause.BOUNCED, says="550", now=NOW)
    assert memory.consents.suppressed(["new", "former"]) is Cause.BOUNCED
    memory.consents.suppress("new", why=Cause.UNSUBSCRIBED, says="page", now=NOW + HOUR)
    memory.consents.suppress("new", why=Cause.ERASED, says="", now=NOW + 2 * HOUR)
    assert memory.consents.suppressed(["new", "former"]) is Cause.ERASED
    assert memory.consents.suppressed_among(["new", "former", "nobody"]) == {
        "new": Cause.ERASED,
        "former": Cause.BOUNCED,
    }
    memory.consents.lift(["new", "former"])
    assert memory.consents.suppressed(["new", "former"]) is None


# --- wishes ----------------------------------------------------------------------------------------------------


def test_a_wish_is_kept_as_it_was_said_and_a_later_one_takes_its_place(memory: Memory) -> None:
    number = ask(memory)
    found = memory.sign_ups.get(number, now=NOW)
    assert found
    assert (found.email, found.email_key) == ("Lan@docgia.example", "lan@docgia.example")
    assert (found.categories, found.portals, found.language) == (("kinh-te",), ("song-dao",), "en")
    assert ask(memory, "LAN@docgia.example", now=NOW + HOUR) == number
    again = memory.sign_ups.find("lan@docgia.example", now=NOW + HOUR)
    assert again
    assert (again.email, again.asked_at) == ("LAN@docgia.example", NOW + HOUR)


def test_a_wish_ends_with_its_time_or_when_it_is_taken_by_one(memory: Memory) -> None:
    number = ask(memory)
    assert memory.sign_ups.get(number, now=NOW + 48 * HOUR) is None
    assert memory.sign_ups.find("lan@docgia.example", now=NOW + 48 * HOUR) is None
    assert memory.sign_ups.expire(now=NOW + 47 * HOUR) == 0
    assert memory.sign_ups.expire(now=NOW + 48 * HOUR) == 1
    ask(memory)
    assert memory.sign_ups.forget("lan@docgia.example")
    assert not memory.sign_ups.forget("lan@docgia.example")


# --- waiting mails ---------------------------------------------------------------------------------------------


def test_mails_are_taken_in_their_turn_each_by_one(memory: Memory) -> None:
    for minutes, email in ((1, "b@x.example"), (0, "a@x.example")):
        put(memory, email, now=NOW + timedelta(minutes=minutes))
    now = NOW + HOUR
    first = memory.mails.take(now=now, lease=HOUR)
    second = memory.mails.take(now=now, lease=HOUR)
    assert first
    assert second
    assert (first.email, second.email, first.attempts) == ("a@x.example", "b@x.example", 1)
    assert (first.values, first.asked_at) == ({"about": "1"}, NOW)
    assert memory.mails.take(now=now, lease=HOUR) is None
    memory.mails.done(first.id)
    memory.mails.later(second.id, next_at=now + timedelta(minutes=5))
    assert memory.mails.take(now=now + timedelta(minutes=4), lease=HOUR) is None
    again = memory.mails.take(now=now + timedelta(minutes=5), lease=HOUR)
    assert again
    assert (again.email, again.attempts) == ("b@x.example", 2)


def test_a_mail_whose_sender_died_is_taken_again_and_one_nobody_wants_is_gone(memory: Memory) -> None:
    put(memory)
    assert memory.mails.take(now=NOW, lease=HOUR)
    assert memory.mails.take(now=NOW + HOUR, lease=HOUR)
    assert memory.mails.take(now=NOW + 48 * HOUR, lease=HOUR) is None
    put(memory, "minh@docgia.example")
    memory.mails.forget("minh@docgia.example")
    assert memory.mails.take(now=NOW, lease=HOUR) is None


def test_two_senders_never_take_the_same_mail(store: Store) -> None:
    with store.write() as memory:
        for number in range(8):
            put(memory, f"r{number}@x.example")

    def take(_: int) -> list[str]:
        taken: list[str] = []
        while True:
            with store.write() as memory:
                mail = memory.mails.take(now=NOW, lease=HOUR)
            if mail is None:
                return taken
            taken.append(mail.email)

    found = [email for each in all_at_once(take, threads=3) for email in each]
    assert sorted(found) == [f"r{number}@x.example" for number in range(8)]


# --- readers ---------------------------------------------------------------------------------------------------


def test_who_confirms_is_made_a_reader_or_one_again_and_keeps_their_id(memory: Memory) -> None:
    sign_up = memory.sign_ups.get(ask(memory), now=NOW)
    assert sign_up
    number = memory.subscribers.confirm(sign_up, basis="asked", now=NOW)
    new = memory.subscribers.find("lan@docgia.example")
    assert new
    assert (new.id, new.email, new.state, new.basis) == (
        number,
        "Lan@docgia.example",
        SubscriberState.ACTIVE,
        "asked",
    )
    assert (new.categories, new.portals, new.language) == (("kinh-te",), ("song-dao",), "en")
    assert memory.subscribers.end(number, SubscriberState.COMPLAINED, now=NOW)
    assert not memory.subscribers.end(number, SubscriberState.UNSUBSCRIBED, now=NOW)
    assert memory.subscribers.confirm(replace(sign_up, categories=()), basis="asked", now=NOW) == number
    back = memory.subscribers.get(number)
    assert back
    assert (back.state, back.categories, back.since_at) == (SubscriberState.ACTIVE, (), NOW)


def test_a_reader_chooses_and_one_who_left_cannot(memory: Memory) -> None:
    memory.subscribers.register(
        [Registration(line=2, email="lan@docgia.example", email_key="lan@docgia.example")], now=NOW
    )
    [lan] = memory.subscribers.all()

    def prefer(until: datetime | None) -> bool:
        return memory.subscribers.prefer(
            lan.id, categories=["kinh-te"], portals=["may-trang"], language="en", paused_until=until, now=NOW
        )

    assert prefer(NOW + HOUR)
    chosen = memory.subscribers.get(lan.id)
    assert chosen
    assert (chosen.categories, chosen.portals, chosen.language) == (("kinh-te",), ("may-trang",), "en")
    assert (chosen.is_paused(NOW), chosen.is_paused(NOW + HOUR)) == (True, False)
    assert memory.subscribers.end(lan.id, SubscriberState.UNSUBSCRIBED, now=NOW)
    assert not prefer(None)
    left = memory.subscribers.get(lan.id)
    assert left
    assert left.paused_until == NOW + HOUR


def test_an_erased_reader_is_nowhere_and_past_issues_stay_countable(memory: Memory) -> None:
    keep_issue(memory, readers=2)
    [first, _] = memory.subscribers.all()
    [delivery] = memory.deliveries.of_subscriber(first.id)
    memory.issues.exclude(ISSUE, [(first.id, first.email, "paused")])
    memory.bounces.note(
        "f", delivery=delivery.id, meaning="hard", code="550", says=f"no {first.email}", now=NOW
    )
    memory.bounces.forget(first.id)
    memory.deliveries.forget(first.id, instead="erased-1")
    memory.issues.forget(first.id, instead="erased-1")
    memory.subscribers.erase(first.id, instead="erased-1", now=NOW)
    assert len(memory.subscribers.all()) == 1
    assert memory.subscribers.find(first.email) is None
    gone = memory.subscribers.get(first.id)
    assert gone
    assert (gone.state, gone.email, gone.name) == (SubscriberState.ERASED, "erased-1", "")
    assert len(memory.deliveries.of_issue(ISSUE)) == 2
    assert [one.email for one in memory.deliveries.of_subscriber(first.id)] == ["erased-1"]
    assert memory.issues.exclusions(ISSUE) == [("erased-1", "paused")]
    assert not memory.bounces.note("f", delivery=None, meaning="hard", code=None, says="", now=NOW)


# --- rates -----------------------------------------------------------------------------------------------------

FIVE = Rate(name="five", most=5, per=HOUR)


def test_a_bucket_gives_what_it_holds_and_fills_again(memory: Memory) -> None:
    assert memory.rates.take([FIVE], 3, now=NOW) == (3, timedelta(0))
    assert memory.rates.take([FIVE], 3, now=NOW) == (2, timedelta(0))
    granted, wait = memory.rates.take([FIVE], 1, now=NOW)
    assert (granted, wait) == (0, timedelta(minutes=12))
    assert memory.rates.take([FIVE], 1, now=NOW + wait) == (1, timedelta(0))
    memory.rates.put_back([FIVE], 4, now=NOW + wait)
    assert memory.rates.take([FIVE], 9, now=NOW + wait)[0] == 4


def test_what_one_bucket_refuses_is_taken_from_none(memory: Memory) -> None:
    one = Rate(name="one", most=1, per=timedelta(days=1))
    assert memory.rates.take([FIVE, one], 5, now=NOW)[0] == 1
    granted, wait = memory.rates.take([FIVE, one], 1, now=NOW)
    assert (granted, wait) == (0, timedelta(days=1))
    assert memory.rates.take([FIVE], 9, now=NOW)[0] == 4


def test_a_forgotten_bucket_is_a_full_one(memory: Memory) -> None:
    memory.rates.take([FIVE], 5, now=NOW)
    memory.rates.forget(before=NOW)
    assert memory.rates.take([FIVE], 1, now=NOW)[0] == 0
    memory.rates.forget(before=NOW + timedelta(seconds=1))
    assert memory.rates.take([FIVE], 9, now=NOW)[0] == 5


def test_many_at_once_take_no_more_than_there_is(store: Store) -> None:
    def take(_: int) -> int:
        with store.write() as memory:
            return memory.rates.take([FIVE], 2, now=NOW)[0]

    assert sum(all_at_once(take, threads=6)) == 5


@pytest.fixture(scope="module")
def bucket_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('rates') / 'test.db'}")
    opened.migrate()
    return opened


steps = st.lists(st.tuples(st.integers(-30, 5000), st.integers(1, 12)), max_size=30)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(most=st.integers(1, 10), minutes=st.integers(1, 90), taken=steps)
def test_never_more_passes_than_a_full_bucket_and_what_came_since(
    bucket_store: Store, most: int, minutes: int, taken: list[tuple[int, int]]
) -> None:
    rate = Rate(name="any", most=most, per=timedelta(minutes=minutes))
    moment, latest, passed = NOW, NOW, 0
    with bucket_store.write() as memory:
        memory.rates.forget(before=NOW + timedelta(days=999))
        for seconds, wanted in taken:
            moment += timedelta(seconds=seconds)  # clocks of several machines do not agree, and may go back
            latest = max(latest, moment)
            passed += memory.rates.take([rate], wanted, now=moment)[0]
            filled = (latest - NOW + _gone_back(taken)) / rate.per * most
            assert passed <= most + filled + 1e-6


def _gone_back(taken: list[tuple[int, int]]) -> timedelta:
    """How far clocks went back altogether: that time may fill a bucket twice."""
    return timedelta(seconds=sum(-seconds for seconds, _ in taken if seconds < 0))
