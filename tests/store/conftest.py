"""One transaction on a kept database, undone after each test: for the tests that need no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from syndication.store import Memory, Store, open_store


class _Undo(Exception):
    """Ends a transaction whose work is not to stay."""


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def kept_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A database of each kind in turn, that stays empty."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'test.db'}"
    else:
        url = request.getfixturevalue("postgres").make()
    opened = open_store(url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def memory(kept_store: Store) -> Iterator[Memory]:
    """A transaction that never happened."""
    with suppress(_Undo), kept_store.write() as memory:
        yield memory
        raise _Undo
