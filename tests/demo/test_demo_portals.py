"""The imitation portals: their news is sound, and each software's bad habits are really there, byte for byte."""

from __future__ import annotations

import gzip
import json
import re
import socket
import struct
import tomllib
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from syndication.catalogue import read_catalogue
from syndication.demo.pictures import landscape
from syndication.demo.portals import DEMO_FEEDS, SOFTWARE, DemoPortals, write_catalogue
from syndication.demo.softwares.article import ARTICLES, DemoArticle, read_articles
from syndication.demo.softwares.wordpress import WordPress
from syndication.text import fold

A_FRIDAY = date(2024, 7, 5)
ANY_PORT = dict.fromkeys(SOFTWARE, 0)
FEEDS = {
    "song-dao": "/feed/",
    "may-trang": "/news/rss/chuyen-doi-so/",
    "ba-nguon": "/rss/-/home",
    "hai-vong": "/rss/home.rss",
    "hoa-lam": "/Trang/Tin-tuc-su-kien.aspx?Cat=83",
    "tra-thuong": "/rss/tintuc.aspx",
    "nguyet-giang": "/wp-json/wp/v2/posts?_embed=1&per_page=4",
}


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


def get(url: str, **headers: str) -> Got:
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=10)) as connection:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "GET", target, headers={name.replace("_", "-"): said for name, said in headers.items()}
        )
        answer = connection.getresponse()
        return Got(answer.status, dict(answer.getheaders()), answer.read())


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoPortals]:
    with DemoPortals(today=A_FRIDAY, ports=ANY_PORT) as portals:
        yield portals


def read(demo: DemoPortals, portal: str, path: str = "", **headers: str) -> Got:
    return get(f"http://{demo.addresses[portal]}{path or FEEDS[portal]}", **headers)


# ---------------------------------------------------------------- the articles


def test_the_articles_are_many_spread_in_time_and_stored_in_nfc() -> None:
    articles = read_articles(A_FRIDAY)
    days = Counter((A_FRIDAY - article.published_at.date()).days for article in articles)

    assert len(articles) >= 60
    assert {article.portal for article in articles} == set(SOFTWARE)
    assert set(days) == set(range(21))
    assert sum(days[day] for day in range(10)) >= 40
    assert unicodedata.is_normalized("NFC", ARTICLES.read_text(encoding="utf-8"))


def test_no_key_title_or_number_is_used_twice_on_one_portal() -> None:
    articles = read_articles(A_FRIDAY)

    assert max(Counter(article.key for article in articles).values()) == 1
    assert max(Counter((article.portal, article.number) for article in articles).values()) == 1
    assert max(Counter((article.portal, article.title) for article in articles).values()) == 1


def test_every_key_in_the_file_is_one_that_is_read() -> None:
    known = {"key", "portal", "days_ago", "at", "label", "tags", "picture", "caption", "author", "credit"}
    known |= {"event", "copy_of", "paragraphs", "title", "lead", "body"}
    entries = tomllib.loads(ARTICLES.read_text(encoding="utf-8"))["article"]

    assert {name for entry in entries for name in entry} <= known


def test_every_text_is_whole_and_its_days_are_written_in() -> None:
    for article in read_articles(A_FRIDAY):
        texts = (article.title, article.lead, *article.body)
        assert all(text and "{" not in text and "}" not in text for text in texts), article.key
        assert 1 <= len(article.body) <= 5, article.key
        assert len(set(texts)) == len(texts), article.key


def test_copies_follow_an_original_of_the_same_event() -> None:
    articles = {article.key: article for article in read_articles(A_FRIDAY)}
    copies = [article for article in articles.values() if article.copy_of]

    assert len(copies) >= 8
    for copy in copies:
        original = articles[copy.copy_of or ""]
        assert original.copy_of is None
        assert copy.event is not None
        assert copy.event == original.event
        assert copy.portal != original.portal
        assert copy.published_at > original.published_at
        assert copy.lead == original.lead
        assert copy.body == original.body[: len(copy.body)]


