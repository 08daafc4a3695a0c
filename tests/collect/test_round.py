"""A round against a web written by hand: what is asked, kept and held, and when it is due again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from syndication.catalogue import read_catalogue
from syndication.collect.pipeline import Result, Round, SourceReport, collect, reader
from syndication.collect.sandbox import Sandbox
from syndication.domain.article import ArticleKey, KeyKind
from syndication.errors import FetchFailed, HostWaits
from syndication.links import Links
from syndication.publish.pipeline import Press, publish
from syndication.store import Store, open_store
from syndication.store.sources import SourceRecord
from tests.cast import ObedientClock
from tests.collect.written_web import HandWrittenWeb, Page

FEED = "https://portal.example/feed/"


def rss(*numbers: int, summary: str = "Tóm tắt đủ dài của tin số {n}.", at: datetime | None = None) -> str:
    date = format_datetime(at) if at else "Fri, 20 Nov 2026 08:30:00 +0700"
    items = "".join(
        f"<item><title>Tin số {n}</title><link>https://portal.example/tin/{n}.html</link><guid>n{n}</guid>"
        f"<pubDate>{date}</pubDate><description>{summary.format(n=n)}</description></item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>Cổng</title>{items}</channel></rss>"


@pytest.fixture
def web() -> HandWrittenWeb:
    return HandWrittenWeb()


@pytest.fixture
def clock() -> ObedientClock:
    return ObedientClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))


@pytest.fixture
def memory_store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'round.db'}")
    store.migrate()
    yield store
    store.close()


class Instance:
    """One portal's file, a store, a web and a clock."""

    def __init__(
        self, folder: Path, store: Store, web: HandWrittenWeb, clock: ObedientClock, sandbox: Sandbox
    ) -> None:
        self.sandbox = sandbox
        self._folder = folder / "feeds"
        (self._folder / "portals").mkdir(parents=True)
        (self._folder / "categories.toml").write_text(
            '[[category]]\nslug = "khac"\ntitle = "Khác"\n', encoding="utf-8"
        )
        self.store, self.web, self.clock = store, web, clock
        self.write(f'[[source]]\nurl = "{FEED}"\nread = "feed"\nevery = "1h"\n')

    def write(
        self, sources: str, *, hosts: str = '["portal.example"]', article: str = 'fetch = "never"'
    ) -> None:
        (self._folder / "portals" / "cong.toml").write_text(
            f'name = "Cổng"\nhome = "https://portal.example/"\nhosts = {hosts}\n{sources}\n[article]\n{article}\n',
            encoding="utf-8",
        )

    def collect(self, *, trust: bool = False, due_only: bool = False) -> list[SourceReport]:
        house = Round(
            store=self.store,
            catalogue=read_catalogue(self._folder),
            links=Links("https://tin.example.vn"),
            open_fetcher=self.web.open,
            sandbox=self.sandbox,
            user_agent="syndication/test",
            now=self.clock,
        )
        return list(collect(house, due_only=due_only, trust=trust))

    def one(self, *, trust: bool = False) -> SourceReport:
        (report,) = self.collect(trust=trust)
        return report

    def record(self) -> SourceRecord:
        with self.store.read() as memory:
            return memory.sources.all()[0]

    def published(self) -> list[tuple[str, str]]:
        """Title and summary of every announced story, newest first."""
        press = Press(
            store=self.store,
            catalogue=read_catalogue(self._folder),
            links=Links("https://tin.example.vn"),
            title="Thử",
            now=self.clock,
        )
        publish(press)
        with self.store.read() as memory:
            return [(story.title, story.summary) for story in memory.stories.newest("all", limit=100)]


@pytest.fixture
def instance(
    tmp_path: Path, memory_store: Store, web: HandWrittenWeb, clock: ObedientClock, sandbox: Sandbox
) -> Instance:
    return Instance(tmp_path, memory_store, web, clock, sandbox)


