"""The commands. Each one is a call into a flow; errors are one plain line that says what to do.

Exit status: 0 done, 1 it failed, 2 wrong use.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from syndication import __version__
from syndication.errors import SyndicationError

COMMANDS = {
    "bounce": "bounce",
    "check": "news",
    "collect": "news",
    "demo": "demo",
    "digest": "delivery",
    "doctor": "doctor",
    "init": "init",
    "probe": "probe",
    "publish": "news",
    "run": "serve",
    "schedule": "serve",
    "serve": "serve",
    "stories": "stories",
    "subscribers": "subscribers",
}
"""Every command, and the module to load for it: ``delivery`` adds to ``digest`` the commands that send."""


class _Commands(click.Group):
    """Loads the command that is asked for and no other, so that none waits for the parts of all.

    Turns our errors into their one plain line; anything else is a fault of ours and keeps its traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{COMMANDS[cmd_name]}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SyndicationError as trouble:
            for line in str(trouble).splitlines():
                click.echo(line, err=True)
            ctx.exit(1)


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="syndication")
def main() -> None:
    """Collects news from many portals, merges it into feeds per category and mails a weekly digest.

    Settings come from the environment (SYNDICATION_…), portals and categories from feeds/.
    """
