"""The digest's commands as an editor types them."""

from __future__ import annotations

import pytest

from syndication.store import Store
from tests.cli.test_commands import Shell


@pytest.fixture
def shell(environment: dict[str, str], store: Store) -> Shell:
    typed = Shell(environment)
    assert typed("collect", "--now").exit_code == 0
    assert typed("publish").exit_code == 0
    assert typed("digest", "compose").exit_code == 0
    return typed


KEYS = {"issue", "state", "starts_on", "ends_on", "subject", "hash", "hero", "sections"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_editor_edits_an_issue_by_commands(shell: Shell) -> None:
    composed = shell.json("digest", "compose")
    assert set(composed) == KEYS
    listed = shell.json("digest", "stories")
    assert {"stands", "story", "title", "why"} == set(listed[0])
    assert listed[0]["stands"] == "hero"
    told = [composed["hero"], *(story for section in composed["sections"] for story in section["stories"])]
    assert sorted(story["id"] for story in told) == sorted(row["story"] for row in listed)
    last = listed[-1]["story"]
    for words, says in [
        (("pin", last, "--lead"), "is edited"),
        (("title", last, "Tên do biên tập viên đặt"), "is edited"),
        (("drop", listed[0]["story"]), "is edited"),
        (("move", listed[2]["story"], "khac"), "is edited"),
        (("place", listed[2]["story"], "1"), "is edited"),
        (("note", "Lời ban biên tập"), "is edited"),
        (("subject", "Số đặc biệt"), "Số đặc biệt"),
    ]:
        done = shell("digest", "edit", *words)
        assert (done.exit_code, says in done.output) == (0, True), done.output
    edited = shell.json("digest", "show")
    assert edited["hero"]["id"] == last
    assert (edited["hero"]["title"], edited["subject"]) == ("Tên do biên tập viên đặt", "Số đặc biệt")
    assert edited["hash"] != composed["hash"]
    out = {row["story"] for row in shell.json("digest", "stories", "--left-out")}
    assert listed[0]["story"] in out
    assert shell("digest", "approve").exit_code == 0
    taken_back = shell("digest", "edit", "release", last)
    assert "its approval is taken back" in taken_back.output
    assert shell.json("digest", "status")["state"] == "draft"
    assert shell.json("digest", "compose", "--fresh")["hash"] == composed["hash"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_screen_an_issue_is_shown_as_text_and_kept_as_a_page(shell: Shell) -> None:
    shown = shell("digest", "show", "--no-browser")
    assert shown.exit_code == 0
    assert "TIN CHÍNH" in shown.stdout
    page = shell.environment["SYNDICATION_VAR_DIR"] + "/digest/"
    assert f"{page}2" in shown.stderr
    assert shell("digest", "show", "--html").stdout.startswith("<!DOCTYPE html>")
    wrong = shell("digest", "edit", "pin", "khong-co")
    assert (wrong.exit_code, "cannot tell story khong-co" in wrong.output) == (1, True)
    assert "Traceback" not in wrong.output
