"""One piece of news, one story: across portals, edits, moves, withdrawals, and what people decide about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import permutations
from pathlib import Path

import pytest

from syndication.catalogue import read_catalogue
from syndication.collect.pipeline import Round, collect, corrections, look_again
from syndication.collect.sandbox import Sandbox
from syndication.domain.story import Story, mint_id
from syndication.errors import FetchFailed, StoryError
from syndication.links import Links
from syndication.publish.pipeline import Press, publish
from syndication.store import Store
from tests.cast import ObedientClock
from tests.collect.written_web import HandWrittenWeb, Page

pytestmark = pytest.mark.postgres_in_ci

CATEGORIES = """
[[category]]
slug = "chuyen-doi-so"
title = "Chuyển đổi số"
labels = ["Chuyển đổi số"]
[[category]]
slug = "thoi-su"
title = "Thời sự"
labels = ["Thời sự"]
[[category]]
slug = "khac"
title = "Khác"
"""

OPENED = """Sáng 20/11, tại thành phố Đồng Vang, Trung tâm Chuyển đổi số tỉnh Khe Lai khai trương trung tâm điều hành \
đô thị thông minh với 48 màn hình, 320 camera và 15 cán bộ trực suốt ngày đêm. Phó Chủ tịch tỉnh Nguyễn Văn Bình cho \
biết hệ thống tiếp nhận 1.250 phản ánh của người dân trong tháng đầu, xử lý đúng hạn 96%. Giai đoạn hai sẽ mở rộng \
tới 42 xã, phường với kinh phí 85 tỷ đồng, hoàn thành trước ngày 30/6/2027."""
TITLE = "Khe Lai khai trương trung tâm điều hành đô thị thông minh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An article as a portal's feed gives it."""

    number: int
    title: str = ""
    text: str = ""
    guid: str | None = None
    path: str | None = None
    label: str = ""
    at: datetime = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)

    def item(self, host: str) -> str:
        title = self.title or f"Tin riêng số {self.number} của cổng {host}"
        path = self.path or f"/tin/{self.number}.html"
        return (
            f"<item><title>{title}</title><link>https://{host}{path}</link>"
            f"<guid>{self.guid or f'n{self.number}'}</guid>"
            f"<category>{self.label}</category><pubDate>{format_datetime(self.at)}</pubDate>"
            f"<description>{self.text or title}</description></item>"
        )


@dataclass
class Town:
    """Three portals, what they tell, and the instance that reads them."""

    folder: Path
    store: Store
    sandbox: Sandbox
    clock: ObedientClock
    web: HandWrittenWeb = field(default_factory=HandWrittenWeb)

    def portal(self, name: str, *, priority: int = 10) -> None:
        (self.folder / "portals").mkdir(parents=True, exist_ok=True)
        (self.folder / "categories.toml").write_text(CATEGORIES, encoding="utf-8")
        (self.folder / "portals" / f"{name}.toml").write_text(
            f'name = "Cổng {name}"\nhome = "https://{name}.example/"\nhosts = ["{name}.example"]\n'
            f'priority = {priority}\n[[source]]\nurl = "https://{name}.example/feed"\nread = "feed"\nevery = "1h"\n'
            '[article]\nfetch = "never"\n',
            encoding="utf-8",
        )
        self.tell(name)

    def tell(self, name: str, *articles: Told) -> None:
        """What the portal's feed lists from now on; the pages are there, and one article that never changes."""
        host = f"{name}.example"
        listed = (*articles, Told(number=999))
        items = "".join(one.item(host) for one in listed)
        self.web.pages[f"https://{host}/feed"] = Page(f"<rss version='2.0'><channel>{items}</channel></rss>")
        for one in listed:
            self.web.pages.setdefault(
                f"https://{host}{one.path or f'/tin/{one.number}.html'}", Page("<p>Bài</p>")
            )

    def lose(self, name: str, *numbers: int, status: int = 404) -> None:
        for number in numbers:
            trouble = FetchFailed("has nothing at this address", status=status)
            self.web.pages[f"https://{name}.example/tin/{number}.html"] = Page(trouble=trouble)

    @property
    def round(self) -> Round:
        return Round(
            store=self.store,
            catalogue=read_catalogue(self.folder),
            links=Links("https://tin.example.vn"),
            open_fetcher=self.web.open,
            sandbox=self.sandbox,
            user_agent="syndication/test",
            now=self.clock,
        )

    @property
    def press(self) -> Press:
        return Press(
            store=self.store,
            catalogue=read_catalogue(self.folder),
            links=Links("https://tin.example.vn"),
            title="Điểm tin",
            now=self.clock,
        )

    def read(self) -> int:
        """A round, and what it brought published; returns how many stories were announced."""
        for report in collect(self.round, due_only=False):
            assert report.error is None, report
        return publish(self.press).announced

    def looked(self, *, days: int) -> list[str]:
        """Let so many days pass, four hours at a time; returns the addresses found withdrawn."""
        gone: list[str] = []
        for _ in range(days * 6):
            self.clock.pass_(hours=4)
            gone += [one.url for one in look_again(self.round)]
        publish(self.press)
        return gone

    def stories(self, feed: str = "all") -> list[Story]:
        with self.store.read() as memory:
            return memory.stories.newest(feed, limit=50)

    def titled(self, title: str, feed: str = "all") -> list[Story]:
        return [story for story in self.stories(feed) if story.title == title]