def test_ten_events_are_told_in_every_way_that_portals_copy() -> None:
    articles = {article.key: article for article in read_articles(A_FRIDAY)}
    tellings: defaultdict[str, list[DemoArticle]] = defaultdict(list)
    for article in articles.values():
        if article.event:
            tellings[article.event].append(article)
    copies = [(copy, articles[copy.copy_of]) for copy in articles.values() if copy.copy_of]

    assert len(tellings) >= 8
    assert all(len({telling.portal for telling in told}) == len(told) in {2, 3} for told in tellings.values())
    assert sum(len([t for t in told if not t.copy_of]) == 2 for told in tellings.values()) >= 2  # independent
    assert [c.key for c, o in copies if c.title == o.title and c.body == o.body]
    assert [c.key for c, o in copies if c.title != o.title and c.body == o.body]
    assert [c.key for c, o in copies if len(c.body) < len(o.body)]


def test_the_days_in_a_text_are_printed_in_the_administrative_style() -> None:
    said = {article.key: article.lead for article in read_articles(date(2026, 2, 4))}

    assert "Sáng 02/02" in said["sd-giao-ban"]
    assert said["tt-giao-ban"] == said["sd-giao-ban"]
    assert "ngày 04/02" in said["hv-5g-hon-vong"]
    assert "Ngày 17 tháng 01 năm 2026" in said["ng-ky-niem"]


# ---------------------------------------------------------------- the catalogue


def test_the_demo_catalogue_is_sound_and_its_labels_reach_six_categories() -> None:
    catalogue = read_catalogue(DEMO_FEEDS)
    slugs = [category.slug for category in catalogue.categories]
    by_label = {fold(label): category.slug for category in catalogue.categories for label in category.labels}
    reached = {by_label.get(fold(article.label)) for article in read_articles(A_FRIDAY)}

    assert set(catalogue.portals) == set(SOFTWARE)
    assert catalogue.portals["ba-nguon"].former_names
    assert slugs[-1] == "khac"
    assert set(slugs) - {"khac"} <= reached
    assert None in reached  # some labels say nothing, as on real portals; there the words decide


def test_the_written_catalogue_names_the_ports_really_used(demo: DemoPortals, tmp_path: Path) -> None:
    write_catalogue(demo.addresses, into=tmp_path)
    catalogue = read_catalogue(tmp_path)

    for portal in catalogue.portals.values():
        assert portal.hosts == (demo.addresses[portal.id],)
        assert all(urlsplit(source.url).netloc == demo.addresses[portal.id] for source in portal.sources)
    for source in catalogue.sources:
        assert get(source.url).status == 200, source.url


def test_a_catalogue_is_written_only_for_portals_that_run(tmp_path: Path) -> None:
    write_catalogue({"song-dao": "127.0.0.1:9"}, into=tmp_path)

    assert [path.name for path in (tmp_path / "portals").iterdir()] == ["song-dao.toml"]


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with DemoPortals(today=A_FRIDAY, ports={**ANY_PORT, "song-dao": port}) as portals:
            assert not portals.addresses["song-dao"].endswith(f":{port}")
            assert read(portals, "song-dao").status == 200


# ---------------------------------------------------------------- what all portals share


def test_every_article_stands_at_its_address(demo: DemoPortals) -> None:
    assert len(demo.articles) == len(read_articles(A_FRIDAY))
    for key, url in demo.articles.items():
        got = get(url)
        title = demo.article(key).title.replace("&", "&amp;")
        assert got.status == 200, key
        assert title in got.text, key
        assert unicodedata.is_normalized("NFC", got.text), key


def test_addresses_do_not_depend_on_the_start(demo: DemoPortals) -> None:
    with DemoPortals(today=A_FRIDAY, ports=ANY_PORT) as again:
        assert {key: urlsplit(url)[2:] for key, url in again.articles.items()} == {
            key: urlsplit(url)[2:] for key, url in demo.articles.items()
        }


@pytest.mark.parametrize("portal", SOFTWARE)
def test_a_reader_who_has_the_page_already_is_told_so(demo: DemoPortals, portal: str) -> None:
    first = read(demo, portal)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    earlier = "Mon, 01 Jan 2024 00:00:00 GMT"

    for known in (
        {"If_None_Match": tag},
        {"If_None_Match": f'"x", W/{tag}'},
        {"If_Modified_Since": modified},
    ):
        again = read(demo, portal, **known)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["ETag"] == tag
    assert read(demo, portal, If_Modified_Since=earlier).status == 200
    assert read(demo, portal, If_None_Match='"x"', If_Modified_Since=modified).status == 200
    assert read(demo, portal).body == first.body


