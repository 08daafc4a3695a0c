"""Talks to the mail server: one conversation, kept open while many messages go through it.

What an error means for the caller, who keeps the record of deliveries:

=================  ============================================================================
TransportTrouble   the server or the way to it fails: try everyone again later
ReaderDeferred     not now for this reader: try this reader again later
ReaderRefused      never for this reader
SendingRefused     the server refuses us or the message: stop the issue, a person must look
Uncertain          the whole message went out and no answer came: nobody knows whether it arrived
=================  ============================================================================

After every error but Uncertain it is certain that the message was not accepted.
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from syndication.errors import MailError, SettingsError
from syndication.text import one_line, shorten

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_READERS_FAULT = re.compile(
    r"5\.(?:1\.(?![78]\b)|2\.)"
)  # RFC 3463 §3.2, §3.3; 5.1.7 and 5.1.8 blame the sender
_SENDERS_FAULT = re.compile(r"5\.1\.[78]\b")
_EVERYONES_TROUBLE = (421, 454)  # closing down; throttled, or TLS or logins out of order
_LOGIN_NEEDED = 530  # RFC 4954 §6


class Stage(StrEnum):
    """How far a delivery had come when it failed."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"
    """The line that ends the message was sent; only here can an outcome be unknown."""


class SendingError(MailError):
    """A message was not accepted, or nobody knows; the subclass says what to do."""

    def __init__(self, says: str, *, stage: Stage, code: int | None = None, permanent: bool = False) -> None:
        super().__init__(says, code=code, permanent=permanent)
        self.stage = stage


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


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server took the message: its reply code, and its words (often its own id for the message)."""

    code: int
    says: str


@dataclass(frozen=True, slots=True)
class _Server:
    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Transport:
    """A conversation with the server at ``smtp_url``, opened when needed and closed with ``with``.

    ``smtp://`` is plain, ``smtp+starttls://`` turns TLS on or fails, ``smtps://`` begins with TLS; user and
    password are percent-decoded. Certificates are checked against ``tls`` or the machine's authorities. Times
    are in seconds, ``connect_timeout`` for each step up to the login; the others follow RFC 5321 §4.5.3.2, and
    giving up early on the reply to a whole message is what makes duplicates. For one thread at a time. Raises
    SettingsError for an address it cannot use.
    """

    def __init__(
        self,
        smtp_url: str,
        *,
        connect_timeout: float = 10.0,
        reply_timeout: float = 300.0,
        dot_timeout: float = 600.0,
        messages_per_connection: int = 100,
        ehlo_name: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = _read_url(smtp_url)
        self._connect_timeout = connect_timeout
        self._reply_timeout = reply_timeout
        self._dot_timeout = dot_timeout
        self._limit = messages_per_connection
        self._ehlo_name = ehlo_name
        self._tls = tls
        self._smtp: smtplib.SMTP | None = None
        self._carried = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connect(self) -> None:
        """Open the conversation and log in, if not done yet; raises TransportTrouble or SendingRefused."""
        self._connected()

    def send(
        self,
        *,
        sender: str,
        recipient: str,
        data: bytes,
        before_data: Callable[[], None] | None = None,
    ) -> Receipt:
        """Hand one message to the server for one recipient; returns when it has been accepted.

        ``data`` is 7-bit with CRLF line ends; ``sender`` may be empty (no reports wanted).
        ``before_data`` is called once, after the recipient was accepted and before DATA: the place to record
        that the message is about to go out. What it raises comes through, with nothing sent. Raises one of
        the errors in the module's table.
        """
        data = _checked(sender, recipient, data)
        self._mail(sender, len(data))
        code, says = self._ask(Stage.RCPT, f"RCPT TO:<{recipient}>")
        if code not in (250, 251, 252):
            raise self._refused(Stage.RCPT, code, says)
        if before_data is not None:
            try:
                before_data()
            except BaseException:
                self._reset()
                raise
        code, says = self._ask(Stage.DATA, "DATA")
        if code != 354:
            raise self._refused(Stage.DATA, code, says)
        self._ask(Stage.DATA, _dots_doubled(data), answered=False)
        # The dot goes alone, so that a failure before it is known to be one before it.
        code, says = self._ask(Stage.DOT, ".")
        if not 200 <= code < 300:
            raise self._refused(Stage.DOT, code, says)
        return Receipt(code, says)

    def close(self) -> None:
        """Say goodbye (QUIT) and close the connection; never raises for a connection already broken."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        with suppress(OSError):
            _be_patient(smtp, self._connect_timeout)
            smtp.docmd("QUIT")
        smtp.close()

    # --- the conversation ---

    def _mail(self, sender: str, size: int) -> None:
        """Begin a transaction, on a new connection where the old one has ended since the last message."""
        if self._carried >= self._limit:
            self.close()
        reused = self._smtp is not None
        try:
            code, says = self._ask_mail(sender, size)
        except TransportTrouble:
            if not reused:
                raise
            # A server may close an idle or well-used connection at any time; that is no trouble yet.
            code, says = self._ask_mail(sender, size)
        if code != 250:
            raise self._refused(Stage.MAIL, code, says)
        self._carried += 1

    def _ask_mail(self, sender: str, size: int) -> tuple[int, str]:
        declared = f" SIZE={size}" if self._connected().has_extn("size") else ""  # RFC 1870
        return self._ask(Stage.MAIL, f"MAIL FROM:<{sender}>{declared}")

    def _ask(self, stage: Stage, line: str | bytes, *, answered: bool = True) -> tuple[int, str]:
        """Send a command and read its reply; a connection that breaks or makes no sense is given up."""
        smtp = self._connected()
        try:
            smtp.send(line if isinstance(line, bytes) else f"{line}\r\n")
            if not answered:
                return 0, ""
            if stage is Stage.DOT:
                _be_patient(smtp, self._dot_timeout)
            code, raw = smtp.getreply()
            if stage is Stage.DOT:
                _be_patient(smtp, self._reply_timeout)
        except OSError as cause:
            self._drop()
            raise self._lost(stage, _why(cause)) from cause
        except BaseException:
            self._drop()
            raise
        if not 200 <= code < 600 or (stage is Stage.DOT and 300 <= code < 400):
            self._drop()
            raise self._lost(stage, "it gave an answer that is not SMTP")
        says = _words(raw)
        if code == 421:
            self._drop()
            raise TransportTrouble(
                f"The mail server {self._server} closes the connection: {says}; try again later",
                stage=stage,
                code=code,
            )
        return code, says

    def _lost(self, stage: Stage, why: str) -> SendingError:
        if stage is Stage.DOT:
            return Uncertain(
                f"The whole message went to the mail server {self._server} and no answer came back ({why});"
                " look in its log or queue before sending it again",
                stage=stage,
            )
        return TransportTrouble(
            f"The connection to the mail server {self._server} broke at {stage.upper()} ({why});"
            " the message was not accepted, try again later",
            stage=stage,
        )

    def _refused(self, stage: Stage, code: int, says: str) -> SendingError:
        """What a refusal means, with the transaction ended so that the next one can begin."""
        self._reset()
        heard = f"The mail server {self._server} answered {code} {says}".rstrip()
        if code in _EVERYONES_TROUBLE or code < 400 or (stage is Stage.MAIL and code < 500):
            return TransportTrouble(f"{heard}; try again later", stage=stage, code=code)
        if code < 500:
            return ReaderDeferred(f"{heard}; try this reader again later", stage=stage, code=code)
        if stage is Stage.RCPT:
            readers_fault = code != _LOGIN_NEEDED and not _SENDERS_FAULT.match(says)
        else:
            readers_fault = stage is Stage.DOT and bool(_READERS_FAULT.match(says))
        if readers_fault:
            return ReaderRefused(
                f"{heard}; check this reader's address", stage=stage, code=code, permanent=True
            )
        return SendingRefused(
            f"{heard}; nothing more is sent until someone has looked at the mail settings or the message",
            stage=stage,
            code=code,
            permanent=True,
        )

    def _reset(self) -> None:
        if self._smtp is None:
            return
        try:
            code, _ = self._smtp.docmd("RSET")
        except OSError:
            code = 0
        except BaseException:
            self._drop()
            raise
        if code != 250:
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    # --- opening it ---

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            try:
                smtp = self._greeted()
                try:
                    self._introduce(smtp)
                except BaseException:
                    smtp.close()
                    raise
            except (OSError, UnicodeError) as cause:
                raise self._not_opened(cause) from cause
            self._smtp, self._carried = smtp, 0
        return self._smtp

    def _greeted(self) -> smtplib.SMTP:
        server, patience = self._server, self._connect_timeout
        # smtplib looks its own name up in the DNS unless it is given one; ours is set after connecting.
        name = self._ehlo_name or "unnamed"
        if server.scheme == "smtps":
            return smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=name, timeout=patience, context=self._tls_context()
            )
        return smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=patience)

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        if smtp.sock is not None:
            # The dot is a small packet behind a large one; without this it would wait for the peer.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._ehlo_name is None:
                # Our name may be of no use outside, and our address always says who calls.
                smtp.local_hostname = _address_literal(smtp.sock.getsockname()[0])
        smtp.ehlo_or_helo_if_needed()
        if self._server.scheme == "smtp+starttls":
            smtp.starttls(context=self._tls_context())
            smtp.ehlo_or_helo_if_needed()
        if self._server.user:
            smtp.login(self._server.user, self._server.password)
        _be_patient(smtp, self._reply_timeout)

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _not_opened(self, cause: OSError | UnicodeError) -> SendingError:
        """What it means that the conversation could not begin: wait, or have a person look."""
        code = None
        match cause:
            case ssl.SSLCertVerificationError():
                wrong = f"shows a certificate that cannot be trusted ({cause.verify_message})"
            case UnicodeError():
                wrong = "cannot be given a user or password outside ASCII"
            case smtplib.SMTPResponseException():
                code, heard = cause.smtp_code, f"{cause.smtp_code} {_words(cause.smtp_error)}"
                if code < 500 or not isinstance(cause, smtplib.SMTPAuthenticationError):
                    return TransportTrouble(
                        f"The mail server {self._server} is not ready: {heard}; try again later",
                        stage=Stage.CONNECT,
                        code=code,
                    )
                wrong = f"refuses the login: {heard}"
            case smtplib.SMTPException() if not isinstance(cause, smtplib.SMTPServerDisconnected):
                wrong = f"does not offer what SYNDICATION_SMTP_URL asks for ({_why(cause)})"
            case _:
                return TransportTrouble(
                    f"The mail server {self._server} cannot be reached ({_why(cause)});"
                    " check SYNDICATION_SMTP_URL and that the server runs",
                    stage=Stage.CONNECT,
                )
        return SendingRefused(
            f"The mail server {self._server} {wrong}; correct SYNDICATION_SMTP_URL or the server",
            stage=Stage.CONNECT,
            code=code,
            permanent=True,
        )


