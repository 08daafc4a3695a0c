"""How sending one message can fail, told apart by what the caller is to do about it."""

from __future__ import annotations

from enum import StrEnum

from syndication.errors import MailError


class Stage(StrEnum):
    """How far a delivery had come when it failed."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"
    """The line that ends the message was sent; only here can an outcome be unknown."""


class SendingError(MailError):
    """A message was not accepted, or nobody knows; the subclass says what to do.

    ``enhanced`` is the status code of RFC 3463 that the reply began with (``5.1.1``), ``policy`` whether the reply is
    about the server's rules or state or about our message, and so says nothing about the reader's mailbox.
    """

    def __init__(
        self,
        says: str,
        *,
        stage: Stage,
        code: int | None = None,
        permanent: bool = False,
        enhanced: str | None = None,
        policy: bool = False,
    ) -> None:
        super().__init__(says, code=code, permanent=permanent)
        self.stage = stage
        self.enhanced = enhanced
        self.policy = policy


class TransportTrouble(SendingError):
    """The server cannot be reached, closes down, or is out of order. The message was not accepted."""


class ReaderDeferred(SendingError):
    """The server will not take a message for this reader now. The message was not accepted."""


class ReaderRefused(SendingError):
    """The server will not take a message for this reader at all."""


class SendingRefused(SendingError):
    """The server refuses our login, our address or the message itself; more of the same would fail too."""


class Uncertain(SendingError):
    """The connection broke after the whole message was sent and before the answer came (RFC 1047)."""
