"""Reads what comes back when a digest was mailed: a report of failure, a complaint, an absence, a wish to leave.

One message in, one ``Report`` out; nothing is remembered and nobody is believed. Everything in such a mail can be
forged, so the report only names ``tokens`` that may be ours: whoever acts on it checks their signature first, and
then knows at least that the writer had a mail of ours in hand.

What is looked at, in this order: the report for machines (RFC 3464), the complaint for machines (RFC 5965), the words
of mail servers that send neither, the signs of an automatic answer (RFC 3834), a person's words.
"""

from __future__ import annotations

import email
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, HeaderParser
from email.utils import collapse_rfc2231_value, getaddresses
from enum import StrEnum
from typing import Any

from flufl.bounce import all_failures

from syndication.text import fold, one_line, plain_line, shorten

# It writes a traceback for every broken mail that a detector of its stumbles over, and strangers send those.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

_BYTES_READ = 1_000_000
_LINES_READ = 20_000  # each line is held against every boundary still open, so empty ones are not free
_PARTS_READ = 50
_HEADER_READ = 4_000  # the standard library's reading of parameters takes the square of their length
_TEXT_READ = 20_000
_SAYS = 300
_TOKENS = 8


class Meaning(StrEnum):
    """What a mail that came back means for the reader to whom the digest went."""

    HARD = "hard"
    """There is no such mailbox, and there will be none."""
    SOFT = "soft"
    """Not this time: full, not reached, put off, or refused without a reason. Counts only when it repeats."""
    POLICY = "policy"
    """Our sending or the content is refused. Says nothing about the reader; a person should look."""
    COMPLAINT = "complaint"
    """The reader called it spam."""
    LEAVE = "leave"
    """The reader wants no more of it."""
    AUTOMATIC = "automatic"
    """A machine's answer (out of office, received, read). Means nothing."""
    UNKNOWN = "unknown"
    """None of these, among it reports of success: for a person to read, or for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One mail that came back, read."""

    meaning: Meaning
    tokens: tuple[str, ...]
    """What may be our token, most trustworthy first, in lower case as we write them. Their signature is not
    checked, and a report may hold none."""
    code: str | None
    """The enhanced status code (RFC 3463): ``5.1.1``."""
    says: str
    """One line for people, at most 300 characters; may be empty."""
    recipient: str | None
    """The address the report names. It is somebody's word: act on the token's reader instead."""


def read_report(raw: bytes, *, returns_to: str) -> Report:
    """Say what one message (RFC 5322, any line ends) means; never raises, whatever the bytes.

    ``returns_to`` is our return address without its extension: ``tra-lai@tin.example.vn``, to which mail comes
    back as ``tra-lai+<token>@tin.example.vn``. At most 1 MB, 20 000 lines and 50 parts are read; a mail of more
    parts is UNKNOWN.
    """
    mail = _read(raw, _tokens_in(returns_to))
    for reading in (_status, _complaint, _words_of_a_server, _automatic, _silent_server, _wish_to_leave):
        found = reading(mail)
        if found is not None:
            return _report(mail, found)
    return _report(mail, _Found(Meaning.UNKNOWN, says=mail.header("Subject")))


# --- what a status code and its words mean ---

# RFC 3463 §3.2: X.1.0–3 and X.1.6 are about the address (other, mailbox, system, syntax, moved away); X.1.10 is
# RFC 7505 §4.2, and Exchange's "recipient not found". §3.3: X.2.1 is a mailbox closed for good. §3.5: X.4.4 is no way
# to the host, which in practice means that it has no name; Microsoft 365 says 5.4.310 for that.
_HARD = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4", "5.4.310"})
_FULL = "5.2.2"  # RFC 3463 §3.3; permanent in name only, since people clear their mailboxes
# RFC 3463 §3.7, §3.8: the message's content, and who may send what to whom.
_OF_CONTENT_OR_RIGHTS = ("5.6.", "5.7.")
# RFC 3463 §3.1, §3.3: failed for good and nobody says why.
_WITHOUT_REASON = ("5.0.", "5.2.0")

_CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.])([45])[0257]\d(?=[ -])")
_NAMES = re.compile(r"\S+@\S+|(?:[\w-]+\.)+[a-zA-Z]{2,}")

