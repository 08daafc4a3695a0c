"""The commands as people and machines type them: what they print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from syndication.cli import main
from syndication.store import Store

pytestmark = pytest.mark.postgres_in_ci


class Shell:
    """Types commands in one environment."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(main, words, env=self.environment)

    def json(self, *words: str) -> Any:
        result = self(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def shell(environment: dict[str, str], store: Store) -> Shell:
    return Shell(environment)


def test_the_road_by_commands(shell: Shell, tmp_path: Path) -> None:
    collected = shell.json("collect", "--now")
    assert {"portal", "url", "result", "items", "new", "changed", "error", "next_at"} == set(
        collected["sources"][0]
    )
    assert collected["seconds"] > 0
    assert shell("publish", "--to", str(tmp_path / "public")).exit_code == 0
    assert (tmp_path / "public" / "feeds" / "all.atom").exists()
    (tmp_path / "readers.csv").write_text("email,name\nlan@docgia.example,Lan\nnobody,Ai\n", encoding="utf-8")
    imported = shell.json("subscribers", "import", str(tmp_path / "readers.csv"))
    assert (imported["added"], [one["line"] for one in imported["refused"]]) == (1, [3])
    composed = shell.json("digest", "compose")
    assert {"issue", "state", "starts_on", "ends_on", "subject", "hash", "hero", "sections"} == set(composed)
    assert composed["sections"][0]["stories"][0]["portals"]
    assert shell.json("digest", "show") == composed
    assert shell("digest", "send").exit_code == 1
    assert shell("digest", "approve").exit_code == 0
    sent = shell.json("digest", "send")
    assert sent["state"] == "sent"
    assert sent["counts"] == {"accepted": 1}
    readers = shell.json("digest", "readers")
    assert set(readers[0]) == {"email", "state", "attempts", "code", "says", "message_id", "bounce", "at"}
    listed = shell.json("subscribers", "list")
    assert set(listed[0]) == {"email", "name", "state", "categories", "since"}
    assert "lan@docgia.example" in shell("digest", "readers", "--csv").stdout


def test_doctor_says_what_is_well(shell: Shell) -> None:
    shell("collect", "--now")
    found = shell.json("doctor")
    assert found["well"] is True
    assert {"id", "state", "last_success_at", "last_new_at", "failures", "says"} == set(found["portals"][0])
    assert shell("doctor").exit_code == 0


def test_doctor_says_what_is_not_well_and_what_to_do(shell: Shell) -> None:
    shell.environment["SYNDICATION_SMTP_URL"] = "smtp://127.0.0.1:1"
    result = shell("doctor", "--json")
    assert result.exit_code == 1
    mail = next(one for one in json.loads(result.stdout)["checks"] if one["name"] == "mail")
    assert mail["well"] is False
    assert "SYNDICATION_SMTP_URL" in mail["says"]


def test_only_named_portals_are_collected_and_only_what_is_due(shell: Shell) -> None:
    first = shell.json("collect", "song-dao")
    assert {source["portal"] for source in first["sources"]} == {"song-dao"}
    assert shell.json("collect", "song-dao")["sources"] == []
    again = shell.json("collect", "song-dao", "--now")
    assert [source["result"] for source in again["sources"]] == ["unchanged"]


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("collect", "khong-co"), 2, "there is no portal khong-co"),
        (("digest", "compose", "week-47"), 2, "write it as 2026-w47"),
        (("digest", "show"), 1, "compose one with"),
        (("digest", "test"), 2, "name one or more addresses"),
        (("nonsense",), 2, "No such command"),
        (("digest", "compose"), 1, "no story is published yet"),
    ],
)
def test_wrong_use_and_failure_each_get_one_plain_line(
    shell: Shell, words: tuple[str, ...], status: int, says: str
) -> None:
    result = shell(*words)
    assert result.exit_code == status
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_wrong_setting_names_itself(shell: Shell) -> None:
    shell.environment |= {"SYNDICATION_DIGEST_DAY": "someday", "SYNDICATION_DIGEST_DYA": "monday"}
    result = shell("collect")
    assert result.exit_code == 1
    assert "SYNDICATION_DIGEST_DAY: give one of monday" in result.output
    assert "SYNDICATION_DIGEST_DYA is not a setting" in result.output