@pytest.fixture
def town(tmp_path: Path, store: Store, sandbox: Sandbox) -> Town:
    found = Town(tmp_path / "feeds", store, sandbox, ObedientClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC)))
    for name in ("khe-lai", "dong-vang", "ba-to"):
        found.portal(name)
    found.read()
    found.clock.pass_(hours=2)
    return found


# --- told by several ---


def test_what_three_portals_tell_is_one_story_that_names_them_all(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.tell("dong-vang", Told(number=7, title="Đồng Vang có trung tâm điều hành thông minh", text=OPENED))
    town.tell("ba-to", Told(number=3, title=TITLE.upper(), text=OPENED + " (Theo Cổng Khe Lai)"))
    assert town.read() == 1
    (story,) = [one for one in town.stories() if len(one.tellings) > 1]
    assert sorted(one.portal for one in story.tellings) == ["ba-to", "dong-vang", "khe-lai"]
    assert [bool(one.why) for one in sorted(story.tellings, key=lambda one: bool(one.why))] == [
        False,
        True,
        True,
    ]
    assert all(
        "of the text of the shorter stands in the longer" in one.why for one in story.tellings if one.why
    )
    for feed in ("portals/ba-to", "portals/dong-vang", "portals/khe-lai"):
        assert story.id in [one.id for one in town.stories(feed)]


def test_a_copy_that_comes_later_is_not_announced_again(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    assert town.read() == 1
    before = town.titled(TITLE)[0]
    town.clock.pass_(hours=5)
    town.tell("ba-to", Told(number=3, title=TITLE, text=OPENED, at=town.clock()))
    assert town.read() == 0
    after = town.titled(TITLE)[0]
    assert (after.id, after.announced_at, after.url) == (before.id, before.announced_at, before.url)
    assert [one.portal for one in after.tellings] == ["khe-lai", "ba-to"]


def test_the_portal_with_priority_leads_even_when_it_comes_later(town: Town) -> None:
    town.portal("dong-vang", priority=50)
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.read()
    before = town.titled(TITLE)[0].id
    town.clock.pass_(hours=5)
    town.tell("dong-vang", Told(number=7, title="Đồng Vang điều hành thông minh", text=OPENED))
    assert town.read() == 0
    (story,) = town.titled("Đồng Vang điều hành thông minh")
    assert (story.id, story.lead.portal, story.updated_at > story.announced_at) == (before, "dong-vang", True)


@pytest.mark.parametrize("first", ["khe-lai", "ba-to"])
def test_who_leads_and_the_id_do_not_depend_on_whose_copy_we_find_first(town: Town, first: str) -> None:
    second = "ba-to" if first == "khe-lai" else "khe-lai"
    at = {"khe-lai": datetime(2026, 11, 22, 1, tzinfo=UTC), "ba-to": datetime(2026, 11, 22, 9, tzinfo=UTC)}
    for name in (first, second):
        town.tell(name, Told(number=1, title=TITLE, text=OPENED, at=at[name]))
        list(collect(town.round, portals=[name], due_only=False))
    publish(town.press)
    (story,) = town.titled(TITLE)
    assert story.lead.portal == "khe-lai"
    assert story.url == "https://khe-lai.example/tin/1.html"
    assert story.id == mint_id("khe-lai", "khe-lai/tin/1")


BEFORE = OPENED.partition(" Phó Chủ tịch")[0]
AFTER = """Cùng buổi, đại diện Quỹ Ánh Sao, bà Trịnh Thu Hà, trao 60 máy tính cho Trường THCS Lê Quang Bảo ở xã Nà \
Khoang và hứa mở thêm ba lớp lập trình trước ngày 15/1/2027."""
SPOKEN = """Sáng 18/11, {who} tổ chức tập huấn kỹ năng số cho {count} thành viên tổ công nghệ số. Học viên được giới \
thiệu nền tảng học trực tuyến mở, cách hướng dẫn người dân nộp hồ sơ dịch vụ công trực tuyến, nhận biết lừa đảo trên \
mạng. {boss} đề nghị học viên thực hành ngay tại lớp. Lớp học kéo dài đến hết ngày 19/11, sau đó mỗi học viên được \
cấp chứng nhận của Bộ Khoa học và Công nghệ."""


@pytest.mark.parametrize("order", list(permutations(["khe-lai", "dong-vang", "ba-to"])))
def test_halves_of_a_text_and_the_whole_are_one_story_in_whatever_order_they_come(
    town: Town, order: tuple[str, ...]
) -> None:
    told = {
        "khe-lai": (TITLE, f"{BEFORE} {AFTER}"),
        "dong-vang": ("Thêm một nơi nghe dân cả ngày lẫn đêm", BEFORE),
        "ba-to": ("Sáu mươi bộ máy tính về Nà Khoang", AFTER),
    }
    for name in order:
        town.tell(name, Told(number=1, title=told[name][0], text=told[name][1]))
        list(collect(town.round, portals=[name], due_only=False))
    assert publish(town.press).announced == 1
    (story,) = [one for one in town.stories() if len(one.tellings) > 1]
    assert {one.portal for one in story.tellings} == told.keys()
    assert sum(1 for one in story.tellings if one.why) == 2
    assert story.id == mint_id("ba-to", "ba-to/tin/1")


@pytest.mark.parametrize("order", list(permutations(["khe-lai", "dong-vang", "ba-to"])))
def test_a_report_that_names_nobody_does_not_make_one_of_two_provinces_meetings(
    town: Town, order: tuple[str, ...]
) -> None:
    told = {
        "khe-lai": SPOKEN.format(who="Trung tâm tỉnh Khe Lai", count=320, boss="Ông Hoàng Đức Toàn"),
        "dong-vang": SPOKEN.format(who="Trung tâm tỉnh Đồng Vang", count=280, boss="Bà Bế Thị Lan"),
        "ba-to": SPOKEN.format(who="Trung tâm", count="các", boss="Giảng viên"),
    }
    for name in order:
        town.tell(name, Told(number=1, title="Tập huấn kỹ năng số", text=told[name]))
        list(collect(town.round, portals=[name], due_only=False))
    publish(town.press)
    groups = [{telling.portal for telling in one.tellings} for one in town.titled("Tập huấn kỹ năng số")]
    assert not any({"khe-lai", "dong-vang"} <= group for group in groups)
    assert sum(map(len, groups)) == 3


def test_no_portal_changes_what_another_ones_article_says(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.tell("ba-to", Told(number=3, title=TITLE, text=OPENED, at=datetime(2026, 11, 22, 8, tzinfo=UTC)))
    town.read()
    before = town.titled(TITLE)[0]
    town.clock.pass_(hours=3)
    town.tell(
        "ba-to",
        Told(number=3, title="Mua thuốc ở đây", text="Quảng cáo hoàn toàn khác hẳn.", path="/tin/3.html"),
    )
    town.read()
    after = town.titled(TITLE)[0]
    assert (after.summary, after.url, after.updated_at) == (before.summary, before.url, before.updated_at)


def test_a_sequel_of_the_same_portal_is_a_story_of_its_own(town: Town) -> None:
    town.tell(
        "khe-lai", Told(number=1, title=TITLE, text=OPENED), Told(number=2, title=TITLE + " (2)", text=OPENED)
    )
    assert town.read() == 2


def test_history_that_another_portal_tells_today_is_news(town: Town) -> None:
    town.portal("nui-cao")
    fill = [Told(number=n, at=datetime(2026, 11, 22, 2, n, tzinfo=UTC)) for n in range(2, 14)]
    town.tell(
        "nui-cao", Told(number=1, title=TITLE, text=OPENED, at=datetime(2026, 11, 20, tzinfo=UTC)), *fill
    )
    assert town.read() == 10
    assert town.titled(TITLE) == []
    town.clock.pass_(hours=2)
    town.tell("khe-lai", Told(number=5, title=TITLE, text=OPENED, at=town.clock()))
    assert town.read() == 1
    assert [one.portal for one in town.titled(TITLE)[0].tellings] == ["nui-cao", "khe-lai"]


def test_a_story_stands_in_the_categories_of_all_who_tell_it(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED, label="Chuyển đổi số"))
    town.read()
    town.tell("ba-to", Told(number=3, title=TITLE, text=OPENED, label="Thời sự"))
    town.clock.pass_(hours=1)
    town.read()
    assert set(town.titled(TITLE)[0].categories) == {"chuyen-doi-so", "thoi-su"}
    assert town.titled(TITLE, "thoi-su")


# --- what people decide ---


def test_an_undone_join_stays_undone(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.tell("ba-to", Told(number=3, title=TITLE, text=OPENED))
    town.read()
    (story,) = town.titled(TITLE)
    follower = next(one.portal for one in story.tellings if one.why)
    parted = corrections.part(town.round, story.id, follower, by="Lan")
    town.clock.pass_(hours=1)
    assert town.read() == 1
    town.clock.pass_(hours=1)
    town.tell("ba-to", Told(number=3, title=TITLE, text=OPENED + " Tin sửa lại lúc 15 giờ."))
    town.read()
    two = {one.id: [telling.portal for telling in one.tellings] for one in town.titled(TITLE)}
    assert two.keys() == {story.id, parted}
    assert all(len(portals) == 1 for portals in two.values())
    with town.store.read() as memory:
        (join,) = memory.joins.of(story.id)
    assert (join.undone_by, join.undone_at is not None) == ("Lan", True)


def told_by_two(town: Town) -> Story:
    """A story that one portal tells, and another told a day before."""
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.tell("ba-to", Told(number=3, title=TITLE, text=OPENED, at=datetime(2026, 11, 22, 8, tzinfo=UTC)))
    town.read()
    (story,) = town.titled(TITLE)
    return story


def test_the_one_that_came_first_can_be_parted_too(town: Town) -> None:
    story = told_by_two(town)
    parted = corrections.part(town.round, story.id, "khe-lai", by="Lan")
    town.clock.pass_(hours=1)
    town.read()
    leads = {one.id: one.lead.portal for one in town.titled(TITLE)}
    assert leads == {story.id: "ba-to", parted: "khe-lai"}


def test_a_copy_that_comes_before_the_parted_story_is_announced_does_not_bring_it_back(town: Town) -> None:
    story = told_by_two(town)
    parted = corrections.part(town.round, story.id, "ba-to", by="Lan")
    town.clock.pass_(hours=1)
    town.tell("dong-vang", Told(number=5, title=TITLE, text=OPENED, at=town.clock()))
    town.read()
    told_by = {one.id: {telling.portal for telling in one.tellings} for one in town.titled(TITLE)}
    assert told_by.keys() == {story.id, parted}
    assert not any({"khe-lai", "ba-to"} <= portals for portals in told_by.values())


def test_what_cannot_be_parted_is_said_in_one_line(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.read()
    (story,) = town.titled(TITLE)
    for name, says in (("ba-to", "does not tell"), ("khe-lai", "nothing to part")):
        with pytest.raises(StoryError, match=says):
            corrections.part(town.round, story.id, name, by="Lan")
    with pytest.raises(StoryError, match="no story"):
        corrections.part(town.round, "nosuchstory", "khe-lai", by="Lan")


def test_a_story_filed_by_a_person_stays_there_whatever_is_edited(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED, label="Chuyển đổi số"))
    town.read()
    (story,) = town.titled(TITLE)
    corrections.file(town.round, story.id, ["thoi-su"], by="Lan")
    assert [one.id for one in town.titled(TITLE, "thoi-su")] == [story.id]
    town.clock.pass_(hours=1)
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED + " Thêm một câu.", label="Chuyển đổi số"))
    town.tell("ba-to", Told(number=3, title=TITLE, text=OPENED, label="Chuyển đổi số"))
    town.read()
    (after,) = town.titled(TITLE)
    assert after.categories == ("thoi-su",)
    assert town.titled(TITLE, "chuyen-doi-so") == []
    with pytest.raises(StoryError, match="no category"):
        corrections.file(town.round, story.id, ["khong-co"], by="Lan")


# --- names ---


def test_a_guid_given_to_other_news_is_told_apart(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED, guid="mot", path="/a.html"))
    town.read()
    town.clock.pass_(hours=1)
    other = Told(
        number=2,
        title="Lịch cắt điện tuần này ở Ba Tơ",
        text="Điện lực báo lịch.",
        guid="mot",
        path="/b.html",
    )
    town.tell("khe-lai", other)
    assert town.read() == 1
    assert town.titled(TITLE)
    assert town.titled("Lịch cắt điện tuần này ở Ba Tơ")


