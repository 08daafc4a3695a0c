"""The door of feeds: what every kind of reader, cache, proxy and nonsense gets from it."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from itertools import product
from pathlib import Path
from typing import Any

import brotli
import feedparser
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import create_engine, event, text
from werkzeug.test import EnvironBuilder, TestResponse

from syndication.bootstrap import House
from syndication.publish.pipeline import etag_of
from syndication.store import open_store
from syndication.web import create_app
from syndication.web.patience import MOST_CLIENTS, Patience
from syndication.web.shelf import Recent
from tests.cast import ObedientClock, on_one_database, until
from tests.store.stock import all_at_once, keep_story

pytestmark = pytest.mark.postgres_in_ci

MEDIA = {
    "atom": "application/atom+xml",
    "rss": "application/rss+xml",
    "json": "application/feed+json",
    "rdf": "application/rdf+xml",
    "opml": "text/x-opml",
}


def atom(entries: Iterable[str], *, title: str = "Điểm tin") -> bytes:
    told = "".join(
        f"\n<entry><id>tag:x,2026:{one}</id><title>{one} tin tức mới của tỉnh nhà</title></entry>"
        for one in entries
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>{title}</title>{told}\n</feed>'.encode()


def rss(entries: Iterable[str]) -> bytes:
    told = "".join(f"<item><guid>{one}</guid><title>{one} tin tức mới</title></item>" for one in entries)
    return f'<rss version="2.0"><channel><title>Điểm tin</title>{told}</channel></rss>'.encode()


@dataclass
class Desk:
    """Publishes what a test says, and reads it as clients do."""

    house: House
    clock: ObedientClock

    def publish(self, path: str, body: bytes) -> bool:
        kind = MEDIA[path.rpartition(".")[2]]
        with self.house.store.write() as memory:
            return memory.documents.put(
                path, media_type=kind, body=body, etag=etag_of(body), now=self.house.now()
            )

    def remove(self, path: str) -> None:
        with self.house.store.write() as memory:
            memory.documents.remove(path)

    def client(self, *, look_every: float = 0, **settings: int | str) -> FlaskClient:
        """A client of a server of its own, with these settings."""
        house = House(replace(self.house.settings, **settings), now=self.clock)  # type: ignore[arg-type]
        house.__dict__.update(store=self.house.store, catalogue=self.house.catalogue)
        return create_app(house, look_every=look_every).test_client()


@pytest.fixture
def desk(house: House, clock: ObedientClock) -> Desk:
    desk = Desk(house, clock)
    for slug in ("feeds/all", "feeds/chuyen-doi-so", "feeds/portals/song-dao"):
        desk.publish(f"{slug}.atom", atom(f"{slug}{n}" for n in range(50)))
    desk.publish("feeds/all.rss", rss(f"all{n}" for n in range(50)))
    desk.publish("feeds/all.json", b'{"version":"https://jsonfeed.org/version/1.1","items":[]}' + b" " * 500)
    desk.publish("feeds/index.opml", b'<opml version="2.0"><body>' + b"<outline/>" * 50 + b"</body></opml>")
    desk.publish("feeds/all/2026-01.atom", atom(f"old{n}" for n in range(50)))
    return desk


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    return desk.client()


def unpacked(answer: TestResponse) -> bytes:
    coding = answer.headers.get("Content-Encoding")
    unpack: dict[str | None, Callable[[bytes], bytes]] = {
        None: bytes,
        "gzip": gzip.decompress,
        "br": brotli.decompress,
    }
    return unpack[coding](answer.data)


# --- forms ---


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("gzip; q=0.2 , br; q=0.2", "br"),
        ("br;q=0, *", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("gzip;q=0.000, identity;q=0", None),
        ("gzip;q=banana", None),
        ("gzip;q=1.2.3, br", "br"),
        ("deflate, zstd", None),
        (";;,,=q", None),
        ("gzip," * 2000, "gzip"),
    ],
)
@on_one_database
def test_a_feed_comes_in_the_best_form_a_reader_takes(
    client: FlaskClient, accepts: str, coding: str | None
) -> None:
    plain = client.get("/feeds/all.atom")
    answer = client.get("/feeds/all.atom", headers={"Accept-Encoding": accepts})
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, coding)
    assert unpacked(answer) == plain.data
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert (len(answer.data) < len(plain.data)) == (coding is not None)


def test_each_form_has_a_strong_tag_of_its_own_and_all_of_them_are_known_again(client: FlaskClient) -> None:
    forms = {
        client.get("/feeds/all.atom", headers={"Accept-Encoding": one}).headers["ETag"]
        for one in ("", "gzip", "br")
    }
    assert len(forms) == 3
    for tag in forms:
        assert re.fullmatch(r'"[^"]+"', tag)
        for accepts in ("", "gzip", "br"):
            for said in (tag, f"W/{tag}", f'"a", {tag},"b"', f'W/"x" , W/{tag}'):
                answer = client.get(
                    "/feeds/all.atom", headers={"If-None-Match": said, "Accept-Encoding": accepts}
                )
                assert answer.status_code == 304, said
                assert answer.headers["ETag"] == tag


def test_a_tag_that_was_changed_on_the_way_is_known_again(client: FlaskClient) -> None:
    bare = client.get("/feeds/all.atom").headers["ETag"].strip('"')
    for said in (f'"{bare}-gzip"', f'"{bare};gzip"', f'"{bare}--gzip"', f'W/"{bare}-br"', bare, f"W/{bare}"):
        assert client.get("/feeds/all.atom", headers={"If-None-Match": said}).status_code == 304, said


def test_compressed_forms_are_the_same_bytes_every_time_and_none_where_they_are_not_smaller(
    desk: Desk, house: House
) -> None:
    desk.publish("feeds/small.rss", b"<rss/>")
    with house.store.read() as memory:
        big, small = memory.documents.get("feeds/all.atom"), memory.documents.get("feeds/small.rss")
    assert big is not None
    assert small is not None
    assert (small.gzip, small.brotli) == (None, None)
    assert big.gzip is not None
    assert big.gzip[4:8] == bytes(4)  # no time in it (RFC 1952 §2.3)
    desk.publish("feeds/all.atom", b"<feed/>" * 99)
    desk.publish("feeds/all.atom", big.body)
    with house.store.read() as memory:
        again = memory.documents.get("feeds/all.atom")
    assert again is not None
    assert (again.gzip, again.brotli, again.etag) == (big.gzip, big.brotli, big.etag)
    answer = desk.client().get("/feeds/small.rss", headers={"Accept-Encoding": "gzip, br"})
    assert (answer.data, answer.headers.get("Content-Encoding")) == (b"<rss/>", None)


def test_json_has_its_older_type_for_those_who_take_nothing_else(client: FlaskClient) -> None:
    def kind(accept: str | None) -> str:
        headers = {"Accept": accept} if accept is not None else {}
        answer = client.get("/feeds/all.json", headers=headers)
        assert answer.headers["Vary"] == "Accept-Encoding, Accept"
        return answer.headers["Content-Type"]

    new, old = "application/feed+json; charset=utf-8", "application/json; charset=utf-8"
    assert [kind(one) for one in (None, "*/*", "application/feed+json, application/json;q=0.9")] == [new] * 3
    assert [kind(one) for one in ("application/json", "application/json, text/plain;q=0.5")] == [old] * 2
    assert client.get("/feeds/all.atom", headers={"Accept": "text/html"}).mimetype == MEDIA["atom"]


# --- what goes with an answer ---


def test_everything_that_goes_with_a_feed(client: FlaskClient, clock: ObedientClock) -> None:
    answer = client.get("/feeds/all.rss")
    assert answer.headers["Cache-Control"] == (
        "public, max-age=900, stale-while-revalidate=3600, stale-if-error=86400"
    )
    assert parsedate_to_datetime(answer.headers["Expires"]) >= clock() + timedelta(minutes=15)
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) <= clock()
    assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Link"] == '<https://tin.example.vn/feeds/all.rss>; rel="self"'
    assert {name for name, _ in answer.headers} & {
        "Set-Cookie",
        "Accept-Ranges",
        "Transfer-Encoding",
    } == set()
    assert len({name.lower() for name, _ in answer.headers}) == len(list(answer.headers))


def test_a_hub_is_named_where_there_is_one_and_only_for_what_changes(desk: Desk) -> None:
    client = desk.client(hub_url="https://hub.example/")
    hub = ', <https://hub.example/>; rel="hub"'
    assert client.get("/feeds/all.rss").headers["Link"].endswith(f'rel="self"{hub}')
    assert client.get("/feeds/all.json").headers["Link"].endswith(hub)
    assert hub not in client.get("/feeds/all/2026-01.atom").headers["Link"]
    assert "Link" not in client.get("/feeds/index.opml").headers


def test_what_is_not_modified_says_so_with_its_headers_and_no_body(client: FlaskClient) -> None:
    whole = client.get("/feeds/all.atom")
    answer = client.get("/feeds/all.atom", headers={"If-None-Match": whole.headers["ETag"]})
    assert (answer.status_code, answer.data) == (304, b"")
    for name in ("ETag", "Last-Modified", "Cache-Control", "Vary", "Expires", "Access-Control-Allow-Origin"):
        assert answer.headers[name] == whole.headers[name]
    assert {"Content-Type", "Content-Length", "Content-Encoding"} & {
        name for name, _ in answer.headers
    } == set()


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/feeds/all.atom", {}),
        ("GET", "/feeds/all.atom", {"If-None-Match": "*"}),
        ("HEAD", "/feeds/all.atom", {}),
        ("OPTIONS", "/feeds/all.atom", {"Access-Control-Request-Method": "GET"}),
        ("POST", "/feeds/all.atom", {}),
        ("GET", "/feeds/none.atom", {}),
        ("GET", "/feeds/all.atom/", {}),
        ("GET", "/feeds/all.atom?portal=none", {}),
    ],
)
@on_one_database
def test_scripts_of_other_sites_may_read_every_answer(
    client: FlaskClient, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = client.open(path, method=method, headers=headers)
    assert answer.headers.getlist("Access-Control-Allow-Origin") == ["*"]
    assert answer.status_code < 500
    assert "Set-Cookie" not in answer.headers


def test_a_preflight_allows_what_readers_send(client: FlaskClient) -> None:
    answer = client.options("/feeds/all.atom")
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Methods"] == answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert {"If-None-Match", "If-Modified-Since", "A-IM"} <= set(
        answer.headers["Access-Control-Allow-Headers"].split(", ")
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "QUERY", "X"])
@on_one_database
def test_a_feed_can_only_be_read(client: FlaskClient, method: str) -> None:
    answer = client.open("/feeds/all.atom", method=method, data=b"x" * 100_000)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.mimetype == "text/plain"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Accept-Encoding": "br"}, {"If-None-Match": "*"}, {"If-None-Match": '"x"', "A-IM": "feed"}],
)
@pytest.mark.parametrize(
    "path", ["all.atom", "all.json", "none.rss", "all.atom?limit=3", "all.atom?portal=no"]
)
@on_one_database
def test_head_says_what_get_says(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    get, head = client.get(f"/feeds/{path}", headers=headers), client.head(f"/feeds/{path}", headers=headers)
    assert head.data == b""
    assert (head.status, list(head.headers)) == (get.status, list(get.headers))


def test_a_part_of_a_feed_is_the_feed(client: FlaskClient) -> None:
    answer = client.get("/feeds/all.atom", headers={"Range": "bytes=0-99"})
    assert answer.status_code == 200
    assert answer.data == client.get("/feeds/all.atom").data


def test_an_archive_is_kept_for_a_year(client: FlaskClient, clock: ObedientClock) -> None:
    answer = client.get("/feeds/all/2026-01.atom")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000"
    assert parsedate_to_datetime(answer.headers["Expires"]) > clock() + timedelta(days=364)
    moved = client.get("/feeds/all/2026-01-20T101112Z.atom")
    assert (moved.status_code, moved.location) == (301, "https://tin.example.vn/feeds/all/2026-01.atom")
    assert client.get("/feeds/all/2025-12.atom").status_code == 404


# --- dates and tags ---


def dates_around(moment: datetime) -> dict[str, str]:
    return {
        name: format_datetime(moment + timedelta(seconds=seconds), usegmt=True)
        for name, seconds in (("before", -1), ("same", 0), ("after", 1))
    }


def test_a_date_is_compared_and_nonsense_is_none(client: FlaskClient, clock: ObedientClock) -> None:
    changed = parsedate_to_datetime(client.get("/feeds/all.atom").headers["Last-Modified"])
    clock.pass_(hours=1)
    dates = dates_around(changed)

    def status(date: str, **more: str) -> int:
        return client.get("/feeds/all.atom", headers={"If-Modified-Since": date, **more}).status_code

    assert [status(dates[name]) for name in ("before", "same", "after")] == [200, 304, 304]
    assert status(f"{changed:%A, %d-%b-%y %H:%M:%S GMT}") == 304  # RFC 850
    assert status(f"{changed:%a %b %e %H:%M:%S %Y}") == 304  # asctime
    assert status(format_datetime(clock() + timedelta(days=1), usegmt=True)) == 200  # the future is no date
    nonsense = (
        "0", "-1", "now", "Thu, 99 Foo 2026 99:99:99 GMT", "Thu, 01 Jan 0000 00:00:00 GMT",
        "Thu, 01 Jan 99999999999 00:00:00 GMT", "2026-11-23T00:00:00Z x" * 400, "Hôm nay", "Mon, 31 Feb 2026 00:00:00",
    )  # fmt: skip
    for date in nonsense:
        assert status(date) == 200, date


def test_a_tag_decides_where_there_are_both(client: FlaskClient, clock: ObedientClock) -> None:
    whole = client.get("/feeds/all.atom")
    for tag, date, status in (
        (whole.headers["ETag"], "Thu, 01 Jan 1970 00:00:00 GMT", 304),
        ('"other"', whole.headers["Last-Modified"], 200),
        ("*", "nonsense", 304),
        (",,;", whole.headers["Last-Modified"], 200),
    ):
        headers = {"If-None-Match": tag, "If-Modified-Since": date}
        assert client.get("/feeds/all.atom", headers=headers).status_code == status


@pytest.mark.parametrize(
    "tag",
    ['"', '""', "W/", 'W/"', "x" * 8192, '"x",' * 2000, "\\", "ÿ", '"a" "b"', "*, *", '"*"', "-gz", '"-gz"'],
)
@on_one_database
def test_a_broken_tag_is_nobodys(client: FlaskClient, tag: str) -> None:
    status = client.get("/feeds/all.atom", headers={"If-None-Match": tag}).status_code
    assert status == (304 if tag == "*, *" else 200)


def test_a_tag_is_found_at_the_end_of_a_long_list(client: FlaskClient) -> None:
    tag = client.get("/feeds/all.atom").headers["ETag"]
    many = ", ".join(f'"{n:032x}"' for n in range(200))
    assert client.get("/feeds/all.atom", headers={"If-None-Match": f"{many}, {tag}"}).status_code == 304


def test_who_wants_one_edition_or_nothing_gets_just_that(desk: Desk) -> None:
    client = desk.client(look_every=60)
    whole = client.get("/feeds/all.atom", headers={"Accept-Encoding": "br"})
    tag, date = whole.headers["ETag"], whole.headers["Last-Modified"]
    long_ago, far_off = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"

    def status(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = client.get("/feeds/all.atom", headers=named)
        assert answer.status_code == 200 or answer.mimetype == "text/plain"
        return answer.status_code

    assert [status(If_Match=one) for one in (tag, "*", f'"x", {tag}')] == [200] * 3
    # A strong comparison (RFC 9110 §8.8.3.2): a weak tag is like no other.
    assert [status(If_Match=one) for one in ('"x"', f"W/{tag}", "x", ",")] == [412] * 4
    assert [status(If_Unmodified_Since=one) for one in (date, far_off, "yesterday")] == [200] * 3
    assert status(If_Unmodified_Since=long_ago) == 412
    assert status(If_Match=tag, If_Unmodified_Since=long_ago) == 200
    assert client.get("/feeds/all.atom", headers={"If-Match": '"x"', "If-None-Match": "*"}).status_code == 412


def test_last_modified_moves_with_an_edit_a_deletion_and_a_step_back(desk: Desk, client: FlaskClient) -> None:
    seen = []
    for entries in (range(50), range(49), range(50)):  # the last is the first again: same tag, later date
        desk.clock.pass_(minutes=1)
        desk.publish("feeds/x.atom", atom(map(str, entries)))
        seen.append(client.get("/feeds/x.atom"))
    dates = [parsedate_to_datetime(one.headers["Last-Modified"]) for one in seen]
    assert dates == sorted(set(dates))
    assert seen[0].headers["ETag"] == seen[2].headers["ETag"] != seen[1].headers["ETag"]
    older = {"If-Modified-Since": seen[1].headers["Last-Modified"]}
    assert client.get("/feeds/x.atom", headers=older).status_code == 200


def test_two_changes_in_a_second_do_not_hide_each_other(desk: Desk, client: FlaskClient) -> None:
    seen = []
    for title in ("a", "b", "c"):
        desk.publish("feeds/x.atom", atom(["1"], title=title))
        seen.append(client.get("/feeds/x.atom"))
        assert parsedate_to_datetime(seen[-1].headers["Last-Modified"]) <= desk.clock()
    for one in seen:
        since = {"If-Modified-Since": one.headers["Last-Modified"]}
        assert client.get("/feeds/x.atom", headers=since).status_code == 200
    desk.clock.pass_(seconds=5)
    settled = client.get("/feeds/x.atom")
    assert settled.headers["Last-Modified"] > seen[-1].headers["Last-Modified"]
    since = {"If-Modified-Since": settled.headers["Last-Modified"]}
    assert client.get("/feeds/x.atom", headers=since).status_code == 304


def test_publishing_the_same_again_changes_nothing(desk: Desk, client: FlaskClient) -> None:
    first = client.get("/feeds/all.rss")
    desk.clock.pass_(hours=1)
    assert not desk.publish("feeds/all.rss", first.data)
    again = client.get("/feeds/all.rss")
    assert (again.headers["ETag"], again.headers["Last-Modified"]) == (
        first.headers["ETag"],
        first.headers["Last-Modified"],
    )


# --- odd addresses ---


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/feeds/all%2Eatom", 200),
        ("/feeds/%61ll.atom", 200),
        ("/feeds/all.atom?_=123&utm_source=x", 200),
        ("/feeds/all.atom?%", 200),
        ("/feeds/all.atom?limit=&q=&portal=", 200),
        ("/feeds/all.atom/", 301),
        ("/feeds/all.atom//", 301),
        ("/feeds/../feeds/all.atom", 404),
        ("/feeds/%2e%2e/all.atom", 404),
        ("/feeds/..%2f..%2fetc%2fpasswd", 404),
        ("/feeds/all.atom%00", 404),
        ("/feeds/%00", 404),
        ("/feeds/all.atom%0d%0aX:%20y", 404),
        ("/feeds/ALL.ATOM", 404),
        ("/feeds//all.atom", 404),
        ("/feeds/all", 404),
        ("/feeds/all.", 404),
        ("/feeds/.atom", 404),
        ("/feeds/%ff%fe.rss", 404),
        ("/feeds/" + "a" * 8000, 404),
        ("/feeds/đ.atom", 404),
        ("/feeds/portals/song-dao.atom", 200),
        ("/feeds/portals/", 404),
    ],
)
@on_one_database
def test_an_odd_address_gets_a_plain_answer(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.data.count(b"\n") == 1
        assert b"https://tin.example.vn/feeds/" in answer.data
    assert b"\r" not in answer.headers.get("Location", "").encode()


def test_a_query_in_a_redirect_stays_a_query(client: FlaskClient) -> None:
    answer = client.get("/feeds/all.atom/?limit=3&q=a%0d%0aX")
    assert answer.location == "https://tin.example.vn/feeds/all.atom?limit=3&q=a%0d%0aX"


def test_a_feed_that_is_removed_is_gone_at_once(desk: Desk, client: FlaskClient) -> None:
    assert client.get("/feeds/all.rss").status_code == 200
    desk.remove("feeds/all.rss")
    assert client.get("/feeds/all.rss").status_code == 404


def test_a_category_that_was_renamed_is_moved_and_one_that_ended_is_gone(desk: Desk, house: House) -> None:
    catalogue = replace(
        house.catalogue,
        renamed={"cntt": "so-hoa", "so-hoa": "chuyen-doi-so", "lost": "thi-dua", "a": "b", "b": "a"},
        removed=frozenset({"thi-dua"}),
    )
    house.__dict__["catalogue"] = catalogue
    desk.publish("feeds/cntt.atom", atom("1"))  # not cleared away yet
    client = desk.client()
    for old, new in (
        ("cntt.atom", "chuyen-doi-so.atom"),
        ("so-hoa.rss?limit=5", "chuyen-doi-so.rss?limit=5"),
        ("cntt/2026-01.atom", "chuyen-doi-so/2026-01.atom"),
    ):
        answer = client.get(f"/feeds/{old}")
        assert (answer.status_code, answer.location) == (301, f"https://tin.example.vn/feeds/{new}")
        assert answer.headers["Cache-Control"] == "public, max-age=86400"
    for path in ("thi-dua.atom", "thi-dua/2026-01.atom", "lost.json"):
        answer = client.get(f"/feeds/{path}", headers={"If-None-Match": "*"})
        assert (answer.status_code, answer.mimetype) == (410, "text/plain")
    assert client.get("/feeds/portals/cntt.atom").status_code == 404


HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60)
"""What can stand in a header: WSGI has its bytes as Latin-1 (PEP 3333)."""
DATE = st.one_of(
    st.datetimes().map(lambda at: f"{at:%a, %d %b} {at.year:04} {at:%H:%M:%S} GMT"),
    st.builds(
        "{}, {} {} {} {}:{}:{} {}".format,
        st.sampled_from(["Mon", "Xyz", "Thứ hai".encode().decode("latin-1")]),
        *[st.integers(-1, 99)],
        st.sampled_from(["Jan", "Feb", "Nov", "Foo"]),
        st.integers(-1, 10**12),
        *[st.integers(-1, 99)] * 3,
        st.sampled_from(["GMT", "+9999", "-2500", "ICT", ""]),
    ),
    HEADER,
)
TAG = st.one_of(
    st.sampled_from(["*", '"*"', "W/", '"', '""', ",", "MINE", "W/MINE", 'MINE-gzip"']),
    HEADER.map('"{}"'.format),
    HEADER,
)
WEIGHED = st.builds(
    "{};q={}".format,
    st.sampled_from(["gzip", "br", "*", "identity", "feed", "application/json", "x"]),
    st.one_of(st.floats().map(str), HEADER),
)


def a_list(one: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A few of these between commas, and sometimes more than 8 KB of them."""
    return st.builds(
        lambda few, times: ", ".join(few * times), st.lists(one, max_size=4), st.sampled_from([1, 1, 500])
    )


