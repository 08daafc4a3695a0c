"""Feeds over HTTP, as readers ask for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from syndication.bootstrap import House
from syndication.web import create_app


@pytest.fixture
def client(news: House) -> Iterator[FlaskClient]:
    with create_app(news).test_client() as client:
        yield client


@pytest.mark.parametrize(
    "name", ["all.atom", "all.rss", "chuyen-doi-so.rss", "portals/song-dao.atom", "index.opml"]
)
def test_a_feed_is_the_same_bytes_twice_and_304_to_who_has_them(client: FlaskClient, name: str) -> None:
    first, second = client.get(f"/feeds/{name}"), client.get(f"/feeds/{name}")
    assert first.status_code == 200
    assert first.data == second.data
    for headers in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-None-Match": f'"other", W/{first.headers["ETag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        answer = client.get(f"/feeds/{name}", headers=headers)
        assert (answer.status_code, answer.data) == (304, b""), headers
        assert answer.headers["ETag"] == first.headers["ETag"]
        assert answer.headers["Cache-Control"] == first.headers["Cache-Control"]
    both = {"If-None-Match": '"other"', "If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get(f"/feeds/{name}", headers=both).status_code == 200


def test_a_feed_says_what_it_is_and_may_be_read_from_anywhere(client: FlaskClient) -> None:
    answer = client.get("/feeds/all.rss")
    assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert client.get("/feeds/all.atom").headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers


def test_head_answers_like_get_without_a_body(client: FlaskClient) -> None:
    get, head = client.get("/feeds/all.atom"), client.head("/feeds/all.atom")
    assert head.data == b""
    assert {name: head.headers.get(name) for name in ("ETag", "Content-Length", "Content-Type")} == {
        name: get.headers.get(name) for name in ("ETag", "Content-Length", "Content-Type")
    }


def test_what_is_no_feed_gets_one_plain_line(client: FlaskClient) -> None:
    answer = client.get("/feeds/<script>.rss")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert b"script" not in answer.data
    assert b"https://tin.example.vn/feeds/" in answer.data
    refused = client.post("/feeds/all.rss")
    assert refused.status_code == 405
    assert "GET" in refused.headers["Allow"]


def test_addresses_never_come_from_the_request(client: FlaskClient) -> None:
    for path in ("/feeds/all.atom", "/", "/feeds/"):
        assert b"evil.example" not in client.get(path, headers={"Host": "evil.example"}).data
    for path in ("/feeds", "/digest?x=1", "/embed", "/digest//x"):
        moved = client.get(path, headers={"Host": "evil.example"})
        assert moved.status_code == 308
        assert moved.headers["Location"].startswith("https://tin.example.vn/")
