"""Whether copies of one piece of news are found, whether look-alikes stay apart, and what finding costs among many.

Prints precision and recall, with every miss, on labelled pairs: those the rules were made with, those written after
them, and the demo's articles, which other hands wrote. A pair counts as found only where the index would bring the two
together. Then the time to place one new article among 10 000 and among 100 000 kept ones.
"""

from __future__ import annotations

import random
import re
import statistics
import tempfile
import time
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from syndication import text
from syndication.collect.merge import Reading
from syndication.collect.pipeline.keeper import keep
from syndication.collect.pipeline.settle import Newsroom
from syndication.collect.similar import Told, fingerprint, index_keys, judge
from syndication.demo.softwares.article import read_articles
from syndication.domain.article import Article, ArticleKey, KeyKind
from syndication.domain.portal import Catalogue, Category
from syndication.links import Links
from syndication.store import open_store, tables
from syndication.store.articles import MARKS_SHARED

LEAST_PRECISION = 0.995
LEAST_RECALL = 0.90
MOST_MS = 5.0
MOST_RATIO = 1.5
FEW, MANY = 10_000, 100_000
PLACED = 300
WARM_UP = 50

STORIES = Path(__file__).parent.parent / "tests" / "samples" / "stories"
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


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
    written: Mapping[str, tuple[str, str]]
    """Title and text of those that are not made from another."""
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
    for entry in file.get("pair", ()):
        one, other = entry["of"]
        pairs.append(Pair(one, other, entry["same"], entry["kind"]))
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
    own = {entry["key"]: (entry["title"], entry["text"]) for entry in file["article"] if "of" not in entry}
    return Labelled(MappingProxyType(articles), MappingProxyType(own), tuple(pairs))


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


_TONES = dict(
    zip(
        "òa óa ỏa õa ọa òe óe ỏe õe ọe ùy úy ủy ũy ụy".split(),
        "oà oá oả oã oạ oè oé oẻ oẽ oẹ uỳ uý uỷ uỹ uỵ".split(),
        strict=True,
    )
)
_OTHER_TONES = MappingProxyType(_TONES | {old: new for new, old in _TONES.items()})


def _old_tones(told: str) -> str:
    """The tone marks placed the other way: hòa for hoà, hoà for hòa."""
    return re.sub(rf"(?:{'|'.join(_OTHER_TONES)})\b", lambda found: _OTHER_TONES[found[0]], told)


FORMS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "nfd": lambda told: unicodedata.normalize("NFD", told),
        "old-tones": _old_tones,
        "cyrillic": lambda told: told.translate(str.maketrans("aeopcxyABEKMHOPCTX", "аеорсхуАВЕКМНОРСТХ")),
        "one-line": lambda told: told.replace("\n", " "),
    }
)


# --- whether the right ones are merged ---


@dataclass(frozen=True, slots=True)
class Result:
    """What became of labelled pairs."""

    right: int
    """Merged, and rightly."""
    false: tuple[str, ...]
    missed: tuple[str, ...]
    apart: int

    @property
    def precision(self) -> float:
        return self.right / max(self.right + len(self.false), 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + len(self.missed), 1)


def measure(labelled: Labelled) -> Result:
    """Judge every labelled pair, and any two strangers."""
    keys = {key: frozenset(index_keys(told.fingerprint)) for key, told in labelled.articles.items()}
    right = apart = 0
    false: list[str] = []
    missed: list[str] = []
    for pair in (*labelled.pairs, *labelled.strangers()):
        verdict = judge(labelled.articles[pair.one], labelled.articles[pair.other])
        merged = verdict.same and len(keys[pair.one] & keys[pair.other]) >= MARKS_SHARED
        why = (
            verdict.why
            if not verdict.same or merged
            else f"the index does not bring them together: {verdict.why}"
        )
        if merged == pair.same:
            right += merged
            apart += not merged
        else:
            (missed if pair.same else false).append(f"{pair.one} and {pair.other} ({pair.kind}): {why}")
    return Result(right, tuple(false), tuple(missed), apart)


def read_demo() -> Labelled:
    """The demo's articles: a copy and what it copies tell one story, and all others another."""
    told = read_articles(date(2026, 11, 20))
    pairs = [
        Pair(one.key, other.key, True, "a copy in the demo")
        for one, other in combinations(told, 2)
        if (one.copy_of or one.key) == (other.copy_of or other.key)
    ]
    articles = {
        article.key: Told(
            portal=article.portal,
            fingerprint=fingerprint(
                article.title, "\n".join((article.lead, *article.body, article.credit or ""))
            ),
            told_at=article.published_at,
        )
        for article in told
    }
    return Labelled(MappingProxyType(articles), MappingProxyType({}), tuple(pairs))


def _print_quality() -> bool:
    missed = False
    for name, labelled in (
        ("known.toml (the rules were made with it)", read("known.toml")),
        ("held-out.toml (written afterwards)", read("held-out.toml")),
        ("the demo's articles (written by others)", read_demo()),
    ):
        result = measure(labelled)
        same = sum(pair.same for pair in labelled.pairs)
        print(
            f"{name}: {len(labelled.pairs)} pairs, {same} the same; "
            f"precision {result.precision:.3f}, recall {result.recall:.3f}; {result.apart} other pairs kept apart"
        )
        for what, those in (("FALSE MERGE", result.false), ("missed", result.missed)):
            for says in those:
                print(f"  {what}: {says}")
        missed |= result.precision < LEAST_PRECISION or result.recall < LEAST_RECALL
    return missed