@on_one_database
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    method=st.sampled_from(["GET"] * 6 + ["HEAD", "OPTIONS", "POST", "get", "", "BREW", "\xff"]),
    path=st.one_of(
        st.sampled_from(["all.atom", "all.json", "all/2026-01.atom", "all.atom/", "none.rss"]), HEADER
    ),
    query=st.one_of(
        st.just(""),
        HEADER,
        st.builds("{}={}".format, st.sampled_from(["portal", "q", "limit"]), HEADER),
        st.integers(-(10**30), 10**30).map("limit={}".format),
    ),
    headers=st.fixed_dictionaries(
        {},
        optional={
            "HTTP_IF_NONE_MATCH": a_list(TAG),
            "HTTP_IF_MODIFIED_SINCE": DATE,
            "HTTP_ACCEPT_ENCODING": a_list(WEIGHED),
            "HTTP_ACCEPT": a_list(WEIGHED),
            "HTTP_A_IM": a_list(WEIGHED),
            "HTTP_X_FORWARDED_FOR": a_list(HEADER),
            "HTTP_RANGE": HEADER,
        },
    ),
)
def test_whatever_is_asked_gets_a_whole_answer_and_never_an_error_of_ours(
    desk: Desk, method: str, path: str, query: str, headers: dict[str, str]
) -> None:
    client = desk.client(feed_limit=0, proxies=1)
    whole = client.get("/feeds/all.atom")
    headers = {name: value.replace("MINE", whole.headers["ETag"]) for name, value in headers.items()}
    environ = {
        **EnvironBuilder().get_environ(),
        "REQUEST_METHOD": method,
        "PATH_INFO": f"/feeds/{path}",
        "QUERY_STRING": query,
        **headers,
    }
    answer = client.run_wsgi_app(environ)
    body, status, said = b"".join(answer[0]), int(answer[1][:3]), answer[2]
    if not path:
        return  # the page that lists all feeds is Flask's
    assert status in {200, 204, 226, 301, 304, 400, 404, 405}
    assert all("\n" not in value and "\r" not in value for value in said.values())
    if method in ("HEAD", "OPTIONS") or status == 304:
        assert body == b""
    else:
        assert len(body) == int(said["Content-Length"])
    if path == "all.atom" and status == 200 and not query and method == "GET":
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress}.get(
            said.get("Content-Encoding", ""), bytes
        )
        assert unpack(body) == whole.data
    if status == 304:  # only on a word of his does a reader go without
        known = headers.get("HTTP_IF_NONE_MATCH") or headers.get("HTTP_IF_MODIFIED_SINCE")
        assert known
        assert said["ETag"]


