"""The commands about readers as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from syndication.store import Store
from tests.cli.test_commands import Shell

CSV = "email,name,categories,basis\nlan@docgia.example,Lan,kinh-te,hợp đồng\nminh@docgia.example,Minh,,\n"


@pytest.fixture
def shell(environment: dict[str, str], store: Store) -> Shell:
    return Shell(environment)


@pytest.fixture
def enrolled(shell: Shell, tmp_path: Path) -> Shell:
    """Lan and Minh are readers; Minh's line gave no basis."""
    (tmp_path / "readers.csv").write_text(CSV, encoding="utf-8")
    done = shell("subscribers", "import", str(tmp_path / "readers.csv"), "--basis", "danh sách cán bộ")
    assert done.output == "2 added, 0 updated, 0 refused\n"
    return shell


def test_one_persons_record_is_printed_whole(enrolled: Shell) -> None:
    kept = json.loads(enrolled("subscribers", "export", "Minh@docgia.example").stdout)
    assert set(kept) == {"email", "reader", "asked", "not_written_to", "consents", "deliveries"}
    assert (kept["reader"]["name"], kept["reader"]["basis"], kept["reader"]["state"]) == (
        "Minh",
        "danh sách cán bộ",
        "active",
    )
    assert [(one["event"], one["words"]) for one in kept["consents"]] == [("imported", "danh sách cán bộ")]
    unknown = enrolled("subscribers", "export", "nobody@docgia.example")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "nothing is on record about nobody@docgia.example" in unknown.stderr


def test_what_is_written_out_can_be_imported_again(enrolled: Shell, tmp_path: Path) -> None:
    written = enrolled("subscribers", "export").stdout
    lines = written.splitlines()
    assert lines[0] == "email,name,unit,categories,language,basis,portals,state"
    assert lines[1] == "lan@docgia.example,Lan,,kinh-te,vi,hợp đồng,,active"
    (tmp_path / "again.csv").write_bytes(written.encode())
    assert enrolled.json("subscribers", "import", str(tmp_path / "again.csv")) == {
        "added": 0,
        "updated": 0,
        "refused": [],
        "groundless": 0,
    }
    assert enrolled("subscribers", "export").stdout == written


def test_erasing_asks_first_says_what_it_did_and_may_be_repeated(enrolled: Shell, tmp_path: Path) -> None:
    refused = enrolled("subscribers", "erase", "lan@docgia.example")
    assert refused.exit_code == 1
    assert "lan@docgia.example" in enrolled("subscribers", "export").stdout
    done = enrolled("subscribers", "erase", "lan@docgia.example", "--yes")
    assert (done.exit_code, done.output) == (
        0,
        "removed: the reader; lists cannot bring lan@docgia.example back\n",
    )
    again = enrolled("subscribers", "erase", "lan@docgia.example", "--yes")
    assert (again.exit_code, "was erased before" in again.output) == (0, True)
    unknown = enrolled("subscribers", "erase", "nobody@docgia.example", "--yes")
    assert (unknown.exit_code, unknown.output) == (
        0,
        "nothing is on record about nobody@docgia.example\n",
    )
    assert [one["email"] for one in enrolled.json("subscribers", "list")] == ["minh@docgia.example"]
    back = enrolled.json("subscribers", "import", str(tmp_path / "readers.csv"))
    assert [one["line"] for one in back["refused"]] == [2]
    assert "erased at their request" in back["refused"][0]["says"]
    kept = json.loads(enrolled("subscribers", "export", "lan@docgia.example").stdout)
    assert (kept["reader"], kept["not_written_to"]) == (None, "erased")


def test_readers_without_a_legal_ground_are_counted_with_what_to_do(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "readers.csv").write_text(CSV, encoding="utf-8")
    done = shell("subscribers", "import", str(tmp_path / "readers.csv"))
    assert done.stdout == "2 added, 0 updated, 0 refused\n"
    assert "no legal ground is on record for 1 of these readers" in done.stderr
    assert "--basis" in done.stderr
