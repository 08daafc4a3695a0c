"""Somebody asks for the digest on the web, and confirms it by the link in a mail: nobody can sign up another.

Whoever asks gets the same answer and costs the same work, whether we know the address or not; what differs is only the
mail, which the clock sends later. Nothing a visitor wrote stands in that mail.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from syndication.digest import roster
from syndication.digest.pipeline.mail import Kind, leave_mail
from syndication.digest.pipeline.office import CONFIRM, Office
from syndication.domain.rate import Rate
from syndication.domain.subscriber import Consent, ConsentEvent, SignUp, SubscriberState
from syndication.store import Memory

FORM = "form"
"""The purpose of the token that says when a form was shown; its subject is that moment, in seconds since 1970."""
LONGEST = timedelta(hours=24)
"""A form shown longer ago is shown again."""
SHORTEST = timedelta(seconds=3)
"""Nobody fills the form in faster than that."""
TO_CONFIRM = timedelta(hours=48)
"""How long a link to confirm is good."""

PER_ADDRESS = timedelta(hours=24)
"""One mail to one address in this time, whoever asks."""
PER_NETWORK = 5
"""Sign-ups from one network in an hour."""
OVERALL = 200
"""Sign-ups from everywhere in an hour."""

_UNTAGGED = re.compile(r"\+[^@]*@")


class Refusal(StrEnum):
    """Why an address cannot be signed up; it says nothing about who is known."""

    MISSING = "missing"
    MARKED = "marked"
    """Letters beyond ASCII before the @: few mail servers take them (RFC 6531)."""
    MALFORMED = "malformed"
    ELSEWHERE = "elsewhere"
    """Only people of certain organisations may sign up here."""


class Haste(StrEnum):
    """How long a form was on the screen."""

    FINE = "fine"
    FAST = "fast"
    OLD = "old"


class Standing(StrEnum):
    """Where a link to confirm stands."""

    UNKNOWN = "unknown"
    """It is none of ours."""
    OVER = "over"
    """Too old, or another link was asked for since."""
    OPEN = "open"
    USED = "used"
    """It was confirmed before."""
    DONE = "done"
    """It was confirmed just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a visitor asks for."""

    address: roster.Address
    categories: tuple[str, ...]
    portals: tuple[str, ...]
    language: str
    words: str
    """The sentence they agreed to, as it was shown."""
    client: str
    """The address the request came from; only a keyed hash of its network is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What a link to confirm led to; ``subscriber`` is the reader's id where it was confirmed just now."""

    standing: Standing
    subscriber: int | None = None


def shown_token(office: Office) -> str:
    """What a form carries to say when it was shown."""
    return office.signer.sign(FORM, str(int(office.now().timestamp())))


def haste(office: Office, token: str) -> Haste:
    """How long ago the form with this token was shown; one we did not make counts as old."""
    shown = office.signer.read(FORM, token)
    if shown is None or not shown.isdigit():
        return Haste.OLD
    passed = office.now() - datetime.fromtimestamp(int(shown), UTC)
    if passed < SHORTEST:
        return Haste.FAST
    return Haste.FINE if passed <= LONGEST else Haste.OLD


def read_address(office: Office, written: str) -> roster.Address | Refusal:
    """The address a visitor wrote, or why it cannot be signed up."""
    written = written.strip()
    if not written:
        return Refusal.MISSING
    if not written.rpartition("@")[0].isascii():
        return Refusal.MARKED
    found = roster.read_address(written)
    if found is None:
        return Refusal.MALFORMED
    if office.sign_up_domains and found.key.rpartition("@")[2] not in office.sign_up_domains:
        return Refusal.ELSEWHERE
    return found


