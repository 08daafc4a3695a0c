"""Reads a mail server's refusal: whom it concerns, and whether it says that a mailbox is dead."""

from __future__ import annotations

import re

from syndication.digest.send.conversation import Reply
from syndication.digest.send.errors import (
    ReaderDeferred,
    ReaderRefused,
    SendingError,
    SendingRefused,
    Stage,
    TransportTrouble,
)

_ENHANCED = re.compile(r"#?([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 2034 §4; some servers write a # before it
_READERS_FAULT = re.compile(
    r"5\.(?:1\.(?![78]$)|2\.)"
)  # RFC 3463 §3.2, §3.3; 5.1.7 and 5.1.8 blame the sender
_SENDERS_FAULT = ("5.1.7", "5.1.8")
_NOT_THE_READER = re.compile(r".\.[3567]\.")  # RFC 3463 §3: system, protocol, content, policy
_POLICY_WORDS = re.compile(
    r"relay|spam|block|black ?list|deny ?list|banned|polic|reputation|authenticat|\b(?:spf|dkim|dmarc|rbl)\b"
    r"|rcpthosts|not permitted|access denied|log ?in first",
    re.IGNORECASE,
)
_EVERYONES_TROUBLE = (421, 454)  # closing down; throttled, or TLS or logins out of order
_LOGIN_NEEDED = 530  # RFC 4954 §6


def read_refusal(server: str, stage: Stage, reply: Reply) -> SendingError:
    """What an answer other than yes means; ``server`` is its name for people."""
    code, says = reply.code, reply.says
    heard = f"The mail server {server} answered {code} {says}".rstrip()
    found = _ENHANCED.match(says)
    enhanced = found[1] if found else None
    policy = bool(
        code == _LOGIN_NEEDED
        or (
            enhanced in _SENDERS_FAULT or _NOT_THE_READER.match(enhanced)
            if enhanced
            else _POLICY_WORDS.search(says)
        )
    )
    kind: type[SendingError]
    if code in _EVERYONES_TROUBLE or code < 400 or (stage is Stage.MAIL and code < 500):
        kind, advice = TransportTrouble, "try again later"
    elif code < 500:
        kind, advice = ReaderDeferred, "try this reader again later"
    elif _is_about_reader(stage, code, enhanced):
        kind, advice = ReaderRefused, "check this reader's address"
        if policy:
            advice = "ask those who run it why; the reader's address may be well"
    else:
        kind = SendingRefused
        advice = "nothing more is sent until someone has looked at the mail settings or the message"
    return kind(
        f"{heard}; {advice}",
        stage=stage,
        code=code,
        permanent=kind in (ReaderRefused, SendingRefused),
        enhanced=enhanced,
        policy=policy,
    )


def _is_about_reader(stage: Stage, code: int, enhanced: str | None) -> bool:
    if stage is Stage.RCPT:
        return code != _LOGIN_NEEDED and enhanced not in _SENDERS_FAULT
    return stage is Stage.DOT and bool(_READERS_FAULT.match(enhanced or ""))
