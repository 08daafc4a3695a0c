"""Brings an issue to each of its readers, once.

    claim one reader | build their bytes | RCPT accepted → record «sending» → DATA | record the answer

Every step is recorded before the next begins, so a process killed anywhere is continued by the next one: what was
only claimed is sent by another, what was going out is ``uncertain`` and sent once more, the same to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from syndication.digest.pipeline.issue import find_issue
from syndication.digest.pipeline.letters import Letters
from syndication.digest.pipeline.office import Office
from syndication.digest.send import ReaderDeferred, ReaderRefused, SendingError, Transport, Uncertain
from syndication.domain.issue import Delivery, DeliveryState, Issue, IssueState
from syndication.domain.subscriber import SubscriberState
from syndication.errors import IssueError
from syndication.store import new_owner
from syndication.store.deliveries import Recipient

LEASE = timedelta(minutes=15)
"""A claimed delivery is free again after this; longer than a server may take to answer (RFC 5321 §4.5.3.2.6)."""
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720))
"""Waits between attempts for a reader whose server says «later»; after the last one it is given up."""
DOUBT_PAUSE = timedelta(minutes=5)
"""Wait before a message of which nobody knows whether it arrived is sent once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One delivery as it was settled, or why sending stops here."""

    delivery: Delivery | None
    state: DeliveryState | None
    says: str
    stops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where an issue stands; the numbers add up at every moment."""

    issue: str
    state: IssueState
    candidates: int
    excluded: dict[str, int]
    prepared: int
    counts: dict[str, int]
    next_at: datetime | None


def send_test(office: Office, name: str | None, *, to: str) -> str:
    """Send an issue as it is to one address, marked as a trial and counted nowhere; returns its subject."""
    issue = find_issue(office, name)
    token = office.signer.digest("test-message-id", issue.id, to, office.now().isoformat())
    subject, data = Letters(office, issue).for_trial(to, message_id=f"<{token}@{office.links.authority}>")
    with office.open_transport() as transport:
        transport.send(sender=parseaddr(office.mail_from)[1], recipient=to, data=data)
    return subject


def freeze(office: Office, issue: Issue) -> None:
    """Write down who gets an approved issue, and move it to ``sending``, in one transaction."""
    now = office.now()
    told = {entry.category for entry in issue.content.entries}
    excluded: dict[str, int] = {}
    recipients: list[Recipient] = []
    with office.store.write() as memory:
        for reader in memory.subscribers.all():
            key = reader.email.casefold()
            if reader.state is not SubscriberState.ACTIVE:
                excluded["unsubscribed"] = excluded.get("unsubscribed", 0) + 1
            elif reader.categories and not told & set(reader.categories):
                excluded["nothing-chosen"] = excluded.get("nothing-chosen", 0) + 1
            else:
                token = office.signer.digest("message-id", issue.id, key)
                recipients.append(
                    Recipient(
                        subscriber=reader.id,
                        email=reader.email,
                        email_key=key,
                        name=reader.name,
                        categories=reader.categories,
                        message_id=f"<{token}@{office.links.authority}>",
                    )
                )
        if not memory.issues.begin_sending(issue.id, excluded=excluded, now=now):
            return  # somebody else began, or the approval was taken back; the state says which
        memory.deliveries.prepare(issue.id, recipients, now=now)


def send_issue(office: Office, name: str | None = None) -> Iterator[Sent]:
    """Deliver an approved issue, or go on with one that is being sent; yields each delivery as it is settled.

    Ends when nothing is due. Raises IssueError when the issue is not approved.
    """
    issue = find_issue(office, name)
    if issue.state is IssueState.APPROVED:
        freeze(office, issue)
        issue = find_issue(office, issue.id)
    if issue.state is IssueState.DRAFT:
        raise IssueError(
            f"issue {issue.id} is a draft: approve it with `syndication digest approve {issue.id}`"
        )
    if issue.state is IssueState.SENT:
        raise IssueError(f"issue {issue.id} is sent already")
    owner = new_owner()
    letters = Letters(office, issue)
    with office.open_transport() as transport:
        while delivery := _claim(office, issue, owner=owner):
            sent = _deliver(office, letters, transport, delivery, owner=owner)
            yield sent
            if sent.stops:
                return
    with office.store.write() as memory:
        if not memory.deliveries.unfinished(issue.id):
            memory.issues.finish(issue.id, now=office.now())


