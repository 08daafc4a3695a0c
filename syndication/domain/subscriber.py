"""Who receives the digest, and on what legal basis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SubscriberState(StrEnum):
    """Whether the digest may be sent to a person."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """One line of a subscribers' file that cannot be used, and why."""

    line: int
    says: str
