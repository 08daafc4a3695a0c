"""The pages for people, and the links in their mails."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from html import unescape
from types import SimpleNamespace
from typing import cast

import lxml.html
import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import render_template, render_template_string
from flask.testing import FlaskClient
from jinja2 import Environment

from syndication.bootstrap import House
from syndication.collect.pipeline import corrections
from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.issue import approve_issue, compose_issue
from syndication.domain.subscriber import Registration, SubscriberState
from syndication.settings import HOUSE, read_settings
from syndication.web import create_app
from syndication.web.views import views
from tests.digest.test_render import an_entry, an_issue


def found(page: bytes, path: str) -> list[str]:
    """What an XPath of attributes finds in a page."""
    return [str(one) for one in cast("list[str]", lxml.html.fromstring(page).xpath(path))]


@pytest.fixture
def client(news: House) -> Iterator[FlaskClient]:
    with create_app(news).test_client() as client:
        yield client


def test_the_front_page_shows_news_and_tells_readers_of_its_feeds(client: FlaskClient, house: House) -> None:
    body = client.get("/").data
    with house.store.read() as memory:
        newest = memory.stories.newest("all", limit=1)[0]
    assert newest.title in " ".join(found(body, "//main//text()"))
    offered = found(body, "//link[@rel='alternate' and contains(@href, '/feeds/')]/@href")
    assert offered == [f"https://tin.example.vn/feeds/all.{form}" for form in ("rss", "atom", "json", "rdf")]
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
    allowed = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in allowed
    assert found(answer.data, "//@style") == []
    sheets = found(answer.data, "//style/text()")
    assert sheets
    for sheet in sheets:
        assert b64encode(sha256(sheet.encode()).digest()).decode() in allowed
    assert issue.content.hero
    assert issue.content.hero.title in unescape(answer.text).replace("\u00a0", " ")
    assert "unsubscribe" not in answer.text
    assert "https://tin.example.vn/subscribe" in found(answer.data, "//nav//a/@href")
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


def test_an_issues_page_offers_the_next_ones_only_while_sign_up_is_open(
    news: House, three_readers: list[Registration], environment: dict[str, str]
) -> None:
    house = news
    issue = compose_issue(house.office)
    approve_issue(house.office, issue.id, by="Lan")
    list(send_issue(house.office))
    closed = House(read_settings({**environment, "SYNDICATION_SIGN_UP": "closed"}), now=house.now)
    closed.__dict__.update(store=house.store)
    with create_app(closed).test_client() as client:
        links = found(client.get(f"/digest/{issue.id}").data, "//nav//a/@href")
    assert links == ["https://tin.example.vn/", "https://tin.example.vn/digest/"]


def test_browsers_find_our_mark_and_crawlers_what_to_leave(client: FlaskClient) -> None:
    named = found(client.get("/").data, "//link[@rel='icon']/@href")
    for path in (*named, "/favicon.ico"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
        assert answer.data.startswith(b"<svg ")
        assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    robots = client.get("/robots.txt")
    assert robots.mimetype == "text/plain"
    assert "Disallow: /search?" in robots.text.splitlines()


def test_what_is_too_large_is_refused_in_the_visitors_language(client: FlaskClient) -> None:
    too_large = {"email": "a" * 70_000}
    vietnamese, english = (client.post(path, data=too_large) for path in ("/subscribe", "/en/subscribe"))
    assert (vietnamese.status_code, english.status_code) == (413, 413)
    assert "Nội dung gửi lên quá lớn" in vietnamese.text
    assert "That is too much to send" in english.text


def test_the_stylesheet_may_be_kept_for_ever(client: FlaskClient) -> None:
    href = found(client.get("/").data, "//link[@rel='stylesheet']/@href")[0]
    answer = client.get(href)
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/assets/page.html").status_code == 404


def test_a_story_says_who_tells_it_and_why_they_were_taken_together(
    client: FlaskClient, house: House
) -> None:
    with house.store.read() as memory:
        story = next(one for one in memory.stories.newest("all", limit=99) if len(one.tellings) > 1)
    page = client.get(f"/stories/{story.id}").data.decode()
    for telling in story.tellings:
        assert house.catalogue.portals[telling.portal].name in page
        assert telling.url in unescape(page)
    assert page.count("Gộp vào tin này vì trùng") == len(story.tellings) - 1


def test_a_storys_page_keeps_room_for_its_picture_as_large_as_the_portal_says(
    client: FlaskClient, house: House
) -> None:
    with house.store.read() as memory:
        shown = [one for one in memory.stories.newest("all", limit=99) if one.image_url]
    sizes = {bool(one.image_size): one for one in shown}
    assert set(sizes) == {True, False}
    for story in sizes.values():
        page = client.get(f"/stories/{story.id}").data
        room = (found(page, "//figure/img/@width"), found(page, "//figure/img/@height"))
        width, height = story.image_size or (960, 540)
        assert room == ([str(width)], [str(height)])
    # Lists show every picture in a box of one shape.
    for page in (client.get("/").data, client.get("/portals/song-dao").data):
        assert set(found(page, "//a[@class='picture']/img/@width")) == {"640"}
        assert set(found(page, "//a[@class='picture']/img/@height")) == {"360"}


def test_a_withdrawn_story_is_gone_and_says_so(client: FlaskClient, house: House) -> None:
    with house.store.read() as memory:
        story = memory.stories.newest("all", limit=1)[0]
    corrections.withdraw(house.round, story.id, why="Cổng báo nhầm")
    answer = client.get(f"/stories/{story.id}")
    assert answer.status_code == 410
    assert "không còn nữa" in answer.data.decode()
    assert story.title not in client.get("/").data.decode()


def test_the_front_page_is_light(client: FlaskClient) -> None:
    for path in ("/", "/en/"):
        assert len(client.get(path).data) <= 60_000


def test_every_page_speaks_english_behind_en_and_says_so(client: FlaskClient, house: House) -> None:
    with house.store.read() as memory:
        story = memory.stories.newest("all", limit=1)[0]
    for path in (
        "/",
        "/categories/chuyen-doi-so",
        "/portals/song-dao",
        f"/stories/{story.id}",
        "/search",
        "/search?q=hoi+nghi",
        "/feeds/",
        "/digest/",
        "/embed/",
    ):
        vietnamese, english = client.get(path), client.get(f"/en{path}")
        assert (vietnamese.status_code, english.status_code) == (200, 200)
        for page, spoken, own in ((vietnamese, "vi", path), (english, "en", f"/en{path}")):
            assert found(page.data, "/html/@lang") == [spoken]
            assert found(page.data, "//link[@rel='canonical']/@href") == [f"https://tin.example.vn{own}"]
            assert found(page.data, "//link[@hreflang='vi']/@href") == [f"https://tin.example.vn{path}"]
            assert found(page.data, "//link[@hreflang='en']/@href") == [f"https://tin.example.vn/en{path}"]
            assert "Set-Cookie" not in page.headers
        assert "Skip to the content" in english.text
        assert "Tới nội dung chính" in vietnamese.text
    nowhere = client.get("/en/nowhere")
    assert nowhere.status_code == 404
    assert "There is no such page" in nowhere.text


def test_vietnamese_inside_an_english_page_is_marked_as_such(client: FlaskClient) -> None:
    page = client.get("/en/").data
    headlines = found(page, "//article//*[self::h2 or self::h3]/@lang")
    assert headlines
    assert set(headlines) == {"vi"}
    assert len(headlines) == len(found(page, "//article//*[self::h2 or self::h3]/a/@href"))
    assert found(client.get("/").data, "//article//*[self::h2 or self::h3]/@lang") == []


def test_what_an_english_page_leads_to_is_english_too(client: FlaskClient) -> None:
    leading = found(client.get("/en/").data, "//main//a[contains(@href, 'tin.example.vn')]/@href")
    assert leading
    assert [one for one in leading if not one.startswith("https://tin.example.vn/en/")] == []


def test_older_stories_are_a_page_further_and_none_is_missed(client: FlaskClient, house: House) -> None:
    with house.store.read() as memory:
        wanted = [story.id for story in memory.stories.newest("khac", limit=500)]
        added = [f"x{number}" for number in range(70)]
    with house.store.write() as memory:
        lead = memory.stories.standing(wanted[0])
        assert lead
        assert lead.lead_article
        start = (memory.stories.last_announced() or house.now()) + timedelta(seconds=1)
        for number, story in enumerate(added):
            memory.stories.add(story, tag=f"tag:{story}", now=house.now())
            memory.stories.led_by(story, lead.lead_article)
            memory.connection.exec_driver_sql(
                "INSERT INTO articles (portal, story, url, title, summary, labels, categories, first_seen_at, "
                f"changed_at, content_hash) SELECT portal, '{story}', url || '{story}', title, summary, labels, "
                f"categories, first_seen_at, changed_at, content_hash FROM articles WHERE id = {lead.lead_article}"
            )
            memory.stories.announce(story, at=start + timedelta(seconds=number), feeds=["khac"])
    seen: list[str] = []
    path: str | None = "/categories/khac"
    while path:
        page = client.get(path)
        assert page.status_code == 200
        seen += [one.rpartition("/")[2] for one in found(page.data, "//article//h2/a/@href")]
        path = next(iter(found(page.data, "//a[@rel='next']/@href")), "").removeprefix(
            "https://tin.example.vn"
        )
    assert seen == [*reversed(added), *wanted]
    assert client.get("/categories/khac?before=1").status_code == 404
    assert client.get("/categories/khac?before=x' OR 1=1").status_code == 200


def test_a_portal_says_how_well_it_can_be_followed_and_what_it_was_called(
    client: FlaskClient, house: House
) -> None:
    portal = next(one for one in house.catalogue.portals.values() if one.former_names)
    page = client.get(f"/portals/{portal.id}").text
    assert portal.former_names[0].name in unescape(page)
    assert "Đang theo dõi đều đặn" in page
    with house.store.write() as memory:
        for record in memory.sources.all():
            long_ago = house.now() - timedelta(days=3)
            memory.connection.exec_driver_sql(
                f"UPDATE sources SET succeeded_at = '{long_ago:%Y-%m-%d %H:%M:%S}' WHERE id = {record.id}"
            )
            memory.sources.failed(record.id, at=house.now(), next_at=house.now(), error="it does not answer")
    assert "không đọc được cổng" in client.get(f"/portals/{portal.id}").text


def test_history_that_was_kept_back_can_be_read_and_says_what_it_is(
    client: FlaskClient, house: House
) -> None:
    with house.store.write() as memory:
        story = memory.stories.newest("all", limit=1)[0]
        memory.connection.exec_driver_sql(
            f"UPDATE stories SET kept_back_at = announced_at, announced_at = NULL WHERE id = '{story.id}'"
        )
        memory.connection.exec_driver_sql(f"DELETE FROM placements WHERE story = '{story.id}'")
        memory.search.touch(story.id)
    page = client.get(f"/stories/{story.id}")
    assert page.status_code == 200
    assert "Tin cũ, được lưu để tra cứu" in page.text
    assert f"/stories/{story.id}" not in client.get("/").text
    assert f"/stories/{story.id}" in client.get("/search", query_string={"q": story.title}).text


def test_every_text_of_the_templates_is_there_in_english() -> None:
    folder = HOUSE / "templates"
    with (folder / "translations/en/LC_MESSAGES/messages.po").open("rb") as written:
        catalogue = read_po(written)
    reader = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    texts = {
        one if isinstance(one, str) else one[0]
        for place in ("_base", "pages", "embeds")
        for path in sorted((folder / place).glob("*.html"))
        for _, _, one in reader.extract_translations(  # type: ignore[attr-defined] # the extension adds it
            path.read_text(encoding="utf-8"), ("_", "ngettext")
        )
    }
    assert len(texts) > 150
    known = {
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id and all(message.string if isinstance(message.string, tuple) else [message.string])
    }
    assert texts == known
    with (folder / "translations/en/LC_MESSAGES/messages.mo").open("rb") as compiled:
        served = read_mo(compiled)
    # Plural forms come as lists from one reader and as tuples from the other.
    read = [
        sorted((str(one.id).strip("()[]"), str(one.string).strip("()[]")) for one in each if one.id)
        for each in (served, catalogue)
    ]
    assert read[0] == read[1]


BYLINE = '{% import "_base/story.html" as show with context %}{{ show.byline(story) }}'


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("tellers", "asked_for"), [(1, 0), (6, 0), (7, 3), (12, 8)])
def test_a_list_names_every_portal_of_a_story_and_many_of_them_once_asked(
    news: House, tellers: int, asked_for: int
) -> None:
    with news.store.read() as memory:
        story = memory.stories.newest("all", limit=1)[0]
    many = tuple(
        replace(story.tellings[0], portal=f"cong-{one}", url=f"https://cong{one}.example/tin")
        for one in range(tellers)
    )
    with create_app(news).test_request_context("/en/"):
        (view,) = views([replace(story, tellings=many)])
        byline = render_template_string(BYLINE, story=view, language="en")
    named = found(byline.encode(), "//a/@href")
    assert len(named) == tellers
    assert len(found(byline.encode(), "//details//a/@href")) == asked_for
    assert (f"and {asked_for} other portals" in byline) == bool(asked_for)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_counts_on_english_pages_know_one_from_many(house: House) -> None:
    one, two = (
        SimpleNamespace(
            id="2026-w47", content=an_issue(hero=None, sections=(tuple(map(an_entry, range(stories))),))
        )
        for stories in (1, 2)
    )
    with create_app(house).test_request_context("/en/digest/"):
        page = render_template("pages/digests.html", issues=[one, two], language="en")
    counts = found(page.encode(), "//ol//p[@class='byline']/text()")
    assert counts == ["1 story from 1 portal", "2 stories from 2 portals"]
