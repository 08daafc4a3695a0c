"""Makes the digest into mail: one reader's message, as the bytes that go to the mail server.

The costly work (folding, encoding, size checks) is done once by ``prepare``; ``Prepared.bytes_for`` only
joins finished pieces with what differs from reader to reader. That is right by construction: each placeholder
is cut out of the text *before* encoding. In quoted-printable (RFC 2045 §6.7), whose soft line breaks mean nothing,
its value is later put on lines of its own between soft breaks; in base64 (§6.8), where every three bytes make four
characters, what follows a value is encoded beforehand for each of the three places at which the value may end.
Nothing is ever searched for in encoded bytes, and no value can change the encoding of its surroundings. Each part
is written in the shorter of the two: Vietnamese prose in base64, markup in quoted-printable.

Headers are encoded with ``email.header.Header``: the newer ``EmailMessage`` of CPython 3.11–3.13 loses spaces
where it folds a Vietnamese subject.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from email.charset import Charset
from email.header import Header
from email.utils import format_datetime
from enum import StrEnum

from syndication.errors import IssueError, MailError
from syndication.text import clean_text, one_line

UNSUBSCRIBE_PLACEHOLDER = "https://unsubscribe.invalid/link"
"""Stands in text and HTML where the reader's unsubscribe address goes. An address, because the step that
inlines styles percent-encodes anything else in an ``href``."""
PREFERENCES_PLACEHOLDER = "https://preferences.invalid/link"
"""Stands where the reader's preferences address goes; a template may do without it."""

HTML_LIMIT = 100_000
"""Bytes of HTML. Gmail cuts a mail at about 102 KB, and with it the unsubscribe link at the end."""
TEST_MARK = "[THỬ] "

_INDOCHINA_TIME = timezone(timedelta(hours=7))
_LINE_LIMIT = 998  # RFC 5322 §2.1.1, without CRLF
_FOLD = 78
_ENCODED_FOLD = 76  # RFC 2047 §2: a line with encoded-words, so that each word has at most 75
_QP_WIDTH = 73  # 76 (RFC 2045 §6.7) less a soft break and the two characters that guarding a line may add

