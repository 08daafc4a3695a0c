"""Everything the digest works with, put together by ``bootstrap``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from syndication.digest.render import Renderer
from syndication.digest.send import Transport
from syndication.digest.token import Signer
from syndication.domain.portal import Catalogue
from syndication.domain.week import Holiday
from syndication.links import Links
from syndication.store import Store

UNSUBSCRIBE = "unsubscribe"
"""The purpose of the token in a reader's link."""


def _as_it_is(message: bytes) -> bytes:
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Everything the digest works with."""

    store: Store
    catalogue: Catalogue
    links: Links
    renderer: Renderer
    signer: Signer
    title: str
    mail_from: str
    contact: str
    zone: ZoneInfo
    open_transport: Callable[[], AbstractContextManager[Transport]]
    now: Callable[[], datetime]
    seal: Callable[[bytes], bytes] = _as_it_is
    """What is done last to a message's bytes: a DKIM signature, where this instance signs itself."""
    least: int = 3
    """Stories below which the clock leaves a week to the next issue."""
    holidays: tuple[Holiday, ...] = ()
    """Days on which the clock composes no issue."""
