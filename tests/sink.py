"""A mail server on loopback for tests, aiosmtpd told how to misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

DROP = "drop the connection"
HANG = "never answer"


class Sink:
    """A mail server's mind: takes everything, except that ``script`` gives the next replies per command.

    An empty reply in the script is the usual one.
    """

    def __init__(self) -> None:
        self.script: dict[str, list[str]] = {}
        self.banner: str | None = None
        self.offers: list[str] = []
        self.drop_after: str | None = None
        self.received: list[tuple[str, str, bytes]] = []
        self.heard: list[str] = []
        self.mail_options: list[str] = []
        self.login: tuple[bytes, bytes] | None = None

    async def reply(self, command: str, server: SMTP, usual: str) -> str:
        self.heard.append(command)
        answers = self.script.get(command, [])
        answer = (answers.pop(0) if answers else "") or usual
        if answer == DROP:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        if answer in (DROP, HANG):
            await asyncio.get_running_loop().create_future()  # cancelled when the connection ends
        return answer

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.heard.append(f"EHLO {hostname}")
        session.host_name = hostname
        return [responses[0], *(f"250-{offer}" for offer in self.offers), *responses[1:]]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.reply("MAIL", server, "250 OK")
        self.mail_options = options
        envelope.mail_from = address if answer.startswith("250") else None
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.reply("RCPT", server, "250 OK")
        if answer.startswith("25"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await self.reply("DOT", server, "250 2.0.0 Ok: queued as 4Cq\x85 1")
        if answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.received.append((envelope.mail_from or "", envelope.rcpt_tos[0], envelope.content))
        return answer

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return await self.reply("RSET", server, "250 OK")

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return await self.reply("QUIT", server, "221 Bye")

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.login = (data.login, data.password)
        return AuthResult(success=data.password == b"p@ss:/", handled=False)


class ScriptedServer(SMTP):
    """The wire side of the sink: banners, DATA's first reply, and breaking off right after a reply."""

    async def push(self, status: str | bytes) -> None:
        sink: Sink = self.event_handler
        said = status if isinstance(status, str) else status.decode()
        assert self.session is not None
        if said.startswith("220 ") and sink.banner and not self.session.host_name:
            said = sink.banner
        await super().push(said.encode())
        if sink.drop_after and said.startswith(sink.drop_after):
            sink.drop_after = None
            assert self.transport is not None
            self.transport.close()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        sink: Sink = self.event_handler
        answer = await sink.reply("DATA", self, "")
        if answer:
            await self.push(answer)
        else:
            await super().smtp_DATA(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        sink: Sink = self.event_handler
        answer = await sink.reply("AUTH", self, "")
        if answer:
            await self.push(answer)
        else:
            await super().smtp_AUTH(arg)


class LoopbackController(Controller):
    """Listens on a port the system chooses."""

    def factory(self) -> SMTP:
        return ScriptedServer(self.handler, **self.SMTP_kwargs)

    async def _create_server(self) -> asyncio.AbstractServer:
        server = await self.loop.create_server(
            self._factory_invoker, host="127.0.0.1", port=0, ssl=self.ssl_context
        )
        self.port = server.sockets[0].getsockname()[1]
        return server


@contextmanager
def serving(sink: Sink, **options: Any) -> Iterator[int]:
    """A server with that mind; gives its port. ``options`` are aiosmtpd's."""
    controller = LoopbackController(sink, hostname="127.0.0.1", server_hostname="sink.test", **options)
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()


# For tests alone: signs itself, for localhost and 127.0.0.1, until 2120.
TEST_KEY_AND_CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg70qBmjjPoRnI9268
QbJrYYDhyK/oFt2+JuOypyMEJUahRANCAASN7yryFmn6ZoNBrtORjH67piEwtR8S
ZAJJhmCj6nYMv1gX5liL3sI3oHVqHYuSZluOp6wNIJf44nc5CdditdFt
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBZzCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABI3vKvIWafpmg0Gu
05GMfrumITC1HxJkAkmGYKPqdgy/WBfmWIvewjegdWodi5JmW46nrA0gl/jidzkJ
12K10W2jTjBMMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8E
BTADAQH/MB0GA1UdDgQWBBQtUr2GPMno+WfLmyJtrkkG7MUhYjAKBggqhkjOPQQD
AgNIADBFAiBD484ldnWIXazc7WTrkXQhAxaY/unPClOiJb3ofuyWaAIhAJLTZ8Ts
l4zoENefmu4OAYEjgz1hJcTsXbF2/gF8boyh
-----END CERTIFICATE-----
"""