def test_an_edited_title_at_a_new_address_is_the_same_article_by_its_guid(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED, guid="mot", path="/khai-truong.html"))
    town.read()
    (before,) = town.titled(TITLE)
    town.clock.pass_(hours=1)
    edited = TITLE.replace("khai trương", "đưa vào vận hành")
    town.tell("khe-lai", Told(number=1, title=edited, text=OPENED, guid="mot", path="/dua-vao-van-hanh.html"))
    assert town.read() == 0
    assert [one.id for one in town.titled(edited)] == [before.id]


def test_a_new_system_with_new_addresses_and_guids_announces_nothing_again(town: Town) -> None:
    articles = [
        Told(
            number=n,
            title=f"{TITLE} lần {n}",
            text=f"Lần {n}. {OPENED}",
            at=datetime(2026, 11, n, 3, tzinfo=UTC),
        )
        for n in range(10, 16)
    ]
    town.tell("khe-lai", *articles)
    town.read()
    before = {story.id for story in town.stories()}
    town.clock.pass_(hours=3)
    moved = [
        Told(
            number=n.number,
            title=n.title,
            text=n.text,
            at=n.at,
            guid=f"https://x/{n.number}",
            path=f"/?p={n.number}",
        )
        for n in articles
    ]
    town.tell("khe-lai", *moved)
    assert town.read() == 0
    assert {story.id for story in town.stories()} == before


