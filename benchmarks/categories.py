"""How often the categories of feeds/ are right, and what one decision costs.

Prints the accuracy on labelled articles: those the words were weighed by, and those held out, which nobody looks at
while weighing (--no-misses prints no misses, so that they stay unseen); then every miss, and microseconds of CPU per
article. Ends with 1 where the accuracy is below what we claim.
"""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from syndication.catalogue import read_catalogue
from syndication.collect.categorise import Categoriser
from syndication.domain.article import Article
from syndication.settings import HOUSE

SAMPLES = HOUSE / "tests" / "samples" / "categories"
FILES = ("tuning.toml", "held-out.toml")
LEAST_RIGHT = 0.90
ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article, and where an editor would put it (tests/samples/categories/README.md)."""

    article: Article
    main: str
    also: tuple[str, ...]

    def rightly_in(self, decided: Sequence[str]) -> bool:
        """The main category is there, and none that an editor would not accept."""
        return self.main in decided and set(decided) <= {self.main, *self.also}


def read(file: Path) -> list[Labelled]:
    """The labelled articles of a file. Raises KeyError where a key is missing."""
    return [
        Labelled(
            Article(
                portal="mau",
                url=f"https://mau.example/{place}",
                address_key=f"mau.example/{place}",
                guid=None,
                title=one["title"],
                summary=one["lead"],
                content=None,
                author=None,
                labels=(one["label"],) if one["label"] else (),
                image_url=None,
                published_at=None,
            ),
            main=one["main"],
            also=tuple(one["also"]),
        )
        for place, one in enumerate(tomllib.loads(file.read_text(encoding="utf-8"))["article"])
    ]


def microseconds(categoriser: Categoriser, articles: Sequence[Article]) -> float:
    """CPU per article: the median of some rounds over all of them."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for article in articles:
            categoriser.decide(article)
        rounds.append((time.process_time() - start) / len(articles) * 1e6)
    return median(rounds)


def main() -> int:
    categories = read_catalogue(HOUSE / "feeds").categories
    categoriser = Categoriser.of(categories)
    enough = True
    articles: list[Article] = []
    for name in FILES:
        labelled = read(SAMPLES / name)
        articles += [one.article for one in labelled]
        decided = [categoriser.decide(one.article) for one in labelled]
        misses = [
            (one, got) for one, got in zip(labelled, decided, strict=True) if not one.rightly_in([*got])
        ]
        right = 1 - len(misses) / len(labelled)
        each = sum(map(len, decided)) / len(labelled)
        enough &= right >= LEAST_RIGHT
        print(f"{name}: {right:.3f} of {len(labelled)} articles right, {each:.2f} categories each")
        for one, got in misses if "--no-misses" not in sys.argv else ():
            label = one.article.labels[0] if one.article.labels else "no label"
            print(f"  {one.article.title} ({label})\n    an editor: {', '.join((one.main, *one.also))}")
            for slug, why in got.items():
                print(f"    we: {slug}. {why}")
    words = sum(len(one.sure_words) + len(one.words) + len(one.light_words) for one in categories)
    print(f"{microseconds(categoriser, articles):.0f} µs of CPU per article, with {words} words")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
