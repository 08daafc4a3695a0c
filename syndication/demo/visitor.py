"""A visitor of the demo: asks for the digest on the web, opens the mail that comes, and presses the button in it.

Only what a browser and a mail program would do, with forms as they stand in the pages.
"""

from __future__ import annotations

import re
import threading
from email import message_from_bytes
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

from syndication.errors import SyndicationError

READS_FOR = 4.0
"""Seconds over the form; whoever fills it in faster is taken for a program."""
WAITS_FOR = 30
"""Seconds for the mail."""


class _Form(HTMLParser):
    """What a form would send if nobody changed anything in it."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a field's value; boxes that are not ticked send nothing."""
        given = dict(attrs)
        boxes = given.get("type") in ("checkbox", "radio") and "checked" not in given
        if tag == "input" and given.get("name") and not boxes:
            self.fields[str(given["name"])] = given.get("value") or ""


def sign_up(base_url: str, email: str, *, mails: Path) -> str:
    """Ask for the digest and confirm it; returns the address of the button. ``mails`` is where mail arrives."""
    pause = threading.Event()
    form = _Form()
    with urlopen(f"{base_url}/subscribe", timeout=10) as page:  # noqa: S310 -- our own address
        form.feed(page.read().decode())
    pause.wait(READS_FOR)
    filled = form.fields | {"email": email, "agree": "yes", "language": "vi"}
    with urlopen(f"{base_url}/subscribe", urlencode(filled).encode(), timeout=10) as answer:  # noqa: S310
        answer.read()
    for _ in range(WAITS_FOR * 10):
        if button := _link_to(email, base_url, mails):
            with urlopen(button, b"", timeout=10) as confirmed:  # noqa: S310
                confirmed.read()
            return button
        pause.wait(0.1)
    raise SyndicationError(f"no mail with a link to confirm came to {email}")


def _link_to(email: str, base_url: str, mails: Path) -> str | None:
    """The address to confirm at, in the mail to this address."""
    for path in sorted(mails.glob("*.eml")):
        mail = message_from_bytes(path.read_bytes())
        if email not in (mail["To"] or ""):
            continue
        for part in mail.walk():
            body = part.get_payload(decode=True)
            if part.get_content_type() == "text/plain" and isinstance(body, bytes):
                found = re.search(re.escape(base_url) + r"/confirm/\S+", body.decode())
                if found:
                    return found[0]
    return None
