"""One process sends one issue: several conversations with the server, one record of what becomes of each message.

    claim a few readers | make their bytes | record «sending» | hand them to a lane | record the answers

The thread that runs keeps the record and makes the messages; the lanes only talk to the server. A step of the record
settles what came back, begins what is ready and claims what comes next, all in one transaction, so that many messages
share its cost. A journal beside the database tells message by message what had gone out of those recorded together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndication.digest.journal import Journal
from syndication.digest.lanes import Carried, Lanes
from syndication.digest.pipeline.bounced import count_refusal
from syndication.digest.pipeline.copies import remember
from syndication.digest.pipeline.doubts import look_up_doubts
from syndication.digest.pipeline.letters import Letters
from syndication.digest.pipeline.office import Office
from syndication.digest.pipeline.verdict import is_nobodys, outcome_of
from syndication.digest.send import (
    Envelope,
    ReaderRefused,
    Receipt,
    SendingError,
    SendingRefused,
    Uncertain,
)
from syndication.domain.issue import Delivery, DeliveryState, Issue, IssueState
from syndication.domain.subscriber import SubscriberState
from syndication.domain.week import Hours
from syndication.errors import StoreError
from syndication.store import Memory, new_owner
from syndication.store.deliveries import Outcome

BATCHES = (8, 48)
"""Messages recorded as going out together, from and to. With each batch that goes quickly the next is larger; where a
server takes its time they are small, so that who leaves in the meantime is heard."""
QUICK = 0.3
SLOW = 0.5
"""Seconds for a batch."""
LEASE = timedelta(minutes=15)
"""A claimed delivery is free again after this; longer than a server may take to answer (RFC 5321 §4.5.3.2.6)."""
RELAY_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15))
"""Waits for everyone when the server is out of order."""
REFUSED_AT_FIRST = 5
"""When the server refuses so many readers for reasons of its own, and takes none, it is no readers' matter."""
LOOK_UP_EVERY = timedelta(minutes=1)
"""Senders that died are looked for, and what is in doubt is looked up, this often."""
LOOK_EVERY = 0.05
"""Seconds after which an issue that was paused or cancelled elsewhere is noticed while a server is slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One delivery as it was settled, or (without one) why sending stops here."""

    delivery: Delivery | None
    state: DeliveryState | None
    says: str
    stops: bool = False


@dataclass(frozen=True, slots=True)
class _Letter:
    """A claimed delivery and the message for it."""

    delivery: Delivery
    envelope: Envelope


@dataclass(slots=True)
class _Stop:
    """Why sending stops: the server is out of order, or it is ``for_a_person`` to mend something."""

    says: str
    for_a_person: bool = False
    noted: bool = False


def _journal(office: Office, owner: str) -> Journal | None:
    if office.journals is None:
        return None
    with _written():
        return Journal(office.journals, owner)


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        raise StoreError(
            f"the journal of what is sent cannot be written ({cause.strerror}); nothing more is sent,"
            " make room in SYNDICATION_VAR_DIR and go on"
        ) from cause


