"""The command that shows everything working with no network: imitation portals, a mailbox, the whole road."""

from __future__ import annotations

from pathlib import Path

import click

from syndication.settings import HOUSE


@click.command()
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Any free one when taken."
)
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Where it lives; made anew.")
def demo(port: int, folder: Path | None) -> None:
    """See everything work with no network: imitation portals become feeds, pages and a digest in a mailbox."""
    # The demo's parts are not needed, and its extra packages not asked for, by any other command.
    from syndication.demo.run import run_demo

    run_demo(port=port, folder=folder or HOUSE / "var" / "demo")
