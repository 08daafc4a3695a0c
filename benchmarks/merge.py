"""Whether copies of one piece of news are found, whether look-alikes stay apart, and what finding costs among many.

Prints precision and recall on labelled pairs: those the rules were made with, those written afterwards, and the demo's
articles, which others wrote. Then the time to place one article among 10 000 and 100 000 kept ones.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from syndication.collect.similar import Told, Verdict, fingerprint, index_keys, judge

STORIES = Path(__file__).parent.parent / "tests" / "samples" / "stories"
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


# --- labelled pairs ---


@dataclass(frozen=True, slots=True)
class Pair:
    """Two articles, and whether they tell one piece of news."""

    one: str
    other: str
    same: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A file of ``tests/samples/stories``."""

    articles: Mapping[str, Told]
    pairs: tuple[Pair, ...]

    def strangers(self) -> Iterator[Pair]:
        """Any two articles that no labelled pair joins, directly or through others: they tell different news."""
        group = {key: {key} for key in self.articles}
        for pair in self.pairs:
            if group[pair.one] is not group[pair.other]:
                group[pair.one] |= group[pair.other]
                for key in group[pair.one]:
                    group[key] = group[pair.one]
        for one, other in combinations(self.articles, 2):
            if group[one] is not group[other]:
                yield Pair(one, other, False, "written about something else")


def read(name: str) -> Labelled:
    """The labelled pairs of a file. Raises KeyError or ValueError where it contradicts itself."""
    file = tomllib.loads((STORIES / name).read_text(encoding="utf-8"))
    written: dict[str, dict[str, Any]] = {}
    pairs: list[Pair] = []
    for entry in file["article"]:
        if "of" in entry:
            pairs.append(Pair(entry["of"], entry["key"], entry["same"], entry["kind"]))
            entry = {"title": written[entry["of"]]["title"], **entry, "text": _made(entry, written)}
        if entry["key"] in written:
            raise ValueError(f"{name}: two articles are called {entry['key']}")
        written[entry["key"]] = entry
    pairs += [Pair(*entry["of"], entry["same"], entry["kind"]) for entry in file.get("pair", ())]
    articles = {
        key: Told(
            portal=entry["portal"],
            fingerprint=fingerprint(entry["title"], entry["text"]),
            told_at=entry["told"].replace(tzinfo=VIETNAM) if "told" in entry else None,
        )
        for key, entry in written.items()
    }
    for pair in pairs:
        if articles[pair.one].portal == articles[pair.other].portal:
            raise ValueError(
                f"{name}: {pair.one} and {pair.other} are told by one portal, which decides nothing"
            )
    return Labelled(MappingProxyType(articles), tuple(pairs))


def _made(entry: Mapping[str, Any], written: Mapping[str, Mapping[str, Any]]) -> str:
    paragraphs = written[entry["of"]]["text"].strip().split("\n")
    if "keep" in entry:
        paragraphs = [paragraphs[number - 1] for number in entry["keep"]]
    made = "\n".join(paragraphs)
    for old, new in entry.get("replace", ()):
        if old not in made:
            raise ValueError(f"{entry['key']}: «{old}» is not in the text")
        made = made.replace(old, new)
    before = entry["lead"] + "\n" if "lead" in entry else ""
    after = "\n" + entry["after"].strip() if "after" in entry else ""
    made = before + entry.get("prefix", "") + made + after
    return FORMS[entry["form"]](made) if "form" in entry else made


def _old_tones(told: str) -> str:
    news = "òa óa ỏa õa ọa òe óe ỏe õe ọe ùy úy ủy ũy ụy".split()
    olds = "oà oá oả oã oạ oè oé oẻ oẽ oẹ uỳ uý uỷ uỹ uỵ".split()
    for new, old in zip(news, olds, strict=True):
        told = re.sub(rf"{new}\b|{old}\b", lambda found: old if found[0] == new else new, told)
    return told


FORMS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "nfd": lambda told: unicodedata.normalize("NFD", told),
        "old-tones": _old_tones,
        "cyrillic": lambda told: told.translate(str.maketrans("aeopcxyABEKMHOPCTX", "аеорсхуАВЕКМНОРСТХ")),
        "one-line": lambda told: told.replace("\n", " "),
    }
)