def test_a_zipped_answer_has_a_weak_tag_that_is_known_again(demo: DemoPortals) -> None:
    zipped = read(demo, "song-dao", Accept_Encoding="gzip")

    assert gzip.decompress(zipped.body) == read(demo, "song-dao").body
    assert zipped.headers["ETag"].startswith('W/"')
    assert read(demo, "song-dao", Accept_Encoding="gzip", If_None_Match=zipped.headers["ETag"]).status == 304


def test_a_connection_stays_open_also_after_head_and_304(demo: DemoPortals) -> None:
    with closing(HTTPConnection(demo.addresses["ba-nguon"], timeout=10)) as connection:
        connection.request("HEAD", FEEDS["ba-nguon"])
        head = connection.getresponse()
        assert head.read() == b""
        wire = connection.sock
        connection.request("GET", FEEDS["ba-nguon"], headers={"If-None-Match": head.headers["ETag"]})
        assert connection.getresponse().read() == b""
        connection.request("GET", FEEDS["ba-nguon"])
        answer = connection.getresponse()
        assert int(head.headers["Content-Length"]) == len(answer.read())
        assert connection.sock is wire


@pytest.mark.parametrize("portal", SOFTWARE)
def test_what_is_not_there_is_said_in_vietnamese(demo: DemoPortals, portal: str) -> None:
    missing = read(demo, portal, "/khong-co-gi-o-day")

    assert missing.status == 404
    assert "Không tìm thấy trang" in missing.text
    assert read(demo, portal, "/robots.txt").text.startswith("User-agent: *")
    assert read(demo, portal, "/").status == 200


@pytest.mark.parametrize("portal", SOFTWARE)
def test_article_pages_carry_other_news_cookie_text_and_a_print_link(demo: DemoPortals, portal: str) -> None:
    pages = [get(url).text for key, url in demo.articles.items() if demo.article(key).portal == portal]

    for page in pages:
        assert re.search("[Tt]in khác|Tin liên quan|tin cũ hơn|tin mới hơn|Theo dòng sự kiện", page)
        assert "cookie" in page
        assert re.search("In ra|Print|In bài viết|Bản in", page)
        assert len(set(re.findall(r"\d{2}/\d{2}/\d{4}", page))) >= 2


def test_nothing_is_shown_before_its_time() -> None:
    with DemoPortals(today=datetime.now(UTC).date() + timedelta(days=40), ports=ANY_PORT) as early:
        for key, url in early.articles.items():
            assert early.article(key).lead not in get(url).text
        assert b"<item>" not in read(early, "song-dao").body
        assert json.loads(read(early, "nguyet-giang").body) == []
        assert "tieu-de" not in read(early, "hoa-lam").text


def test_an_article_appears_in_its_minute_and_is_touched_26_minutes_later() -> None:
    article = next(one for one in read_articles(A_FRIDAY) if one.key == "sd-giao-ban")
    site = WordPress(name="Sông Đào", address="127.0.0.1:9", articles=(article,))
    before, after = article.published_at - timedelta(seconds=1), article.published_at + timedelta(minutes=26)

    assert site.answer(site.path_of(article), now=before).status == 404
    assert site.answer(site.path_of(article), now=article.published_at).status == 200
    assert site.answer("/feed/", now=article.published_at).modified_at == article.published_at
    assert site.answer("/feed/", now=after).modified_at == after


# ---------------------------------------------------------------- pictures


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and raw rows of a PNG, every checksum verified."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    place, chunks = 8, []
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        data = png[place + 8 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length])[0] == zlib.crc32(
            kind + data
        )
        chunks.append((kind, data))
        place += 12 + length
    assert [kind for kind, _ in chunks] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    width, height, *form = struct.unpack(">IIBBBBB", chunks[0][1])
    rows = zlib.decompress(chunks[2][1])
    assert form == [8, 3, 0, 0, 0]
    assert len(rows) == height * (width + 1)
    assert max(rows) < len(chunks[1][1]) // 3
    return width, height, rows


def test_a_picture_is_a_sound_small_png_that_its_name_alone_decides() -> None:
    png = landscape("sd-le-hoi", width=800, height=450)
    landscape.cache_clear()

    assert pixels(png)[:2] == (800, 450)
    assert landscape("sd-le-hoi", width=800, height=450) == png
    assert landscape("hv-bao-so-6", width=800, height=450) != png
    assert pixels(landscape("sd-le-hoi", width=100, height=56))[:2] == (100, 56)


