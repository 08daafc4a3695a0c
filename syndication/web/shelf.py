"""Keeps published documents in memory, notices new ones, and has the last good ones while the database is away."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic
from typing import Generic, TypeVar

from syndication.errors import StoreError
from syndication.links import Links
from syndication.store import Memory, Store
from syndication.web.feeds import Ready

log = logging.getLogger(__name__)

MOST_BYTES = 64 * 1024 * 1024
"""What documents may take in the memory of one process."""
PATIENCE = 2.0
"""Seconds to wait for another thread that asks the database, before we go on without."""

_K = TypeVar("_K")
_V = TypeVar("_V")
_T = TypeVar("_T")


class Recent(Generic[_K, _V]):
    """What was used last, up to a size. Safe in many threads."""

    def __init__(self, most: int, size: Callable[[_V], int]) -> None:
        self._most, self._size = most, size
        self._kept: OrderedDict[_K, _V] = OrderedDict()
        self._taken = 0
        self._lock = threading.Lock()

    def get(self, key: _K) -> _V | None:
        """What is kept under this key."""
        try:
            self._kept.move_to_end(key)
            return self._kept[key]
        except KeyError:  # another thread may drop it between the two
            return None

    def keep(self, key: _K, value: _V) -> None:
        """Keep this, and drop what was not used for longest where there is no room."""
        with self._lock:
            old = self._kept.pop(key, None)
            self._taken += self._size(value) - (self._size(old) if old is not None else 0)
            self._kept[key] = value
            while self._taken > self._most and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._taken -= self._size(dropped)

    def __len__(self) -> int:
        return len(self._kept)


def size_of(ready: Ready) -> int:
    """The bytes of a document in all its forms, and some for the rest."""
    return sum(map(len, ready.bodies.values())) + 4096


class Shelf:
    """The documents that are published now.

    One thread at a time asks the database, and only what changed; the others go on with what is here. So a database
    that does not answer holds up two threads at most, never those who serve what we have.
    """

    def __init__(
        self, store: Callable[[], Store], *, links: Links, hub: str, now: Callable[[], datetime], every: float
    ) -> None:
        """``store`` is called when it is needed, and may raise StoreError; ``every``: seconds between two looks."""
        self._store, self._links, self._hub, self._clock, self._every = store, links, hub, now, every
        self._ready: Recent[str, Ready] = Recent(MOST_BYTES, size_of)
        self._editions: Recent[str, tuple[int, Mapping[str, frozenset[bytes]]]] = Recent(500, lambda _: 1)
        self._numbers: dict[str, int] | None = None
        self._number = -1
        self.looks_at = 0.0
        """When to look again (``time.monotonic``)."""
        self._looking, self._loading = threading.Lock(), threading.Lock()
        self._well = True
        self._tell_time()

    def _tell_time(self) -> None:
        self.now = self._clock()
        """The time, as far as it matters here: not older than ``every``, while there are requests."""
        self.seconds = int(self.now.timestamp())
        """The same as whole seconds since 1970."""

    def look(self) -> bool:
        """See whether anything was published or removed, unless that was done a moment ago; whether it was done."""
        moment = monotonic()
        if moment < self.looks_at and self._numbers is not None:
            return False
        if not self._looking.acquire(timeout=PATIENCE if self._numbers is None else 0):
            return False
        try:
            if moment < self.looks_at:
                return False
            self.looks_at = moment + self._every
            self._tell_time()
            self._ask(self._see)
        except StoreError:
            pass
        finally:
            self._looking.release()
        return True

    def _see(self, memory: Memory) -> None:
        number = memory.documents.number()
        if number != self._number or self._numbers is None:
            self._numbers, self._number = memory.documents.numbers(), number

    def find(self, path: str) -> Ready | None:
        """The document at this path as it is now, or None. Raises StoreError while nobody can know."""
        if self._numbers is None:
            raise StoreError("the database has not answered yet")
        wanted = self._numbers.get(path)
        if wanted is None:
            return None
        ready = self._ready.get(path)
        if ready and ready.number >= wanted:
            return ready if ready.unmoved else self._prepare(ready)
        try:
            return self._load(path)
        except StoreError:
            if ready:
                return ready
            raise

    def has(self, path: str) -> bool:
        """Whether there is a document at this path."""
        return path in (self._numbers or ())

    def _load(self, path: str) -> Ready | None:
        document = self.ask(lambda memory: memory.documents.get(path))
        if document is None:
            return None
        ready = Ready(document, links=self._links, hub=self._hub, now=self.now)
        self._ready.keep(path, ready)
        return ready

    def _prepare(self, ready: Ready) -> Ready:
        """Last-Modified was held back because a document changed twice in a second; that passes."""
        again = Ready(ready.document, links=self._links, hub=self._hub, now=self.now)
        if again.unmoved:
            self._ready.keep(ready.document.path, again)
        return again

    def editions(self, ready: Ready) -> Mapping[str, frozenset[bytes]]:
        """The entries of the last editions of a document, by ETag; none while the database is away."""
        path = ready.document.path
        kept = self._editions.get(path)
        if kept is None or kept[0] != ready.number:
            try:
                kept = ready.number, self.ask(lambda memory: memory.documents.editions(path))
            except StoreError:
                return {}
            self._editions.keep(path, kept)
        return kept[1]

    def ask(self, question: Callable[[Memory], _T]) -> _T:
        """Read something from the database, one thread at a time. Raises StoreError while it is away."""
        if not self._loading.acquire(timeout=PATIENCE):
            raise StoreError("the database does not answer")
        try:
            return self._ask(question)
        finally:
            self._loading.release()

    def _ask(self, question: Callable[[Memory], _T]) -> _T:
        try:
            with self._store().read() as memory:
                answer = question(memory)
        except Exception as trouble:
            # Whatever it is (a lost server, a table that is being moved), readers get the last good feed.
            if self._well:
                log.warning("feeds are served as they were last seen: %s", trouble)
            self._well = False
            raise trouble if isinstance(trouble, StoreError) else StoreError(str(trouble)) from trouble
        if not self._well:
            log.warning("the database answers again")
        self._well = True
        return answer
