"""Looking for a story as people do: by a name typed without its marks, in either language, with any nonsense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import lxml.html
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.bootstrap import House
from syndication.domain.week import IsoWeek
from syndication.text import fold
from syndication.web import create_app
from syndication.web.search import LONGEST, read_query
from tests.cast import ObedientClock


@pytest.fixture
def client(news: House) -> Iterator[FlaskClient]:
    with create_app(news).test_client() as client:
        yield client


def found(client: FlaskClient, *, path: str = "/search", **query: object) -> list[str]:
    """The ids of the stories a search shows."""
    page = client.get(path, query_string={name: str(value) for name, value in query.items()})
    assert page.status_code == 200
    links = cast("list[str]", lxml.html.fromstring(page.data).xpath("//article//h3/a/@href"))
    return [link.rpartition("/")[2] for link in links]


def test_a_story_is_found_by_its_title_without_marks_and_in_capitals(
    client: FlaskClient, house: House
) -> None:
    with house.store.read() as memory:
        story = memory.stories.newest("all", limit=1)[0]
    for said in (story.title, fold(story.title), story.title.upper(), f'"{story.title}"', f"«{story.title}»"):
        assert found(client, q=said)[0] == story.id
        assert found(client, path="/en/search", q=said)[0] == story.id


def test_what_was_looked_for_is_marked_as_it_was_written(client: FlaskClient, house: House) -> None:
    with house.store.read() as memory:
        story = next(one for one in memory.stories.newest("all", limit=99) if len(one.title.split()) > 3)
    two = " ".join(story.title.split()[:2])
    page = client.get("/search", query_string={"q": fold(two)})
    marked = cast("list[str]", lxml.html.fromstring(page.data).xpath("//mark/text()"))
    assert fold(two) in {fold(one) for one in marked}
    assert any(one in story.title for one in marked)


def test_a_search_can_be_held_to_a_category_a_portal_and_a_week(client: FlaskClient, house: House) -> None:
    with house.store.read() as memory:
        everything = memory.stories.newest("all", limit=500)
    story = everything[0]
    zone = house.settings.timezone
    week = IsoWeek.of(story.told_at.astimezone(zone).date())
    of_portal = {one.id for one in everything if any(t.portal == story.lead.portal for t in one.tellings)}
    of_week = {one.id for one in everything if IsoWeek.of(one.told_at.astimezone(zone).date()) == week}
    assert story.id in found(client, q=story.title, week=week)
    assert set(found(client, portal=story.lead.portal)) <= of_portal
    assert set(found(client, portal=story.lead.portal, week=week)) <= of_week & of_portal
    assert set(found(client, category=story.categories[0], week=str(week).upper())) <= of_week
    assert story.id not in found(client, q=story.title, week="2001-w01")


def test_nothing_found_helps_and_nothing_asked_shows_the_form(client: FlaskClient) -> None:
    page = client.get("/search?q=khongaiviet&portal=song-dao")
    assert "Không tìm thấy tin nào" in page.text
    assert "Tìm ở mọi chuyên mục" in page.text
    assert "Không tìm thấy" not in client.get("/search").text


def test_pages_of_what_was_found_are_shown_and_no_others(client: FlaskClient) -> None:
    first = found(client, category="khac")
    assert len(first) <= 20
    for page in ("0", "-1", "x", "2.5", "1e3", ""):
        assert found(client, category="khac", page=page) == first
    assert found(client, category="khac", page=999) == []


@pytest.mark.parametrize(
    "said",
    [
        '"',
        '"" " """',
        "* ^ : ( ) NEAR/2 OR AND NOT",
        'title:"x" - + & | ! <-> \\',
        "'; DROP TABLE stories; --",
        "<script>alert(1)</script>",
        "%00\x00\x01",
        "🎉🎉",
        "\ud83d".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
        "a" * 10_000,
        "NEAR(hội nghị, 5) AND title : * OR {title summary} : ^hội",
        'hội* +nghị -tỉnh "chưa đóng',
        "' UNION SELECT email, 1, 2 FROM subscribers --",
        "hội'; SELECT pg_sleep(60); --",
        "%' OR '1'='1",
        "{{ 7 * 7 }} ${7*7} %(x)s %s",
        '"><img src=x onerror=alert(1)>',
        "javascript:alert(1)",
        "(" * 5_000,
        '"' * 9_999,
        "\r\nSet-Cookie: a=b",
        "hội " * 2_500,
        '"hội" ' * 1_500,
        "\u202e ẩn \u200b",
    ],
)
def test_no_question_is_answered_with_an_error(client: FlaskClient, said: str) -> None:
    for path in ("/search", "/en/search"):
        page = client.get(
            path, query_string={"q": said, "category": said[:99], "portal": said[:99], "week": said[:99]}
        )
        assert page.status_code == 200
        assert b"<script" not in page.data
        assert b"<img src=x" not in page.data
        assert "Set-Cookie" not in page.headers
        assert len(page.data) < 100_000


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(said=st.text(max_size=300), week=st.text(max_size=9), page=st.text(max_size=5))
def test_any_text_is_a_question(house: House, said: str, week: str, page: str) -> None:
    asked = read_query(
        {"q": said, "week": week, "page": page, "category": said, "portal": week},
        catalogue=house.catalogue,
        zone=house.settings.timezone,
        now=house.now(),
    )
    assert len(asked.said) <= LONGEST
    assert 1 <= asked.page <= 15
    with house.store.read() as memory:
        assert memory.search.find(asked.question, first=asked.first, count=20).stories == ()


def test_a_search_engine_keeps_no_list_of_searches_and_a_cache_may_keep_one(client: FlaskClient) -> None:
    page = client.get("/search?q=hoi")
    assert "noindex" in page.text
    assert "noindex" not in client.get("/search").text
    again = client.get("/search?q=hoi", headers={"If-None-Match": page.headers["ETag"]})
    assert again.status_code == 304


def test_who_searches_without_end_waits_and_nobody_else_does(house: House, clock: ObedientClock) -> None:
    patient = House(replace(house.settings, feed_limit=3), now=house.now)
    patient.__dict__.update(store=house.store)
    with create_app(patient).test_client() as client:
        for number in range(6):
            assert client.get(f"/search?q=hoi{number}").status_code == 200
        refused = client.get("/search?q=hoi&page=2")
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 600
        assert "Quá nhiều yêu cầu" in refused.text
        assert client.get("/en/search?q=hoi").status_code == 429
        assert client.get("/search").status_code == 200
        assert client.get("/").status_code == 200
        other = {"REMOTE_ADDR": "192.0.2.7"}
        assert client.get("/search?q=hoi", environ_base=other).status_code == 200
        clock.pass_(minutes=10)
        assert client.get("/search?q=hoi").status_code == 200


def test_a_page_beyond_the_last_says_how_many_there_are_and_leads_there(client: FlaskClient) -> None:
    page = client.get("/search?q=tỉnh&page=14").text
    assert "Kết quả chỉ có" in page
    assert "Tới trang cuối" in page
    assert "Trang 14 trên" not in page
    assert "of results." in client.get("/en/search?q=tỉnh&page=14").text


@pytest.mark.parametrize("said", ["%", "-", "🎉", "مرحبا", '""'])
def test_a_question_without_a_letter_that_can_be_found_says_so(client: FlaskClient, said: str) -> None:
    assert "không có chữ cái La-tinh" in client.get("/search", query_string={"q": said}).text
    assert (
        "không có chữ cái La-tinh" in client.get("/search", query_string={"q": said, "category": "khac"}).text
    )
    assert "không có chữ cái La-tinh" not in client.get("/search?category=khac").text