# --- only what is new (RFC 3229) ---


def news(client: FlaskClient, path: str, tag: str, *, a_im: str = "feed", **headers: str) -> TestResponse:
    return client.get(path, headers={"If-None-Match": tag, "A-IM": a_im, **headers})


@pytest.mark.parametrize(("form", "build"), [("atom", atom), ("rss", rss)])
def test_who_asks_only_for_news_gets_the_new_and_changed_entries(
    desk: Desk, client: FlaskClient, form: str, build: Any
) -> None:
    path = f"feeds/x.{form}"
    tags = []
    for entries in (["3", "2", "1"], ["4", "3", "2"], ["5", "4", "3 sửa"]):
        desk.clock.pass_(minutes=1)
        desk.publish(path, build(entries))
        tags.append(client.get(f"/{path}").headers["ETag"])
    whole = client.get(f"/{path}")
    for tag, new in ((tags[0], ["5", "4", "3 sửa"]), (tags[1], ["5", "3 sửa"])):
        for said in (tag, f"W/{tag}", tag[:-1] + '-gz"', f'"zzz", {tag}'):
            answer = news(client, f"/{path}", said)
            if len(new) == 3:  # all of it: there is nothing to leave out
                assert answer.status_code == 200
                continue
            assert answer.status_code == 226
            assert answer.data == build(new)
            assert answer.headers["IM"] == "feed"
            assert answer.headers["Cache-Control"] == "no-store, im"
            assert {"A-IM", "If-None-Match"} <= set(answer.headers["Vary"].split(", "))
            assert answer.headers["ETag"] == whole.headers["ETag"]
            assert answer.headers["Delta-Base"] == tag
            assert answer.headers["Content-Type"] == whole.headers["Content-Type"]
    assert news(client, f"/{path}", tags[2]).status_code == 304


