"""Reads one mail that came back: first the reports for machines, then what servers and people write."""

from __future__ import annotations

from dataclasses import dataclass

from syndication.digest.bounce.answer import automatic, wish_to_leave
from syndication.digest.bounce.meaning import LONGEST, Found, Meaning, code_in, meaning_of
from syndication.digest.bounce.opened import Mail, address_in, field_of, open_mail
from syndication.digest.bounce.server import paragraph, silent_server, words_of_a_server
from syndication.text import one_line, shorten

_TOKENS = 8


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
    mail = open_mail(raw, returns_to=returns_to)
    for reading in (_status, _complaint, words_of_a_server, automatic, silent_server, wish_to_leave):
        found = reading(mail)
        if found is not None:
            return _report(mail, found)
    return _report(mail, Found(Meaning.UNKNOWN, says=mail.header("Subject")))


def _report(mail: Mail, found: Found) -> Report:
    return Report(
        meaning=found.meaning,
        tokens=tuple(dict.fromkeys(mail.own_tokens + mail.other_tokens))[:_TOKENS],
        code=found.code,
        says=shorten(one_line(found.says), LONGEST),
        recipient=found.recipient,
    )


def _status(mail: Mail) -> Found | None:
    """A delivery status notification (RFC 3464): failed, delayed, or well delivered."""
    blocks = [block for block in mail.status if "Action" in block or "Status" in block]
    if not blocks:
        return None
    block = min(blocks, key=lambda block: _rank(field_of(block, "Action")))
    action = field_of(block, "Action").lower()
    diagnostic = field_of(block, "Diagnostic-Code")
    diagnostic = diagnostic.partition(";")[2].strip() or diagnostic  # RFC 3464 §2.3.6: type; words
    says = diagnostic or paragraph(mail.text)
    code = code_in(field_of(block, "Status"))
    if code is None or code.endswith(".0.0"):
        code = code_in(diagnostic) or code
    found = Found(Meaning.UNKNOWN, code, says, address_in(block, "Original-Recipient", "Final-Recipient"))
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


def _but(found: Found, meaning: Meaning) -> Found:
    return Found(meaning, found.code, found.says, found.recipient)


def _complaint(mail: Mail) -> Found | None:
    """An abuse report (RFC 5965), or Microsoft's, which is the mail itself with a header of theirs."""
    report = mail.feedback
    if report is not None:
        kind = field_of(report, "Feedback-Type").lower()
        # RFC 5965 §7.3. "not-spam" (RFC 6430) takes a complaint back; machines report "virus" and "auth-failure".
        meaning = Meaning.COMPLAINT if kind in ("abuse", "fraud") else Meaning.UNKNOWN
        says = f"Feedback-Type: {kind}; {field_of(report, 'User-Agent')}".rstrip("; ")
        return Found(meaning, None, says, address_in(report, "Original-Rcpt-To", "Removal-Recipient"))
    for part in (mail.head, *mail.returned):
        if mail.returned and "X-HmXmrOriginalRecipient" in part:
            return Found(
                Meaning.COMPLAINT, None, mail.header("Subject"), address_in(part, "X-HmXmrOriginalRecipient")
            )
    return None