def test_validators_are_sent_back_and_given_up_after_eight_days(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages[FEED] = Page(rss(1), etag='W/"a b"')
    instance.one()
    clock.pass_(hours=2)
    assert instance.one().result is Result.UNCHANGED
    assert web.asked[-1].etag == 'W/"a b"'
    clock.pass_(days=8)
    instance.one()
    assert web.asked[-1].etag is None


def test_validators_of_an_answer_that_cannot_be_read_are_not_kept(
    instance: Instance, web: HandWrittenWeb
) -> None:
    web.pages[FEED] = Page("<html><body>Đăng nhập</body></html>", etag='"broken"')
    assert instance.one().result is Result.FAILED
    web.pages[FEED] = Page(rss(1), etag='"broken"')
    assert instance.one().new == 1
    assert [request.etag for request in web.asked] == [None, None]


def test_the_same_body_without_validators_counts_as_unchanged(
    instance: Instance, web: HandWrittenWeb
) -> None:
    web.pages[FEED] = Page(rss(1, 2))
    assert instance.one().new == 2
    assert instance.one().result is Result.UNCHANGED


def test_a_changed_portal_file_reads_everything_afresh(instance: Instance, web: HandWrittenWeb) -> None:
    foreign = rss(1).replace("https://portal.example/tin/1", "https://old.example/tin/1")
    web.pages[FEED] = Page(foreign, etag='"same"')
    assert instance.one().result is Result.FAILED
    sources = f'[[source]]\nurl = "{FEED}"\nread = "feed"\n'
    instance.write(sources, hosts='["portal.example", "old.example"]')
    assert instance.one().new == 1
    instance.write(sources, hosts='["portal.example", "old.example", "older.example"]')
    report = instance.one()
    assert web.asked[-1].etag is None
    assert (report.new, report.changed) == (0, 0)


def test_a_failed_source_keeps_its_articles_waits_longer_each_time_and_is_never_given_up(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages[FEED] = Page(rss(1))
    instance.one()
    del web.pages[FEED]
    waits = []
    for _ in range(12):
        clock.pass_(days=1)
        report = instance.one()
        assert report.result is Result.FAILED
        assert report.next_at
        waits.append(report.next_at - clock())
    assert waits[0] < timedelta(hours=1.2) < waits[2] < waits[4]
    assert max(waits) <= timedelta(days=1)
    assert [title for title, _ in instance.published()] == ["Tin số 1"]
    web.pages[FEED] = Page(rss(1, 2))
    assert instance.one().new == 1
    assert instance.record().failures == 0


def test_the_wait_a_portal_asks_for_is_kept_up_to_a_day(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    for asked, least, most in ((7200.0, 2, 2.1), (1e9, 23.9, 24)):
        web.pages[FEED] = Page(trouble=FetchFailed("too many requests", retry_after=asked))
        report = instance.one()
        assert report.next_at
        assert timedelta(hours=least) <= report.next_at - clock() <= timedelta(hours=most)


def test_a_source_that_says_it_is_gone_is_asked_once_a_day(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages[FEED] = Page(trouble=FetchFailed("gone (410)", permanent=True))
    report = instance.one()
    assert report.next_at
    assert report.next_at - clock() > timedelta(hours=20)


def test_what_the_server_says_of_freshness_is_a_floor_with_a_ceiling(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    for headers, least, most in (
        ({"cache-control": "public, max-age=10800"}, 2.6, 3.4),
        ({"cache-control": "max-age=31536000"}, 4.4, 5.6),
        ({"expires": "0"}, 0.8, 1.2),
        ({"cache-control": "max-age=60"}, 0.8, 1.2),
    ):
        web.pages[FEED] = Page(rss(len(headers) + int(least * 10)), headers=headers)
        report = instance.one()
        assert report.next_at
        assert timedelta(hours=least) <= report.next_at - clock() <= timedelta(hours=most), headers


def test_a_redirect_within_the_host_is_followed_by_itself_only_when_it_has_stood_a_week(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages[FEED] = Page(rss(1), moved_to="https://portal.example/rss/")
    web.pages["https://portal.example/rss/"] = Page(rss(1))
    instance.one()
    clock.pass_(days=6)
    instance.one()
    assert set(web.urls()) == {FEED}
    clock.pass_(days=2)
    instance.one()
    assert web.urls()[-1] == "https://portal.example/rss/"


def test_a_redirect_to_another_host_is_only_ever_proposed(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages[FEED] = Page(rss(1), moved_to="https://elsewhere.example/feed/")
    for _ in range(3):
        instance.one()
        clock.pass_(days=8)
    assert set(web.urls()) == {FEED}
    assert instance.record().moved_to == "https://elsewhere.example/feed/"


def test_a_source_that_lists_nothing_any_more_is_suspected_and_its_articles_stay(
    instance: Instance, web: HandWrittenWeb
) -> None:
    web.pages[FEED] = Page(rss(1, 2))
    instance.one()
    web.pages[FEED] = Page(rss())
    report = instance.one()
    assert report.result is Result.FAILED
    assert "lists nothing any more" in str(report.error)
    assert len(instance.published()) == 2


def test_a_source_that_never_listed_anything_is_well(instance: Instance, web: HandWrittenWeb) -> None:
    web.pages[FEED] = Page(rss())
    assert instance.one().result is Result.UNCHANGED


def test_a_flood_is_held_until_a_person_trusts_it(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages[FEED] = Page(rss(1, 2, 3))
    instance.one()
    clock.pass_(hours=2)
    web.pages[FEED] = Page(rss(*range(100, 140)))
    held = instance.one()
    assert (held.result, held.new) == (Result.HELD, 0)
    assert "--trust" in str(held.error)
    assert len(instance.published()) == 3
    assert instance.one(trust=True).new == 40


def test_much_news_among_known_news_is_no_flood(instance: Instance, web: HandWrittenWeb) -> None:
    web.pages[FEED] = Page(rss(1, 2, 3))
    instance.one()
    web.pages[FEED] = Page(rss(3, *range(100, 140)))
    assert instance.one().new == 40


def test_two_lists_that_describe_an_article_differently_do_not_edit_it_for_ever(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    instance.write("".join(f'[[source]]\nurl = "https://portal.example/{n}"\nread = "feed"\n' for n in "ab"))
    web.pages["https://portal.example/a"] = Page(rss(1, summary="Tóm tắt thứ nhất của tin."))
    web.pages["https://portal.example/b"] = Page(rss(1, summary="Một tóm tắt khác của cùng tin ấy."))
    first = instance.collect()
    assert sorted((report.new, report.changed) for report in first) == [(0, 1), (1, 0)]
    for n, path in enumerate("abab", start=10):
        clock.pass_(hours=2)
        address = f"https://portal.example/{path}"
        body = web.pages[address].body.replace(
            "</channel>", rss(n).partition("</title>")[2].removesuffix("</rss>")
        )
        web.pages[address] = Page(body)
        reports = instance.collect()
        assert sum(report.changed for report in reports) == 0
        assert sum(report.new for report in reports) == 1


def test_a_story_dated_ahead_is_held_until_it_is_due(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages[FEED] = Page(rss(1, at=clock() + timedelta(hours=5)))
    assert instance.one().new == 1
    assert instance.published() == []
    clock.pass_(hours=5)
    assert [title for title, _ in instance.published()] == ["Tin số 1"]


LISTING = """<html><body><ul class="news">{items}</ul>{next}</body></html>"""
ENTRY = '<li><a href="/tin/{n}.html">Tin số {n} về chuyển đổi số của tỉnh</a></li>'
ARTICLE = """<html lang="vi"><head><title>Tin số {n} về chuyển đổi số của tỉnh</title>
<meta property="og:type" content="article">
<meta property="article:published_time" content="2026-11-2{n}T08:30:00+07:00"></head>
<body><article><h1>Tin số {n} về chuyển đổi số của tỉnh</h1>
<p class="sapo">Đoạn mở đầu của tin số {n}, đủ dài để người đọc biết chuyện gì đã xảy ra ở đâu và khi nào.</p>
<p>Phần còn lại của bài viết kể thêm chi tiết, với vài câu nữa cho đủ một đoạn văn bình thường.</p>
</article></body></html>"""


def listing(*numbers: int, next_page: str = "") -> str:
    following = f'<a class="next" href="{next_page}">Sau</a>' if next_page else ""
    return LISTING.format(items="".join(ENTRY.format(n=n) for n in numbers), next=following)


@pytest.fixture
def listing_instance(instance: Instance, web: HandWrittenWeb) -> Instance:
    instance.write(
        '[[source]]\nurl = "https://portal.example/tin-tuc"\nread = "page"\nevery = "1h"\n'
        '[source.select]\nitem = "ul.news > li"\ntitle = "a"\nlink = "a@href"\nnext = "a.next@href"\n',
        article='fetch = "when-needed"',
    )
    web.pages["https://portal.example/robots.txt"] = Page("User-agent: *\nDisallow: /admin/\n")
    for n in range(1, 10):
        web.pages[f"https://portal.example/tin/{n}.html"] = Page(ARTICLE.format(n=n))
    return instance


def test_a_list_that_says_too_little_is_completed_from_the_articles_pages_once(
    listing_instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1, 2))
    assert listing_instance.one().new == 2
    stories = listing_instance.published()
    assert {title for title, _ in stories} == {f"Tin số {n} về chuyển đổi số của tỉnh" for n in (1, 2)}
    assert all(summary.startswith("Đoạn mở đầu của tin số") for _, summary in stories)
    web.asked.clear()
    clock.pass_(hours=2)
    web.pages["https://portal.example/tin-tuc"] = Page(listing(3, 1, 2))
    assert listing_instance.one().new == 1
    assert [url for url in web.urls() if "/tin/" in url] == ["https://portal.example/tin/3.html"]
    assert all(summary for _, summary in listing_instance.published())


def test_a_list_is_turned_while_everything_on_its_page_is_new(
    listing_instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1, 2))
    listing_instance.one()
    clock.pass_(hours=2)
    web.pages["https://portal.example/tin-tuc"] = Page(listing(6, 5, next_page="/tin-tuc?page=2"))
    web.pages["https://portal.example/tin-tuc?page=2"] = Page(listing(4, 3, next_page="/tin-tuc?page=3"))
    web.pages["https://portal.example/tin-tuc?page=3"] = Page(listing(2, 1, next_page="/tin-tuc?page=4"))
    assert listing_instance.one().new == 4
    assert "https://portal.example/tin-tuc?page=4" not in web.urls()


def test_a_list_that_says_hours_ago_is_not_turned_again_and_again(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    """«2 giờ trước» is «3 giờ trước» at the next reading; nothing on the page is new for that."""
    instance.write(
        '[[source]]\nurl = "https://portal.example/tin-tuc"\nread = "page"\nevery = "1h"\n[source.select]\n'
        'item = "ul.news > li"\ntitle = "a"\nlink = "a@href"\ndate = "span"\nnext = "a.next@href"\n'
    )
    entries = "".join(
        f'<li><a href="/tin/{n}.html">Tin số {n} của tỉnh</a><span>N giờ trước</span></li>' for n in (1, 2)
    )
    body = f'<html><body><ul class="news">{entries}</ul><a class="next" href="/tin-tuc?page=2">Sau</a></body></html>'
    web.pages["https://portal.example/robots.txt"] = Page("")
    for hours in (2, 3):
        web.pages["https://portal.example/tin-tuc"] = Page(body.replace("N giờ", f"{hours} giờ"))
        instance.one()
        clock.pass_(hours=2)
    assert "https://portal.example/tin-tuc?page=2" not in web.urls()


def test_a_date_with_the_month_first_is_reported_and_none_like_it_is_believed(
    instance: Instance, web: HandWrittenWeb
) -> None:
    instance.write(
        '[[source]]\nurl = "https://portal.example/tin-tuc"\nread = "page"\nevery = "1h"\n[source.select]\n'
        'item = "ul.news > li"\ntitle = "a"\nlink = "a@href"\ndate = "span"\n'
    )
    web.pages["https://portal.example/robots.txt"] = Page("")
    dates = ("6/29/2024", "1/2/2024")
    entries = "".join(
        f'<li><a href="/tin/{n}.html">Tin số {n} của tỉnh</a><span>{date}</span></li>'
        for n, date in enumerate(dates)
    )
    web.pages["https://portal.example/tin-tuc"] = Page(
        f'<html><body><ul class="news">{entries}</ul></body></html>'
    )
    report = instance.one()
    assert report.new == 2
    assert 'set dates = "mdy"' in report.notes[0]
    keys = [ArticleKey(KeyKind.ADDRESS, f"cong/tin/{n}") for n in range(2)]
    with instance.store.read() as memory:
        assert [known.published_at for known in memory.articles.known_as(keys).values()] == [None, None]


def test_a_page_that_robots_txt_forbids_is_not_read_and_that_is_said(
    listing_instance: Instance, web: HandWrittenWeb
) -> None:
    web.pages["https://portal.example/robots.txt"] = Page("User-agent: *\nDisallow: /tin-tuc\n")
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1))
    report = listing_instance.one()
    assert report.result is Result.FAILED
    assert "robots.txt" in str(report.error)
    assert web.urls() == ["https://portal.example/robots.txt"]


def test_robots_txt_is_asked_for_once_a_day(
    listing_instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1))
    for _ in range(3):
        listing_instance.one()
        clock.pass_(hours=7)
    assert web.urls().count("https://portal.example/robots.txt") == 1
    clock.pass_(hours=7)
    listing_instance.one()
    assert web.urls().count("https://portal.example/robots.txt") == 2


def unreachable(status: int | None = 503) -> Page:
    return Page(trouble=FetchFailed("the server is down", status=status, retry_after=7200))


@pytest.mark.parametrize("status", [None, 429, 500, 503])
def test_a_page_is_not_read_while_nobody_can_say_what_robots_txt_says(
    listing_instance: Instance, web: HandWrittenWeb, clock: ObedientClock, status: int | None
) -> None:
    """RFC 9309 §2.3.1.4."""
    rules = web.pages["https://portal.example/robots.txt"]
    web.pages["https://portal.example/robots.txt"] = unreachable(status)
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1))
    report = listing_instance.one()
    assert report.result is Result.FAILED
    assert "its robots.txt cannot be had" in (report.error or "")
    assert "the server is down" in (report.error or "")
    assert report.next_at
    assert report.next_at - clock() >= timedelta(hours=2)
    assert web.urls() == ["https://portal.example/robots.txt"]
    clock.pass_(hours=2)
    web.pages["https://portal.example/robots.txt"] = rules
    assert listing_instance.one().new == 1


@pytest.mark.parametrize("status", [301, 401, 403, 404, 410])
def test_a_portal_without_robots_txt_may_be_read(
    listing_instance: Instance, web: HandWrittenWeb, status: int
) -> None:
    """RFC 9309 §2.3.1.2 and 3; 301 stands for redirects without end."""
    web.pages["https://portal.example/robots.txt"] = unreachable(status)
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1))
    assert listing_instance.one().new == 1


def test_rules_that_cannot_be_had_are_the_last_that_were_for_a_month(
    listing_instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages["https://portal.example/robots.txt"] = Page("User-agent: *\nDisallow: /tin-tuc\n")
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1))
    listing_instance.one()
    web.pages["https://portal.example/robots.txt"] = unreachable()
    for days in (2, 10, 17):
        clock.pass_(days=days)
        assert "asks us not to read" in (listing_instance.one().error or "")
    clock.pass_(days=2)
    assert listing_instance.one().new == 1


def test_a_portal_that_is_always_at_fault_over_robots_txt_is_read_after_a_month(
    listing_instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages["https://portal.example/robots.txt"] = unreachable()
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1))
    for days in (0, 2, 27):
        clock.pass_(days=days)
        assert "cannot be had" in (listing_instance.one().error or "")
    clock.pass_(days=2)
    assert listing_instance.one().new == 1


