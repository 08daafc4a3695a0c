"""An article's page gives what is surely the article's own, and nothing of the pages around it."""

from __future__ import annotations

import json
import re
import time
import tomllib
import unicodedata
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.collect import clean
from syndication.collect.dates import read_date
from syndication.collect.extract import Extracted, complete, extract, needed
from syndication.collect.parse.document import Document
from syndication.domain.article import Item
from syndication.domain.portal import ArticleReading, FetchArticle
from syndication.errors import NotReadable

PAGES = Path(__file__).parents[1] / "samples" / "pages"
SAMPLES = sorted(path.stem for path in PAGES.glob("*.toml"))
BARE = ArticleReading()
ADDRESS = "https://portal.example/tin/hoi-nghi-1.html"


def page(markup: str | bytes, *, url: str = ADDRESS, charset: str | None = None, **select: str) -> Extracted:
    body = markup.encode() if isinstance(markup, str) else markup
    return extract(Document(body=body, url=url, charset=charset), ArticleReading(select=select))


def article(*, head: str = "", above: str = "", below: str = "", under: str = "") -> str:
    """A plain page: a title, two paragraphs, and whatever a test is about."""
    return f"""<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8">
<title>Hội nghị giao ban quý II | Trung tâm Mẫu</title>{head}</head><body>
<div class="khung">{above}<h1>Hội nghị giao ban quý II</h1>{below}
<div class="bai"><p>Sáng nay, Trung tâm tổ chức hội nghị giao ban quý II với sự tham gia của bảy đơn vị trực thuộc.</p>
<p>Hội nghị thống nhất sáu nhiệm vụ trọng tâm của sáu tháng cuối năm và phân công từng đơn vị.</p>{under}</div></div>
</body></html>"""


TEXT = [
    "Sáng nay, Trung tâm tổ chức hội nghị giao ban quý II với sự tham gia của bảy đơn vị trực thuộc.",
    "Hội nghị thống nhất sáu nhiệm vụ trọng tâm của sáu tháng cuối năm và phân công từng đơn vị.",
]


def lines(found: Extracted) -> list[str]:
    return clean.text_of(found.raw_content).splitlines()


# ---------------------------------------------------------------- pages of real softwares


def sample(name: str) -> tuple[Document, dict[str, Any]]:
    told = tomllib.loads((PAGES / f"{name}.toml").read_text(encoding="utf-8"))
    return Document(body=(PAGES / f"{name}.html").read_bytes(), url=told["address"]), told


def check(found: Extracted, told: dict[str, Any]) -> None:
    """Everything that the sample's file says, and nothing beyond it."""
    assert found.title == told["title"]
    assert (found.published or "") == told.get("published", "")
    read = read_date(found.published)
    assert (read.at if read else None) == (told["at"] if found.published else None)
    assert found.lead == told.get("lead", "")
    assert lines(found) == told["content"]
    images = [part.partition('"')[0].replace("&amp;", "&") for part in found.raw_content.split(' src="')[1:]]
    assert images == told.get("images", [])
    assert found.image_url == told.get("image_url")
    assert list(found.image_size or ()) == told.get("image_size", [])
    assert found.author == told.get("author")
    assert found.labels == tuple(told.get("labels", ()))
    assert found.canonical_url == told.get("canonical_url")
    assert found.amp is told.get("amp", False)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_softwares_page_is_read_without_help(name: str) -> None:
    document, told = sample(name)
    check(extract(document, BARE), told["expect"] | told.get("expect_unselected", {}))


@pytest.mark.parametrize("name", [name for name in SAMPLES if "select" in sample(name)[1]])
def test_a_softwares_page_is_read_by_the_portals_selectors(name: str) -> None:
    document, told = sample(name)
    reading = ArticleReading(select=told["select"], remove=tuple(told.get("remove", ())))
    check(extract(document, reading), told["expect"] | told.get("expect_selected", {}))


def test_what_is_kept_of_a_page_passes_the_door_for_html() -> None:
    document, _ = sample("wordpress-signed")
    cleaned = clean.clean_html(extract(document, BARE).raw_content, base=document.url)
    assert cleaned.startswith("<p><strong>Ngày 05/4/2022")
    assert '<img src="https://mict.example/wp-content/uploads/2022/04/10-nam.jpg"' in cleaned
    assert "&lt;cá nhân&gt;" in cleaned


def test_a_broken_published_time_agrees_with_the_printed_one() -> None:
    document, told = sample("nukeviet")
    own, selected = extract(document, BARE), extract(document, ArticleReading(select=told["select"]))
    assert (own.published, selected.published) == ("2024-07-05+0708:30:00", "Thứ sáu - 05/07/2024 08:30")
    first, second = read_date(own.published), read_date(selected.published)
    assert first is not None
    assert second is not None
    assert first.at == second.at


def test_a_page_that_apologises_with_status_200_is_no_article() -> None:
    body = (PAGES / "demo-sharepoint-not-found.html").read_bytes()
    with pytest.raises(NotReadable, match="no such page"):
        extract(Document(body=body, url="http://127.0.0.1:18085/Trang/ChiTietTinTuc.aspx?id=1"), BARE)


# ---------------------------------------------------------------- dates of other things