def test_news_are_compressed_where_it_helps_and_carry_the_tag_of_that_form(
    desk: Desk, client: FlaskClient
) -> None:
    first = client.get("/feeds/all.atom", headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    fresh = [f"new{n}" for n in range(20)]
    desk.publish("feeds/all.atom", atom([*fresh, *(f"feeds/all{n}" for n in range(30))]))
    for coding in ("gzip", "br"):
        answer = news(client, "/feeds/all.atom", first, **{"Accept-Encoding": coding})
        assert (answer.status_code, answer.headers["Content-Encoding"]) == (226, coding)
        assert unpacked(answer) == atom(fresh)
        whole = client.get("/feeds/all.atom", headers={"Accept-Encoding": coding})
        assert answer.headers["ETag"] == whole.headers["ETag"]


@pytest.mark.parametrize("a_im", ["", "vcdiff", "feed;q=0", "feedx", ";", "feed " * 2000])
@on_one_database
def test_who_does_not_take_a_part_gets_the_whole(desk: Desk, client: FlaskClient, a_im: str) -> None:
    tag = client.get("/feeds/all.rss").headers["ETag"]
    desk.publish("feeds/all.rss", rss(["new", *(f"all{n}" for n in range(49))]))
    assert news(client, "/feeds/all.rss", tag, a_im=a_im).status_code == 200
    assert news(client, "/feeds/all.rss", tag, a_im="vcdiff, Feed; q=0.5").status_code == 226


def test_a_tag_nobody_knows_any_more_gets_the_whole(desk: Desk, client: FlaskClient) -> None:
    first = client.get("/feeds/all.rss").headers["ETag"]
    for n in range(101):
        desk.publish("feeds/all.rss", rss([f"new{n}", *(f"all{n}" for n in range(49))]))
        if n == 98:
            assert news(client, "/feeds/all.rss", first).status_code == 226
    for tag in (first, '"never-seen"'):
        answer = news(client, "/feeds/all.rss", tag)
        assert answer.status_code == 200
        assert answer.data == rss(["new100", *(f"all{n}" for n in range(49))])
    with desk.house.store.read() as memory:
        assert len(memory.documents.editions("feeds/all.rss")) == 100


def test_formats_that_are_no_lists_of_entries_are_always_whole(desk: Desk, client: FlaskClient) -> None:
    tag = client.get("/feeds/index.opml").headers["ETag"]
    desk.publish("feeds/index.opml", b"<opml/>")
    assert news(client, "/feeds/index.opml", tag).status_code == 200
    desk.publish("feeds/odd.atom", b"<feed><!-- <entry>1</entry> --></feed>")
    tag = client.get("/feeds/odd.atom").headers["ETag"]
    desk.publish("feeds/odd.atom", b"<feed><entry><![CDATA[</entry>]]></entry></feed>")
    assert news(client, "/feeds/odd.atom", tag).status_code == 200


# --- filters ---


@pytest.fixture
def stories(desk: Desk, house: House) -> Desk:
    """Ninety stories: of three portals in turn, every second one in a category."""
    portals = sorted(house.catalogue.portals)[:3]
    with house.store.write() as memory:
        for n in range(90):
            at = house.now() - timedelta(minutes=90 - n)
            slugs = ["chuyen-doi-so"] if n % 2 else []
            keep_story(memory, f"s{n}", portal=portals[n % 3], categories=slugs, now=at)
            memory.stories.announce(f"s{n}", at=at, feeds=["all", *slugs, f"portals/{portals[n % 3]}"])
    return desk


def told(answer: TestResponse) -> list[str]:
    return re.findall(r"<entry>.*?<title>(?:Tin )?(s\d+)", answer.text, re.DOTALL)


def test_a_feed_can_be_cut_by_portal_words_and_number(stories: Desk, client: FlaskClient) -> None:
    first, second, _ = sorted(stories.house.catalogue.portals)[:3]

    def numbers(query: str, feed: str = "all") -> list[int]:
        answer = client.get(f"/feeds/{feed}.atom?{query}")
        assert answer.status_code == 200
        return [int(one[1:]) for one in told(answer)]

    assert numbers("limit=3") == [89, 88, 87]
    assert numbers(f"portal={first}") == list(range(87, -1, -3))
    assert numbers(f"portal={first},{second}&limit=4") == [88, 87, 85, 84]
    assert numbers(f"portal={first}&portal={second}&limit=4") == [88, 87, 85, 84]
    assert numbers(f"portal={first}&limit=2", feed="chuyen-doi-so") == [87, 81]
    assert numbers("q=S7") == [7]
    assert numbers("q=T%C3%93M+t%E1%BA%AFt+tin&limit=1") == [89]
    assert numbers("q=tom+vang-mat") == []


def test_a_cut_feed_names_itself_and_has_tags_and_304(stories: Desk, client: FlaskClient) -> None:
    for form in ("atom", "rss", "json"):
        stories.publish(f"feeds/all.{form}", b"whole")
        stories.clock.pass_(minutes=1)
        answer = client.get(f"/feeds/all.{form}?_=1&limit=0003&x=y")
        assert f'"https://tin.example.vn/feeds/all.{form}?limit=3"' in answer.text
        assert answer.headers["Link"] == f'<https://tin.example.vn/feeds/all.{form}?limit=3>; rel="self"'
        for headers in (
            {"If-None-Match": answer.headers["ETag"]},
            {"If-Modified-Since": answer.headers["Last-Modified"]},
        ):
            assert client.get(f"/feeds/all.{form}?limit=3", headers=headers).status_code == 304
        packed = client.get(f"/feeds/all.{form}?limit=3", headers={"Accept-Encoding": "br"})
        assert unpacked(packed) == answer.data


def test_however_a_feed_is_asked_for_the_answer_says_its_one_address(
    stories: Desk, client: FlaskClient
) -> None:
    own = "https://tin.example.vn/feeds/all.atom"
    for query, address in (
        ("_=123", own),
        ("limit=0003&x=y", f"{own}?limit=3"),
        ("q=T%C3%93M&limit=3", f"{own}?q=tom&limit=3"),
    ):
        answer = client.get(f"/feeds/all.atom?{query}")
        unchanged = client.get(f"/feeds/all.atom?{query}", headers={"If-None-Match": "*"})
        assert answer.headers["Content-Location"] == unchanged.headers["Content-Location"] == address
        assert (answer.status_code, unchanged.status_code) == (200, 304)
    assert "Content-Location" not in client.get("/feeds/all.atom").headers
    assert "Content-Location" not in client.get("/feeds/all.atom?portal=none").headers


def test_the_name_of_a_filter_may_be_escaped_too(stories: Desk, client: FlaskClient) -> None:
    assert client.get("/feeds/all.atom?%6cimit=3").data == client.get("/feeds/all.atom?limit=3").data
    whole = client.get("/feeds/all.atom").data
    assert client.get(f"/feeds/all.atom?x={'%6c' * 1000}").data == whole


def test_a_cut_feed_says_what_it_is_cut_to_and_names_no_hub(stories: Desk) -> None:
    client = stories.client(hub_url="https://hub.example/")
    portal = min(stories.house.catalogue.portals)
    name = stories.house.catalogue.portals[portal].name
    feed = f"portals/{portal}"
    for form in ("atom", "rss", "json", "rdf"):
        for whole in ("all", feed):
            stories.publish(f"feeds/{whole}.{form}", b"whole")
        for query, said in (
            (f"portal={portal}", f"({name})"),
            ("limit=3&q=T%C3%93M", "(có từ “tom”; 3 tin mới nhất)"),
            ("q=%3Cb%3Etin%26tom", "(có từ “b”, “tin”, “tom”)"),
        ):
            answer = client.get(f"/feeds/all.{form}?{query}")
            title = feedparser.parse(answer.data).feed.title if form != "json" else answer.json["title"]  # type: ignore[index]
            assert title.endswith(said), (form, query)
            assert "hub.example" not in answer.text + answer.headers["Link"]
        cut = client.get(f"/feeds/{feed}.{form}?limit=2").text
        assert f'https://tin.example.vn/feeds/{feed}.{form}?limit=2"' in cut
    source = etree.fromstring(client.get(f"/feeds/{feed}.atom?limit=2").data).find(".//{*}entry/{*}source")
    assert source is not None  # an entry is of the portal's feed, not of what somebody cut of it
    assert source.findtext("{*}id") == f"tag:tin.example.vn,2026:feeds/{feed}"
    assert {link.get("href") for link in source.iterfind("{*}link[@rel='self']")} == {
        f"https://tin.example.vn/feeds/{feed}.atom"
    }


def test_a_cut_feed_tells_what_was_withdrawn_of_it(stories: Desk, client: FlaskClient) -> None:
    first, second, _ = sorted(stories.house.catalogue.portals)[:3]
    with stories.house.store.write() as memory:
        memory.stories.withdraw("s87", why="a mistake", now=stories.clock())  # of the first portal
    for query, gone in ((f"portal={first}", 1), (f"portal={second}", 0), ("q=s87", 1), ("limit=2", 1)):
        root = etree.fromstring(client.get(f"/feeds/all.atom?{query}").data)
        stones = root.findall("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
        assert [stone.get("ref") for stone in stones] == ["tag:tin.example.vn,2026:stories/s87"] * gone, query


def test_queries_that_mean_the_same_are_one(stories: Desk, client: FlaskClient) -> None:
    first, second, _ = sorted(stories.house.catalogue.portals)[:3]
    same = (
        f"portal={first},{second}&q=tin+tom+tat",
        f"q=T%C3%B3m%20t%E1%BA%AFt%20TIN&portal={second}&portal={first.upper()},",
        f"q=tat&q=tin&q=tom&_=9&portal={second},{first},{first}&limit=50",
        f"limit=999999&q=tin,tom,tat&portal=%20{first}%20,{second}",
    )
    assert len({client.get(f"/feeds/all.atom?{query}").headers["ETag"] for query in same}) == 1


def test_what_asks_for_nothing_is_the_feed_itself(stories: Desk, client: FlaskClient) -> None:
    whole = client.get("/feeds/all.atom")
    for query in (
        "limit=50",
        "limit=many",
        "limit=-1",
        "limit=%D9%A3",
        "q=%20...%20",
        "portal=",
        "portals=x",
        "Q=x",
    ):
        assert client.get(f"/feeds/all.atom?{query}").data == whole.data, query
    assert client.get("/feeds/index.opml?q=x").status_code == 200
    archive = client.get("/feeds/all/2026-01.atom")
    assert client.get("/feeds/all/2026-01.atom?limit=1").data == archive.data


@pytest.mark.parametrize(
    "query",
    [
        "portal=khong-co",
        "portal=all,%00",
        "q=" + "x" * 101,
        "q=a+b+c+d+e+f+g+h+i",
        "q=" + "x" * 5000,
        "portal=" + "a," * 5000,
    ],
)
@on_one_database
def test_what_cannot_be_meant_is_told_in_one_line(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/feeds/all.atom?{query}")
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert answer.data.count(b"\n") == 1
    assert b"khong-co" not in answer.data


def test_a_cut_feed_follows_the_feed(stories: Desk, client: FlaskClient) -> None:
    before = client.get("/feeds/all.atom?limit=2")
    with stories.house.store.write() as memory:
        keep_story(memory, "s99", now=stories.clock())
        memory.stories.announce("s99", at=stories.clock(), feeds=["all"])
    assert client.get("/feeds/all.atom?limit=2").data == before.data  # until it is published
    stories.clock.pass_(minutes=1)
    stories.publish("feeds/all.atom", atom(["s99"]))
    after = client.get("/feeds/all.atom?limit=2", headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, told(after)) == (200, ["s99", "s89"])
    assert after.headers["Last-Modified"] > before.headers["Last-Modified"]


def test_every_kind_of_filter_at_once_takes_bounded_memory(stories: Desk) -> None:
    app = create_app(stories.house)
    client = app.test_client()
    for n in range(60):
        assert client.get(f"/feeds/all.atom?q=w{n}", headers={"If-None-Match": '"x"'}).status_code == 200
    kept = app.wsgi_app._tailored._kept  # type: ignore[attr-defined]
    assert kept._taken <= kept._most
    assert len(kept) == 60


# --- too often ---


def asked(client: FlaskClient, times: int, *, address: str = "192.0.2.1", **headers: str) -> list[int]:
    """The statuses of asking for one feed so often from this address."""
    return [
        client.get("/feeds/all.atom", headers=headers, environ_overrides={"REMOTE_ADDR": address}).status_code
        for _ in range(times)
    ]


def test_who_takes_the_whole_feed_again_and_again_must_wait(desk: Desk) -> None:
    client = desk.client(feed_limit=5)
    assert asked(client, 7) == [200] * 5 + [429] * 2
    answer = client.get("/feeds/all.atom?_=7", environ_overrides={"REMOTE_ADDR": "192.0.2.1"})
    assert (answer.status_code, answer.mimetype) == (429, "text/plain")
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert b"If-None-Match" in answer.data
    assert asked(client, 2, address="192.0.2.2") == [200, 200]
    other = client.get("/feeds/all.rss", environ_overrides={"REMOTE_ADDR": "192.0.2.1"})
    assert other.status_code == 200
    desk.clock.pass_(seconds=int(answer.headers["Retry-After"]))
    assert asked(client, 1) == [200]


def test_who_says_what_he_has_never_waits(desk: Desk) -> None:
    client = desk.client(feed_limit=5)
    whole = client.get("/feeds/all.atom")
    assert asked(client, 9)[-1] == 429
    assert asked(client, 20, **{"If-None-Match": whole.headers["ETag"]}) == [304] * 20
    assert asked(client, 20, **{"If-Modified-Since": whole.headers["Last-Modified"]}) == [304] * 20
    desk.publish("feeds/all.atom", atom("1"))
    assert asked(client, 3, **{"If-None-Match": whole.headers["ETag"]}) == [200] * 3


def test_one_household_of_ipv6_is_one_client(desk: Desk) -> None:
    client = desk.client(feed_limit=2)
    assert asked(client, 2, address="2001:db8:1:2::1") == [200, 200]
    assert asked(client, 1, address="2001:db8:1:2:aaaa::9") == [429]
    assert asked(client, 1, address="2001:db8:1:3::1") == [200]


def test_a_client_behind_our_proxies_is_known_and_what_clients_write_is_not_believed(desk: Desk) -> None:
    def spoof(client: FlaskClient, told: str) -> int:
        return asked(client, 1, address="10.0.0.9", **{"X-Forwarded-For": told})[0]

    nobody_trusted = desk.client(feed_limit=2)
    assert [spoof(nobody_trusted, f"192.0.2.{n}") for n in range(3)] == [200, 200, 429]
    one = desk.client(feed_limit=1, proxies=1)
    assert [spoof(one, f"9.9.9.{n}, 192.0.2.7") for n in range(3)] == [200, 429, 429]
    assert spoof(one, "192.0.2.8") == 200
    two = desk.client(feed_limit=1, proxies=2)
    assert [spoof(two, f"8.8.8.{n}, 192.0.2.7, 10.0.0.{n}") for n in range(2)] == [200, 429]
    assert spoof(two, "192.0.2.7") == 200  # too short to have come through both: it is the peer's
    assert spoof(two, "") == 429


def test_new_filters_without_end_must_wait_even_with_tags(stories: Desk) -> None:
    client = stories.client(feed_limit=5)
    headers = {"If-None-Match": '"x"'}
    statuses = [client.get(f"/feeds/all.atom?q=w{n}", headers=headers).status_code for n in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    assert client.get("/feeds/all.atom?q=w1", headers=headers).status_code == 200  # it is there already


def test_no_limit_is_no_limit_and_counting_takes_bounded_memory(desk: Desk) -> None:
    assert set(asked(desk.client(feed_limit=0), 400)) == {200}
    patience = Patience(1)
    for n in range(MOST_CLIENTS + 10):
        assert patience.wait(f"client {n}", "feeds/all.atom", now=0) == 0
    assert len(patience._counts) == MOST_CLIENTS
    assert patience.wait("client 1", "feeds/all.atom", now=1) == 599
    assert patience.wait("client 1", "feeds/all.atom", now=600) == 0
    assert len(patience._counts) == 1


# --- the database, other processes, memory ---


def test_another_process_sees_what_is_published_within_a_moment(desk: Desk, database_url: str) -> None:
    client = desk.client(look_every=0.2, feed_limit=0)
    first = client.get("/feeds/all.atom")
    other = open_store(database_url)
    with other.write() as memory:
        body = atom(["another process"])
        memory.documents.put(
            "feeds/all.atom", media_type=MEDIA["atom"], body=body, etag=etag_of(body), now=desk.clock()
        )
        memory.documents.remove("feeds/all.rss")
    other.close()
    assert first.status_code == 200
    until(lambda: client.get("/feeds/all.atom").data == body, seconds=5)
    assert client.get("/feeds/all.rss").status_code == 404


def test_between_two_looks_nobody_asks_the_database(desk: Desk) -> None:
    client = desk.client(look_every=3600)
    whole = client.get("/feeds/all.atom")
    statements: list[str] = []
    with desk.house.store.read() as memory:
        engine = memory.connection.engine
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    for path in ("all.atom", "none.atom", "all.atom?x=1", "all.atom/", "x" * 5000):
        client.get(f"/feeds/{path}")
        client.get(f"/feeds/{path}", headers={"If-None-Match": whole.headers["ETag"]})
    assert statements == []


def test_what_is_remembered_between_two_looks_is_what_would_be_said_anew(desk: Desk) -> None:
    remembers, asks_anew = desk.client(look_every=3600, feed_limit=0), desk.client(feed_limit=0)
    tag = asks_anew.get("/feeds/all.atom").headers["ETag"]
    desk.publish("feeds/all.atom", atom(["new", *(f"feeds/all{n}" for n in range(49))]))
    desk.clock.pass_(minutes=1)
    new = asks_anew.get("/feeds/all.atom").headers
    choices: dict[str, list[str]] = {
        "If-None-Match": ["", tag, new["ETag"], "*"],
        "If-Modified-Since": ["", new["Last-Modified"]],
        "Accept-Encoding": ["", "gzip"],
        "Accept": ["", "application/json"],
        "A-IM": ["", "feed"],
    }
    for path in ("all.atom", "all.json", "none.rss"):
        for values in [*product(*choices.values())] * 2:
            headers = {name: value for name, value in zip(choices, values, strict=True) if value}
            for method in ("GET", "HEAD"):
                once, again = (
                    one.open(f"/feeds/{path}", method=method, headers=headers)
                    for one in (remembers, asks_anew)
                )
                assert (once.status, once.data) == (again.status, again.data), headers
                assert sorted(once.headers) == sorted(again.headers)


@pytest.fixture
def lost(desk: Desk) -> Iterator[Callable[[], None]]:
    """Takes the database away; it is back after the test."""
    with desk.house.store.read() as memory:
        engine = memory.connection.engine
    url = engine.url

    def lose() -> None:
        engine.dispose()
        if url.drivername == "sqlite":
            assert url.database
            Path(url.database).rename(f"{url.database}.away")
            Path(url.database).mkdir()
        else:
            admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
            with admin.connect() as other:
                other.execute(text(f'ALTER DATABASE "{url.database}" WITH ALLOW_CONNECTIONS false'))
                other.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                    {"name": url.database},
                )
            admin.dispose()

    yield lose
    if url.drivername == "sqlite" and url.database and Path(f"{url.database}.away").exists():
        Path(url.database).rmdir()
        Path(f"{url.database}.away").rename(url.database)


def test_without_the_database_readers_get_the_last_good_feed(
    desk: Desk, lost: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    client = desk.client()
    whole = client.get("/feeds/all.atom")
    tag = {"If-None-Match": whole.headers["ETag"]}
    lost()
    for _ in range(3):
        answer = client.get("/feeds/all.atom")
        assert (answer.status_code, answer.data) == (200, whole.data)
        assert client.get("/feeds/all.atom", headers=tag).status_code == 304
        assert client.get("/feeds/none.atom").status_code == 404
        unseen = client.get("/feeds/all.rss")
        assert (unseen.status_code, unseen.headers["Retry-After"]) == (503, "60")
        assert unseen.headers["Access-Control-Allow-Origin"] == "*"
        assert client.get("/feeds/all.atom?q=x").status_code == 503
    assert len([one for one in caplog.records if "last seen" in one.message]) == 1


def test_a_server_that_starts_without_the_database_says_when_to_come_again(
    desk: Desk, lost: Callable[[], None]
) -> None:
    client = desk.client()
    lost()
    answer = client.get("/feeds/all.atom")
    assert (answer.status_code, answer.mimetype) == (503, "text/plain")
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_kept_in_memory_is_bounded_and_what_was_used_last_stays() -> None:
    kept: Recent[int, bytes] = Recent(100, len)
    for n in range(20):
        kept.keep(n, bytes(10))
        kept.get(0)
    assert len(kept) == 10
    assert kept.get(0) is not None
    assert kept.get(1) is None
    kept.keep(0, bytes(91))
    assert (len(kept), kept.get(19)) == (1, None)
    kept.keep(0, bytes(10))
    kept.keep(1, bytes(90))
    assert len(kept) == 2


def test_many_threads_read_while_one_publishes(desk: Desk) -> None:
    app = create_app(desk.house)
    bodies = {atom([str(n)], title="x" * 5000) for n in range(10)}

    def work(number: int) -> None:
        client = app.test_client()
        for n in range(10):
            if number == 0:
                desk.publish("feeds/all.atom", atom([str(n)], title="x" * 5000))
            else:
                answer = client.get("/feeds/all.atom", headers={"Accept-Encoding": "gzip"})
                assert answer.status_code == 200
                assert answer.headers["ETag"] == etag_of(unpacked(answer))[:-1] + '-gz"'
                assert (
                    unpacked(answer) in bodies
                    or b"chuyen" in unpacked(answer)
                    or b"feeds/all" in unpacked(answer)
                )

    all_at_once(work, threads=4)
