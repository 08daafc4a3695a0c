"""What is due for the digest now. Any number of clocks may ask."""

from __future__ import annotations

import logging
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.issue import approve_issue, compose_issue
from syndication.digest.pipeline.office import Office
from syndication.domain.issue import Issue, IssueState
from syndication.domain.week import IsoWeek
from syndication.errors import IssueError

log = logging.getLogger(__name__)

GRACE = timedelta(hours=24)
"""An issue whose time, or approval, passed longer ago than this waits for a person: the machine was down, or this is
a copy of it from a backup."""
REST = timedelta(days=4)
"""The same for one that is half sent where mail goes out at office hours only: a long weekend is no accident."""
PATIENCE = timedelta(hours=1)
"""How long a week with too little to tell may still fill up before it is skipped."""


def due_at(now: datetime, *, day: int, at: time, zone: ZoneInfo) -> datetime:
    """The last moment at or before ``now`` at which a digest was due; ``day`` 0 is Monday."""
    local = now.astimezone(zone)
    date = local.date() - timedelta(days=(local.weekday() - day) % 7)
    moment = datetime.combine(date, at, zone)
    return moment if moment <= local else datetime.combine(date - timedelta(days=7), at, zone)


def tend(office: Office, *, day: int, at: time, automatic: bool) -> list[str]:
    """Do what is due for the digest now; returns what was done, one line each.

    Compose the week's issue when its time has come, approve it where that needs nobody, and send what is
    approved or half sent. Safe to call by any number of clocks at any time.
    """
    now = office.now()
    due = due_at(now, day=day, at=at, zone=office.zone)
    week = IsoWeek.told_on(due)
    with office.store.read() as memory:
        issue = memory.issues.get(str(week))
        anything = memory.stories.last_announced() is not None
        settled = str(week) in memory.issues.skipped()
        open_issues = [
            one for one in memory.issues.all() if one.state in (IssueState.APPROVED, IssueState.SENDING)
        ]
        last_at = {one.id: memory.deliveries.last_at(one.id) for one in open_issues}
        resume_at = memory.relay.state().resume_at
    done: list[str] = []
    if issue is None and anything and not settled:
        issue, says = _compose(office, week, due=due)
        done += [says] if says else []
    if issue and issue.state is IssueState.DRAFT and automatic and now <= due + GRACE:
        try:
            open_issues.append(approve_issue(office, issue.id, by="automatic"))
            done.append(f"issue {week} approved automatically")
        except IssueError as trouble:
            log.warning("issue %s waits for a person: %s", week, trouble)
    if (resume_at and now < resume_at) or (office.hours and now.astimezone(office.zone) not in office.hours):
        return done
    for one in open_issues:
        due = datetime.combine(one.content.week.due_on(day), at, office.zone)
        grace = REST if office.hours and one.state is IssueState.SENDING else GRACE
        if _its_time(one, due, last_at=last_at.get(one.id), grace=grace, now=now):
            count, stopped = 0, ""
            for sent in send_issue(office, one.id, hours=office.hours):
                # What is said of a delivery names its reader, and lines like this end in logs that nobody erases.
                if sent.delivery:
                    count += 1
                else:
                    stopped = f"; it stops: {sent.says}"
            if count or stopped:
                done.append(f"issue {one.id}: {count} deliveries settled{stopped}")
    return done


def _compose(office: Office, week: IsoWeek, *, due: datetime) -> tuple[Issue | None, str]:
    """Compose a week's issue or skip the week; also what is to be said of it."""
    why = next((one.name for one in office.holidays if due.date() in one), None)
    if why is None:
        try:
            issue = compose_issue(office, week, least=office.least)
            return issue, f"issue {week} composed: {len(issue.content.entries)} stories"
        except IssueError as nothing:
            if office.now() < due + PATIENCE:
                return None, ""
            why = str(nothing)
    with office.store.write() as memory:
        first = memory.issues.skip(str(week), why=why, now=office.now())
    return None, f"week {week} skipped, its stories stand in the next issue: {why}" if first else ""


def _its_time(
    issue: Issue, due: datetime, *, last_at: datetime | None, grace: timedelta, now: datetime
) -> bool:
    """Whether the clock may send an issue: at its hour or when it is approved, and no later than that by the grace.

    One that is half sent goes on, unless nothing has happened for longer than that.
    """
    if issue.state is IssueState.SENDING or issue.approved_at is None:
        return last_at is None or now <= last_at + grace
    return due <= now <= max(due, issue.approved_at) + grace
