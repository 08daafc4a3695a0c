"""Talks to the mail server: one conversation, kept open while many messages go through it.

What an error means for the caller, who keeps the record of deliveries:

=================  ============================================================================
TransportTrouble   the server or the way to it fails: try everyone again later
ReaderDeferred     not now for this reader: try this reader again later
ReaderRefused      never for this reader
SendingRefused     the server refuses us or the message: stop the issue, a person must look
Uncertain          the whole message went out and no answer came: nobody knows whether it arrived
=================  ============================================================================

After every error but Uncertain it is certain that the message was not accepted. An error's ``policy`` says that the
server spoke of its rules or its state, not of this reader's mailbox; only without it may a refusal count as a bounce.

    server (where, who we are) → conversation (open, greet, log in) → transport (envelope after envelope) → refusal
"""

from __future__ import annotations

from syndication.digest.send.envelope import Envelope
from syndication.digest.send.errors import (
    ReaderDeferred,
    ReaderRefused,
    SendingError,
    SendingRefused,
    Stage,
    TransportTrouble,
    Uncertain,
)
from syndication.digest.send.transport import Receipt, Transport

__all__ = [
    "Envelope",
    "ReaderDeferred",
    "ReaderRefused",
    "Receipt",
    "SendingError",
    "SendingRefused",
    "Stage",
    "Transport",
    "TransportTrouble",
    "Uncertain",
]
