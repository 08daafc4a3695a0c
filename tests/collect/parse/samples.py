"""Answers of portals kept as files: beside ``name.html`` stands ``name.expected.toml``, what must be read in it.

The expectation gives the document's ``url`` (and ``charset``, ``headers``, ``select``), and then either the ``item``
tables, ``next_url``, ``notes``, ``generator`` and ``every`` (minutes), all of them and nothing else, or ``refused``, a
part of what the refusal says.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syndication.collect.parse import Document, Parsed
from syndication.domain.article import Item
from syndication.errors import NotReadable

SOURCES = Path(__file__).parents[2] / "samples" / "sources"
HERE = "https://portal.example/tin-tuc"

SLOWEST = 10.0
"""Seconds of work for the most hostile document; an honest one takes milliseconds."""


def samples(kind: str) -> list[Any]:
    """The sample files of one way to read, as parameters of a test."""
    files = sorted(path for path in (SOURCES / kind).iterdir() if not path.name.endswith(".expected.toml"))
    assert files
    return [pytest.param(path, id=path.stem) for path in files]


def check(parse: Callable[[Document], Parsed], sample: Path) -> None:
    """Read a sample and compare it with what stands beside it."""
    told = tomllib.loads(sample.with_suffix(".expected.toml").read_text(encoding="utf-8"))
    document = Document(
        body=sample.read_bytes(),
        url=told["url"],
        charset=told.get("charset"),
        headers=told.get("headers", {}),
        select=told.get("select", {}),
    )
    if refused := told.get("refused"):
        assert refused in refusal(parse, document)
        return
    lists = ("labels", "image_size")
    rows = [row | {name: tuple(row[name]) for name in lists if name in row} for row in told.get("item", ())]
    items = tuple(Item(**row) for row in rows)
    parsed = parse(document)
    assert list(parsed.items) == list(items)
    assert parsed.next_url == told.get("next_url")
    assert list(parsed.notes) == told.get("notes", [])
    assert parsed.generator == told.get("generator")
    assert parsed.every == (timedelta(minutes=told["every"]) if "every" in told else None)


def refusal(parse: Callable[[Document], Parsed], document: Document) -> str:
    """What the parser says when it refuses: one line for a person."""
    with pytest.raises(NotReadable) as refused:
        parse(document)
    says = str(refused.value)
    assert "\n" not in says
    assert 20 < len(says) < 400
    return says


def outcome(parse: Callable[[Document], Parsed], document: Document) -> Parsed | None:
    """What is read in a document nobody can foresee; None when it is refused. No other error may come."""
    with suppress(NotReadable):
        return parse(document)
    return None


def ends_soon(parse: Callable[[Document], Parsed], document: Document) -> None:
    """A hostile document is refused, or read as far as it goes, but never holds up the round."""
    began = time.process_time()
    outcome(parse, document)
    assert time.process_time() - began < SLOWEST
