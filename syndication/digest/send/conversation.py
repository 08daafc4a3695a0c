"""A conversation with a mail server: smtplib's connection, able to write many commands before it reads an answer."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from syndication.digest.send.errors import SendingError, SendingRefused, Stage, TransportTrouble
from syndication.digest.send.server import Server
from syndication.text import one_line, shorten

_SLICE = 1 << 18
"""Bytes given to the socket at a time; how far a broken write had come is known this precisely under TLS."""
_LAST_WORDS = 1.0
"""Seconds to wait for what a server said before it stopped listening."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its code, and its lines without the codes; -1 where it is no SMTP."""

    code: int
    raw: bytes

    @property
    def says(self) -> str:
        """The words, on one line of reasonable length."""
        return _words(self.raw)


class Conversation(smtplib.SMTP):
    """Plain at first; ``starttls`` may change that. Broken writes are kept quiet until the next answer is read."""

    _broken = False

    def write(self, data: bytes, *, patience: float) -> int:
        """Write all of it, waiting for the server to take it so many seconds at a time.

        Returns how many bytes may have reached the server: fewer than all where the way broke.

        It never reads meanwhile. That cannot block both sides, as the server owes a handful of replies at most, which
        fit into its send buffer even if it reads nothing before it has written them (RFC 2920 §3.1 asks as much).
        """
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        self._wait(self.sock, patience)
        view, done = memoryview(data), 0
        while done < len(view):
            part = view[done : done + _SLICE]
            try:
                done += self.sock.send(part)
            except OSError:
                # What it said before it went away is still to be read, and often says why.
                self._broken = True
                return done + len(part) if isinstance(self.sock, ssl.SSLSocket) else done
        return done

    def hear(self, *, patience: float) -> Reply:
        """The next reply, waited for so many seconds; raises OSError where none comes."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        self._wait(self.sock, min(patience, _LAST_WORDS) if self._broken else patience)
        return Reply(*self.getreply())

    @staticmethod
    def _wait(sock: socket.socket, seconds: float) -> None:
        if sock.gettimeout() != seconds:  # asking is free, setting is a system call
            sock.settimeout(seconds)

    def log_in_by_token(self, user: str, token: str) -> None:
        """AUTH XOAUTH2 with an access token, as the big providers ask for; raises smtplib's errors."""
        self.ehlo_or_helo_if_needed()
        if "XOAUTH2" not in self.esmtp_features.get("auth", "").upper().split():
            raise smtplib.SMTPNotSupportedError("no login by access token, AUTH XOAUTH2")

        def answer(challenge: bytes | None = None) -> str:
            # A challenge is the report of an error; the refusal comes after an empty line.
            return f"user={user}\x01auth=Bearer {token}\x01\x01" if challenge is None else ""

        self.auth("XOAUTH2", answer)


class TlsConversation(Conversation, smtplib.SMTP_SSL):
    """Begins with TLS."""


def open_conversation(
    server: Server,
    *,
    patience: float,
    ehlo_name: str | None,
    tls: Callable[[], ssl.SSLContext],
    access_token: str | None,
) -> Conversation:
    """Connect, greet and log in, ``patience`` seconds for each step; raises TransportTrouble or SendingRefused.

    ``tls`` is asked for its authorities only where the server's address calls for TLS.
    """
    try:
        conversation = _greeted(server, patience, ehlo_name, tls)
        try:
            _introduce(conversation, server, ehlo_name, tls, access_token)
        except BaseException:
            conversation.close()
            raise
    except (OSError, ValueError) as cause:
        raise _not_opened(server, cause, by_token=access_token is not None) from cause
    return conversation


def why(cause: Exception) -> str:
    """What an exception has to say, in one line."""
    return one_line(getattr(cause, "strerror", None) or str(cause)) or cause.__class__.__name__


def _greeted(
    server: Server, patience: float, ehlo_name: str | None, tls: Callable[[], ssl.SSLContext]
) -> Conversation:
    # smtplib looks its own name up in the DNS unless it is given one; ours is set after connecting.
    name = ehlo_name or "unnamed"
    if server.scheme == "smtps":
        return TlsConversation(server.host, server.port, local_hostname=name, timeout=patience, context=tls())
    return Conversation(server.host, server.port, local_hostname=name, timeout=patience)


def _introduce(
    conversation: Conversation,
    server: Server,
    ehlo_name: str | None,
    tls: Callable[[], ssl.SSLContext],
    access_token: str | None,
) -> None:
    if conversation.sock is not None:
        # What ends a message is a small packet behind a large one; without this it would wait for the peer.
        conversation.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ehlo_name is None:
            # Our name may be of no use outside, and our address always says who calls.
            conversation.local_hostname = _address_literal(conversation.sock.getsockname()[0])
    conversation.ehlo_or_helo_if_needed()
    if server.scheme == "smtp+starttls":
        conversation.starttls(context=tls())
        conversation.ehlo_or_helo_if_needed()
    if access_token is not None:
        conversation.log_in_by_token(server.user, access_token)
    elif server.user:
        conversation.login(server.user, server.password)


def _not_opened(server: Server, cause: OSError | ValueError, *, by_token: bool) -> SendingError:
    """What it means that the conversation could not begin: wait, or have a person look."""
    code = None
    mend = "correct SYNDICATION_SMTP_URL or the server"
    match cause:
        case ssl.SSLCertVerificationError():
            wrong = f"shows a certificate that cannot be trusted ({cause.verify_message})"
        case UnicodeError():
            wrong = "cannot be given a user or password outside ASCII"
        case smtplib.SMTPResponseException():
            code, heard = cause.smtp_code, f"{cause.smtp_code} {_words(cause.smtp_error)}"
            if code < 500 or not isinstance(cause, smtplib.SMTPAuthenticationError):
                return TransportTrouble(
                    f"The mail server {server} is not ready: {heard}; try again later",
                    stage=Stage.CONNECT,
                    code=code,
                )
            wrong = f"refuses the login: {heard}"
            if by_token:
                wrong = f"refuses the login by access token: {heard}"
                mend = "check that the token is new, and that its account may send by SMTP"
        case smtplib.SMTPException() if not isinstance(cause, smtplib.SMTPServerDisconnected):
            wrong = f"does not offer what SYNDICATION_SMTP_URL asks for ({why(cause)})"
        case _:
            return TransportTrouble(
                f"The mail server {server} cannot be reached ({why(cause)});"
                " check SYNDICATION_SMTP_URL and that the server runs",
                stage=Stage.CONNECT,
            )
    return SendingRefused(
        f"The mail server {server} {wrong}; {mend}", stage=Stage.CONNECT, code=code, permanent=True
    )


def _address_literal(address: str) -> str:
    """RFC 5321 §4.1.3."""
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _words(raw: bytes | str) -> str:
    return shorten(one_line(raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw), 500)
