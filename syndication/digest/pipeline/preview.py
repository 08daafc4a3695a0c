"""Shows an editor one issue from all sides on one page: wide and narrow, without pictures, as text, as bytes."""

from __future__ import annotations

import re

from syndication.digest import message
from syndication.digest.pipeline.issue import left_out
from syndication.digest.pipeline.letters import Letters
from syndication.digest.pipeline.office import PREFERENCES, UNSUBSCRIBE, Office
from syndication.digest.render import COMFORTABLE
from syndication.domain.issue import Issue

MOST_LEFT_OUT = 50
"""Stories left out that are listed."""

_PICTURE = re.compile(r'(<img [^>]*?)src="[^"]*"')


def preview(office: Office, issue: Issue) -> str:
    """The page; it needs nothing else but the stories' pictures. Raises IssueError for an issue that cannot be sent."""
    letters = Letters(office, issue)
    letter = letters.letter(())
    reader = office.signer.sign(UNSUBSCRIBE, "0")
    preferences = office.links.preferences(office.signer.sign(PREFERENCES, "0"))
    data = message.prepare(letter).bytes_for(
        to_name="Nguyễn Thị Bạn Đọc",
        to_address="ban.doc@example.vn",
        unsubscribe_url=office.links.unsubscribe(reader),
        unsubscribe_mailto=None,
        message_id=f"<preview@{office.links.authority}>",
        preferences_url=preferences,
    )
    rendered = office.renderer.render(
        issue.content,
        unsubscribe_url=message.UNSUBSCRIBE_PLACEHOLDER,
        preferences_url=message.PREFERENCES_PLACEHOLDER,
    )
    return office.renderer.preview(
        issue=issue,
        rendered=rendered,
        without_pictures=_PICTURE.sub(r"\1", rendered.html),
        source=data.decode("ascii"),
        html_bytes=len(rendered.html.encode()),
        comfortable=COMFORTABLE,
        limit=message.HTML_LIMIT,
        mail_bytes=len(data),
        left_out=left_out(office, issue)[:MOST_LEFT_OUT],
    )
