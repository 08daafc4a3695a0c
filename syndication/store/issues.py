"""The digest's issues: what each says, how far it is, and which stories it has used up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, Row, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.domain.issue import Edits, Issue, IssueContent, IssueState
from syndication.store.tables import exclusions, issue_stories, issues, skipped_weeks, stories

_NEVER_SENT = and_(issues.c.state == IssueState.CANCELLED, issues.c.sending_at.is_(None))
"""Cancelled before anybody got it: as if it had never been composed."""


class Issues:
    """The issues' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, issue: str) -> Issue | None:
        """One issue, or None."""
        row = self._connection.execute(select(issues).where(issues.c.id == issue)).first()
        return _issue(row, self._withdrawn(issue).get(issue, ())) if row else None

    def state(self, issue: str) -> IssueState | None:
        """How far an issue is, or None where there is none."""
        found = self._connection.execute(
            select(issues.c.state).where(issues.c.id == issue)
        ).scalar_one_or_none()
        return IssueState(found) if found else None

    def newest(self) -> Issue | None:
        """The issue of the latest week, or None where there is none."""
        latest = self._connection.execute(select(func.max(issues.c.id))).scalar_one()
        return self.get(latest) if latest else None

    def all(self) -> list[Issue]:
        """Every issue, newest first."""
        withdrawn = self._withdrawn()
        rows = self._connection.execute(select(issues).order_by(issues.c.id.desc()))
        return [_issue(row, withdrawn.get(row.id, ())) for row in rows]

    def _withdrawn(self, issue: str | None = None) -> dict[str, tuple[str, ...]]:
        """By issue, the stories it took that were withdrawn since."""
        query = (
            select(issue_stories.c.issue, issue_stories.c.story)
            .join(stories, stories.c.id == issue_stories.c.story)
            .where(stories.c.withdrawn_at.is_not(None))
            .order_by(issue_stories.c.story)
        )
        found: dict[str, tuple[str, ...]] = {}
        for row in self._connection.execute(query.where(issue_stories.c.issue == issue) if issue else query):
            found[row.issue] = (*found.get(row.issue, ()), row.story)
        return found

    def cut_at(self, issue: str) -> datetime | None:
        """Up to when an issue has looked at stories, or None where there is no such issue."""
        found: datetime | None = self._connection.execute(
            select(issues.c.cut_at).where(issues.c.id == issue)
        ).scalar_one_or_none()
        return found

    def before(self, issue: str) -> str | None:
        """The issue before this one, or None."""
        found: str | None = self._connection.execute(
            select(func.max(issues.c.id)).where(issues.c.id < issue, ~_NEVER_SENT)
        ).scalar_one()
        return found

    def skip(self, week: str, *, why: str, now: datetime) -> bool:
        """Record that a week gets no issue of its own; False where that was recorded before."""
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        result = self._connection.execute(
            insert(skipped_weeks)
            .values(week=week, why=why, at=now)
            .on_conflict_do_nothing()
            .returning(skipped_weeks.c.week)
        )
        return result.first() is not None

    def skipped(self) -> dict[str, str]:
        """The weeks without an issue and why, the newest first."""
        rows = self._connection.execute(select(skipped_weeks).order_by(skipped_weeks.c.week.desc()))
        return {row.week: row.why for row in rows}

    def draft(
        self,
        content: IssueContent,
        *,
        cut_at: datetime,
        now: datetime,
        edits: Edits | None = None,
        instead_of: str | None = None,
    ) -> bool:
        """Keep a draft, new or in place of the draft that was there; takes its stories.

        ``instead_of`` is the hash of the one it is to replace. False, and nothing changed, when that is not the one
        that is there, and when the issue is being sent or was sent.
        """
        name = str(content.week)
        in_hand = or_(
            issues.c.state.in_([IssueState.DRAFT, IssueState.APPROVED]),
            _NEVER_SENT,
        )
        replaceable = in_hand if instead_of is None else and_(in_hand, issues.c.hash == instead_of)
        values = {
            "state": IssueState.DRAFT,
            "content": content.to_json(),
            "hash": content.hash,
            "composed_at": now,
            "cut_at": cut_at,
            "approved_at": None,
            "approved_by": None,
            "approved_hash": None,
            "edits": edits.to_json() if edits else None,
            "says": "",
        }
        # Two clocks may compose the same week at once; the second finds the first one's draft and replaces it.
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        kept = self._connection.execute(
            insert(issues)
            .values(id=name, **values)
            .on_conflict_do_update(
                index_elements=[issues.c.id],
                set_=values,
                where=replaceable,
            )
            .returning(issues.c.id)
        )
        if kept.first() is None:
            return False
        self._take(name, [entry.story for entry in content.entries])
        self._connection.execute(delete(skipped_weeks).where(skipped_weeks.c.week == name))
        return True

    def _take(self, issue: str, stories: Iterable[str]) -> None:
        self._connection.execute(delete(issue_stories).where(issue_stories.c.issue == issue))
        rows = [{"story": story, "issue": issue} for story in dict.fromkeys(stories)]
        if rows:
            self._connection.execute(issue_stories.insert(), rows)

    def cut_before(self, issue: str) -> datetime | None:
        """Up to when earlier issues have looked at stories, or None when there is none."""
        found: datetime | None = self._connection.execute(
            select(func.max(issues.c.cut_at)).where(issues.c.id < issue, ~_NEVER_SENT)
        ).scalar_one()
        return found

    def approve(self, issue: str, *, content_hash: str, by: str, now: datetime) -> bool:
        """Approve exactly this content; False when the draft has changed meanwhile or is no draft."""
        result = self._connection.execute(
            update(issues)
            .where(issues.c.id == issue, issues.c.state == IssueState.DRAFT, issues.c.hash == content_hash)
            .values(state=IssueState.APPROVED, approved_at=now, approved_by=by, approved_hash=content_hash)
        )
        return result.rowcount == 1

    def begin_sending(self, issue: str, *, candidates: int, now: datetime) -> bool:
        """Move an approved issue to ``sending``; False when somebody else did, or it is not approved.

        ``candidates`` is how many readers are on record, counted apart from those taken and left out.
        """
        result = self._connection.execute(
            update(issues)
            .where(
                issues.c.id == issue,
                issues.c.state == IssueState.APPROVED,
                issues.c.approved_hash == issues.c.hash,
            )
            .values(state=IssueState.SENDING, sending_at=now, excluded={}, candidates=candidates)
        )
        return result.rowcount == 1

    def left_out(self, issue: str, counts: Mapping[str, int]) -> None:
        """Keep how many readers are no recipients, by reason."""
        self._connection.execute(update(issues).where(issues.c.id == issue).values(excluded=dict(counts)))

    def move(self, issue: str, before: Iterable[IssueState], after: IssueState, *, says: str) -> bool:
        """Pause an issue, go on with it or cancel it; False when it is not in one of the states ``before``."""
        result = self._connection.execute(
            update(issues)
            .where(issues.c.id == issue, issues.c.state.in_(list(before)))
            .values(state=after, says=says)
        )
        return result.rowcount == 1

    def release(self, issue: str) -> None:
        """Let an issue that nobody got go without its stories: the next one may tell them."""
        self._take(issue, [])

    def exclude(self, issue: str, left_out: Iterable[tuple[int, str, str]]) -> None:
        """Record who was on record and is no recipient: id, address and why."""
        rows = [
            {"issue": issue, "subscriber": subscriber, "email": email, "why": why}
            for subscriber, email, why in left_out
        ]
        if rows:
            self._connection.execute(exclusions.insert(), rows)

    def exclusions(self, issue: str) -> list[tuple[str, str]]:
        """Who was left out of an issue, by address, and why."""
        rows = self._connection.execute(
            select(exclusions.c.email, exclusions.c.why)
            .where(exclusions.c.issue == issue)
            .order_by(exclusions.c.email)
        )
        return [(row.email, row.why) for row in rows]

    def forget(self, subscriber: int, *, instead: str) -> None:
        """Remove a reader's address from the issues they were left out of."""
        self._connection.execute(
            update(exclusions).where(exclusions.c.subscriber == subscriber).values(email=instead)
        )

    def candidates(self, issue: str) -> int | None:
        """How many readers were on record when the recipients were frozen; None before that."""
        found: int | None = self._connection.execute(
            select(issues.c.candidates).where(issues.c.id == issue)
        ).scalar_one_or_none()
        return found

    def finish(self, issue: str, *, now: datetime) -> bool:
        """Move an issue that is being sent to ``sent``."""
        result = self._connection.execute(
            update(issues)
            .where(issues.c.id == issue, issues.c.state == IssueState.SENDING)
            .values(state=IssueState.SENT, sent_at=now)
        )
        return result.rowcount == 1

    def excluded(self, issue: str) -> dict[str, int]:
        """Readers left out when the recipients were frozen, by reason."""
        found = self._connection.execute(
            select(issues.c.excluded).where(issues.c.id == issue)
        ).scalar_one_or_none()
        return dict(found or {})


def _issue(row: Row[tuple[object, ...]], withdrawn: tuple[str, ...]) -> Issue:
    return Issue(
        id=row.id,
        state=IssueState(row.state),
        content=IssueContent.from_json(row.content).without(withdrawn),
        hash=row.hash,
        composed_at=row.composed_at,
        approved_at=row.approved_at,
        approved_by=row.approved_by,
        sent_at=row.sent_at,
        edits=Edits.from_json(row.edits),
        sending_at=row.sending_at,
        says=row.says or "",
        withdrawn=withdrawn,
    )
