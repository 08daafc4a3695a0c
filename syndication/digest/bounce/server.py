"""Reads what a mail server says in words, where it sends no report for machines."""

from __future__ import annotations

import email
import logging
import re
from collections.abc import Iterator
from email.utils import getaddresses

from flufl.bounce import all_failures

from syndication.digest.bounce.meaning import (
    CODE,
    LONGEST,
    NAMES,
    REPLY,
    SAYS_HARD,
    SAYS_LATER,
    SAYS_POLICY,
    SAYS_SOFT,
    Found,
    code_in,
    meaning_of,
)
from syndication.digest.bounce.opened import Mail, part_class
from syndication.text import fold

# It writes a traceback for every broken mail that a detector of its stumbles over, and strangers send those.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

_SERVERS = re.compile(
    r"\b(?:mailer-?daemon|mail-?daemon|postmaster|mdaemon|microsoftexchange\w+)(?=@|>|$)", re.IGNORECASE
)


def words_of_a_server(mail: Mail) -> Found | None:
    """What a mail server says in words, where the mail shows that one wrote it."""
    # Exim's and Exchange's reports call themselves automatic answers too, so this is looked at before those.
    signs = "X-Failed-Recipients" in mail.head or "X-MS-Exchange-Message-Is-Ndr" in mail.head
    if signs or mail.report_type == "delivery-status" or _SERVERS.search(mail.header("From")):
        return _failure_in_words(mail)
    return None


def silent_server(mail: Mail) -> Found | None:
    """The same, of a mail whose only sign is that nothing shall be sent back (RFC 5321 §4.5.5)."""
    return _failure_in_words(mail) if mail.header("Return-Path") == "<>" else None


def _failure_in_words(mail: Mail) -> Found | None:
    says = paragraph(mail.text)
    code = code_in(says)
    temporary, permanent = _known_forms(mail.raw)
    named = sorted(permanent) or sorted(temporary)
    words = fold(NAMES.sub(" ", says))
    later = bool(SAYS_LATER.search(fold(mail.text[:2000]))) or (bool(temporary) and not permanent)
    telling = code or REPLY.search(says) or any(p.search(words) for p in (SAYS_HARD, SAYS_SOFT, SAYS_POLICY))
    if not (named or telling or later) or (code or "").startswith("2"):
        return None
    reply = REPLY.search(says)
    lasting = code[0] == "5" if code else reply[1] == "5" if reply else not later
    recipient = named[0].decode("ascii", "replace") if named else None
    return Found(meaning_of(code, says, permanent=lasting), code, says, recipient)


def _known_forms(raw: bytes) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Who failed for now and for good, by the forms of many mail servers that follow no standard."""
    # Some of the library's patterns take the square of a line's length, and some detectors want ASCII and a sender.
    bounded = re.sub(rb"[\x80-\xff]", b"?", re.sub(rb"([^\n]{300})[^\n]*", rb"\1", raw[:30_000]))
    try:
        message = email.message_from_bytes(bounded, _class=part_class())
        if not getaddresses([str(message.get("From", ""))]):
            del message["From"]
            message["From"] = "unknown@invalid"
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 -- it raises what its detectors and the standard library raise on broken mails
        return frozenset(), frozenset()
    return frozenset(temporary), frozenset(permanent)


_COPY_BELOW = re.compile(
    r"^[ \t]*-{2,}.{0,40}\b(?:below this line|copy of|original message|returned message|header)\b"
    r"|^[ \t]*reporting-mta:",
    re.IGNORECASE | re.MULTILINE,
)


def paragraph(text: str) -> str:
    """From the first line that gives a reason to the end of its paragraph; else the first line of all."""
    copy = _COPY_BELOW.search(text)
    lines = (text[: copy.start()] if copy else text).splitlines()
    for patterns in ((CODE, REPLY), (SAYS_HARD, SAYS_SOFT, SAYS_POLICY)):
        for place, line in enumerate(lines):
            told = line if patterns[0] is CODE else fold(NAMES.sub(" ", line[: 2 * LONGEST]))
            if any(pattern.search(told) for pattern in patterns):
                return " ".join(_until_blank(lines[place:]))[: 2 * LONGEST]
    return next((line[: 2 * LONGEST] for line in lines if line.strip()), "")


def _until_blank(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.strip():
            return
        yield line
