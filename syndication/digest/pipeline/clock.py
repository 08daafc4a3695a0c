"""What is due for the digest now. Any number of clocks may ask."""

from __future__ import annotations

import logging
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.issue import LATE, approve_issue, compose_issue
from syndication.digest.pipeline.office import Office
from syndication.domain.issue import IssueState
from syndication.domain.week import IsoWeek
from syndication.errors import IssueError

log = logging.getLogger(__name__)

GRACE = timedelta(hours=24)
"""An issue whose time passed longer ago than this is composed, and then waits for a person."""


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
    done: list[str] = []
    due = due_at(now, day=day, at=at, zone=office.zone)
    week = IsoWeek.told_on(due)
    with office.store.read() as memory:
        issue = memory.issues.get(str(week))
        newest = memory.stories.last_announced()
        open_issues = [
            one for one in memory.issues.all() if one.state in (IssueState.APPROVED, IssueState.SENDING)
        ]
    if issue is None and newest is not None and due <= now <= due + LATE:
        try:
            issue = compose_issue(office, week)
            done.append(f"issue {week} composed: {len(issue.content.entries)} stories")
        except IssueError as nothing:
            log.info("%s", nothing)
    if issue and issue.state is IssueState.DRAFT and automatic and now <= due + GRACE:
        open_issues.append(approve_issue(office, issue.id, by="automatic"))
        done.append(f"issue {week} approved automatically")
    for one in open_issues:
        sent = list(send_issue(office, one.id))
        if sent:
            done.append(f"issue {one.id}: {len(sent)} deliveries settled, the last says: {sent[-1].says}")
    return done
