"""Commands that bring an issue of the digest to its readers, stop that, and tell who got it."""

from __future__ import annotations

import csv
import getpass
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from syndication.bootstrap import House
from syndication.cli import show
from syndication.cli.digest import digest
from syndication.cli.opening import open_house
from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.issue import cancel_issue, pause_issue, resume_issue
from syndication.digest.pipeline.run import Sent
from syndication.digest.pipeline.tally import Status, issue_readers, issue_status, who_did_not_get_it
from syndication.digest.roster import inert
from syndication.domain.issue import DeliveryState, IssueState

_JSON = click.option("--json", "json_wanted", is_flag=True, help="For machines.")
_ISSUE = click.argument("issue", required=False, metavar="[ISSUE]")
_BY = click.option("--by", default=getpass.getuser, show_default="you", help="Who decides; it is kept.")
_AGAIN = ("failed", "expired", "cancelled", "uncertain")
_LISTED = 20
"""Readers that are named when there are more."""
_PATIENCE = timedelta(minutes=15)


@digest.command()
@_ISSUE
@_JSON
@click.option(
    "--again",
    multiple=True,
    type=click.Choice(_AGAIN),
    help="Also those whose delivery ended so; may be given several times.",
)
@click.option(
    "--here", is_flag=True, help="This database was moved or restored, and no other copy of it sends."
)
def send(issue: str | None, json_wanted: bool, again: tuple[str, ...], here: bool) -> None:
    """Deliver an approved issue, or go on with one that was interrupted: only to those who have not got it.

    Interrupted (Ctrl-C, SIGTERM) it finishes the messages that are going out, and stops.
    """
    house = open_house()
    status = issue_status(house.office, issue)
    states = [DeliveryState(state) for state in again]
    last: Sent | None = None
    with _stopped_by_signals(house), _Bar(house, status.issue, hidden=json_wanted) as bar:
        for last in send_issue(house.office, status.issue, here=here, again=states, patience=_PATIENCE):
            bar.settled(last)
    status = issue_status(house.office, status.issue)
    _print_status(house, status, json_wanted=json_wanted)
    if house.office.stopping.is_set():
        click.echo(
            "sending was interrupted; nobody is lost: run this again, or let the clock go on", err=True
        )
    elif last and last.delivery is None:
        click.echo(
            f"sending stopped: {last.says}. Nobody is lost: run this again, or let the clock go on", err=True
        )
        sys.exit(1 if last.stops else 0)


@contextmanager
def _stopped_by_signals(house: House) -> Iterator[None]:
    """The first SIGINT or SIGTERM lets what is going out be finished; a second one ends the process."""
    before: dict[signal.Signals, Any] = {}

    def stop(number: int, _frame: object) -> None:
        house.office.stopping.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


