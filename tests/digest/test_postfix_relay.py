"""The transport and a real Postfix: what it takes, whom it refuses, and the report that finds its reader again."""

from __future__ import annotations

import email
import email.policy
import threading
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as ServedEnvelope

from syndication.digest.send import Envelope, ReaderRefused, Receipt, SendingError, Transport
from tests.postfix import Postfix
from tests.sink import Sink, serving

DATA = b"From: tin@example.vn\r\nMessage-ID: <1@example.vn>\r\nSubject: Tin\r\n\r\n.Tin trong tuan\r\n"
PATIENCE = 30  # seconds, for what Postfix does on its own


class Mailboxes(Sink):
    """The server behind Postfix: has no mailbox «mat», and tells who waits when a letter has come."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = threading.Semaphore(0)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: ServedEnvelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("mat@"):
            return "550 5.1.1 no such mailbox"
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: ServedEnvelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        self.arrived.release()
        return answer

    def wait(self, letters: int) -> None:
        for _ in range(letters):
            assert self.arrived.acquire(timeout=PATIENCE)


@pytest.fixture
def mailboxes() -> Mailboxes:
    return Mailboxes()


@pytest.fixture
def postfix(mailboxes: Mailboxes, free_port: int) -> Iterator[Postfix]:
    readers = ["anh@docgia.example", "binh@docgia.example", "mat@docgia.example"]
    with (
        serving(mailboxes) as sink_port,
        Postfix(port=free_port, sink_port=sink_port, readers=readers) as started,
    ):
        yield started


def run(postfix: Postfix, *readers: str) -> list[Receipt | SendingError]:
    envelopes = [
        Envelope(
            sender=f"tra-lai+{number}@example.vn",
            recipient=f"{reader}@docgia.example",
            data=DATA,
            token=f"w47/r{number}",
        )
        for number, reader in enumerate(readers)
    ]
    with Transport(f"smtp://127.0.0.1:{postfix.port}") as transport:
        return [outcome for _, outcome in transport.send_many(envelopes)]


def test_postfix_takes_a_run_and_an_unknown_reader_in_the_middle_disturbs_nobody(
    postfix: Postfix, mailboxes: Mailboxes
) -> None:
    first, unknown, last = run(postfix, "anh", "khong-co", "binh")
    assert isinstance(first, Receipt)
    assert isinstance(unknown, ReaderRefused)
    assert (unknown.code, unknown.enhanced, unknown.policy) == (550, "5.1.1", False)
    assert isinstance(last, Receipt)
    mailboxes.wait(2)
    assert sorted(recipient for _, recipient, _ in mailboxes.received) == [
        "anh@docgia.example",
        "binh@docgia.example",
    ]
    assert all(data.endswith(b"\r\n\r\n.Tin trong tuan\r\n") for _, _, data in mailboxes.received)
    # Postfix's own id for a message is in our record of its answer, and so in its log.
    assert first.says.rsplit(" ", 1)[-1] in postfix.log.read_text(encoding="utf-8")
    assert postfix.log.read_text(encoding="utf-8").count(" connect from ") == 1


def test_the_report_about_a_dead_mailbox_names_our_envelope_and_its_reader(
    postfix: Postfix, mailboxes: Mailboxes
) -> None:
    (accepted,) = run(postfix, "mat")
    assert isinstance(accepted, Receipt)
    mailboxes.wait(1)
    ((sender, recipient, data),) = mailboxes.received
    assert (sender, recipient) == ("<>", "tra-lai+0@example.vn")
    report = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(report, EmailMessage)
    assert report.get_content_type() == "multipart/report"
    (status,) = [part for part in report.walk() if part.get_content_type() == "message/delivery-status"]
    about_message, about_reader = status.iter_parts()
    assert about_message["Original-Envelope-Id"] == "w47/r0"
    assert about_reader["Original-Recipient"] == "rfc822;mat@docgia.example"
    assert about_reader["Status"] == "5.1.1"
    # RET=HDRS: what comes back knows our message by its headers and carries no text.
    assert b"<1@example.vn>" in data
    assert b"Tin trong tuan" not in data


def test_a_relay_that_is_not_for_us_is_a_rule_and_no_bounce(mailboxes: Mailboxes, free_port: int) -> None:
    closed = {"smtpd_relay_restrictions": "reject_unauth_destination"}
    with (
        serving(mailboxes) as sink_port,
        Postfix(port=free_port, sink_port=sink_port, settings=closed) as postfix,
        Transport(f"smtp://127.0.0.1:{postfix.port}") as transport,
        pytest.raises(ReaderRefused, match="Relay access denied") as refused,
    ):
        transport.send(sender="tin@example.vn", recipient="anh@noi-khac.example", data=DATA)
    assert (refused.value.code, refused.value.enhanced, refused.value.policy) == (554, "5.7.1", True)


def test_what_cannot_go_on_waits_in_the_queue_by_its_sender(free_port: int, unused_port: int) -> None:
    with Postfix(port=free_port, sink_port=unused_port, readers=["anh@docgia.example"]) as postfix:
        (accepted,) = run(postfix, "anh")
        assert isinstance(accepted, Receipt)
        (waiting,) = postfix.queue()
        assert waiting["queue_id"] == accepted.says.rsplit(" ", 1)[-1]
        assert waiting["sender"] == "tra-lai+0@example.vn"
        assert [recipient["address"] for recipient in waiting["recipients"]] == ["anh@docgia.example"]
