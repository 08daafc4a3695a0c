"""A portal that moves to another host: proposed by `doctor`, confirmed by a line in its file, nothing told twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from syndication.cli import main
from syndication.store import Store
from tests.collect.pages import Pages, pages_on_loopback, rss, rss_item


@pytest.fixture
def old() -> Iterator[Pages]:
    with pages_on_loopback() as served:
        yield served


@pytest.fixture
def new() -> Iterator[Pages]:
    with pages_on_loopback() as served:
        yield served


class Portal:
    """One portal's file and the commands over it."""

    def __init__(self, folder: Path, environment: dict[str, str], old: Pages, new: Pages) -> None:
        self.file = folder / "portals" / "cong.toml"
        self.file.parent.mkdir(parents=True)
        (folder / "categories.toml").write_text(
            '[[category]]\nslug = "khac"\ntitle = "Khác"\n', encoding="utf-8"
        )
        self.file.write_text(
            f'name = "Trung tâm Số"\nhome = "{old.url()}"\nhosts = ["{old.address}"]\n'
            'former_names = [{ name = "Trung tâm CNTT", until = 2025-06-30 }]\n'
            f'[[source]]\nurl = "{old.url("/rss")}"\nread = "feed"\n[article]\nfetch = "never"\n',
            encoding="utf-8",
        )
        self.environment = environment | {
            "SYNDICATION_FEEDS_DIR": str(folder),
            "SYNDICATION_PRIVATE_HOSTS": f"{old.address},{new.address}",
        }

    def __call__(self, *words: str) -> Any:
        return json.loads(CliRunner().invoke(main, [*words, "--json"], env=self.environment).stdout)

    def health(self) -> dict[str, Any]:
        (portal,) = self("doctor")["portals"]
        return dict(portal)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_move_is_proposed_confirmed_by_a_line_and_tells_nothing_twice(
    tmp_path: Path, environment: dict[str, str], store: Store, old: Pages, new: Pages
) -> None:
    portal = Portal(tmp_path / "moving", environment, old, new)
    date = format_datetime(datetime.now(UTC) - timedelta(hours=3))
    old.put("/rss", rss(*(rss_item(n, date) for n in range(5))), kind="text/xml")
    (first,) = portal("collect", "--now")["sources"]
    assert first["new"] == 5
    assert portal("publish")["announced"] == 5
    assert portal.health()["state"] == "well"

    old.moved["/rss"] = new.url("/kenh/rss.xml")
    new.put("/kenh/rss.xml", rss(*(rss_item(n, date) for n in range(6))), kind="text/xml")
    (held,) = portal("collect", "--now")["sources"]
    assert (held["result"], held["new"]) == ("failed", 0)
    assert f"links to {new.address}, which hosts does not name" in held["error"]
    health = portal.health()
    assert health["state"] == "moved"
    assert f"{old.url('/rss')} has moved for good to {new.url('/kenh/rss.xml')}" in health["says"]
    proposed = re.search(r'add ("[^"]+") to hosts in portals/cong\.toml', health["says"])
    assert proposed is not None

    written = portal.file.read_text(encoding="utf-8")
    portal.file.write_text(written.replace("hosts = [", f"hosts = [{proposed[1]}, "), encoding="utf-8")
    assert portal("check")["well"] is True
    (confirmed,) = portal("collect", "--now")["sources"]
    assert (confirmed["result"], confirmed["items"], confirmed["new"]) == ("new", 6, 1)
    assert portal("publish")["announced"] == 1
    assert portal.health()["state"] == "well"

    written = portal.file.read_text(encoding="utf-8")
    portal.file.write_text(written.replace(old.url("/rss"), new.url("/kenh/rss.xml")), encoding="utf-8")
    (rewritten,) = portal("collect", "--now")["sources"]
    assert (rewritten["items"], rewritten["new"]) == (6, 0)
    assert portal("publish")["announced"] == 0
