"""Claims: two never hold the same thing, a killed process loses nothing, and a lost claim writes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text

from syndication.domain.issue import DeliveryState
from syndication.store import Store, new_owner
from syndication.store.claims import is_gone
from syndication.store.deliveries import Outcome
from syndication.store.sources import Answered, SourceRecord, Unchanged
from tests.store.stock import (
    ISSUE,
    NOW,
    all_at_once,
    keep_issue,
    let_the_planner_think_all_is_small,
    recipients,
)

LEASE = timedelta(minutes=5)
LATER = NOW + LEASE + timedelta(seconds=1)

CLAIMER = """
import sys
from datetime import datetime, timedelta
from syndication.store import new_owner, open_store

store, now, lease = open_store(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), timedelta(minutes=5)
owner = new_owner()
with store.write() as memory:
    wanted = [one.id for one in memory.sources.all()]
    memory.sources.claim(wanted, owner=owner, now=now, lease=lease, due_only=True, limit=2)
    memory.deliveries.claim("2026-w47", owner=owner, now=now, lease=lease)
    [sending] = memory.deliveries.claim("2026-w47", owner=owner, now=now, lease=lease)
    memory.deliveries.begin([sending.id], owner=owner, now=now, lease=lease)
print(owner, flush=True)
sys.stdin.read()
"""


def sources(count: int) -> list[tuple[str, str]]:
    return [("quang-ninh", f"https://portal.example/feed/{number}") for number in range(count)]


def claim_sources(
    store: Store,
    wanted: list[tuple[str, str]],
    *,
    owner: str,
    limit: int = 100,
    now: datetime = NOW,
    due_only: bool = True,
) -> list[SourceRecord]:
    with store.write() as memory:
        ids = memory.sources.ensure(wanted, now=now).values()
        return memory.sources.claim(ids, owner=owner, now=now, lease=LEASE, due_only=due_only, limit=limit)


@contextmanager
def another_process(store_url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that has claimed two sources and two deliveries, one of which is going out; and its name."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIMER, store_url, NOW.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        owner = process.stdout.readline().strip()
        assert owner
        yield process, owner
    finally:
        process.kill()
        process.communicate()


def test_a_source_is_taken_by_one_only_until_its_lease_ends(store: Store) -> None:
    wanted = sources(3)
    with store.write() as memory:
        memory.sources.ensure(wanted, now=NOW)
    first = claim_sources(store, wanted, owner="a", limit=2)
    second = claim_sources(store, wanted, owner="b")
    assert len(first) == 2
    assert len(second) == 1
    assert claim_sources(store, wanted, owner="c", due_only=False) == []
    assert claim_sources(store, wanted, owner="c", now=NOW + LEASE) == []
    assert len(claim_sources(store, wanted, owner="c", now=LATER)) == 3


def test_what_is_claimed_is_what_is_named_and_due_oldest_first(store: Store) -> None:
    wanted = sources(4)
    with store.write() as memory:
        memory.sources.ensure(wanted, now=NOW)
        for place, record in enumerate(memory.sources.all()):
            memory.sources.failed(record.id, at=NOW, next_at=NOW - timedelta(hours=place - 1), error="x")
    due = claim_sources(store, wanted[:3], owner="a")
    assert [record.url for record in due] == [url for _, url in (wanted[2], wanted[1])]
    assert claim_sources(store, [], owner="a", due_only=False) == []
    assert [record.url for record in claim_sources(store, wanted, owner="a", due_only=False)] == [
        url for _, url in (wanted[3], wanted[0])
    ]


def test_many_claim_sources_at_once_and_none_is_taken_twice(store: Store) -> None:
    wanted = sources(100)
    with store.write() as memory:
        memory.sources.ensure(wanted, now=NOW)

    def take(number: int) -> list[int]:
        taken: list[int] = []
        while records := claim_sources(store, wanted, owner=f"owner {number}", limit=7):
            assert len(records) <= 7
            taken += [record.id for record in records]
        return taken

    taken = [source for part in all_at_once(take, threads=4) for source in part]
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 100


def test_many_may_learn_of_the_same_sources_at_once(store: Store) -> None:
    def learn(number: int) -> None:
        with store.write() as memory:
            memory.sources.ensure(sources(50)[:: -1 if number % 2 else 1], now=NOW)

    all_at_once(learn, threads=4)
    with store.read() as memory:
        assert len(memory.sources.all()) == 50


def test_many_claim_deliveries_at_once_and_none_is_taken_twice(store: Store) -> None:
    with store.write() as memory:
        keep_issue(memory, readers=200)

    def take(number: int) -> list[int]:
        taken: list[int] = []
        while True:
            with store.write() as memory:
                claimed = memory.deliveries.claim(
                    ISSUE, owner=f"owner {number}", now=NOW, lease=LEASE, limit=7
                )
            if not claimed:
                return taken
            taken += [delivery.id for delivery in claimed]

    parts = all_at_once(take, threads=4)
    taken = [delivery for part in parts for delivery in part]
    assert len(taken) == len(set(taken)) == 200
    with store.read() as memory:
        assert memory.deliveries.counts(ISSUE) == {"claimed": 200}


def test_a_claim_takes_no_more_than_it_hands_out(store: Store) -> None:
    # PostgreSQL, once it had counted a tiny table, ran the picking subquery anew for every row: one claim took all.
    with store.write() as memory:
        keep_issue(memory, readers=1)
        memory.sources.ensure(sources(1), now=NOW)
    let_the_planner_think_all_is_small(store)
    with store.write() as memory:
        keep_issue(memory, readers=9)
        ids = memory.sources.ensure(sources(9), now=NOW).values()
        assert memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE)
        assert memory.deliveries.counts(ISSUE) == {"claimed": 1, "queued": 8}
        for owner, limit, taken in (("a", 2, 2), ("b", 9, 7)):
            claimed = memory.sources.claim(ids, owner=owner, now=NOW, lease=LEASE, due_only=True, limit=limit)
            assert len(claimed) == taken


def test_a_delivery_claimed_and_left_is_free_when_its_lease_ends(store: Store) -> None:
    with store.write() as memory:
        keep_issue(memory, readers=1)
        [first] = memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE)
        assert memory.deliveries.claim(ISSUE, owner="b", now=NOW + LEASE, lease=LEASE) == []
        [second] = memory.deliveries.claim(ISSUE, owner="b", now=LATER, lease=LEASE)
    assert (first.id, first.attempts) == (second.id, second.attempts)


def test_what_a_lost_claim_came_to_is_not_written(store: Store) -> None:
    with store.write() as memory:
        keep_issue(memory, readers=1)
    wanted = sources(1)
    with store.write() as memory:
        memory.sources.ensure(wanted, now=NOW)
        [delivery] = memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE)
    [record] = claim_sources(store, wanted, owner="a")
    with store.write() as memory:
        assert memory.sources.still_mine(record.id, owner="a")
        assert not memory.sources.still_mine(record.id, owner="b")
        assert memory.deliveries.claim(ISSUE, owner="b", now=LATER, lease=LEASE)
    assert claim_sources(store, wanted, owner="b", now=LATER)
    with store.write() as memory:
        assert not memory.sources.still_mine(record.id, owner="a")
        assert memory.deliveries.begin([delivery.id], owner="a", now=LATER, lease=LEASE) == set()
        outcome = Outcome(delivery=delivery.id, state=DeliveryState.ACCEPTED, code=250, says="OK")
        memory.deliveries.settle([outcome], owner="a", now=LATER)
        [kept] = memory.deliveries.of_issue(ISSUE)
        assert (kept.state, kept.code, kept.says) == (DeliveryState.CLAIMED, None, None)
        assert memory.deliveries.begin([delivery.id], owner="b", now=LATER, lease=LEASE)


def test_a_source_settled_is_nobodys(store: Store) -> None:
    wanted = sources(2)
    with store.write() as memory:
        memory.sources.ensure(wanted, now=NOW)
    one, other = claim_sources(store, wanted, owner="a")
    with store.write() as memory:
        memory.sources.failed(one.id, at=NOW, next_at=NOW + LEASE, error="no answer")
        answered = Answered(
            etag='"x"',
            last_modified=None,
            validators_at=NOW,
            body_hash="h",
            usual_gap=None,
            items=1,
            chunks=["c"],
            read_as="r",
        )
        memory.sources.succeeded(
            other.id,
            answered,
            at=NOW,
            next_at=LATER,
            new=True,
        )
        assert not memory.sources.still_mine(one.id, owner="a")
        assert not memory.sources.still_mine(other.id, owner="a")
        failed, succeeded = memory.sources.all()
    assert (failed.failures, failed.error, failed.next_at) == (1, "no answer", NOW + LEASE)
    assert (failed.succeeded_at, failed.new_at) == (None, None)
    assert (succeeded.failures, succeeded.error, succeeded.etag) == (0, None, '"x"')
    assert (succeeded.succeeded_at, succeeded.new_at, succeeded.next_at) == (NOW, NOW, LATER)


def test_answers_that_say_nothing_new_are_recorded_together_but_not_those_of_lost_claims(
    store: Store,
) -> None:
    wanted = sources(3)
    with store.write() as memory:
        memory.sources.ensure(wanted, now=NOW)
        for record in memory.sources.all():
            memory.sources.failed(record.id, at=NOW, next_at=NOW, error="no answer")
    mine = claim_sources(store, wanted, owner="a", limit=2)
    answers = [
        Unchanged(
            source=record.id,
            etag=f'"{record.id}"',
            last_modified="Mon, 23 Nov 2026 08:00:00 GMT",
            validators_at=NOW,
            next_at=LATER,
            renewed=True,
            moved_to="https://portal.example/rss/",
            moved_at=NOW,
        )
        for record in mine
    ]
    assert len(claim_sources(store, wanted, owner="b", now=LATER, limit=1)) == 1
    with store.write() as memory:
        memory.sources.unchanged(answers, owner="a", at=LATER)
        memory.sources.unchanged([], owner="a", at=LATER)
        assert not any(memory.sources.still_mine(record.id, owner="a") for record in mine)
        records = memory.sources.all()
    written = [record for record in records if record.succeeded_at]
    assert len(written) == 1
    for record in written:
        assert (record.etag, record.moved_to, record.moved_at) == (
            f'"{record.id}"',
            "https://portal.example/rss/",
            NOW,
        )
        assert (record.failures, record.error, record.next_at) == (0, None, LATER)
        assert (record.checked_at, record.succeeded_at, record.new_at) == (LATER, LATER, None)


def test_the_claims_of_a_killed_process_are_free_at_once_and_those_of_a_living_one_are_not(
    store: Store, database_url: str
) -> None:
    with store.write() as memory:
        keep_issue(memory, readers=6)
    wanted = sources(5)
    with store.write() as memory:
        memory.sources.ensure(wanted, now=NOW)
    with another_process(database_url) as (living, _), another_process(database_url) as (killed, _):
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert living.poll() is None
        with store.write() as memory:
            assert memory.release_gone(now=NOW) == 4
            assert memory.release_gone(now=NOW) == 0
            assert memory.deliveries.doubt(now=NOW) == 1
        assert len(claim_sources(store, wanted, owner="c")) == 3
        with store.read() as memory:
            assert memory.deliveries.counts(ISSUE) == {
                "claimed": 2,
                "queued": 2,
                "sending": 1,
                "uncertain": 1,
            }
        with store.write() as memory:
            names = [memory.deliveries.claim(ISSUE, owner="c", now=NOW, lease=LEASE) for _ in range(5)]
        assert names[4] == []
        assert all(names[:4])


def test_a_dead_process_nobody_buried_is_gone(store: Store, database_url: str) -> None:
    with store.write() as memory:
        keep_issue(memory, readers=2)
    with another_process(database_url) as (process, owner):
        assert not is_gone(owner)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(owner)


def test_a_process_is_told_apart_from_another_with_its_number() -> None:
    own = new_owner()
    where, pid, started, nonce = own.split("|")
    assert pid == str(os.getpid())
    assert own != new_owner()
    assert not is_gone(own)
    assert is_gone(f"{where}|{pid}|{int(started) - 1}|{nonce}")
    assert not is_gone(f"{where}|1|?|{nonce}"), "in doubt it lives"


@pytest.mark.parametrize("owner", ["", "elsewhere|1|2|x", "another-boot/pid:[1]|999999999|1|x", "nonsense"])
def test_a_process_of_another_machine_is_taken_to_live(owner: str) -> None:
    assert not is_gone(owner)


def test_a_process_that_never_was_is_gone() -> None:
    where = new_owner().partition("|")[0]
    beyond = int(Path("/proc/sys/kernel/pid_max").read_text(encoding="ascii")) + 1
    assert is_gone(f"{where}|{beyond}|1|x")


def test_a_claim_walks_along_indexes_however_many_issues_were_sent(store: Store) -> None:
    with store.write() as memory:
        keep_issue(memory, readers=3)
        if memory.connection.dialect.name == "postgresql":
            memory.connection.execute(text("SET LOCAL enable_seqscan = off"))
        plans: list[str] = []

        @event.listens_for(memory.connection, "before_cursor_execute")
        def explain(_conn: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
            if "deliveries" in statement and not statement.startswith("EXPLAIN"):
                query = "EXPLAIN QUERY PLAN " if memory.connection.dialect.name == "sqlite" else "EXPLAIN "
                cursor.execute(query + statement, parameters)  # type: ignore[attr-defined]
                plans.append("\n".join(" ".join(map(str, row)) for row in cursor.fetchall()))  # type: ignore[attr-defined]

        memory.release_gone(now=NOW)
        memory.deliveries.doubt(now=NOW)
        assert memory.deliveries.claim(ISSUE, owner="a", now=NOW, lease=LEASE)
        [reader, *_] = recipients(memory)
        memory.deliveries.suppress(reader.subscriber, says="unsubscribed", now=NOW)
    assert len(plans) == 4
    for plan in plans:
        assert "SCAN deliveries" not in plan
        assert "Seq Scan" not in plan
    assert "ix_deliveries_lease_until" in plans[0]
    assert "ix_deliveries_lease_until" in plans[1]
    assert "ix_deliveries_issue_next_at" in plans[2]
    assert "ix_deliveries_subscriber" in plans[3]
