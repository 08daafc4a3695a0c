"""Who got an issue, who did not, and why: the numbers add up at every moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syndication.digest.pipeline.issue import find_issue
from syndication.digest.pipeline.office import Office
from syndication.domain.issue import Delivery, DeliveryState, IssueState
from syndication.store import Memory

FINAL = frozenset(
    {
        DeliveryState.ACCEPTED,
        DeliveryState.FAILED,
        DeliveryState.UNCERTAIN,
        DeliveryState.SUPPRESSED,
        DeliveryState.CANCELLED,
        DeliveryState.EXPIRED,
    }
)
"""States in which a delivery may end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where an issue stands."""

    issue: str
    state: IssueState
    candidates: int
    """Readers on record when the recipients were frozen."""
    excluded: dict[str, int]
    prepared: int
    counts: dict[str, int]
    bounced: dict[str, int]
    """Of the accepted and failed, how many came back, by what was reported."""
    next_at: datetime | None
    says: str

    @property
    def done(self) -> int:
        """Deliveries for which nothing more is to be done."""
        return sum(self.counts.get(state, 0) for state in FINAL)


def issue_status(office: Office, name: str | None = None) -> Status:
    """How many readers got an issue, and how the others stand."""
    issue = find_issue(office, name)
    with office.store.read() as memory:
        return _status(memory, issue.id, state=issue.state, says=issue.says)


def _status(memory: Memory, issue: str, *, state: IssueState, says: str) -> Status:
    counts = memory.deliveries.counts(issue)
    excluded = memory.issues.excluded(issue)
    prepared = sum(counts.values())
    candidates = memory.issues.candidates(issue)
    return Status(
        issue=issue,
        state=state,
        candidates=prepared + sum(excluded.values()) if candidates is None else candidates,
        excluded=excluded,
        prepared=prepared,
        counts=counts,
        bounced=memory.deliveries.bounce_counts(issue),
        next_at=memory.deliveries.next_at(issue),
        says=says,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One reader on record and what became of an issue for them."""

    email: str
    state: str
    """A delivery's state, or ``excluded``."""
    attempts: int = 0
    code: int | None = None
    says: str = ""
    message_id: str = ""
    bounce: str = ""
    at: datetime | None = None


def who_did_not_get_it(office: Office, name: str | None = None, *, limit: int) -> list[Reached]:
    """Recipients of an issue whose mail was not accepted or came back, and why; at most so many, by address."""
    issue = find_issue(office, name)
    with office.store.read() as memory:
        return [_reached(one) for one in memory.deliveries.not_got(issue.id, limit=limit)]


def issue_readers(office: Office, name: str | None = None) -> list[Reached]:
    """Who got an issue, who did not, and why: everyone who was on record, by address."""
    issue = find_issue(office, name)
    with office.store.read() as memory:
        delivered = [_reached(one) for one in memory.deliveries.of_issue(issue.id)]
        excluded = [
            Reached(email=email, state="excluded", says=why, at=issue.sending_at)
            for email, why in memory.issues.exclusions(issue.id)
        ]
    return sorted([*delivered, *excluded], key=lambda one: one.email.casefold())


def _reached(one: Delivery) -> Reached:
    return Reached(
        email=one.email,
        state=one.state,
        attempts=one.attempts,
        code=one.code,
        says=one.says or "",
        message_id=one.message_id,
        bounce=one.bounce,
        at=one.at,
    )


def what_is_wrong(memory: Memory, issue: str) -> str:
    """Why an issue for which nothing is left to do cannot be called sent; empty where every number agrees."""
    status = _status(memory, issue, state=IssueState.SENDING, says="")
    left_out = sum(status.excluded.values())
    if status.prepared + left_out != status.candidates:
        return (
            f"{status.candidates} readers were on record, {status.prepared} prepared and {left_out} left out"
        )
    unsettled = {state: count for state, count in status.counts.items() if state not in FINAL}
    if unsettled:
        return "deliveries stand unsettled: " + ", ".join(
            f"{count} {state}" for state, count in unsettled.items()
        )
    return ""
