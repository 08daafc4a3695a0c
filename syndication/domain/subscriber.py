"""Who receives the digest, and on what legal basis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SubscriberState(StrEnum):
    """Whether the digest may be sent to a person."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    """Mail to this address comes back."""
    COMPLAINED = "complained"
    """Reported the digest as unwanted."""
    ERASED = "erased"
    """Had everything about themselves removed; the row only keeps old deliveries countable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One reader of the digest. ``categories`` empty means: all of them."""

    id: int
    email: str
    name: str
    unit: str
    categories: tuple[str, ...]
    language: str
    basis: str
    """The recorded legal ground for writing to this person, as given at import."""
    state: SubscriberState
    since_at: datetime
    portals: tuple[str, ...] = ()
    """Whose news; empty means everyone's."""
    paused_until: datetime | None = None
    """Nothing is sent before then."""

    def is_paused(self, now: datetime) -> bool:
        """Whether this reader asked for a pause that is not over."""
        return self.paused_until is not None and self.paused_until > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One usable line of a subscribers' file, checked, not yet in the store."""

    line: int
    email: str
    email_key: str
    """The address as compared: the local part as written, the domain in lower case, all in lower case."""
    name: str = ""
    unit: str = ""
    categories: tuple[str, ...] = ()
    language: str = "vi"
    basis: str = ""
    portals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """One line of a subscribers' file that cannot be used, and why."""

    line: int
    says: str


class Cause(StrEnum):
    """Why an address is not written to, whoever lists it again."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"


class ConsentEvent(StrEnum):
    """What a reader, or somebody for them, decided about their mail."""

    IMPORTED = "imported"
    ASKED = "asked"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One entry of the record of who agreed to what: when, how, and to which words."""

    address: str
    """The keyed hash of the address, which stays when the address itself is erased."""
    event: ConsentEvent
    how: str
    """``form``, ``import``, ``one-click``, ``page``, ``mail``, ``command line``."""
    words: str
    """The sentence agreed to, as it was shown, or the basis a list gave."""
    network: str
    """A keyed hash of the network it came from; empty where there was none."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """Somebody asked for the digest and has not confirmed it yet; nothing but the confirmation is sent to them."""

    id: int
    email: str
    email_key: str
    categories: tuple[str, ...]
    portals: tuple[str, ...]
    language: str
    words: str
    network: str
    asked_at: datetime
    expires_at: datetime
