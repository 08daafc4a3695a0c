"""Blocks for other sites over HTTP: frame, fragment, scripts, builder, oEmbed, and their headers."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import cast
from urllib.parse import urlsplit
from xml.etree import ElementTree

import lxml.html
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from syndication.bootstrap import House
from syndication.domain.article import Article
from syndication.publish.pipeline import publish
from syndication.settings import read_settings
from syndication.store import open_store
from syndication.web import create_app
from tests.cast import ObedientClock

HOSTILE = 'Tin </style><script>alert(1)</script>" onload="x & «Đồ Sơn»'


def tell(house: House, key: str, *, title: str = "", portal: str = "song-dao") -> None:
    """One more story of digital transformation, published."""
    kept = Article(
        portal=portal,
        url=f"https://{portal}.example/{key}",
        address_key=f"{portal}/{key}",
        guid=None,
        title=title or f"Tin chuyển đổi số {key}",
        summary="Tóm tắt của tin này, đủ dài để đọc.",
        content=None,
        author=None,
        labels=(),
        image_url=f"https://{portal}.example/{key}.jpg",
        published_at=None,
    )
    with house.store.write() as memory:
        memory.stories.add(key, tag=f"tag:tin.example.vn,2026:stories/{key}", now=house.now())
        memory.stories.led_by(key, memory.articles.add(kept, story=key, now=house.now()))
        memory.stories.categorise(key, {"chuyen-doi-so": "test"})
    publish(house.press)


# What a block shows does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def client(house: House, clock: ObedientClock) -> Iterator[FlaskClient]:
    for key in ("mot", "hai", "ba"):
        tell(house, key)
        clock.pass_(minutes=1)
    with create_app(house).test_client() as client:
        yield client


def found(page: str, path: str) -> list[str]:
    return [str(one) for one in cast("list[str]", lxml.html.fromstring(page).xpath(path))]


def policy(answer: TestResponse) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def hashed(body: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() + "'"


def test_a_frame_shows_the_newest_stories_and_leads_to_the_originals(client: FlaskClient) -> None:
    page = client.get("/embed/chuyen-doi-so?number=2").text
    assert found(page, "//li//*[self::h2]/a/@href") == [
        "https://song-dao.example/ba",
        "https://song-dao.example/hai",
    ]
    assert found(page, "/html/@lang") == ["vi"]
    assert found(page, "//base/@target") == ["_blank"]
    assert found(page, "//link[@rel='canonical']/@href") == [
        "https://tin.example.vn/categories/chuyen-doi-so"
    ]
    assert "Xem tất cả" in page
    assert "Sông Đào" in page
    assert found(page, "//script") == []


def test_a_frame_may_be_framed_and_loads_only_what_stands_in_it(client: FlaskClient) -> None:
    answer = client.get("/embed/chuyen-doi-so?height=auto&accent=004488")
    rules = policy(answer)
    assert rules["frame-ancestors"] == "*"
    assert rules["style-src"] == hashed(found(answer.text, "//style/text()")[0])
    assert rules["script-src"] == hashed(found(answer.text, "//script/text()")[0])
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "script-src" not in policy(client.get("/embed/chuyen-doi-so"))


def test_no_other_page_may_be_framed(client: FlaskClient) -> None:
    for path in ("/", "/categories/chuyen-doi-so", "/embed/", "/feeds/", "/nowhere"):
        assert policy(client.get(path))["frame-ancestors"] == "'none'", path


def test_a_setting_names_the_partners_that_may_frame(house: House, environment: dict[str, str]) -> None:
    named = "https://*.songdao.example, https://hoalam.example:8443"
    settings = read_settings({**environment, "SYNDICATION_EMBED_ANCESTORS": named})
    there = House(settings, now=house.now)
    there.__dict__.update(store=house.store)
    with create_app(there).test_client() as client:
        expected = "'self' https://*.songdao.example https://hoalam.example:8443"
        for path in ("/embed/all", "/embed/khong-co"):
            assert policy(client.get(path))["frame-ancestors"] == expected


def test_every_layout_and_theme_is_printed(client: FlaskClient) -> None:
    for layout in ("list", "cards", "headlines", "ticker"):
        for theme in ("light", "dark", "auto"):
            page = client.get(f"/embed/all.html?layout={layout}&theme={theme}").text
            (classes,) = found(page, "//section/@class")
            assert classes.split() == ["syndicated-feed", f"sf-{layout}", f"sf-{theme}"]
            assert bool(found(page, "//img/@src")) == (layout in ("list", "cards"))
    assert found(client.get("/embed/all.html?images=no").text, "//img/@src") == []
    assert found(client.get("/embed/all.html?dates=no").text, "//time/@datetime") == []
    english = client.get("/embed/chuyen-doi-so.html?lang=en").text
    assert "See all" in english
    assert found(english, "//section/@lang") == ["en"]
    assert set(found(english, "//li/@lang")) == {"vi"}


def test_a_fragment_has_a_strong_tag_in_every_form_and_is_304_to_who_has_it(client: FlaskClient) -> None:
    first = client.get("/embed/chuyen-doi-so.html?number=2")
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert not first.headers["ETag"].startswith("W/")
    packed = client.get("/embed/chuyen-doi-so.html?number=2", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == first.data
    assert packed.headers["ETag"] != first.headers["ETag"]
    for tag in (first.headers["ETag"], packed.headers["ETag"], f"W/{first.headers['ETag']}"):
        again = client.get("/embed/chuyen-doi-so.html?number=2&utm=1", headers={"If-None-Match": tag})
        assert again.status_code == 304
        assert again.data == b""
    head = client.head("/embed/chuyen-doi-so.html?number=2")
    assert head.headers["ETag"] == first.headers["ETag"]


def test_a_block_changes_only_with_its_news(client: FlaskClient, house: House, clock: ObedientClock) -> None:
    before = client.get("/embed/chuyen-doi-so.html?number=2")
    clock.pass_(days=3)
    assert client.get("/embed/chuyen-doi-so.html?number=2").data == before.data
    tell(house, "bon")
    after = client.get("/embed/chuyen-doi-so.html?number=2")
    assert "Tin chuyển đổi số bon" in after.text
    assert after.headers["ETag"] != before.headers["ETag"]


def test_text_of_portals_stays_text(client: FlaskClient, house: House) -> None:
    tell(house, "xau", title=HOSTILE)
    for path in ("/embed/all", "/embed/all.html", "/embed/all?layout=ticker&height=auto"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert found(page, "//*[@onload]") == []
        assert "Đồ Sơn" in page


def test_while_the_database_is_away_the_last_good_block_is_shown(house: House, clock: ObedientClock) -> None:
    tell(house, "mot")
    with create_app(house).test_client() as client:
        good = client.get("/embed/chuyen-doi-so")
        house.__dict__["store"] = open_store("sqlite:////nowhere/at/all.db")
        assert client.get("/embed/chuyen-doi-so").data == good.data
        assert client.get("/embed/chuyen-doi-so").status_code == 200
        unknown = client.get("/embed/chuyen-doi-so?number=7")
        assert unknown.status_code == 503
        assert unknown.headers["Retry-After"] == "60"
        assert "https://tin.example.vn/" in unknown.text
        assert policy(unknown)["frame-ancestors"] == "*"


def test_an_unknown_block_is_a_small_polite_one(client: FlaskClient) -> None:
    for path in ("/embed/khong-co", "/embed/portals/khong-co", "/embed/<script>alert(1)</script>"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert len(answer.data) < 12_000
        assert "Xem tin mới tại" in answer.text
        assert "alert(1)" not in answer.text
        assert policy(answer)["frame-ancestors"] == "*"
    fragment = client.get("/embed/khong-co.html")
    assert fragment.status_code == 404
    assert "syndicated-feed" not in fragment.text


def test_a_renamed_categorys_block_moves_with_it(client: FlaskClient) -> None:
    client.application.config["EMBEDS"].moves = {"cntt": "chuyen-doi-so"}
    answer = client.get("/embed/cntt.html?layout=cards&x=%0d%0aEvil:1")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://tin.example.vn/embed/chuyen-doi-so.html?layout=cards"


def test_hostile_queries_get_a_block(client: FlaskClient) -> None:
    plain = client.get("/embed/all")
    for query in (
        "number=%00",
        "layout=" + "a" * 10_000,
        "accent='%3B--",
        "number=1&number=&layout[]=x",
        "%ff=%fe",
    ):
        answer = client.get(f"/embed/all?{query}")
        assert answer.status_code == 200
        assert answer.data == plain.data


@pytest.mark.parametrize("path", ["/embed.js", "/embed/frame.js"])
def test_a_script_is_pinned_by_its_version(client: FlaskClient, path: str) -> None:
    newest = client.get(path)
    version = hashlib.sha256(newest.data).hexdigest()[:12]
    pinned = client.get(f"{path}?v={version}")
    assert pinned.data == newest.data
    assert pinned.mimetype == "text/javascript"
    assert "immutable" in pinned.headers["Cache-Control"]
    assert "immutable" not in newest.headers["Cache-Control"]
    assert pinned.headers["Access-Control-Allow-Origin"] == "*"
    assert pinned.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for unknown in ("../../../etc/passwd", "0" * 12, ""):
        answer = client.get(path, query_string={"v": unknown})
        assert answer.data == newest.data
        assert "immutable" not in answer.headers["Cache-Control"]


def test_the_builder_needs_no_script_and_gives_every_way(client: FlaskClient) -> None:
    answer = client.get("/embed/?name=chuyen-doi-so&layout=cards&number=3&accent=004488")
    page = answer.text
    assert found(page, "//form/@method") == ["get"]
    codes = found(page, "//textarea/text()")
    assert len(codes) == 5
    assert found(page, "//iframe/@src") == [
        "https://tin.example.vn/embed/chuyen-doi-so?layout=cards&number=3&accent=004488"
    ]
    frame, moving, element, fragment, feed = codes
    assert found(frame, "//iframe/@sandbox") == ["allow-popups allow-popups-to-escape-sandbox"]
    assert found(frame, "//iframe/@title") == ["Chuyển đổi số"]
    assert "height=auto" in moving
    assert found(element, "//*[@category]/@category") == ["chuyen-doi-so"]
    assert found(element, "//*[@category]/a/@href") == ["https://tin.example.vn/categories/chuyen-doi-so"]
    assert "embed/chuyen-doi-so.html?layout=cards&number=3&accent=004488" in fragment
    assert feed.strip() == "https://tin.example.vn/feeds/chuyen-doi-so.json"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_the_scripts_in_snippets_are_those_we_serve(client: FlaskClient) -> None:
    page = client.get("/embed/?name=portals/song-dao").text
    snippets = " ".join(found(page, "//textarea/text()"))
    scripts = re.findall(r'<script async src="([^"]+)" integrity="sha384-([^"]+)" crossorigin', snippets)
    assert len(scripts) == 2
    for address, integrity in scripts:
        parts = urlsplit(address)
        served = client.get(f"{parts.path}?{parts.query}")
        assert base64.b64encode(hashlib.sha384(served.data).digest()).decode() == integrity
        assert "immutable" in served.headers["Cache-Control"]


def test_the_builder_says_what_it_had_to_change(client: FlaskClient) -> None:
    page = client.get('/embed/?name="><script>alert(1)</script>&number=500&accent=ffff00&layout=x').text
    said = " ".join(found(page, "//div[@class='said']//li/text()"))
    assert "Không có chuyên mục" in said
    assert "dùng 20" in said
    assert "khó đọc" in said
    assert "alert(1)" not in page
    assert found(client.get("/embed/").text, "//div[@class='said']") == []


def test_the_builder_speaks_english_too_and_gives_the_same_code(client: FlaskClient) -> None:
    asked = "?name=chuyen-doi-so&layout=cards&number=500&accent=ffff00&theme=pink"
    vietnamese, english = (client.get(f"{path}{asked}").text for path in ("/embed/", "/en/embed/"))
    assert found(english, "/html/@lang") == ["en"]
    assert found(english, "//textarea/text()") == found(vietnamese, "//textarea/text()")
    said = " ".join(found(english, "//div[@class='said']//li/text()"))
    assert "20 is used" in said
    assert "is hard to read" in said
    assert "There is no such theme" in said
    assert "Digital transformation" in " ".join(found(english, "//option/text()"))
    foreign = {
        str(one) for one in found(english, "//main//*[self::label or self::legend or self::summary]/text()")
    }
    assert [one for one in foreign if not one.isascii()] == []
    nowhere = client.get("/en/embed/?name=khong-co").text
    assert "There is no such category" in nowhere
    assert "https://tin.example.vn/en/embed/" in found(client.get("/en/").text, "//footer//a/@href")


def test_pages_tell_other_sites_how_to_show_them(client: FlaskClient) -> None:
    pages = ("/", "/categories/chuyen-doi-so", "/portals/song-dao")
    for path in (*pages, "/embed/all?layout=cards", *(f"/en{page}" for page in pages)):
        page = client.get(path).text
        links = found(page, "//link[contains(@type, 'oembed')]/@href")
        assert len(links) == 2, path
        for link in links:
            parts = urlsplit(link)
            answer = client.get(f"{parts.path}?{parts.query}")
            assert answer.status_code == 200
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert ("lang=en" in answer.text) == path.startswith("/en")
    assert found(client.get("/categories/khong-co").text, "//link[contains(@type, 'oembed')]") == []
    assert found(client.get("/feeds/").text, "//link[contains(@type, 'oembed')]") == []


def test_oembed_says_the_same_in_json_and_xml(client: FlaskClient) -> None:
    asked = {
        "url": "https://tin.example.vn/embed/chuyen-doi-so?layout=cards&number=2",
        "maxwidth": "320",
        "maxheight": "200",
    }
    told = json.loads(client.get("/oembed", query_string=asked).data)
    answer = client.get("/oembed", query_string={**asked, "format": "xml"})
    assert answer.mimetype == "text/xml"
    root = ElementTree.fromstring(answer.data)
    assert {one.tag: one.text for one in root} == {name: str(value) for name, value in told.items()}
    assert (told["type"], told["version"], told["width"], told["height"]) == ("rich", "1.0", 320, 200)
    assert found(told["html"], "//iframe/@src") == [asked["url"]]
    assert found(told["html"], "//iframe/@height") == ["200"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"url": "https://tin.example.vn/", "format": "yaml"}, 501),
        ({"url": "https://elsewhere.example/categories/chuyen-doi-so"}, 404),
        ({"url": "https://tin.example.vn/categories/khong-co"}, 404),
        ({"url": "https://tin.example.vn@elsewhere.example/"}, 404),
        ({"url": "javascript:alert(1)"}, 404),
        ({"url": "https://[half"}, 404),
        ({"url": "http://tin.example.vn/portals/song-dao/", "maxwidth": "-1", "maxheight": "x"}, 200),
    ],
)
def test_oembed_answers_with_the_status_that_consumers_know(
    client: FlaskClient, asked: dict[str, str], status: int
) -> None:
    answer = client.get("/oembed", query_string=asked)
    assert answer.status_code == status
    if status != 200:
        assert answer.mimetype == "text/plain"


def test_a_site_below_a_path_finds_its_pages(house: House) -> None:
    tell(house, "mot")
    there = House(replace(house.settings, base_url="https://tinh.example/tin"), now=house.now)
    there.__dict__.update(store=house.store)
    with create_app(there).test_client() as client:
        told = json.loads(client.get("/oembed?url=https://tinh.example/tin/categories/chuyen-doi-so").data)
        assert "https://tinh.example/tin/embed/chuyen-doi-so" in told["html"]
        assert client.get("/oembed?url=https://tinh.example/khac").status_code == 404
