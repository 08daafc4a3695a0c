"""Several conversations with the mail server at once, each in a thread of its own that only talks to the server.

Whoever conducts gives a free lane a batch of messages and collects what became of them; what comes back without an
outcome has certainly not gone out.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Self

from syndication.digest.send import Envelope, Receipt, SendingError, Transport, TransportTrouble, Uncertain


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of one batch: an outcome for each envelope from the first on, as far as it came."""

    lane: int
    batch: Sequence[Envelope]
    outcomes: Sequence[Receipt | SendingError]
    seconds: float
    """What it took."""

    @property
    def trouble(self) -> TransportTrouble | Uncertain | None:
        """What is wrong with the server or the way to it, where the batch ended with that."""
        last = self.outcomes[-1] if self.outcomes else None
        return last if isinstance(last, TransportTrouble | Uncertain) else None

    @property
    def accepted(self) -> int:
        """How many messages the server took."""
        return sum(isinstance(outcome, Receipt) for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class _Died:
    """A lane ended by a mistake of ours; what it carried is in doubt."""

    lane: int
    error: BaseException


Begins = Callable[[Envelope], None]
Ends = Callable[[Envelope, Receipt | SendingError], None]


class Lanes:
    """``count`` conversations, opened with the first batch each gets and closed with ``with``.

    For one thread to conduct. ``halt`` lets every lane finish the message it is at and begin no other. A lane calls
    ``begins`` just before the first byte of a message and ``ends`` as soon as its outcome is known.
    """

    def __init__(
        self,
        open_transport: Callable[[], AbstractContextManager[Transport]],
        *,
        count: int,
        begins: Begins,
        ends: Ends,
    ) -> None:
        self._open = open_transport
        self._begins = begins
        self._ends = ends
        self._halted = threading.Event()
        self._inboxes: dict[int, queue.SimpleQueue[Sequence[Envelope] | None]] = {
            lane: queue.SimpleQueue() for lane in range(count)
        }
        self._done: queue.SimpleQueue[Carried | _Died] = queue.SimpleQueue()
        self._threads: dict[int, threading.Thread] = {}
        self._free = set(self._inboxes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.halt()
        for inbox in self._inboxes.values():
            inbox.put(None)
        for thread in self._threads.values():
            thread.join()

    def __len__(self) -> int:
        return len(self._inboxes)

    @property
    def free(self) -> int:
        """How many lanes wait for a batch."""
        return len(self._free)

    @property
    def busy(self) -> int:
        """How many lanes carry one."""
        return len(self._inboxes) - len(self._free)

    def give(self, batch: Sequence[Envelope]) -> None:
        """Let a free lane carry these; there must be one."""
        lane = min(self._free)
        self._free.remove(lane)
        if lane not in self._threads:
            self._threads[lane] = threading.Thread(target=self._carry, args=(lane,), name=f"lane {lane}")
            self._threads[lane].start()
        self._inboxes[lane].put(batch)

    def collect(self, *, timeout: float) -> list[Carried]:
        """What was carried since the last time; waits up to ``timeout`` seconds where there is nothing yet."""
        collected: list[Carried] = []
        try:
            collected.append(self._one(timeout))
            while True:
                collected.append(self._one(0))
        except queue.Empty:
            return collected

    def retire(self, lane: int) -> None:
        """Use a lane no more: the server does not want so many."""
        self._free.discard(lane)
        self._inboxes.pop(lane).put(None)

    def halt(self) -> None:
        """Begin no other message; those that are being carried are finished."""
        self._halted.set()

    def _one(self, timeout: float) -> Carried:
        done = self._done.get(timeout=timeout) if timeout else self._done.get_nowait()
        if isinstance(done, _Died):
            del self._inboxes[done.lane]
            raise done.error
        self._free.add(done.lane)
        return done

    def _carry(self, lane: int) -> None:
        inbox = self._inboxes[lane]
        try:
            with self._open() as transport:
                while (batch := inbox.get()) is not None:
                    started = monotonic()
                    outcomes = self._send(transport, batch)
                    took = monotonic() - started
                    self._done.put(Carried(lane=lane, batch=batch, outcomes=outcomes, seconds=took))
        except BaseException as trouble:  # noqa: BLE001 -- it is the conductor who must hear of it
            self._done.put(_Died(lane, trouble))

    def _send(self, transport: Transport, batch: Sequence[Envelope]) -> list[Receipt | SendingError]:
        outcomes: list[Receipt | SendingError] = []
        for envelope, outcome in transport.send_many(self._until_halted(batch), before_text=self._begins):
            outcomes.append(outcome)
            self._ends(envelope, outcome)
        return outcomes

    def _until_halted(self, batch: Sequence[Envelope]) -> Iterator[Envelope]:
        for envelope in batch:
            if self._halted.is_set():
                return
            yield envelope
