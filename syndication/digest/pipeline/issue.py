"""An issue from its week to its approval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

from syndication.digest import message
from syndication.digest.compose import compose
from syndication.digest.pipeline.letters import Letters
from syndication.digest.pipeline.office import Office
from syndication.digest.render import Rendered
from syndication.domain.issue import Edits, Issue, IssueState
from syndication.domain.story import Story
from syndication.domain.week import IsoWeek
from syndication.errors import IssueError
from syndication.store import Memory

LATE = timedelta(days=7)
"""How long before its week a story of an issue may have been told, when we came to know it late."""
MOST_WEEKS = 4
"""Weeks that one issue tells of, where those before it had none."""
_IN_HAND = (IssueState.DRAFT, IssueState.APPROVED)
SUBJECT = "Điểm tin tuần"
"""What stands in brackets at the beginning of an issue's subject."""


def compose_issue(
    office: Office, week: IsoWeek | None = None, *, least: int = 1, fresh: bool = False
) -> Issue:
    """Compose the draft of a week anew, by default of the week the digest tells of today.

    What an editor asked for is done again, unless ``fresh``. Raises IssueError when the issue is out of the editor's
    hands already, or there are fewer than ``least`` stories to tell.
    """
    now = office.now()
    week = week or IsoWeek.told_on(now.astimezone(office.zone))
    name = str(week)
    with office.store.write() as memory:
        issue = memory.issues.get(name)
        if issue and issue.state not in _IN_HAND and issue.sending_at:
            raise IssueError(
                f"issue {name} is {issue.state} already and cannot be composed anew:"
                f" see it with `syndication digest show {name}`"
            )
        cut_at = memory.stories.last_announced()
        if cut_at is None:
            raise IssueError("no story is published yet: run `syndication collect` and `syndication publish`")
        edits = issue.edits if issue and not fresh else Edits()
        stories = _candidates(office, memory, week, until=cut_at)
        if not stories:
            raise IssueError(f"no new story to tell in issue {name}; nothing was composed")
        if len(stories) < least:
            raise IssueError(f"only {len(stories)} new stories to tell in issue {name}, fewer than {least}")
        _keep(office, memory, week, stories, edits=edits, cut_at=cut_at)
    return find_issue(office, name)


def edit_issue(office: Office, name: str | None, change: Callable[[Edits], Edits]) -> Issue:
    """Change what is asked of an issue and compose it again, out of the stories it was composed from.

    ``change`` is one of the verbs of ``digest.edit``. An approval is taken back. Raises IssueError when the issue is
    out of the editor's hands, when a story or a category is asked for that it cannot have, and when somebody else
    changed the issue a moment ago.
    """
    issue = find_issue(office, name)
    if issue.state not in _IN_HAND:
        raise IssueError(
            f"issue {issue.id} is {issue.state} already: only a draft or an approved issue can be edited"
        )
    edits = change(issue.edits)
    unknown = sorted({*edits.moved.values()} - {category.slug for category in office.catalogue.categories})
    if unknown:
        slugs = ", ".join(category.slug for category in office.catalogue.categories)
        raise IssueError(f"there is no category {unknown[0]}: choose among {slugs}")
    week = issue.content.week
    with office.store.write() as memory:
        cut_at = memory.issues.cut_at(issue.id)
        assert cut_at  # noqa: S101 -- it was there a moment ago, and issues are never removed
        stories = _candidates(office, memory, week, until=cut_at)
        ids = {story.id for story in stories}
        if strange := sorted(_asked(edits) - _asked(issue.edits) - ids):
            raise IssueError(
                f"issue {issue.id} cannot tell story {strange[0]}: see `syndication digest stories {issue.id}`"
            )
        _keep(office, memory, week, stories, edits=edits, cut_at=cut_at, instead_of=issue.hash)
    return find_issue(office, issue.id)


def left_out(office: Office, issue: Issue) -> list[Story]:
    """The stories an issue could tell and does not, the last announced first."""
    with office.store.read() as memory:
        cut_at = memory.issues.cut_at(issue.id)
        assert cut_at  # noqa: S101 -- every issue has one
        stories = _candidates(office, memory, issue.content.week, until=cut_at)
    told = {entry.story for entry in issue.content.entries}
    return [story for story in stories if story.id not in told]


def _first_week(memory: Memory, week: IsoWeek) -> IsoWeek:
    """The first week an issue tells of: the one after the last issue before it, a month back at most."""
    before = memory.issues.before(str(week))
    return min(max(IsoWeek.parse(before).after(1), week.after(1 - MOST_WEEKS)), week) if before else week


