"""One message as it is handed to the mail server: from whom, to whom, its bytes; and the commands that say so."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from syndication.digest.send.errors import ReaderRefused, SendingRefused, Stage

_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_ADDRESS_UTF8 = re.compile(r"[!-;=?-~\xa1-\U0010ffff]+@[!-;=?-~\xa1-\U0010ffff]+")
_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message for one reader.

    ``data`` is 7-bit with CRLF line ends; ``sender`` may be empty (no reports wanted). ``token`` is the envelope's
    own name, at most 100 characters: a server that can (DSN, RFC 3461) repeats it in its report that the message could
    not be delivered.
    """

    sender: str
    recipient: str
    data: bytes
    token: str | None = None


def commands(envelope: Envelope, offers: Container[str]) -> tuple[bytes, bytes]:
    """The lines MAIL and RCPT, for a server that ``offers`` these extensions (lower case).

    Raises what ``check_addresses`` raises, and ReaderRefused for an address outside ASCII where the server offers no
    SMTPUTF8 (RFC 6531 §3.1).
    """
    check_addresses(envelope)
    mail, rcpt = f"MAIL FROM:<{envelope.sender}>", f"RCPT TO:<{envelope.recipient}>"
    if "size" in offers:  # RFC 1870
        ending = b"" if envelope.data.endswith(b"\r\n") else b"\r\n"
        mail += f" SIZE={len(envelope.data) + len(ending)}"
    if not envelope.recipient.isascii():
        if "smtputf8" not in offers:
            raise ReaderRefused(
                f"{envelope.recipient} has letters outside ASCII, which the mail server cannot carry (it offers no"
                " SMTPUTF8); ask this reader for another address",
                stage=Stage.RCPT,
                permanent=True,
                policy=True,
            )
        mail += " SMTPUTF8"
    if envelope.token is not None and "dsn" in offers:
        # A report then repeats the headers alone, by which the message is known just as well.
        mail += f" RET=HDRS ENVID={_xtext(envelope.token)}"
        rcpt += f" NOTIFY=FAILURE,DELAY ORCPT={_original(envelope.recipient)}"
    return f"{mail}\r\n".encode(), f"{rcpt}\r\n".encode()


def check_addresses(envelope: Envelope) -> None:
    """Raise ReaderRefused or SendingRefused for an address that is none, or could be taken for a command."""
    recipient, sender = envelope.recipient, envelope.sender
    if not _ADDRESS.fullmatch(recipient) and not (
        _ADDRESS_UTF8.fullmatch(recipient) and recipient.isprintable()
    ):
        raise ReaderRefused(
            f"{recipient!r} is no address a mail can go to; correct this reader's address",
            stage=Stage.RCPT,
            permanent=True,
        )
    if sender and not _ADDRESS.fullmatch(sender):
        raise SendingRefused(
            f"{sender!r} is no address a mail can come from; correct SYNDICATION_MAIL_FROM",
            stage=Stage.MAIL,
            permanent=True,
        )


def on_the_wire(data: bytes) -> bytes:
    """The message as DATA carries it, ended by a line break, dots at the start of lines doubled (RFC 5321 §4.5.2).

    Raises SendingRefused for bytes that a server might read in another way than we do.
    """
    breaks = data.count(b"\r\n")
    if not data.isascii() or data.count(b"\r") != breaks or data.count(b"\n") != breaks:
        raise SendingRefused(
            "The message is not 7-bit with CRLF line ends, which servers read in different ways;"
            " make it with the message step",
            stage=Stage.DATA,
            permanent=True,
        )
    doubled = data.replace(b"\r\n.", b"\r\n..")
    if doubled.startswith(b"."):
        doubled = b"." + doubled
    return doubled if doubled.endswith(b"\r\n") else doubled + b"\r\n"


def _xtext(text: str) -> str:
    """RFC 3461 §4."""
    return _NOT_XTEXT.sub(lambda char: "".join(f"+{byte:02X}" for byte in char[0].encode()), text)


def _original(address: str) -> str:
    """The address for ORCPT; the form that stays in ASCII where it is not (RFC 6533 §3)."""
    if address.isascii():
        return f"rfc822;{_xtext(address)}"
    return "utf-8;" + re.sub(r"[^!-*,-<>-\[\]-~]", lambda char: f"\\x{{{ord(char[0]):X}}}", address)
