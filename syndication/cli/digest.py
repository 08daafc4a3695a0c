"""Commands about the weekly digest: compose, edit, show, test, approve, send, and who got it."""

from __future__ import annotations

import getpass
import os
import sys
import webbrowser
from collections.abc import Callable
from functools import partial

import click

from syndication.cli import show
from syndication.cli.opening import open_house
from syndication.digest import edit
from syndication.digest.message import UNSUBSCRIBE_PLACEHOLDER
from syndication.digest.pipeline.delivery import send_test
from syndication.digest.pipeline.issue import approve_issue, compose_issue, edit_issue, find_issue, left_out
from syndication.digest.pipeline.preview import preview
from syndication.domain.issue import Edits, Entry, Issue, IssueContent, IssueState
from syndication.domain.week import IsoWeek
from syndication.errors import SettingsError

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
        "starts_on": content.first_week.starts_on.isoformat(),
        "ends_on": content.week.ends_on.isoformat(),
        "subject": content.subject,
        "hash": issue.hash,
        "hero": story(content.hero) if content.hero else None,
        "sections": [
            {"category": slug, "stories": [story(entry) for entry in entries]}
            for slug, entries in _by_category(content).items()
        ],
    }


def _by_category(content: IssueContent) -> dict[str, list[Entry]]:
    """Every story but the hero by its category, in the order in which sections are printed; highlights come first."""
    order = [one.category for one in content.tally] or [one.category for one in content.sections]
    found: dict[str, list[Entry]] = {slug: [] for slug in order}
    for entry in content.entries[1 if content.hero else 0 :]:
        found.setdefault(entry.category, []).append(entry)
    return {slug: entries for slug, entries in found.items() if entries}


@digest.command()
@_ISSUE
@_JSON
@click.option("--fresh", is_flag=True, help="Forget what an editor asked for.")
def compose(issue: str | None, json_wanted: bool, fresh: bool) -> None:
    """Compose the draft of a week, by default of the week that has just passed; edits are kept."""
    house = open_house()
    try:
        week = IsoWeek.parse(issue) if issue else None
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    composed = compose_issue(house.office, week, fresh=fresh)
    if json_wanted:
        show.as_json(_document(composed))
        return
    content = composed.content
    click.echo(f"{composed.id}: {content.subject}")
    click.echo(
        f"{len(content.entries)} stories of {content.stories_told}, from {content.portal_count} portals"
    )
    if content.begins:
        click.echo(f"it tells of the weeks from {content.begins} on, which had no issue")
    if len(content.entries) < house.office.least:
        click.echo(f"that is little: the clock would leave fewer than {house.office.least} to the next issue")
    click.echo(f"read it with `syndication digest show {composed.id}`, then approve it")


@digest.command(name="show")
@_ISSUE
@_JSON
@click.option("--html", "html_wanted", is_flag=True, help="Print the mail's HTML.")
@click.option("--no-browser", is_flag=True, help="Print the text; for machines without a screen.")
def show_(issue: str | None, json_wanted: bool, html_wanted: bool, no_browser: bool) -> None:
    """Show an issue as its readers will see it: in the browser as mail, text and source, or here as text."""
    house = open_house()
    found = find_issue(house.office, issue)
    if json_wanted:
        show.as_json(_document(found))
        return
    rendered = house.office.renderer.render(found.content, unsubscribe_url=UNSUBSCRIBE_PLACEHOLDER)
    if html_wanted:
        click.echo(rendered.html)
        return
    page = house.settings.var_dir / "digest" / f"{found.id}.html"
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(preview(house.office, found), encoding="utf-8")
    except OSError as cause:
        raise SettingsError(
            f"{page} cannot be written ({cause.strerror}): make its folder writable"
        ) from cause
    opened = not no_browser and _has_screen() and webbrowser.open(page.as_uri())
    if not opened:
        click.echo(f"{rendered.subject}\n\n{rendered.text}")
    click.echo(f"{page}: the mail, its text and its source side by side", err=not opened)