@pytest.mark.parametrize(
    "around",
    [
        pytest.param({"above": "<div>Thứ hai, 23/11/2026, 07:35</div>"}, id="a clock on top, in the same box"),
        pytest.param({"under": "<p><b>Tin khác</b></p><ul><li>Bài khác (05/07/2024)</li></ul>"}, id="tin khác"),
        pytest.param({"under": "<p><a href='/a'>Một bài viết khác của cổng</a></p><p>05/07/2024</p>"}, id="links"),
        pytest.param({"under": "<p>Ngày 05/07/2024</p>"}, id="a date in the text"),
        pytest.param({"below": "<p>(Phiên họp thường kỳ ngày 04/07/2024)</p>"}, id="a subtitle"),
        pytest.param({"below": "<p>Hôm nay: 23/11/2026</p>"}, id="today"),
        pytest.param({"below": "<aside><time datetime='2024-07-05T08:30:00+07:00'>5/7</time></aside>"}, id="aside"),
        pytest.param({"below": "<p>01/07/2024</p><p>02/07/2024</p>"}, id="two days, both bare"),
        pytest.param(
            {"under": "<div class='box'><a href='/b'>Bài viết khác nữa của cổng</a><p>Ngày đăng: 05/07/2024</p></div>"},
            id="a label under another article's link",
        ),
        pytest.param(
            {"head": "<script type='application/ld+json'>{\"@type\":\"ItemList\",\"itemListElement\":[{\"@type\":"
             "\"NewsArticle\",\"headline\":\"Hội nghị giao ban quý II\",\"datePublished\":\"2024-07-05\"}]}</script>"},
            id="a list in JSON-LD",
        ),
        pytest.param(
            {"head": "<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"headline\":\"Bài viết khác hẳn\","
             "\"url\":\"/khac.html\",\"datePublished\":\"2024-07-05\"}</script>"},
            id="another article in JSON-LD",
        ),
        pytest.param(
            {"under": "<div itemscope itemtype='https://schema.org/NewsArticle'><span itemprop='datePublished'>"
             "2024-07-05</span></div>"},
            id="another article in microdata",
        ),
        pytest.param({"head": "<meta property='article:modified_time' content='2024-07-05'>"}, id="changed"),
        pytest.param({"head": "<meta property='article:published_time' content='mới đây'>"}, id="no date"),
    ],
)  # fmt: skip
def test_a_date_of_something_else_is_never_the_articles(around: dict[str, str]) -> None:
    found = page(article(**around))
    assert found.title == "Hội nghị giao ban quý II"
    assert found.published is None


@pytest.mark.parametrize(
    ("around", "published"),
    [
        ({"below": "<p>05/07/2024 08:30</p>"}, "05/07/2024 08:30"),
        ({"below": "<div class='meta'>Minh Đức | 05/07/2024 08:30</div>"}, "Minh Đức | 05/07/2024 08:30"),
        ({"below": "<p>Nhóm PV•05/07/2024 08:30</p>"}, "Nhóm PV•05/07/2024 08:30"),
        ({"below": "<div class='print'><a href='#'>Print</a> Thứ Bảy, 26/01/2019 19:26</div>"},
         "Print Thứ Bảy, 26/01/2019 19:26"),
        ({"below": "<p>Đăng ngày: 05/07/2024</p><p>Cập nhật: 08/07/2024 10:00</p>"}, "Đăng ngày: 05/07/2024"),
        ({"below": "<p>Cập nhật: 28/12/2023</p>"}, "Cập nhật: 28/12/2023"),
        ({"below": "<p>05/07/2024</p><p>05/07/2024 08:30</p>"}, "05/07/2024 08:30"),
        ({"under": "<p>[ Đăng ngày (26/06/2025) ]</p>"}, "[ Đăng ngày (26/06/2025) ]"),
        ({"below": "<time datetime='2024-07-05T08:30:00+07:00'>hôm kia</time>"}, "2024-07-05T08:30:00+07:00"),
        ({"head": "<meta name='DC.date.issued' content='2024-07-05'>"}, "2024-07-05"),
        ({"head": "<meta itemprop='datePublished' content='2024-07-05T08:30:00+07:00'>"}, "2024-07-05T08:30:00+07:00"),
    ],
)  # fmt: skip
def test_a_date_beside_the_title_is_the_articles(around: dict[str, str], published: str) -> None:
    assert page(article(**around)).published == published


def test_metadata_that_names_the_true_hour_stands_beside_a_coarser_print() -> None:
    head = "<meta property='article:published_time' content='2024-07-05T01:30:00+00:00'>"
    found = page(article(head=head, below="<p>05/07/2024 08:30</p>"))
    assert found.published == "2024-07-05T01:30:00+00:00"


# ---------------------------------------------------------------- what is no text


