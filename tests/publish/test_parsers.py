"""Independent parsers agree: each reads the same id, title, link and date of every demo story in every format."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from calendar import timegm
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Any

import fastfeedparser
import feedparser_rs
import pytest
from rss_parser import AtomParser, RSSParser

from syndication.bootstrap import House
from syndication.links import FeedFormat
from tests.publish.telling import Told, told


def by_feedparser_rs(body: bytes) -> list[Told]:
    return [
        # It hands out titles as HTML.
        Told(
            entry.id,
            unescape(entry.title),
            entry.link,
            datetime.fromtimestamp(timegm(entry.published_parsed), UTC),
        )
        for entry in feedparser_rs.parse(body).entries
    ]


def by_fastfeedparser(body: bytes) -> list[Told]:
    return [
        Told(entry.id, entry.title, entry.link, datetime.fromisoformat(entry.published))
        for entry in fastfeedparser.parse(body).entries
    ]


def _moment(raw: Any) -> datetime:
    if isinstance(raw, datetime):
        return raw
    return datetime.fromisoformat(raw) if "T" in raw else parsedate_to_datetime(raw)


def by_rss_parser(body: bytes) -> list[Told]:
    if b"<rss " in body:
        rss: Any = RSSParser.parse(body.decode())
        items = [item.content for item in rss.channel.content.items]
        return [
            Told(
                item.guid.content,
                item.title.content,
                item.links[0].content,
                _moment(item.pub_date.content),
            )
            for item in items
        ]
    atom: Any = AtomParser.parse(body.decode())
    entries = [entry.content for entry in atom.feed.content.entries]
    return [
        Told(
            entry.id.content,
            entry.title.content,
            next(link.attributes["href"] for link in entry.links if link.attributes["rel"] == "alternate"),
            _moment(entry.published.content),
        )
        for entry in entries
    ]


PARSERS: dict[str, tuple[Callable[[bytes], list[Told]], tuple[FeedFormat, ...]]] = {
    "feedparser-rs": (by_feedparser_rs, tuple(FeedFormat)),
    "fastfeedparser": (by_fastfeedparser, tuple(FeedFormat)),
    "rss-parser": (by_rss_parser, (FeedFormat.RSS, FeedFormat.ATOM)),
}
"""Beside feedparser and the json module, which ``told`` uses: what reads an entry, and of which formats."""

PUBLIC = "https://portal.example/"
"""In place of loopback, which feedparser-rs takes for an attack and leaves out."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One published document, and what its stories are."""

    name: str
    form: FeedFormat
    body: bytes
    wanted: list[Told]


@pytest.fixture
def samples(news: House) -> list[Sample]:
    """Every feed of the demo in every format."""
    with news.store.read() as memory:
        found = [
            Sample(
                plan.name,
                form,
                document.body.replace(b"http://127.0.0.1:", PUBLIC.encode()),
                [
                    Told(one.tag, one.title, one.url.replace("http://127.0.0.1:", PUBLIC), one.announced_at)
                    for one in memory.stories.newest(plan.name, limit=50)
                ],
            )
            for plan in news.press.plans()
            for form in FeedFormat
            if (document := memory.documents.get(f"feeds/{plan.name}.{form}"))
        ]
    assert len(found) == len(news.press.plans()) * len(FeedFormat)
    assert len(found[0].wanted) > 40
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_parsers_agree_on_every_demo_story_in_every_format(samples: list[Sample]) -> None:
    for one in samples:
        assert told(one.form, one.body) == one.wanted, (one.name, one.form)
        for parser, (read, forms) in PARSERS.items():
            if one.form in forms and one.wanted:
                assert read(one.body) == one.wanted, (parser, one.name, one.form)


# --- programs that are no Python: asked where they are installed -----------------------------------------------