class _Bar(Progress):
    """How far an issue is, how many a second, and how long it will take at the pace of the last minute."""

    def __init__(self, house: House, issue: str, *, hidden: bool) -> None:
        super().__init__(
            TextColumn("sending"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            console=show.console(),
            transient=True,
            # Into a file or a journal it would write an empty line.
            disable=hidden or not show.console().is_terminal,
        )
        self._house, self._issue = house, issue
        self._bar = self.add_task("", total=None, pace="")
        self._times: deque[float] = deque(maxlen=10_000)
        self._told_at = 0.0

    def settled(self, sent: Sent) -> None:
        """Count one more delivery; looks at the numbers of the issue when it begins."""
        now = time.monotonic()
        task = self.tasks[0]
        if task.total is None:
            status = issue_status(self._house.office, self._issue)
            self.update(self._bar, total=status.prepared, completed=max(status.done - 1, 0))
        if sent.delivery is None:
            return
        self._times.append(now)
        self.advance(self._bar)
        if now - self._told_at >= 0.5:
            self._told_at = now
            while self._times[0] < now - 60:
                self._times.popleft()
            rate = len(self._times) / max(now - self._times[0], 0.1)
            left = timedelta(seconds=round((self.tasks[0].remaining or 0) / max(rate, 0.01)))
            self.update(self._bar, pace=f"{rate:,.0f}/s, {left} left")


@digest.command()
@_ISSUE
@_BY
def pause(issue: str | None, by: str) -> None:
    """Let an issue that is being sent rest, whoever sends it; takes effect within one message."""
    click.echo(f"{pause_issue(open_house().office, issue, by=by).id} is paused")


@digest.command()
@_ISSUE
def resume(issue: str | None) -> None:
    """Let a paused issue go on: the clock sends it, or `syndication digest send`."""
    click.echo(f"{resume_issue(open_house().office, issue).id} goes on")


@digest.command()
@_ISSUE
@_BY
def cancel(issue: str | None, by: str) -> None:
    """Send an issue to nobody more. One that nobody got yet lets its stories go to the next."""
    click.echo(f"{cancel_issue(open_house().office, issue, by=by).id} is cancelled")


@digest.command()
@_ISSUE
@_JSON
def status(issue: str | None, json_wanted: bool) -> None:
    """How many readers got an issue, and how the others stand."""
    house = open_house()
    _print_status(house, issue_status(house.office, issue), json_wanted=json_wanted)
    if not json_wanted:
        with house.store.read() as memory:
            skipped = memory.issues.skipped()
        for week, why in list(skipped.items())[:5]:
            click.echo(f"week {week} was skipped: {why}")


def _print_status(house: House, status: Status, *, json_wanted: bool) -> None:
    if json_wanted:
        keys = (
            "issue",
            "state",
            "candidates",
            "excluded",
            "prepared",
            "counts",
            "bounced",
            "next_at",
            "says",
        )
        show.as_json({key: getattr(status, key) for key in keys})
        return
    counts = ", ".join(f"{count} {state}" for state, count in status.counts.items()) or "no deliveries yet"
    why = f" ({status.says})" if status.says else ""
    click.echo(f"{status.issue} is {status.state}{why}: {counts}")
    if status.bounced:
        came_back = ", ".join(f"{count} {meaning}" for meaning, count in status.bounced.items())
        click.echo(f"of these came back: {came_back}")
    for reason, count in status.excluded.items():
        click.echo(f"{count} not written to: {reason}")
    if status.next_at and status.state is IssueState.SENDING:
        local = status.next_at.astimezone(house.settings.timezone)
        click.echo(f"the next attempt is due at {local:%H:%M:%S}")
    if status.counts or status.excluded:
        _print_who_did_not_get_it(house, status.issue)
        click.echo(f"everyone who was on record: syndication digest readers {status.issue}")


def _print_who_did_not_get_it(house: House, issue: str) -> None:
    rows = who_did_not_get_it(house.office, issue, limit=_LISTED + 1)
    table = show.table("not got by", "", "", whole="not got by")
    for one in rows[:_LISTED]:
        table.add_row(show.cell(one.email), show.cell(one.bounce or one.state), show.cell(one.says))
    if rows:
        show.console().print(table)
    if len(rows) > _LISTED:
        click.echo("… and more")


@digest.command()
@_ISSUE
@_JSON
@click.option("--csv", "csv_wanted", is_flag=True, help="A table for a spreadsheet.")
def readers(issue: str | None, json_wanted: bool, csv_wanted: bool) -> None:
    """Who got an issue, who did not, and why: everyone who was on record when it was sent."""
    keys = ("email", "state", "attempts", "code", "says", "message_id", "bounce", "at")
    rows = [{key: getattr(one, key) for key in keys} for one in issue_readers(open_house().office, issue)]
    if json_wanted:
        show.as_json(rows)
    elif csv_wanted:
        writer = csv.DictWriter(sys.stdout, keys)
        writer.writeheader()
        # What mail servers said stands there too, and anybody has one.
        writer.writerows(
            {key: inert(value) if isinstance(value, str) else value for key, value in row.items()}
            for row in rows
        )
    else:
        table = show.table("reader", "state", "", whole="reader")
        for row in rows:
            table.add_row(show.cell(row["email"]), show.cell(row["state"]), show.cell(row["says"] or ""))
        show.console().print(table)
