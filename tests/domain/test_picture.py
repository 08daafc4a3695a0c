"""Sizes of pictures as portals state them: whole, plausible and both, or unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.domain.picture import MOST_PIXELS, stated_size

ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.integers().map(str)
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(), st.integers(), max_size=2)
)


@pytest.mark.parametrize(
    ("said", "pixels"),
    [
        (1, 1),
        (20_000, 20_000),
        ("1200", 1200),
        (" 1200 ", 1200),
        ("1200px", 1200),
        ("1200 px", 1200),
        ("0800", 800),
        *((said, None) for said in (0, -1, 20_001, True, 1200.0, None, [1200], {"value": 1200}, b"1200")),
        *((said, None) for said in ("", "0", "-1", "+1", "1e3", "1200.5", "1.200", "1_200", "auto", "100%")),
        *((said, None) for said in ("px", "12 00", "1200em", "20001", "123456", "\u0661\u0662", "1" * 9_999)),
    ],
)
def test_a_side_is_a_whole_number_of_pixels_or_nothing(said: object, pixels: int | None) -> None:
    assert stated_size(said, 675) == ((pixels, 675) if pixels else None)
    assert stated_size(675, said) == ((675, pixels) if pixels else None)


@given(ANYTHING, ANYTHING)
def test_whatever_is_said_gives_a_plausible_size_or_none(width: object, height: object) -> None:
    size = stated_size(width, height)
    assert size is None or all(type(side) is int and 1 <= side <= MOST_PIXELS for side in size)


@given(st.integers(1, MOST_PIXELS), st.integers(1, MOST_PIXELS))
def test_a_size_reads_the_same_however_it_is_written(width: int, height: int) -> None:
    assert stated_size(width, height) == stated_size(str(width), f"{height}px") == (width, height)
