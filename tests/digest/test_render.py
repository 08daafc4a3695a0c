"""What a printed issue must hold whatever the portals wrote."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
from lxml import html as lxml_html

from syndication.digest.inline import inline
from syndication.digest.render import COLUMNS, Rendered, Renderer
from syndication.domain.issue import Entry, Issue, IssueContent, IssueState, Named, Section, Tally, Upcoming
from syndication.domain.week import IsoWeek
from syndication.links import Links

TEMPLATES = Path(__file__).parents[2] / "templates"
LINKS = Links("https://tin.example.vn")
UNSUBSCRIBE = "https://tin.example.vn/unsubscribe/TOKEN-OF-ONE-READER"
SUMMARY = (
    "Sáng 4/7, Ủy ban nhân dân thành phố tổ chức hội nghị trực tuyến với 168 xã, phường nhằm đánh giá kết quả "
    "thực hiện nhiệm vụ chuyển đổi số, cải cách hành chính và Đề án 06; đồng thời đề ra các giải pháp trọng "
    "tâm những tháng cuối năm, trong đó ưu tiên nâng tỷ lệ hồ sơ trực tuyến toàn trình của từng địa phương."
)


def an_entry(number: int, *, image_url: str | None = None, tellers: int = 1) -> Entry:
    portals = tuple(
        Named(
            id=f"cong-{number}-{place}",
            name=f"Trung tâm Thông tin và Truyền thông số {number}.{place}",
            url=f"https://cong{place}.example.vn/tin/{number}?a=1&b=2",
        )
        for place in range(tellers)
    )
    return Entry(
        story=f"tin{number}",
        category="muc-0",
        title=f"Tin {number}: hội nghị sơ kết sáu tháng đầu năm về chuyển đổi số và Đề án 06",
        url=portals[0].url,
        summary=SUMMARY,
        image_url=image_url,
        told_at=datetime(2026, 11, 17, 18, 30, tzinfo=UTC),
        portals=portals,
    )


def an_issue(
    *, hero: Entry | None, sections: tuple[tuple[Entry, ...], ...], more: int = 0, subject: str = ""
) -> IssueContent:
    return IssueContent(
        week=IsoWeek(2026, 47),
        subject=subject,
        hero=hero,
        sections=tuple(
            Section(category=f"muc-{place}", title=f"Chuyên mục {place}", entries=entries, more=more)
            for place, entries in enumerate(sections)
        ),
    )


def a_full_issue(*, more: int = 0) -> IssueContent:
    """Everything an issue may have: a note, a hero, highlights, sections, what is to come, a tally."""
    image = "https://cong0.example.vn/anh/anh-hoi-nghi.jpg"
    content = an_issue(
        hero=an_entry(0, image_url=image, tellers=2),
        sections=tuple(
            tuple(an_entry(5 * place + n + 1, image_url=image, tellers=1 + n % 3) for n in range(5))
            for place in range(4)
        ),
        more=more,
    )
    return replace(
        content,
        note="Tuần này có nhiều tin về Đề án 06.\nBan biên tập chúc bạn đọc một tuần tốt lành.",
        highlights=tuple(an_entry(40 + place, image_url=image, tellers=2) for place in range(5)),
        upcoming=(
            Upcoming(starts_on=date(2026, 11, 25), ends_on=date(2026, 11, 27), entry=an_entry(50)),
            Upcoming(starts_on=date(2026, 12, 2), ends_on=date(2026, 12, 2), entry=an_entry(51)),
        ),
        tally=tuple(
            Tally(category=f"muc-{place}", title=f"Chuyên mục {place}", stories=9 + place)
            for place in range(4)
        ),
        portals_heard=63,
    )


@pytest.fixture(name="renderer")
def _renderer() -> Renderer:
    return Renderer(
        TEMPLATES,
        links=LINKS,
        site_title="Điểm tin các Trung tâm",
        contact="bantin@tin.example.vn",
        timezone=ZoneInfo("Asia/Ho_Chi_Minh"),
    )


def page_of(html: str) -> Any:
    """The parsed page, its no-break spaces as spaces: they only say where a line may not end.

    Any, for lxml's stubs make of every XPath a union of all it could answer.
    """
    return lxml_html.fromstring(re.sub("\u00a0|&nbsp;|&#160;", " ", html))


def links_of(rendered: Rendered) -> list[str]:
    return [str(address) for address in page_of(rendered.html).xpath("//a/@href")]


def prose_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("https://")]


def test_every_story_is_printed_with_all_its_portals_and_a_link_to_the_original(renderer: Renderer) -> None:
    content = a_full_issue()
    rendered = renderer.render(content, unsubscribe_url=UNSUBSCRIBE)
    words = page_of(rendered.html).text_content()
    flat_text = " ".join(rendered.text.split())
    for entry in content.entries:
        assert entry.url in links_of(rendered)
        assert entry.url in rendered.text.splitlines()
        assert entry.title in words
        assert entry.title in flat_text
        for portal in entry.portals:
            assert portal.name in words
            assert portal.name in flat_text
        for portal in entry.portals[1:]:
            assert portal.url in links_of(rendered)


def test_headings_are_the_issue_its_sections_and_their_stories(renderer: Renderer) -> None:
    content = a_full_issue()
    page = page_of(renderer.render(content, unsubscribe_url=None).html)
    assert page.xpath("//h1/text()") == ["Điểm tin các Trung tâm"]
    assert [h.text_content() for h in page.xpath("//h2")] == [
        content.entries[0].title,
        "Tin nổi bật",
        *(section.title for section in content.sections),
        "Sắp diễn ra",
    ]
    assert len(page.xpath("//h3")) == 5 + 4 * 5 + 2


def test_a_day_is_told_in_the_readers_zone(renderer: Renderer) -> None:
    rendered = renderer.render(a_full_issue(), unsubscribe_url=None)
    assert "18/11" in rendered.text  # 17 November 18:30 UTC is already the 18th in Vietnam
    assert "17/11" not in rendered.text


def test_no_line_of_the_text_but_an_address_is_wider_than_a_mail_allows(renderer: Renderer) -> None:
    content = a_full_issue(more=4)
    wide = replace(
        content.entries[0], title="Nghị quyết " + "x" * 300, url="https://dai.example.vn/" + "y" * 200
    )
    for issue in (content, replace(content, hero=wide)):
        text = renderer.render(issue, unsubscribe_url=UNSUBSCRIBE).text
        assert max(map(len, prose_of(text))) <= COLUMNS
    assert wide.url in text.splitlines()


def test_the_language_is_said_where_webmail_keeps_it_too(renderer: Renderer) -> None:
    page = page_of(renderer.render(a_full_issue(), unsubscribe_url=UNSUBSCRIBE).html)
    assert page.get("lang") == "vi"
    (article,) = page.xpath("//div[@role='article']")
    assert article.get("lang") == "vi"
    (main,) = page_of(renderer.page(a_full_issue()).html).xpath("//*[@role='main']")
    assert main.get("lang") == "vi"
    assert {table.get("role") for table in page.xpath("//table")} == {"presentation"}


def test_thirty_stories_stay_far_below_the_size_at_which_mail_is_clipped(renderer: Renderer) -> None:
    rendered = renderer.render(a_full_issue(more=9), unsubscribe_url=UNSUBSCRIBE)
    assert len(rendered.html.encode()) <= 80_000


def test_nothing_of_a_template_is_left_over(renderer: Renderer) -> None:
    rendered = renderer.render(a_full_issue(more=9), unsubscribe_url=UNSUBSCRIBE)
    for part in (rendered.subject, rendered.text, rendered.html):
        assert not re.search(r"\{\{|\}\}|\{%|None", part)
        assert unicodedata.is_normalized("NFC", part)


def test_the_same_issue_gives_the_same_bytes(renderer: Renderer) -> None:
    first = renderer.render(a_full_issue(), unsubscribe_url=UNSUBSCRIBE)
    assert renderer.render(a_full_issue(), unsubscribe_url=UNSUBSCRIBE) == first


def test_hostile_words_stay_words(renderer: Renderer) -> None:
    hostile = replace(
        an_entry(1, image_url='https://x.example.vn/a.jpg" onerror="alert(1)'),
        title='<script>alert("1")</script>{{ 7*7 }} & <b>đậm</b>',
        summary="</td></table><style>*{display:none}</style>",
        portals=(Named(id="x", name='"><img src=x onerror=alert(1)>', url="https://x.example.vn/"),),
    )
    rendered = renderer.render(an_issue(hero=hostile, sections=((hostile,),)), unsubscribe_url=None)
    page = page_of(rendered.html)
    assert not page.xpath("//script | //b | //body//style | //@onerror")
    assert len(page.xpath("//img")) == 2
    assert [link.text_content() for link in page.xpath("//h2/a | //h3/a")] == [hostile.title] * 2
    assert hostile.title in " ".join(rendered.text.split())


def test_the_sheet_is_inlined_and_only_what_needs_a_sheet_is_kept(renderer: Renderer) -> None:
    rendered = renderer.render(a_full_issue(), unsubscribe_url=UNSUBSCRIBE).html
    assert rendered.startswith("<!DOCTYPE html>")
    page = page_of(rendered)
    kept = "".join(page.xpath("//style/text()"))
    assert "@media (prefers-color-scheme: dark)" in kept
    assert "@media (max-width: 480px)" in kept
    assert "[data-ogsc]" in kept
    assert ".sheet { background-color: #1e1b18 !important; }" in kept
    assert "max-width: 600px" not in kept
    (sheet,) = page.xpath("//table[@class='sheet']")
    assert "max-width:600px" in sheet.get("style").replace(" ", "")
    assert all(title.get("style") for title in page.xpath("//h3"))


def test_every_colour_class_of_the_dark_sheet_exists_in_the_mail(renderer: Renderer) -> None:
    page = page_of(renderer.render(a_full_issue(more=2), unsubscribe_url=UNSUBSCRIBE).html)
    used = {name for names in page.xpath("//@class") for name in names.split()}
    kept = "".join(page.xpath("//style/text()"))
    named = set(re.findall(r"\.([a-z]+)\b(?=[^{}]*\{)", re.sub(r"/\*.*?\*/", "", kept, flags=re.S)))
    assert named
    assert named <= used


def test_inlining_fetches_nothing_and_keeps_placeholders(recwarn: pytest.WarningsRecorder) -> None:
    page = inline(
        "<!DOCTYPE html><html><head><title>Ễ ộ ậ</title>"
        '<link rel="stylesheet" href="http://192.0.2.1/site.css">'
        "<style>p { color: #123456 }</style></head>"
        '<body><p>Chữ</p><a href="https://x.invalid/TOKEN">Hủy</a></body></html>'
    )
    assert 'style="color:#123456"' in page
    assert 'href="https://x.invalid/TOKEN"' in page
    assert "Ễ ộ ậ" in page
    assert not recwarn.list


def test_the_subject_is_the_editors_or_names_the_week(renderer: Renderer) -> None:
    plain = renderer.render(an_issue(hero=None, sections=((an_entry(1),),)), unsubscribe_url=None)
    assert plain.subject == "[Điểm tin tuần] Tuần 47/2026 (16/11 – 22/11/2026)"
    edited = renderer.render(
        an_issue(hero=None, sections=((an_entry(1),),), subject="Số đặc biệt\r\nBcc: ai@example.vn"),
        unsubscribe_url=None,
    )
    assert edited.subject == "Số đặc biệt Bcc: ai@example.vn"


def test_a_readers_mail_can_be_ended_and_the_public_page_names_no_reader(renderer: Renderer) -> None:
    mail = renderer.render(a_full_issue(), unsubscribe_url=UNSUBSCRIBE)
    page = renderer.render(a_full_issue(), unsubscribe_url=None)
    assert UNSUBSCRIBE in links_of(mail)
    assert UNSUBSCRIBE in mail.text.splitlines()
    assert LINKS.digest("2026-w47") in links_of(mail)
    assert "Bạn nhận thư này vì" in mail.html
    assert "Bạn nhận thư này vì" in " ".join(mail.text.split())
    for part in (page.html, page.text):
        assert "unsubscribe" not in part.lower()
        assert "Hủy nhận tin" not in part
        assert "Bạn nhận thư này" not in part
    assert f'<link rel="canonical" href="{LINKS.digest("2026-w47")}">' in page.html


def test_no_heading_and_no_summary_ends_in_a_line_of_one_syllable(renderer: Renderer) -> None:
    for html in (
        renderer.render(a_full_issue(), unsubscribe_url=UNSUBSCRIBE).html,
        renderer.page(a_full_issue()).html,
    ):
        page: Any = lxml_html.fromstring(html)
        lines = page.xpath("//h1 | //h2/a | //h3/a | //p[@class='says'][not(ancestor::td[@class='note'])]")
        assert len(lines) > 50
        for line in lines:
            assert re.search(r"\S+\u00a0\S+$", line.text_content()), line.text_content()
        bylines = page.xpath("//p[@class='from'][contains(., '/11')]")
        assert len(bylines) > 25
        for line in bylines:
            assert re.match(r".* \S+\u00a0\S+\u00a0·\u00a0\d\d/\d\d", line.text_content())
    long = "https://tin.example.vn/mot-dia-chi-rat-dai"
    entry = replace(an_entry(1), title=f"Xem {long}")
    assert f">Xem {long}<" in renderer.page(an_issue(hero=entry, sections=())).html


def test_the_name_of_a_section_stays_on_one_line_unless_a_phone_is_too_narrow_for_it(
    renderer: Renderer,
) -> None:
    content = a_full_issue()
    names = ["CNTT – Viễn thông", "Khoa học, công nghệ và đổi mới sáng tạo"]
    sections = [replace(one, title=name) for one, name in zip(content.sections, names, strict=False)]
    html = renderer.render(replace(content, sections=tuple(sections)), unsubscribe_url=None).html
    kept = [span.text_content() for span in page_of(html).xpath("//td[@class='inside']/span")]
    assert kept == ["Tin nổi bật (5)", "CNTT – Viễn thông (5)", "Sắp diễn ra (2)"]
    assert "white-space:nowrap" in page_of(html).xpath("//td[@class='inside']/span/@style")[0]


def test_the_preview_line_fills_a_mailbox_and_no_more(renderer: Renderer) -> None:
    long = replace(an_entry(1), title="Nghị quyết về đột phá phát triển khoa học, công nghệ " * 4)
    for content in (
        a_full_issue(),
        an_issue(hero=None, sections=((replace(an_entry(1), title="Tin"),),)),
        an_issue(hero=long, sections=()),
    ):
        assert 15 < len(renderer.render(content, unsubscribe_url=None).preheader) <= 100
    thin = an_issue(hero=None, sections=((replace(an_entry(1), title="Mưa lớn ở vùng cao"),),))
    assert renderer.render(thin, unsubscribe_url=None).preheader == "Mưa lớn ở vùng cao · 1 tin từ 1 cổng"


def test_the_preview_line_is_the_top_three_headlines(renderer: Renderer) -> None:
    content = a_full_issue()
    short = [
        replace(entry, title=f"Tin thứ {place} ở trung du") for place, entry in enumerate(content.entries[:4])
    ]
    issue = an_issue(hero=short[0], sections=((short[1],), (short[2], short[3])))
    rendered = renderer.render(issue, unsubscribe_url=UNSUBSCRIBE)
    page = page_of(rendered.html)
    (preview,) = page.xpath("//div[@class='preview']")
    assert preview.text_content().startswith(
        "Tin thứ 0 ở trung du · Tin thứ 1 ở trung du · Tin thứ 2 ở trung du"
    )
    assert "Tin thứ 3" not in preview.text_content()
    assert rendered.preheader == "Tin thứ 0 ở trung du · Tin thứ 1 ở trung du · Tin thứ 2 ở trung du"
    assert not page_of(renderer.page(issue).html).xpath("//div[@class='preview']")
    assert "display:none" in preview.get("style").replace(" ", "")


def test_a_section_with_more_leads_to_its_category(renderer: Renderer) -> None:
    rendered = renderer.render(
        an_issue(hero=None, sections=((an_entry(1), an_entry(2)),), more=5), unsubscribe_url=None
    )
    assert LINKS.category("muc-0") in links_of(rendered)
    assert "Xem tất cả tin Chuyên mục 0 (7)" in rendered.html
    assert LINKS.category("muc-0") in rendered.text.splitlines()
    whole = renderer.render(an_issue(hero=None, sections=((an_entry(1),),)), unsubscribe_url=None)
    assert LINKS.category("muc-0") not in links_of(whole)


def test_an_issue_without_hero_images_or_stories_in_a_section_is_whole(renderer: Renderer) -> None:
    rendered = renderer.render(
        an_issue(hero=None, sections=((), (an_entry(1),))), unsubscribe_url=UNSUBSCRIBE
    )
    page = page_of(rendered.html)
    assert not page.xpath("//img")
    assert page.xpath("//h2/text()") == ["Chuyên mục 1"]
    assert "Chuyên mục 0" not in rendered.html
    assert "CHUYÊN MỤC 0" not in rendered.text
    assert "1 tin từ 1 cổng" in rendered.text


def test_images_have_a_width_no_height_and_an_alt(renderer: Renderer) -> None:
    page = page_of(renderer.render(a_full_issue(), unsubscribe_url=None).html)
    images = page.xpath("//img")
    assert images[0].get("width") == "600"
    assert images[0].get("alt").startswith("Ảnh: ")
    assert len(images) == 5  # the hero and the first story of each section
    for image in images:
        assert image.get("alt") is not None
        assert image.get("height") is None  # with images off a height leaves a hole


def test_long_titles_are_printed_whole_and_long_summaries_cut_at_a_word(renderer: Renderer) -> None:
    title = ("Nghị quyết về đột phá phát triển khoa học, công nghệ " * 6).strip()[:300]
    entry = replace(an_entry(1), title=title, summary=SUMMARY * 3)
    rendered = renderer.render(an_issue(hero=entry, sections=()), unsubscribe_url=None)
    page = page_of(rendered.html)
    assert page.xpath("string(//h2)") == title
    (says,) = page.xpath("//p[@class='says']/text()")
    assert len(says) <= 220
    assert says.endswith("…")
    assert SUMMARY.startswith(says.removesuffix("…"))


def test_a_contact_may_be_a_page_a_mailbox_or_nothing(renderer: Renderer) -> None:
    def printed(contact: str) -> Rendered:
        zone = ZoneInfo("Asia/Ho_Chi_Minh")
        other = Renderer(TEMPLATES, links=LINKS, site_title="Điểm tin", contact=contact, timezone=zone)
        return other.render(a_full_issue(), unsubscribe_url=UNSUBSCRIBE)

    assert "mailto:bantin@tin.example.vn" in links_of(renderer.render(a_full_issue(), unsubscribe_url=None))
    assert "https://trungtam.example.vn/lien-he" in links_of(printed("https://trungtam.example.vn/lien-he"))
    assert "Liên hệ: 0225 000 000" in printed("0225 000 000").text
    assert "Liên hệ" not in printed("").html + printed("").text


def test_the_counts_say_what_was_chosen_out_of_what(renderer: Renderer) -> None:
    text = " ".join(renderer.render(a_full_issue(), unsubscribe_url=None).text.split())
    assert "28 tin chọn từ 42 tin của 63 cổng" in text
    assert "Trong tuần các cổng đăng 42 tin: Chuyên mục 0 9; Chuyên mục 1 10;" in text
    assert "Tin nổi bật (5); Chuyên mục 0 (5)" in text
    assert "Sắp diễn ra (2)" in text
    html = renderer.render(a_full_issue(more=4), unsubscribe_url=None).html
    assert "Xem tất cả tin Chuyên mục 3 (12)" in html  # with those that stand among the highlights


def test_what_is_to_come_is_printed_with_its_days(renderer: Renderer) -> None:
    text = renderer.render(a_full_issue(), unsubscribe_url=None).text
    assert "\n25 – 27/11: Tin 50" in text
    assert "\n02/12: Tin 51" in text
    over_the_month = Upcoming(starts_on=date(2026, 11, 30), ends_on=date(2026, 12, 2), entry=an_entry(50))
    page = renderer.page(replace(a_full_issue(), upcoming=(over_the_month,))).html
    assert page_of(page).xpath("//p[@class='when']/text()") == ["30/11 – 02/12"]


def test_an_issue_of_two_weeks_says_so(renderer: Renderer) -> None:
    content = replace(a_full_issue(), begins=IsoWeek(2026, 46))
    rendered = renderer.render(content, unsubscribe_url=None)
    assert rendered.subject == "[Điểm tin tuần] Tuần 46 – 47/2026 (09/11 – 22/11/2026)"
    assert "gộp 2 tuần" in rendered.text


def test_a_summary_ends_with_a_sentence_where_one_ends_in_time(renderer: Renderer) -> None:
    said = (
        "Sáng 21/11, Trung tâm tổ chức hội nghị giao ban khu vực phía Bắc tại TP. Sông Đào với chủ đề “Dữ liệu dùng "
        "chung – phục vụ người dân tốt hơn”. "
    )
    entry = replace(an_entry(1), summary=said + "Dự hội nghị có lãnh đạo " + "các đơn vị " * 20)
    page = page_of(renderer.render(an_issue(hero=entry, sections=()), unsubscribe_url=None).html)
    assert page.xpath("//p[@class='says']/text()") == [said.strip()]


def test_a_sentence_a_little_too_long_is_printed_whole_and_a_cut_one_does_not_end_in_and(
    renderer: Renderer,
) -> None:
    def said(summary: str) -> str:
        entry = replace(an_entry(1), summary=summary)
        page = page_of(renderer.render(an_issue(hero=entry, sections=()), unsubscribe_url=None).html)
        return str(page.xpath("string(//p[@class='says'])"))

    sentence = (
        "Chiều 19/11, xã khai mạc lễ hội với nghi thức rước nước" + ", thu hút rất đông người dân" * 6 + "."
    )
    assert 220 < len(sentence) < 275
    assert said(sentence) == sentence
    assert said(f"{sentence} Lễ hội kéo dài đến hết tuần sau.") == sentence
    assert said("Lễ hội " * 30 + "và của " * 40) == "Lễ hội " * 29 + "Lễ hội…"


def test_the_public_page_says_what_the_mail_says_in_one_sheet_of_styles(renderer: Renderer) -> None:
    content = a_full_issue(more=3)
    mail, page = renderer.render(content, unsubscribe_url=None), renderer.page(content)
    assert (page.subject, page.text) == (mail.subject, mail.text)
    words = [" ".join(page_of(one.html).xpath("string(//body)").split()) for one in (mail, page)]
    assert words[0] == words[1]
    assert not page_of(page.html).xpath("//body//@style")
    assert LINKS.digest_text("2026-w47") in links_of(page)


def issue_of(content: IssueContent) -> Issue:
    moment = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    return Issue(
        id=str(content.week),
        state=IssueState.SENT,
        content=content,
        hash=content.hash,
        composed_at=moment,
        approved_at=moment,
        approved_by="Lan",
        sent_at=moment,
    )


def test_the_issues_are_a_feed_that_changes_only_with_them(renderer: Renderer) -> None:
    hostile = replace(an_entry(1), title="<b>&amp; ]]> đậm", summary="\u000b<script>")
    issues = [issue_of(a_full_issue()), issue_of(an_issue(hero=hostile, sections=()))]
    xml = renderer.feed(issues)
    assert renderer.feed(issues) == xml
    feed = feedparser.parse(xml)
    assert not feed.bozo
    assert [entry.id for entry in feed.entries] == ["tag:tin.example.vn,2026:digest/2026-w47"] * 2
    assert feed.entries[0].link == LINKS.digest("2026-w47")
    assert feed.feed.updated == "2026-11-23T00:00:00Z"
    listed = page_of(feed.entries[0].content[0].value)
    assert listed.xpath("//a/@href")[0] == a_full_issue().entries[0].url
    assert page_of(feed.entries[1].content[0].value).xpath("string(//a)") == hostile.title
    assert not feedparser.parse(renderer.feed([])).bozo


def test_an_issue_of_the_longest_stories_says_less_of_each_and_stays_under_its_size(
    renderer: Renderer,
) -> None:
    long = "Nghị quyết về đột phá phát triển khoa học, công nghệ " * 5

    def swollen(entry: Entry) -> Entry:
        portals = tuple(
            replace(named, name=f"Trung tâm {long[:90]}", url=f"https://{place}.example/{'x' * 150}")
            for place, named in enumerate(entry.portals * 6)
        )
        return replace(entry, title=long[:250], summary=SUMMARY, portals=portals)

    content = a_full_issue(more=200)
    content = replace(
        content,
        hero=swollen(content.entries[0]),
        highlights=tuple(map(swollen, content.highlights)),
        sections=tuple(replace(one, entries=tuple(map(swollen, one.entries))) for one in content.sections),
    )
    rendered = renderer.render(content, unsubscribe_url=UNSUBSCRIBE)
    assert 40_000 < len(rendered.html.encode()) <= 80_000
    assert len(page_of(rendered.html).xpath("//h2/a | //h3/a")) == len(content.entries)


def test_a_story_of_many_portals_names_the_first_and_counts_the_others(renderer: Renderer) -> None:
    content = an_issue(hero=an_entry(1, tellers=12), sections=((an_entry(2, tellers=6),),))
    rendered = renderer.render(content, unsubscribe_url=UNSUBSCRIBE)
    page = page_of(rendered.html)
    hero, other = (" ".join(one.text_content().split()) for one in page.xpath("//p[@class='from']"))
    assert hero.endswith("số 1.4, Trung tâm Thông tin và Truyền thông số 1.5 và 6 cổng khác")
    assert LINKS.story("tin1") in links_of(rendered)
    assert other.endswith("số 2.5")
    assert "cổng khác" not in other
    assert "số 1.5; 6 cổng khác" in " ".join(rendered.text.split())
    assert "số 1.6" not in rendered.html + rendered.text


def test_no_line_of_the_contents_begins_with_a_dot(renderer: Renderer) -> None:
    content = a_full_issue()
    long = replace(content.sections[0], title="Văn hóa, thể thao, du lịch và đời sống nông thôn mới")
    html = renderer.page(replace(content, sections=(long, *content.sections[1:]))).html
    inside = re.search(r"Trong số này:(.*?)</td>", html, re.DOTALL)
    assert inside
    assert inside[1].count("&nbsp;·") == inside[1].count("·") == len(content.sections) + 1


def test_a_hero_with_a_title_like_a_paragraph_is_set_smaller(renderer: Renderer) -> None:
    def class_of(title: str) -> str:
        entry = replace(an_entry(1), title=title)
        page = page_of(renderer.page(an_issue(hero=entry, sections=())).html)
        return str(page.xpath("string(//h2/@class)"))

    assert class_of("Hội nghị sơ kết sáu tháng đầu năm về chuyển đổi số") == "large"
    assert class_of("Nghị quyết về đột phá phát triển khoa học, công nghệ " * 5) == ""