@pytest.mark.parametrize("portal", SOFTWARE)
def test_every_picture_on_an_article_page_is_there(demo: DemoPortals, portal: str) -> None:
    shown = 0
    for key, url in demo.articles.items():
        article = demo.article(key)
        if article.portal != portal:
            continue
        pictures = re.findall(r'<img[^>]* src="([^"]+)"', get(url).text)
        assert bool(pictures) == bool(article.picture), key
        for at in pictures:
            got = get(at if at.startswith("http") else f"http://{demo.addresses[portal]}{at}")
            assert got.headers["Content-Type"] == "image/png"
            assert got.headers["ETag"]
            assert len(got.body) < 40_000
            assert pixels(got.body)[:2] == (800, 450)
            shown += 1
    assert shown


# ---------------------------------------------------------------- WordPress


def test_wordpress_gives_the_whole_text_with_caption_and_other_news_at_its_end(demo: DemoPortals) -> None:
    feed = read(demo, "song-dao").text
    item = next(item for item in feed.split("<item>") if "<title>Khai mạc Lễ hội" in item)

    assert 'xmlns:wfw="http://wellformedweb.org/CommentAPI/"' in feed
    assert 'xmlns:slash="http://purl.org/rss/1.0/modules/slash/"' in feed
    assert "<dc:creator><![CDATA[Phương Thảo]]></dc:creator>" in item
    assert item.count("<category>") == 3
    assert f'<guid isPermaLink="false">http://{demo.addresses["song-dao"]}/?p=' in item
    assert "<pubDate>Mon, 01 Jul 2024 09:40:00 +0000</pubDate>" in item
    assert '<p class="wp-caption-text">Hội đua thuyền trên sông Đào.</p>' in item
    assert re.search(
        r"<p>&nbsp;</p>\n<p><strong>Tin khác</strong></p>.*\]\]></content:encoded>", item, re.DOTALL
    )
    assert "CNTT&#038;TT" in feed


def test_a_wordpress_page_shows_only_the_dates_of_other_news(demo: DemoPortals) -> None:
    page = get(demo.articles["sd-giao-ban"]).text

    assert "03/07/2024" not in page
    assert "published_time" not in page
    assert len(re.findall(r"\d{2}/\d{2}/2024", page)) == 3


def test_wordpress_has_amp_twins_short_links_and_feeds_to_discover(demo: DemoPortals) -> None:
    url = demo.articles["sd-giao-ban"]
    short = re.findall(r"/\?p=\d+", get(url).text)[0]
    home = read(demo, "song-dao", "/").text

    assert f'<link rel="canonical" href="{url}" />' in get(f"{url}/amp").text
    moved = read(demo, "song-dao", short)
    assert (moved.status, moved.headers["Location"]) == (301, url)
    assert read(demo, "song-dao", "/feed").status == 301
    assert home.count('rel="alternate" type="application/rss+xml"') == 2
    assert read(demo, "song-dao", "/category/chinh-tri/feed/").body.count(b"<item>") == 4
    assert b"<item>" not in read(demo, "song-dao", "/comments/feed/").body


# ---------------------------------------------------------------- NukeViet


def test_the_minutes_of_nukeviet_are_the_month_and_its_days_have_no_zero(demo: DemoPortals) -> None:
    dates = re.findall(r"<pubDate>(.*)</pubDate>", read(demo, "may-trang", "/news/rss/").text)

    # 08:30 in Vietnam is 01:30 GMT; printed as 01:07 because it is July.
    assert "Thu, 4 Jul 2024 01:07:00 GMT" in dates
    assert {parsedate_to_datetime(moment).minute for moment in dates} == {6, 7}
    assert all(re.fullmatch(r"\w{3}, [1-9]\d? \w{3} 2024 \d\d:0[67]:00 GMT", moment) for moment in dates)


def test_nukeviet_pads_its_guids_and_puts_a_small_picture_before_the_text(demo: DemoPortals) -> None:
    feed = read(demo, "may-trang", "/news/rss/van-hoa-xa-hoi/").text
    image = re.search(r'<!\[CDATA\[<img src="([^"]+)" width="100" align="left" border="0">Ngày hội', feed)

    assert re.search(r'<guid isPermaLink="false">\s+<!\[CDATA\[news_\d+\]\]>\s+</guid>', feed)
    assert "content:encoded>" not in feed
    assert image
    assert pixels(get(image[1]).body)[:2] == (100, 56)


