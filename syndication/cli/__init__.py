"""The commands. Each one is a call into a flow; errors are one plain line that says what to do.

Exit status: 0 done, 1 it failed, 2 wrong use.
"""

from __future__ import annotations

from typing import Any

import click

from syndication import __version__
from syndication.cli import bounce, delivery, demo, digest, doctor, news, probe, serve, stories, subscribers
from syndication.errors import SyndicationError


class _PlainErrors(click.Group):
    """Turns our errors into their one plain line; anything else is a fault of ours and keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SyndicationError as trouble:
            for line in str(trouble).splitlines():
                click.echo(line, err=True)
            ctx.exit(1)


@click.group(
    cls=_PlainErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="syndication")
def main() -> None:
    """Collects news from many portals, merges it into feeds per category and mails a weekly digest.

    Settings come from the environment (SYNDICATION_…), portals and categories from feeds/.
    """


__all__ = ["delivery", "main"]  # whose commands join those of ``digest`` when it is imported

for command in (
    serve.init,
    news.check,
    probe.probe,
    news.collect,
    news.publish,
    stories.stories,
    digest.digest,
    subscribers.subscribers,
    bounce.bounce,
    serve.serve,
    serve.schedule,
    serve.run,
    doctor.doctor,
    demo.demo,
):
    main.add_command(command)
