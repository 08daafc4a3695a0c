"""Whether two portals' articles tell one piece of news: the labelled pairs, and what must hold of any text."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.merge import FORMS, LEAST_PRECISION, LEAST_RECALL, Labelled, measure, read, read_demo
from syndication.collect.similar import (
    MOST_FACTS,
    OPENING,
    SAMPLE,
    Fingerprint,
    Told,
    Verdict,
    fingerprint,
    index_keys,
    judge,
)

KNOWN, HELD_OUT = read("known.toml"), read("held-out.toml")
WRITTEN = [
    (key, title, text)
    for labelled in (KNOWN, HELD_OUT)
    for key, (title, text) in labelled.written.items()
    if labelled.articles[key].fingerprint.runs >= 60
]
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)

TITLE = "Hai tỉnh thử nghiệm kho dữ liệu chung"
TEXT = """Sáng 20/11, tại phường Lũng Vài, hai tỉnh Yên Cát và Sơn Hà khai trương kho dữ liệu dùng chung với 46 bộ dữ \
liệu, kết nối trực tiếp với bộ phận một cửa của 120 xã, phường.
Ông Vương Quốc Hoà, Giám đốc Trung tâm, cho biết mỗi ngày kho phục vụ 12.500 lượt tra cứu, thời gian chờ 0,8 giây.
Kinh phí 7,2 tỷ đồng do hai tỉnh cùng góp; năm 2027 sẽ mời thêm ba tỉnh nữa tham gia và mở kho cho doanh nghiệp./.
"""


def told(
    text: str = TEXT, *, title: str = TITLE, portal: str = "yen-cat", at: datetime | None = NOON
) -> Told:
    return Told(portal=portal, fingerprint=fingerprint(title, text), told_at=at)


def verdict(text: str, *, title: str = TITLE, at: datetime | None = NOON) -> Verdict:
    return judge(told(), told(text, title=title, portal="son-ha", at=at))


# --- labelled pairs ---


@pytest.mark.parametrize("labelled", [KNOWN, HELD_OUT], ids=["known", "held-out"])
def test_copies_are_found_and_look_alikes_stay_apart(labelled: Labelled) -> None:
    result = measure(labelled)

    assert result.precision >= LEAST_PRECISION, result.false
    assert result.recall >= LEAST_RECALL, result.missed
    assert result.apart > 2000


def test_the_demos_copies_are_found_and_nothing_else() -> None:
    result = measure(read_demo())

    assert (result.false, result.missed) == ((), ())
    assert result.right >= 8


def test_at_least_half_of_the_labelled_pairs_only_look_alike() -> None:
    pairs = KNOWN.pairs

    assert len(pairs) >= 160
    assert sum(not pair.same for pair in pairs) >= len(pairs) / 2
    assert len({pair.kind for pair in (*pairs, *HELD_OUT.pairs)}) >= 60


# --- forms filled in again, made of every labelled article ---


def _other_name(text: str, name: str) -> str:
    return text.replace(name, "Khánh Sơn Thượng")


@pytest.mark.parametrize(("key", "title", "text"), WRITTEN, ids=[key for key, _, _ in WRITTEN])
def test_a_form_filled_in_again_is_other_news(key: str, title: str, text: str) -> None:
    original = told(text, title=title)
    names = [
        fact.value for fact in original.fingerprint.facts if fact.value[0].isupper() and fact.value in text
    ]
    name = max(names, key=lambda one: (text.count(one), one), default="")
    days_later = re.sub(r"\b(\d{1,2})/(\d{1,2})\b", lambda day: f"{int(day[1]) % 28 + 1}/{day[2]}", text)
    figures = text
    for figure in dict.fromkeys(re.findall(r"(?<![\d/.,])\d{2,3}(?![\d/.,]|\.\d)", text)):
        figures = re.sub(rf"(?<![\d/.,]){figure}(?![\d/.,])", str(int(figure) + 7), figures)

    for again in {_other_name(text, name) if name else text, days_later, figures} - {text}:
        assert not judge(original, told(again, title=title, portal="son-ha")).same
        assert not judge(original, told(again, title="Tin mới nhận", portal="son-ha")).same


def test_copies_with_words_added_here_and_there_are_known_again() -> None:
    unknown = []
    for key, title, text in WRITTEN:
        spread = random.Random(key)
        words = [
            f"{word} cũng" if word.islower() and spread.random() < 0.05 else word for word in text.split(" ")
        ]
        edited = told(" ".join(words), title="Tin mới nhận", portal="son-ha")
        if not judge(told(text, title=title), edited).same:
            unknown.append(key)

    assert len(unknown) <= 0.05 * len(WRITTEN), unknown


# --- the same text, otherwise typed ---


@pytest.mark.parametrize("form", sorted(FORMS))
def test_how_a_text_was_typed_does_not_matter(form: str) -> None:
    plain, typed = fingerprint(TITLE, TEXT), fingerprint(FORMS[form](TITLE), FORMS[form](TEXT))

    assert (typed.title, typed.sample, typed.opening) == (plain.title, plain.sample, plain.opening)


@pytest.mark.parametrize(
    "around",
    [
        "(Chinhphu.vn) - {}",
        "YÊN CÁT (TTXVN) – {}",
        "YCO - {}",
        "{}\nTheo Cổng thông tin điện tử tỉnh Yên Cát",
        "{}\n(Nguồn: Trung tâm Chuyển đổi số tỉnh Sơn Hà)",
        "{}\nLễ khai trương kho dữ liệu. Ảnh: Thu Hà\nThu Hà",
        "Quang cảnh buổi lễ - Ảnh 1.\n{}",
        "{}\nTin khác\nSơn Hà có thêm 12 trường chuẩn quốc gia (19/11/2026)",
        "{}\nTừ khóa: dữ liệu, chuyển đổi số",
    ],
)
def test_what_portals_put_around_a_text_does_not_count(around: str) -> None:
    assert fingerprint(TITLE, around.format(TEXT.strip())).sample == fingerprint(TITLE, TEXT).sample


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ngày 05/07/2026", "ngày 5 tháng 7 năm 2026"),
        ("ngày 5/7/2026", "ngày 05-07-2026"),
        ("36.000 lượt", "36000 lượt"),
        ("06 chỉ tiêu", "6 chỉ tiêu"),
        ("UBND tỉnh và HĐND xã", "Ủy ban nhân dân tỉnh và Hội đồng nhân dân xã"),
        ("Sở KH&CN", "Sở Khoa học và Công nghệ"),
        ("9.200 m²", "9.200 m2"),
    ],
)
def test_numbers_dates_and_short_forms_are_read_however_they_are_written(one: str, other: str) -> None:
    assert fingerprint(one, "").title == fingerprint(other, "").title


# --- the reasons ---


def test_a_merge_says_what_speaks_for_it() -> None:
    assert verdict(TEXT, title="Khai trương kho dữ liệu") == Verdict(
        True,
        1.0,
        "100% of the text of the shorter stands in the longer; 7 of 7 numbers and dates and 4 of 4 names are the same; "
        "another title",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Sáng nay trời đẹp.", "too little text"),
        ("\n".join(TEXT.replace(" ", f" {word} ") for word in "ai ơi".split()), "only 0%"),
        (TEXT.replace("Lũng Vài", "Đồng Gianh"), "«Lũng Vài»"),
        (TEXT.replace("20/11", "27/11"), "«27/11»"),
        (TEXT.replace("12.500", "9.800"), "«12500»"),
    ],
)
def test_news_kept_apart_says_why(text: str, why: str) -> None:
    found = verdict(text)

    assert not found.same
    assert why in found.why


def test_articles_of_one_portal_are_never_merged_here() -> None:
    assert not judge(told(), told()).same


def test_titles_that_are_one_form_filled_in_twice_keep_edited_texts_apart() -> None:
    edited = TEXT.replace("khai trương", "mở").replace("cho biết mỗi ngày", "nói hằng ngày")

    assert verdict(edited, title="Kho dữ liệu chung của hai tỉnh").same
    assert not verdict(edited, title="Hai tỉnh thử nghiệm trợ lý ảo chung").same


def test_a_form_of_words_without_any_fact_is_nobodys_news() -> None:
    words = (
        "Căn cứ quy định hiện hành, đơn vị công khai danh mục thủ tục để tổ chức, cá nhân biết, tra cứu và thực hiện; "
        "nếu có khó khăn, vướng mắc, đề nghị phản ánh về bộ phận tiếp nhận để được hướng dẫn, giải đáp kịp thời."
    )

    assert not judge(told(words, title="Thông báo"), told(words, title="Thông báo", portal="son-ha")).same


def test_a_summary_is_known_again_in_a_long_report_but_not_in_a_collection() -> None:
    summary = TEXT.splitlines()[0]
    more = "\n".join(text for _, _, text in WRITTEN[:60])
    report = told(f"{TEXT}{more}", title="Kho dữ liệu của hai tỉnh: nhìn lại một năm", portal="son-ha")
    collection = told(f"{TEXT}{more}", title="Điểm tin tuần 47", portal="son-ha")
    in_the_middle = told(f"{more}\n{TEXT}", title="Chuyện tuần này", portal="son-ha")

    assert len(more) > 40_000
    assert judge(told(summary), report).same
    assert not judge(told(summary), collection).same
    assert not judge(told(summary), in_the_middle).same


# --- when it was told ---


@pytest.mark.parametrize(
    ("text", "days", "same"),
    [
        (TEXT, 0, True),
        (TEXT.replace("khai trương", "mở"), 7, True),
        (TEXT.splitlines()[0], 7, True),
        (TEXT.splitlines()[0], 8, False),
        (TEXT, 59, True),
        (TEXT, 61, False),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_further_apart_two_were_told_the_more_alike_they_must_be(
    text: str, days: int, same: bool, sign: int
) -> None:
    assert verdict(text, at=NOON + sign * timedelta(days=days)).same is same


def test_without_a_date_a_day_named_in_both_will_do() -> None:
    assert verdict(TEXT.splitlines()[0], at=None).same
    assert not verdict("\n".join(TEXT.splitlines()[1:]), at=None).same


# --- any text at all ---

NEWS = st.sampled_from([*KNOWN.articles.values(), *HELD_OUT.articles.values()])
ANY_TEXT = st.text(st.characters(), max_size=400)


@settings(deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_any_text_has_a_fingerprint_that_can_be_kept(title: str, text: str) -> None:
    made = fingerprint(title, text)

    assert Fingerprint.from_json(made.to_json()) == made
    assert len(index_keys(made)) <= len(made.opening) + len(made.sample)
    assert all(0 <= key < 2**63 for key in index_keys(made))


@settings(deadline=None)
@given(NEWS, NEWS)
def test_it_does_not_matter_which_of_two_comes_first(one: Told, other: Told) -> None:
    assert judge(one, other) == judge(other, one)


@settings(deadline=None)
@given(ANY_TEXT, ANY_TEXT, NEWS)
def test_any_text_can_be_judged(title: str, text: str, news: Told) -> None:
    some = told(text, title=title, portal="no-news")

    assert judge(some, news) == judge(news, some)
    assert not judge(some, news).same


@settings(deadline=None)
@given(st.integers(), st.integers(), st.integers(0, 600), st.integers(0, 600))
def test_texts_that_have_nothing_in_common_are_never_one_story(
    one: int, other: int, length: int, other_length: int
) -> None:
    syllables = sorted({syllable for _, _, text in WRITTEN[:40] for syllable in text.split()})

    def babble(seed: str, length: int) -> str:
        spread = random.Random(seed)
        return " ".join(spread.choice(syllables) for _ in range(length))

    texts = babble(f"one {one}", length), babble(f"other {other}", other_length)
    assert not judge(told(texts[0]), told(texts[1], portal="son-ha")).same


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "A " * 50_000,
        "9" * 100_000,
        "1/1 " * 25_000,
        "a\n" * 50_000,
        "(" * 100_000,
        "Ảnh: " * 20_000,
        "\u0301" * 100_000,
        " ".join(f"Xã Bản{number} có {number} hộ." for number in range(6_000)),
        "\n".join(text for _, _, text in WRITTEN * 2),
    ],
    ids=str.upper("letters capitals digits dates lines brackets captions marks facts news").split(),
)
def test_a_body_of_100_kb_is_bounded(text: str) -> None:
    made = fingerprint(text, text)

    assert len(text) >= 100_000 or len(text.encode()) >= 100_000
    assert len(made.opening) <= OPENING
    assert len(made.sample) <= 1.5 * SAMPLE
    assert len(made.facts) <= MOST_FACTS
    assert len(index_keys(made)) <= 120
    assert len(made.to_json()) < 30_000
    assert Fingerprint.from_json(made.to_json()) == made


@pytest.mark.parametrize("kept", ['{"version":0}', "{}", "[]", "not ours"])
def test_what_another_version_kept_is_refused(kept: str) -> None:
    with pytest.raises(ValueError):
        Fingerprint.from_json(kept)


def test_what_shares_but_the_day_with_a_report_of_much_the_same_words_is_another_meeting() -> None:
    words = (
        "tổ chức tập huấn kỹ năng số cho {whom}. Học viên được giới thiệu nền tảng học trực tuyến mở, cách hướng dẫn "
        "người dân nộp hồ sơ dịch vụ công trực tuyến, nhận biết lừa đảo trên mạng. {then}Lớp học kéo dài đến hết "
        "ngày 19/11."
    )
    ours = "Ngày 18/11, Trung tâm " + words.format(whom="các tổ công nghệ ở cơ sở", then="")
    theirs = "Sáng 18/11, Trung tâm tỉnh Hạ Bình " + words.format(
        whom="280 thành viên tổ công nghệ của 51 xã, phường",
        then="Phát biểu khai mạc, bà Bế Thị Lan đề nghị học viên thực hành ngay tại lớp. ",
    )
    other = judge(told(ours, title="Mở lớp dạy nghề"), told(theirs, title="Bà con đi học", portal="son-ha"))
    assert not other.same
    assert "next to no number" in other.why


def test_parts_of_a_text_that_have_little_in_common_are_not_known_to_be_different_news() -> None:
    first, *others = TEXT.splitlines()
    halves = judge(told(first), told(" ".join(others), portal="son-ha"))
    assert (halves.same, halves.apart) == (False, False)
    assert judge(told(), told(TEXT.replace("46 bộ", "64 bộ"), portal="son-ha")).apart
