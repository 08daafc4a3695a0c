"""Several clocks at work on one database: the same news, each piece once, and feeds that miss nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from syndication.bootstrap import House
from syndication.collect import pipeline
from syndication.publish.pipeline import publish
from tests.store.stock import all_at_once


def test_clocks_that_collect_and_publish_at_once_do_what_one_would(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One source at a time, so that sources of one portal, which bring the same articles, are read by several.
    monkeypatch.setattr("syndication.collect.pipeline.round.BATCH", 1)

    def tick(_: int) -> Counter[pipeline.Result]:
        results: Counter[pipeline.Result] = Counter()
        for report in pipeline.collect(house.round):
            assert report.result is not pipeline.Result.FAILED, report.error
            results[report.result] += 1
            publish(house.press)
        return results

    results = sum(all_at_once(tick, threads=4), Counter[pipeline.Result]())
    assert results[pipeline.Result.NEW] >= 8
    last = publish(house.press)
    while last.waiting:
        house.now.pass_(minutes=5)  # type: ignore[attr-defined] # the cast's clock
        last = publish(house.press)
    assert publish(house.press, everything=True).changed == 0, "no feed had missed anything"
    with house.store.read() as memory:
        stories = memory.stories.newest("all", limit=1000)
    assert len({story.id for story in stories}) == len(stories) >= 45
