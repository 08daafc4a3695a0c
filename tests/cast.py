"""Who and what tests work with: a clock that obeys, and the word for a part that is missing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI") == "true"

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the database."""


def missing(part: str) -> NoReturn:
    """End a test that cannot run for want of a part: said aloud here, a failure where CI=true."""
    if IN_CI:
        pytest.fail(f"{part} is missing and CI may not go without it")
    pytest.skip(f"{part} is missing on this machine")


def until(met: Callable[[], bool], *, seconds: float = 90) -> None:
    """Look again and again until it is so, and fail where it does not come true in time."""
    end, pause = monotonic() + seconds, threading.Event()
    while not met():
        if monotonic() > end:
            pytest.fail("it did not happen in time")
        pause.wait(0.02)


@dataclass
class ObedientClock:
    """A clock that stands still until it is told to move."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        """Let time pass: ``clock.pass_(minutes=5)``."""
        self.at += timedelta(**time)