def test_a_database_that_is_not_set_up_says_how(shell: Shell, tmp_path: Path) -> None:
    shell.environment["SYNDICATION_DATABASE_URL"] = f"sqlite:///{tmp_path / 'new.db'}"
    result = shell("collect")
    assert (result.exit_code, "run `syndication init`" in result.output) == (1, True)
    assert shell("init").exit_code == 0
    assert shell("init").exit_code == 0
    assert shell("collect").exit_code == 0


def test_a_broken_catalogue_is_reported_whole(shell: Shell) -> None:
    feeds = Path(shell.environment["SYNDICATION_FEEDS_DIR"])
    (feeds / "portals" / "broken.toml").write_text('nmae = "X"\nhome = "ftp://x/"\n', encoding="utf-8")
    result = shell("check")
    assert result.exit_code == 1
    assert "portals/broken.toml: nmae: did you mean name?" in result.output
    assert "portals/broken.toml: home: must be an address" in result.output
    found = json.loads(shell("check", "--json").stdout)
    assert found["well"] is False
    assert {"file", "key", "says"} == set(found["errors"][0])


def test_what_goes_wrong_with_one_source_stays_with_it(shell: Shell, free_port: int) -> None:
    feeds = Path(shell.environment["SYNDICATION_FEEDS_DIR"])
    (feeds / "portals" / "gone.toml").write_text(
        f'name = "Cổng đã tắt"\nhome = "http://127.0.0.1:1/"\nhosts = ["127.0.0.1:1", "127.0.0.1:{free_port}"]\n'
        '[[source]]\nurl = "http://127.0.0.1:1/feed"\nread = "feed"\n',
        encoding="utf-8",
    )
    shell.environment["SYNDICATION_PRIVATE_HOSTS"] += ",127.0.0.1:1"
    result = shell("collect", "--now", "--json")
    assert result.exit_code == 0
    by_portal = {source["portal"]: source for source in json.loads(result.stdout)["sources"]}
    assert by_portal["gone"]["result"] == "failed"
    assert "127.0.0.1 refuses connections on port 1" in by_portal["gone"]["error"]
    assert by_portal["song-dao"]["new"] > 5
    health = {one["id"]: one for one in json.loads(shell("doctor", "--json").stdout)["portals"]}
    assert health["gone"]["state"] == "failing"
    assert health["song-dao"]["state"] == "well"


def test_people_see_why_a_story_is_as_it_is_and_correct_it(shell: Shell, store: Store) -> None:
    shell("collect", "--now")
    shell("publish")
    with store.read() as memory:
        story = next(one for one in memory.stories.newest("all", limit=99) if len(one.tellings) > 1)
    shown = shell.json("stories", "show", story.id)
    assert {one["portal"] for one in shown["articles"]} == {one.portal for one in story.tellings}
    assert 0.5 <= shown["joins"][0]["score"] <= 1
    assert "joined: " in shell("stories", "show", story.id).stdout
    parted = shell("stories", "part", story.id, story.tellings[1].portal, "--by", "Lan")
    assert parted.exit_code == 0, parted.output
    assert "parted by Lan" in shell("stories", "show", story.id).stdout
    assert shell("stories", "file", story.id, "khac").exit_code == 0
    assert set(shell.json("stories", "show", story.id)["categories"]) == {"khac"}
    assert shell("stories", "withdraw", story.id, "--why", "Cổng báo nhầm").exit_code == 0
    assert "Cổng báo nhầm" in shell("stories", "show", story.id).stdout
    again = shell("stories", "withdraw", story.id, "--why", "nữa")
    assert (again.exit_code, again.stderr.strip()) == (1, f"story {story.id} is withdrawn already")
    assert shell("stories", "restore", story.id).exit_code == 0
    for words in (("show", "nosuch"), ("part", "nosuch", "song-dao"), ("file", story.id, "khong-co")):
        wrong = shell("stories", *words)
        assert (wrong.exit_code, len(wrong.stderr.strip().splitlines())) == (1, 1)