@pytest.mark.parametrize(
    "furniture",
    [
        "<p>&nbsp;</p>",
        "<p>Ảnh minh họa</p>",
        "<p>(Ảnh minh hoạ)</p>",
        "<p>Các đại biểu chụp ảnh lưu niệm. Ảnh: VGP</p>",
        "<p>Quang cảnh buổi làm việc - Ảnh 1.</p>",
        "<figure><img src='/a.jpg'><figcaption>Đoàn công tác thăm phòng máy chủ của tỉnh</figcaption></figure>",
        "<table><tr><td><img src='/a.jpg'></td></tr><tr><td>Đoàn công tác thăm phòng máy chủ</td></tr></table>",
        "<p><img src='/a.jpg'></p><p align='center'>Đoàn công tác thăm phòng máy chủ của tỉnh</p>",
        "<p>In ra | Gửi email | Lượt xem: 1.203</p>",
        "<p>Đã xem: 365 | Phản hồi: 0</p>",
        "<p>1.203 lượt xem</p>",
        "<p>Từ khóa: <a href='/t/1'>giao ban</a>, <a href='/t/2'>quý II</a></p>",
        "<p><a href='/xem-them'>Xem thêm Chính trị</a></p>",
        "<div class='rating'>Tổng số điểm của bài viết là: 5 trong 1 đánh giá</div>",
        "<p>Chúng tôi đang sử dụng cookie để cung cấp cho bạn những trải nghiệm tốt nhất trên trang web này.</p>",
        "<p>Ghi rõ nguồn khi phát hành lại thông tin từ trang này.</p>",
        "<p>Theo dõi Cổng thông tin trên Google News</p>",
        "<div><p>Tin liên quan</p><ul><li><a href='/b'>Bài viết khác của cổng thông tin</a></li></ul></div>",
        "<h3>Leave a Reply</h3><p>Your email address will not be published. Required fields are marked *</p>",
        "<p>Tin khác</p><p>Tối 2/7, thành phố khai mạc tuần lễ biển với sự tham gia của hàng nghìn người dân…</p>",
        "<script>document.write('quảng cáo')</script><style>p{color:red}</style>",
        "<div style='display:none'><p>Nội dung ẩn mà người đọc không bao giờ nhìn thấy trên trang.</p></div>",
    ],
)  # fmt: skip
def test_furniture_is_no_part_of_the_text(furniture: str) -> None:
    assert lines(page(article(under=furniture))) == TEXT


@pytest.mark.parametrize(
    "prose",
    [
        "Xếp hạng chỉ số chuyển đổi số cấp tỉnh năm 2024, tỉnh tăng bốn bậc.",
        "Người viết phải ghi rõ nguồn khi dẫn tin của đơn vị khác./.",
        "Theo dõi hội nghị trên nền tảng trực tuyến có hơn 200 đại biểu.",
        "Tin khác biệt nhất trong báo cáo là số hồ sơ quá hạn giảm còn một nửa.",
        "Chi tiết xem tại: ",
        "(Chinhphu.vn) - Thủ tướng vừa ban hành chỉ thị mới.",
        "(1) Rà soát dữ liệu; (2) số hóa hồ sơ.",
    ],
)
def test_prose_that_resembles_furniture_stays(prose: str) -> None:
    assert lines(page(article(under=f"<p>{prose}</p>"))) == [*TEXT, prose.strip()]


def test_a_box_within_the_text_goes_and_the_text_goes_on() -> None:
    box = "<div class='hop'><b>Bài liên quan</b><ul><li><a href='/b'>Một bài viết khác</a></li></ul></div>"
    rest = "Các đơn vị báo cáo kết quả trước ngày 20 hằng tháng để Trung tâm tổng hợp."
    assert lines(page(article(under=f"{box}<p>{rest}</p>"))) == [*TEXT, rest]


def test_documents_at_the_end_are_no_other_articles() -> None:
    report = "<p><a href='/1.pdf'>Báo cáo sáu tháng đầu năm 2024.pdf</a></p>"
    links = report + "<p><a href='/2.docx'>Phụ lục số liệu kèm theo báo cáo</a></p>"
    assert len(lines(page(article(under=links)))) == len(TEXT) + 2


def test_a_layout_called_sidebar_is_not_taken_for_one() -> None:
    markup = article().replace('class="bai"', 'class="sidebar-layout has-menu"')
    assert lines(page(markup)) == TEXT


def test_pictures_loaded_late_and_addresses_without_a_host_are_made_whole() -> None:
    found = page(
        article(
            head="<base href='https://cdn.example/bai/'>",
            under="<p><img src='blank.gif' data-src='anh/1.jpg'></p><p><a href='../van-ban'>Văn bản</a></p>",
        )
    )
    assert '<img src="https://cdn.example/bai/anh/1.jpg"' in found.raw_content
    assert '<a href="https://cdn.example/van-ban">' in found.raw_content
    assert found.image_url == "https://cdn.example/bai/anh/1.jpg"


@pytest.mark.parametrize(
    "picture",
    [
        "/images/logo.png",
        "/no-image.jpg",
        "/default_news.jpg",
        "data:image/gif;base64,R0lGOD",
        "javascript:x",
        "",
    ],
)
def test_a_picture_that_stands_in_for_none_is_none(picture: str) -> None:
    head = f"<meta property='og:image' content='{picture}'>"
    assert page(article(head=head, under=f"<p><img src='{picture}'></p>")).image_url is None


PICTURE = "<meta property='og:image' content='/anh/1.jpg'>"
SIZE = "<meta property='og:image:width' content='1200'><meta property='og:image:height' content='675'>"
LINKED = (
    "<script type='application/ld+json'>{'@type': 'NewsArticle', 'headline': 'Hội nghị giao ban quý II', "
    "'datePublished': '2024-07-05', 'image': IMAGE}</script>"
)


def linked(image: object) -> str:
    """JSON-LD that says this of the article's picture."""
    return LINKED.replace("'", '"').replace("IMAGE", json.dumps(image))


