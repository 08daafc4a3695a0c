"""Posts of a WordPress in several pages, over real HTTP and in the sandbox: read on while everything in them is new."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndication.catalogue import read_catalogue
from syndication.collect.fetch import Fetcher
from syndication.collect.pipeline import Round, SourceReport, collect
from syndication.collect.sandbox import Sandbox
from syndication.links import Links
from syndication.store import open_store
from tests.cast import ObedientClock
from tests.collect.pages import Pages, lead, pages_on_loopback, title

SIZE = 20
POSTS = f"/wp-json/wp/v2/posts?_embed=1&per_page={SIZE}"
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

Collect = Callable[[], SourceReport]


@pytest.fixture
def pages() -> Iterator[Pages]:
    with pages_on_loopback() as served:
        yield served


@pytest.fixture
def clock() -> ObedientClock:
    return ObedientClock(START)


@pytest.fixture
def collect_once(pages: Pages, tmp_path: Path, clock: ObedientClock, sandbox: Sandbox) -> Iterator[Collect]:
    (tmp_path / "portals").mkdir()
    (tmp_path / "categories.toml").write_text(
        '[[category]]\nslug = "khac"\ntitle = "Khác"\n', encoding="utf-8"
    )
    (tmp_path / "portals" / "cong.toml").write_text(
        f'name = "Cổng"\nhome = "{pages.url()}"\nhosts = ["{pages.address}"]\n'
        f'[[source]]\nurl = "{pages.url("/wp-json/wp/v2/posts")}"\nread = "wordpress"\n[article]\nfetch = "never"\n',
        encoding="utf-8",
    )
    store = open_store(f"sqlite:///{tmp_path / 'paging.db'}")
    store.migrate()
    house = Round(
        store=store,
        catalogue=read_catalogue(tmp_path),
        links=Links("https://tin.example.vn"),
        open_fetcher=lambda: Fetcher(user_agent="syndication/test", private_hosts=frozenset({pages.address})),
        sandbox=sandbox,
        user_agent="syndication/test",
        now=clock,
    )

    def once() -> SourceReport:
        (report,) = collect(house, due_only=False)
        return report

    yield once
    store.close()


def publish(pages: Pages, count: int, *, said_by: str) -> None:
    """Let the portal hold so many posts, the newest first, and say where the next page is by one of its headers."""
    numbers = list(range(count, 0, -1))
    total = -(-count // SIZE)
    for page in range(1, total + 1):
        posts = [
            {
                "link": pages.url(f"/bai-{n}.html"),
                "title": {"rendered": title(n)},
                "excerpt": {"rendered": lead(n)},
                "date_gmt": f"{START + timedelta(hours=n - 100):%Y-%m-%dT%H:%M:%S}",
            }
            for n in numbers[(page - 1) * SIZE : page * SIZE]
        ]
        following = f'<{pages.url(f"{POSTS}&page={page + 1}")}>; rel="next"'
        headers = {"X_WP_TotalPages": str(total)} if said_by == "number" else {}
        headers |= {"Link": following} if said_by == "link" and page < total else {}
        path = POSTS if page == 1 else f"{POSTS}&page={page}"
        pages.put(path, json.dumps(posts), kind="application/json", **headers)


@pytest.mark.parametrize("said_by", ["link", "number"])
def test_a_source_that_wrote_much_meanwhile_is_read_to_where_we_left_it(
    pages: Pages, clock: ObedientClock, collect_once: Collect, said_by: str
) -> None:
    publish(pages, 30, said_by=said_by)
    assert collect_once().new == 20  # a first reading takes the first page and leaves the history
    clock.pass_(days=5)
    pages.asked.clear()
    publish(pages, 75, said_by=said_by)
    report = collect_once()
    assert (report.new, report.error) == (45, None)
    assert pages.asked == [POSTS, f"{POSTS}&page=2", f"{POSTS}&page=3"]
    pages.asked.clear()
    assert collect_once().new == 0
    assert pages.asked == [POSTS]


def test_a_next_page_on_a_strangers_host_is_not_asked_for(
    pages: Pages, clock: ObedientClock, collect_once: Collect
) -> None:
    publish(pages, 5, said_by="nobody")
    assert collect_once().new == 5
    clock.pass_(days=5)
    publish(pages, 25, said_by="nobody")
    pages.headers[POSTS] = {"Link": '<http://127.0.0.1:1/wp-json/wp/v2/posts?page=2>; rel="next"'}
    report = collect_once()
    assert (report.new, report.error) == (20, None)
