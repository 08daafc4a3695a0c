"""Portals that move: another port, and with it every address and every GUID that holds one."""

from __future__ import annotations

import re
from pathlib import Path

from syndication.bootstrap import House
from syndication.collect.pipeline import Result, collect
from syndication.demo.portals import SOFTWARE, DemoPortals, write_catalogue
from syndication.publish.pipeline import publish
from syndication.settings import read_settings
from tests.cast import ObedientClock


def test_portals_that_move_and_change_all_their_guids_announce_nothing_again(
    house: House, environment: dict[str, str], portals: DemoPortals, clock: ObedientClock, tmp_path: Path
) -> None:
    list(collect(house.round, due_only=False))
    publish(house.press)
    with house.store.read() as memory:
        before = {story.id: story.announced_at for story in memory.stories.newest("all", limit=500)}
        kept = memory.articles.count_by_portal()
    clock.pass_(hours=2)
    with DemoPortals(ports=dict.fromkeys(SOFTWARE, 0)) as moved:
        feeds = tmp_path / "moved"
        write_catalogue(moved.addresses, into=feeds)
        for portal, address in moved.addresses.items():
            file = feeds / "portals" / f"{portal}.toml"
            old = f'hosts = ["{address}", "{portals.addresses[portal]}"'
            text, hosts = re.subn(rf'hosts\s*= \["{address}"', old, file.read_text(encoding="utf-8"))
            assert hosts == 1
            file.write_text(text, encoding="utf-8")
        there = environment | {
            "SYNDICATION_FEEDS_DIR": str(feeds),
            "SYNDICATION_PRIVATE_HOSTS": ",".join(moved.addresses.values()),
        }
        again = House(read_settings(there), now=clock)
        again.__dict__.update(store=house.store, sandbox=house.sandbox)
        reports = list(collect(again.round, due_only=False))
    assert [report for report in reports if report.result is Result.FAILED] == []
    assert sum(report.new for report in reports) == 0
    assert publish(again.press).announced == 0
    with again.store.read() as memory:
        after = {story.id: story.announced_at for story in memory.stories.newest("all", limit=500)}
        assert memory.articles.count_by_portal() == kept
    assert after == before
    assert len(after) > 30
