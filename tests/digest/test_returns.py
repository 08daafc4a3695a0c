"""What comes back is held against a reader only where our token says whose it is, and as often as it should."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from syndication.bootstrap import House
from syndication.cli import main
from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.office import UNSUBSCRIBE, Office
from syndication.digest.pipeline.readers import erase
from syndication.digest.pipeline.returns import take_in
from syndication.digest.pipeline.tally import issue_readers, issue_status
from syndication.digest.send import Transport
from syndication.domain.issue import Delivery, DeliveryState
from syndication.domain.subscriber import Cause, SubscriberState
from syndication.settings import read_settings
from syndication.store.tables import deliveries, metadata
from syndication.web import create_app
from tests.digest.post_office import issue_to_send, post_office, reader

pytestmark = pytest.mark.postgres_in_ci

BOUNCE_ADDRESS = "tra-lai@tin.example.vn"
READERS = 4


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    return environment | {
        "SYNDICATION_BOUNCE_ADDRESS": BOUNCE_ADDRESS,
        "SYNDICATION_HOOK_KEY": "a key for the hook alone",
    }


@pytest.fixture
def office(house: House, unused_port: int) -> Office:
    return replace(house.office, open_transport=lambda: Transport(f"smtp://127.0.0.1:{unused_port}"))


@pytest.fixture
def sent(office: Office, unused_port: int) -> list[Delivery]:
    """The deliveries of an issue that was sent, in the order of their readers."""
    with post_office(unused_port):
        issue = issue_to_send(office, readers=READERS)
        list(send_issue(office, issue.id))
    with office.store.read() as memory:
        return memory.deliveries.of_issue(issue.id)


def report(
    office: Office, delivery: Delivery, *, status: str = "5.1.1", action: str = "failed", name: str = "1"
) -> bytes:
    """A report as Postfix writes it, to the address the delivery came from."""
    to = office.sender(delivery.id)
    return f"""Return-Path: <>
Delivered-To: {to}
Message-ID: <{name}@relay.example>
From: MAILER-DAEMON@relay.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {delivery.email}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} said the server

--b1--
""".replace("\n", "\r\n").encode()


def state(office: Office, number: int) -> SubscriberState:
    with office.store.read() as memory:
        found = memory.subscribers.find(reader(number))
    assert found
    return found.state


def test_a_dead_mailbox_is_written_to_no_more_and_no_list_brings_it_back(
    office: Office, sent: list[Delivery]
) -> None:
    taken = take_in(office, report(office, sent[1]))
    assert (taken.meaning, taken.email) == ("hard", reader(1))
    assert [state(office, n) for n in range(READERS)] == ["active", "bounced", "active", "active"]
    with office.store.read() as memory:
        assert memory.consents.suppressed(office.addresses(reader(1))) is Cause.BOUNCED
    status = issue_status(office)
    assert status.counts == {"accepted": READERS}
    assert status.bounced == {"hard": 1}
    [came_back] = [one for one in issue_readers(office) if one.bounce]
    assert came_back.email == reader(1)
    assert "5.1.1" in came_back.says


def test_a_forged_report_is_held_against_nobody(office: Office, sent: list[Delivery]) -> None:
    true = office.sender(sent[1].id)
    name, _, host = true.partition("@")
    forged = f"{name[:-1]}{'a' if name[-1] != 'a' else 'b'}@{host}"
    for instead in (forged, BOUNCE_ADDRESS, f"tra-lai+{sent[1].id}@tin.example.vn"):
        raw = report(office, sent[1]).replace(true.encode(), instead.encode())
        taken = take_in(office, raw)
        assert taken.email == ""
        assert "no token of ours" in taken.says
    assert {state(office, n) for n in range(READERS)} == {SubscriberState.ACTIVE}
    assert issue_status(office).bounced == {}


@pytest.mark.parametrize(
    ("status", "action"), [("5.7.1", "failed"), ("4.4.1", "delayed"), ("2.0.0", "delivered")]
)
def test_what_says_nothing_about_the_mailbox_ends_nothing(
    office: Office, sent: list[Delivery], status: str, action: str
) -> None:
    take_in(office, report(office, sent[0], status=status, action=action))
    assert state(office, 0) is SubscriberState.ACTIVE


def test_three_soft_bounces_of_the_last_five_are_one_too_many(
    office: Office, sent: list[Delivery], house: House
) -> None:
    with office.store.write() as memory:
        deliveries = memory.deliveries
        bounces = [deliveries.bounced_lately(sent[0].subscriber, last=5)]
        # Four more issues, of which two come back.
        for week in range(48, 52):
            memory.connection.exec_driver_sql(
                "INSERT INTO issues (id, state, content, hash, composed_at, cut_at)"
                f" SELECT '2026-w{week}', 'sent', content, hash, composed_at, cut_at FROM issues WHERE id = '2026-w47'"
            )
            memory.connection.exec_driver_sql(
                "INSERT INTO deliveries"
                " (issue, subscriber, email, email_key, name, categories, message_id, state, attempts, doubtful)"
                f" SELECT '2026-w{week}', subscriber, email, email_key, name, categories, message_id, 'accepted',"
                f" 1, doubtful FROM deliveries WHERE id = {sent[0].id}"
            )
        all_of_them = deliveries.of_subscriber(sent[0].subscriber)
    assert bounces == [[""]]
    assert len(all_of_them) == 5
    for name, one in enumerate(all_of_them[:2]):
        take_in(office, report(office, one, status="5.2.2", name=str(name)))
    assert state(office, 0) is SubscriberState.ACTIVE
    take_in(office, report(office, all_of_them[1], status="5.2.2", name="1"))
    assert state(office, 0) is SubscriberState.ACTIVE, "the same report again is no third one"
    take_in(office, report(office, all_of_them[4], status="5.2.2", name="4"))
    assert state(office, 0) is SubscriberState.BOUNCED


def test_a_complaint_ends_it_at_once(office: Office, sent: list[Delivery]) -> None:
    to = office.sender(sent[2].id)
    raw = f"""Delivered-To: {to}
