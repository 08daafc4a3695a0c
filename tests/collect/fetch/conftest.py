"""A portal on loopback and fetchers that may read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from syndication.collect.fetch import Fetcher, Limits
from tests.collect.fetch.asking import AGENT, NAME, OTHER, MakeFetcher
from tests.collect.portal_double import PortalDouble, portal_on_loopback


@pytest.fixture
def portal() -> Iterator[PortalDouble]:
    with portal_on_loopback() as portal:
        yield portal


@pytest.fixture
def fetcher_for() -> Iterator[MakeFetcher]:
    """Makes fetchers that may read the given portals by address and by two names, and closes them."""
    made: list[Fetcher] = []

    def make(
        *portals: PortalDouble,
        limits: Limits | None = None,
        resolve: Callable[[str, int], list[str]] = lambda host, port: ["127.0.0.1"],
    ) -> Fetcher:
        named = {portal.authority(host) for portal in portals for host in (portal.host, NAME, OTHER)}
        fetcher = Fetcher(
            user_agent=AGENT, private_hosts=frozenset(named), limits=limits or Limits(), resolve=resolve
        )
        made.append(fetcher)
        return fetcher

    yield make
    for fetcher in made:
        fetcher.close()