def _candidates(office: Office, memory: Memory, week: IsoWeek, *, until: datetime) -> list[Story]:
    after = memory.issues.cut_before(str(week))
    monday = datetime.combine(_first_week(memory, week).starts_on, time(), office.zone)
    return memory.stories.for_issue(
        str(week), not_before=monday - LATE if after else monday, after=after, until=until
    )


def _keep(
    office: Office,
    memory: Memory,
    week: IsoWeek,
    stories: list[Story],
    *,
    edits: Edits,
    cut_at: datetime,
    instead_of: str | None = None,
) -> None:
    content = compose(
        week,
        stories,
        catalogue=office.catalogue,
        zone=office.zone,
        title=SUBJECT,
        begins=_first_week(memory, week),
        edits=edits,
    )
    if not memory.issues.draft(content, cut_at=cut_at, now=office.now(), edits=edits, instead_of=instead_of):
        raise IssueError(
            f"issue {week} was changed or is being sent by now: look at it again, then repeat this"
        )


def _asked(edits: Edits) -> set[str]:
    """Every story of which something is asked."""
    lead = {edits.hero} if edits.hero else set()
    return {*lead, *edits.pinned, *edits.dropped, *edits.titles, *edits.moved, *edits.places}


def find_issue(office: Office, name: str | None = None) -> Issue:
    """An issue by name, by default the newest; raises IssueError when there is none."""
    with office.store.read() as memory:
        issue = memory.issues.get(name.lower()) if name else memory.issues.newest()
    if issue is None:
        known = f"there is no issue {name}" if name else "there is no issue yet"
        raise IssueError(f"{known}: compose one with `syndication digest compose`")
    return issue


def approve_issue(office: Office, name: str | None = None, *, by: str) -> Issue:
    """Approve an issue exactly as it is now; any later edit takes the approval back.

    Raises IssueError for one that is no draft, that tells nothing, or that cannot be sent as it is.
    """
    issue = find_issue(office, name)
    if not issue.content.entries:
        raise IssueError(f"issue {issue.id} tells nothing: compose it again, or leave the week out")
    message.prepare(Letters(office, issue).letter(()))
    with office.store.write() as memory:
        if not memory.issues.approve(issue.id, content_hash=issue.hash, by=by, now=office.now()):
            state = issue.state if issue.state is not IssueState.DRAFT else "changed a moment ago"
            raise IssueError(f"issue {issue.id} is {state}: only a draft can be approved")
    return find_issue(office, issue.id)


def pause_issue(office: Office, name: str | None = None, *, by: str) -> Issue:
    """Let an issue that is being sent rest: nothing more goes out but the message each process is at."""
    return _move(office, name, [IssueState.SENDING], IssueState.PAUSED, says=f"by {by}", verb="paused")


def resume_issue(office: Office, name: str | None = None) -> Issue:
    """Go on with a paused issue; the clock sends it, or ``send_issue``."""
    return _move(office, name, [IssueState.PAUSED], IssueState.SENDING, says="", verb="resumed")


def cancel_issue(office: Office, name: str | None = None, *, by: str) -> Issue:
    """Send an issue to nobody more. One that nobody got lets go of its stories: the next issue may tell them."""
    before = [*_IN_HAND, IssueState.SENDING, IssueState.PAUSED]
    return _move(office, name, before, IssueState.CANCELLED, says=f"by {by}", verb="cancelled")


def _move(
    office: Office, name: str | None, before: list[IssueState], after: IssueState, *, says: str, verb: str
) -> Issue:
    issue = find_issue(office, name)
    with office.store.write() as memory:
        moved = memory.issues.move(issue.id, before, after, says=says)
        if moved and after is IssueState.SENDING:
            memory.deliveries.touch(issue.id, now=office.now())
        if moved and after is IssueState.CANCELLED:
            memory.deliveries.cancel(issue.id, says=f"the issue was cancelled {says}", now=office.now())
            if issue.sending_at is None:
                memory.issues.release(issue.id)
    issue = find_issue(office, issue.id)
    if not moved:
        raise IssueError(
            f"issue {issue.id} is {issue.state} and cannot be {verb}: see `syndication digest status {issue.id}`"
        )
    return issue


def render_public(office: Office, issue: Issue) -> Rendered:
    """The issue as its permanent page shows it, the same for everyone."""
    return office.renderer.page(issue.content)
