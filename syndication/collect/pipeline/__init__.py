"""Conducts collecting: the only steps of this flow that touch the store.

``round`` claims what is due and has it fetched, ``reader`` makes articles of an answer, ``keeper`` keeps them and
``settle`` decides who leads a story and where it stands. ``withdrawals`` looks for what portals have taken back, and
``corrections`` is what people decide.

    claim | ask robots.txt | fetch (many at once) | parse | read articles' pages | normalise | keep (one transaction)

A source that fails is recorded and tried later; the round goes on. A process killed anywhere leaves claims that end by
themselves and transactions that never happened, so the next round simply does the work.
"""

from __future__ import annotations

from syndication.collect.pipeline.reader import FetchesMany
from syndication.collect.pipeline.round import Result, Round, SourceReport, collect
from syndication.collect.pipeline.withdrawals import look_again

__all__ = ["FetchesMany", "Result", "Round", "SourceReport", "collect", "look_again"]
