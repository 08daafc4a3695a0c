"""How often something may happen: a token bucket's size and how fast it fills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``most`` at once, and as many again in each ``per``; ``name`` says of what."""

    name: str
    most: int
    per: timedelta

    def tokens(self, left: float, *, since: timedelta) -> float:
        """What is in the bucket that long after ``left`` were in it."""
        return min(float(self.most), left + max(since, timedelta(0)) / self.per * self.most)

    def until(self, left: float) -> timedelta:
        """How long until one may pass again."""
        return max(timedelta(0), (1 - left) / self.most * self.per)