def test_one_form_filled_in_again_is_other_news(town: Town) -> None:
    for week in (1, 2, 3):
        town.tell(
            "khe-lai",
            Told(
                number=week,
                title="Lịch tiếp công dân",
                text="Lịch tiếp công dân của Chủ tịch.",
                path=f"/lich-{week}",
            ),
        )
        town.clock.pass_(hours=1)
        assert town.read() == 1


# --- edits ---


def test_a_small_edit_does_not_move_what_readers_are_told(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.read()
    town.clock.pass_(hours=2)
    town.tell(
        "khe-lai",
        Told(number=1, title=TITLE, text=OPENED.replace(", tại", " tại").replace("camera", "Camera")),
    )
    town.read()
    (story,) = town.titled(TITLE)
    assert story.updated_at == story.announced_at
    town.clock.pass_(hours=2)
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED.replace("320", "340")))
    assert town.read() == 0
    assert town.titled(TITLE)[0].updated_at == town.clock()


# --- withdrawals ---


def test_an_article_gone_at_two_looks_a_day_apart_leaves_the_feeds_for_good(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.read()
    (story,) = town.titled(TITLE)
    town.lose("khe-lai", 1)
    assert town.looked(days=1) == []
    assert town.titled(TITLE)
    assert town.looked(days=2) == ["https://khe-lai.example/tin/1.html"]
    assert town.titled(TITLE) == []
    with town.store.read() as memory:
        standing = memory.stories.standing(story.id)
        (told,) = memory.stories.tombstones("all", limit=9)
    assert standing
    assert standing.withdrawn_at
    assert told.tag == story.tag
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED + " Đăng lại."))
    town.clock.pass_(hours=1)
    assert town.read() == 0
    assert town.titled(TITLE) == []
    corrections.restore(town.round, story.id)
    assert [one.id for one in town.titled(TITLE)] == [story.id]
    with town.store.read() as memory:
        assert memory.stories.tombstones("all", limit=9) == []


