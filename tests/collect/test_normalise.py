"""An item becomes an article in our shape: what readers see is plain, sound and free of what belongs to the page."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.collect.enrich import needs_page
from syndication.collect.normalise import (
    Dropped,
    Place,
    keys_of,
    month_first,
    normalise,
    read_published,
    summary_of,
)
from syndication.domain.article import Article, Item, KeyKind
from syndication.domain.portal import ArticleReading, Portal, Read, SlashDates, Source

NOW = datetime(2024, 7, 6, 2, 0, tzinfo=UTC)


def place(
    *, generator: str | None = None, dates: SlashDates = SlashDates.DMY, zone: str = "Asia/Ho_Chi_Minh"
) -> Place:
    url = "https://portal.example/rss"
    source = Source(portal="cong", url=url, read=Read.FEED, every=timedelta(hours=1), dates=dates)
    portal = Portal(
        id="cong",
        name="Cổng",
        home="https://portal.example/",
        hosts=("portal.example",),
        timezone=zone,
        sources=(source,),
        article=ArticleReading(full_text=True),
    )
    return Place(portal=portal, source=source, url=url, generator=generator)


def kept(*, url: str = "/a", title: str = "Tin", **said: str) -> Article:
    article = normalise(Item(url=url, title=title, **said), place(), now=NOW)  # type: ignore[arg-type]
    assert isinstance(article, Article), article
    return article


@pytest.mark.parametrize(
    ("printed", "title"),
    [
        ("Sở TT&TT", "Sở TT&TT"),
        ("Sở TT&amp;TT", "Sở TT&TT"),
        ("Sở TT&amp;amp;TT", "Sở TT&TT"),
        ("Hội ngh&#7883; gi&aacute; &#039;s&#7889;&#039;", "Hội nghị giá 'số'"),
        ("CNTT&amp;TT <b>tỉnh</b>", "CNTT&TT tỉnh"),
        ("ĐẠI HỘI CHUYỂN ĐỔI SỐ", "ĐẠI HỘI CHUYỂN ĐỔI SỐ"),
        (unicodedata.normalize("NFD", "Hội nghị về điện tử"), "Hội nghị về điện tử"),
        ("H\u00ea\u0323 thống", "Hệ thống"),
        ("Tin\x00 mới\x0bnhất\x85\x9f", "Tin mới nhất"),
        ("Tin \u202eđảo\u202c \u2066ngược\u2069", "Tin đảo ngược"),
        ("Lãi suất &lt; 5% và &gt; 3%", "Lãi suất < 5% và > 3%"),
        ("Nghị định số &lt;123&gt;", "Nghị định số <123>"),
        ("\n\t Hội nghị \u00a0 giao ban \n", "Hội nghị giao ban"),
    ],
)
def test_a_title_is_what_its_author_meant(printed: str, title: str) -> None:
    assert kept(title=printed).title == title


@pytest.mark.parametrize(
    ("printed", "summary"),
    [
        ("<p>Tổ chức thi hành Quyết định này./.</p>", "Tổ chức thi hành Quyết định này."),
        ("Tổ chức thi hành ./", "Tổ chức thi hành."),
        ("(Chinhphu.vn) - Sáng nay, Trung tâm họp.", "Sáng nay, Trung tâm họp."),
        ("(PLVN) – Sáng nay", "Sáng nay"),
        ("(data.gov.vn) Sáng nay", "Sáng nay"),
        ("Ứng dụng (CNTT) trong tỉnh", "Ứng dụng (CNTT) trong tỉnh"),
        ("Sáng nay, Trung tâm [&hellip;]", "Sáng nay, Trung tâm…"),
        ("Sáng nay, Trung tâm họp. [&hellip;]", "Sáng nay, Trung tâm họp."),
        ("Sáng nay, Trung tâm họp… Xem tiếp...", "Sáng nay, Trung tâm họp…"),
        ("Họp Sở TT&amp;amp;TT", "Họp Sở TT&TT"),
        ("&lt;p&gt;Sáng nay&lt;/p&gt; &lt;img src=x&gt;họp", "Sáng nay họp"),
        ("<p>Một.</p><p>\u00a0</p><p>Hai./.</p>", "Một. Hai."),
        (
            "Tóm tắt. The post Bài viết mới appeared first on Cổng tin.",
            "Tóm tắt.",
        ),
        ('<a href="/x"><img width=130 src="/a.jpg" ></a></br>Bảy đơn vị dự họp.', "Bảy đơn vị dự họp."),
    ],
)
def test_a_summary_is_free_of_marks_and_furniture(printed: str, summary: str) -> None:
    assert kept(raw_summary=printed).summary == summary


@pytest.mark.parametrize(
    "after",
    [
        "<p>Phạm Trang – QNICT</p>",
        "<p>Nguyễn Thị Lan Anh - TTCNTT</p><p>Nguồn khác</p>",
        "<h3>Tin khác</h3><p>Khai trương trung tâm khác</p>",
        "<h3>Các tin khác:</h3><p>Khai trương trung tâm khác</p>",
        "<p>Những tin cũ hơn</p><p>Khai trương trung tâm khác</p>",
    ],
)
def test_a_summary_made_of_the_text_ends_where_the_article_ends(after: str) -> None:
    assert (
        summary_of("", f"<p>Hội nghị thống nhất sáu nhiệm vụ.</p>{after}")
        == "Hội nghị thống nhất sáu nhiệm vụ."
    )
    marked = f"<p>Tổ chức thi hành Quyết định này./.</p>{after}"
    assert summary_of("", marked) == "Tổ chức thi hành Quyết định này."


def test_the_full_text_keeps_the_end_mark_and_the_byline() -> None:
    raw = "<p>Tổ chức thi hành Quyết định này./.</p><p>Phạm Trang – QNICT</p>"
    assert kept(raw_content=raw).content == raw


@given(st.text(max_size=80))
def test_any_summary_is_one_line_that_xml_can_hold(raw: str) -> None:
    summary = summary_of(raw, "")
    assert "\n" not in summary
    assert unicodedata.is_normalized("NFC", summary)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in summary)


# ------------------------------------------------------------------ dates


def published(printed: str, **how: object) -> str | None:
    read = read_published(Item(url="/a", title="Tin", published=printed), place(**how))  # type: ignore[arg-type]
    return f"{read.at:%Y-%m-%d %H:%M} {read.precise}" if read else None


def test_a_date_is_read_in_the_portals_zone_and_by_the_sources_order() -> None:
    assert published("05/07/2024 08:30") == "2024-07-05 01:30 minute"
    assert published("05/07/2024 08:30", zone="Asia/Tokyo") == "2024-07-04 23:30 minute"
    assert published("05/07/2024 08:30", dates=SlashDates.MDY) == "2024-05-07 01:30 minute"
    assert published("7/8/2024 3:05 PM") == "2024-07-08 08:05 minute"
    assert published("7/8/2024 3:05 PM", dates=SlashDates.DMY_ALWAYS) == "2024-08-07 08:05 minute"


def test_nukeviets_minutes_are_believed_of_no_nukeviet() -> None:
    assert published("Fri, 5 Jul 2024 01:07:12 GMT", generator="NukeViet v4.0") == "2024-07-05 01:00 hour"
    assert published("Fri, 5 Jul 2024 01:07:12 GMT", generator="WordPress 6.6") == "2024-07-05 01:07 second"


def test_an_absurd_date_is_not_kept_and_one_of_tomorrow_is() -> None:
    assert kept(published="2029-06-20 08:30:00").published_at is None
    assert kept(published="06/07/2024 20:00").published_at == datetime(2024, 7, 6, 13, 0, tzinfo=UTC)


# ------------------------------------------------------------------ addresses and names


def test_a_link_is_made_sound_and_a_strangers_is_not_taken() -> None:
    assert kept(url="http:portal.example/tin/1.aspx").url == "http://portal.example/tin/1.aspx"
    assert (
        kept(url="/tin?id=130235&type=NEWS&utm_source=rss").url
        == "https://portal.example/tin?id=130235&type=NEWS"
    )
    stranger = normalise(Item(url="https://khac.example/1", title="Tin"), place(), now=NOW)
    assert isinstance(stranger, Dropped)
    assert "khac.example, which hosts does not name" in stranger.why


@pytest.mark.parametrize(
    ("url", "title"), [("/a", ""), ("/a", "<b> </b>"), ("", "Tin"), ("javascript:x", "Tin")]
)
def test_what_has_no_title_or_no_link_is_dropped_with_the_reason(url: str, title: str) -> None:
    dropped = normalise(Item(url=url, title=title), place(), now=NOW)
    assert isinstance(dropped, Dropped)
    assert dropped.why


BOXED = "<img src='/a.jpg' width='130' height='100'>"
SIZED = "<p>Tin</p><img src='/b.jpg' width='800' height='450'>"


@pytest.mark.parametrize(
    ("said", "picture", "size"),
    [
        ({"image_url": "/x.jpg", "image_size": (1200, 675)}, "/x.jpg", (1200, 675)),
        ({"image_url": "javascript:x", "image_size": (1200, 675)}, None, None),
        ({"image_url": "/b.jpg", "raw_content": SIZED}, "/b.jpg", None),
        (
            {"image_url": "javascript:x", "image_size": (1200, 675), "raw_content": SIZED},
            "/b.jpg",
            (800, 450),
        ),
        ({"raw_content": SIZED}, "/b.jpg", (800, 450)),
        ({"raw_content": "<img src='/b.jpg' width='800' height='1e3'>"}, "/b.jpg", None),
        ({"raw_summary": BOXED, "raw_content": SIZED}, "/a.jpg", None),
    ],
)
def test_a_picture_has_the_size_that_is_told_with_it_and_a_teaser_has_none(
    said: dict[str, str], picture: str | None, size: tuple[int, int] | None
) -> None:
    article = kept(**said)
    assert article.image_url == (picture and f"https://portal.example{picture}")
    assert article.image_size == size


@given(st.integers(), st.integers())
def test_no_absurd_size_becomes_an_articles(width: int, height: int) -> None:
    item = Item(url="/a", title="Tin", image_url="/a.jpg", image_size=(width, height))
    article = normalise(item, place(), now=NOW)
    assert isinstance(article, Article)
    sound = 1 <= width <= 20_000 and 1 <= height <= 20_000
    assert article.image_size == ((width, height) if sound else None)


def test_a_guid_names_an_article_within_its_source_only() -> None:
    article = kept(guid="news_123")
    other = Source(portal="la", url="https://la.example/rss", read=Read.FEED, every=timedelta(hours=1))
    here, there = (
        {key for key in keys_of(article, source) if key.kind is KeyKind.GUID}
        for source in (place().source, other)
    )
    assert len(here) == len(there) == 1
    assert here != there


# ------------------------------------------------------------------ what portals write in the wrong place


@pytest.mark.parametrize(
    ("printed", "summary"),
    [
        ("Sáng nay, tỉnh họp. <a href='x'>Xem chi tiết &gt;&gt;</a>", "Sáng nay, tỉnh họp."),
        ("Sáng nay, tỉnh họp. (Xem chi tiết tại đây)", "Sáng nay, tỉnh họp."),
        ("<p>Sáng nay… <a>Continue reading <span>“Hội nghị giao ban”</span></a></p>", "Sáng nay…"),
        ("VOV.VN - Sáng nay, tỉnh họp.", "Sáng nay, tỉnh họp."),
        ("tinh.gov.vn – Sáng nay, tỉnh họp.", "Sáng nay, tỉnh họp."),
        ("TP.HCM - Sáng nay, thành phố họp.", "TP.HCM - Sáng nay, thành phố họp."),
        ("Tổ chức thi hành../.", "Tổ chức thi hành."),
        ("Tổ chức thi hành. /.", "Tổ chức thi hành."),
        ("Tỷ lệ đạt 7/10.", "Tỷ lệ đạt 7/10."),
        ("<p>Sáng nay, tỉnh họp.</p><p><b>Nguồn: Báo Mẫu</b></p>", "Sáng nay, tỉnh họp."),
        ("<p>Sáng nay, tỉnh họp.</p><p>Theo tinh.gov.vn</p>", "Sáng nay, tỉnh họp."),
        ("<p>Sáng nay, tỉnh họp.</p><p>Phạm Trang – QNICT</p>", "Sáng nay, tỉnh họp."),
        ("<p>Quang cảnh hội nghị. Ảnh: Thu Hà</p><p>Sáng nay, tỉnh họp.</p>", "Sáng nay, tỉnh họp."),
        ("<p>Nguồn: Báo Mẫu</p>", "Nguồn: Báo Mẫu"),
    ],
)
def test_what_stands_around_a_summary_is_left_out(printed: str, summary: str) -> None:
    assert kept(raw_summary=printed).summary == summary
    assert summary_of("", printed) == summary or printed.startswith("<p>Nguồn")


def test_the_title_again_is_no_summary() -> None:
    text = "<p>Sáng nay, tỉnh họp bàn chuyển đổi số.</p>"
    twice = kept(title="Họp bàn chuyển đổi số", raw_summary="HỌP BÀN CHUYỂN ĐỔI SỐ", raw_content=text)
    assert twice.summary == "Sáng nay, tỉnh họp bàn chuyển đổi số."
    assert kept(title="Họp bàn chuyển đổi số", raw_summary="Họp bàn chuyển đổi số.").summary == ""


@pytest.mark.parametrize(
    ("said", "author"),
    [
        ("noreply@portal.example (Nguyễn Văn A)", "Nguyễn Văn A"),
        ("Nguyễn Văn A <a@portal.example>", "Nguyễn Văn A"),
        ("noreply@portal.example", None),
        ("admin", None),
        ("Quản trị viên", None),
        ("Ban Biên tập", "Ban Biên tập"),
    ],
)
def test_an_author_is_a_name(said: str, author: str | None) -> None:
    assert kept(author=said).author == author


@pytest.mark.parametrize("guid", ["12345", "news_12", "tin-12", "urn:uuid:1234", "tag:portal.example,2026:5"])
def test_a_guid_that_is_no_address_leads_nowhere(guid: str) -> None:
    for url in ("", guid):  # feedparser takes a GUID for the link, too
        article = normalise(Item(url=url, title="Tin", guid=guid), place(), now=NOW)
        assert article == Dropped("«Tin» has no usable link")


@pytest.mark.parametrize("written", ["https://portal.example/tin/1.html", "/tin/1.html", "tin/1.html"])
def test_a_guid_that_is_an_address_stands_in_for_the_link(written: str) -> None:
    for url in ("", written):
        article = normalise(Item(url=url, title="Tin", guid=written), place(), now=NOW)
        assert isinstance(article, Article)
        assert article.url == "https://portal.example/tin/1.html"


@pytest.mark.parametrize(
    "named", ["/images/noimage.jpg", "/Content/default.png", "https://portal.example", "/"]
)
def test_what_stands_for_no_picture_gives_way_to_the_first_in_the_text(named: str) -> None:
    assert (
        kept(image_url=named, raw_summary="<img src='/a.jpg'>Họp").image_url == "https://portal.example/a.jpg"
    )


def test_a_date_that_only_americans_write_brings_the_others_into_doubt() -> None:
    printed = ["11/23/2026", "11/12/2026", "12/12/2026", "2026-11-23T07:15:00+07:00"]
    items = [Item(url="/a", title="Tin", published=one) for one in printed]
    assert month_first(items, SlashDates.DMY) == month_first(items, SlashDates.DMY_ALWAYS) == "11/23/2026"
    assert month_first(items, SlashDates.MDY) is None
    assert month_first(items[1:], SlashDates.DMY) is None
    doubtful = replace(place(), order_in_doubt=True)
    read = [read_published(item, doubtful) for item in items]
    assert [bool(one) for one in read] == [False, False, True, True]


def test_midnight_is_what_software_prints_that_knows_the_day_alone() -> None:
    """The article's own page is then asked for the minute."""

    def asks(printed: str) -> bool:
        return needs_page(Item(url="/a", title="Tin", raw_content="Họp", published=printed), place())

    assert asks("Mon, 23 Nov 2026 00:00:00 +0700")
    assert asks("2026-11-22T17:00:00Z")
    assert not asks("Mon, 23 Nov 2026 00:00:00 GMT")
    assert not asks("Mon, 23 Nov 2026 07:15:00 +0700")
