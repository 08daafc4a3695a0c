"""Commands about the digest's readers."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import BinaryIO

import click

from syndication.cli import show
from syndication.cli.opening import open_house
from syndication.digest.pipeline.readers import enrol


@click.group()
def subscribers() -> None:
    """The digest's readers."""


@subscribers.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def import_(file: BinaryIO, json_wanted: bool) -> None:
    """Add the readers of a CSV file: email, and optionally name, unit, categories, language, basis.

    Lines that cannot be used are named with what is wrong; all the others are taken.
    """
    enrolled = enrol(open_house().office, file.read())
    if json_wanted:
        show.as_json(asdict(enrolled))
        return
    for one in enrolled.refused:
        click.echo(f"line {one.line}: {one.says}", err=True)
    click.echo(f"{enrolled.added} added, {enrolled.updated} updated, {len(enrolled.refused)} refused")
    if enrolled.refused and not enrolled.added + enrolled.updated:
        sys.exit(1)


@subscribers.command(name="list")
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def list_(json_wanted: bool) -> None:
    """Everyone on record."""
    with open_house().store.read() as memory:
        everyone = memory.subscribers.all()
    if json_wanted:
        show.as_json(
            [
                {
                    "email": one.email,
                    "name": one.name,
                    "state": one.state,
                    "categories": list(one.categories),
                    "since": one.since_at,
                }
                for one in everyone
            ]
        )
        return
    table = show.table("email", "name", "unit", "state", "categories")
    for one in everyone:
        cells = (one.email, one.name, one.unit, one.state, ";".join(one.categories) or "all")
        table.add_row(*map(show.cell, cells))
    show.console().print(table)
