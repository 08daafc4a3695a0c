"""What a refusal means for the reader: the status codes of RFC 3463, and the words of mail servers that give none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from syndication.text import fold

LONGEST = 300
"""Characters of what a report says that are kept."""


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


# RFC 3463 §3.2: X.1.0–3 and X.1.6 are about the address (other, mailbox, system, syntax, moved away); X.1.10 is
# RFC 7505 §4.2, and Exchange's "recipient not found". §3.3: X.2.1 is a mailbox closed for good. §3.5: X.4.4 is no way
# to the host, which in practice means that it has no name; Microsoft 365 says 5.4.310 for that.
_HARD = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4", "5.4.310"})
_FULL = "5.2.2"  # RFC 3463 §3.3; permanent in name only, since people clear their mailboxes
# RFC 3463 §3.7, §3.8: the message's content, and who may send what to whom.
_OF_CONTENT_OR_RIGHTS = ("5.6.", "5.7.")
# RFC 3463 §3.1, §3.3: failed for good and nobody says why.
_WITHOUT_REASON = ("5.0.", "5.2.0")

CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
REPLY = re.compile(r"(?<![\d.])([45])[0257]\d(?=[ -])")
NAMES = re.compile(r"\S+@\S+|(?:[\w-]+\.)+[a-zA-Z]{2,}")

# All below are compared with folded text: lower case, no marks, single spaces.
SAYS_POLICY = re.compile(
    r"\b(?:spam|blocked|black ?list\w*|block ?list\w*|black ?hole|dnsbl|rbl|reputation|dmarc|dkim|spf|virus|malware"
    r"|unsolicited|bulk|policy|policies|too many|relay\w* (?:access )?(?:denied|not)|unable to relay"
    r"|size (?:limit|exceed\w*)|too (?:large|big)|content (?:rejected|denied|filter)|suspicious"
    r"|sender (?:\w+ ){0,3}(?:rejected|denied|refused|verif\w+|invalid|not|bad)|bad sender"
    r"|thu rac|bi chan|danh sach den|chinh sach)\b"
)
SAYS_SOFT = re.compile(
    r"\b(?:mailbox (?:is |has been |size limit )?(?:full|exceeded)|over ?quota|quota (?:is )?(?:exceeded|full)"
    r"|exceeded (?:\w+ ){0,3}(?:quota|storage)|out of storage|not enough storage|insufficient storage"
    r"|exceeded storage allocation|receiving mail (?:too quickly|at a rate)"
    # Microsoft 365 says this of people it does not know, and of whole tenants that are set up wrongly.
    r"|recipient address rejected access denied"
    r"|hop thu (?:\w+ ){0,3}day|(?:vuot|qua|het) (?:\w+ ){0,2}(?:dung luong|han muc))\b"
)
SAYS_HARD = re.compile(
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
SAYS_LATER = re.compile(
    r"\b(?:will (?:be |keep |continue )?(?:to )?(?:re)?tr(?:y|ied|ying)|will be attempted|still being retried|delayed"
    r"|you do not need to resend|no action is required|se (?:tiep tuc )?(?:thu|gui) lai|bi (?:cham tre|tri hoan))\b"
)


def meaning_of(code: str | None, says: str, *, permanent: bool) -> Meaning:
    """HARD, SOFT or POLICY: what a refusal means, be it in a report or a server's reply to RCPT.

    ``code`` is an enhanced status code (RFC 3463) or None, then one is looked for in ``says``, the server's own
    words. ``permanent`` is what its reply or report claims: 5yz, ``Action: failed``. The words weigh more than a
    code that fits anything, and what blames us or the message never counts against the reader.
    """
    says = says[: 2 * LONGEST]
    code = code or code_in(says)
    if not permanent or (code or "").startswith("4"):  # RFC 3463 §2: persistent transient failure
        return Meaning.SOFT
    words = fold(NAMES.sub(" ", says))
    if (code or "").startswith(_OF_CONTENT_OR_RIGHTS) or SAYS_POLICY.search(words):
        return Meaning.POLICY
    if code == _FULL or SAYS_SOFT.search(words):
        return Meaning.SOFT
    if code in _HARD or SAYS_HARD.search(words):
        return Meaning.HARD
    if code is None or code.startswith(_WITHOUT_REASON):
        return Meaning.SOFT
    # RFC 3463 §3.2 (X.1.7, X.1.8: the sender's address), §3.3 (X.2.3: too long), §3.4 (the system), §3.5 (the way
    # there), §3.6 (the protocol): not the reader's doing.
    return Meaning.POLICY


def code_in(says: str) -> str | None:
    """The first enhanced status code in a text, or None."""
    found = CODE.search(says)
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Found:
    """What one way of reading a mail found in it."""

    meaning: Meaning
    code: str | None = None
    says: str = ""
    recipient: str | None = None