def _read_url(smtp_url: str) -> _Server:
    parts = urlsplit(smtp_url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise SettingsError(
            "SYNDICATION_SMTP_URL: give smtp://host:port, smtp+starttls://user:password@host:port"
            " or smtps://user:password@host:port"
        )
    server = _Server(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
    if server.scheme == "smtp" and server.user and not _is_this_machine(server.host):
        raise SettingsError(
            "SYNDICATION_SMTP_URL: smtp:// would send the password readable by anyone on the way;"
            " write smtp+starttls:// or smtps://"
        )
    return server


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address_literal(address: str) -> str:
    """RFC 5321 §4.1.3."""
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _be_patient(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def _checked(sender: str, recipient: str, data: bytes) -> bytes:
    """The message, ended by a line break; raises for what could be taken for commands on the way."""
    if not _ADDRESS.fullmatch(recipient):
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
    breaks = data.count(b"\r\n")
    if not data.isascii() or data.count(b"\r") != breaks or data.count(b"\n") != breaks:
        raise SendingRefused(
            "The message is not 7-bit with CRLF line ends, which servers read in different ways;"
            " make it with the message step",
            stage=Stage.DATA,
            permanent=True,
        )
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def _dots_doubled(data: bytes) -> bytes:
    """RFC 5321 §4.5.2."""
    doubled = data.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def _words(raw: bytes | str) -> str:
    return shorten(one_line(raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw), 500)


def _why(cause: OSError) -> str:
    return one_line(cause.strerror or str(cause)) or cause.__class__.__name__