# All below are compared with folded text: lower case, no marks, single spaces.
_SAYS_POLICY = re.compile(
    r"\b(?:spam|blocked|black ?list\w*|block ?list\w*|black ?hole|dnsbl|rbl|reputation|dmarc|dkim|spf|virus|malware"
    r"|unsolicited|bulk|policy|policies|too many|relay\w* (?:access )?(?:denied|not)|unable to relay"
    r"|size (?:limit|exceed\w*)|too (?:large|big)|content (?:rejected|denied|filter)|suspicious"
    r"|sender (?:\w+ ){0,3}(?:rejected|denied|refused|verif\w+|invalid|not|bad)|bad sender"
    r"|thu rac|bi chan|danh sach den|chinh sach)\b"
)
_SAYS_SOFT = re.compile(
    r"\b(?:mailbox (?:is |has been |size limit )?(?:full|exceeded)|over ?quota|quota (?:is )?(?:exceeded|full)"
    r"|exceeded (?:\w+ ){0,3}(?:quota|storage)|out of storage|not enough storage|insufficient storage"
    r"|exceeded storage allocation|receiving mail (?:too quickly|at a rate)"
    # Microsoft 365 says this of people it does not know, and of whole tenants that are set up wrongly.
    r"|recipient address rejected access denied"
    r"|hop thu (?:\w+ ){0,3}day|(?:vuot|qua|het) (?:\w+ ){0,2}(?:dung luong|han muc))\b"
)
_SAYS_HARD = re.compile(
    r"\b(?:(?:user|recipient|mailbox|account|address|addressee) (?:is |was )?(?:unknown|not found|unavailable|invalid"
    r"|inactive|disabled|does not exist|doesn t exist|not exist)|(?:unknown|invalid|no such|non ?existent)"
    r" (?:user|recipient|mailbox|account|address|person|domain|local part)|nosuchuser|user not (?:known|local)"
    r"|recipient ?not ?found|not found by smtp address lookup|not a valid (?:recipient|mailbox|user)"
    r"|(?:does not|doesn t|do not|did not) (?:exist|have an? \w*(?: \w+){0,2} ?account)"
    r"|no (?:mailbox|account|user) (?:here )?(?:by|with) that name|mailbox (?:has been|is) (?:disabled|deactivated)"
    r"|account (?:\w+ ){0,8}(?:is|has been) (?:disabled|deactivated|inactive)|couldn t be found|wasn t found"
    r"|host not found|host or domain name not found|unrout(?:e)?able address"
    r"|khong ton tai|khong tim thay (?:nguoi|dia chi|hop thu|tai khoan))\b"
)
_SAYS_LATER = re.compile(
    r"\b(?:will (?:be |keep |continue )?(?:to )?(?:re)?tr(?:y|ied|ying)|will be attempted|still being retried|delayed"
    r"|you do not need to resend|no action is required|se (?:tiep tuc )?(?:thu|gui) lai|bi (?:cham tre|tri hoan))\b"
)


def meaning_of(code: str | None, says: str, *, permanent: bool) -> Meaning:
    """HARD, SOFT or POLICY: what a refusal means, be it in a report or a server's reply to RCPT.

    ``code`` is an enhanced status code (RFC 3463) or None, then one is looked for in ``says``, the server's own
    words. ``permanent`` is what its reply or report claims: 5yz, ``Action: failed``. The words weigh more than a
    code that fits anything, and what blames us or the message never counts against the reader.
    """
    says = says[: 2 * _SAYS]
    code = code or _code_in(says)
    if not permanent or (code or "").startswith("4"):  # RFC 3463 §2: persistent transient failure
        return Meaning.SOFT
    words = fold(_NAMES.sub(" ", says))
    if (code or "").startswith(_OF_CONTENT_OR_RIGHTS) or _SAYS_POLICY.search(words):
        return Meaning.POLICY
    if code == _FULL or _SAYS_SOFT.search(words):
        return Meaning.SOFT
    if code in _HARD or _SAYS_HARD.search(words):
        return Meaning.HARD
    if code is None or code.startswith(_WITHOUT_REASON):
        return Meaning.SOFT
    # RFC 3463 §3.2 (X.1.7, X.1.8: the sender's address), §3.3 (X.2.3: too long), §3.4 (the system), §3.5 (the way
    # there), §3.6 (the protocol): not the reader's doing.
    return Meaning.POLICY


