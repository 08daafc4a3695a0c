"""Takes in what came back after a digest was mailed: bounces, complaints, and mails by which readers leave.

Anybody may write to the address mails come back to. What counts is the token in it, which only we can make: without one
nothing is held against anybody.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.parser import BytesHeaderParser

from syndication.digest.bounce import Meaning, Report, read_report
from syndication.digest.pipeline.bounced import count
from syndication.digest.pipeline.choices import leave
from syndication.digest.pipeline.office import RETURN, UNSUBSCRIBE, Office
from syndication.domain.issue import Delivery, DeliveryState
from syndication.domain.subscriber import SubscriberState

_HEADERS_READ = 64_000
_COUNTED = (Meaning.HARD, Meaning.SOFT, Meaning.POLICY, Meaning.COMPLAINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a mail that came back was, and what was done about it."""

    meaning: Meaning
    email: str
    """The reader it is about; empty where no token of ours says so."""
    says: str
    """In one line, what was done."""

    @property
    def useful(self) -> bool:
        """Whether it was for us."""
        return bool(self.email)


def take_in(office: Office, raw: bytes) -> Taken:
    """Read one mail (RFC 5322) and do what it asks for; the same mail a second time changes nothing."""
    report = read_report(raw, returns_to=office.bounce_address)
    delivery, reader = _whose(office, report)
    # Who complains without a mail it could be counted against wants no more either.
    leaves = report.meaning is Meaning.LEAVE or (report.meaning is Meaning.COMPLAINT and delivery is None)
    if leaves and reader is not None:
        return _let_go(office, reader)
    if delivery is None or report.meaning not in _COUNTED:
        return Taken(meaning=report.meaning, email="", says=_passed_over(report, delivery))
    now = office.now()
    with office.store.write() as memory:
        before = memory.subscribers.get(delivery.subscriber)
        erased = before is not None and before.state is SubscriberState.ERASED
        kept = memory.bounces.note(
            _fingerprint(raw, delivery),
            delivery=delivery.id,
            meaning=report.meaning,
            code=report.code,
            says="" if erased else report.says,  # it may name them
            now=now,
        )
        if kept:
            if delivery.state is DeliveryState.UNCERTAIN:
                # What comes back has gone out: this much is known of it now.
                memory.deliveries.found(delivery.id, says="accepted: a report about it came back", now=now)
            count(office, memory, delivery, report.meaning, code=report.code, says=report.says, now=now)
        after = memory.subscribers.get(delivery.subscriber)
    state = f"the reader is {after.state}" if after else "the reader is unknown"
    says = state if kept else f"known already; {state}"
    return Taken(meaning=report.meaning, email=delivery.email, says=says)


def _whose(office: Office, report: Report) -> tuple[Delivery | None, int | None]:
    """The delivery a report is about and its reader's id, by the first token of ours in it."""
    for token in report.tokens:
        delivery = office.signer.read(RETURN, token)
        if delivery is not None and delivery.isdigit():
            with office.store.read() as memory:
                found = memory.deliveries.get(int(delivery))
            return found, found.subscriber if found else None
        reader = office.signer.read(UNSUBSCRIBE, token)
        if reader is not None and reader.isdigit():
            return _newest_got_by(office, int(reader)), int(reader)
    return None, None


def _newest_got_by(office: Office, reader: int) -> Delivery | None:
    """What a report is about that shows of our mail only the address to leave at: which one it was, nobody says."""
    with office.store.read() as memory:
        theirs = memory.deliveries.of_subscriber(reader)
    return next((one for one in reversed(theirs) if one.state is DeliveryState.ACCEPTED), None)


def _let_go(office: Office, reader: int) -> Taken:
    with office.store.read() as memory:
        known = memory.subscribers.get(reader)
    ended = leave(office, reader, how="mail")
    email = known.email if known else ""
    says = "the reader left" if ended else "the reader had left before"
    return Taken(meaning=Meaning.LEAVE, email=email, says=says)


def _passed_over(report: Report, delivery: Delivery | None) -> str:
    if report.meaning in (Meaning.AUTOMATIC, Meaning.UNKNOWN):
        return "nothing was done: it reports no failure and asks for nothing"
    if delivery is None:
        return "nothing was done: it holds no token of ours, so nobody knows whom it is about"
    return "nothing was done"


def _fingerprint(raw: bytes, delivery: Delivery) -> str:
    """The same for one report however it arrives: by its Message-ID where it has one, else by its bytes."""
    name = BytesHeaderParser().parsebytes(raw[:_HEADERS_READ]).get("Message-ID")
    part = str(name).strip().encode(errors="replace") if name else raw
    return hashlib.sha256(part + b"\0" + str(delivery.id).encode()).hexdigest()
