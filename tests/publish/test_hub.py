"""WebSub: a hub hears of every feed that changed, once, however often it fails in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl

import pytest

from syndication.collect.fetch import Fetcher, Request
from syndication.publish.hub import AT_ONCE, LONGEST_WAIT, Form, Post, ping, wait_after
from syndication.publish.pipeline import Press, publish, tell_hub
from syndication.store import Store
from tests.cast import ObedientClock
from tests.publish.cast import CATALOGUE, LINKS
from tests.store.stock import keep_story


class Hub:
    """A hub on loopback that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self.status = 204
        self.takes_several = True
        hub = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode())
                topics = [value for name, value in form if name == "hub.url"]
                assert ("hub.mode", "publish") in form
                refused = len(topics) > 1 and not hub.takes_several
                status = 400 if refused else hub.status
                if status == 204:
                    hub.told.append(topics)
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.host}/"

    @property
    def topics(self) -> set[str]:
        return {topic.removeprefix("https://tin.example.vn/feeds/") for ping in self.told for topic in ping}


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def post(hub: Hub) -> Iterator[Post]:
    """The one door out."""
    with Fetcher(user_agent="test", private_hosts=frozenset({hub.host})) as fetcher:

        def post(url: str, form: Form) -> None:
            fetcher.fetch(Request(url=url, form=form))

        yield post


@pytest.fixture
def press(store: Store, clock: ObedientClock, hub: Hub) -> Press:
    return Press(store=store, catalogue=CATALOGUE, links=LINKS, title="Điểm tin", now=clock, hub=hub.url)


def announce(press: Press, story: str, category: str) -> None:
    at = press.now()
    with press.store.write() as memory:
        keep_story(memory, story, portal="song-dao", categories=[category], published_at=at, now=at)
        memory.stories.announce(story, at=at, feeds=("all", category))
    publish(press)


def test_the_hub_hears_of_what_changed_and_of_nothing_else(
    press: Press, clock: ObedientClock, hub: Hub, post: Post
) -> None:
    announce(press, "mot", "khac")
    assert tell_hub(press, post=post) == 20
    hub.told.clear()
    assert tell_hub(press, post=post) == 0
    assert hub.told == []
    clock.pass_(minutes=1)
    announce(press, "hai", "khac")
    assert tell_hub(press, post=post) == 8
    assert hub.topics == {
        f"{name}.{form}" for name in ("all", "khac") for form in ("rss", "atom", "json", "rdf")
    }
    assert len(hub.told) == 1


def test_a_hub_that_is_away_is_told_later_of_everything_it_missed(
    press: Press, clock: ObedientClock, hub: Hub, post: Post
) -> None:
    announce(press, "mot", "khac")
    tell_hub(press, post=post)
    hub.told.clear()
    hub.status = 503
    clock.pass_(minutes=1)
    announce(press, "hai", "khac")
    assert tell_hub(press, post=post) == 0
    hub.status = 204
    assert tell_hub(press, post=post) == 0  # a minute has not passed
    clock.pass_(seconds=30)
    announce(press, "ba", "chuyen-doi-so")
    assert tell_hub(press, post=post) == 0
    clock.pass_(seconds=30)
    assert tell_hub(press, post=post) == 12
    assert {"khac.atom", "chuyen-doi-so.atom", "all.atom"} <= hub.topics


def test_a_hub_that_refuses_several_at_once_is_told_one_by_one(
    press: Press, clock: ObedientClock, hub: Hub, post: Post
) -> None:
    hub.takes_several = False
    announce(press, "mot", "khac")
    assert tell_hub(press, post=post) == 0
    clock.pass_(minutes=1)
    assert tell_hub(press, post=post) == 20
    assert [len(ping) for ping in hub.told] == [1] * 20


def test_two_who_ping_at_once_ping_once(press: Press, hub: Hub, post: Post) -> None:
    announce(press, "mot", "khac")

    def meanwhile(url: str, form: Form) -> None:
        assert tell_hub(press, post=post) == 0
        post(url, form)

    assert tell_hub(press, post=meanwhile) == 20
    assert len(hub.told) == 1


def test_who_is_killed_while_pinging_leaves_it_to_the_next(
    press: Press, clock: ObedientClock, hub: Hub, post: Post
) -> None:
    announce(press, "mot", "khac")

    def killed(url: str, form: Form) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tell_hub(press, post=killed)
    assert tell_hub(press, post=post) == 0
    clock.pass_(minutes=10)
    assert tell_hub(press, post=post) == 20


def test_many_addresses_go_in_several_pings() -> None:
    sent: list[Form] = []
    topics = [f"https://tin.example.vn/feeds/{number}.atom" for number in range(2 * AT_ONCE + 1)]
    ping("https://hub.example/", topics, post=lambda _, form: sent.append(form))
    assert [len(form) - 1 for form in sent] == [AT_ONCE, AT_ONCE, 1]
    assert [value for form in sent for name, value in form if name == "hub.url"] == topics


def test_the_wait_doubles_up_to_six_hours() -> None:
    waits = [wait_after(failures) for failures in range(1, 20)]
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT == wait_after(10_000)


def test_without_a_hub_nobody_is_told(store: Store, clock: ObedientClock) -> None:
    press = Press(store=store, catalogue=CATALOGUE, links=LINKS, title="Điểm tin", now=clock)
    announce(press, "mot", "khac")

    def nobody(url: str, form: Form) -> None:
        raise AssertionError(url)

    assert tell_hub(press, post=nobody) == 0