def _code_in(says: str) -> str | None:
    found = _CODE.search(says)
    return found[1] if found else None


# --- the readings: each one's finding, or None when the mail is not of its kind ---


@dataclass(frozen=True, slots=True)
class _Found:
    meaning: Meaning
    code: str | None = None
    says: str = ""
    recipient: str | None = None


def _status(mail: _Mail) -> _Found | None:
    """A delivery status notification (RFC 3464): failed, delayed, or well delivered."""
    blocks = [block for block in mail.status if "Action" in block or "Status" in block]
    if not blocks:
        return None
    block = min(blocks, key=lambda block: _rank(_field(block, "Action")))
    action = _field(block, "Action").lower()
    diagnostic = _field(block, "Diagnostic-Code")
    diagnostic = diagnostic.partition(";")[2].strip() or diagnostic  # RFC 3464 §2.3.6: type; words
    says = diagnostic or _paragraph(mail.text)
    code = _code_in(_field(block, "Status"))
    if code is None or code.endswith(".0.0"):
        code = _code_in(diagnostic) or code
    found = _Found(Meaning.UNKNOWN, code, says, _recipient(block, "Original-Recipient", "Final-Recipient"))
    if action.startswith("delayed"):
        return _but(found, Meaning.SOFT)
    # RFC 3464 §2.3.3; "error" is OpenSMTPD's. Without an action the code's class stands in.
    failed = action.startswith(("fail", "error")) or (not action and not (code or "2").startswith("2"))
    # What succeeded is no failure, whatever words or codes stand beside it.
    return _but(found, meaning_of(code, says, permanent=True)) if failed else found


def _rank(action: str) -> int:
    return next(
        (rank for rank, start in enumerate(("fail", "error", "delay")) if action.lower().startswith(start)), 9
    )


def _but(found: _Found, meaning: Meaning) -> _Found:
    return _Found(meaning, found.code, found.says, found.recipient)


def _complaint(mail: _Mail) -> _Found | None:
    """An abuse report (RFC 5965), or Microsoft's, which is the mail itself with a header of theirs."""
    report = mail.feedback
    if report is not None:
        kind = _field(report, "Feedback-Type").lower()
        # RFC 5965 §7.3. "not-spam" (RFC 6430) takes a complaint back; machines report "virus" and "auth-failure".
        meaning = Meaning.COMPLAINT if kind in ("abuse", "fraud") else Meaning.UNKNOWN
        says = f"Feedback-Type: {kind}; {_field(report, 'User-Agent')}".rstrip("; ")
        return _Found(meaning, None, says, _recipient(report, "Original-Rcpt-To", "Removal-Recipient"))
    for part in (mail.head, *mail.returned):
        if mail.returned and "X-HmXmrOriginalRecipient" in part:
            return _Found(
                Meaning.COMPLAINT, None, mail.header("Subject"), _recipient(part, "X-HmXmrOriginalRecipient")
            )
    return None


_SERVERS = re.compile(
    r"\b(?:mailer-?daemon|mail-?daemon|postmaster|mdaemon|microsoftexchange\w+)(?=@|>|$)", re.IGNORECASE
)


def _words_of_a_server(mail: _Mail) -> _Found | None:
    """What a mail server says in words, where the mail shows that one wrote it."""
    # Exim's and Exchange's reports call themselves automatic answers too, so this is looked at before those.
    signs = "X-Failed-Recipients" in mail.head or "X-MS-Exchange-Message-Is-Ndr" in mail.head
    if signs or mail.report_type == "delivery-status" or _SERVERS.search(mail.header("From")):
        return _failure_in_words(mail)
    return None


def _silent_server(mail: _Mail) -> _Found | None:
    """The same, of a mail whose only sign is that nothing shall be sent back (RFC 5321 §4.5.5)."""
    return _failure_in_words(mail) if mail.header("Return-Path") == "<>" else None