def test_robots_txt_is_asked_for_with_the_portals_own_certificates(
    listing_instance: Instance, web: HandWrittenWeb, tmp_path: Path
) -> None:
    (tmp_path / "feeds" / "portals" / "thieu.pem").write_text("", encoding="ascii")
    listing_instance.write(
        '[[source]]\nurl = "https://portal.example/tin-tuc"\nread = "page"\n'
        '[source.select]\nitem = "ul.news > li"\nlink = "a@href"\n',
        hosts='["portal.example"]\nca_file = "thieu.pem"',
    )
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1))
    listing_instance.one()
    assert len(web.asked) > 1
    assert {request.ca_file.name if request.ca_file else None for request in web.asked} == {"thieu.pem"}


def test_older_pages_of_a_list_that_robots_txt_forbids_are_not_turned_to(
    listing_instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages["https://portal.example/robots.txt"] = Page("User-agent: *\nDisallow: /*?page=\n")
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1, 2))
    listing_instance.one()
    clock.pass_(hours=2)
    web.pages["https://portal.example/tin-tuc"] = Page(listing(6, 5, next_page="/tin-tuc?page=2"))
    web.pages["https://portal.example/tin-tuc?page=2"] = Page(listing(4, 3))
    assert listing_instance.one().new == 2
    assert "https://portal.example/tin-tuc?page=2" not in web.urls()


