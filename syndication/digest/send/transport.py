"""Carries envelopes to the mail server, one after the other over a connection that stays open.

Where the server takes commands in groups (PIPELINING, RFC 2920), a message costs one round trip: its last line and
the next envelope's MAIL, RCPT and DATA go out together.

    → …text  .  MAIL  RCPT  DATA    ← 250 taken  250  250  354    → text…

CHUNKING (RFC 3030) is left unused on purpose. With it MAIL, RCPT and the text could go in one write, a round trip per
message too; but Postfix answers RCPT and text in two packets, the second of which waits for our system's delayed
acknowledgement (23 messages a second against 400, over loopback; with acknowledgements hurried, no faster than DATA).
It would send the whole text for readers who are refused, and a connection closed at MAIL, which with DATA is certain
to have carried nothing, would leave every such message uncertain.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from syndication.digest.send.conversation import Conversation, Reply, open_conversation, why
from syndication.digest.send.envelope import Envelope, check_addresses, commands, on_the_wire
from syndication.digest.send.errors import (
    ReaderDeferred,
    ReaderRefused,
    SendingError,
    Stage,
    TransportTrouble,
    Uncertain,
)
from syndication.digest.send.refusal import read_refusal
from syndication.digest.send.server import read_url

_YES = {Stage.MAIL: (250,), Stage.RCPT: (250, 251, 252), Stage.DATA: (354,)}
_DATA = b"DATA\r\n"
_DOT = b".\r\n"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server took the message: its reply code, and its words (often its own id for the message)."""

    code: int
    says: str


class _Letter:
    """An envelope with its text as the wire wants it, which is made once, at a moment when the server is busy."""

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self._text: bytes | None = None

    def text(self) -> bytes:
        """Raises SendingRefused for a text that must not go out."""
        if self._text is None:
            self._text = on_the_wire(self.envelope.data)
        return self._text


