"""Single mails that were asked for on the web: they wait in the store, and the clock sends them."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum

from syndication.digest.message import Note, note_bytes
from syndication.digest.pipeline.copies import claim_home
from syndication.digest.pipeline.office import CONFIRM, PREFERENCES, Office
from syndication.digest.send import ReaderDeferred, ReaderRefused, SendingError, Transport, Uncertain
from syndication.store import Memory
from syndication.store.mails import Mail

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)
"""A mail that was taken is free again after this; longer than a server may take to answer (RFC 5321 §4.5.3.2.6)."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120))
"""Waits between attempts; the last one again and again until nobody wants the mail any more."""
FULL_AGAIN = timedelta(days=2)
"""A bucket not touched for so long is full, whatever it counts."""


class Kind(StrEnum):
    """What a single mail is for; its texts stand in ``templates/mail/<kind>``."""

    CONFIRM = "confirm"
    ALREADY = "already"


def leave_mail(
    office: Office,
    memory: Memory,
    kind: Kind,
    email: str,
    *,
    language: str,
    about: str,
    expires_at: datetime,
) -> None:
    """Leave a mail for the clock. ``about`` is what its link is signed for when it is sent; no link is kept."""
    now = office.now()
    token = office.signer.digest("mail-id", kind, email, now.isoformat())
    memory.mails.put(
        kind,
        email,
        language=language,
        values={"about": about},
        message_id=f"<{token}@{office.links.authority}>",
        now=now,
        expires_at=expires_at,
    )


def send_waiting(office: Office) -> int:
    """Send the single mails that are due, and forget who never confirmed; returns how many were accepted.

    Where the mail server fails, all wait; where it does not want one of them, the others go out all the same. Raises
    IssueError for a copy of the database, which sends nothing.
    """
    now = office.now()
    with office.store.read() as memory:
        resume_at = memory.relay.state().resume_at
        anything = memory.mails.due(now=now) or memory.sign_ups.any_expired(now=now)
    if not anything or (resume_at and now < resume_at):
        return 0
    with office.store.write() as memory:
        claim_home(office, memory)
        memory.sign_ups.expire(now=now)
        memory.rates.forget(before=now - FULL_AGAIN)
    sent = 0
    with office.open_transport() as transport:
        while not office.stopping.is_set() and (mail := _take(office)):
            try:
                _send(office, transport, mail)
            except ReaderRefused as trouble:
                log.info("a mail to %s was refused for good: %s", mail.kind, trouble.code)
                _settle(office, mail, next_at=None)
            except (ReaderDeferred, Uncertain):
                _settle(office, mail, next_at=_next_at(office, mail))
            except SendingError as trouble:
                log.warning("mails wait: %s", trouble)
                _settle(office, mail, next_at=_next_at(office, mail))
                break
            else:
                _settle(office, mail, next_at=None)
                sent += 1
    return sent


def _take(office: Office) -> Mail | None:
    with office.store.write() as memory:
        mail = memory.mails.take(now=office.now(), lease=LEASE)
        if mail is None or not office.rates:
            return mail
        granted, wait = memory.rates.take(office.rates, 1, now=office.now())
        if not granted:
            memory.mails.later(mail.id, next_at=office.now() + wait)
        return mail if granted else None


def _next_at(office: Office, mail: Mail) -> datetime:
    return office.now() + PAUSES[min(mail.attempts, len(PAUSES)) - 1]


def _settle(office: Office, mail: Mail, *, next_at: datetime | None) -> None:
    with office.store.write() as memory:
        if next_at is None:
            memory.mails.done(mail.id)
        else:
            memory.mails.later(mail.id, next_at=next_at)


def _send(office: Office, transport: Transport, mail: Mail) -> None:
    transport.send(
        sender=office.bounce_address or parseaddr(office.mail_from)[1],
        recipient=mail.email,
        data=office.seal(_written(office, mail)),
    )


def _written(office: Office, mail: Mail) -> bytes:
    """A mail's bytes, the same at every attempt."""
    rendered = office.renderer.mail(mail.kind, language=mail.language, values={"link": _link(office, mail)})
    return note_bytes(
        Note(
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            mail_from=office.mail_from,
            to_address=mail.email,
            message_id=mail.message_id,
            date=mail.asked_at,
        )
    )


def _link(office: Office, mail: Mail) -> str:
    links, about = office.links.spoken(mail.language), mail.values["about"]
    if mail.kind == Kind.CONFIRM:
        return links.confirm(office.signer.sign(CONFIRM, about))
    return links.preferences(office.signer.sign(PREFERENCES, about))
