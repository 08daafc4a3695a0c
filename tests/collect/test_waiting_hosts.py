"""A host that asks us, through several of its sources, to come less often is left alone with all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndication.catalogue import read_catalogue
from syndication.collect.fetch import Fetcher, Limits
from syndication.collect.pipeline import Result, Round, SourceReport, collect
from syndication.collect.sandbox import Sandbox
from syndication.links import Links
from syndication.store import Store
from syndication.store.sources import SourceRecord
from tests.cast import ObedientClock
from tests.collect.pages import rss, rss_item
from tests.collect.portal_double import PortalDouble, portal_on_loopback, reply

HOURS = timedelta(hours=1)
BUSY = "429 Too Many Requests"

Open = Callable[[str], Round]


@pytest.fixture
def portal() -> Iterator[PortalDouble]:
    with portal_on_loopback() as portal:
        yield portal


@pytest.fixture
def clock() -> ObedientClock:
    return ObedientClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))


@pytest.fixture
def open_round(
    portal: PortalDouble, tmp_path: Path, clock: ObedientClock, store: Store, sandbox: Sandbox
) -> Open:
    """A round over sources at these paths of the portal, asked one after the other in this order."""

    def make(paths: str) -> Round:
        (tmp_path / "portals").mkdir()
        (tmp_path / "categories.toml").write_text(
            '[[category]]\nslug = "khac"\ntitle = "Khác"\n', encoding="utf-8"
        )
        sources = "".join(
            f'[[source]]\nurl = "{portal.url(f"/{path}")}"\nread = "feed"\nevery = "1h"\n' for path in paths
        )
        (tmp_path / "portals" / "cong.toml").write_text(
            f'name = "Cổng"\nhome = "{portal.url("/")}"\nhosts = ["{portal.authority()}"]\n{sources}'
            '[article]\nfetch = "never"\n',
            encoding="utf-8",
        )
        return Round(
            store=store,
            catalogue=read_catalogue(tmp_path),
            links=Links("https://tin.example.vn"),
            open_fetcher=lambda: Fetcher(
                user_agent="syndication/test",
                private_hosts=frozenset({portal.authority()}),
                limits=Limits(per_host=1),
            ),
            sandbox=sandbox,
            user_agent="syndication/test",
            now=clock,
        )

    return make


def news(portal: PortalDouble, path: str) -> None:
    number = ord(path)
    body = rss(rss_item(number, "Mon, 23 Nov 2026 08:00:00 +0700")).replace("HOST", portal.url(""))
    portal.on(f"/{path}", reply("200 OK", body.encode()))


def refuse(portal: PortalDouble, path: str, *, seconds: int) -> None:
    portal.on(f"/{path}", reply(BUSY, b"", f"Retry-After: {seconds}"))


def by_path(reports: list[SourceReport]) -> dict[str, SourceReport]:
    return {report.url[-1]: report for report in reports}


def records(store: Store) -> dict[str, SourceRecord]:
    with store.read() as memory:
        return {record.url[-1]: record for record in memory.sources.all()}


def asked(portal: PortalDouble) -> str:
    paths = "".join(one.path[1:] for one in portal.asked)
    portal.asked.clear()
    return paths


def test_a_host_that_refuses_three_sources_is_not_asked_for_the_others_until_it_wants(
    portal: PortalDouble, clock: ObedientClock, store: Store, open_round: Open
) -> None:
    for path in "aef":
        news(portal, path)
    for path, seconds in zip("bcd", (3600, 7200, 60), strict=True):
        refuse(portal, path, seconds=seconds)
    house = open_round("abcdef")
    reports = by_path(list(collect(house)))
    assert asked(portal) == "abcd"
    assert {path: report.result for path, report in reports.items()} == {
        "a": Result.NEW,
        **dict.fromkeys("bcd", Result.FAILED),
        **dict.fromkeys("ef", Result.SKIPPED),
    }
    assert "asks us to come less often" in (reports["e"].error or "")
    assert "2 h" in (reports["e"].error or "")

    kept = records(store)
    assert [(kept[path].failures, kept[path].error) for path in "aef"] == [(0, None)] * 3
    assert [kept[path].failures for path in "bcd"] == [1, 1, 1]
    for record in kept.values():
        assert 1.99 * HOURS < record.next_at - clock() <= 2 * HOURS

    clock.pass_(hours=1.9)
    assert list(collect(house)) == []
    for path in "bcd":
        news(portal, path)
    clock.pass_(hours=0.2)
    assert {report.result for report in collect(house)} == {Result.NEW, Result.UNCHANGED}
    assert asked(portal) == "abcdef"


def test_refusals_in_rounds_shortly_after_each_other_count_together(
    portal: PortalDouble, clock: ObedientClock, store: Store, open_round: Open
) -> None:
    for path in "abcd":
        news(portal, path)
    house = open_round("abcd")
    list(collect(house))
    for minutes, path in enumerate("abcd", start=1):
        with store.write() as memory:
            memory.sources.put_off(records(store)[path].id, next_at=clock() + timedelta(minutes=minutes))
    for path in "abc":
        refuse(portal, path, seconds=5 * 3600)
    asked(portal)
    for path in "abc":
        clock.pass_(minutes=1)
        assert [report.url[-1] for report in collect(house)] == [path]
    clock.pass_(minutes=1)
    assert list(collect(house)) == []
    assert asked(portal) == "abc"
    assert records(store)["d"].next_at - clock() > 4.9 * HOURS


def test_two_sources_that_are_refused_leave_the_others_alone(
    portal: PortalDouble, clock: ObedientClock, store: Store, open_round: Open
) -> None:
    """One feed, or a pair, may ask for a day: that must not silence its neighbours."""
    for path in "ab":
        refuse(portal, path, seconds=86400)
    news(portal, "c")
    reports = by_path(list(collect(open_round("abc"))))
    assert reports["c"].result is Result.NEW
    assert records(store)["c"].next_at - clock() < 1.2 * HOURS