# --- what it costs among many ---


class Kept:
    """A real database of kept articles, and the real way in which a new one is placed."""

    def __init__(self, file: Path) -> None:
        self._store = open_store(f"sqlite:///{file}")
        self._store.migrate()
        self._newsroom = Newsroom.of(
            Catalogue(
                portals={}, categories=(Category(slug="khac", title="Khác", title_en="", description=""),)
            ),
            Links("https://tin.example.vn"),
        )
        self._placed = 0

    def fill(self, articles: Sequence[tuple[str, str]], keys: Sequence[Sequence[int]]) -> None:
        """Keep many at once: portal and fingerprint of each, and its keys."""
        with self._store.write() as memory:
            stories = [
                {"id": f"s{n}", "tag": f"t{n}", "first_seen_at": NOW, "updated_at": NOW}
                for n in range(len(articles))
            ]
            memory.connection.execute(tables.stories.insert(), stories)
            rows = [
                {
                    "portal": portal,
                    "story": f"s{n}",
                    "url": f"https://{portal}.example/{n}",
                    "title": "Tin",
                    "summary": "",
                    "labels": [],
                    "categories": [],
                    "first_seen_at": NOW,
                    "changed_at": NOW,
                    "content_hash": "",
                    "fingerprint": kept,
                }
                for n, (portal, kept) in enumerate(articles)
            ]
            memory.connection.execute(tables.articles.insert(), rows)
            marks = sorted(
                (key, article) for article, those in enumerate(keys, start=1) for key in set(those)
            )
            memory.connection.execute(
                tables.article_marks.insert(), [{"key": key, "article": article} for key, article in marks]
            )

    @contextmanager
    def place(self, title: str, told: str) -> Iterator[None]:
        """Keep a new article and look for what tells the same news; the transaction ends with the block.

        A round has one transaction for all that a source told, so its end is not counted.
        """
        self._placed += 1
        address = f"new/{self._placed}"
        article = Article(
            portal="new",
            url=f"https://new.example/{self._placed}",
            address_key=address,
            guid=None,
            title=title,
            summary=text.shorten(told, 300),
            content=None,
            author=None,
            labels=(),
            image_url=None,
            published_at=None,
            fingerprint=fingerprint(title, told).to_json(),
        )
        with self._store.write() as memory:
            keep(
                memory,
                [Reading(article, (ArticleKey(KeyKind.ADDRESS, address),))],
                newsroom=self._newsroom,
                now=NOW,
            )
            yield

    def close(self) -> None:
        self._store.close()


def _crowd(
    size: int, stock: Sequence[Told], spread: random.Random
) -> tuple[list[tuple[str, str]], list[list[int]]]:
    """Kept articles as an index sees them: a third of an article's keys are phrases that many articles share.

    What stands in the shared phrases, and how often, is drawn from real fingerprints; the other keys are its own.
    """
    kept = [told.fingerprint.to_json() for told in stock]
    phrases = [key for told in stock for key in index_keys(told.fingerprint)]
    articles: list[tuple[str, str]] = []
    keys: list[list[int]] = []
    for number in range(size):
        articles.append((f"portal-{number % 60}", kept[number % len(kept)]))
        length = spread.randint(15, 70)
        common = [phrases[int(len(phrases) * spread.random() ** 3)] for _ in range(length // 3)]
        keys.append(common + [spread.getrandbits(40) for _ in range(length - len(common))])
    return articles, keys


def _print_cost() -> bool:
    files = [read(name) for name in ("known.toml", "held-out.toml")]
    stock = [told for file in files for told in file.articles.values() if told.fingerprint.runs > 60]
    written = [article for file in files for article in file.written.values() if len(article[1]) > 600]
    cost: dict[int, list[float]] = {FEW: [], MANY: []}
    with tempfile.TemporaryDirectory() as folder:
        crowds = {size: Kept(Path(folder) / f"{size}.db") for size in cost}
        for size, kept in crowds.items():
            print(f"keeping {size:,} articles …", flush=True)
            kept.fill(*_crowd(size, stock, random.Random(size)))
        spread = random.Random(1)
        for number in range(WARM_UP + PLACED):
            title, told = spread.choice(written)
            told = _altered(told, spread)
            # By turns, so that what else this machine does meets both alike.
            for size, kept in crowds.items():
                begun = time.process_time()
                with kept.place(title, told):
                    took = (time.process_time() - begun) * 1000
                if number >= WARM_UP:
                    cost[size].append(took)
        for kept in crowds.values():
            kept.close()
    for size, times in cost.items():
        slow = statistics.quantiles(times, n=20)[-1]
        median = statistics.median(times)
        print(f"placing one article among {size:>7,}: {median:.2f} ms of CPU, 95 % within {slow:.2f} ms")
    few, many = (statistics.median(took) for took in cost.values())
    print(f"{many:.2f} ms (at most {MOST_MS:g} ms), {many / few:.2f}× (at most {MOST_RATIO}×)")
    return many > MOST_MS or many / few > MOST_RATIO


def _altered(told: str, spread: random.Random) -> str:
    """The text with every tenth word changed, so that no two placed ones are alike."""
    return " ".join(
        word if spread.random() > 0.1 else f"{word}{spread.choice('aeiou')}{spread.choice('nmt')}"
        for word in told.split(" ")
    )


if __name__ == "__main__":
    missed = _print_quality() | _print_cost()
    raise SystemExit(missed)