@pytest.mark.parametrize(
    ("head", "under", "size"),
    [
        pytest.param(PICTURE + SIZE, "", (1200, 675), id="OpenGraph"),
        pytest.param(SIZE + PICTURE + PICTURE, "", (1200, 675), id="OpenGraph of two plugins"),
        pytest.param(PICTURE + SIZE.replace("675", "auto"), "", None, id="no number"),
        pytest.param(PICTURE + SIZE.replace("675", "99999"), "", None, id="too large"),
        pytest.param(PICTURE + SIZE.replace("1200", "0"), "", None, id="nothing to see"),
        pytest.param(PICTURE + SIZE.replace("'675'", "''"), "", None, id="one side only"),
        pytest.param(
            PICTURE + SIZE + PICTURE.replace("1.jpg", "2.jpg"),
            "",
            None,
            id="OpenGraph of one of two pictures",
        ),
        pytest.param(
            "<meta name='twitter:image' content='/anh/1.jpg'>" + SIZE, "", None, id="OpenGraph of another"
        ),
        pytest.param(
            PICTURE.replace("anh/1", "logo") + SIZE,
            "<p><img src='/anh/1.jpg'></p>",
            None,
            id="OpenGraph of a logo",
        ),
        pytest.param(
            linked({"@type": "ImageObject", "url": "/anh/1.jpg", "width": 1200, "height": "675px"}),
            "",
            (1200, 675),
            id="JSON-LD",
        ),
        pytest.param(
            linked([{"url": "/anh/1.jpg"}, {"url": "/anh/2.jpg", "width": 1200, "height": 675}]),
            "",
            None,
            id="JSON-LD of the second picture",
        ),
        pytest.param(
            linked({"url": "/anh/1.jpg", "width": {"value": 1200}, "height": True}),
            "",
            None,
            id="JSON-LD, odd",
        ),
        pytest.param(
            PICTURE,
            "<p><img src='../anh/1.jpg' width='640' height='360'></p>",
            (640, 360),
            id="the picture itself",
        ),
        pytest.param(
            PICTURE, "<p><img src='/anh/2.jpg' width='640' height='360'></p>", None, id="another picture"
        ),
        pytest.param(
            "", "<p><img src='/anh/1.jpg' width='100%' height='360'></p>", None, id="share of the page"
        ),
        pytest.param(
            "",
            "<p><amp-img src='/anh/1.jpg' width='16' height='9' layout='responsive'></amp-img></p>"
            "<p><img src='/anh/1.jpg'></p>",
            None,
            id="a ratio",
        ),
    ],
)
def test_a_size_is_what_the_page_says_of_that_very_picture(
    head: str, under: str, size: tuple[int, int] | None
) -> None:
    found = page(article(head=head, under=under))
    assert (found.image_url, found.image_size) == ("https://portal.example/anh/1.jpg", size)


def test_a_picture_chosen_by_the_portals_file_brings_its_own_size() -> None:
    markup = article(
        head=PICTURE + SIZE, under="<p><img class='bia' src='/bia.jpg' width=800 height=450></p>"
    )
    found = page(markup, image="img.bia")
    assert (found.image_url, found.image_size) == ("https://portal.example/bia.jpg", (800, 450))


# ---------------------------------------------------------------- title, lead, author


def test_the_title_is_what_the_page_prints_not_what_it_adds_for_search_engines() -> None:
    head = "<meta property='og:title' content='Hội nghị giao ban quý II - Trung tâm Mẫu'>"
    assert page(article(head=head)).title == "Hội nghị giao ban quý II"


def test_a_title_broken_into_lines_is_read_whole() -> None:
    markup = article().replace("<h1>Hội nghị giao ban quý II</h1>", "<h1>Hội nghị giao ban<br>quý II</h1>")
    assert page(markup).title == "Hội nghị giao ban quý II"


def test_a_kicker_within_the_heading_is_no_part_of_the_title() -> None:
    markup = article().replace("<h1>", "<h1><span>Chính trị</span> ")
    teaser = "<p>Đoạn giới thiệu của chính bài này trong một danh sách bài viết khác.</p>"
    found = page(markup.replace("</body>", f"<div><h3>Hội nghị giao ban quý II</h3>{teaser}</div></body>"))
    assert found.title == "Hội nghị giao ban quý II"
    assert lines(found) == TEXT


@pytest.mark.parametrize(
    "banner",
    [
        "<div class='banner'><h1>Trung tâm Mẫu</h1></div>",
        "<h1><a href='/'>Trung tâm Mẫu</a></h1>",
        "<h1>Năng động – sáng tạo – hiệu quả</h1>",
    ],
)
def test_the_sites_name_or_slogan_is_no_title(banner: str) -> None:
    assert page(article().replace("<body>", f"<body>{banner}")).title == "Hội nghị giao ban quý II"


def test_without_a_sure_title_there_is_none() -> None:
    found = page(
        "<html><head><title>Tin tức</title></head><body><h1>Trang một</h1><h1>Trang hai</h1></body></html>"
    )
    assert found == Extracted()


@pytest.mark.parametrize(
    ("told", "lead"),
    [
        (TEXT[0], TEXT[0]),
        (TEXT[0][:70] + " [&hellip;]", TEXT[0]),
        (" ".join(TEXT), " ".join(TEXT)),
        ("Trang thông tin điện tử của Trung tâm, cập nhật tin tức nhanh nhất mỗi ngày", ""),
        ("Hội nghị giao ban quý II", ""),
    ],
)
def test_a_description_is_the_lead_only_if_the_page_prints_it(told: str, lead: str) -> None:
    assert page(article(head=f"<meta property='og:description' content='{told}'>")).lead == lead