def test_a_nukeviet_page_has_its_marks_and_a_broken_time(demo: DemoPortals) -> None:
    url = demo.articles["mt-giao-ban"]
    page, twin = get(url).text, get(url.replace("/news/", "/news/print/", 1)).text

    assert '<span class="h5">Thứ năm - 04/07/2024 08:30</span>' in page
    assert 'content="2024-07-04+0708:30:00"' in page
    assert "<strong>Nguồn tin: </strong>Trung tâm Thông tin và Truyền thông tỉnh Sông Đào" in page
    assert re.search(r"<em>\(\d{2}/\d{2}/2024\)</em>", page)
    assert "URL của bản tin này: " + url in twin
    assert "Những tin cũ hơn" not in twin


def test_nukeviet_lists_go_on_at_page_2(demo: DemoPortals) -> None:
    first, second = read(demo, "may-trang", "/news/").text, read(demo, "may-trang", "/news/page-2/").text

    assert 'href="/news/page-2/"' in first
    assert not set(re.findall(r'<li><a href="(/news/[^"]+html)"', first)) & set(
        re.findall(r'<li><a href="(/news/[^"]+html)"', second)
    )


# ---------------------------------------------------------------- Liferay


def test_liferay_gives_atom_whose_pictures_have_no_host(demo: DemoPortals) -> None:
    feed = read(demo, "ba-nguon").text
    entry = next(entry for entry in feed.split("<entry>") if "diễn tập thực chiến" in entry)

    assert "<id>urn:uuid:" in entry
    assert "/chi-tiet-tin-tuc/-/asset_publisher/SUvaAKdUf4CG/content/" in entry
    assert 'inheritRedirect=false" />' in entry
    assert "src=&quot;/documents/20181/" in entry
    assert "<published>2024-07-02T07:00:00Z</published>" in entry
    assert "<updated>2024-07-02T07:26:00Z</updated>" in entry
    assert "Thứ ba, 02/07/2024 | 14:00 GMT+7" in get(demo.articles["bn-dien-tap"]).text


# ---------------------------------------------------------------- the home-made CMS


def test_the_home_made_feed_is_not_quite_xml(demo: DemoPortals) -> None:
    feed = read(demo, "hai-vong").text
    address = demo.addresses["hai-vong"]

    assert "        Sở TT&TT Hải Vọng hướng dẫn" in feed
    assert f"<link>\n        http:{address}/" in feed
    assert f"<guid>\n        http:{address}/" in feed
    assert f'<![CDATA[<a href="http:{address}/' in feed
    assert re.search(r'<img width=130 height=100 src="[^"]+" ></a></br>\w', feed)
    assert "<pubDate>Wed, 3 Jul 2024 15:45:00 GMT+7</pubDate>" in feed


def test_a_home_made_address_spells_the_time_of_the_article(demo: DemoPortals) -> None:
    url = demo.articles["hv-trao-doi"]

    assert re.search(r"-115240703154500\d{3}\.htm$", url)
    assert '<span data-role="publishdate">03/07/2024 15:45</span>' in get(url).text


def test_home_made_lists_are_short_and_go_on(demo: DemoPortals) -> None:
    articles = [article for article in read_articles(A_FRIDAY) if article.portal == "hai-vong"]
    listed = read(demo, "hai-vong", "/thoi-su.htm").text

    assert listed.count('<li><a href="/') == sum(article.label == "Thời sự" for article in articles)
    assert read(demo, "hai-vong", "/rss/chuyen-doi-so.rss").body.count(b"<item>") == 1


# ---------------------------------------------------------------- SharePoint


@pytest.mark.parametrize("path", ["/rss", "/feed/", "/Trang/rss.aspx"])
def test_sharepoint_answers_200_where_a_feed_is_looked_for(demo: DemoPortals, path: str) -> None:
    got = read(demo, "hoa-lam", path)

    assert got.status == 200
    assert got.headers["Content-Type"].startswith("text/html")
    assert "Không tìm thấy trang" in got.text


