"""The pages for people, and the links in their mails."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import cast

import lxml.html
import pytest
from flask.testing import FlaskClient

from syndication.bootstrap import House
from syndication.collect.pipeline import collect, corrections
from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.issue import approve_issue, compose_issue
from syndication.domain.subscriber import Registration, SubscriberState
from syndication.publish.pipeline import publish
from syndication.web import create_app


def found(page: bytes, path: str) -> list[str]:
    """What an XPath of attributes finds in a page."""
    return [str(one) for one in cast("list[str]", lxml.html.fromstring(page).xpath(path))]


@pytest.fixture
def client(house: House) -> Iterator[FlaskClient]:
    list(collect(house.round, due_only=False))
    publish(house.press)
    with create_app(house).test_client() as client:
        yield client


def test_the_front_page_shows_news_and_tells_readers_of_its_feeds(client: FlaskClient, house: House) -> None:
    body = client.get("/").data
    with house.store.read() as memory:
        newest = memory.stories.newest("all", limit=1)[0]
    assert newest.title in " ".join(found(body, "//main//text()"))
    assert found(body, "//link[@rel='alternate']/@href") == [
        "https://tin.example.vn/feeds/all.rss",
        "https://tin.example.vn/feeds/all.atom",
    ]
    assert found(body, "/html/@lang") == ["vi"]
    assert b"<script" not in body


def test_a_story_is_told_once_on_the_front_page(client: FlaskClient) -> None:
    headlines = found(
        client.get("/").data, "//main//*[self::h2 or self::h3]/a[contains(@href, '/stories/')]/@href"
    )
    assert len(headlines) > 15
    assert len(headlines) == len(set(headlines))


def test_every_page_we_link_to_is_there(client: FlaskClient) -> None:
    seen: set[str] = set()
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "Set-Cookie" not in answer.headers
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        if answer.mimetype != "text/html":
            continue
        for link in found(answer.data, "//a/@href | //link/@href"):
            local = link.removeprefix("https://tin.example.vn").partition("#")[0] or "/"
            if local.startswith("/") and local not in seen:
                seen.add(local)
                waiting.append(local)
    assert len(seen) > 60


def test_an_unknown_page_helps_and_repeats_nothing_of_the_visitors(client: FlaskClient) -> None:
    for path in (
        "/nowhere/<script>alert(1)</script>",
        "/categories/khong-co",
        "/stories/none",
        "/digest/2020-w01",
    ):
        answer = client.get(path)
        assert answer.status_code == 404
        assert b"alert(1)" not in answer.data
        assert b"https://tin.example.vn/" in answer.data


def test_a_page_is_304_to_who_has_it(client: FlaskClient) -> None:
    first = client.get("/")
    assert client.get("/", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_a_sent_issue_is_public_and_a_draft_is_not(
    client: FlaskClient, house: House, three_readers: list[Registration]
) -> None:
    issue = compose_issue(house.office)
    assert client.get(f"/digest/{issue.id}").status_code == 404
    approve_issue(house.office, issue.id, by="Lan")
    list(send_issue(house.office))
    answer = client.get(f"/digest/{issue.id}")
    assert answer.status_code == 200
    assert issue.content.hero
    assert issue.content.hero.title in unescape(answer.text)
    assert "unsubscribe" not in answer.text
    assert issue.id in client.get("/digest/").text


def state_of(house: House, subscriber: int) -> SubscriberState:
    with house.store.read() as memory:
        found = memory.subscribers.get(subscriber)
    assert found
    return found.state


def test_a_get_never_unsubscribes_and_a_post_does_at_one_click(
    client: FlaskClient, house: House, three_readers: list[Registration]
) -> None:
    link = f"/unsubscribe/{house.office.signer.sign('unsubscribe', '1')}"
    for method in ("get", "head"):
        assert client.open(link, method=method.upper()).status_code == 200
        assert state_of(house, 1) is SubscriberState.ACTIVE
    answer = client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert state_of(house, 1) is SubscriberState.UNSUBSCRIBED
    assert client.post(link).status_code == 200
    assert state_of(house, 2) is SubscriberState.ACTIVE


def test_a_forged_link_does_nothing(
    client: FlaskClient, house: House, three_readers: list[Registration]
) -> None:
    token = house.office.signer.sign("unsubscribe", "1")
    other = house.office.signer.sign("confirm", "1")
    forged = token[:-1] + ("a" if token[-1] != "a" else "b")
    for bad in (forged, other, "1", "x" * 5000, "%00"):
        assert client.post(f"/unsubscribe/{bad}").status_code == 404
    assert state_of(house, 1) is SubscriberState.ACTIVE


def test_monitors_are_told_whether_it_lives_and_can_serve(client: FlaskClient) -> None:
    assert client.get("/health").data == b"ok\n"
    assert client.get("/ready").data == b"ready\n"


def test_the_stylesheet_may_be_kept_for_ever(client: FlaskClient) -> None:
    href = found(client.get("/").data, "//link[@rel='stylesheet']/@href")[0]
    answer = client.get(href)
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/assets/page.html").status_code == 404


def test_a_story_says_who_tells_it_and_why_they_were_taken_together(client: FlaskClient, house: House) -> None:
    with house.store.read() as memory:
        story = next(one for one in memory.stories.newest("all", limit=99) if len(one.tellings) > 1)
    page = client.get(f"/stories/{story.id}").data.decode()
    for telling in story.tellings:
        assert house.catalogue.portals[telling.portal].name in page
        assert telling.url in unescape(page)
    assert page.count("Gộp vào tin này vì trùng") == len(story.tellings) - 1


def test_a_withdrawn_story_is_gone_and_says_so(client: FlaskClient, house: House) -> None:
    with house.store.read() as memory:
        story = memory.stories.newest("all", limit=1)[0]
    corrections.withdraw(house.round, story.id, why="Cổng báo nhầm")
    answer = client.get(f"/stories/{story.id}")
    assert answer.status_code == 410
    assert "không còn nữa" in answer.data.decode()
    assert story.title not in client.get("/").data.decode()
