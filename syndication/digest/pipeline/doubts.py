"""Finds out what became of messages whose sender died or whose server went silent, before they go out again.

First the journals of processes of this machine that are gone, which know it message by message; then the mail server's
log, where there is one. What is in doubt even then is sent again, or left to a person.
"""

from __future__ import annotations

from datetime import datetime

from syndication.digest.journal import LeftBehind, left_behind
from syndication.digest.pipeline.office import Office
from syndication.digest.pipeline.verdict import outcome_of
from syndication.digest.send import Receipt
from syndication.store import Memory, is_gone


def look_up_doubts(office: Office, issue: str, *, hold: bool) -> bool:
    """Look up all that is in doubt now; returns whether any sender was found dead.

    ``hold``: what stays in doubt is left to a person.
    """
    now = office.now()
    with office.store.write() as memory:
        released = memory.release_gone(now=now)
        journals = _recover(office, memory, now=now)
        doubted = memory.deliveries.doubt(now=now)
        doubts = memory.deliveries.in_doubt(issue, now=now)
    for journal in journals:
        journal.remove()
    if doubts:
        known = office.evidence(doubts)
        with office.store.write() as memory:
            for message_id, how in known.items():
                memory.deliveries.found(doubts[message_id], says=how, now=now)
            if hold:
                memory.deliveries.hold(
                    issue,
                    says="nobody knows whether this arrived; send it again with"
                    f" `syndication digest send {issue} --again uncertain`",
                    now=now,
                )
    return bool(released or doubted)


def _recover(office: Office, memory: Memory, *, now: datetime) -> list[LeftBehind]:
    """Settle what processes of this machine that are gone have left in their journals; returns these."""
    journals = list(left_behind(office.journals, is_gone)) if office.journals else []
    for journal in journals:
        held = {one.id: one for one in memory.deliveries.held_by(journal.owner)}
        took = {number: taken for number, taken in journal.accepted.items() if number in held}
        memory.deliveries.settle(
            [
                outcome_of(held[number], Receipt(code, says), resend=office.resend, now=now)
                for number, (code, says) in took.items()
            ],
            owner=journal.owner,
            now=now,
        )
        unsent = held.keys() - took.keys() - journal.begun
        memory.deliveries.give_back(unsent, owner=journal.owner, now=now)
    return journals
