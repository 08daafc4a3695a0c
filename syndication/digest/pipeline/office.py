"""Everything the digest works with, put together by ``bootstrap``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path
from zoneinfo import ZoneInfo

from syndication.digest.render import Renderer
from syndication.digest.send import Transport
from syndication.digest.token import Signer
from syndication.domain.portal import Catalogue
from syndication.domain.rate import Rate
from syndication.domain.week import Holiday, Hours
from syndication.links import Links
from syndication.store import Store

UNSUBSCRIBE = "unsubscribe"
"""The purpose of the token by which a reader leaves; its subject is the reader's id."""
PREFERENCES = "preferences"
"""The purpose of the token by which a reader changes what they get; its subject is the reader's id."""
CONFIRM = "confirm"
"""The purpose of the token by which a sign-up is confirmed; its subject is the sign-up's id and when it was asked."""
RETURN = "return"
"""The purpose of the token in the address a mail comes back to; its subject is the delivery's id."""


def nothing_known(message_ids: Collection[str]) -> Mapping[str, str]:
    """Evidence where there is none."""
    return {}


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
    connections: int = 2
    """Conversations with the mail server at once."""
    rates: tuple[Rate, ...] = ()
    hours: Hours | None = None
    """When the clock may send; None: at any time."""
    resend: bool = True
    """Whether a mail of which nobody knows if it arrived is sent once more, the same to the byte."""
    evidence: Callable[[Collection[str]], Mapping[str, str]] = nothing_known
    """What is known of messages in doubt: of those that were accepted, by Message-ID, how one knows."""
    bounce_address: str = ""
    """Where mails come back to, with ``+token`` behind its name; empty: to ``mail_from``, and nobody reads it."""
    step_file: Path | None = None
    """Where this machine remembers how far sending had come, so that a restored database is known for one."""
    journals: Path | None = None
    """A folder of this machine in which each process that sends notes every message at once."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when this process is to end: what is going out is finished, nothing more is begun."""
    sign_up_open: bool = True
    sign_up_domains: frozenset[str] = frozenset()
    """Whose addresses may sign up; none: everybody's."""

    def addresses(self, email_key: str) -> tuple[str, ...]:
        """The keyed hashes of an address, the one of the present key first."""
        return self.signer.digests("address", email_key)

    def unsubscribe_mailto(self, token: str) -> str | None:
        """The mailbox by which the reader behind the token leaves; None where nobody reads what comes back."""
        if not self.bounce_address:
            return None
        name, _, host = self.bounce_address.partition("@")
        return f"mailto:{name}+{token}@{host}?subject=unsubscribe"

    def sender(self, delivery: int) -> str:
        """The address a delivery comes back to: one for each, so that a bounce names its reader (VERP)."""
        if not self.bounce_address:
            return parseaddr(self.mail_from)[1]
        name, _, host = self.bounce_address.partition("@")
        return f"{name}+{self.signer.sign(RETURN, str(delivery))}@{host}"