@pytest.mark.parametrize(
    "trouble", [FetchFailed("less often", status=429), HostWaits("wait", retry_after=60)]
)
def test_an_article_whose_page_is_asked_for_too_often_comes_with_the_next_round(
    listing_instance: Instance, web: HandWrittenWeb, clock: ObedientClock, trouble: FetchFailed
) -> None:
    page = web.pages["https://portal.example/tin/2.html"]
    web.pages["https://portal.example/tin/2.html"] = Page(trouble=trouble)
    web.pages["https://portal.example/tin-tuc"] = Page(listing(1, 2))
    assert listing_instance.one().new == 1
    clock.pass_(hours=2)
    web.pages["https://portal.example/tin/2.html"] = page
    web.pages["https://portal.example/tin-tuc"] = Page(listing(3, 1, 2))
    assert listing_instance.one().new == 2
    assert all(summary for _, summary in listing_instance.published())


def test_a_list_whose_shape_is_gone_is_told_from_an_empty_one(
    listing_instance: Instance, web: HandWrittenWeb
) -> None:
    web.pages["https://portal.example/tin-tuc"] = Page("<html><body><div>Giao diện mới</div></body></html>")
    report = listing_instance.one()
    assert report.result is Result.FAILED
    assert "ul.news > li" in str(report.error)
    web.pages["https://portal.example/tin-tuc"] = Page(listing())
    assert listing_instance.one().result is Result.UNCHANGED


