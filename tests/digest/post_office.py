"""A mail server on loopback that keeps what it takes and misbehaves as it is told, and an issue to send to it."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from syndication.digest.pipeline.issue import approve_issue
from syndication.digest.pipeline.office import Office
from syndication.domain.issue import Entry, Issue, IssueContent, Named, Section
from syndication.domain.subscriber import Registration
from syndication.domain.week import IsoWeek
from tests.store.stock import keep_story

WEEK = IsoWeek(2026, 47)
DROP = "drop the connection"

Answer = Callable[[str, int], str | None]
"""Given a reader's address and how often it was tried: what to say in place of «250», or None."""


class PostOffice:
    """Takes mail for anybody; ``at_rcpt`` and ``at_dot`` may answer something else.

    An answer ``DROP`` breaks the connection; one that begins with ``keep and`` first keeps the message.
    ``pace``: seconds it takes over each message.
    """

    def __init__(self, *, pipelining: bool) -> None:
        self.kept: dict[str, list[bytes]] = defaultdict(list)
        self.tried: Counter[str] = Counter()
        self.connections = 0
        self.at_greeting: Callable[[int], str | None] = lambda number: None
        self.at_mail: Callable[[int], str | None] = lambda number: None
        self.at_rcpt: Answer = lambda reader, attempt: None
        self.at_dot: Answer = lambda reader, attempt: None
        self.after_message: Callable[[int], None] = lambda count: None
        self.pace = 0.0
        self._pipelining = pipelining
        self._messages = 0
        self._mails = 0

    @property
    def copies(self) -> dict[str, int]:
        """How many copies each reader got."""
        return {reader: len(messages) for reader, messages in self.kept.items()}

    async def handle_EHLO(  # noqa: N802 -- aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        refusal = self.at_greeting(self.connections)
        if refusal:
            return [refusal]
        return [responses[0], *(["250-PIPELINING"] if self._pipelining else []), *responses[1:]]

    async def handle_HELO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str
    ) -> str:
        session.host_name = hostname
        return self.at_greeting(self.connections) or "250 OK"

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._mails += 1
        answer = await self._said(server, self.at_mail(self._mails))
        if answer:
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tried[address] += 1
        answer = await self._said(server, self.at_rcpt(address, self.tried[address]))
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        reader = envelope.rcpt_tos[0]
        answer = self.at_dot(reader, self.tried[reader])
        if answer is None or answer.startswith("keep and"):
            self.kept[reader].append(envelope.content)
            self._messages += 1
            self.after_message(self._messages)
        await asyncio.sleep(self.pace)
        return await self._said(server, answer.removeprefix("keep and ") if answer else None) or "250 kept"

    async def _said(self, server: SMTP, answer: str | None) -> str | None:
        if answer == DROP:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            await asyncio.get_running_loop().create_future()  # cancelled when the connection ends
        return answer


@contextmanager
def post_office(port: int, *, pipelining: bool = True, **options: Any) -> Iterator[PostOffice]:
    """A post office that is open on this port."""
    office = PostOffice(pipelining=pipelining)
    controller = Controller(office, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def reader(number: int) -> str:
    """The address of one reader."""
    return f"reader{number:03}@docgia.example"


def issue_to_send(office: Office, *, readers: int) -> Issue:
    """An approved issue of two stories, and so many readers on record."""
    people = [
        Registration(line=n, email=reader(n), email_key=reader(n), name=f"Đọc giả {n}")
        for n in range(readers)
    ]
    entries = tuple(
        Entry(
            story=name,
            category="kinh-te",
            title=f"Khai trương chợ nông sản {name} bên bờ sông",
            url=office.links.story(name),
            summary="Chợ mở cửa từ sáng sớm, bán rau quả của bà con trong vùng.",
            image_url=None,
            told_at=office.now() - timedelta(days=3),
            portals=(
                Named(id="quang-ninh", name="Trung tâm Quảng Ninh", url=f"https://quang-ninh.example/{name}"),
            ),
        )
        for name in ("mot", "hai")
    )
    content = IssueContent(
        week=WEEK,
        subject="Điểm tin tuần 47/2026",
        hero=None,
        sections=(Section(category="kinh-te", title="Kinh tế", entries=entries),),
    )
    with office.store.write() as memory:
        memory.subscribers.register(people, now=office.now())
        for entry in entries:
            keep_story(memory, entry.story, categories=["kinh-te"], now=office.now())
        memory.issues.draft(content, cut_at=office.now(), now=office.now())
    return approve_issue(office, str(WEEK), by="Lan")
