"""Probing: the portals of the demo, portals with less to offer, and the pages whose lists must be recognised."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from syndication.catalogue import read_catalogue
from syndication.collect.fetch import FEED_ACCEPT, PAGE_ACCEPT, Fetcher, Request
from syndication.collect.parse import Document
from syndication.collect.probe import MOST_REQUESTS, Probed, as_toml, id_from, look, probe
from syndication.collect.probe.front import MOST_LINKS, read_page
from syndication.collect.probe.listing import find_lists
from syndication.collect.probe.reading import read_source
from syndication.collect.probe.software import Software, name_software, traces_in
from syndication.collect.sandbox import Sandbox
from syndication.demo.portals import DEMO_FEEDS, DemoPortals, write_catalogue
from syndication.domain.article import Article
from syndication.domain.portal import Portal, Read, SlashDates
from syndication.errors import AddressRefused, FetchFailed
from tests.collect.pages import Pages, lead, page_with, pages_on_loopback, rss, rss_item, title
from tests.collect.written_web import HandWrittenWeb, Page
from tests.samples.hostile import generated

AGENT = "syndication/0 (+https://tin.example.vn)"
NOW = datetime.now(UTC)


@pytest.fixture
def fetcher(portals: DemoPortals) -> Iterator[Fetcher]:
    with Fetcher(user_agent=AGENT, private_hosts=frozenset(portals.addresses.values())) as opened:
        yield opened


@pytest.fixture
def pages() -> Iterator[Pages]:
    with pages_on_loopback() as served:
        yield served


Ask = Callable[..., Probed]


@pytest.fixture
def ask(sandbox: Sandbox) -> Ask:
    """Probes what stands at a path of a portal on loopback."""

    def ask(pages: Pages, path: str = "/", *, sandbox: Sandbox = sandbox) -> Probed:
        with Fetcher(user_agent=AGENT, private_hosts=frozenset({pages.address})) as fetcher:
            return probe(pages.url(path), fetcher=fetcher, sandbox=sandbox, now=NOW, user_agent=AGENT)

    return ask


def on(days_ago: float) -> str:
    return format_datetime(NOW - timedelta(days=days_ago))


def feed_of(*numbers: int, days_ago: float = 0, category: str = "") -> str:
    return rss(*(rss_item(number, on(days_ago + number), category=category) for number in numbers))


def reasons(probed: Probed, pages: Pages) -> dict[str, str]:
    return {one.url.removeprefix(pages.url("")): one.says for one in probed.tried if not one.taken}


def sources(probed: Probed, pages: Pages) -> list[tuple[str, Read, str | None]]:
    return [(one.url.removeprefix(pages.url("")), one.read, one.label) for one in probed.portal.sources]


# ------------------------------------------------------------------ the demo's portals


EXPECTED = {
    "song-dao": (Software.WORDPRESS, {Read.FEED}),
    "may-trang": (Software.NUKEVIET, {Read.FEED}),
    "ba-nguon": (Software.LIFERAY, {Read.FEED}),
    "hai-vong": (Software.VCC, {Read.FEED}),
    "hoa-lam": (Software.SHAREPOINT, {Read.PAGE}),
    "tra-thuong": (Software.ASP_NET, {Read.FEED}),
    "nguyet-giang": (Software.WORDPRESS, {Read.WORDPRESS}),
}


def read_all(portal: Portal, fetcher: Fetcher, sandbox: Sandbox) -> dict[str, Article]:
    """The articles of a portal by title, as its sources list them."""
    found: dict[str, Article] = {}
    for source in portal.sources:
        answer = fetcher.fetch(Request(url=source.url))
        for article in read_source(source, portal, answer, sandbox=sandbox, now=NOW).articles:
            known = found.setdefault(article.title, article)
            found[article.title] = known.also_under(article.labels, ())
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_the_proposed_file_reads_what_the_demos_own_file_reads(
    name: str, portals: DemoPortals, fetcher: Fetcher, tmp_path: Path, sandbox: Sandbox
) -> None:
    address = portals.addresses[name]
    probed = probe(
        f"http://{address}/", fetcher=fetcher, sandbox=sandbox, now=NOW, user_agent=AGENT, portal_id=name
    )
    software, ways = EXPECTED[name]
    assert probed.software is software
    assert {source.read for source in probed.portal.sources} == ways
    assert probed.requests <= MOST_REQUESTS
    write_catalogue({name: address}, into=tmp_path / "shipped")
    write_catalogue({}, into=tmp_path / "proposed")
    (tmp_path / "proposed" / "portals" / f"{name}.toml").write_text(as_toml(probed), encoding="utf-8")
    shipped = read_catalogue(tmp_path / "shipped").portals[name]
    proposed = read_catalogue(tmp_path / "proposed").portals[name]
    assert proposed == probed.portal
    assert proposed.name == shipped.name
    wanted, got = read_all(shipped, fetcher, sandbox), read_all(proposed, fetcher, sandbox)
    shared = wanted.keys() & got.keys()
    assert len(shared) >= 0.8 * len(wanted)
    assert [got[one].published_at for one in shared] == [wanted[one].published_at for one in shared]
    assert all(set(wanted[one].labels) <= set(got[one].labels) for one in shared)
    told = portals.articles
    true_dates = {
        portals.article(key).title: portals.article(key).published_at.replace(second=0)
        for key in told
        if portals.article(key).portal == name
    }
    assert 5 <= len(probed.articles) <= 10
    for article in probed.articles:
        assert article.published_at is not None
        assert article.published_at.replace(second=0) == true_dates[article.title]
        assert article.labels
        assert article.summary


def test_american_dates_are_noticed(portals: DemoPortals, fetcher: Fetcher, sandbox: Sandbox) -> None:
    probed = probe(
        f"http://{portals.addresses['tra-thuong']}/",
        fetcher=fetcher,
        sandbox=sandbox,
        now=NOW,
        user_agent=AGENT,
    )
    assert [source.dates for source in probed.portal.sources] == [SlashDates.MDY]


def test_feeds_of_categories_are_taken_for_the_names_that_the_big_one_does_not_give(
    portals: DemoPortals, fetcher: Fetcher, sandbox: Sandbox
) -> None:
    probed = probe(
        f"http://{portals.addresses['may-trang']}/",
        fetcher=fetcher,
        sandbox=sandbox,
        now=NOW,
        user_agent=AGENT,
    )
    assert {source.label for source in probed.portal.sources} == {
        "Chuyển đổi số",
        "Hoạt động Trung tâm",
        "Tin tức - Sự kiện",
        "Văn hoá - Xã hội",
    }
    whole = next(one for one in probed.tried if one.url.endswith("/news/rss/"))
    assert (whole.taken, whole.says) == (False, "its articles come with what was taken")


def test_lists_of_one_make_prove_each_other(portals: DemoPortals, fetcher: Fetcher, sandbox: Sandbox) -> None:
    probed = probe(
        f"http://{portals.addresses['hoa-lam']}/", fetcher=fetcher, sandbox=sandbox, now=NOW, user_agent=AGENT
    )
    shipped = (DEMO_FEEDS / "portals" / "hoa-lam.toml").read_text(encoding="utf-8")
    for source in probed.portal.sources:
        assert source.label in {"Chính trị", "Kinh tế - Xã hội", "Ứng dụng CNTT"}
        for part, css in source.select.items():
            assert f'{part:<7} = "{css}"' in shipped


# ------------------------------------------------------------------ portals with less to offer


def test_a_portal_without_anything_to_read_says_so(pages: Pages, ask: Ask) -> None:
    pages.put("/", "<html><head><title>Đang xây dựng</title></head><body><p>Xin chào</p></body></html>")
    probed = ask(pages)
    assert probed.portal.sources == ()
    assert probed.articles == ()
    assert reasons(probed, pages)["/"] == "no list of news is to be made out in it"
    assert "(404)" in reasons(probed, pages)["/rss"]
    assert probed.software is Software.UNKNOWN


def test_a_private_address_is_refused(portals: DemoPortals, sandbox: Sandbox) -> None:
    with (
        Fetcher(user_agent=AGENT) as fetcher,
        pytest.raises(AddressRefused, match="SYNDICATION_PRIVATE_HOSTS"),
    ):
        probe(
            f"http://{portals.addresses['song-dao']}/",
            fetcher=fetcher,
            sandbox=sandbox,
            now=NOW,
            user_agent=AGENT,
        )


def test_an_address_where_nothing_answers_is_an_error(pages: Pages, ask: Ask) -> None:
    with pytest.raises(FetchFailed, match="404"):
        ask(pages, "/khong-co")


def test_a_feed_that_is_given_is_taken_and_the_name_comes_from_the_front_page(pages: Pages, ask: Ask) -> None:
    pages.put("/", page_with(""))
    pages.put("/kenh/tin.xml", feed_of(*range(6)), kind="text/xml")
    probed = ask(pages, "/kenh/tin.xml")
    assert sources(probed, pages) == [("/kenh/tin.xml", Read.FEED, None)]
    assert probed.portal.name == "Cổng tin tỉnh Thử"
    assert probed.portal.home == pages.url("/")
    assert len(pages.asked) == 3


def test_a_feed_of_comments_is_never_news(pages: Pages, ask: Ask) -> None:
    link = '<link rel="alternate" type="application/rss+xml" title="{}" href="{}">'
    head = link.format("Dòng bình luận", "/binh-luan.xml") + link.format("Tin", "/tin.xml")
    pages.put("/", page_with("", head=head))
    pages.put("/binh-luan.xml", feed_of(*range(9)), kind="text/xml")
    pages.put("/tin.xml", feed_of(*range(3)), kind="text/xml")
    probed = ask(pages)
    assert sources(probed, pages) == [("/tin.xml", Read.FEED, None)]
    assert reasons(probed, pages)["/binh-luan.xml"] == "it lists comments, not news"


def test_a_json_feed_named_in_the_head_is_read(pages: Pages, ask: Ask) -> None:
    pages.put("/", page_with("", head='<link rel="alternate" type="application/feed+json" href="/tin.json">'))
    items = [
        {"id": str(n), "url": pages.url(f"/bai-{n}"), "title": title(n), "summary": lead(n)}
        | {"date_published": (NOW - timedelta(days=n)).isoformat()}
        for n in range(4)
    ]
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "Tin", "items": items}
    pages.put("/tin.json", json.dumps(document), kind="application/feed+json")
    assert sources(ask(pages), pages) == [("/tin.json", Read.JSONFEED, None)]


def news_list(days_ago: float = 0, *, numbers: range = range(6)) -> str:
    rows = "".join(
        f'<li><a href="/bai-{n}.html">{title(n)}</a> <span class="ngay">'
        f"{NOW - timedelta(days=days_ago + n):%d/%m/%Y %H:%M}</span><p>{lead(n)}</p></li>"
        for n in numbers
    )
    return f'<ul class="danh-sach">{rows}</ul>'


def test_a_feed_that_the_portal_left_behind_gives_way_to_its_list(pages: Pages, ask: Ask) -> None:
    pages.put("/", page_with(news_list()))
    pages.put("/rss", feed_of(*range(6), days_ago=400), kind="text/xml")
    probed = ask(pages)
    assert [source.read for source in probed.portal.sources] == [Read.PAGE]
    assert reasons(probed, pages)["/rss"].startswith("its newest article is of ")


def test_day_first_dates_beside_pm_are_noticed(ask: Ask, pages: Pages) -> None:
    days = [NOW - timedelta(days=n) for n in range(25)]
    dates = [f"{day.day:02}/{day.month:02}/{day.year} {day.hour % 12 or 12}:05 {day:%p}" for day in days]
    pages.put("/tin.xml", rss(*(rss_item(n, date) for n, date in enumerate(dates))), kind="text/xml")
    probed = ask(pages, "/tin.xml")
    assert [source.dates for source in probed.portal.sources] == [SlashDates.DMY_ALWAYS]
    assert 'dates = "dmy-always"' in as_toml(probed)
    assert all(article.published_at for article in probed.articles)


def test_a_feed_without_dates_gives_way_to_a_list_that_has_them(pages: Pages, ask: Ask) -> None:
    pages.put("/", page_with(news_list()))
    pages.put("/rss", rss(*(rss_item(n, "hôm qua") for n in range(6))), kind="text/xml")
    probed = ask(pages)
    assert [source.read for source in probed.portal.sources] == [Read.PAGE]
    assert reasons(probed, pages)["/rss"] == "none of its 6 articles has a date that can be read"


def test_the_list_that_was_given_is_enough(pages: Pages, ask: Ask) -> None:
    pages.put("/", page_with(""))
    pages.put("/tin-tuc", page_with(news_list()))
    probed = ask(pages, "/tin-tuc")
    assert sources(probed, pages) == [("/tin-tuc", Read.PAGE, None)]
    assert [article.title for article in probed.articles] == [title(n) for n in range(6)]
    assert not [path for path in pages.asked if path.startswith("/chuyen-muc")]


def test_a_list_that_tells_the_latest_by_hours_keeps_the_dates_of_the_others(pages: Pages, ask: Ask) -> None:
    latest = f'<span class="ngay">{NOW:%d/%m/%Y %H:%M}</span>'
    pages.put("/", page_with(news_list().replace(latest, '<span class="ngay">2 giờ trước</span>')))
    (source,) = ask(pages).portal.sources
    assert source.select["date"] == "span.ngay"
    pages.put("/", page_with(re.sub(r'ngay">[^<]*<', 'ngay">2 giờ trước<', news_list())))
    (source,) = ask(pages).portal.sources
    assert "date" not in source.select


def test_four_items_prove_no_selectors(pages: Pages, ask: Ask) -> None:
    pages.put("/", f"<html><body>{news_list(numbers=range(4))}</body></html>")
    assert ask(pages).portal.sources == ()
    pages.put("/", f"<html><body>{news_list(numbers=range(5))}</body></html>")
    assert sources(ask(pages), pages) == [("/", Read.PAGE, None)]


def test_robots_txt_keeps_us_from_pages_and_not_from_feeds(pages: Pages, ask: Ask) -> None:
    pages.put("/robots.txt", "User-agent: *\nDisallow: /\n", kind="text/plain")
    pages.put("/", page_with(news_list()))
    probed = ask(pages)
    assert probed.portal.sources == ()
    assert reasons(probed, pages)["/"] == "robots.txt asks us not to read it"
    assert any("robots.txt" in note for note in probed.notes)
    pages.put("/rss", feed_of(*range(6)), kind="text/xml")
    probed = ask(pages)
    assert sources(probed, pages) == [("/rss", Read.FEED, None)]
    assert not [path for path in pages.asked if path.startswith("/bai-")]


def test_sitemaps_are_the_last_resort_and_the_articles_pages_give_the_titles(pages: Pages, ask: Ask) -> None:
    pages.put("/", page_with(""))
    pages.put("/robots.txt", f"Sitemap: {pages.url('/chi-muc.xml')}\n", kind="text/plain")
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    pages.put(
        "/chi-muc.xml",
        f"<sitemapindex {space}><sitemap><loc>HOST/tin-1.xml</loc></sitemap></sitemapindex>",
        kind="text/xml",
    )
    rows = "".join(f"<url><loc>HOST/bai-{n}.html</loc></url>" for n in range(6))
    pages.put("/tin-1.xml", f"<urlset {space}>{rows}</urlset>", kind="text/xml")
    for n in range(6):
        facts = {
            "@type": "NewsArticle",
            "headline": title(n),
            "datePublished": (NOW - timedelta(days=n)).isoformat(),
        }
        script = f'<script type="application/ld+json">{json.dumps(facts)}</script>'
        pages.put(f"/bai-{n}.html", page_with(f"<h1>{title(n)}</h1><p>{lead(n)}</p>", head=script))
    probed = ask(pages)
    assert sources(probed, pages) == [("/chi-muc.xml", Read.SITEMAP, None)]
    assert {article.title for article in probed.articles} == {title(n) for n in range(6)}
    assert all(article.published_at for article in probed.articles)


def test_a_portal_with_a_hundred_feeds_is_not_asked_for_all_of_them(pages: Pages, ask: Ask) -> None:
    links = "".join(f'<a href="/rss/{n}.rss">Chuyên mục số {n}</a> ' for n in range(100))
    pages.put("/", page_with(links))
    for n in range(100):
        pages.put(f"/rss/{n}.rss", feed_of(n), kind="text/xml")
    probed = ask(pages)
    assert probed.requests == len(pages.asked) <= MOST_REQUESTS
    assert 1 <= len(probed.portal.sources) <= 9


def test_a_feed_that_moved_for_good_is_taken_where_it_is_now(pages: Pages, ask: Ask) -> None:
    pages.put("/", page_with("", head='<link rel="alternate" type="application/rss+xml" href="/cu.xml">'))
    pages.moved["/cu.xml"] = "/moi.xml"
    pages.put("/moi.xml", feed_of(*range(6)), kind="text/xml")
    assert sources(ask(pages), pages) == [("/moi.xml", Read.FEED, None)]


def test_the_file_survives_names_with_quotes_and_backslashes(pages: Pages, tmp_path: Path, ask: Ask) -> None:
    pages.put("/tin.xml", feed_of(*range(6)), kind="text/xml")
    probed = ask(pages, "/tin.xml")
    odd = 'Trung tâm "Số" \\ Tỉnh\x7f'
    probed = replace(probed, portal=replace(probed.portal, id="la", name=odd))
    write_catalogue({}, into=tmp_path)
    (tmp_path / "portals" / "la.toml").write_text(as_toml(probed), encoding="utf-8")
    assert read_catalogue(tmp_path).portals["la"].name == 'Trung tâm "Số" \\ Tỉnh'


@pytest.mark.parametrize(
    ("url", "portal"),
    [
        ("https://www.caobangitc.vn/", "caobangitc"),
        ("https://sotttt.laocai.gov.vn/tin", "sotttt-laocai"),
        ("https://haiphong.gov.vn/", "haiphong"),
        ("http://127.0.0.1:8080/", "127-0-0-1-8080"),
    ],
)
def test_an_id_comes_from_the_host(url: str, portal: str) -> None:
    assert id_from(url) == portal


# ------------------------------------------------------------------ portals made to harm


@pytest.fixture
def impatient() -> Iterator[Sandbox]:
    """A sandbox that gives a document little time; starting its process is not counted."""
    with Sandbox(seconds=4) as opened:
        opened.parse(Read.FEED, Document(body=rss().encode(), url="https://portal.example/"))
        yield opened


def test_a_page_made_to_harm_is_named_and_the_rest_of_the_portal_is_read(
    ask: Ask, pages: Pages, impatient: Sandbox
) -> None:
    pages.put("/", generated.wide_frames(5000).decode())
    pages.put("/rss", feed_of(*range(6)), kind="text/xml")
    probed = ask(pages, sandbox=impatient)
    assert sources(probed, pages) == [("/rss", Read.FEED, None)]
    assert reasons(probed, pages)["/"] == "reading the document takes longer than 4 s"
    assert [article.title for article in probed.articles] == [title(n) for n in range(6)]


def test_a_feed_made_to_harm_gives_way_to_a_list(ask: Ask, pages: Pages, impatient: Sandbox) -> None:
    pages.put("/", page_with(news_list()))
    pages.put("/rss", generated.many_attributes(300_000).decode(), kind="text/xml")
    probed = ask(pages, sandbox=impatient)
    assert sources(probed, pages) == [("/", Read.PAGE, None)]
    assert reasons(probed, pages)["/rss"] == "reading the document takes longer than 4 s"


def test_a_thousand_links_to_feeds_in_one_box_are_read_once() -> None:
    body = f"<html><body><div>{'<a href=/rss>rss</a> tin <br>' * 15_000}</div>".encode()
    began = time.process_time()
    found = read_page(Document(body=body, url="https://portal.example/"), "https://portal.example/")
    assert time.process_time() - began < 10
    assert found is not None
    assert len(found.links) == MOST_LINKS


# ------------------------------------------------------------------ software


@pytest.mark.parametrize(
    ("generator", "address", "markup", "header", "software"),
    [
        ("WordPress 6.6.2", "", "", "", Software.WORDPRESS),
        ("", "/wp-content/themes/x/style.css", "", "", Software.WORDPRESS),
        ("NukeViet v4.5", "/wp-content/x", "", "", Software.NUKEVIET),
        ("", "/index.php?language=vi&nv=news", "", "", Software.NUKEVIET),
        ("", "/tin/-/asset_publisher/SUvaAKdUf4CG/content/bai", "", "", Software.LIFERAY),
        ("", "", "", "microsoftsharepointteamservices", Software.SHAREPOINT),
        ("", "/Trang/ChiTietTinTuc.aspx?id=7", "", "", Software.SHAREPOINT),
        ("Drupal 10 (https://www.drupal.org)", "", "", "", Software.DRUPAL),
        ("", "/vi/node/66241", "", "", Software.DRUPAL),
        ("Joomla! - Open Source Content Management", "", "", "", Software.JOOMLA),
        ("", "/Portals/0/anh.jpg", "<div id='dnn_ctr423_x'>", "", Software.DOTNETNUKE),
        ("", "/bai-viet-115230812201019472.htm", "", "", Software.VCC),
        ("", "/tin/chi-tiet.aspx?id=1", "", "", Software.ASP_NET),
        ("", "/tin/bai.html", "<p>Chạy bằng WordPress? Không.</p>", "", Software.UNKNOWN),
    ],
)
def test_software_is_named_by_its_traces(
    generator: str, address: str, markup: str, header: str, software: Software
) -> None:
    found, evidence = name_software(
        generators=[generator],
        addresses=[address],
        traces=traces_in(markup),
        headers={header: "1"} if header else {},
    )
    assert found is software
    assert bool(evidence) == (software is not Software.UNKNOWN)


# ------------------------------------------------------------------ lists of every make


def day(number: int) -> str:
    return f"{number + 1:02}/11/2025"


def rows(form: str, *, count: int = 8) -> str:
    """One row for each article: T is its title, L its lead, D its date, N its number."""
    return "".join(
        form.replace("T_", title(n)).replace("L_", lead(n)).replace("D_", day(n)).replace("N_", str(n))
        for n in range(count)
    )


LISTS = {
    "a list as VNPT's portals have it": '<ul class="ArticleList">'
    + rows(
        '<li class="clearfix"><a href="/tin/bai-N_-250"><img class="image" src="/i/N_.jpg"></a><div class="Title">'
        '<a href="/tin/bai-N_-250">T_</a></div><span class="Ngaydang">D_</span><p>L_</p></li>'
    )
    + "</ul>",
    "Drupal's views": '<div class="view-content">'
    + rows(
        '<div class="views-row views-row-N_"><div class="views-field-title"><span class="field-content">'
        '<a href="/vi/node/66N_">T_</a></span></div><div class="views-field-created"><span class="field-content">'
        'D_ - 08:30</span></div><div class="views-field-body"><div class="field-content">L_</div></div></div>'
    )
    + "</div>",
    "Joomla's blog": '<div class="blog">'
    + rows(
        '<div class="items-row row-N_"><div class="item column-1"><h2><a href="/index.php/tin/N_-bai">T_</a></h2>'
        '<dl class="article-info"><dt>Chi tiết</dt><dd class="published">Thứ bảy, D_ 16:22</dd>'
        '<dd class="hits">7331 Lượt xem</dd></dl><p>L_</p><p class="readmore"><a href="/index.php/tin/N_-bai">Đọc thêm'
        "</a></p></div></div>"
    )
    + "</div>",
    "WordPress's posts": "<main>"
    + rows(
        '<article id="post-N_" class="post-N_ post type-post"><a class="post-thumbnail" href="/bai-N_.html"><img '
        'src="data:," data-src="/wp-content/N_.jpg"></a><header class="entry-header"><h2 class="entry-title">'
        '<a href="/bai-N_.html">T_</a></h2><time class="entry-date">D_</time> <a href="/category/cds/">Chuyển đổi số'
        '</a></header><div class="entry-summary"><p>L_</p></div></article>'
    )
    + "</main>",
    "cards that are links": '<div class="grid">'
    + rows(
        '<a class="card" href="/x/bai-N_.htm"><img src="/iN_.jpg"><h3>T_</h3><span class="date">D_</span><p>L_</p></a>'
    )
    + "</div>",
    "NukeViet's panels, titles cut off": '<div class="news_column">'
    + rows(
        '<div class="panel panel-default clearfix"><div class="panel-body"><h2><a href="/vi/news/tin/bai-N_.html" '
        'title="T_">T_</a></h2><ul class="list-inline"><li><em class="fa">&nbsp;</em> D_ 08:30:00</li><li>Đã xem: 12'
        "</li></ul><p>L_</p></div></div>"
    )
    + "</div>",
    "DotNetNuke's rows, pictures in styles": '<div id="dnn_ctr423_ModuleContent"><div class="News">'
    + rows(
        """<div><div class="thumb" style="background-image:url('/Portals/0/N_.jpg')"></div><a class="NewsTitle" """
        'href="/tintuc/tabid/88/id/N_/bai.aspx">T_</a><span class="NewsDate">[ Đăng ngày (D_) ]</span>'
        '<div class="NewsLead">L_</div></div>'
    )
    + "</div></div>",
    "a table that names nothing": "<table><tr><td><table>"
    + rows(
        '<tr><td><img src="/images/icon.gif"></td><td><a href="Default.aspx?NDID=N_89&amp;tabid=323">T_</a> '
        "<i>(D_)</i><p>L_</p></td></tr>"
    )
    + "</table></td></tr></table>",
}


@pytest.mark.parametrize("make", LISTS)
def test_the_list_of_news_is_told_from_what_stands_around_it(make: str) -> None:
    document = Document(body=page_with(LISTS[make]).encode(), url="https://portal.example/tin")
    best = find_lists(document, ["portal.example"])[0]
    assert [item.title for item in best.items] == [title(n) for n in range(8)]
    assert best.dated == 8
    assert all(day(n) in (item.published or "") for n, item in enumerate(best.items))
    assert [item.raw_summary for item in best.items] == [lead(n) for n in range(8)]
    pictures = {item.image_url for item in best.items}
    assert len(pictures) == 8 or pictures == {None}
    assert ("<img" in LISTS[make] and "icon" not in LISTS[make]) <= (len(pictures) == 8)


def test_rows_of_two_and_a_last_row_of_one_are_one_list() -> None:
    cells = [
        f'<div class="col"><h4><a href="/t/{n}/abc">{title(n)}</a></h4><small>{day(n)}</small></div>'
        for n in range(7)
    ]
    grid = "".join(f'<div class="row">{"".join(cells[n : n + 2])}</div>' for n in range(0, 7, 2))
    document = Document(
        body=page_with(f'<div class="news-list">{grid}</div>').encode(), url="https://portal.example/"
    )
    best = find_lists(document, ["portal.example"])[0]
    assert [item.title for item in best.items] == [title(n) for n in range(7)]
    assert best.dated == 7


def test_a_page_of_menus_has_no_list_of_news() -> None:
    page = page_with("").replace("sidebar", "left-menu")
    assert find_lists(Document(body=page.encode(), url="https://portal.example/"), ["portal.example"]) == ()


# ------------------------------------------------------------------ the catalogue, live


def test_looking_at_the_demos_catalogue_finds_everything_well(
    portals: DemoPortals, fetcher: Fetcher, tmp_path: Path, sandbox: Sandbox
) -> None:
    write_catalogue(portals.addresses, into=tmp_path)
    catalogue = read_catalogue(tmp_path)
    looked = list(look(catalogue, fetcher=fetcher, sandbox=sandbox, now=NOW, user_agent=AGENT))
    assert {one.url for one in looked} == {source.url for source in catalogue.sources}
    assert [one for one in looked if not one.well] == []
    assert all(one.items and one.newest_at for one in looked)


def test_looking_asks_robots_txt_before_pages(
    pages: Pages, tmp_path: Path, ask: Ask, sandbox: Sandbox
) -> None:
    pages.put("/", page_with(news_list()))
    write_catalogue({}, into=tmp_path)
    (tmp_path / "portals" / "la.toml").write_text(as_toml(ask(pages)), encoding="utf-8")
    catalogue = read_catalogue(tmp_path)
    pages.put("/robots.txt", "User-agent: *\nDisallow: /\n", kind="text/plain")
    pages.asked.clear()
    with Fetcher(user_agent=AGENT, private_hosts=frozenset({pages.address})) as fetcher:
        looked = list(look(catalogue, fetcher=fetcher, sandbox=sandbox, now=NOW, user_agent=AGENT))
    assert [(one.well, "robots.txt" in one.says) for one in looked] == [(False, True)]
    assert pages.asked == ["/robots.txt"]


def test_looking_asks_as_a_round_does(tmp_path: Path, sandbox: Sandbox) -> None:
    """With the portal's own certificates, and for the posts as they are read."""
    write_catalogue({}, into=tmp_path)
    (tmp_path / "portals" / "thieu.pem").write_text("", encoding="ascii")
    (tmp_path / "portals" / "la.toml").write_text(
        'name = "Lạ"\nhome = "https://portal.example/"\nhosts = ["portal.example"]\nca_file = "thieu.pem"\n'
        '[[source]]\nurl = "https://portal.example/tin"\nread = "page"\n[source.select]\nitem = "ul.n > li"\n'
        'link = "a"\n[[source]]\nurl = "https://portal.example/wp-json/wp/v2/posts"\nread = "wordpress"\n',
        encoding="utf-8",
    )
    web = HandWrittenWeb()
    catalogue = read_catalogue(tmp_path)
    looked = list(look(catalogue, fetcher=web, sandbox=sandbox, now=NOW, user_agent=AGENT))
    assert [one.well for one in looked] == [False, False]
    assert {request.ca_file.name if request.ca_file else None for request in web.asked} == {"thieu.pem"}
    kinds = {request.url.partition("?")[0].rpartition("/")[2]: request.accept for request in web.asked}
    assert kinds == {"robots.txt": PAGE_ACCEPT, "tin": PAGE_ACCEPT, "posts": FEED_ACCEPT}
    assert "_embed" in web.asked[-1].url


def test_looking_at_a_page_whose_robots_txt_cannot_be_had_says_why(tmp_path: Path, sandbox: Sandbox) -> None:
    write_catalogue({}, into=tmp_path)
    (tmp_path / "portals" / "la.toml").write_text(
        'name = "Lạ"\nhome = "https://portal.example/"\nhosts = ["portal.example"]\n'
        '[[source]]\nurl = "https://portal.example/tin"\nread = "page"\n[source.select]\nitem = "ul.n > li"\n'
        'link = "a"\n',
        encoding="utf-8",
    )
    down = FetchFailed("portal.example has a fault of its own (500)", status=500)
    web = HandWrittenWeb({"https://portal.example/robots.txt": Page(trouble=down)})
    (one,) = look(read_catalogue(tmp_path), fetcher=web, sandbox=sandbox, now=NOW, user_agent=AGENT)
    assert not one.well
    assert "robots.txt cannot be had" in one.says
    assert "(500)" in one.says
    assert web.urls() == ["https://portal.example/robots.txt"]
