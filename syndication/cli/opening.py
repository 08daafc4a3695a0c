"""Opens the instance a command works with, and closes it when the command ends."""

from __future__ import annotations

import click

from syndication.bootstrap import House, build


def open_house() -> House:
    """The instance the environment describes; raises SettingsError that names what is wrong in it."""
    house = build()
    click.get_current_context().call_on_close(house.close)
    return house
