"""What an attempt at one delivery came to, and whether and when there is another."""

from __future__ import annotations

from datetime import datetime, timedelta

from syndication.digest.send import (
    ReaderRefused,
    Receipt,
    SendingError,
    SendingRefused,
    Stage,
    TransportTrouble,
    Uncertain,
)
from syndication.domain.issue import Delivery, DeliveryState
from syndication.store.deliveries import MOST_ATTEMPTS_IN_DOUBT, Outcome

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720))
"""Waits between attempts for a reader whose server says «later»; after the last one the delivery has expired."""
DOUBT_PAUSE = timedelta(minutes=5)
"""Wait before a message of which nobody knows whether it arrived is sent again."""


def is_nobodys(answer: Receipt | SendingError) -> bool:
    """Whether an attempt failed for a reason that has nothing to do with its reader or its message."""
    if isinstance(answer, TransportTrouble):
        return answer.stage in (Stage.CONNECT, Stage.MAIL)
    return isinstance(answer, SendingRefused)


def outcome_of(delivery: Delivery, answer: Receipt | SendingError, *, resend: bool, now: datetime) -> Outcome:
    """What is recorded for a delivery after the server's answer, or after none.

    ``resend``: what is in doubt is sent again, the same to the byte. Not for answers that are nobody's.
    """
    state, says, pause = DeliveryState.FAILED, str(answer), None
    match answer:
        case Receipt() if delivery.doubtful:
            state = DeliveryState.UNCERTAIN
            says = f"accepted on a second sending; the first may have arrived too ({answer.says})"
        case Receipt():
            state, says = DeliveryState.ACCEPTED, answer.says
        case Uncertain():
            # Again, the same bytes; a mailbox that knows the Message-ID keeps one copy. As often as when we die: an
            # attempt that was cut short before it began to send counts too, and must not be the last.
            state = DeliveryState.UNCERTAIN
            pause = DOUBT_PAUSE if resend and delivery.attempts + 1 < MOST_ATTEMPTS_IN_DOUBT else None
        case ReaderRefused():
            pass
        case _ if delivery.attempts >= len(PAUSES):
            state, says = DeliveryState.EXPIRED, f"given up: {says}"
        case _:
            # «Later»; or the connection broke over this very message, which a second time may be no accident.
            state, pause = DeliveryState.DEFERRED, PAUSES[delivery.attempts]
    if delivery.doubtful and state in (DeliveryState.FAILED, DeliveryState.EXPIRED):
        state = DeliveryState.UNCERTAIN
        says = f"an earlier copy may have arrived; this one did not: {says}"
    return Outcome(
        delivery=delivery.id,
        state=state,
        says=says,
        code=answer.code,
        next_at=None if pause is None else now + pause,
    )
