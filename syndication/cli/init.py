"""The command that sets up the database."""

from __future__ import annotations

import click

from syndication.cli.opening import open_house
from syndication.store import open_store


@click.command()
def init() -> None:
    """Set up the database, or bring it to the version this program needs. Harmless when run again."""
    house = open_house()
    store = open_store(house.settings.database_url)
    store.migrate()
    store.close()
    click.echo("the database is ready")
