"""Looks in the log of a Postfix on this machine whether it took a message of which nobody knows if it arrived.

Postfix writes the Message-ID when it receives a message and «queue active» under the same queue id only after the
message is safely on disk (cleanup(8), qmgr(8)): then it was accepted, whatever became of our connection.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

READ = 64_000_000
"""Bytes of the log's end that are read; a doubt is looked up within hours."""

_RECEIVED = re.compile(rb"/cleanup\[\d+\]: ([0-9A-Za-z]+): message-id=(<[^>\s]+>)")
_ACTIVE = re.compile(rb"/qmgr\[\d+\]: ([0-9A-Za-z]+): from=<.*\(queue active\)")


def accepted(log: Path, message_ids: Collection[str]) -> dict[str, str]:
    """Of these Message-IDs (in their angle brackets) those that Postfix took, and how one knows.

    A log that cannot be read proves nothing: then none is found.
    """
    wanted = {message_id.encode() for message_id in message_ids}
    received: dict[bytes, bytes] = {}
    found: dict[str, str] = {}
    try:
        with log.open("rb") as lines:
            lines.seek(max(0, log.stat().st_size - READ))
            for line in lines:
                if (match := _RECEIVED.search(line)) and match[2] in wanted:
                    received[match[1]] = match[2]
                elif received and (match := _ACTIVE.search(line)) and match[1] in received:
                    message_id = received.pop(match[1]).decode()
                    found[message_id] = f"accepted: the mail server's log has it as {match[1].decode()}"
    except OSError:
        return {}
    return found