def _failure_in_words(mail: _Mail) -> _Found | None:
    says = _paragraph(mail.text)
    code = _code_in(says)
    temporary, permanent = _known_forms(mail.raw)
    named = sorted(permanent) or sorted(temporary)
    words = fold(_NAMES.sub(" ", says))
    later = bool(_SAYS_LATER.search(fold(mail.text[:2000]))) or (bool(temporary) and not permanent)
    telling = (
        code or _REPLY.search(says) or any(p.search(words) for p in (_SAYS_HARD, _SAYS_SOFT, _SAYS_POLICY))
    )
    if not (named or telling or later) or (code or "").startswith("2"):
        return None
    reply = _REPLY.search(says)
    lasting = code[0] == "5" if code else reply[1] == "5" if reply else not later
    recipient = named[0].decode("ascii", "replace") if named else None
    return _Found(meaning_of(code, says, permanent=lasting), code, says, recipient)


def _known_forms(raw: bytes) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Who failed for now and for good, by the forms of many mail servers that follow no standard."""
    # Some of the library's patterns take the square of a line's length, and some detectors want ASCII and a sender.
    bounded = re.sub(rb"[\x80-\xff]", b"?", re.sub(rb"([^\n]{300})[^\n]*", rb"\1", raw[:30_000]))
    try:
        message = email.message_from_bytes(bounded, _class=_part_class())
        if not getaddresses([str(message.get("From", ""))]):
            del message["From"]
            message["From"] = "unknown@invalid"
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 -- it raises what its detectors and the standard library raise on broken mails
        return frozenset(), frozenset()
    return frozenset(temporary), frozenset(permanent)


_ABSENT = re.compile(
    r"(?:automatic reply|auto ?reply|autoreply|auto response|out of (?:the )?office|vacation|tra loi tu dong"
    r"|tu dong tra loi|thu tra loi tu dong|vang mat|dang nghi phep)\b"
)


def _automatic(mail: _Mail) -> _Found | None:
    """An answer that no person wrote: absence, receipt, challenge."""
    submitted = mail.header("Auto-Submitted").lower()
    precedence = mail.header("Precedence").lower().replace("-", "_")
    subject = fold(mail.header("Subject"))
    if (
        (submitted and not submitted.startswith("no"))  # RFC 3834 §5
        or precedence in ("auto_reply", "bulk", "junk", "list")
        or mail.report_type == "disposition-notification"  # RFC 8098: read, or deleted unread
        or any(name in mail.head for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
        or _ABSENT.match(subject)
    ):
        return _Found(Meaning.AUTOMATIC, says=mail.header("Subject"))
    return None


_WISHES = frozenset(
    {
        *(
            "unsubscribe",
            "unsubscribe me",
            "opt out",
            "remove",
            "stop sending",
            "huy dang ky",
            "huy dang ky nhan",
        ),
        *(
            "dung nhan",
            "dung gui",
            "ngung nhan",
            "ngung gui",
            "khong nhan",
            "ngung dang ky",
            "huy nhan",
            "thoi nhan",
        ),
    }
)
_POLITE = frozenset(
    "please kindly i want wish to would like me my from this the your list newsletter digest mailing email emails mail"
    " mails address thanks thank you a xin toi em minh vui long lam on de nghi yeu cau muon cho giup ban tin thu nay"
    " cam nua voi den qua hang tuan dia chi dien tu duoc tiep kinh nho".split()
)
_GREETING = re.compile(r"(?:kinh (?:gui|thua|chao)|xin chao|chao|dear|hello|hi)\b")
_CLAUSE_END = re.compile(r"[.,;:!]|\bvì\b|\bbecause\b", re.IGNORECASE)


def _wish_to_leave(mail: _Mail) -> _Found | None:
    """A mail to the reader's own address of ours whose subject or first words say only «unsubscribe»."""
    if not mail.own_tokens:
        return None
    # «Hủy đăng ký hội thảo» is not about us, and a reply's subject is ours: so the whole line must say it.
    for line in (mail.header("Subject"), _first_line(mail.text)):
        for clause in (line, _CLAUSE_END.split(line, maxsplit=1)[0]):
            wish = " ".join(word for word in fold(clause).split() if word not in _POLITE)
            if wish in _WISHES:
                return _Found(Meaning.LEAVE, says=line)
    return None


