"""Takes a mail that came back apart, whatever its bytes: its texts, its reports, what it returns, our tokens in it."""

from __future__ import annotations

import email
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, HeaderParser
from email.utils import collapse_rfc2231_value
from typing import Any

from syndication.text import one_line, plain_line

_BYTES_READ = 1_000_000
_LINES_READ = 20_000  # each line is held against every boundary still open, so empty ones are not free
_PARTS_READ = 50
_HEADER_READ = 4_000  # the standard library's reading of parameters takes the square of their length
_TEXT_READ = 20_000


@dataclass(slots=True)
class Mail:
    """A mail in its pieces. What a mail inside it holds is in ``returned`` alone, never among the mail's own words."""

    raw: bytes
    head: Message
    """The mail's own header."""
    own_tokens: list[str] = field(default_factory=list)
    """From the addresses it was sent to."""
    other_tokens: list[str] = field(default_factory=list)
    """From what it reports and returns."""
    status: list[Message] = field(default_factory=list)
    """The groups of fields of a report of delivery."""
    feedback: Message | None = None
    """The fields of a complaint."""
    returned: list[Message] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    marked_up: list[str] = field(default_factory=list)

    def header(self, name: str) -> str:
        """One of the mail's own headers on one line, "" if there is none."""
        return field_of(self.head, name)

    @property
    def text(self) -> str:
        """Its plain text, or what its HTML shows."""
        return "\n".join(self.plain or self.marked_up)[:_TEXT_READ]

    @property
    def report_type(self) -> str:
        """RFC 6522 §3; "" for what is no report."""
        if self.head.get_content_type() != "multipart/report":
            return ""
        return collapse_rfc2231_value(self.head.get_param("report-type") or "").lower()


class _TooManyParts(Exception):
    """The mail has more parts than are read."""


def part_class() -> Callable[..., Message]:
    """A class of parts for one mail, of which there can be only so many, with headers only so long."""
    count = 0

    class Part(Message):
        def __init__(self, *args: Any, **named: Any) -> None:
            nonlocal count
            count += 1
            if count > _PARTS_READ:
                raise _TooManyParts
            super().__init__(*args, **named)

        def set_raw(self, name: str, value: str) -> None:
            super().set_raw(name, value[:_HEADER_READ])

        def get_param(self, param: str, failobj: Any = None, *args: Any, **named: Any) -> Any:
            # The standard library decodes with whatever charset is named here, even to show what is encoded.
            value = super().get_param(param, failobj, *args, **named)
            if param == "charset" and value is not failobj:
                value = collapse_rfc2231_value(value)
                return value if _CHARSETS.fullmatch(value.lower()) else failobj
            return value

    return Part


def open_mail(raw: bytes, *, returns_to: str) -> Mail:
    """The mail in its pieces, as far as one can be made out; never raises. ``returns_to`` as in ``read_report``."""
    tokens_in = _tokens_in(returns_to)
    raw = b"".join(raw[:_BYTES_READ].splitlines(keepends=True)[:_LINES_READ])
    try:
        mail = _taken_apart(raw, tokens_in)
    except Exception:  # noqa: BLE001 -- the standard library raises many kinds of errors on broken mails
        # Its headers are still read, so that it can be told whose mail it was.
        mail = Mail(raw, BytesHeaderParser(_class=part_class()).parsebytes(raw))
    # The first four are written by our own servers, the last by the sender.
    for name in ("Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To", "To"):
        for value in mail.head.get_all(name, []):
            mail.own_tokens += tokens_in(str(value))
    return mail


def _taken_apart(raw: bytes, tokens_in: Callable[[str], list[str]]) -> Mail:
    mail = Mail(raw, email.message_from_bytes(raw, _class=part_class()))
    waiting = [mail.head]
    while waiting:
        part = waiting.pop()
        payload = part.get_payload()
        kind = part.get_content_type()
        if kind.startswith("multipart/") and isinstance(payload, list):
            waiting.extend(reversed([inner for inner in payload if isinstance(inner, Message)]))
        else:
            _sort(mail, kind, part)
    for block in mail.status:
        mail.other_tokens += _envelope_id(field_of(block, "Original-Envelope-Id"), tokens_in)
    if mail.feedback is not None:  # RFC 5965 §3.2
        mail.other_tokens += tokens_in(field_of(mail.feedback, "Original-Mail-From"))
        mail.other_tokens += _envelope_id(field_of(mail.feedback, "Original-Envelope-Id"), tokens_in)
    for returned in mail.returned:
        ours = [*returned.get_all("Return-Path", []), *returned.values()]
        mail.other_tokens += [token for value in ours for token in tokens_in(str(value))]
    return mail


