"""Words that the tests of fetching share: who we are, which names the portal on loopback has, how asking fails."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from syndication.collect.fetch import Fetcher, Request
from syndication.errors import SourceError

AGENT = "syndication/1 (+https://tin.example.vn)"
NAME = "portal.example"
OTHER = "other.example"
BODY = "<rss><title>Chuyển đổi số</title></rss>".encode() * 20

MakeFetcher = Callable[..., Fetcher]


def failure(fetcher: Fetcher, request: str | Request) -> SourceError:
    """The error that asking for this raises: one plain line."""
    with pytest.raises(SourceError) as caught:
        fetcher.fetch(Request(url=request) if isinstance(request, str) else request)
    assert "\n" not in str(caught.value)
    return caught.value


def zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def short(value: object) -> str:
    """How a parameter is called in a test's name."""
    return value if isinstance(value, str) else type(value).__name__
