"""`syndication probe` and `syndication check --live`, as people and machines type them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from syndication.cli import main
from syndication.collect import sandbox
from syndication.collect.sandbox import Sandbox
from syndication.demo.portals import DemoPortals, write_catalogue
from tests.collect.pages import Pages, page_with, pages_on_loopback, rss, rss_item, title
from tests.samples.hostile import generated


class Shell:
    """Types commands over a catalogue in a folder of its own; neither command needs a database."""

    def __init__(self, folder: Path, private_hosts: list[str]) -> None:
        self.portals = folder / "feeds" / "portals"
        self._environment = {
            "SYNDICATION_FEEDS_DIR": str(folder / "feeds"),
            "SYNDICATION_VAR_DIR": str(folder / "var"),
            "SYNDICATION_PRIVATE_HOSTS": ",".join(private_hosts),
            "COLUMNS": "200",
        }

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(main, words, env=self._environment)

    def json(self, *words: str, status: int = 0) -> Any:
        result = self(*words, "--json")
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)


@pytest.fixture
def shell(portals: DemoPortals, pages: Pages, tmp_path: Path) -> Shell:
    """Over the demo's catalogue without the SharePoint portal, which is there to be probed."""
    known = {name: address for name, address in portals.addresses.items() if name != "hoa-lam"}
    write_catalogue(known, into=tmp_path / "feeds")
    return Shell(tmp_path, [*portals.addresses.values(), pages.address])


@pytest.fixture
def pages() -> Iterator[Pages]:
    with pages_on_loopback() as served:
        yield served


@pytest.fixture
def hoa_lam(portals: DemoPortals) -> str:
    return f"http://{portals.addresses['hoa-lam']}/"


def test_standard_output_is_the_file_and_the_rest_is_told_beside_it(shell: Shell, hoa_lam: str) -> None:
    result = shell("probe", hoa_lam)
    assert result.exit_code == 0, result.output
    keys = tomllib.loads(result.stdout)
    assert keys["name"] == "Trung tâm CNTT&TT tỉnh Hoà Lâm"
    assert [source["read"] for source in keys["source"]] == ["page"] * 3
    assert "software: SharePoint" in result.stderr
    assert "there is no such page («Không tìm thấy trang" in " ".join(result.stderr.split())
    assert "Ứng dụng CNTT" in result.stderr
    assert not (shell.portals / "127-0-0-1.toml").exists()


def test_a_written_file_passes_the_check_and_is_never_overwritten(shell: Shell, hoa_lam: str) -> None:
    result = shell("probe", hoa_lam, "--id", "hoa-lam", "--write")
    assert result.exit_code == 0, result.output
    written = (shell.portals / "hoa-lam.toml").read_text(encoding="utf-8")
    assert "syndication collect hoa-lam --now" in result.stdout
    assert shell("check").exit_code == 0
    again = shell("probe", hoa_lam, "--id", "hoa-lam", "--write")
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)
    assert (shell.portals / "hoa-lam.toml").read_text(encoding="utf-8") == written


def test_a_portal_that_the_catalogue_has_is_not_written_twice(shell: Shell, portals: DemoPortals) -> None:
    result = shell("probe", f"http://{portals.addresses['song-dao']}/", "--id", "hai", "--write")
    assert result.exit_code == 1
    assert "is read by portals/song-dao.toml already" in result.stderr
    assert not (shell.portals / "hai.toml").exists()
    assert shell("check").exit_code == 0


def test_the_first_portal_of_a_catalogue_can_be_probed(shell: Shell, hoa_lam: str) -> None:
    for file in shell.portals.iterdir():
        file.unlink()
    assert shell("check").exit_code == 1
    assert shell("probe", hoa_lam, "--id", "dau-tien", "--write").exit_code == 0
    assert shell("check").exit_code == 0


def test_machines_get_everything(shell: Shell, hoa_lam: str) -> None:
    found = shell.json("probe", hoa_lam, "--id", "hoa-lam")
    assert {
        "id",
        "name",
        "home",
        "hosts",
        "software",
        "sources",
        "articles",
        "tried",
        "notes",
        "toml",
    } <= set(found)
    assert found["software"] == "SharePoint"
    assert tomllib.loads(found["toml"])["source"][0]["url"] == found["sources"][0]["url"]
    assert found["written"] is None
    assert all(article["published_at"] for article in found["articles"])


