"""A mail server for the demo that keeps every message as a file, to be opened with any mail program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from syndication import text


class _Keeper:
    """Writes each message to ``<recipient>-<number>.eml``, and its pages beside it as .html and .txt."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        """Keep one message."""
        self._count += 1
        data = envelope.content if isinstance(envelope.content, bytes) else b""
        name = f"{text.slug(str(envelope.rcpt_tos[0]).partition('@')[0])}-{self._count}"
        (self._folder / f"{name}.eml").write_bytes(data)
        for part in message_from_bytes(data).walk():
            suffix = {"text/html": "html", "text/plain": "txt"}.get(part.get_content_type())
            body = part.get_payload(decode=True)
            if suffix and isinstance(body, bytes):
                (self._folder / f"{name}.{suffix}").write_bytes(body)
        return f"250 kept as {name}"


@contextmanager
def mailbox(folder: Path, *, port: int) -> Iterator[None]:
    """Receive mail on loopback at this port while in use."""
    folder.mkdir(parents=True, exist_ok=True)
    controller = Controller(_Keeper(folder), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def subjects(folder: Path) -> list[tuple[Path, str]]:
    """Every kept message and its subject as a person reads it."""
    found = []
    for path in sorted(folder.glob("*.eml")):
        raw = message_from_bytes(path.read_bytes())["Subject"] or ""
        found.append((path, str(make_header(decode_header(raw)))))
    return found
