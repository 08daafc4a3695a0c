"""Writes the next migration: what ``tables.py`` has beyond what the migrations make so far.

Run it as ``make migration m="what changes"`` and read the file before committing it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine


def write(message: str) -> None:
    """Write a new file beside this one's ``versions/``, numbered after the last."""
    here = Path(__file__).parent
    number = len(list((here / "versions").glob("*.py"))) + 1
    with create_engine("sqlite://").begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(here))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        command.revision(config, message=message, autogenerate=True, rev_id=f"{number:04d}")


if __name__ == "__main__":
    write(" ".join(sys.argv[1:]))