From: <feedback@provider.example>
To: {to}
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b1"

--b1
Content-Type: text/plain

This is a report of abuse.

--b1
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1

--b1--
""".replace("\n", "\r\n").encode()
    assert take_in(office, raw).meaning == "complaint"
    assert state(office, 2) is SubscriberState.COMPLAINED


def test_a_mail_to_the_address_in_the_header_unsubscribes(office: Office, sent: list[Delivery]) -> None:
    token = office.signer.sign(UNSUBSCRIBE, str(sent[3].subscriber))
    address = office.unsubscribe_mailto(token)
    assert address
    to = address.removeprefix("mailto:").partition("?")[0]
    raw = f"From: <{reader(3)}>\r\nTo: <{to}>\r\nSubject: unsubscribe\r\n\r\n".encode()
    taken = take_in(office, raw)
    assert (taken.meaning, taken.says) == ("leave", "the reader left")
    assert take_in(office, raw).says == "the reader had left before"
    assert state(office, 3) is SubscriberState.UNSUBSCRIBED
    with office.store.read() as memory:
        [left] = [one for one in memory.consents.of(office.addresses(reader(3))) if one.event == "left"]
    assert left.how == "mail"


def test_an_address_in_the_envelope_is_short_enough_for_every_server(office: Office) -> None:
    local = office.sender(10**12).partition("@")[0]
    assert len(local) <= 64, "RFC 5321 §4.5.3.1.1"


def test_the_command_reads_a_mail_from_its_standard_input(
    office: Office, sent: list[Delivery], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(main, ["bounce", "--json"], input=report(office, sent[1]))
    assert done.exit_code == 0, done.output
    assert f'"{reader(1)}"' in done.output
    assert state(office, 1) is SubscriberState.BOUNCED


def test_without_an_address_to_come_back_to_the_command_says_what_to_set(
    environment: dict[str, str], house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (environment | {"SYNDICATION_BOUNCE_ADDRESS": BOUNCE_ADDRESS}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SYNDICATION_BOUNCE_ADDRESS")
    done = CliRunner().invoke(main, ["bounce"], input=b"Subject: x\r\n\r\n")
    assert done.exit_code == 1
    assert "SYNDICATION_BOUNCE_ADDRESS" in done.output


def test_a_provider_hands_in_a_mail_with_the_key_alone(
    house: House, office: Office, sent: list[Delivery]
) -> None:
    client = create_app(house).test_client()
    mail = report(office, sent[1])
    assert client.post("/hooks/bounce", data=mail).status_code == 401
    assert client.post("/hooks/bounce", data=mail, headers={"Authorization": "Bearer no"}).status_code == 401
    assert state(office, 1) is SubscriberState.ACTIVE
    key = {"Authorization": "Bearer a key for the hook alone", "Content-Type": "message/rfc822"}
    assert client.get("/hooks/bounce", headers=key).status_code == 405
    assert client.post("/hooks/bounce", data=mail, headers=key).status_code == 204
    assert state(office, 1) is SubscriberState.BOUNCED
    lower = {"Authorization": "bearer a key for the hook alone"}  # RFC 9110 §11.1: the scheme in any case
    assert client.post("/hooks/bounce", data=mail, headers=lower).status_code == 204


def test_without_a_key_there_is_no_hook(environment: dict[str, str], house: House, tmp_path: Path) -> None:
    without = {name: value for name, value in environment.items() if name != "SYNDICATION_HOOK_KEY"}
    closed = House(read_settings(without), now=house.now)
    closed.__dict__["store"] = house.store
    answer = create_app(closed).test_client().post("/hooks/bounce", headers={"Authorization": "Bearer "})
    assert answer.status_code == 404


def test_evidence_that_comes_back_settles_a_doubt(office: Office, unused_port: int) -> None:
    with post_office(unused_port) as server:
        issue = issue_to_send(office, readers=1)
        server.at_dot = lambda who, attempt: "keep and drop the connection"
        list(send_issue(office, issue.id))
        with office.store.read() as memory:
            [doubted] = memory.deliveries.of_issue(issue.id)
        assert doubted.state == "uncertain"
        take_in(office, report(office, doubted, status="5.2.2"))
        later = replace(office, now=lambda: office.now() + timedelta(minutes=6))
        list(send_issue(later, issue.id))
        assert server.copies == {reader(0): 1}


def complaint(office: Office, *returned: str, about: tuple[str, ...] = ()) -> bytes:
    """A complaint as a provider sends it to the address we gave it: with a copy of some of the mail's headers."""
    return "\r\n".join(
        (
            "From: <feedback@provider.example>",
            f"To: {BOUNCE_ADDRESS}",
            "Content-Type: multipart/report; report-type=feedback-report; boundary=b1",
            "",
            "--b1",
            "Content-Type: message/feedback-report",
            "",
            *("Feedback-Type: abuse", "User-Agent: SomeGenerator/1.0", "Version: 1", *about),
            "",
            "--b1",
            "Content-Type: text/rfc822-headers",
            "",
            *("Subject: [redacted]", *returned),
            "",
            "--b1--",
            "",
        )
    ).encode()