def test_nothing_to_read_is_a_failure_in_one_line(shell: Shell, pages: Pages) -> None:
    pages.put("/", "<html><body><p>Xin chào</p></body></html>")
    result = shell("probe", pages.url())
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith(f"nothing at {pages.url()} can be read: ")
    assert shell.json("probe", pages.url(), status=1)["toml"] is None
    assert shell("probe", pages.url(), "--id", "trong", "--write").exit_code == 1
    assert not (shell.portals / "trong.toml").exists()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instances that give a document four seconds; twenty are long for a test."""
    monkeypatch.setattr(sandbox, "Sandbox", partial(Sandbox, seconds=4))


def test_a_page_made_to_harm_is_answered_in_one_plain_line(
    shell: Shell, pages: Pages, impatient: None
) -> None:
    pages.put("/", generated.wide_frames(5000).decode())
    result = shell("probe", pages.url(), "--id", "doc", "--write")
    assert result.exit_code == 1
    assert "reading the document takes longer than 4 s" in " ".join(result.stderr.split())
    assert result.stderr.splitlines()[-1].startswith(f"nothing at {pages.url()} can be read: ")
    assert "Traceback" not in result.output
    assert not (shell.portals / "doc.toml").exists()


def test_check_live_outlives_a_source_made_to_harm(shell: Shell, pages: Pages, impatient: None) -> None:
    pages.put("/rss", generated.many_attributes(300_000).decode(), kind="text/xml")
    (shell.portals / "doc.toml").write_text(
        f'name = "Cổng độc"\nhome = "{pages.url()}"\nhosts = ["{pages.address}"]\n'
        f'[[source]]\nurl = "{pages.url("/rss")}"\nread = "feed"\n',
        encoding="utf-8",
    )
    found = shell.json("check", "--live", status=1)
    assert [(one["portal"], one["says"].partition(":")[0]) for one in found["live"] if not one["well"]] == [
        ("doc", "reading the document takes longer than 4 s")
    ]


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("probe", "http://192.168.7.7/"), 1, "is a private network"),
        (("probe", "127.0.0.1:1"), 1, "SYNDICATION_PRIVATE_HOSTS"),
        (("probe", "ftp://portal.example/"), 1, "must begin with http:// or https://"),
        (("probe", "https://portal.example/", "--id", "Hải Phòng"), 2, "is no id"),
        (("probe",), 2, "Missing argument"),
    ],
)
def test_what_cannot_be_asked_is_said_plainly(
    shell: Shell, words: tuple[str, ...], status: int, says: str
) -> None:
    result = shell(*words)
    assert (result.exit_code, says in " ".join(result.stderr.split())) == (status, True), result.output
    assert "Traceback" not in result.output


def write_portal(shell: Shell, pages: Pages, name: str) -> None:
    result = shell("probe", pages.url(), "--id", name, "--write")
    assert result.exit_code == 0, result.output


def news(*, container: str) -> str:
    rows = "".join(
        f'<li><a href="/bai-{n}.html">{title(n)}</a> <span class="ngay">0{n + 1}/11/2026</span></li>'
        for n in range(6)
    )
    return page_with(f'<ul class="{container}">{rows}</ul>')


def test_check_live_says_which_portal_is_down_and_whose_page_changed(
    shell: Shell, pages: Pages, unused_port: int
) -> None:
    pages.put("/", news(container="danh-sach"))
    write_portal(shell, pages, "la")
    down = f"127.0.0.1:{unused_port}"
    (shell.portals / "tat.toml").write_text(
        f'name = "Cổng đã tắt"\nhome = "http://{down}/"\nhosts = ["{down}"]\n'
        f'[[source]]\nurl = "http://{down}/feed/"\nread = "feed"\n',
        encoding="utf-8",
    )
    shell._environment["SYNDICATION_PRIVATE_HOSTS"] += f",{down}"
    before = shell.json("check", "--live", status=1)
    assert [one["portal"] for one in before["live"] if not one["well"]] == ["tat"]
    pages.put("/", news(container="luoi-tin"))
    found = shell.json("check", "--live", status=1)
    assert (found["well"], found["errors"]) == (False, [])
    assert set(found["live"][0]) == {"portal", "url", "well", "items", "newest_at", "says"}
    broken = {one["portal"]: one["says"] for one in found["live"] if not one["well"]}
    assert set(broken) == {"la", "tat"}
    assert "refuses connections" in broken["tat"]
    assert 'the page has changed: select.item = "ul.danh-sach > li"' in broken["la"]
    result = shell("check", "--live")
    assert result.exit_code == 1
    assert "the page has changed" in result.stdout
    assert "2 broken" in result.stdout


def test_check_live_tells_what_is_well_but_odd(shell: Shell, pages: Pages) -> None:
    date = "Mon, 02 Nov 2020 08:00:00 +0700"
    pages.put("/tin.xml", rss(*(rss_item(n, date) for n in range(5))), kind="text/xml")
    (shell.portals / "cu.toml").write_text(
        f'name = "Cổng cũ"\nhome = "{pages.url()}"\nhosts = ["{pages.address}"]\n'
        f'[[source]]\nurl = "{pages.url("/tin.xml")}"\nread = "feed"\n',
        encoding="utf-8",
    )
    found = shell.json("check", "--live")
    old = next(one for one in found["live"] if one["portal"] == "cu")
    assert (found["well"], old["well"], old["items"]) == (True, True, 5)
    assert old["says"].startswith("nothing new since 02/11/2020")
    assert "live" not in shell.json("check")


def test_check_live_tells_of_a_selector_that_finds_nothing_while_the_items_are_there(
    shell: Shell, pages: Pages
) -> None:
    pages.put("/", news(container="danh-sach"))
    write_portal(shell, pages, "la")
    pages.put("/", news(container="danh-sach").replace('class="ngay"', 'class="thoi-gian"'))
    found = shell.json("check", "--live")
    odd = next(one for one in found["live"] if one["portal"] == "la")
    assert (odd["well"], odd["items"]) == (True, 6)
    assert odd["says"].startswith('select.date = "span.ngay" finds no date in any of 6 items')


def test_check_names_the_selectors_that_are_none(shell: Shell, pages: Pages) -> None:
    pages.put("/", news(container="danh-sach"))
    write_portal(shell, pages, "la")
    file = shell.portals / "la.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("span.ngay", "span.ngay >"), encoding="utf-8")
    result = shell("check")
    assert result.exit_code == 1
    mistake = '"span.ngay >" is no CSS selector: expected selector, and it ends there'
    says = f"portals/la.toml: source[1].select.date: {mistake}"
    assert says in " ".join(result.output.split())


def test_check_live_does_not_read_by_a_catalogue_with_mistakes(shell: Shell, pages: Pages) -> None:
    (shell.portals / "sai.toml").write_text('nmae = "X"\n', encoding="utf-8")
    found = shell.json("check", "--live", status=1)
    assert (found["well"], found["live"], bool(found["errors"])) == (False, [], True)
    assert pages.asked == []