def _claim(office: Office, issue: Issue, *, owner: str) -> Delivery | None:
    now = office.now()
    with office.store.write() as memory:
        memory.release_gone(now=now)
        memory.deliveries.doubt(now=now)
        return memory.deliveries.claim(issue.id, owner=owner, now=now, lease=LEASE)


class _ClaimLost(Exception):
    """The claim ended before the message went out; somebody else has it."""


class _ReaderLeft(Exception):
    """The reader ended the digest between claim and sending."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What an attempt came to, and what is to be done about it."""

    state: DeliveryState
    says: str
    code: int | None = None
    again_in: timedelta | None = None
    stops: bool = False


def _deliver(
    office: Office, letters: Letters, transport: Transport, delivery: Delivery, *, owner: str
) -> Sent:
    """Send one message and record what became of it."""

    def begin() -> None:
        with office.store.write() as memory:
            reader = memory.subscribers.get(delivery.subscriber)
            if reader is None or reader.state is not SubscriberState.ACTIVE:
                raise _ReaderLeft
            if not memory.deliveries.begin(delivery.id, owner=owner, now=office.now(), lease=LEASE):
                raise _ClaimLost

    try:
        receipt = transport.send(
            sender=parseaddr(office.mail_from)[1],
            recipient=delivery.email,
            data=letters.for_reader(delivery),
            before_data=begin,
        )
    except _ClaimLost:
        return Sent(delivery=delivery, state=None, says="somebody else is sending it")
    except _ReaderLeft:
        outcome = _Outcome(DeliveryState.SUPPRESSED, "the reader left before it was sent")
    except SendingError as trouble:
        outcome = _after(trouble, delivery)
    else:
        outcome = _Outcome(DeliveryState.ACCEPTED, receipt.says, receipt.code)
        if delivery.doubtful:
            says = f"accepted on a second sending; the first may have arrived too ({receipt.says})"
            outcome = _Outcome(DeliveryState.UNCERTAIN, says, receipt.code)
    now = office.now()
    with office.store.write() as memory:
        memory.deliveries.settle(
            delivery.id,
            owner=owner,
            state=outcome.state,
            code=outcome.code,
            says=outcome.says,
            now=now,
            next_at=now + outcome.again_in if outcome.again_in is not None else None,
            doubtful=outcome.state is DeliveryState.UNCERTAIN,
        )
    return Sent(delivery=delivery, state=outcome.state, says=outcome.says, stops=outcome.stops)


def _after(trouble: SendingError, delivery: Delivery) -> _Outcome:
    """What to do about an attempt that was not accepted."""
    says, code = str(trouble), trouble.code
    match trouble:
        case Uncertain():
            # Once more, the same bytes; a mailbox that knows the Message-ID keeps one copy.
            again = DOUBT_PAUSE if delivery.attempts < 1 else None
            return _Outcome(DeliveryState.UNCERTAIN, says, code, again)
        case ReaderRefused():
            return _Outcome(DeliveryState.FAILED, says, code)
        case ReaderDeferred() if delivery.attempts >= len(PAUSES):
            return _Outcome(DeliveryState.FAILED, f"given up: {says}", code)
        case ReaderDeferred():
            return _Outcome(DeliveryState.DEFERRED, says, code, PAUSES[delivery.attempts])
        case _:
            # The server's trouble, or ours; not this reader's: everyone waits.
            return _Outcome(DeliveryState.DEFERRED, says, code, PAUSES[0], stops=True)


def issue_status(office: Office, name: str | None = None) -> Status:
    """How many readers got an issue, and how the others stand."""
    issue = find_issue(office, name)
    with office.store.read() as memory:
        counts = memory.deliveries.counts(issue.id)
        excluded = memory.issues.excluded(issue.id)
        next_at = memory.deliveries.next_at(issue.id)
    prepared = sum(counts.values())
    return Status(
        issue=issue.id,
        state=issue.state,
        candidates=prepared + sum(excluded.values()),
        excluded=excluded,
        prepared=prepared,
        counts=counts,
        next_at=next_at,
    )


def issue_readers(office: Office, name: str | None = None) -> list[Delivery]:
    """Who got an issue, who did not, and why."""
    issue = find_issue(office, name)
    with office.store.read() as memory:
        return memory.deliveries.of_issue(issue.id)
