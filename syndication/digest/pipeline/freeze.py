"""Writes down who gets an issue, and who does not and why, at the moment its sending begins."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from syndication.digest.pipeline.office import Office
from syndication.domain.issue import Issue
from syndication.domain.subscriber import Cause, Subscriber, SubscriberState
from syndication.errors import IssueError
from syndication.store.deliveries import Recipient

AT_ONCE = 1000
"""Readers looked at together, so that memory does not grow with their number."""


def freeze(office: Office, issue: Issue) -> None:
    """Move an approved issue to ``sending`` with its recipients, in one transaction.

    Does nothing where somebody else did it first or the approval was taken back; the issue's state says which.
    Every reader on record is either a recipient or excluded with a reason; raises IssueError if that is not so.
    """
    now = office.now()
    chosen = _Chosen(issue)
    counts: Counter[str] = Counter()
    prepared = 0
    with office.store.write() as memory:
        candidates = memory.subscribers.count()
        if not memory.issues.begin_sending(issue.id, candidates=candidates, now=now):
            return
        for readers in memory.subscribers.walk(at_once=AT_ONCE):
            hashes = {reader.id: office.addresses(reader.email.lower()) for reader in readers}
            refused = memory.consents.suppressed_among({one for many in hashes.values() for one in many})
            recipients: list[Recipient] = []
            excluded: list[tuple[int, str, str]] = []
            for reader in readers:
                cause = next((refused[one] for one in hashes[reader.id] if one in refused), None)
                if why := _left_out(reader, cause, chosen, now=now):
                    excluded.append((reader.id, reader.email, why))
                else:
                    recipients.append(_recipient(office, issue, reader))
            memory.issues.exclude(issue.id, excluded)
            counts.update(why for _, _, why in excluded)
            prepared += memory.deliveries.prepare(issue.id, recipients, now=now)
        memory.issues.left_out(issue.id, counts)
        if prepared + counts.total() != candidates:
            raise IssueError(
                f"issue {issue.id} would go to {prepared} of {candidates} readers and {counts.total()} are left out"
                " with a reason: nobody may be lost, so nothing is sent; report this"
            )


class _Chosen:
    """Whether an issue has anything for a choice of categories and portals; worked out once for each choice."""

    def __init__(self, issue: Issue) -> None:
        self._content = issue.content
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...]], bool] = {}

    def anything_for(self, reader: Subscriber) -> bool:
        choice = reader.categories, reader.portals
        if choice not in self._known:
            self._known[choice] = bool(self._content.only(reader.categories, reader.portals).entries)
        return self._known[choice]


def _left_out(reader: Subscriber, cause: Cause | None, chosen: _Chosen, *, now: datetime) -> str | None:
    """Why a reader on record gets nothing of this issue, or None."""
    if reader.state is not SubscriberState.ACTIVE:
        return str(reader.state)
    if cause:
        return str(cause)
    if reader.is_paused(now):
        return "paused"
    return None if chosen.anything_for(reader) else "nothing-chosen"


def _recipient(office: Office, issue: Issue, reader: Subscriber) -> Recipient:
    key = reader.email.lower()
    token = office.signer.digest("message-id", issue.id, key)
    return Recipient(
        subscriber=reader.id,
        email=reader.email,
        email_key=key,
        name=reader.name,
        categories=reader.categories,
        portals=reader.portals,
        message_id=f"<{token}@{office.links.authority}>",
    )