def _sort(mail: Mail, kind: str, part: Message) -> None:
    """Put one part where it belongs; parts inside a returned message are not the report's own."""
    payload = part.get_payload()
    inside = [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64" and inside and not inside[0].keys():
        # RFC 2046 §5.2 forbids it here, so the standard library does not look; some gateways encode every part.
        inside[0]["Content-Transfer-Encoding"] = encoding
        inside = _blocks(_text(inside[0]))[: 1 if kind == "message/rfc822" else None]
    match kind:
        case "message/delivery-status":
            mail.status += inside
        case "message/global-delivery-status":  # RFC 6533 §3, which the standard library reads as one message
            for block in inside:
                mail.status += [block, *_blocks(_text(block))]
        case "message/feedback-report":
            mail.feedback = inside[0] if inside else None
        case "message/rfc822" | "message/global":
            mail.returned += inside
        case "text/rfc822-headers" | "message/global-headers" | "message/rfc822-headers":
            mail.returned += inside or _blocks(_text(part))[:1]
        case "text/plain":
            mail.plain.append(_text(part))
        case "text/html":
            mail.marked_up.append(_without_markup(_text(part)))


def _blocks(text: str) -> list[Message]:
    """Groups of header fields with blank lines between."""
    groups = re.split(r"\r?\n(?:[ \t]*\r?\n)+", text[:_TEXT_READ].strip(), maxsplit=_PARTS_READ - 1)
    return [HeaderParser(_class=part_class()).parsestr(group) for group in groups if group]


def _tokens_in(returns_to: str) -> Callable[[str], list[str]]:
    """Finds what stands behind the «+» of our address wherever it occurs in a text."""
    local, _, host = returns_to.rpartition("@")
    ours = re.compile(
        rf"(?<![\w.+-]){re.escape(local)}\+([\w.=-]{{1,200}})@{re.escape(host)}(?![\w-]|\.\w)",
        re.IGNORECASE | re.ASCII,
    )
    return lambda text: [token.lower() for token in ours.findall(text)]


def _envelope_id(written: str, tokens_in: Callable[[str], list[str]]) -> list[str]:
    """RFC 3464 §2.2.1: the ENVID we gave, in which a server may have left xtext (RFC 3461 §4) as it was."""
    plain = re.sub(r"\+([0-9A-F]{2})", lambda pair: chr(int(pair[1], 16)), written)
    if not plain.isascii():
        return []
    return tokens_in(written) or (
        [plain.lower()] if re.fullmatch(r"[\w.=-]{1,200}", plain) else tokens_in(plain)
    )


# --- fields and texts ---

_ADDRESS = re.compile(r"[^\s<>;,\"()@]{1,64}@[^\s<>;,\"()@]{1,255}")
# Others exist, and some of those run code paths nobody wants a stranger to choose.
_CHARSETS = re.compile(
    r"utf-?(?:8|16|32)(?:[-_]?[lb]e)?|(?:us-)?ascii|iso-8859-\d{1,2}|(?:windows-|cp)\d{3,4}|koi8-[ru]|gb(?:2312|k|18030)"
    r"|big5|euc-(?:jp|kr)|iso-2022-(?:jp|kr)|shift_jis"
)


def field_of(part: Message, name: str) -> str:
    """A header's text on one line, "" if there is none."""
    value = part.get(name)
    if value is None:
        return ""
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        return one_line(str(value))
    return one_line(
        "".join(piece if isinstance(piece, str) else _decoded(piece, charset) for piece, charset in pieces)
    )


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return _decoded(payload[: 2 * _TEXT_READ], part.get_content_charset())[:_TEXT_READ]


def _decoded(raw: bytes, charset: str | None) -> str:
    known = charset is not None and _CHARSETS.fullmatch(charset.lower())
    try:
        return raw.decode(charset if known and charset else "utf-8", "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def _without_markup(document: str) -> str:
    """The lines of an HTML document up to what it quotes."""
    shown = re.split(r"<blockquote\b|<div[^<>]{0,100}gmail_quote", document, maxsplit=1, flags=re.IGNORECASE)[
        0
    ]
    shown = re.sub(r"<(style|script|head|title)\b.*?</\1[^<>]*>", " ", shown, flags=re.IGNORECASE | re.DOTALL)
    lines = re.split(
        r"<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6])\b[^<>]*>", re.sub(r"\s+", " ", shown), flags=re.IGNORECASE
    )
    return "\n".join(plain_line(line) for line in lines)


def address_in(part: Message, *names: str) -> str | None:
    """The address in the first of these fields that has one (``rfc822; a@b``, ``<a@b>``)."""
    for name in names:
        found = _ADDRESS.search(field_of(part, name))
        if found:
            return found[0]
    return None
