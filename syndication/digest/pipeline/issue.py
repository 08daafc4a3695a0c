"""An issue from its week to its approval."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from syndication.digest.compose import compose
from syndication.digest.pipeline.office import Office
from syndication.digest.render import Rendered
from syndication.domain.issue import Issue, IssueState
from syndication.domain.week import IsoWeek
from syndication.errors import IssueError

LATE = timedelta(days=7)
"""How long before its week a story of an issue may have been told, when we came to know it late."""


def compose_issue(office: Office, week: IsoWeek | None = None) -> Issue:
    """Compose the draft of a week anew, by default of the week the digest tells of today.

    Raises IssueError when the issue is out of the editor's hands already, or there is nothing to tell.
    """
    now = office.now()
    week = week or IsoWeek.told_on(now.astimezone(office.zone))
    name = str(week)
    with office.store.write() as memory:
        issue = memory.issues.get(name)
        if issue and issue.state not in (IssueState.DRAFT, IssueState.APPROVED):
            raise IssueError(f"issue {name} is {issue.state} already and cannot be composed anew")
        cut_at = memory.stories.last_announced()
        if cut_at is None:
            raise IssueError("no story is published yet: run `syndication collect` and `syndication publish`")
        after = memory.issues.cut_before(name)
        monday = datetime.combine(week.starts_on, time(), office.zone)
        stories = memory.stories.for_issue(
            name, not_before=monday - LATE if after else monday, after=after, until=cut_at
        )
        if not stories:
            raise IssueError(f"no new story to tell in issue {name}; nothing was composed")
        content = compose(week, stories, catalogue=office.catalogue, title="Điểm tin tuần")
        if not memory.issues.draft(content, cut_at=cut_at, now=now):
            raise IssueError(f"issue {name} is being sent by now and cannot be composed anew")
        composed = memory.issues.get(name)
    assert composed  # noqa: S101 -- just written
    return composed


def find_issue(office: Office, name: str | None = None) -> Issue:
    """An issue by name, by default the newest; raises IssueError when there is none."""
    with office.store.read() as memory:
        issue = memory.issues.get(name) if name else next(iter(memory.issues.all()), None)
    if issue is None:
        known = f"there is no issue {name}" if name else "there is no issue yet"
        raise IssueError(f"{known}: compose one with `syndication digest compose`")
    return issue


def approve_issue(office: Office, name: str | None = None, *, by: str) -> Issue:
    """Approve an issue exactly as it is now; any later edit takes the approval back."""
    issue = find_issue(office, name)
    with office.store.write() as memory:
        if not memory.issues.approve(issue.id, content_hash=issue.hash, by=by, now=office.now()):
            state = issue.state if issue.state is not IssueState.DRAFT else "changed a moment ago"
            raise IssueError(f"issue {issue.id} is {state}: only a draft can be approved")
    return find_issue(office, issue.id)


def render_public(office: Office, issue: Issue) -> Rendered:
    """The issue as its permanent page shows it, the same for everyone."""
    return office.renderer.render(issue.content, unsubscribe_url=None)
