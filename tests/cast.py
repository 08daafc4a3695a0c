"""Who and what tests work with: a clock that obeys, and the word for a part that is missing."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI") == "true"


def missing(part: str) -> NoReturn:
    """End a test that cannot run for want of a part: said aloud here, a failure where CI=true."""
    if IN_CI:
        pytest.fail(f"{part} is missing and CI may not go without it")
    pytest.skip(f"{part} is missing on this machine")


@dataclass
class ObedientClock:
    """A clock that stands still until it is told to move."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        """Let time pass: ``clock.pass_(minutes=5)``."""
        self.at += timedelta(**time)
