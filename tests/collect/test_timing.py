"""When a source is due again."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from syndication.collect import timing
from syndication.domain.portal import Read, Source

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
EVERY = st.timedeltas(timedelta(minutes=15), timedelta(days=30))


def source(every: timedelta = timedelta(hours=1)) -> Source:
    return Source(portal="p", url="https://portal.example/", read=Read.FEED, every=every)


@given(
    EVERY,
    st.one_of(st.none(), st.timedeltas(timedelta(), timedelta(days=400))),
    st.timedeltas(timedelta(), timedelta(hours=5)),
)
def test_a_healthy_source_is_never_asked_much_sooner_than_its_file_says(
    every: timedelta, gap: timedelta | None, hint: timedelta
) -> None:
    at = timing.next_after_success(source(every), now=NOW, usual_gap=gap, hint=hint, spread=random.Random(1))
    assert at - NOW >= every * (1 - timing.JITTER)
    assert at - NOW <= max(every * timing.SLOWEST, timing.LONGEST_HINT) * (1 + timing.JITTER)


@given(EVERY, st.integers(1, 10_000), st.one_of(st.none(), st.floats(0, 1e12)))
def test_a_failing_source_is_always_asked_again(
    every: timedelta, failures: int, retry_after: float | None
) -> None:
    retry_after = min(retry_after, 1e9) if retry_after is not None else None
    at = timing.next_after_failure(
        source(every), now=NOW, failures=failures, retry_after=retry_after, spread=random.Random(1)
    )
    assert NOW < at <= NOW + max(timing.LONGEST_WAIT, every)


def test_a_source_with_seldom_news_is_asked_more_seldom() -> None:
    assert timing.interval(source(), usual_gap=None) == timedelta(hours=1)
    assert timing.interval(source(), usual_gap=timedelta(minutes=30)) == timedelta(hours=1)
    assert timing.interval(source(), usual_gap=timedelta(hours=12)) == timedelta(hours=3)
    assert timing.interval(source(), usual_gap=timedelta(days=90)) == timedelta(hours=6)


def test_the_usual_gap_is_learnt_from_rounds_that_brought_news() -> None:
    assert timing.learn_gap(None, last_new_at=None, now=NOW) is None
    day = timedelta(days=1)
    assert timing.learn_gap(None, last_new_at=NOW - day, now=NOW) == day
    assert timing.learn_gap(day, last_new_at=NOW - 5 * day, now=NOW) == 2 * day


def test_silence_is_three_times_the_usual_gap() -> None:
    day = timedelta(days=1)
    assert not timing.is_silent(usual_gap=2 * day, new_at=NOW - 5 * day, now=NOW)
    assert timing.is_silent(usual_gap=2 * day, new_at=NOW - 7 * day, now=NOW)
    assert not timing.is_silent(usual_gap=None, new_at=None, now=NOW)
    assert not timing.is_silent(usual_gap=timedelta(hours=1), new_at=NOW - 2 * day, now=NOW)


def test_hints_that_make_no_sense_count_for_nothing() -> None:
    for headers in (
        {"expires": "0"},
        {"expires": "soon"},
        {"cache-control": "max-age=x"},
        {"cache-control": "no-cache, max-age=900"},
    ):
        assert timing.hinted(headers, document=None, now=NOW) <= timedelta()


def test_a_document_that_is_fresh_until_a_moment_is_not_asked_for_before_within_reason() -> None:
    for hours, waits in ((3, 3), (24 * 365, 5), (-3, 0)):
        expires = format_datetime(NOW + timedelta(hours=hours), usegmt=True)
        assert timing.hinted({"expires": expires}, document=None, now=NOW) == timedelta(hours=waits)
    both = {"expires": format_datetime(NOW + timedelta(hours=3)), "cache-control": "max-age=60"}
    assert timing.hinted(both, document=None, now=NOW) == timedelta(minutes=1)  # RFC 9111 §5.3


def test_sources_that_were_read_together_part_company() -> None:
    spread = random.Random(1)
    done = [
        timing.next_after_success(source(), now=NOW, usual_gap=None, hint=timedelta(), spread=spread)
        for _ in range(100)
    ]
    failed = [
        timing.next_after_failure(source(), now=NOW, failures=1, retry_after=None, spread=spread)
        for _ in range(100)
    ]
    for moments in (done, failed):
        assert len(set(moments)) == 100
        assert max(moments) - min(moments) > timedelta(minutes=10)