class Transport:
    """A conversation with the server at ``smtp_url``, opened when needed and closed with ``with``.

    ``smtp://`` is plain, ``smtp+starttls://`` turns TLS on or fails, ``smtps://`` begins with TLS; user and
    password are percent-decoded. With ``access_token`` the URL's user logs in by the token it returns (XOAUTH2), asked
    for anew at every login; what it raises comes through. Certificates are checked against ``tls`` or the machine's
    authorities. Times are in seconds, ``connect_timeout`` for each step up to the login; the others follow
    RFC 5321 §4.5.3.2, and giving up early on the reply to a whole message is what makes duplicates. For one thread at
    a time. Raises SettingsError for an address it cannot use.
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
        access_token: Callable[[], str] | None = None,
    ) -> None:
        self._server = read_url(smtp_url)
        self._connect_timeout = connect_timeout
        self._reply_timeout = reply_timeout
        self._dot_timeout = dot_timeout
        self._limit = messages_per_connection
        self._ehlo_name = ehlo_name
        self._tls = tls
        self._access_token = access_token if self._server.user else None
        self._conversation: Conversation | None = None
        self._begun = 0
        self._carried = 0
        self._underway = False
        self._needs_reset = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def carried(self) -> int:
        """How many messages the present connection has carried, or the last one where none is open.

        A connection that breaks after it carried some has met a limit of the server; one that breaks again and again
        without carrying any has met a broken server.
        """
        return self._carried

    def connect(self) -> None:
        """Open the conversation and log in, if not done yet; raises TransportTrouble or SendingRefused."""
        self._connected()

    def send(
        self,
        *,
        sender: str,
        recipient: str,
        data: bytes,
        token: str | None = None,
        before_data: Callable[[], None] | None = None,
    ) -> Receipt:
        """Hand one message to the server for one recipient; returns when it has been accepted.

        The parameters are those of an Envelope. ``before_data`` is called once, after the recipient was accepted and
        before DATA: the place to record that the message is about to go out. What it raises comes through, with
        nothing sent. Raises one of the errors in the package's table.
        """
        self._insist_on_being_alone()
        letter = _Letter(Envelope(sender=sender, recipient=recipient, data=data, token=token))
        try:
            self._offer(letter, call_again=True, before_data=before_data)
            return self._hand_over(letter)
        finally:
            self._end_run()

    def send_many(
        self, envelopes: Iterable[Envelope], *, before_text: Callable[[Envelope], None] | None = None
    ) -> Iterator[tuple[Envelope, Receipt | SendingError]]:
        """Hand over one message after the other; yields each with what became of it, in their order.

        ``before_text`` is called just before the first byte of a message's text goes out: of those for which it was
        not called, nothing went out. What it raises comes through.
        Only one message at a time is without its answer. The envelope behind it is asked for just before it goes out,
        so that both fit into one write. A refused reader (ReaderDeferred, ReaderRefused) disturbs nobody else. Every
        other error ends the iteration: whatever was not yielded has certainly not been accepted, and the caller may
        go on with another ``send_many``. (Only an interruption from outside, as KeyboardInterrupt, can leave the
        message that is next to be yielded in doubt.) To stop earlier, stop iterating and ``close()`` the iterator;
        until it is finished or closed nothing else can be sent.
        """
        self._insist_on_being_alone()
        waiting = map(_Letter, envelopes)
        letter = next(waiting, None)
        call_again = True
        try:
            while letter is not None:
                outcome: Receipt | SendingError
                following, asked = None, False
                try:
                    self._offer(letter, call_again=call_again)
                    if self._takes_another_ahead():
                        following, asked = next(waiting, None), True
                    if before_text is not None:
                        before_text(letter.envelope)
                    outcome = self._hand_over(letter, following)
                except SendingError as failure:
                    outcome = failure
                yield letter.envelope, outcome
                if not isinstance(outcome, Receipt | ReaderDeferred | ReaderRefused):
                    return
                call_again = False
                letter = following if asked else next(waiting, None)
        finally:
            self._end_run()

    def close(self) -> None:
        """Say goodbye (QUIT) and close the connection; never raises for a connection already broken."""
        try:
            # In the middle of a message the server would take QUIT for a line of it.
            if self._conversation is not None and not self._underway:
                with suppress(OSError):
                    self._conversation.write(b"QUIT\r\n", patience=self._connect_timeout)
                    self._conversation.hear(patience=self._connect_timeout)
        finally:
            self._drop()

    # --- one message ---

    def _offer(
        self, letter: _Letter, *, call_again: bool, before_data: Callable[[], None] | None = None
    ) -> None:
        """All that comes before the text; returns when the server waits for it (354)."""
        if self._underway:  # written already, behind the last message
            reply, rcpt, data = self._hear(Stage.MAIL), b"", b""
        else:
            check_addresses(letter.envelope)
            letter.text()
            reply, rcpt, data = self._begin(
                letter.envelope, in_steps=before_data is not None, call_again=call_again
            )
        refusal = self._judged(Stage.MAIL, reply)
        if refusal is None:
            self._begun += 1
        for stage, command in ((Stage.RCPT, rcpt), (Stage.DATA, data)):
            if command:
                if refusal is not None:
                    break
                if stage is Stage.DATA and before_data is not None:
                    self._let_record(before_data)
                self._say(command)
            try:
                reply = self._hear(stage)
            except TransportTrouble:
                if refusal is None:
                    raise
                raise refusal from None  # what it closed for, and the connection is given up
            refusal = refusal or self._judged(stage, reply)
        if refusal is not None:
            if reply.code == 354:
                self._send_nothing()
            self._underway = False
            raise refusal

    def _begin(self, envelope: Envelope, *, in_steps: bool, call_again: bool) -> tuple[Reply, bytes, bytes]:
        """Write MAIL, with RCPT and DATA where the server takes groups; the answer to MAIL and what is still to write.

        On a new connection where the old one has ended since the last message.
        """
        if self._begun >= self._limit:
            self.close()
        if self._needs_reset:
            self._reset()
        reused = self._conversation is not None
        try:
            return self._write_first(envelope, in_steps=in_steps)
        except TransportTrouble:
            # A server may close an idle or well-used connection at any time; that is no trouble yet.
            if not (reused and call_again):
                raise
        return self._write_first(envelope, in_steps=in_steps)

    def _write_first(self, envelope: Envelope, *, in_steps: bool) -> tuple[Reply, bytes, bytes]:
        conversation = self._connected()
        mail, rcpt = commands(envelope, conversation.esmtp_features)
        self._underway = True
        if in_steps or not conversation.has_extn("pipelining"):
            self._say(mail)
            return self._hear(Stage.MAIL), rcpt, _DATA
        self._say(mail + rcpt + _DATA)
        return self._hear(Stage.MAIL), b"", b""

    def _let_record(self, before_data: Callable[[], None]) -> None:
        try:
            before_data()
        except BaseException:
            self._underway, self._needs_reset = False, True
            raise

    def _send_nothing(self) -> None:
        """Answer a 354 that follows a refusal; what the server says to it is about no reader (RFC 2920 §3.1)."""
        with suppress(SendingError):
            self._say(_DOT)
            self._hear(Stage.DATA)
        self._needs_reset = False

    def _hand_over(self, letter: _Letter, following: _Letter | None = None) -> Receipt:
        """Write the text and what ends it, with the next envelope's commands right behind, and hear the answer."""
        text = letter.text()
        ahead = self._commands_ahead(following)
        written = self._say(b"".join((text, _DOT, ahead)))
        if following is not None:
            with suppress(SendingError):  # raised again when its turn has come
                following.text()
        # Only a server that has seen the dot can have taken the message.
        stage = Stage.DOT if written > len(text) else Stage.DATA
        reply = self._hear(stage)
        self._underway = bool(ahead)
        if stage is Stage.DOT and 200 <= reply.code < 300:
            self._carried += 1
            return Receipt(reply.code, reply.says)
        refusal = read_refusal(str(self._server), stage, reply)
        if stage is Stage.DATA:
            self._drop()
        raise refusal

    def _commands_ahead(self, following: _Letter | None) -> bytes:
        if following is None or self._conversation is None:
            return b""
        try:
            mail, rcpt = commands(following.envelope, self._conversation.esmtp_features)
        except SendingError:  # raised again when its turn has come
            return b""
        return mail + rcpt + _DATA

    def _takes_another_ahead(self) -> bool:
        return (
            self._begun < self._limit
            and self._conversation is not None
            and self._conversation.has_extn("pipelining")
        )

    # --- saying and hearing ---

    def _say(self, lines: bytes) -> int:
        """How many of the bytes may have reached the server; that the way broke is told by ``_hear``."""
        if self._conversation is None:
            return 0
        try:
            return self._conversation.write(lines, patience=self._reply_timeout)
        except BaseException:
            self._drop()
            raise

    def _hear(self, stage: Stage) -> Reply:
        """The next answer; a connection that breaks, closes or makes no sense is given up."""
        patience = self._dot_timeout if stage is Stage.DOT else self._reply_timeout
        try:
            if self._conversation is None:
                raise ConnectionError("it is closed")
            reply = self._conversation.hear(patience=patience)
        except OSError as cause:
            self._drop()
            raise self._lost(stage, why(cause)) from cause
        except BaseException:
            self._drop()
            raise
        if not 200 <= reply.code < 600 or (stage is Stage.DOT and 300 <= reply.code < 400):
            self._drop()
            raise self._lost(stage, "it gave an answer that is not SMTP")
        if reply.code == 421:
            self._drop()
            raise TransportTrouble(
                f"The mail server {self._server} closes the connection: {reply.says}; try again later",
                stage=stage,
                code=reply.code,
            )
        return reply

    def _judged(self, stage: Stage, reply: Reply) -> SendingError | None:
        """What is wrong, if anything, with an answer to a command."""
        if reply.code in _YES[stage]:
            return None
        # MAIL was accepted and waits for its text.
        self._needs_reset = stage is not Stage.MAIL
        return read_refusal(str(self._server), stage, reply)

    def _lost(self, stage: Stage, how: str) -> SendingError:
        if stage is Stage.DOT:
            return Uncertain(
                f"The whole message went to the mail server {self._server} and no answer came back ({how});"
                " look in its log or queue before sending it again",
                stage=stage,
            )
        return TransportTrouble(
            f"The connection to the mail server {self._server} broke at {stage.upper()} ({how});"
            " the message was not accepted, try again later",
            stage=stage,
        )

    def _reset(self) -> None:
        """End the transaction that a refusal left open; a server that will not is left."""
        self._needs_reset = False
        try:
            self._say(b"RSET\r\n")
            if self._hear(Stage.MAIL).code == 250:
                return
        except TransportTrouble:
            return  # given up already
        self._drop()

    def _connected(self) -> Conversation:
        if self._conversation is None:
            token = self._access_token() if self._access_token is not None else None
            self._conversation = open_conversation(
                self._server,
                patience=self._connect_timeout,
                ehlo_name=self._ehlo_name,
                tls=self._tls_context,
                access_token=token,
            )
            self._begun = self._carried = 0
        return self._conversation

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _drop(self) -> None:
        self._underway = self._needs_reset = False
        if self._conversation is not None:
            self._conversation.close()
            self._conversation = None

    def _end_run(self) -> None:
        if self._underway:
            # The next envelope's commands are with the server: without a text it forgets them.
            self._drop()

    def _insist_on_being_alone(self) -> None:
        if self._underway:
            raise RuntimeError("a send_many is not finished: exhaust or close its iterator first")
