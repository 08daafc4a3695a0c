"""The command that shows everything working with no network: imitation portals, a mailbox, the whole road."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Any free one when taken."
)
def demo(port: int) -> None:
    """See everything work with no network: imitation portals become feeds, pages and a digest in a mailbox."""
    # The demo's parts are not needed, and its extra packages not asked for, by any other command.
    from syndication.demo.run import run_demo

    run_demo(port=port)
