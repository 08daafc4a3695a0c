"""Golden digests: what readers get, kept to the byte, so that a change of it is seen and meant.

``SAMPLES=new pytest tests/digest/test_samples.py`` writes them anew; read what changed before committing it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from syndication.digest.message import PREFERENCES_PLACEHOLDER, UNSUBSCRIBE_PLACEHOLDER, Letter, prepare
from syndication.digest.render import Renderer
from syndication.domain.issue import IssueContent
from tests.digest.test_message import LETTER, UNSUBSCRIBE
from tests.digest.test_render import _renderer, a_full_issue, an_entry, an_issue  # noqa: F401 -- a fixture

SAMPLES = Path(__file__).parents[1] / "samples" / "mail"
PREFERENCES = "https://tin.example.vn/preferences/1-gq3tcmi-7mq2zt4rk5yhw3cbjx6nfd5pjh"
LONG = "Nghị quyết về đột phá phát triển khoa học, công nghệ, đổi mới sáng tạo và chuyển đổi số quốc gia " * 3

ISSUES: dict[str, IssueContent] = {
    "full": a_full_issue(more=4),
    "thin": an_issue(hero=None, sections=((an_entry(1),),)),
    "hostile": an_issue(
        hero=replace(an_entry(1), title=LONG[:300], summary="", image_url=None),
        sections=(
            (
                replace(
                    an_entry(2),
                    title='<script>alert("1")</script> & "ngoặc" {{ 7*7 }} </td></table>',
                    summary='<p style="p">Chữ</p> <img src=x onerror=alert(1)>\u0007\u0092',
                    url="https://x.example.vn/?a=1&b=%22%3E",
                ),
            ),
        ),
    ),
}


def parts(name: str, renderer: Renderer) -> dict[str, bytes]:
    rendered = renderer.render(
        ISSUES[name], unsubscribe_url=UNSUBSCRIBE_PLACEHOLDER, preferences_url=PREFERENCES_PLACEHOLDER
    )
    letter: Letter = replace(LETTER, subject=rendered.subject, text=rendered.text, html=rendered.html)
    mail = prepare(letter).bytes_for(
        to_name="Trần Thị Ngọc Ánh",
        to_address="anh@example.test",
        unsubscribe_url=UNSUBSCRIBE,
        unsubscribe_mailto=None,
        message_id="<0123456789abcdef0123456789abcdef@tin.example.vn>",
        preferences_url=PREFERENCES,
    )
    return {"txt": rendered.text.encode(), "html": rendered.html.encode(), "eml": mail}


@pytest.mark.parametrize("name", ISSUES)
def test_a_digest_is_what_it_was(name: str, renderer: Renderer) -> None:
    for ending, made in parts(name, renderer).items():
        kept = SAMPLES / f"{name}.{ending}"
        if os.environ.get("SAMPLES") == "new":
            kept.write_bytes(made)
        assert made == kept.read_bytes(), f"{kept} says something else"
