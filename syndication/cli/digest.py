"""Commands about the weekly digest: compose, show, test, approve, send, and who got it."""

from __future__ import annotations

import csv
import getpass
import sys

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from syndication.bootstrap import House
from syndication.cli import show
from syndication.cli.opening import open_house
from syndication.digest.pipeline.delivery import Status, issue_readers, issue_status, send_issue, send_test
from syndication.digest.pipeline.issue import approve_issue, compose_issue, find_issue, render_public
from syndication.domain.issue import DeliveryState, Entry, Issue
from syndication.domain.week import IsoWeek

_JSON = click.option("--json", "json_wanted", is_flag=True, help="For machines.")
_ISSUE = click.argument("issue", required=False, metavar="[ISSUE]")


@click.group()
def digest() -> None:
    """The weekly digest. ISSUE is a week such as 2026-w47; left out, the newest issue is meant."""


def _document(issue: Issue) -> dict[str, object]:
    content = issue.content

    def story(entry: Entry) -> dict[str, object]:
        return {
            "id": entry.story,
            "title": entry.title,
            "url": entry.url,
            "portals": [portal.id for portal in entry.portals],
        }

    return {
        "issue": issue.id,
        "state": issue.state,
        "starts_on": content.week.starts_on.isoformat(),
        "ends_on": content.week.ends_on.isoformat(),
        "subject": content.subject,
        "hash": issue.hash,
        "hero": story(content.hero) if content.hero else None,
        "sections": [
            {"category": section.category, "stories": [story(entry) for entry in section.entries]}
            for section in content.sections
        ],
    }


@digest.command()
@_ISSUE
@_JSON
def compose(issue: str | None, json_wanted: bool) -> None:
    """Compose the draft of a week, by default of the week that has just passed."""
    house = open_house()
    try:
        week = IsoWeek.parse(issue) if issue else None
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    composed = compose_issue(house.office, week)
    if json_wanted:
        show.as_json(_document(composed))
        return
    click.echo(f"{composed.id}: {composed.content.subject}")
    click.echo(f"{len(composed.content.entries)} stories from {composed.content.portal_count} portals")
    click.echo(f"read it with `syndication digest show {composed.id}`, then approve it")


@digest.command(name="show")
@_ISSUE
@_JSON
@click.option("--html", "html_wanted", is_flag=True, help="The page instead of the text.")
def show_(issue: str | None, json_wanted: bool, html_wanted: bool) -> None:
    """Print an issue as its readers will see it."""
    house = open_house()
    found = find_issue(house.office, issue)
    if json_wanted:
        show.as_json(_document(found))
        return
    rendered = render_public(house.office, found)
    click.echo(rendered.html if html_wanted else f"{rendered.subject}\n\n{rendered.text}")


@digest.command()
@click.argument("words", nargs=-1, metavar="[ISSUE] ADDRESS…")
@click.option("--to", "to", multiple=True, help="An address; may be repeated.")
def test(words: tuple[str, ...], to: tuple[str, ...]) -> None:
    """Send an issue, marked [THỬ], to any address; nobody's delivery is touched."""
    addresses = [*to, *(word for word in words if "@" in word)]
    issues = [word for word in words if "@" not in word]
    if not addresses or len(issues) > 1:
        raise click.UsageError("name one or more addresses, and one issue at most")
    house = open_house()
    for address in addresses:
        subject = send_test(house.office, next(iter(issues), None), to=address)
        click.echo(f"sent to {address}: {subject}")


@digest.command()
@_ISSUE
@click.option("--by", default=None, help="Who approves; by default who runs this.")
def approve(issue: str | None, by: str | None) -> None:
    """Approve an issue exactly as it is now; any edit takes the approval back."""
    approved = approve_issue(open_house().office, issue, by=by or _who())
    click.echo(
        f"{approved.id} is approved by {approved.approved_by}; send it with `syndication digest send {approved.id}`"
    )


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


@digest.command()
@_ISSUE
@_JSON
def send(issue: str | None, json_wanted: bool) -> None:
    """Deliver an approved issue, or go on with one that was interrupted."""
    house = open_house()
    status = issue_status(house.office, issue)
    stopped = None
    with Progress(
        TextColumn("sending"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=show.console(),
        transient=True,
        disable=json_wanted,
    ) as progress:
        bar = progress.add_task("", total=None)
        for sent in send_issue(house.office, status.issue):
            if progress.tasks[0].total is None:
                status = issue_status(house.office, status.issue)
                settled = status.counts.get(DeliveryState.ACCEPTED, 0) - 1
                progress.update(bar, total=status.prepared, completed=max(settled, 0))
            progress.advance(bar)
            stopped = sent.says if sent.stops else None
    status = issue_status(house.office, status.issue)
    _print_status(house, status, json_wanted=json_wanted)
    if stopped:
        click.echo(
            f"sending stopped: {stopped}. Nobody is lost: run this again, or let the clock go on", err=True
        )
        sys.exit(1)


@digest.command()
@_ISSUE
@_JSON
def status(issue: str | None, json_wanted: bool) -> None:
    """How many readers got an issue, and how the others stand."""
    house = open_house()
    _print_status(house, issue_status(house.office, issue), json_wanted=json_wanted)


def _print_status(house: House, status: Status, *, json_wanted: bool) -> None:
    if json_wanted:
        keys = ("issue", "state", "candidates", "excluded", "prepared", "counts")
        show.as_json({key: getattr(status, key) for key in keys})
        return
    counts = ", ".join(f"{count} {state}" for state, count in status.counts.items()) or "no deliveries yet"
    click.echo(f"{status.issue} is {status.state}: {counts}")
    for reason, count in status.excluded.items():
        click.echo(f"{count} not written to: {reason}")
    if status.next_at:
        local = status.next_at.astimezone(house.settings.timezone)
        click.echo(f"the next attempt is due at {local:%H:%M:%S}")


@digest.command()
@_ISSUE
@_JSON
@click.option("--csv", "csv_wanted", is_flag=True, help="A table for a spreadsheet.")
def readers(issue: str | None, json_wanted: bool, csv_wanted: bool) -> None:
    """Who got an issue, who did not, and why."""
    keys = ("email", "state", "attempts", "code", "says", "message_id", "at")
    rows = [{key: getattr(one, key) for key in keys} for one in issue_readers(open_house().office, issue)]
    if json_wanted:
        show.as_json(rows)
    elif csv_wanted:
        writer = csv.DictWriter(sys.stdout, keys)
        writer.writeheader()
        writer.writerows(rows)
    else:
        table = show.table("reader", "state", "")
        for row in rows:
            table.add_row(show.cell(row["email"]), show.cell(row["state"]), show.cell(row["says"] or ""))
        show.console().print(table)