def test_a_page_that_comes_back_is_not_withdrawn(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.read()
    town.lose("khe-lai", 1)
    assert town.looked(days=1) == []
    town.web.pages["https://khe-lai.example/tin/1.html"] = Page("<p>Bài</p>")
    assert town.looked(days=20) == []
    assert town.titled(TITLE)


@pytest.mark.parametrize("status", [500, 403, None])
def test_a_portal_in_trouble_has_taken_nothing_back(town: Town, status: int | None) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.read()
    trouble = FetchFailed("has a fault of its own", status=status)
    town.web.pages["https://khe-lai.example/tin/1.html"] = Page(trouble=trouble)
    assert town.looked(days=20) == []


def test_many_pages_gone_at_once_are_a_new_system_and_no_withdrawals(town: Town) -> None:
    numbers = range(1, 9)
    town.tell("khe-lai", *(Told(number=n, at=datetime(2026, 11, 22, n, tzinfo=UTC)) for n in numbers))
    town.read()
    town.lose("khe-lai", *numbers)
    assert town.looked(days=6) == []
    with town.store.read() as memory:
        assert memory.looks.missing()["khe-lai"] > 3
    assert len(town.stories("portals/khe-lai")) == 9


def test_a_story_stays_as_long_as_one_portal_tells_it(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.tell(
        "ba-to",
        Told(number=3, title="Theo Khe Lai: " + TITLE, text=OPENED, at=datetime(2026, 11, 22, 8, tzinfo=UTC)),
    )
    town.read()
    (story,) = town.titled(TITLE)
    town.lose("khe-lai", 1)
    assert town.looked(days=3) == ["https://khe-lai.example/tin/1.html"]
    (after,) = town.titled("Theo Khe Lai: " + TITLE)
    assert (after.id, after.url) == (story.id, "https://ba-to.example/tin/3.html")
    assert [one.portal for one in after.tellings] == ["ba-to"]
    assert story.id not in [one.id for one in town.stories("portals/khe-lai")]


def test_pages_are_looked_at_four_times_and_then_left_alone(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.read()
    town.looked(days=60)
    page = "https://khe-lai.example/tin/1.html"
    assert town.web.urls().count(page) == 4


def test_two_clocks_look_at_a_page_once(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.read()
    town.clock.pass_(days=1, minutes=1)
    with town.store.write() as memory:
        first = memory.looks.take(now=town.clock(), lease=timedelta(hours=1), limit=20)
    with town.store.write() as memory:
        second = memory.looks.take(now=town.clock(), lease=timedelta(hours=1), limit=20)
    assert {look.portal for look in first} == {"khe-lai", "dong-vang", "ba-to"}
    assert second == []


@pytest.mark.parametrize("why", ["robots.txt says no", "the catalogue knows its portal no longer"])
def test_a_page_that_may_not_be_looked_at_is_left_alone_and_not_taken_for_gone(town: Town, why: str) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.read()
    town.lose("khe-lai", 1)
    if why.startswith("robots"):
        town.web.pages["https://khe-lai.example/robots.txt"] = Page("User-agent: *\nDisallow: /tin/\n")
    else:
        (town.folder / "portals" / "khe-lai.toml").unlink()
    assert town.looked(days=60) == []
    assert "https://khe-lai.example/tin/1.html" not in town.web.urls()
    with town.store.write() as memory:
        assert (
            memory.looks.take(now=town.clock() + timedelta(days=9), lease=timedelta(hours=1), limit=20) == []
        )
    assert town.titled(TITLE)


def test_who_hears_of_a_withdrawal_may_write_at_once(town: Town) -> None:
    town.tell("khe-lai", Told(number=1, title=TITLE, text=OPENED))
    town.read()
    town.lose("khe-lai", 1)
    town.looked(days=1)
    town.clock.pass_(days=1, hours=1)
    heard: list[str] = []
    for gone in look_again(town.round):
        with town.store.write() as memory:
            standing = memory.stories.standing(gone.story)
        heard += [gone.url] if standing and standing.withdrawn_at else []
    assert heard == ["https://khe-lai.example/tin/1.html"]


def test_what_was_taken_back_before_its_story_became_part_of_another_harms_nothing(town: Town) -> None:
    town.tell("dong-vang", Told(number=1, title="Thêm một nơi nghe dân cả ngày lẫn đêm", text=BEFORE))
    town.tell("ba-to", Told(number=2, title="Sáu mươi bộ máy tính về Nà Khoang", text=AFTER))
    town.portal("nui-cao")
    town.tell("nui-cao", Told(number=4, title="Lắng nghe dân", text=BEFORE))
    list(collect(town.round, due_only=False))
    town.lose("nui-cao", 4)
    gone = []
    for _ in range(3):
        town.clock.pass_(days=1, hours=1)
        gone += [one.url for one in look_again(town.round)]
    assert gone == ["https://nui-cao.example/tin/4.html"]
    town.tell(
        "khe-lai",
        Told(number=3, title=TITLE, text=f"{BEFORE} {AFTER}", at=datetime(2026, 11, 21, tzinfo=UTC)),
    )
    town.read()
    (story,) = town.titled(TITLE)
    assert {one.portal for one in story.tellings} == {"khe-lai", "dong-vang", "ba-to"}