def ask(office: Office, wish: Wish) -> timedelta:
    """Keep a wish and leave the mail by which it is confirmed; returns zero, or how long to wait before asking again.

    An address that has had its mail of the day gets no other, and its earlier link goes on working; nobody can tell.
    A reader gets the link to their preferences instead. Limits that many share are told: they name nobody.
    """
    now, key = office.now(), wish.address.key
    address, network = office.addresses(key)[0], network_hash(office, wish.client)
    shared = (
        Rate(name=f"sign-up/network/{network}", most=PER_NETWORK, per=timedelta(hours=1)),
        Rate(name="sign-up/all", most=OVERALL, per=timedelta(hours=1)),
    )
    # lan+1@ and lan+2@ are mostly one mailbox (RFC 5233).
    mailbox = office.addresses(_UNTAGGED.sub("@", key))[0]
    own = Rate(name=f"sign-up/address/{mailbox}", most=1, per=PER_ADDRESS)
    with office.store.write() as memory:
        granted, wait = memory.rates.take(shared, 1, now=now)
        if not granted:
            return wait
        if not memory.rates.take([own], 1, now=now)[0]:
            return timedelta(0)
        reader = memory.subscribers.find(key)
        expires_at = now + TO_CONFIRM
        sign_up = memory.sign_ups.ask(
            email=wish.address.email,
            email_key=key,
            categories=wish.categories,
            portals=wish.portals,
            language=wish.language,
            words=wish.words,
            network=network,
            now=now,
            expires_at=expires_at,
        )
        memory.consents.note(
            Consent(
                address=address,
                event=ConsentEvent.ASKED,
                how="form",
                words=wish.words,
                network=network,
                at=now,
            )
        )
        known = reader if reader and reader.state is SubscriberState.ACTIVE else None
        subject = _Subject(sign_up, now.replace(microsecond=0), address)
        leave_mail(
            office,
            memory,
            Kind.ALREADY if known else Kind.CONFIRM,
            # A link to what somebody chose goes to the address as they gave it, not as anybody writes it.
            known.email if known else wish.address.email,
            language=wish.language,
            about=str(known.id if known else subject),
            expires_at=expires_at,
        )
    return timedelta(0)


def network_hash(office: Office, client: str) -> str:
    """A keyed hash of the network an address belongs to (/24, for IPv6 /64); empty for none."""
    if not client:
        return ""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return office.signer.digest("network", client)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    width = 24 if address.version == 4 else 64
    return office.signer.digest("network", str(ipaddress.ip_network(f"{address}/{width}", strict=False)))


def standing(office: Office, token: str) -> Standing:
    """Where this link to confirm stands; changes nothing."""
    subject = _subject(office, token)
    if subject is None:
        return Standing.UNKNOWN
    with office.store.read() as memory:
        return _look(office, memory, subject)[0]


def confirm(office: Office, token: str, *, client: str) -> Confirmation:
    """Make a reader of whoever has this link; a reader who left is one again. Doing it twice does it once."""
    subject = _subject(office, token)
    if subject is None:
        return Confirmation(standing=Standing.UNKNOWN)
    now = office.now()
    with office.store.write() as memory:
        found, sign_up = _look(office, memory, subject)
        if sign_up is None:
            return Confirmation(standing=found)
        # Of two who press the button at once, the second waits here and finds it done.
        if not memory.sign_ups.forget(sign_up.email_key):
            return Confirmation(standing=Standing.USED)
        day = now.astimezone(office.zone).date().isoformat()
        reader = memory.subscribers.confirm(sign_up, basis=f"asked on the web, confirmed {day}", now=now)
        memory.consents.lift(office.addresses(sign_up.email_key))
        memory.consents.note(
            Consent(
                address=subject.address,
                event=ConsentEvent.CONFIRMED,
                how="form",
                words=sign_up.words,
                network=network_hash(office, client),
                at=now,
            )
        )
    return Confirmation(standing=Standing.DONE, subscriber=reader)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a link to confirm is about. With the hash it can be told, when the sign-up is gone, that it was used."""

    sign_up: int
    asked_at: datetime
    """To the second. A later wish has another one, which makes the earlier link dead."""
    address: str

    def __str__(self) -> str:
        return f"{self.sign_up}.{self.asked_at.timestamp():.0f}.{self.address}"


def _subject(office: Office, token: str) -> _Subject | None:
    parts = (office.signer.read(CONFIRM, token) or "").split(".")
    if len(parts) != 3 or not (parts[0].isdigit() and parts[1].isdigit()):
        return None
    return _Subject(int(parts[0]), datetime.fromtimestamp(int(parts[1]), UTC), parts[2])


def _look(office: Office, memory: Memory, subject: _Subject) -> tuple[Standing, SignUp | None]:
    sign_up = memory.sign_ups.get(subject.sign_up, now=office.now())
    # SQLite gives an id once more when its row is gone, so the id alone says nothing.
    if (
        sign_up
        and sign_up.asked_at.replace(microsecond=0) == subject.asked_at
        and subject.address in office.addresses(sign_up.email_key)
    ):
        return Standing.OPEN, sign_up
    used = any(
        one.event is ConsentEvent.CONFIRMED and one.at >= subject.asked_at
        for one in memory.consents.of([subject.address])
    )
    return Standing.USED if used else Standing.OVER, None
