"""Sending an issue by commands: stopping it and going on, who got it and why not, and what doctor says meanwhile."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from syndication.bootstrap import House
from syndication.cli import main
from tests.digest.post_office import PostOffice, issue_to_send, post_office, reader

READERS = 3
Type = Callable[..., Result]


@pytest.fixture
def environment(environment: dict[str, str], unused_port: int) -> dict[str, str]:
    return environment | {"SYNDICATION_SMTP_URL": f"smtp://127.0.0.1:{unused_port}"}


@pytest.fixture
def server(unused_port: int) -> Iterator[PostOffice]:
    with post_office(unused_port) as opened:
        yield opened


@pytest.fixture
def type_(environment: dict[str, str], house: House) -> Type:
    """Types a command, and expects it to end well unless told otherwise."""
    issue_to_send(house.office, readers=READERS)
    runner = CliRunner(env=environment)

    def invoke(*words: str, status: int = 0) -> Result:
        done = runner.invoke(main, words)
        assert done.exit_code == status, done.output
        return done

    return invoke


def status(type_: Type) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(type_("digest", "status", "--json").output)
    return answer


def digest_check(type_: Type, *, well: bool) -> dict[str, Any]:
    doctor = json.loads(type_("doctor", "--json", status=0 if well else 1).output)
    [check] = [one for one in doctor["checks"] if one["name"] == "digest"]
    return dict(check)


def test_an_issue_is_sent_and_everybody_is_accounted_for(type_: Type, server: PostOffice) -> None:
    server.at_rcpt = lambda who, _: "550 5.1.1 no such user" if who == reader(1) else None
    sent = type_("digest", "send")
    assert "2 accepted, 1 failed" in sent.output
    assert "of these came back: 1 hard" in sent.output
    [line] = [line for line in sent.output.splitlines() if reader(1) in line]
    assert line.split()[1] == "hard"
    answer = status(type_)
    assert answer["counts"] == {"accepted": 2, "failed": 1}
    assert answer["bounced"] == {"hard": 1}
    assert answer["candidates"] == answer["prepared"] == READERS
    rows = list(csv.DictReader(io.StringIO(type_("digest", "readers", "--csv").output)))
    assert [(row["email"], row["state"], row["bounce"]) for row in rows] == [
        (reader(0), "accepted", ""),
        (reader(1), "failed", "hard"),
        (reader(2), "accepted", ""),
    ]
    assert "no such user" in rows[1]["says"]
    assert digest_check(type_, well=True)["well"]


def test_a_server_that_cannot_be_used_stops_with_one_line_and_doctor_tells(
    type_: Type, server: PostOffice
) -> None:
    server.at_dot = lambda who, _: "550 5.7.1 not from you"
    stopped = type_("digest", "send", status=1)
    assert "Nobody is lost" in stopped.output
    check = digest_check(type_, well=False)
    assert not check["well"]
    assert "digest resume" in check["says"]
    server.at_dot = lambda who, _: None
    type_("digest", "resume")
    type_("digest", "send")
    assert set(server.copies.values()) == {1}
    assert len(server.copies) == READERS


def test_a_server_that_is_away_is_told_with_the_next_attempt(type_: Type) -> None:
    type_("digest", "send", status=1)
    check = digest_check(type_, well=False)
    assert not check["well"]
    assert "out of order" in check["says"]


def test_pausing_and_cancelling_are_refused_where_they_make_no_sense(type_: Type, server: PostOffice) -> None:
    assert "approved and cannot be paused" in type_("digest", "pause", status=1).output
    type_("digest", "send")
    for verb in ("pause", "resume", "cancel"):
        assert "is sent and cannot be" in type_("digest", verb, status=1).output


def test_an_issue_cancelled_before_anybody_got_it_lets_its_stories_go(
    type_: Type, server: PostOffice, house: House
) -> None:
    type_("digest", "cancel", "--by", "Lan")
    assert "is cancelled (by Lan)" in type_("digest", "send", status=1).output
    with house.store.write() as memory:
        [issue] = memory.issues.all()
        assert not issue.went_out
        assert memory.issues.before("2026-w48") is None, "the next issue tells this week too"
        assert memory.issues.draft(issue.content, cut_at=house.now(), now=house.now())
    type_("digest", "approve")
    type_("digest", "send")
    assert len(server.copies) == READERS


def test_a_mail_servers_words_are_no_formula_in_the_table_of_readers(type_: Type, server: PostOffice) -> None:
    server.at_dot = lambda who, _: "250 =cmd|' /C calc'!A0"
    type_("digest", "send")
    rows = list(csv.DictReader(io.StringIO(type_("digest", "readers", "--csv").output)))
    assert {row["says"] for row in rows} == {"'=cmd|' /C calc'!A0"}


def test_an_issue_that_rests_tells_of_no_next_attempt(type_: Type, server: PostOffice) -> None:
    server.at_rcpt = lambda who, _: "450 4.2.0 greylisted" if who == reader(1) else None
    assert "the next attempt is due at" in type_("digest", "send").output
    type_("digest", "pause", "--by", "Lan")
    rests = type_("digest", "status").output
    assert "is paused (by Lan): 2 accepted, 1 deferred" in rests
    assert "next attempt" not in rests


def test_in_a_log_an_error_stands_alone(type_: Type) -> None:
    type_("digest", "cancel", "--by", "Lan")
    assert type_("digest", "send", status=1).output.splitlines() == ["issue 2026-w47 is cancelled (by Lan)"]
