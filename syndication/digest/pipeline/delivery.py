"""Brings an issue to each of its readers, once.

Every step is recorded before the next begins, so a process killed anywhere is continued by the next one: what was
only claimed is sent by another, what was going out is ``uncertain`` (``doubts``) and sent again, the same to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from email.utils import parseaddr

from syndication.digest.pipeline.copies import claim_home
from syndication.digest.pipeline.freeze import freeze
from syndication.digest.pipeline.issue import find_issue
from syndication.digest.pipeline.letters import Letters
from syndication.digest.pipeline.office import Office
from syndication.digest.pipeline.run import Run, Sent
from syndication.digest.pipeline.tally import what_is_wrong
from syndication.domain.issue import DeliveryState, Issue, IssueState
from syndication.domain.week import Hours
from syndication.errors import IssueError


def send_test(office: Office, name: str | None, *, to: str) -> str:
    """Send an issue as it is to one address, marked as a trial and counted nowhere; returns its subject."""
    issue = find_issue(office, name)
    token = office.signer.digest("test-message-id", issue.id, to, office.now().isoformat())
    subject, data = Letters(office, issue).for_trial(to, message_id=f"<{token}@{office.links.authority}>")
    with office.open_transport() as transport:
        transport.send(sender=parseaddr(office.mail_from)[1], recipient=to, data=data)
    return subject


def send_issue(
    office: Office,
    name: str | None = None,
    *,
    here: bool = False,
    again: Sequence[DeliveryState] = (),
    patience: timedelta = timedelta(seconds=5),
    hours: Hours | None = None,
) -> Iterator[Sent]:
    """Deliver an approved issue, or go on with one that is being sent; yields each delivery as it is settled.

    Ends when nothing is due, when the process is to stop (``Office.stopping``), or with one that ``stops``.
    ``here``: this database sends from now on, whatever sent before. ``again``: deliveries that ended in these states
    are queued once more. ``patience``: how long to wait for the next message the rates allow. ``hours``: stop when
    they end. Raises IssueError when the issue is not to be sent, and for a copy of the database.
    """
    issue = _opened(office, name, here=here, again=again)
    hold = not office.resend and DeliveryState.UNCERTAIN not in again
    run = Run(office, issue, patience=patience, hours=hours, hold=hold)
    with run.lanes:
        try:
            yield from run.go()
        finally:
            run.lanes.halt()
            run.bring_in()
    _close(office, issue.id)


def _opened(office: Office, name: str | None, *, here: bool, again: Sequence[DeliveryState]) -> Issue:
    """The issue, with its recipients frozen and ready to be sent; raises IssueError where it must not be."""
    issue = find_issue(office, name)
    with office.store.write() as memory:
        claim_home(office, memory, here=here)
    if issue.state is IssueState.APPROVED:
        freeze(office, issue)
        issue = find_issue(office, issue.id)
    if again and issue.state in (IssueState.SENT, IssueState.SENDING):
        with office.store.write() as memory:
            if memory.deliveries.again(issue.id, again, now=office.now()):
                memory.issues.move(issue.id, [IssueState.SENT], IssueState.SENDING, says="")
        issue = find_issue(office, issue.id)
    if issue.state is not IssueState.SENDING:
        raise IssueError(_why_not(issue))
    return issue


def _why_not(issue: Issue) -> str:
    """Why an issue is not sent in the state it is in, and what to do."""
    why = f" ({issue.says})" if issue.says else ""
    match issue.state:
        case IssueState.SENT:
            return f"issue {issue.id} is sent already"
        case IssueState.PAUSED:
            return f"issue {issue.id} is paused{why}: go on with `syndication digest resume {issue.id}`"
        case IssueState.CANCELLED:
            return f"issue {issue.id} is cancelled{why}"
        case _:
            return f"issue {issue.id} is a draft: approve it with `syndication digest approve {issue.id}`"


def _close(office: Office, issue: str) -> None:
    """Call an issue sent when nothing is left to do for it and every number agrees."""
    with office.store.write() as memory:
        if memory.deliveries.unfinished(issue):
            return
        if wrong := what_is_wrong(memory, issue):
            memory.issues.move(issue, [IssueState.SENDING], IssueState.PAUSED, says=wrong)
        else:
            memory.issues.finish(issue, now=office.now())