def test_a_complaint_that_shows_only_the_address_to_leave_at_is_its_readers(
    office: Office, sent: list[Delivery]
) -> None:
    mailto = office.unsubscribe_mailto(office.signer.sign(UNSUBSCRIBE, str(sent[1].subscriber)))
    taken = take_in(office, complaint(office, f"List-Unsubscribe: <https://tin.example.vn/x>, <{mailto}>"))
    assert (taken.meaning, taken.email) == ("complaint", reader(1))
    assert state(office, 1) is SubscriberState.COMPLAINED


def test_a_complaint_may_name_the_envelope_instead_of_showing_the_mail(
    office: Office, sent: list[Delivery]
) -> None:
    """RFC 5965 §3.2."""
    for number, name in enumerate(("Original-Mail-From: <{}>", "Original-Envelope-Id: {}")):
        sender = office.sender(sent[number].id)
        given = sender if "Mail-From" in name else sender.partition("+")[2].partition("@")[0]
        assert take_in(office, complaint(office, about=(name.format(given),))).email == reader(number)
        assert state(office, number) is SubscriberState.COMPLAINED


def everything(office: Office) -> str:
    """All that the database holds."""
    with office.store.read() as memory:
        return str([memory.connection.execute(select(table)).all() for table in metadata.sorted_tables])


def test_of_an_erased_person_nothing_stays_of_what_servers_said(office: Office, sent: list[Delivery]) -> None:
    says = f"550 5.1.1 <{reader(0)}>: user unknown"
    take_in(office, report(office, sent[0]).replace(b"550 5.1.1 said the server", says.encode()))
    assert says in everything(office)
    assert erase(office, reader(0), how="command line")
    assert reader(0) not in everything(office)


@pytest.mark.parametrize("status", ["5.1.1", "5.2.2", "5.7.1"])
def test_what_comes_back_after_an_erasure_does_not_bring_the_address_back(
    office: Office, sent: list[Delivery], status: str
) -> None:
    assert erase(office, reader(0), how="command line")
    taken = take_in(office, report(office, sent[0], status=status).replace(b"said", reader(0).encode()))
    assert taken.says == "the reader is erased"
    assert reader(0) not in everything(office)
    [came_back] = [one for one in issue_readers(office) if one.bounce]
    assert came_back.says == f"came back: {status}"


def test_a_complaint_that_names_no_mail_settles_no_doubt(office: Office, sent: list[Delivery]) -> None:
    """It may be about another issue."""
    with office.store.write() as memory:
        memory.connection.execute(
            update(deliveries)
            .where(deliveries.c.id == sent[1].id)
            .values(state=DeliveryState.UNCERTAIN, doubtful=True)
        )
    mailto = office.unsubscribe_mailto(office.signer.sign(UNSUBSCRIBE, str(sent[1].subscriber)))
    take_in(office, complaint(office, f"List-Unsubscribe: <{mailto}>"))
    assert issue_status(office).counts == {"accepted": READERS - 1, "uncertain": 1}
    assert state(office, 1) is SubscriberState.UNSUBSCRIBED
