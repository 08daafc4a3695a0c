"""What a page costs beyond its queries: the time the server takes, over the time its reading transactions take.

On SQLite with 5 000 stories of 40 portals; each page is asked for many times in one process, without a network. The
claim is a ratio of 3 at most, whatever the machine. Also printed: the size of each page, and how long a page takes that
the reader has already (304).
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syndication.bootstrap import House
from syndication.domain.story import feed_names
from syndication.settings import read_settings
from syndication.store import Memory, Store, open_store
from syndication.store.tables import articles, placements, stories, story_categories
from syndication.web import create_app

CLAIM = 3.0
STORIES = 5_000
TIMES = 40
NEWEST = datetime(2026, 11, 23, tzinfo=UTC)
WORDS = "chuyển đổi số dịch vụ công trực tuyến hội nghị tỉnh xã phường Đồ Sơn Hải Phòng lễ hội du lịch biển".split()


class Watched(Store):
    """A store that knows how long its readers held it."""

    spent = 0.0

    def __init__(self, inner: Store) -> None:
        super().__init__(inner._engine)

    @contextmanager
    def read(self) -> Iterator[Memory]:
        begun = time.perf_counter()
        with super().read() as memory:
            yield memory
        self.spent += time.perf_counter() - begun


def fill(house: House) -> None:
    """Announced stories of every portal and category of the catalogue."""
    chance = random.Random(1)
    portals = list(house.catalogue.portals)
    slugs = [one.slug for one in house.catalogue.categories]
    with house.store.write() as memory:
        for number in range(STORIES):
            at, name = NEWEST - timedelta(minutes=number), f"s{number}"
            portal, slug = chance.choice(portals), chance.choice(slugs)
            moments = {"first_seen_at": at}
            memory.connection.execute(
                stories.insert().values(
                    id=name, tag=name, lead_article=number + 1, announced_at=at, updated_at=at, **moments
                )
            )
            memory.connection.execute(
                articles.insert().values(
                    id=number + 1,
                    portal=portal,
                    story=name,
                    url=f"https://x.example/{number}",
                    title=" ".join(chance.choices(WORDS, k=12)),
                    summary=" ".join(chance.choices(WORDS, k=40)),
                    labels=[],
                    categories=[],
                    image_url="https://x.example/x.jpg",
                    published_at=at,
                    changed_at=at,
                    content_hash="x",
                    **moments,
                )
            )
            memory.connection.execute(story_categories.insert().values(story=name, category=slug, why="x"))
            feeds = [
                {"feed": feed, "story": name, "announced_at": at} for feed in feed_names([slug], [portal])
            ]
            memory.connection.execute(placements.insert(), feeds)
        memory.search.fill()


def main() -> None:
    """Measure every kind of page."""
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{folder}/bench.db"
        opened = open_store(address)
        opened.migrate()
        house = House(
            read_settings({"SYNDICATION_DATABASE_URL": address, "SYNDICATION_VAR_DIR": str(Path(folder))}),
            now=lambda: NEWEST,
        )
        store = house.__dict__["store"] = Watched(opened)
        fill(house)
        client = create_app(house).test_client()
        portal, slug = next(iter(house.catalogue.portals)), house.catalogue.categories[0].slug
        paths = {
            "front page": "/",
            "front page, English": "/en/",
            "category": f"/categories/{slug}",
            "portal": f"/portals/{portal}",
            "story": "/stories/s7",
            "search": "/search?q=do+son",
        }
        worst = 0.0
        for name, path in paths.items():
            first = client.get(path)
            whole, queries, known = [], [], []
            for _ in range(TIMES):
                store.spent = 0.0
                begun = time.perf_counter()
                client.get(path)
                whole.append((time.perf_counter() - begun) * 1000)
                queries.append(store.spent * 1000)
                begun = time.perf_counter()
                client.get(path, headers={"If-None-Match": first.headers["ETag"]})
                known.append((time.perf_counter() - begun) * 1000)
            ratio = statistics.median(whole) / statistics.median(queries)
            worst = max(worst, ratio)
            print(
                f"{name:22} {len(first.data) / 1000:6.1f} KB   {statistics.median(whole):6.1f} ms, "
                f"{statistics.median(queries):6.1f} of them queries: ratio {ratio:.1f}; "
                f"304 in {statistics.median(known):.1f} ms"
            )
        print(f"largest ratio {worst:.1f} of {CLAIM:.0f}: {'holds' if worst <= CLAIM else 'DOES NOT HOLD'}")
        opened.close()
        sys.exit(worst > CLAIM)


if __name__ == "__main__":
    main()
