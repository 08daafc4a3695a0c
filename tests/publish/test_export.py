"""Files for any web server: whole documents with their compressed forms, and nothing that is published no longer."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest

from syndication.errors import SettingsError
from syndication.publish.pipeline import Press, export, publish
from syndication.store import Store
from tests.cast import ObedientClock
from tests.publish.cast import CATALOGUE, LINKS
from tests.publish.test_archives import announce_many, documents


@pytest.fixture
def press(store: Store) -> Press:
    clock = ObedientClock(at=datetime(2026, 10, 20, 3, 0, tzinfo=UTC))
    press = Press(store=store, catalogue=CATALOGUE, links=LINKS, title="Điểm tin", now=clock)
    announce_many(press, clock, 20, every=timedelta(days=1))
    publish(press)
    return press


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_every_document_is_a_file_with_its_compressed_forms_beside_it(press: Press, folder: Path) -> None:
    told = [path.relative_to(folder).as_posix() for path in export(press, to=folder)]
    written = files(folder)
    assert {path: written[path] for path in told} == documents(press)
    assert "feeds/khac/2026-10.atom" in told
    for path in told:
        if f"{path}.gz" in written:
            assert gzip.decompress(written[f"{path}.gz"]) == written[path]
            assert brotli.decompress(written[f"{path}.br"]) == written[path]
            assert len({(folder / f"{path}{form}").stat().st_mtime for form in ("", ".gz", ".br")}) == 1
    assert "feeds/all.rss.gz" in written
    assert set(written) == {path for one in told for path in (one, f"{one}.gz", f"{one}.br")} & set(written)


def test_writing_again_changes_nothing_and_removes_what_is_gone(press: Press, folder: Path) -> None:
    list(export(press, to=folder))
    before = files(folder)
    list(export(press, to=folder))
    assert files(folder) == before
    (folder / "feeds" / "README").write_text("the operator's own", encoding="utf-8")
    (folder / "site.rss").write_text("not ours", encoding="utf-8")
    fewer = replace(press, catalogue=replace(press.catalogue, categories=press.catalogue.categories[:1]))
    publish(fewer)
    list(export(fewer, to=folder))
    left = set(files(folder))
    assert not [path for path in left if "khac" in path]
    assert {"feeds/README", "site.rss", "feeds/all.atom.br", "feeds/all/2026-10.atom"} <= left


def test_a_folder_that_cannot_be_written_is_named_and_keeps_what_it_has(press: Press, folder: Path) -> None:
    list(export(press, to=folder))
    (folder / "feeds/all.json").unlink()
    (folder / "feeds/all.json/mine").mkdir(parents=True)  # a folder where a file should be
    before = files(folder)
    with pytest.raises(SettingsError, match="public cannot be written"):
        list(export(press, to=folder))
    assert {path: body for path, body in files(folder).items() if "all.json." not in path} == {
        path: body for path, body in before.items() if "all.json." not in path
    }
    assert not list(folder.rglob("*.part"))
