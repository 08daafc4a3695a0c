"""Articles that look alike are gathered into the same stories, in whatever order they are found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

from syndication.collect.gather import Gathered, Teller, gather
from syndication.collect.similar import Told, fingerprint, judge

TITLE = "Lễ hội hoa Nậm Pồ bế mạc"
TEXT = (
    "Sau chín ngày, lễ hội hoa lần thứ XII tại cao nguyên Nậm Pồ đã bế mạc tối 16/11, đón 85.000 lượt khách, trong đó "
    "6.200 lượt khách quốc tế, theo Phòng Văn hóa xã Sà Phìn Thượng.",
    "Doanh thu từ lưu trú, ăn uống và vé tham quan ước đạt 74 tỷ đồng, tăng 22% so với năm trước; công suất phòng của "
    "148 nhà nghỉ ở bản Lũng Cẩm luôn trên 95%.",
    "Điểm mới năm nay là vé điện tử và bản đồ ba thứ tiếng, giúp du khách tìm 36 điểm ngắm hoa, bãi đỗ xe, trạm sạc "
    "và nhà vệ sinh công cộng dọc theo 27 km đường đèo Mã Pì.",
    "Chủ tịch xã Giàng Mí Chơ cho biết lễ hội lần sau sẽ kéo dài mười lăm ngày, bắt đầu từ 30/10/2027, và mời thêm các "
    "nghệ nhân của bản Pá Hom cùng trình diễn.",
)
COURSE = (
    "Sáng 18/11, {who} tổ chức hội nghị tập huấn kỹ năng số cho {count} thành viên tổ công nghệ số cộng đồng. Học viên "
    "được giới thiệu nền tảng học trực tuyến mở, cách hướng dẫn người dân nộp hồ sơ dịch vụ công trực tuyến, nhận biết "
    "lừa đảo trên mạng. {boss}đề nghị học viên thực hành ngay tại lớp. Lớp học kéo dài đến hết ngày 19/11, sau đó "
    "mỗi học viên được cấp chứng nhận của Bộ Khoa học và Công nghệ."
)


def teller(
    article: int,
    *paragraphs: str,
    portal: str | None = None,
    title: str = TITLE,
    story: str | None = None,
    settled: bool = False,
) -> Teller:
    portal = portal or f"cong-{article}"
    told_at = datetime(2026, 11, 19, 3, tzinfo=UTC) + timedelta(hours=article)
    return Teller(
        article=article,
        portal=portal,
        url=f"https://{portal}.example/{article}",
        told=Told(portal=portal, fingerprint=fingerprint(title, "\n".join(paragraphs)), told_at=told_at),
        story=f"s{article}" if story is None else story,
        leads=True,
        settled=settled,
    )


def partition(gathered: Sequence[Gathered]) -> set[frozenset[int]]:
    return {one.articles for one in gathered}


WHOLE, FIRST_HALF, SECOND_HALF = teller(1, *TEXT), teller(2, *TEXT[:2]), teller(3, *TEXT[2:])
LANG_GIANG = teller(
    4, COURSE.format(who="Trung tâm tỉnh Lạng Giang", count=320, boss="Giám đốc Hoàng Đức Toàn ")
)
HA_BINH = teller(5, COURSE.format(who="Trung tâm tỉnh Hạ Bình", count=280, boss="Bà Bế Thị Lan "))
NAMELESS = teller(6, COURSE.format(who="Trung tâm", count="các", boss=""))


def test_two_halves_are_one_story_once_the_whole_is_found() -> None:
    assert partition(gather([FIRST_HALF, SECOND_HALF])) == {frozenset({2}), frozenset({3})}
    for order in permutations([WHOLE, FIRST_HALF, SECOND_HALF]):
        assert partition(gather(order)) == {frozenset({1, 2, 3})}


def test_what_resembles_two_different_news_does_not_make_them_one() -> None:
    assert LANG_GIANG.told
    assert HA_BINH.told
    assert NAMELESS.told
    assert judge(LANG_GIANG.told, HA_BINH.told).apart
    assert judge(LANG_GIANG.told, NAMELESS.told).same or judge(HA_BINH.told, NAMELESS.told).same
    found = {frozenset(partition(gather(order))) for order in permutations([LANG_GIANG, HA_BINH, NAMELESS])}
    assert len(found) == 1
    assert not any({4, 5} <= articles for articles in found.pop())


def test_a_portal_that_tells_it_twice_tells_two_stories_and_the_first_is_the_one_others_joined() -> None:
    again = teller(7, *TEXT, portal="cong-1")
    copy = teller(8, *TEXT)
    for order in permutations([again, copy, WHOLE]):
        assert partition(gather(order)) == {frozenset({1, 8}), frozenset({7})}


def test_stories_that_readers_know_are_not_made_one() -> None:
    first, second = (
        teller(2, *TEXT[:2], story="a", settled=True),
        teller(3, *TEXT[2:], story="b", settled=True),
    )
    gathered = gather([first, second, WHOLE])
    assert len(gathered) == 2
    assert {one.story for one in gathered} == {"a", "b"}


def test_whoever_stood_in_a_story_that_readers_know_stays_in_it() -> None:
    stranger = teller(9, "Bài không còn giống.", story="a", settled=True)
    known = teller(2, *TEXT, story="a", settled=True)
    (gathered,) = gather([stranger, known, WHOLE])
    assert (set(gathered.articles), gathered.story, gathered.settled) == ({1, 2, 9}, "a", True)
    ((joined, other, verdict),) = gathered.joined()
    assert (joined.article, other.article, verdict.same) == (1, 2, True)


def test_every_article_but_the_first_says_why_it_joined_one_that_was_there() -> None:
    (gathered,) = gather([SECOND_HALF, FIRST_HALF, WHOLE, teller(8, *TEXT, title="Hoa nở trên cao nguyên")])
    there = {1}
    for joined, other, verdict in gathered.joined():
        assert other.article in there
        assert verdict.why
        there.add(joined.article)
    assert there == {1, 2, 3, 8}


def test_what_has_no_fingerprint_is_gathered_with_nobody() -> None:
    nothing = Teller(article=9, portal="cong-9", url="https://cong-9.example/9", told=None, story="s9")
    assert partition(gather([nothing, WHOLE])) == {frozenset({1}), frozenset({9})}
