"""Commands about the digest's readers."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import BinaryIO

import click

from syndication.cli import show
from syndication.cli.opening import open_house
from syndication.digest.pipeline import readers
from syndication.digest.roster import state_of


@click.group()
def subscribers() -> None:
    """The digest's readers."""


@subscribers.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--basis", default="", help="The legal ground of writing to those whose line names none.")
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def import_(file: BinaryIO, basis: str, json_wanted: bool) -> None:
    """Add the readers of a CSV file: email, and optionally name, unit, categories, language, basis, portals.

    Lines that cannot be used are named with what is wrong; all the others are taken. Who left, was erased or cannot be
    reached is never brought back.
    """
    enrolled = readers.enrol(open_house().office, file.read(), basis=basis.strip())
    if json_wanted:
        show.as_json(asdict(enrolled))
        return
    for one in enrolled.refused:
        click.echo(f"line {one.line}: {one.says}", err=True)
    click.echo(f"{enrolled.added} added, {enrolled.updated} updated, {len(enrolled.refused)} refused")
    if enrolled.groundless:
        click.echo(
            f"no legal ground is on record for {enrolled.groundless} of these readers: fill in the column basis, or"
            " import the file again with --basis",
            err=True,
        )
    if enrolled.refused and not enrolled.added + enrolled.updated:
        sys.exit(1)


@subscribers.command()
@click.argument("email", required=False)
def export(email: str | None) -> None:
    """Print everyone as CSV, or all that is kept about one person as JSON.

    The CSV can be imported again; people who left stand in it with their state and stay away.
    """
    office = open_house().office
    if email is None:
        click.echo(readers.export_all(office), nl=False)
        return
    kept = readers.export_one(office, email)
    if kept is None:
        click.echo(f"nothing is on record about {email}", err=True)
        sys.exit(1)
    show.as_json(kept)


@subscribers.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(email: str, yes: bool) -> None:
    """Remove all that is kept about one person.

    A keyed hash of the address stays, so that no list brings it back; only they themselves can, by signing up.
    """
    if not yes:
        click.confirm(f"Remove all about {email}? It cannot be undone", abort=True)
    erased = readers.erase(open_house().office, email, how="command line")
    if erased is None:
        click.echo(f"nothing is on record about {email}")
    elif erased.before:
        click.echo(f"{email} was erased before; nothing is left but the hash that keeps it away")
    else:
        done = [
            *(["the reader"] if erased.reader else []),
            *(["an unconfirmed sign-up"] if erased.sign_up else []),
            *([f"the address in {erased.deliveries} deliveries"] if erased.deliveries else []),
        ]
        click.echo(f"removed: {', '.join(done)}; lists cannot bring {email} back")


@subscribers.command(name="list")
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def list_(json_wanted: bool) -> None:
    """Everyone on record."""
    house = open_house()
    with house.store.read() as memory:
        everyone = [(one, state_of(one, now=house.now())) for one in memory.subscribers.all()]
    if json_wanted:
        show.as_json(
            [
                {
                    "email": one.email,
                    "name": one.name,
                    "state": state,
                    "categories": list(one.categories),
                    "since": one.since_at,
                }
                for one, state in everyone
            ]
        )
        return
    table = show.table("email", "name", "unit", "state", "categories", whole="email")
    for one, state in everyone:
        cells = (one.email, one.name, one.unit, state, ";".join(one.categories) or "all")
        table.add_row(*map(show.cell, cells))
    show.console().print(table)