def test_a_lead_has_no_agency_before_it_and_no_end_mark_behind() -> None:
    sapo = "<p class='sapo'>(TTXVN) - Hội nghị đánh giá kết quả sáu tháng và bàn nhiệm vụ cuối năm./.</p>"
    assert page(article(below=sapo)).lead == "Hội nghị đánh giá kết quả sáu tháng và bàn nhiệm vụ cuối năm."


@pytest.mark.parametrize(
    "before", ["<h3>Tin khác</h3>", "<a href='/b'>Một bài viết khác của cổng thông tin</a>"]
)
def test_a_lead_of_another_article_is_not_taken(before: str) -> None:
    sapo = "<p class='sapo'>Tóm tắt của một bài viết khác hẳn, đủ dài để là một đoạn văn.</p>"
    assert page(article(under=f"{before}<div>{sapo}</div>")).lead == ""


@pytest.mark.parametrize(
    ("last", "author"),
    [
        ("Phạm Trang – QNICT", "Phạm Trang"),
        ("Nguyễn Thị Thu Hà - TTXVN", "Nguyễn Thị Thu Hà"),
        ("Hải Phòng – VNPT", None),
        ("Trung tâm CNTT – QNICT", None),
        ("Thu Hằng", None),
        ("Theo TTXVN", None),
        ("Phạm Trang – Trưởng phòng", None),
    ],
)
def test_the_last_line_names_the_author_only_if_it_surely_does(last: str, author: str | None) -> None:
    assert page(article(under=f"<p>{last}</p>")).author == author


@pytest.mark.parametrize("name", ["admin", "Super User", "https://facebook.com/trungtam", "Trung tâm Mẫu"])
def test_whoever_published_is_no_author(name: str) -> None:
    head = f"<meta name='author' content='{name}'><meta property='og:site_name' content='Trung tâm Mẫu'>"
    assert page(article(head=head)).author in (None, "Super User")


def test_json_ld_is_read_though_it_is_not_quite_json() -> None:
    raw = """//<![CDATA[
{"@type": ["NewsArticle"], "headline": "Hội nghị giao ban
quý II", "datePublished": "2024-07-05T08:30:00+07:00", "author": [{"name": "Minh Đức"},], "image": {"url": "/a.jpg"},}
//]]>"""
    found = page(article(head=f"<script type='application/ld+json'>{raw}</script>"))
    assert (found.published, found.author) == ("2024-07-05T08:30:00+07:00", "Minh Đức")
    assert found.image_url == "https://portal.example/a.jpg"


def test_the_front_page_is_nobodys_canonical_address() -> None:
    assert page(article(head="<link rel='canonical' href='https://portal.example/'>")).canonical_url is None


# ---------------------------------------------------------------- selectors


def test_selectors_are_tried_in_the_order_in_which_they_are_written() -> None:
    found = page(article(above="<h2>Chuyên mục</h2>"), title="h1.khong-co, h1, h2")
    assert found.title == "Hội nghị giao ban quý II"


def test_a_selector_may_ask_for_an_attribute() -> None:
    markup = article(below="<span class='luc' data-at='2024-07-05 08:30'></span>")
    found = page(markup, date=".luc@data-at", image="meta[property='og:image']@content")
    assert (found.published, found.image_url) == ("2024-07-05 08:30", None)


def test_a_selector_that_finds_nothing_leaves_the_page_to_speak() -> None:
    found = page(article(below="<p>05/07/2024 08:30</p>"), title=".cu", date=".cu", lead=".cu", body=".cu")
    assert (found.title, found.published) == ("Hội nghị giao ban quý II", "05/07/2024 08:30")
    assert lines(found) == TEXT


def test_a_selector_that_is_none_is_named() -> None:
    with pytest.raises(NotReadable, match=r"\[article\.select\] title = \"h1\[\""):
        page(article(), title="h1[")


def test_what_the_file_removes_is_gone() -> None:
    body = article(
        under="<p class='ky'>Một đoạn văn mà tệp của cổng thông tin bảo phải bỏ đi hoàn toàn.</p>"
    ).encode()
    assert lines(extract(Document(body=body, url=ADDRESS), ArticleReading(remove=(".ky",)))) == TEXT


# ---------------------------------------------------------------- hostile and odd documents


def nested(tag: str, times: int) -> str:
    return article(under=f"<{tag}>" * times + "sâu" + f"</{tag}>" * times)


