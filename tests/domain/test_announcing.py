"""The order machines see: when stories are announced, and ids that are minted once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndication.domain.story import ANNOUNCE_RESERVE, announce_times, feed_names, mint_id

NOW = datetime(2026, 11, 23, 7, 30, 15, 250_000, UTC)
SECOND = timedelta(seconds=1)
VIETNAM = timezone(timedelta(hours=7))

around_now = st.integers(-400_000_000, 90_000_000).map(lambda tenths: NOW + timedelta(seconds=tenths / 10))
whole_seconds = around_now.map(lambda moment: moment.replace(microsecond=0))
told = st.lists(around_now, max_size=40).map(sorted)


@settings(deadline=None)
@given(told, st.none() | whole_seconds)
@example([NOW, NOW, NOW], NOW.replace(microsecond=0))
@example([NOW + timedelta(days=30)] * 3, None)
def test_announcements_are_whole_seconds_rising_after_the_last_and_never_ahead(
    told: list[datetime], last: datetime | None
) -> None:
    times = announce_times(told, last=last, now=NOW)
    assert len(times) <= len(told)
    assert all(at.microsecond == 0 and at <= NOW for at in times)
    assert all(one < next_ for one, next_ in pairwise(times))
    if last is None:
        assert len(times) == len(told)
    elif times:
        assert times[0] > last


@settings(deadline=None)
@given(st.lists(around_now, max_size=40))
def test_disorder_in_what_was_told_never_becomes_disorder_in_what_is_announced(told: list[datetime]) -> None:
    times = announce_times(told, last=None, now=NOW)
    assert len(times) == len(told)
    assert all(one < next_ for one, next_ in pairwise(times))
    assert not times or times[-1] <= NOW


@settings(deadline=None)
@given(st.sets(st.integers(60, 40_000_000), max_size=40))
def test_the_first_batch_keeps_the_portals_dates_where_they_fit(ages: set[int]) -> None:
    told = [NOW - age * SECOND for age in sorted(ages, reverse=True)]
    assert announce_times(told, last=None, now=NOW) == [moment.replace(microsecond=0) for moment in told]


def test_one_impossible_date_moves_only_what_must_move() -> None:
    old, ahead = NOW - timedelta(days=3), NOW + timedelta(days=3)
    first, second, third = announce_times([old, ahead, ahead], last=None, now=NOW)
    assert first == old.replace(microsecond=0)
    assert (second, third) == (NOW.replace(microsecond=0) - SECOND, NOW.replace(microsecond=0))


def test_a_date_in_another_zone_is_the_same_moment() -> None:
    moment = datetime(2026, 7, 1, 6, 0, tzinfo=VIETNAM)
    assert announce_times([moment], last=None, now=NOW) == [datetime(2026, 6, 30, 23, 0, tzinfo=UTC)]


def test_later_batches_come_out_now_and_not_when_the_portal_says() -> None:
    last = NOW.replace(microsecond=0) - timedelta(hours=1)
    times = announce_times([NOW - timedelta(days=9), NOW - timedelta(days=8)], last=last, now=NOW)
    begin = NOW.replace(microsecond=0) - ANNOUNCE_RESERVE
    assert times == [begin, begin + SECOND]


def test_what_does_not_fit_before_now_waits_for_the_next_round() -> None:
    room = int(ANNOUNCE_RESERVE.total_seconds()) + 1
    last = NOW - timedelta(days=1)
    times = announce_times([NOW] * (room + 5), last=last.replace(microsecond=0), now=NOW)
    assert len(times) == room
    assert announce_times([NOW] * 5, last=times[-1], now=NOW) == []
    later = NOW + timedelta(seconds=3)
    assert len(announce_times([NOW] * 5, last=times[-1], now=later)) == 3


def test_a_clock_that_went_back_announces_nothing_until_it_has_caught_up() -> None:
    ahead = NOW.replace(microsecond=0) + timedelta(hours=2)
    assert announce_times([NOW], last=ahead, now=NOW) == []
    assert announce_times([NOW], last=ahead, now=ahead + SECOND) == [ahead + SECOND]


def test_an_id_is_the_same_for_ever() -> None:
    # Written down on the day the first ids were minted: public addresses and feed readers hold them.
    assert mint_id("quang-ninh", "quang-ninh/tin/hoi-nghi-123") == "x4cmekmkm2bet"
    assert mint_id("quang-ninh", "quang-ninh/tin/hoi-nghi-123", attempt=1) == "osjiy3sm4sgk7"


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(0, 5))
def test_an_id_is_short_and_safe_in_an_address(portal: str, key: str, attempt: int) -> None:
    assert re.fullmatch(r"[a-z2-7]{13}", mint_id(portal, key, attempt=attempt))


def test_places_and_attempts_have_ids_of_their_own() -> None:
    ids = {mint_id(portal, key, attempt=n) for portal in ("a", "b") for key in ("c", "d") for n in range(3)}
    assert len(ids) == 12


def test_a_story_stands_in_all_in_its_categories_and_at_its_portals_each_once() -> None:
    assert feed_names(["x", "y", "x"], ["p", "q", "p"]) == ("all", "x", "y", "portals/p", "portals/q")
    assert feed_names([], []) == ("all",)
