"""Counts what came back against the reader it went to: once is enough for a dead mailbox, a full one may recover."""

from __future__ import annotations

from datetime import datetime

from syndication.digest.bounce import Meaning, meaning_of
from syndication.digest.pipeline.office import Office
from syndication.digest.send import ReaderRefused
from syndication.domain.issue import Delivery
from syndication.domain.subscriber import Cause, Consent, ConsentEvent, SubscriberState
from syndication.store import Memory

SOFT_LIMIT = 3
"""So many soft bounces among the latest deliveries are as good as a hard one."""
SOFT_AMONG = 5


def count_refusal(
    office: Office, memory: Memory, delivery: Delivery, refusal: ReaderRefused, *, now: datetime
) -> None:
    """Count a reader whom the mail server refused at once (5xx to RCPT)."""
    meaning = meaning_of(refusal.enhanced, str(refusal), permanent=True)
    count(office, memory, delivery, meaning, code=refusal.enhanced, says=str(refusal), now=now)


def count(
    office: Office,
    memory: Memory,
    delivery: Delivery,
    meaning: Meaning,
    *,
    code: str | None,
    says: str,
    now: datetime,
) -> None:
    """Note what was reported about a delivery, and stop writing to the reader where that means it.

    What is about us or the content (``policy``) is noted and never held against the reader.
    """
    reader = memory.subscribers.get(delivery.subscriber)
    if reader is not None and reader.state is SubscriberState.ERASED:
        says = ""  # it may name them
    memory.deliveries.came_back(delivery.id, meaning=meaning, code=code, says=says)
    if reader is None or reader.state is not SubscriberState.ACTIVE:
        return
    if meaning is Meaning.COMPLAINT:
        state, cause, event = SubscriberState.COMPLAINED, Cause.COMPLAINED, ConsentEvent.COMPLAINED
    elif meaning is Meaning.HARD or (meaning is Meaning.SOFT and _too_often(memory, reader.id)):
        state, cause, event = SubscriberState.BOUNCED, Cause.BOUNCED, ConsentEvent.BOUNCED
    else:
        return
    address = office.addresses(reader.email.lower())[0]
    memory.subscribers.end(reader.id, state, now=now)
    memory.deliveries.suppress(reader.id, says=f"{state}: {says}", now=now)
    memory.consents.suppress(address, why=cause, says=says, now=now)
    memory.consents.note(Consent(address=address, event=event, how="report", words=says, network="", at=now))


def _too_often(memory: Memory, reader: int) -> bool:
    return memory.deliveries.bounced_lately(reader, last=SOFT_AMONG).count(Meaning.SOFT) >= SOFT_LIMIT
