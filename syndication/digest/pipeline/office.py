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
from syndication.links import Links
from syndication.store import Store

UNSUBSCRIBE = "unsubscribe"
"""The purpose of the token in a reader's link."""


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
