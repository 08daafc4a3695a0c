"""How commands print: tables for people, JSON for machines."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text


def as_json(document: object) -> None:
    """Print a document for machines; times are ISO 8601 in UTC."""

    def plain(value: object) -> Any:
        if isinstance(value, datetime):
            return value.isoformat()
        raise TypeError(f"{type(value).__name__} cannot be printed as JSON")

    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=plain))


def table(*headings: str, whole: str | None = None) -> Table:
    """An empty table in our one style; cells under the heading ``whole`` are never broken over lines."""
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading == whole)
    return made


def cell(words: object, style: str = "") -> Text:
    """A cell whose text is taken as it is: what portals wrote is never markup."""
    return Text(str(words), style=style)


def console() -> Console:
    """Where tables and progress go; plain when it is no terminal."""
    return Console(highlight=False)
