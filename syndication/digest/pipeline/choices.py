"""What readers decide by the signed links in their mails: what they get, a pause, and leaving.

Leaving never fails: a link of years ago, of a reader erased since, or pressed twice, ends where it should. A link can
leave or choose, and nothing else: it shows no address and no record.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum

from syndication.digest.pipeline.office import PREFERENCES, UNSUBSCRIBE, Office
from syndication.digest.pipeline.sign_up import network_hash
from syndication.domain.subscriber import Cause, Consent, ConsentEvent, Subscriber, SubscriberState


class Pause(StrEnum):
    """What is done about a pause when preferences are saved; the value stands in the form."""

    KEEP = "keep"
    """As it is."""
    NONE = "none"
    """No pause, or the end of one."""
    TWO = "2"
    FOUR = "4"
    EIGHT = "8"


_WEEKS = {Pause.TWO: 2, Pause.FOUR: 4, Pause.EIGHT: 8}


def reader_of(office: Office, token: str) -> Subscriber | None:
    """The reader who may choose with this token, erased ones included; None for a token that is none of ours."""
    number = office.signer.read(PREFERENCES, token)
    if number is None or not number.isdigit():
        return None
    with office.store.read() as memory:
        return memory.subscribers.get(int(number))


def prefer(
    office: Office,
    subscriber: int,
    *,
    categories: Collection[str],
    portals: Collection[str],
    language: str,
    pause: Pause,
    client: str,
) -> Subscriber | None:
    """Keep what a reader chose; returns how they stand now, None for somebody who is no reader any more.

    Categories and portals that do not exist are left out; all of them are the same as none: everything, and what comes
    later too.
    """
    now = office.now()
    with office.store.write() as memory:
        before = memory.subscribers.get(subscriber)
        if before is None:
            return None
        paused_until = before.paused_until
        if pause is not Pause.KEEP:
            paused_until = now + timedelta(weeks=_WEEKS[pause]) if pause in _WEEKS else None
        kept = memory.subscribers.prefer(
            subscriber,
            categories=those(categories, [one.slug for one in office.catalogue.categories]),
            portals=those(portals, list(office.catalogue.portals)),
            language=language,
            paused_until=paused_until,
            now=now,
        )
        after = memory.subscribers.get(subscriber)
        if not kept or after is None:
            return None
        if after != before:
            memory.consents.note(
                Consent(
                    address=office.addresses(after.email.lower())[0],
                    event=ConsentEvent.CHANGED,
                    how="page",
                    words=_said(after),
                    network=network_hash(office, client),
                    at=now,
                )
            )
    return after


def those(chosen: Collection[str], there: Collection[str]) -> tuple[str, ...]:
    """Of what was chosen that which exists, in its order; nothing where that is all."""
    found = tuple(one for one in there if one in chosen)
    return () if len(found) == len(there) else found


def _said(reader: Subscriber) -> str:
    until = f"{reader.paused_until:%Y-%m-%d}" if reader.paused_until else "no"
    return (
        f"categories: {', '.join(reader.categories) or 'all'}; portals: {', '.join(reader.portals) or 'all'};"
        f" language: {reader.language}; paused until: {until}"
    )


def unsubscribe(office: Office, token: str, *, really: bool, how: str = "page", client: str = "") -> bool:
    """Whether this token is one of ours; with ``really`` the reader behind it gets nothing more."""
    subject = office.signer.read(UNSUBSCRIBE, token)
    if subject is None or not subject.isdigit():
        return False
    if really:
        leave(office, int(subject), how=how, client=client)
    return True


def leave(office: Office, subscriber: int, *, how: str, client: str = "") -> bool:
    """End the digest for a reader at their own wish; False, and nothing done, where it had ended before.

    ``how``: ``one-click``, ``page`` or ``mail``. What waits for them is not sent; what is going out this moment is not
    called back. Their address stays suppressed until they themselves ask again and confirm.
    """
    now = office.now()
    with office.store.write() as memory:
        reader = memory.subscribers.get(subscriber)
        if reader is None or reader.state is SubscriberState.ERASED:
            return False
        addresses = office.addresses(reader.email.lower())
        ended = memory.subscribers.end(subscriber, SubscriberState.UNSUBSCRIBED, now=now)
        # Somebody whose mail came back may leave too: then no list may try the address again.
        bounced = reader.state is SubscriberState.BOUNCED
        if not ended and not (bounced and memory.consents.suppressed(addresses) is not Cause.UNSUBSCRIBED):
            return False
        memory.deliveries.suppress(subscriber, says="unsubscribed", now=now)
        memory.consents.suppress(addresses[0], why=Cause.UNSUBSCRIBED, says=how, now=now)
        memory.consents.note(
            Consent(
                address=addresses[0],
                event=ConsentEvent.LEFT,
                how=how,
                words="",
                network=network_hash(office, client),
                at=now,
            )
        )
    return True