def _has_screen() -> bool:
    """Whether a browser would open beside this terminal, and not in it."""
    graphic = sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return graphic and sys.stdout.isatty()


@digest.command()
@_ISSUE
@_JSON
@click.option("--left-out", "left_out_wanted", is_flag=True, help="Those that found no place instead.")
def stories(issue: str | None, json_wanted: bool, left_out_wanted: bool) -> None:
    """List an issue's stories, where each stands and why."""
    office = open_house().office
    found = find_issue(office, issue)
    content = found.content
    if left_out_wanted:
        rows = [
            ("", one.id, one.title, ", ".join({t.portal: 0 for t in one.tellings}))
            for one in left_out(office, found)
        ]
    else:
        highlights = {entry.story for entry in content.highlights}
        upcoming = {event.entry.story for event in content.upcoming}

        def stands(entry: Entry) -> str:
            if entry is content.hero:
                return "hero"
            if entry.story in highlights:
                return "highlights"
            return "upcoming" if entry.story in upcoming else entry.category

        rows = [(stands(entry), entry.story, entry.title, entry.why) for entry in content.entries]
    keys = ("stands", "story", "title", "portals" if left_out_wanted else "why")
    if json_wanted:
        show.as_json([dict(zip(keys, row, strict=True)) for row in rows])
        return
    table = show.table(*keys)
    for row in rows:
        table.add_row(*map(show.cell, row))
    show.console().print(table)


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


_EDITED = click.option("--issue", default=None, help="The issue; by default the newest.")
_STORY = click.argument("story")


@digest.group(name="edit")
def edit_() -> None:
    """Change an issue before it is approved; an edit takes an approval back. `digest stories` lists the stories."""


def _edit(issue: str | None, change: Callable[[Edits], Edits]) -> None:
    office = open_house().office
    before = find_issue(office, issue)
    edited = edit_issue(office, before.id, change)
    click.echo(f"{edited.id} is edited: {len(edited.content.entries)} stories, {edited.content.subject}")
    if before.state is IssueState.APPROVED:
        click.echo("its approval is taken back: approve it again")


@edit_.command()
@_STORY
@_EDITED
@click.option("--lead", is_flag=True, help="As the story that leads the issue.")
def pin(story: str, issue: str | None, lead: bool) -> None:
    """Put a story among the highlights."""
    _edit(issue, partial(edit.lead if lead else edit.pin, story=story))


@edit_.command()
@_STORY
@_EDITED
def drop(story: str, issue: str | None) -> None:
    """Leave a story out; the next best takes its place."""
    _edit(issue, partial(edit.drop, story=story))


@edit_.command()
@_STORY
@_EDITED
def release(story: str, issue: str | None) -> None:
    """Forget all edits of one story."""
    _edit(issue, partial(edit.release, story=story))


@edit_.command()
@_STORY
@click.argument("title")
@_EDITED
def title(story: str, title: str, issue: str | None) -> None:
    """Call a story something else in the digest; "" brings its own title back."""
    _edit(issue, partial(edit.retitle, story=story, title=title))


@edit_.command()
@_STORY
@click.argument("category")
@_EDITED
def move(story: str, category: str, issue: str | None) -> None:
    """Move a story to the section of another category."""
    _edit(issue, partial(edit.move, story=story, category=category))


@edit_.command()
@_STORY
@click.argument("number", type=int)
@_EDITED
def place(story: str, number: int, issue: str | None) -> None:
    """Give a story a place in its section, from 1."""
    _edit(issue, partial(edit.place, story=story, number=number))


@edit_.command()
@click.argument("words")
@_EDITED
def note(words: str, issue: str | None) -> None:
    """Say a word above the first story; "" takes it away."""
    _edit(issue, partial(edit.note, words=words))


@edit_.command()
@click.argument("words")
@_EDITED
def subject(words: str, issue: str | None) -> None:
    """Give the mail another subject; "" brings the week's back."""
    _edit(issue, partial(edit.name, subject=words))


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
