"""The shape of the house: every module says what it is for, every library has one home, every command helps."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from syndication.cli import COMMANDS, main
from syndication.settings import HOUSE

PROGRAM = HOUSE / "syndication"
MODULES = sorted(path.relative_to(PROGRAM).as_posix() for path in PROGRAM.rglob("*.py"))

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc", "core"}
"""Names that say nothing about what is inside."""

HOMES = {
    "aiohttp": ("collect/fetch/",),
    "aiosmtpd": ("demo/",),
    "alembic": ("store/",),
    "apscheduler": ("schedule.py",),
    "babel": ("web/",),
    "click": ("cli/", "demo/"),
    "dkim": ("digest/sign.py",),
    "feedgen": ("publish/feed.py",),
    "feedparser": ("collect/parse/feed.py",),
    "flask": ("web/",),
    "flufl": ("digest/bounce/server.py",),
    "granian": ("cli/serve.py",),
    "jinja2": ("digest/render.py",),
    "nh3": ("collect/clean.py",),
    "premailer": ("digest/inline.py",),
    "rich": ("cli/",),
    "sqlalchemy": ("store/",),
    "werkzeug": ("web/",),
}
"""Who may import a library: a module, or a package where the name ends in a slash."""


def tree(module: str) -> ast.Module:
    return ast.parse((PROGRAM / module).read_text(encoding="utf-8"), filename=module)


def imported(module: str) -> set[str]:
    """The first names of everything a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def commands(group: click.Group, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command below a group, as the words one types."""
    return [
        path
        for name in group.list_commands(click.Context(group))
        if (command := group.get_command(click.Context(group), name))
        for path in (
            (*words, name),
            *(commands(command, (*words, name)) if isinstance(command, click.Group) else ()),
        )
    ]


@pytest.mark.parametrize("module", MODULES)
def test_a_modules_first_line_says_what_it_is_for(module: str) -> None:
    first = (ast.get_docstring(tree(module)) or "").partition("\n")[0]
    assert first.endswith((".", ":")), first
    assert first[:1].isupper()
    assert len(first) < 120


def test_every_folder_of_modules_is_a_package_that_explains_itself() -> None:
    folders = {Path(module).parent.as_posix() for module in MODULES}
    unexplained = {folder for folder in folders if not (PROGRAM / folder / "__init__.py").exists()}
    # Alembic runs these by path, and so they are no package.
    assert unexplained == {"store/migrations", "store/migrations/versions"}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [module for module in MODULES if EMPTY_NAMES & set(Path(module).with_suffix("").parts)] == []


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_used_in_its_home_alone(library: str) -> None:
    users = [module for module in MODULES if library in imported(module)]
    assert users
    assert [module for module in users if not module.startswith(HOMES[library])] == []


@pytest.mark.parametrize("words", commands(main), ids=" ".join)
def test_a_command_says_what_it_does(words: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(main, [*words, "--help"])
    assert answer.exit_code == 0, answer.output
    usage, _, told = answer.output.partition("\n\n")
    assert usage.startswith(f"Usage: main {' '.join(words)} ")
    assert told.partition("\n\n")[0].endswith("."), answer.output


def test_help_lists_every_command_and_needs_no_setting() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "syndication", "--help"],
        cwd="/",
        env={"SYNDICATION_NO_SUCH_SETTING": "x"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    listed = {
        line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line[2:3].strip()
    }
    assert listed == set(COMMANDS)


def test_wrong_use_is_told_apart_from_failure() -> None:
    assert CliRunner().invoke(main, ["no-such-command"]).exit_code == 2
    failed = CliRunner().invoke(main, ["check"], env={"SYNDICATION_FEEDS_DIR": "/there/is/none"})
    assert failed.exit_code == 1
    assert failed.output.strip() == "SYNDICATION_FEEDS_DIR: there is no folder /there/is/none"