def _at(seconds: int | str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def by_sfeed(sample: Sample, folder: Path) -> list[Told]:
    run = subprocess.run(["sfeed", PUBLIC], input=sample.body, capture_output=True, check=True)
    lines = [line.split("\t") for line in run.stdout.decode().splitlines()]
    return [Told(line[5], line[1], line[2], _at(line[0])) for line in lines]


def by_newsboat(sample: Sample, folder: Path) -> list[Told]:
    (folder / "feed").write_bytes(sample.body)
    (folder / "urls").write_text(f"file://{folder}/feed\n")
    kept = folder / "cache.db"
    kept.unlink(missing_ok=True)
    subprocess.run(
        ["newsboat", "-u", "urls", "-c", kept, "-C", "/dev/null", "-x", "reload"],
        cwd=folder,
        env=os.environ | {"HOME": str(folder)},
        capture_output=True,
        check=True,
    )
    with closing(sqlite3.connect(kept)) as cache:
        rows = cache.execute(
            "SELECT guid, title, url, pubDate FROM rss_item ORDER BY pubDate DESC"
        ).fetchall()
    return [Told(guid, title, url, _at(at)) for guid, title, url, at in rows]


FEEDSMITH = """
const { parseFeed } = require('feedsmith')
const readers = {
  rss: (one) => [one.guid.value, one.link, one.pubDate],
  atom: (one) => [one.id, one.links.find((link) => link.rel === 'alternate').href, one.published],
  rdf: (one) => [one.rdf.about, one.link, one.dc.dates[0]],
  json: (one) => [one.id, one.url, one.date_published],
}
const all = JSON.parse(require('fs').readFileSync(0, 'utf8')).map((body) => {
  const { format, feed } = parseFeed(body)
  return (feed.items ?? feed.entries ?? []).map((one) => {
    const [id, link, date] = readers[format](one)
    return [id, one.title.value ?? one.title, link, Date.parse(date) / 1000]
  })
})
console.log(JSON.stringify(all))
"""


def by_feedsmith(samples: list[Sample], folder: Path) -> list[list[Told]]:
    bodies = json.dumps([one.body.decode() for one in samples]).encode()
    run = subprocess.run(["node", "-e", FEEDSMITH], input=bodies, capture_output=True, check=True)
    return [
        [Told(id_, title, link, _at(at)) for id_, title, link, at in items]
        for items in json.loads(run.stdout)
    ]


def one_by_one(
    read: Callable[[Sample, Path], list[Told]],
) -> Callable[[list[Sample], Path], list[list[Told]]]:
    """A program that reads one document at a time, asked about several."""
    return lambda samples, folder: [read(one, folder) for one in samples]


XML = (FeedFormat.RSS, FeedFormat.ATOM, FeedFormat.RDF)
PROGRAMS: dict[
    str, tuple[list[str], Callable[[list[Sample], Path], list[list[Told]]], tuple[FeedFormat, ...]]
] = {
    # sfeed knows nothing of rdf:about, which is an item's id in RSS 1.0.
    "sfeed": (["sfeed"], one_by_one(by_sfeed), (FeedFormat.RSS, FeedFormat.ATOM)),
    "newsboat": (["newsboat", "--version"], one_by_one(by_newsboat), XML),
    "feedsmith": (["node", "-e", "require('feedsmith')"], by_feedsmith, tuple(FeedFormat)),
}
"""How to see whether it is there, how it is asked, and of which formats it reads an entry."""


def _is_here(command: list[str]) -> bool:
    if not shutil.which(command[0]):
        return False
    return subprocess.run(command, input=b"", capture_output=True, check=False).returncode == 0


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    """The name of one that is here. It stands before ``samples``, so that nothing is made for one that is not."""
    name: str = request.param
    if not _is_here(PROGRAMS[name][0]):
        # Not «missing»: none of them comes with the project, and other parsers have been asked.
        pytest.skip(f"{name} is not installed: it has not been asked what it reads")
    return name


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_readers_agree_where_they_are_installed(program: str, samples: list[Sample], tmp_path: Path) -> None:
    _, read, forms = PROGRAMS[program]
    folder = tmp_path / "reader"
    folder.mkdir()
    asked = [sample for sample in samples if sample.form in forms and sample.wanted]
    for sample, found in zip(asked, read(asked, folder), strict=True):
        assert found == sample.wanted, (program, sample.name, sample.form)