def test_only_what_is_due_is_asked(instance: Instance, web: HandWrittenWeb, clock: ObedientClock) -> None:
    web.pages[FEED] = Page(rss(1))
    assert len(instance.collect(due_only=True)) == 1
    assert instance.collect(due_only=True) == []
    clock.pass_(hours=1.2)
    assert len(instance.collect(due_only=True)) == 1


def test_a_portals_first_round_announces_its_newest_ten_and_keeps_the_rest(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    items = [rss(n, at=clock() - timedelta(days=n)) for n in range(1, 16)]
    body = "".join(item.partition("</title>")[2].removesuffix("</channel></rss>") for item in items)
    web.pages[FEED] = Page(f"<rss version='2.0'><channel><title>Cổng</title>{body}</channel></rss>")
    assert instance.one().new == 15
    assert [title for title, _ in instance.published()] == [f"Tin số {n}" for n in range(1, 11)]
    clock.pass_(hours=2)
    assert len(instance.published()) == 10
    old, fresh = rss(90, at=clock() - timedelta(days=40)), rss(91, at=clock() - timedelta(hours=1))
    more = "".join(item.partition("</title>")[2].removesuffix("</channel></rss>") for item in (old, fresh))
    web.pages[FEED] = Page(web.pages[FEED].body.replace("</channel>", f"{more}</channel>"))
    assert instance.one().new == 2
    assert instance.published()[0][0] == "Tin số 91"
    assert len(instance.published()) == 11


def test_articles_beyond_what_one_round_may_read_come_with_the_next(
    listing_instance: Instance, web: HandWrittenWeb, clock: ObedientClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MOST_ARTICLE_PAGES", 2)
    web.pages["https://portal.example/tin-tuc"] = Page(listing(5, 4, 3, 2, 1))
    assert listing_instance.one().new == 2
    news = []
    for extra in (6, 7, 8):
        clock.pass_(hours=2)
        web.pages["https://portal.example/tin-tuc"] = Page(listing(5, 4, 3, 2, 1, extra))
        news.append(listing_instance.one().new)
    assert news == [2, 2, 1]
    assert all(summary for _, summary in listing_instance.published())


def test_a_redirect_to_another_host_is_followed_by_itself_once_a_person_has_named_the_host(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages[FEED] = Page(rss(1), moved_to="https://elsewhere.example/feed/")
    web.pages["https://elsewhere.example/feed/"] = Page(rss(1, 2))
    instance.one()
    clock.pass_(days=8)
    source = f'[[source]]\nurl = "{FEED}"\nread = "feed"\nevery = "1h"\n'
    instance.write(source, hosts='["portal.example", "elsewhere.example"]')
    assert instance.one().new == 1
    assert web.urls() == [FEED, "https://elsewhere.example/feed/"]


def test_an_answer_with_only_what_is_new_adds_to_what_was_read_before(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    """RFC 3229: 226 IM Used brings a part, and the items it leaves out are not gone."""
    web.pages[FEED] = Page(rss(1, 2, 3), etag='"a"')
    assert instance.one().new == 3
    clock.pass_(hours=2)
    web.pages[FEED] = Page(rss(4), etag='"b"', status=226)
    assert (instance.one().new, len(instance.published())) == (1, 4)
    assert (instance.record().items, instance.record().etag) == (3, '"b"')
    clock.pass_(hours=2)
    web.pages[FEED] = Page(rss(1, 2, 3, 4), etag='"c"')
    assert instance.one().new == 0


def test_what_a_feed_says_of_its_pace_is_kept(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages[FEED] = Page(rss(1).replace("<channel>", "<channel><ttl>180</ttl>"))
    next_at = instance.one().next_at
    assert next_at
    assert timedelta(hours=2.6) < next_at - clock() < timedelta(hours=3.4)


def test_a_portal_that_tells_more_than_two_hundred_news_in_a_day_is_held(
    instance: Instance, web: HandWrittenWeb, clock: ObedientClock
) -> None:
    web.pages[FEED] = Page(rss(*range(1, 11)))
    assert instance.one().new == 10
    told = 10
    while True:
        web.pages[FEED] = Page(rss(*range(told - 4, told + 16)))
        clock.pass_(minutes=61)
        report = instance.one()
        if report.result is Result.HELD:
            break
        assert report.new == 15
        told += 15
    assert 185 < told <= 200
    assert "--trust" in (report.error or "")
    assert instance.one(trust=True).new == 15
    clock.pass_(days=2)
    web.pages[FEED] = Page(rss(*range(told + 10, told + 20)))
    assert instance.one().result is Result.NEW


def test_a_date_selector_that_finds_nothing_is_told_and_the_articles_stay(
    listing_instance: Instance, web: HandWrittenWeb
) -> None:
    listing_instance.write(
        '[[source]]\nurl = "https://portal.example/tin-tuc"\nread = "page"\nevery = "1h"\n'
        '[source.select]\nitem = "ul.news > li"\ntitle = "a"\nlink = "a@href"\ndate = ".ngay-dang"\n',
        article='fetch = "when-needed"',
    )
    web.pages["https://portal.example/tin-tuc"] = Page(listing(3, 2, 1))
    report = listing_instance.one()
    assert report.new == 3
    assert "select.date" in report.notes[0]
    with listing_instance.store.read() as memory:
        (record,) = memory.sources.all()
    assert "select.date" in (record.note or "")


def test_a_source_that_gives_up_https_is_read_and_the_operator_is_told(
    instance: Instance, web: HandWrittenWeb
) -> None:
    web.pages[FEED] = Page(rss(1), downgraded=True)
    assert instance.one().new == 1
    assert "from https to http" in (instance.record().note or "")
    web.pages[FEED] = Page(rss(1, 2))
    instance.one()
    assert instance.record().note is None
