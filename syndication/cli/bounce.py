"""The command that takes in what came back: one mail on standard input, or a mailbox of them."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from syndication.bootstrap import House
from syndication.cli import show
from syndication.cli.opening import open_house
from syndication.digest.mailbox import read_mailbox
from syndication.digest.pipeline.returns import Taken, take_in
from syndication.errors import SettingsError

MOST = 25_000_000
"""Bytes of one mail that are read; what is needed of it stands in the first megabyte."""


@click.command()
@click.option("--mailbox", metavar="URL", help="Read the unread mails of imaps://user:password@host/FOLDER.")
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def bounce(mailbox: str | None, json_wanted: bool) -> None:
    """Take in bounces, complaints and mails by which readers leave.

    Without --mailbox one mail is read from standard input, as a mail server pipes it. Mails that are not for us are
    passed over; in a mailbox they are marked as read and never removed.
    """
    house = open_house()
    if not house.settings.bounce_address:
        raise SettingsError(
            "SYNDICATION_BOUNCE_ADDRESS is not set: digests come back to nobody; give the address they come back to"
        )
    if mailbox is None:
        _tell([take_in(house.office, sys.stdin.buffer.read(MOST))], json_wanted=json_wanted)
        return
    taken: list[Taken] = []
    read_mailbox(mailbox, deal_with=lambda raw: _take(house, raw, taken))
    _tell(taken, json_wanted=json_wanted)


def _take(house: House, raw: bytes, taken: list[Taken]) -> bool:
    taken.append(take_in(house.office, raw))
    return taken[-1].useful


def _tell(taken: list[Taken], *, json_wanted: bool) -> None:
    if json_wanted:
        show.as_json([asdict(one) for one in taken])
        return
    for one in taken:
        click.echo(f"{one.meaning}: {one.email or '-'}: {one.says}")
    if not taken:
        click.echo("no unread mail")
