"""Tells the answers that come back apart: those no person wrote, and a person's wish to get no more."""

from __future__ import annotations

import re

from syndication.digest.bounce.meaning import LONGEST, Found, Meaning
from syndication.digest.bounce.opened import Mail
from syndication.text import fold

_ABSENT = re.compile(
    r"(?:automatic reply|auto ?reply|autoreply|auto response|out of (?:the )?office|vacation|tra loi tu dong"
    r"|tu dong tra loi|thu tra loi tu dong|vang mat|dang nghi phep)\b"
)


def automatic(mail: Mail) -> Found | None:
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
        return Found(Meaning.AUTOMATIC, says=mail.header("Subject"))
    return None


_WISHES = frozenset(
    (
        "unsubscribe | unsubscribe me | opt out | remove | stop sending | huy dang ky | huy dang ky nhan | dung nhan"
        " | dung gui | ngung nhan | ngung gui | khong nhan | ngung dang ky | huy nhan | thoi nhan"
    ).split(" | ")
)
"""What is left of a line that asks to leave when the words around it are taken away; folded."""
_POLITE = frozenset(
    "please kindly i want wish to would like me my from this the your list newsletter digest mailing email emails mail"
    " mails address thanks thank you a xin toi em minh vui long lam on de nghi yeu cau muon cho giup ban tin thu nay"
    " cam nua voi den qua hang tuan dia chi dien tu duoc tiep kinh nho".split()
)
_GREETING = re.compile(r"(?:kinh (?:gui|thua|chao)|xin chao|chao|dear|hello|hi)\b")
_CLAUSE_END = re.compile(r"[.,;:!]|\bvì\b|\bbecause\b", re.IGNORECASE)


def wish_to_leave(mail: Mail) -> Found | None:
    """A mail to the reader's own address of ours whose subject or first words say only «unsubscribe»."""
    if not mail.own_tokens:
        return None
    # «Hủy đăng ký hội thảo» is not about us, and a reply's subject is ours: so the whole line must say it.
    for line in (mail.header("Subject"), _first_line(mail.text)):
        for clause in (line, _CLAUSE_END.split(line, maxsplit=1)[0]):
            wish = " ".join(word for word in fold(clause).split() if word not in _POLITE)
            if wish in _WISHES:
                return Found(Meaning.LEAVE, says=line)
    return None


def _first_line(text: str) -> str:
    """The first line a person wrote here, behind the greeting: "" where it is one quoted from another mail."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and len(lines[0].split()) < 10 and _GREETING.match(fold(lines[0])):
        del lines[0]
    return "" if not lines or lines[0].startswith((">", "|")) else lines[0][:LONGEST]
