"""A mail server for the demo that keeps every message as a file, to be opened with any mail program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from syndication import text

RETURNED = "returned"
"""The folder of reports, in the folder of mails."""

_REPORT = """\
Return-Path: <>
Delivered-To: {sender}
From: MAILER-DAEMON@mail.docgia.example (Mail Delivery System)
To: {sender}
Subject: Undelivered Mail Returned to Sender
Message-ID: <report-{count}@mail.docgia.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="report"

--report
Content-Type: text/plain; charset=us-ascii

This is the mail system of mail.docgia.example. There is no mailbox {reader} any more.

--report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.docgia.example

Final-Recipient: rfc822; {reader}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{reader}>: mailbox does not exist

--report--
"""


class _Keeper:
    """Writes each message to ``<recipient>-<number>.eml``, and its pages beside it as .html and .txt.

    For a mailbox that is ``gone`` it writes a report (RFC 3464) to ``returned/`` instead, as the server of that mailbox
    would send to the message's sender.
    """

    def __init__(self, folder: Path, gone: frozenset[str]) -> None:
        self._folder = folder
        self._gone = gone
        self._count = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        """Keep one message."""
        self._count += 1
        data = envelope.content if isinstance(envelope.content, bytes) else b""
        reader = str(envelope.rcpt_tos[0])
        name = f"{text.slug(reader.partition('@')[0])}-{self._count}"
        if reader in self._gone:
            report = _REPORT.format(sender=envelope.mail_from, reader=reader, count=self._count)
            (self._folder / RETURNED).mkdir(exist_ok=True)
            (self._folder / RETURNED / f"{name}.eml").write_bytes(report.replace("\n", "\r\n").encode())
            return f"250 kept as {name}"
        (self._folder / f"{name}.eml").write_bytes(data)
        for part in message_from_bytes(data).walk():
            suffix = {"text/html": "html", "text/plain": "txt"}.get(part.get_content_type())
            body = part.get_payload(decode=True)
            if suffix and isinstance(body, bytes):
                (self._folder / f"{name}.{suffix}").write_bytes(body)
        return f"250 kept as {name}"


@contextmanager
def mailbox(folder: Path, *, port: int, gone: Iterable[str] = ()) -> Iterator[None]:
    """Receive mail on loopback at this port while in use; mailboxes that are ``gone`` answer with a report."""
    folder.mkdir(parents=True, exist_ok=True)
    controller = Controller(_Keeper(folder, frozenset(gone)), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def subjects(folder: Path) -> list[tuple[Path, str]]:
    """Every kept message and its subject as a person reads it."""
    found = []
    for path in sorted(folder.glob("*.eml")):
        raw = message_from_bytes(path.read_bytes())["Subject"] or ""
        found.append((path, str(make_header(decode_header(raw)))))
    return found