_PLACEHOLDER = re.compile(
    f"({re.escape(UNSUBSCRIBE_PLACEHOLDER)}|{re.escape(PREFERENCES_PLACEHOLDER)})(?![A-Za-z0-9/?#&=%_-])"
)
_MANGLED = re.compile(r"(?:unsubscribe|preferences)\.invalid", re.IGNORECASE)
_URI = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+"  # RFC 3986 §2
_WEB = re.compile(r"https?://" + _URI)
_MAILTO = re.compile(r"mailto:" + _URI)
_ADDRESS = re.compile(r"[^\s<>@,;:\"\x00-\x1f\x7f-\U0010ffff]+@[A-Za-z0-9.\[\]:_-]+")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._+=-]+@[A-Za-z0-9._-]+>")
_NAMED_ADDRESS = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9 !#$%&'*+/^_`{|}~-]{1,60}")  # RFC 5322 §3.2.3 atoms, no "=?"
_PLAIN_SUBJECT = re.compile(r"(?!.*=\?)[ -~]{1,60}")
_ASCII_WORD = re.compile(r"[!-~]+")
_UTF8 = Charset("utf-8")
_NOTHING_TO_CODE = re.compile(r"[!-<>-~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One issue as a mail, the same for every reader."""

    subject: str
    text: str
    html: str
    """A whole document, styles inlined. Like ``text`` it holds UNSUBSCRIBE_PLACEHOLDER at least once."""
    mail_from: str
    """A display name and an address: ``Bản tin tuần <tin@example.vn>``."""
    list_id: str
    """Names the list for mail filters (RFC 2919): ``weekly.tin.example.vn``. Never changes."""
    list_name: str
    date: datetime
    """Aware, fixed for the issue: every attempt carries the same."""
    archive_url: str
    feedback_id: str
    """Names this kind of mail in Gmail's reports to senders: ``2026-w47:digest:syndication``."""
    contact: str | None = None
    """An address or a page; anything else is left out of the headers."""


class _Slot(StrEnum):
    TO = "To"
    MESSAGE_ID = "Message-ID"
    LIST_UNSUBSCRIBE = "List-Unsubscribe"
    UNSUBSCRIBE_TEXT = "unsubscribe, in text"
    UNSUBSCRIBE_HTML = "unsubscribe, in HTML"
    PREFERENCES_TEXT = "preferences, in text"
    PREFERENCES_HTML = "preferences, in HTML"


@dataclass(frozen=True, slots=True)
class _Base64:
    """A body part in base64: what stands before, between and behind its slots."""

    slots: tuple[_Slot, ...]
    first: tuple[bytes, bytes]
    """The encoded beginning, and up to two bytes that are encoded together with what follows."""
    after: tuple[tuple[tuple[bytes, bytes, bytes], ...], ...]
    """For each slot, for 0, 1 and 2 bytes that complete the group in which its value ends: these bytes, what follows
    them encoded, and the bytes left over (none behind the last slot)."""

    def filled(self, values: Mapping[_Slot, bytes]) -> bytes:
        """The whole part with these values in its slots."""
        encoded, carried = self.first
        done = [encoded]
        for place, (slot, ways) in enumerate(zip(self.slots, self.after, strict=True), start=1):
            group = carried + values[slot]
            completing, encoded, left = ways[-len(group) % 3]
            group += completing
            # What follows may be too short to complete the group; only the last one may stay incomplete.
            whole = len(group) if place == len(self.slots) else len(group) - len(group) % 3
            done += (_wrapped_base64(group[:whole]), encoded)
            carried = group[whole:] + left
        return b"".join(done)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A letter of which everything but the personal parts is encoded. Safe to share between threads."""

    _pieces: tuple[bytes | _Slot | _Base64, ...]

    def bytes_for(
        self,
        *,
        to_name: str,
        to_address: str,
        unsubscribe_url: str,
        unsubscribe_mailto: str | None,
        message_id: str,
        preferences_url: str | None = None,
    ) -> bytes:
        """One reader's message: 7-bit ASCII, CRLF, lines of at most 78 characters where the format allows.

        ``message_id`` comes in its angle brackets. ``List-Unsubscribe`` stays on one line however long it is,
        since folding it has broken DKIM signatures at relays. Raises MailError (permanent) for a value that
        cannot stand in a mail, and when the letter holds PREFERENCES_PLACEHOLDER and no address is given.
        """
        unsubscribe = _checked("the unsubscribe address", unsubscribe_url, _WEB)
        targets = f"<{unsubscribe}>"
        if unsubscribe_mailto is not None:
            targets += f", <{_checked('the unsubscribe mailbox', unsubscribe_mailto, _MAILTO)}>"
        headers = {
            _Slot.TO: _header_with_address("To", to_name, to_address),
            _Slot.MESSAGE_ID: _header("Message-ID", _checked("Message-ID", message_id, _MESSAGE_ID)),
            _Slot.LIST_UNSUBSCRIBE: _header("List-Unsubscribe", targets),
        }
        plain = {
            _Slot.UNSUBSCRIBE_TEXT: unsubscribe.encode(),
            _Slot.UNSUBSCRIBE_HTML: html.escape(unsubscribe).encode(),
        }
        if preferences_url is not None:
            preferences = _checked("the preferences address", preferences_url, _WEB)
            plain[_Slot.PREFERENCES_TEXT] = preferences.encode()
            plain[_Slot.PREFERENCES_HTML] = html.escape(preferences).encode()

        def written(piece: bytes | _Slot | _Base64) -> bytes:
            if isinstance(piece, _Base64):
                return piece.filled(plain)
            if isinstance(piece, _Slot):
                return headers.get(piece) or _quoted_printable(plain[piece].decode())
            return piece

        try:
            return b"".join(map(written, self._pieces))
        except KeyError:
            raise MailError(
                "The digest's template links to the reader's preferences and no such address was given;"
                " give one, or take the link out of the template",
                permanent=True,
            ) from None


def prepare(letter: Letter) -> Prepared:
    """Encode a letter for any number of readers.

    Raises MailError for a header that cannot be written, and IssueError when the HTML is larger than
    HTML_LIMIT or a body does not offer the unsubscribe link.
    """
    subject = _one_header_line("Subject", letter.subject)
    if not subject:
        raise MailError("Subject is empty; give the issue a subject", permanent=True)
    if letter.date.tzinfo is None:
        raise MailError("Date has no time zone; give an aware time", permanent=True)
    contact = _contact(letter.contact)
    list_id = _checked("List-Id", letter.list_id, re.compile(r"[A-Za-z0-9._-]+"))
    boundary = _boundary(letter.text, letter.html)
    return Prepared(
        (
            _from(letter.mail_from),
            _Slot.TO,
            _header("Subject", _encoded("Subject", subject, _PLAIN_SUBJECT)),
            _header("Date", format_datetime(letter.date.astimezone(_INDOCHINA_TIME))),
            _Slot.MESSAGE_ID,
            _header("MIME-Version", "1.0"),
            _header_with_word("List-Id", _one_header_line("List-Id", letter.list_name), f"<{list_id}>"),
            _Slot.LIST_UNSUBSCRIBE,
            _header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),  # RFC 8058 §3.1
            _header("List-Archive", f"<{_checked('List-Archive', letter.archive_url, _WEB)}>"),
            _header("List-Owner", f"<{contact}>") if contact else b"",
            _header("Auto-Submitted", "auto-generated"),  # RFC 3834 §5
            _header("Precedence", "bulk"),
            # Not "All": that would also suppress the reports by which we learn of dead addresses.
            _header("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN"),
            _header("Feedback-ID", _checked("Feedback-ID", letter.feedback_id, _ASCII_WORD)),
            _header("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
            f"\r\n--{boundary}\r\n".encode(),
            *_part("plain", letter.text, (_Slot.UNSUBSCRIBE_TEXT, _Slot.PREFERENCES_TEXT)),
            f"\r\n--{boundary}\r\n".encode(),
            *_part("html", _html(letter.html), (_Slot.UNSUBSCRIBE_HTML, _Slot.PREFERENCES_HTML)),
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One mail to one person who asked for it; it belongs to no list."""

    subject: str
    text: str
    html: str
    """A whole document, styles inlined."""
    mail_from: str
    to_address: str
    message_id: str
    date: datetime
    """Aware; every attempt carries the same."""


def note_bytes(note: Note) -> bytes:
    """A single mail, encoded like the digest; raises MailError for a value that cannot stand in a mail."""
    subject = _one_header_line("Subject", note.subject)
    boundary = _boundary(note.text, note.html)
    return b"".join(
        (
            _from(note.mail_from),
            _header_with_address("To", "", note.to_address),
            _header("Subject", _encoded("Subject", subject, _PLAIN_SUBJECT)),
            _header("Date", format_datetime(note.date.astimezone(_INDOCHINA_TIME))),
            _header("Message-ID", _checked("Message-ID", note.message_id, _MESSAGE_ID)),
            _header("MIME-Version", "1.0"),
            _header("Auto-Submitted", "auto-generated"),  # RFC 3834 §5
            _header("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN"),
            _header("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
            f"\r\n--{boundary}\r\n".encode(),
            _whole_part("plain", note.text),
            f"\r\n--{boundary}\r\n".encode(),
            _whole_part("html", _html(note.html)),
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )


def test_letter(letter: Letter) -> Letter:
    """The same letter, marked as a trial in its subject so that nobody takes it for the issue."""
    return replace(letter, subject=TEST_MARK + letter.subject)


def _contact(raw: str | None) -> str | None:
    if raw and _ADDRESS.fullmatch(raw):
        return f"mailto:{raw}"
    return raw if raw and _WEB.fullmatch(raw) else None


# --- headers ---


def _checked(what: str, value: str, shape: re.Pattern[str]) -> str:
    if not shape.fullmatch(value):
        raise MailError(f"{what} cannot stand in a mail as it is: {value[:200]!r}", permanent=True)
    return value


def _one_header_line(what: str, value: str) -> str:
    if "\r" in value or "\n" in value:
        raise MailError(f"{what} holds a line break, which a mail header must not: {value!r}", permanent=True)
    return one_line(value)


def _encoded(name: str, text: str, plain: re.Pattern[str]) -> str:
    """Encoded-words of at most 75 characters, folded (RFC 2047 §2); short ASCII stays readable."""
    if plain.fullmatch(text):
        return text
    word = _UTF8.header_encode(text)
    if len(name) + 2 + len(word) <= _ENCODED_FOLD:  # what Header comes to as well, where nothing is folded
        return word
    # Left to itself Header folds at 78 and makes words of 76.
    return Header(text, "utf-8", header_name=name, maxlinelen=_ENCODED_FOLD).encode(linesep="\r\n")


def _header(name: str, value: str) -> bytes:
    line = f"{name}: {value}"
    if max(map(len, line.split("\r\n"))) > _LINE_LIMIT:
        raise MailError(f"{name} is longer than the {_LINE_LIMIT} characters a mail allows", permanent=True)
    return f"{line}\r\n".encode("ascii")


def _header_with_word(name: str, phrase: str, word: str) -> bytes:
    """A header of a name for people, if there is one, and one word for machines behind it."""
    if not phrase:
        return _header(name, word)
    encoded = _encoded(name, phrase, _PLAIN_PHRASE)
    last_line = f"{name}: {encoded}".rsplit("\r\n", 1)[-1]
    return _header(name, encoded + (" " if len(last_line) + 1 + len(word) <= _FOLD else "\r\n ") + word)


def _header_with_address(name: str, person: str, address: str) -> bytes:
    phrase = _one_header_line(f"The name in {name}", person)
    checked = _checked(f"The address in {name}", address, _ADDRESS)
    return _header_with_word(name, phrase, f"<{checked}>" if phrase else checked)


def _from(written: str) -> bytes:
    mail_from = _one_header_line("From", written)
    named = _NAMED_ADDRESS.fullmatch(mail_from)
    name, address = (named["name"].strip(' "'), named["address"]) if named else ("", mail_from)
    return _header_with_address("From", name, address)


# --- body ---


def _boundary(text: str, html: str) -> str:
    """RFC 2046 §5.1.1; "=_" cannot occur in quoted-printable or base64, so no body can hold it."""
    return "=_" + hashlib.sha256(f"{text}\0{html}".encode(errors="replace")).hexdigest()[:32]


def _html(document: str) -> str:
    # NFC would melt this one mark into a "<", "=" or ">" before it and so break a tag.
    document = document.replace("\u0338", "&#824;")
    size = len(document.encode(errors="replace"))
    if size > HTML_LIMIT:
        raise IssueError(
            f"The digest's HTML has {size // 1000} KB and mail programs cut it at {HTML_LIMIT // 1000} KB;"
            " take stories out of the issue or shorten their summaries"
        )
    return document


def _part(subtype: str, content: str, slots: tuple[_Slot, _Slot]) -> list[bytes | _Slot | _Base64]:
    """A body part as pieces, in the shorter of the two encodings."""
    unsubscribe, preferences = slots
    # Odd places hold the placeholders. What lies between is cleaned apart, so NFC cannot join it to them.
    texts = _PLACEHOLDER.split(content)
    places, texts = texts[1::2], [_clean_lines(text) for text in texts[::2]]
    texts[-1] = texts[-1].rstrip("\n")
    if any(_MANGLED.search(text) for text in texts):
        raise IssueError(
            f"The digest's {subtype} part holds a changed placeholder; write {UNSUBSCRIBE_PLACEHOLDER}"
            f" or {PREFERENCES_PLACEHOLDER} exactly, with nothing added"
        )
    if UNSUBSCRIBE_PLACEHOLDER not in places:
        raise IssueError(
            f"The digest's {subtype} part has no unsubscribe link;"
            f" put {UNSUBSCRIBE_PLACEHOLDER} where the link belongs"
        )
    found = [unsubscribe if place == UNSUBSCRIBE_PLACEHOLDER else preferences for place in places]
    in_quotes = _in_quoted_printable(texts, found)
    in_groups = _in_base64([text.replace("\n", "\r\n").encode() for text in texts], found)
    shorter = _size(in_quotes) <= _size([in_groups])
    head = _part_head(subtype, "quoted-printable" if shorter else "base64")
    return [head, *(in_quotes if shorter else [in_groups])]


def _whole_part(subtype: str, content: str) -> bytes:
    """A body part without placeholders, in the shorter of the two encodings."""
    text = _clean_lines(content).rstrip("\n")
    in_quotes, in_groups = _quoted_printable(text), _wrapped_base64(text.replace("\n", "\r\n").encode())
    if len(in_quotes) <= len(in_groups):
        return _part_head(subtype, "quoted-printable") + in_quotes
    return _part_head(subtype, "base64") + in_groups


def _part_head(subtype: str, encoding: str) -> bytes:
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    ).encode()


def _size(pieces: Sequence[bytes | _Slot | _Base64]) -> int:
    """The bytes of what does not differ from reader to reader."""
    size = 0
    for piece in pieces:
        if isinstance(piece, bytes):
            size += len(piece)
        elif isinstance(piece, _Base64):
            size += len(piece.first[0]) + sum(len(ways[0][1]) for ways in piece.after)
    return size


def _in_quoted_printable(texts: list[str], slots: list[_Slot]) -> list[bytes | _Slot]:
    """Encoded bytes, with a slot for each placeholder between them."""
    pieces: list[bytes | _Slot] = []
    for place, text in enumerate(texts):
        pieces.append(_between(text, after_value=place > 0, before_value=place < len(slots)))
        if place < len(slots):
            pieces.append(slots[place])
    return pieces


def _in_base64(texts: list[bytes], slots: list[_Slot]) -> _Base64:
    """What is known beforehand, encoded for every place at which the values between may end."""

    def groups(raw: bytes, *, last: bool) -> tuple[bytes, bytes]:
        whole = len(raw) if last else len(raw) - len(raw) % 3
        return _wrapped_base64(raw[:whole]), raw[whole:]

    after = []
    for place, text in enumerate(texts[1:], start=1):
        last = place == len(slots)
        after.append(tuple((text[:some], *groups(text[some:], last=last)) for some in range(3)))
    return _Base64(tuple(slots), groups(texts[0], last=False), tuple(after))


def _wrapped_base64(raw: bytes) -> bytes:
    """Base64 in lines of at most 76 characters (RFC 2045 §6.8), each ended; decoders pass over line breaks."""
    return b"".join(base64.b64encode(raw[at : at + 57]) + b"\r\n" for at in range(0, len(raw), 57))


def _clean_lines(text: str) -> str:
    return clean_text(text.replace("\r\n", "\n").replace("\r", "\n"))


def _between(text: str, *, after_value: bool, before_value: bool) -> bytes:
    """Encode text that neighbours values, with the soft breaks that give each value its own lines."""
    opening = after_value and (text or before_value) and not text.startswith("\n")
    closing = before_value and text and not text.endswith("\n")
    soft = b"=\r\n"
    return (soft if opening else b"") + _quoted_printable(text) + (soft if closing else b"")


def _quoted_printable(text: str) -> bytes:
    """Quoted-printable (RFC 2045 §6.7) in lines of at most 75, no character's bytes split between lines."""
    lines: list[str] = []
    for line in text.split("\n"):
        if _NOTHING_TO_CODE.fullmatch(
            line
        ):  # an address, mostly: the one thing that is encoded for each reader
            parts = [line[at : at + _QP_WIDTH] for at in range(0, len(line), _QP_WIDTH)] or [""]
            lines += [_guarded(part) + "=" for part in parts[:-1]]
            lines.append(_guarded(parts[-1]))
            continue
        begun, width, last = [""], 0, len(line) - 1
        for place, char in enumerate(line):
            code = _code(char, ends_line=place == last)
            if width + len(code) > _QP_WIDTH:
                lines.append(_guarded("".join(begun)) + "=")
                begun, width = [""], 0
            begun.append(code)
            width += len(code)
        lines.append(_guarded("".join(begun)))
    return "\r\n".join(lines).encode("ascii")


def _code(char: str, *, ends_line: bool) -> str:
    if "!" <= char <= "~" and char != "=":
        return char
    if char == " " and not ends_line:
        return char
    return "".join(f"={byte:02X}" for byte in char.encode())


def _guarded(line: str) -> str:
    """Keep mailbox files and careless relays from changing a line (RFC 2049 §3)."""
    if line.startswith("From "):
        return "=46" + line[1:]
    return "=2E" + line[1:] if line.startswith(".") else line
