"""Conducts collecting: the only steps of this flow that touch the store.

``round`` claims what is due and has it fetched, ``reader`` makes articles of an answer, ``keeper`` keeps them.

    claim | ask robots.txt | fetch (many at once) | parse | read articles' pages | normalise | keep (one transaction)

A source that fails is recorded and tried later; the round goes on. A process killed anywhere leaves claims that end by
themselves and transactions that never happened, so the next round simply does the work.
"""

from __future__ import annotations

from syndication.collect.pipeline.reader import FetchesMany
from syndication.collect.pipeline.round import Result, Round, SourceReport, collect

__all__ = ["FetchesMany", "Result", "Round", "SourceReport", "collect"]