def _first_line(text: str) -> str:
    """The first line a person wrote here, behind the greeting: "" where it is one quoted from another mail."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and len(lines[0].split()) < 10 and _GREETING.match(fold(lines[0])):
        del lines[0]
    return "" if not lines or lines[0].startswith((">", "|")) else lines[0][:_SAYS]


# --- the words of a report ---

_COPY_BELOW = re.compile(
    r"^[ \t]*-{2,}.{0,40}\b(?:below this line|copy of|original message|returned message|header)\b"
    r"|^[ \t]*reporting-mta:",
    re.IGNORECASE | re.MULTILINE,
)


def _paragraph(text: str) -> str:
    """From the first line that gives a reason to the end of its paragraph; else the first line of all."""
    copy = _COPY_BELOW.search(text)
    lines = (text[: copy.start()] if copy else text).splitlines()
    for patterns in ((_CODE, _REPLY), (_SAYS_HARD, _SAYS_SOFT, _SAYS_POLICY)):
        for place, line in enumerate(lines):
            told = line if patterns[0] is _CODE else fold(_NAMES.sub(" ", line[: 2 * _SAYS]))
            if any(pattern.search(told) for pattern in patterns):
                return " ".join(_until_blank(lines[place:]))[: 2 * _SAYS]
    return next((line[: 2 * _SAYS] for line in lines if line.strip()), "")


def _until_blank(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.strip():
            return
        yield line


# --- the mail, taken apart ---


@dataclass(slots=True)
class _Mail:
    raw: bytes
    head: Message
    own_tokens: list[str] = field(default_factory=list)
    other_tokens: list[str] = field(default_factory=list)
    status: list[Message] = field(default_factory=list)
    feedback: Message | None = None
    returned: list[Message] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    marked_up: list[str] = field(default_factory=list)

    def header(self, name: str) -> str:
        return _field(self.head, name)

    @property
    def text(self) -> str:
        return "\n".join(self.plain or self.marked_up)[:_TEXT_READ]

    @property
    def report_type(self) -> str:
        """RFC 6522 §3; "" for what is no report."""
        if self.head.get_content_type() != "multipart/report":
            return ""
        return collapse_rfc2231_value(self.head.get_param("report-type") or "").lower()


def _report(mail: _Mail, found: _Found) -> Report:
    return Report(
        meaning=found.meaning,
        tokens=tuple(dict.fromkeys(mail.own_tokens + mail.other_tokens))[:_TOKENS],
        code=found.code,
        says=shorten(one_line(found.says), _SAYS),
        recipient=found.recipient,
    )


class _TooManyParts(Exception):
    """The mail has more parts than are read."""


def _part_class() -> Callable[..., Message]:
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


def _read(raw: bytes, tokens_in: Callable[[str], list[str]]) -> _Mail:
    raw = b"".join(raw[:_BYTES_READ].splitlines(keepends=True)[:_LINES_READ])
    try:
        mail = _taken_apart(raw, tokens_in)
    except Exception:  # noqa: BLE001 -- the standard library raises many kinds of errors on broken mails
        # Its headers are still read, so that it can be told whose mail it was.
        mail = _Mail(raw, BytesHeaderParser(_class=_part_class()).parsebytes(raw))
    # The first four are written by our own servers, the last by the sender.
    for name in ("Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To", "To"):
        for value in mail.head.get_all(name, []):
            mail.own_tokens += tokens_in(str(value))
    return mail


def _taken_apart(raw: bytes, tokens_in: Callable[[str], list[str]]) -> _Mail:
    mail = _Mail(raw, email.message_from_bytes(raw, _class=_part_class()))
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
        mail.other_tokens += _envelope_id(_field(block, "Original-Envelope-Id"), tokens_in)
    for returned in mail.returned:
        ours = [*returned.get_all("Return-Path", []), *returned.values()]
        mail.other_tokens += [token for value in ours for token in tokens_in(str(value))]
    return mail


def _sort(mail: _Mail, kind: str, part: Message) -> None:
    """Put one part where it belongs; parts inside a returned message are not the report's own."""
    payload = part.get_payload()
    inside = [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []
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
    return [HeaderParser(_class=_part_class()).parsestr(group) for group in groups if group]


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


def _field(part: Message, name: str) -> str:
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


def _recipient(part: Message, *names: str) -> str | None:
    """The address in the first of these fields that has one (``rfc822; a@b``, ``<a@b>``)."""
    for name in names:
        found = _ADDRESS.search(_field(part, name))
        if found:
            return found[0]
    return None