class Run:
    """One process's work on one issue, from its first claim until nothing is due."""

    def __init__(
        self,
        office: Office,
        issue: Issue,
        *,
        patience: timedelta,
        hours: Hours | None,
        hold: bool,
    ) -> None:
        self._office = office
        self._issue = issue
        self.lanes = Lanes(
            office.open_transport, count=office.connections, begins=self._begins, ends=self._ends
        )
        self._patience = patience
        self._hours = hours
        self._hold = hold
        self._letters = Letters(office, issue)
        self._owner = new_owner()
        self._journal = _journal(office, self._owner)
        self._ready: list[_Letter] = []
        self._under_way: dict[int, Delivery] = {}
        """By the identity of its envelope."""
        self._carried: list[Carried] = []
        """What the lanes brought back and is not on record yet."""
        self._batch = BATCHES[0]
        self._accepted = 0
        self._refused_at_first = 0
        self._stop: _Stop | None = None
        self._looked_up_at = office.now()

    def go(self) -> Iterator[Sent]:
        """Send until nothing is due or sending stops; yields what was settled."""
        self._look_up_doubts()
        while True:
            if self._office.now() >= self._looked_up_at + LOOK_UP_EVERY:
                self._look_up_doubts()
            self._collect()
            settled, claimed, wait = self._record()
            self._make(claimed)
            yield from settled
            if self._stop:
                yield Sent(delivery=None, state=None, says=self._stop.says, stops=True)
                return
            if not (self._ready or self.lanes.busy or wait):
                if self._look_up_doubts():
                    continue  # somebody else died meanwhile, and left some
                return
            if wait and not self.lanes.busy:
                if wait > self._patience:
                    says = f"the rates allow the next message in {wait.total_seconds():.0f} s"
                    yield Sent(delivery=None, state=None, says=says)
                    return
                self._office.stopping.wait(wait.total_seconds())

    def bring_in(self) -> None:
        """Record what the lanes still carried when sending was left."""
        while self.lanes.busy:
            self._collect()
        self._record(leaving=True)
        if self._journal and not self._under_way:
            self._journal.close()

    # --- the journal ---

    def _begins(self, envelope: Envelope) -> None:
        if self._journal:
            with _written():
                self._journal.begin(self._under_way[id(envelope)].id)

    def _ends(self, envelope: Envelope, outcome: Receipt | SendingError) -> None:
        if self._journal is None or isinstance(outcome, Uncertain):
            return
        delivery = self._under_way[id(envelope)].id
        with _written():
            if isinstance(outcome, Receipt):
                self._journal.accepted(delivery, code=outcome.code, says=outcome.says)
            else:
                self._journal.not_accepted(delivery)

    # --- the record ---

    def _collect(self) -> None:
        """Take what the lanes carried; waits only while there is nothing better to do."""
        idle = self.lanes.busy and not (self._ready and self.lanes.free)
        carried = self.lanes.collect(timeout=LOOK_EVERY if idle else 0)
        self._note_troubles(carried)
        self._carried += carried
        if self._office.stopping.is_set() or (idle and not carried and not self._is_wanted()):
            self.lanes.halt()

    def _is_wanted(self) -> bool:
        """Whether the issue is still being sent; somebody may have paused or cancelled it."""
        with self._office.store.read() as memory:
            return memory.issues.state(self._issue.id) is IssueState.SENDING

    def _record(self, *, leaving: bool = False) -> tuple[list[Sent], list[Delivery], timedelta]:
        """One step: settle what came back, let go of what did not go out, begin what is ready, claim what is next.

        Returns what was settled, what was claimed and how long the rates ask to wait. After it the batches that were
        begun are with their lanes. Where the step cannot be kept, what came back is kept here for the next one.
        """
        office, now = self._office, self._office.now()
        closed = self._hours is not None and now.astimezone(office.zone) not in self._hours
        stopping = leaving or closed or self._stop is not None or office.stopping.is_set()
        offered = [] if stopping else self._ready[: self._batch * self.lanes.free]
        settled: list[Sent] = []
        claimed: list[Delivery] = []
        begun: set[int] = set()
        wait = timedelta(0)
        with office.store.write() as memory:
            step = memory.relay.advance()
            unsent = self._settle(memory, settled, now=now)
            if stopping:
                unsent += [letter.delivery for letter in self._ready]
            self._give_back(memory, unsent, now=now)
            if self._stop and not self._stop.noted:
                self._note_stop(memory, self._stop, now=now)
            if offered:
                begun = memory.deliveries.begin(
                    [letter.delivery.id for letter in offered], owner=self._owner, now=now, lease=LEASE
                )
                for letter in offered:
                    if letter.delivery.id not in begun:
                        self._lost(memory, letter.delivery, settled, now=now)
            if not stopping:
                room = self._batch * len(self.lanes) - (len(self._ready) - len(offered))
                claimed, wait = self._claim(memory, room, now=now)
        if self._stop:
            self._stop.noted = True
        remember(office, step)
        for one in self._carried:
            for envelope in one.batch:
                del self._under_way[id(envelope)]
        self._carried.clear()
        self._ready = [] if stopping else self._ready[len(offered) :]
        self._hand_over([letter for letter in offered if letter.delivery.id in begun])
        return settled, claimed, wait

    def _settle(self, memory: Memory, settled: list[Sent], *, now: datetime) -> list[Delivery]:
        """Record the outcomes; returns the deliveries whose messages have certainly not gone out."""
        outcomes: list[Outcome] = []
        unsent: list[Delivery] = []
        refused: list[tuple[Delivery, ReaderRefused]] = []
        for one in self._carried:
            deliveries = [self._under_way[id(envelope)] for envelope in one.batch]
            unsent += deliveries[len(one.outcomes) :]
            for delivery, answer in zip(deliveries, one.outcomes, strict=False):
                if is_nobodys(answer) or (self._refuses_all and _is_policy(answer)):
                    unsent.append(delivery)
                    continue
                outcome = outcome_of(delivery, answer, resend=self._office.resend, now=now)
                outcomes.append(outcome)
                settled.append(Sent(delivery=delivery, state=outcome.state, says=outcome.says))
                if isinstance(answer, ReaderRefused) and not _is_policy(answer):
                    refused.append((delivery, answer))
        memory.deliveries.settle(outcomes, owner=self._owner, now=now)
        for delivery, answer in refused:
            count_refusal(self._office, memory, delivery, answer, now=now)
        if any(one.accepted for one in self._carried):
            memory.relay.works()
        return unsent

    def _give_back(self, memory: Memory, unsent: list[Delivery], *, now: datetime) -> None:
        if not unsent:
            return
        memory.deliveries.give_back([one.id for one in unsent], owner=self._owner, now=now)
        memory.rates.put_back(self._office.rates, len(unsent), now=now)
        if memory.issues.state(self._issue.id) is IssueState.CANCELLED:
            memory.deliveries.cancel(self._issue.id, says="the issue was cancelled", now=now)

    def _lost(self, memory: Memory, delivery: Delivery, settled: list[Sent], *, now: datetime) -> None:
        """A claimed delivery may not begin: its reader left, the issue is not being sent, or somebody else has it."""
        reader = memory.subscribers.get(delivery.subscriber)
        if reader is None or reader.state is not SubscriberState.ACTIVE:
            says = "the reader left before it was sent"
            outcome = Outcome(delivery=delivery.id, state=DeliveryState.SUPPRESSED, says=says)
            memory.deliveries.settle([outcome], owner=self._owner, now=now)
            settled.append(Sent(delivery=delivery, state=outcome.state, says=says))
        else:
            self._give_back(memory, [delivery], now=now)

    def _claim(self, memory: Memory, room: int, *, now: datetime) -> tuple[list[Delivery], timedelta]:
        """Take the next readers, as many as there is room for and the rates allow."""
        if room <= 0:
            return [], timedelta(0)
        granted, wait = memory.rates.take(self._office.rates, room, now=now)
        claimed = (
            memory.deliveries.claim(
                self._issue.id,
                owner=self._owner,
                now=now,
                lease=LEASE,
                limit=granted,
                looked_up_at=self._looked_up_at,
            )
            if granted
            else []
        )
        if granted > len(claimed):
            memory.rates.put_back(self._office.rates, granted - len(claimed), now=now)
        if not granted and not memory.deliveries.due(self._issue.id, now=now):
            wait = timedelta(0)
        return claimed, wait

    # --- doubts ---

    def _look_up_doubts(self) -> bool:
        found = look_up_doubts(self._office, self._issue.id, hold=self._hold)
        self._looked_up_at = self._office.now()
        return found

    # --- the server ---

    @property
    def _refuses_all(self) -> bool:
        return self._refused_at_first >= REFUSED_AT_FIRST

    def _note_troubles(self, carried: list[Carried]) -> None:
        """Decide whether what the lanes met stops the sending."""
        for one in carried:
            self._accepted += one.accepted
            if one.seconds < QUICK and len(one.outcomes) == self._batch:
                self._batch = min(self._batch * 2, BATCHES[1])
            elif one.seconds > SLOW:
                self._batch = max(self._batch // 2, 1)
            for answer in one.outcomes:
                if isinstance(answer, SendingRefused):
                    self._stop = _Stop(str(answer), for_a_person=True)
                elif _is_policy(answer) and not self._accepted:
                    self._refused_at_first += 1
                    if self._refuses_all:
                        says = f"the server refuses every reader, so it is not about them: {answer}"
                        self._stop = _Stop(says, for_a_person=True)
            # A connection that carried something was used up, perhaps; one that carried nothing says more.
            if one.trouble and not one.accepted and self._stop is None:
                if len(self.lanes) > 1:
                    self.lanes.retire(one.lane)  # the server may not want so many
                else:
                    self._stop = _Stop(str(one.trouble))

    def _note_stop(self, memory: Memory, stop: _Stop, *, now: datetime) -> None:
        """Keep why sending stops: the server rests for a while, or the issue waits for a person."""
        if stop.for_a_person:
            memory.issues.move(self._issue.id, [IssueState.SENDING], IssueState.PAUSED, says=stop.says)
            if self._refuses_all:
                memory.deliveries.again(self._issue.id, [DeliveryState.FAILED], now=now)
        else:
            failures = memory.relay.state().failures
            pause = RELAY_PAUSES[min(failures, len(RELAY_PAUSES) - 1)]
            memory.relay.failed(resume_at=now + pause, says=stop.says)

    # --- the messages ---

    def _make(self, claimed: list[Delivery]) -> None:
        """The messages for claimed deliveries, ready to begin."""
        for delivery in claimed:
            sender = self._office.sender(delivery.id)
            self._ready.append(
                _Letter(
                    delivery,
                    Envelope(
                        sender=sender,
                        recipient=delivery.email,
                        data=self._letters.for_reader(delivery),
                        token=sender.partition("@")[0].partition("+")[2] or None,
                    ),
                )
            )

    def _hand_over(self, letters: list[_Letter]) -> None:
        for letter in letters:
            self._under_way[id(letter.envelope)] = letter.delivery
        for start in range(0, len(letters), self._batch):
            self.lanes.give([letter.envelope for letter in letters[start : start + self._batch]])


def _is_policy(answer: Receipt | SendingError) -> bool:
    """Whether the server refused a reader for reasons of its own."""
    return isinstance(answer, ReaderRefused) and answer.policy