def test_sharepoint_lists_every_article_over_its_pages(demo: DemoPortals) -> None:
    found: list[str] = []
    path = "/Trang/Tin-tuc-su-kien.aspx?Cat=83"
    pages = 0
    while path:
        page = read(demo, "hoa-lam", path).text
        pages += 1
        found += re.findall(r'<a class="tieu-de" href="(/Trang/ChiTietTinTuc\.aspx\?id=\d+)"', page)
        assert re.search(r'<span class="ngay">\(\d{2}/\d{2}/2024 \d{2}:\d{2}\)</span>', page)
        onward = re.search(r'<a class="sau" href="([^"]+)"', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
    ours = [
        urlsplit(url).path + "?" + urlsplit(url).query
        for key, url in demo.articles.items()
        if demo.article(key).portal == "hoa-lam" and demo.article(key).label == "Kinh tế - Xã hội"
    ]

    assert pages == 2
    assert sorted(found) == sorted(ours)


# ---------------------------------------------------------------- old .NET


def test_the_dotnet_feed_lies_about_its_charset_and_writes_american_dates(demo: DemoPortals) -> None:
    got = read(demo, "tra-thuong")

    assert got.headers["Content-Type"] == "text/xml; charset=windows-1258"
    assert got.body.startswith(b"\r\n<?xml")
    assert "Nông nghiệp - Nông thôn" in got.text
    assert "<pubDate>7/3/2024 8:30:00\u202fAM</pubDate>" in got.text
    assert "<pubDate>7/4/2024 3:20:00\u202fPM</pubDate>" in got.text
    links = re.findall(r"<link>(http.+utm_source=rss.+)</link>", got.text)
    assert links
    assert re.findall(r"<guid>(.+)</guid>", got.text) == links
    assert get(links[0].replace("&amp;", "&")).status == 200


# ---------------------------------------------------------------- WordPress without feeds


def test_the_modern_portal_has_no_feed_but_json_and_a_sitemap(demo: DemoPortals) -> None:
    got = read(demo, "nguyet-giang")
    posts = json.loads(got.body)
    sitemap = read(demo, "nguyet-giang", "/wp-sitemap-posts-post-1.xml").text
    ours = [url for key, url in demo.articles.items() if demo.article(key).portal == "nguyet-giang"]

    assert read(demo, "nguyet-giang", "/feed/").status == 404
    assert len(posts) == 4
    assert (got.headers["X-WP-Total"], got.headers["X-WP-TotalPages"]) == ("10", "3")
    assert 'page=2>; rel="next"' in got.headers["Link"]
    assert posts[0]["date"] == "2024-07-05T09:00:00"
    assert posts[0]["date_gmt"] == "2024-07-05T02:00:00"
    assert posts[0]["modified_gmt"] == "2024-07-05T02:26:00"
    assert posts[0]["_embedded"]["wp:term"][0][0]["name"] == "Công nghệ số"
    assert pixels(get(posts[0]["_embedded"]["wp:featuredmedia"][0]["source_url"]).body)
    assert rb"\/wp-json\/" in got.body
    assert b"\\u" in got.body
    assert sorted(re.findall(r"<loc>([^<]+)</loc>", sitemap)) == sorted(ours)
    assert "/wp-sitemap.xml" in read(demo, "nguyet-giang", "/robots.txt").text


def test_the_rest_interface_pages_filters_and_refuses_as_wordpress_does(demo: DemoPortals) -> None:
    posts = "/wp-json/wp/v2/posts"
    beyond = read(demo, "nguyet-giang", f"{posts}?page=9")
    later = json.loads(read(demo, "nguyet-giang", f"{posts}?after=2024-07-04T11:15:00").body)

    assert (beyond.status, json.loads(beyond.body)["code"]) == (400, "rest_post_invalid_page_number")
    assert read(demo, "nguyet-giang", f"{posts}?per_page=101").status == 400
    assert [post["date"] for post in later] == ["2024-07-05T09:00:00"]
    assert "_embedded" not in later[0]


def test_a_modern_page_describes_itself_to_machines(demo: DemoPortals) -> None:
    page = get(demo.articles["ng-tro-ly-ao"]).text
    script = re.search(r'<script type="application/ld\+json">(.*)</script>', page)

    assert script
    facts = json.loads(script[1])
    assert facts["datePublished"] == "2024-07-05T09:00:00+07:00"
    assert facts["articleSection"] == "Công nghệ số"