PICTURED = "<tr><td><img src='/a.jpg'></td><td>ảnh</td></tr>"
HOSTILE = {
    "deep": lambda: nested("div", 200_000),
    "deep inline": lambda: nested("b", 200_000),
    "five megabytes": lambda: article(under="<p>x" * 1_300_000),
    "soup": lambda: article(under="<p>x" * 19_000),
    "one long line": lambda: article(under="<p>" + "chữ " * 240_000 + "</p>"),
    "furniture in a row": lambda: article(under="<nav></nav>chữ dài hơn " * 15_000),
    "links in a row": lambda: article(under="<a href='/b'>bài viết</a> " * 12_000),
    "dates in a row": lambda: article(below="<p>05/07/2024 08:30</p>" * 5_000),
    "ends in a row": lambda: article(under="<p>Tin khác</p>" * 5_000),
    "captions in a row": lambda: article(under=f"<table>{PICTURED}</table>" * 2_500),
    "one table": lambda: article(under=f"<table>{PICTURED * 2_500}</table>"),
    "attributes": lambda: article(under="<p " + " ".join(f"a{n}=''" for n in range(400_000)) + ">x</p>"),
    "classes": lambda: article(under=f"<p class='{'a ' * 2_000_000}'>x</p>"),
    "json": lambda: article(head="<script type='application/ld+json'>" + "[" * 2_000_000 + "</script>"),
    "graph": lambda: article(
        head="<script type='application/ld+json'>" + json.dumps([{"@graph": [{}] * 100}] * 5_000) + "</script>"
    ),
    "metas": lambda: article(head="<meta property='og:title' content='a - b | c'>" * 20_000),
    "title": lambda: article(head=f"<meta property='og:title' content='{'a - ' * 1_000_000}'>"),
    "angles": lambda: "<" * 3_000_000,
    "entities": lambda: article(under="<p>" + "&amp;" * 1_000_000),
    "null": lambda: article().replace("giao ban", "giao\x00 ban"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_ends_quickly(name: str) -> None:
    body = HOSTILE[name]().encode()
    began = time.process_time()
    try:
        found = extract(Document(body=body, url=ADDRESS), BARE)
    except NotReadable:
        found = Extracted()
    assert time.process_time() - began < 6
    assert "sâu" not in found.lead
    assert len(found.lead) <= 600


PIECES = [
    "<p>", "</p>", "<div class='tin-khac'>", "</div>", "<table>", "<td>", "<h1>", "</h1>", "<a href='http://['>",
    "<img src='http://[::1'>", "<time datetime='x'>", "<br>", "05/07/2024", "Tin khác", "Ảnh: VGP",
    "một câu văn đủ dài để được coi là một đoạn văn của bài viết này", "<base href='//['>",
    "<link rel=canonical href='//['>",
    "<meta property=og:title content='Tin khác'>", "<body>", "<html amp>", "<svg>", "<frameset>", "<form>", "\u0301",
    "&#0;", "]]>",
    "<script type='application/ld+json'>{\"@type\":\"Article\",\"headline\":{},\"image\":[[[]]],\"author\":1}</script>",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_no_page_raises_anything_but_not_readable(pieces: list[str]) -> None:
    try:
        found = page("<!DOCTYPE html><html>" + "".join(pieces))
    except NotReadable:
        return
    assert found.title == found.title.strip()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_not_readable(body: bytes) -> None:
    try:
        found = page(b"<html><body>" + body)
    except NotReadable:
        return
    assert isinstance(found, Extracted)


@pytest.mark.parametrize(
    "body", [b"", b"  ", b"%PDF-1.7 \xff", b'{"a": 1}', b"<?xml version='1.0'?><rss></rss>", b"GIF89a"]
)
def test_what_is_no_page_is_refused_in_one_line(body: bytes) -> None:
    with pytest.raises(NotReadable) as refusal:
        page(body)
    assert "\n" not in str(refusal.value)


def test_a_firewalls_answer_is_named() -> None:
    with pytest.raises(NotReadable, match="firewall"):
        page(
            "<html><head><title>Access denied · WAF</title></head><body><h1>Access denied</h1></body></html>"
        )


def in_windows_1258(text: str) -> bytes:
    """As old portals have it: five tone marks stand as letters of their own."""
    tones = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
    apart = "".join(
        unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in tones))
        + "".join(mark for mark in parts if mark in tones)
        for parts in (unicodedata.normalize("NFD", letter) for letter in text)
    )
    return apart.encode("windows-1258")


def test_old_encodings_are_read() -> None:
    body = in_windows_1258(article().replace("utf-8", "windows-1258"))
    assert page(body).title == "Hội nghị giao ban quý II"
    assert page(in_windows_1258(article()), charset="windows-1258").title == "Hội nghị giao ban quý II"


def test_a_letter_cut_in_half_spoils_nothing_else() -> None:
    cut = article(under="<p>Một đoạn trích bị cắ</p>").encode().replace("cắ</p>".encode(), b"c\xe1\xba</p>")
    assert page(cut).title == "Hội nghị giao ban quý II"


# ---------------------------------------------------------------- whether, and what it adds

NEVER, ALWAYS = ArticleReading(fetch=FetchArticle.NEVER), ArticleReading(fetch=FetchArticle.ALWAYS)
FULL = Item(url="/a", title="Tiêu đề", raw_summary="Tóm tắt", published="2024-07-05T08:30:00+07:00")


@pytest.mark.parametrize(
    ("item", "precise", "wanted"),
    [
        (FULL, True, False),
        (FULL, False, True),
        (Item(url="/a", title="Tiêu đề", raw_content="<p>Nội dung</p>"), True, False),
        (Item(url="/a", title="Tiêu đề", raw_summary="<img src='/a.jpg'>"), True, True),
        (Item(url="/a", title=" &nbsp; ", raw_summary="Tóm tắt"), True, True),
    ],
)
def test_a_page_is_read_when_its_item_lacks_something(item: Item, precise: bool, wanted: bool) -> None:
    assert needed(item, BARE, date_is_precise=precise) is wanted
    assert needed(item, NEVER, date_is_precise=precise) is False
    assert needed(item, ALWAYS, date_is_precise=precise) is True


def test_a_page_is_read_for_the_full_text_where_that_is_allowed() -> None:
    assert needed(FULL, ArticleReading(full_text=True), date_is_precise=True)


READ = Extracted(
    title="Tiêu đề trên trang <b>",
    published="Thứ sáu - 05/07/2024 09:15",
    lead="Tóm tắt CNTT&TT trên trang",
    raw_content="<p>Nội dung đầy đủ trên trang</p>",
    image_url="https://portal.example/a.jpg",
    image_size=(800, 450),
    author="Minh Đức",
    labels=("Chính trị",),
)


def completed(
    item: Item, page_read: Extracted = READ, *, reading: ArticleReading = BARE, precise: bool = True
) -> Item:
    return complete(item, page_read, address=ADDRESS, reading=reading, date_is_precise=precise)


def test_an_empty_item_is_filled_from_its_page() -> None:
    item = completed(Item(url="/a", title=""))
    assert item.title == "Tiêu đề trên trang &lt;b&gt;"
    assert clean.text_of(item.raw_summary) == "Tóm tắt CNTT&TT trên trang"
    assert item.raw_content == READ.raw_content
    assert item.published == "2024-07-05T09:15:00+07:00"
    assert (item.image_url, item.image_size) == (READ.image_url, READ.image_size)
    assert (item.author, item.labels) == (READ.author, READ.labels)


def test_a_page_never_replaces_what_the_item_has() -> None:
    item = Item(
        url="/a",
        title="Tiêu đề",
        raw_summary="Tóm tắt",
        raw_content="<p>Nội dung dài hơn hẳn so với nội dung đọc được trên trang của bài viết</p>",
        published="04/07/2024 10:00",
        image_url="/b.jpg",
        author="Lan Anh",
        labels=("Kinh tế",),
    )
    assert completed(item) == item


@pytest.mark.parametrize(
    ("image", "size", "found"),
    [
        ("/a.jpg", None, (800, 450)),
        ("/a.jpg", (1200, 675), (1200, 675)),
        ("/b.jpg", None, None),
    ],
)
def test_a_page_gives_its_size_to_the_same_picture_only(
    image: str, size: tuple[int, int] | None, found: tuple[int, int] | None
) -> None:
    item = completed(Item(url="/a", title="Tiêu đề", image_url=image, image_size=size))
    assert (item.image_url, item.image_size) == (image, found)


def test_a_page_replaces_a_date_without_a_time() -> None:
    item = Item(url="/a", title="Tiêu đề", raw_summary="Tóm tắt", published="05/07/2024")
    assert completed(item, precise=False).published == "2024-07-05T09:15:00+07:00"


@pytest.mark.parametrize("printed", ["05/07/2024", "mới đây", None])
def test_a_page_that_knows_no_time_either_replaces_no_date(printed: str | None) -> None:
    item = Item(url="/a", title="Tiêu đề", raw_summary="Tóm tắt", published="Fri, 5 Jul 2024 01:07:00 GMT")
    assert completed(item, Extracted(published=printed), precise=False).published == item.published


def test_where_pages_are_always_read_their_title_and_date_win() -> None:
    item = completed(FULL, reading=ALWAYS)
    assert (item.title, item.published) == ("Tiêu đề trên trang &lt;b&gt;", "2024-07-05T09:15:00+07:00")
    assert item.raw_summary == FULL.raw_summary
    assert completed(FULL, Extracted(), reading=ALWAYS) == FULL


def test_a_day_is_handed_on_as_a_day_in_the_portals_zone() -> None:
    bare = Item(url="/a", title="Tiêu đề")
    page_read = Extracted(published="05/07/2024")
    zone = ZoneInfo("Asia/Tokyo")
    found = complete(bare, page_read, address=ADDRESS, reading=BARE, date_is_precise=False, zone=zone)
    assert found.published == "2024-07-05"


def test_the_item_of_an_amp_page_gets_the_address_of_its_twin() -> None:
    item = Item(url="https://portal.example/a.html/amp", title="Tiêu đề")
    twin = Extracted(amp=True, canonical_url="https://portal.example/a.html")
    kept = {"reading": BARE, "date_is_precise": True}
    assert complete(item, twin, address=item.url, **kept).url == "https://portal.example/a.html"  # type: ignore[arg-type]
    other = Extracted(amp=True, canonical_url="https://portal.example/")
    assert complete(item, other, address=item.url, **kept).url == item.url  # type: ignore[arg-type]


# ---------------------------------------------------------------- what stands in the middle of a text


@pytest.mark.parametrize(
    "inside",
    [
        "<div class='box'><p>&gt;&gt; Xem thêm: <a href='/x.html'>Chủ tịch tỉnh tiếp công dân tháng 11</a></p>"
        "<ul><li><a href='/x.html'>Chủ tịch tỉnh tiếp công dân định kỳ tháng 11</a></li>"
        "<li><a href='/y.html'>Khai mạc tuần lễ văn hóa các dân tộc tỉnh</a></li></ul></div>",
        "<p>► <a href='/x.html'>Chủ tịch tỉnh tiếp công dân định kỳ tháng 11</a></p>",
        "<p><b>Tin liên quan: <a href='/x.html'>Chủ tịch tỉnh tiếp công dân</a></b></p>",
        "<div class='banner-ads'><p>Mua nhà trả góp lãi suất thấp nhất thị trường tháng này, gọi ngay.</p></div>",
        "<p>Số lượt truy cập: 1.234.567</p>",
    ],
)
def test_what_leads_to_other_things_is_taken_out_of_the_middle(inside: str) -> None:
    raw = article().replace("</p>\n<p>", f"</p>{inside}<p>")
    assert inside in raw
    assert lines(page(raw)) == TEXT


def test_a_list_of_links_that_nothing_calls_other_news_stays() -> None:
    listed = (
        "<p>Các văn bản đã công bố:</p>"
        "<ul><li><a href='/vb/1'>Quyết định ban hành danh mục dữ liệu mở</a></li></ul>"
    )
    raw = article().replace("</p>\n<p>", f"</p>{listed}<p>")
    assert "Quyết định ban hành danh mục dữ liệu mở" in lines(page(raw))


def test_pictures_are_found_however_they_are_loaded() -> None:
    pictures = (
        "<p><img src='/themes/pixel.gif' data-src='/anh/1.jpg'></p>"
        "<p><img src='/lazyload.svg' data-original='/anh/2.jpg'></p>"
        "<p><img srcset='/anh/3-300.jpg 300w, /anh/3-900.jpg 900w'></p>"
        "<picture><source srcset='/anh/4.webp'><img src='data:,x' data-srcset='/anh/4.jpg 1x'></picture>"
    )
    found = page(article(under=pictures))
    assert found.image_url == "https://portal.example/anh/1.jpg"
    shown = clean.clean_html(found.raw_content, base=ADDRESS)
    assert re.findall(r'src="([^"]*)"', shown) == [
        f"https://portal.example/anh/{name}" for name in ("1.jpg", "2.jpg", "3-900.jpg", "4.jpg")
    ]


LEAD = "Bảy đơn vị trực thuộc thống nhất sáu nhiệm vụ trọng tâm cho sáu tháng cuối năm nay."


def test_the_only_paragraph_between_title_and_text_is_the_lead() -> None:
    assert page(article(below=f"<div class='gioithieu'>{LEAD}</div>")).lead == LEAD
    other = "<p>Một đoạn khác cũng đứng giữa tiêu đề và nội dung, nên không rõ đoạn nào là tóm tắt.</p>"
    assert page(article(below=f"<div>{LEAD}</div>{other}")).lead == ""
    caption = "<div>Quang cảnh hội nghị giao ban quý II của trung tâm sáng nay. Ảnh: Thu Hà</div>"
    assert page(article(below=caption)).lead == ""


def test_a_title_that_is_no_h1_is_known_by_its_class() -> None:
    raw = article(
        above="<h1><a href='/'>TRUNG TÂM MẪU TỈNH</a></h1>", below="<p class='ngay'>23-11-2026 | 07:15 SA</p>"
    )
    raw = raw.replace("<h1>Hội nghị giao ban quý II</h1>", "<h2 class='title'>Hội nghị giao ban quý II</h2>")
    raw = raw.replace("Hội nghị giao ban quý II | Trung tâm Mẫu", "Trung tâm Mẫu")
    found = page(raw)
    assert (found.title, found.published, lines(found)) == (
        "Hội nghị giao ban quý II",
        "23-11-2026 | 07:15 SA",
        TEXT,
    )
    others = "<h3 class='title'>Khai mạc tuần lễ văn hóa</h3>"
    assert page(raw.replace("</body>", f"{others}</body>")).title == ""
    assert page(raw.replace("class='title'", "class='portlet-title'")).title == ""


def test_metadata_that_lost_its_zone_gives_way_to_what_is_printed() -> None:
    said = '<meta property="article:published_time" content="2026-11-23T00:15:00">'
    printed = "<p class='ngay'>23/11/2026 07:15</p>"
    assert page(article(head=said, below=printed)).published == "23/11/2026 07:15"
    assert page(article(head=said)).published == "2026-11-23T00:15:00"
    later = "<p class='ngay'>23/11/2026 09:40</p>"
    assert page(article(head=said, below=later)).published == "2026-11-23T00:15:00"


def test_a_page_that_only_leads_on_says_where() -> None:
    leads = (
        '<html><head><meta http-equiv="refresh" content="0;url=/tin-moi/1.html"></head><body></body></html>'
    )
    with pytest.raises(NotReadable, match=r"only leads on to /tin-moi/1\.html"):
        page(leads)
    slow = article(head='<meta http-equiv="refresh" content="300; url=/tin/hoi-nghi-1.html">')
    assert page(slow).title == "Hội nghị giao ban quý II"


FOOT = (
    "<div class='chan'><p>Cổng thông tin điện tử tỉnh Mẫu. Giấy phép số 12/GP-TTĐT ngày 01/02/2020. "
    "Địa chỉ: số 1 đường Hùng Vương. Điện thoại: 0208 3855 111.</p></div>"
)


def test_the_portals_own_address_is_never_an_articles_text() -> None:
    """A notice of one line has no paragraph; the one at the foot of the page is on every page."""
    notice = article().replace(TEXT[0], "Xem tệp đính kèm.").replace(f"<p>{TEXT[1]}</p>", "")
    found = page(notice.replace("</body>", f"{FOOT}</body>"))
    assert (found.title, lines(found), found.lead) == ("Hội nghị giao ban quý II", [], "")
    assert lines(page(article().replace("</body>", f"{FOOT}</body>"))) == TEXT
    told = "Mọi ý kiến xin gửi về địa chỉ số 1 đường Hùng Vương, điện thoại 0208 3855 111, email a@b.vn."
    assert lines(page(article(under=f"<p>{told}</p>"))) == [*TEXT, told]
