"""RSS and Atom of every version, and the ways in which portals break them."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndication.collect.parse import feed
from tests.collect.parse.samples import check, samples


@pytest.mark.parametrize("sample", samples("feed"))
def test_a_feed_gives_what_stands_beside_it(sample: Path) -> None:
    check(feed.parse, sample)
