"""What partners may choose: odd wishes give the nearest block and a plain line, and no colour becomes unreadable."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.publish import palette
from syndication.publish.embed import (
    DEFAULTS,
    Layout,
    Options,
    Theme,
    element_script,
    fitted,
    frame_script,
    read_options,
)
from syndication.settings import HOUSE

FOLDER = HOUSE / "templates" / "embeds"
COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def test_defaults_stand_in_no_address() -> None:
    assert Options().query == ""
    assert read_options({}) == (Options(), ())
    assert read_options(dict(DEFAULTS)) == (Options(), ())


def test_what_is_chosen_is_written_the_same_way_whatever_way_it_was_asked() -> None:
    options, said = read_options({"accent": "F80", "layout": "CARDS", "images": "0", "utm_source": "x"})
    assert options.query == "?layout=cards&images=no&accent=ff8800"
    assert read_options(options.chosen)[0] == options
    assert len(said) == 1
    assert "#ff8800 khó đọc" in said[0]


@pytest.mark.parametrize(
    ("asked", "query", "says"),
    [
        ({"number": "99"}, "?number=20", "Số tin từ 1 đến 20: dùng 20."),
        ({"number": "0"}, "?number=1", "Số tin từ 1 đến 20: dùng 1."),
        ({"number": "-3"}, "?number=1", "Số tin từ 1 đến 20: dùng 1."),
        ({"number": "ba"}, "", "phải là một số"),
        ({"number": "9" * 10_000}, "?number=20", "dùng 20"),
        ({"number": "٣"}, "", "phải là một số"),
        ({"layout": "<script>alert(1)</script>"}, "", "Không có kiểu trình bày như đã ghi"),
        ({"theme": "pink"}, "", "Không có nền sáng tối"),
        ({"accent": "red;}body{display:none"}, "", "Không đọc được màu nhấn"),
        ({"background": "#ggg"}, "", "Không đọc được màu nền"),
    ],
)
def test_an_odd_wish_gives_the_nearest_block_and_a_line_for_the_builder(
    asked: dict[str, str], query: str, says: str
) -> None:
    options, said = read_options(asked)
    assert options.query == query
    assert any(says in line for line in said)
    assert not any("script" in line for line in said)


@given(st.dictionaries(st.sampled_from(sorted(DEFAULTS)), st.text(max_size=80)))
def test_nothing_that_is_asked_breaks_a_block_or_comes_back_as_it_is(asked: dict[str, str]) -> None:
    options, _ = read_options(asked)
    assert re.fullmatch(r"(\?[a-z0-9=&-]*)?", options.query)
    assert re.fullmatch(r"(--sf-[a-z-]+:(#[0-9a-f]{6}|\d+);?)*", options.style)
    assert read_options(options.chosen)[0] == options


@given(accent=COLOURS, background=COLOURS, text=COLOURS, start=st.sampled_from([palette.LIGHT, palette.DARK]))
def test_every_text_can_be_read_whatever_colours_are_chosen(
    accent: str, background: str, text: str, start: palette.Palette
) -> None:
    for chosen in (
        palette.chosen(start, accent=accent, background=background, text=text),
        palette.chosen(start, background=background),
        palette.chosen(start, accent=accent),
    ):
        for ink in (chosen.ink, chosen.soft, chosen.accent):
            assert palette.contrast(ink, chosen.paper) >= palette.ENOUGH


def test_a_colour_that_can_be_read_stays_as_chosen() -> None:
    chosen = palette.chosen(palette.LIGHT, accent="#004488", background="#ffffff", text="#222222")
    assert (chosen.accent, chosen.paper, chosen.ink) == ("#004488", "#ffffff", "#222222")


def test_our_own_colours_can_be_read() -> None:
    for start in (palette.LIGHT, palette.DARK):
        for ink in (start.ink, start.soft, start.accent):
            assert palette.contrast(ink, start.paper) >= palette.ENOUGH
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)


def test_colours_are_given_for_the_themes_that_may_be_shown() -> None:
    assert "--sf-dark-" not in Options(accent="#004488").style
    assert "--sf-light-" not in Options(accent="#004488", theme=Theme.DARK).style
    both = Options(accent="#004488", theme=Theme.AUTO).style
    assert "--sf-light-accent:#004488" in both
    assert "--sf-dark-accent:" in both
    assert Options(layout=Layout.TICKER, number=3).style == "--sf-count:3"


def test_a_frame_is_never_larger_than_a_consumer_allows() -> None:
    assert fitted(Options(), max_width=320, max_height=200) == (320, 200)
    assert fitted(Options(), max_width=None, max_height=None) == (600, Options().expected_height)
    assert fitted(Options(), max_width=5000, max_height=5000) == (600, Options().expected_height)


def test_every_script_that_partners_have_pinned_is_still_there_unchanged() -> None:
    released = sorted((FOLDER / "released").glob("*.js"))
    assert [path.stem for path in released] == [
        hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in released
    ]
    for script in (element_script(FOLDER), frame_script(FOLDER)):
        kept = FOLDER / "released" / f"{script.version}.js"
        assert kept.is_file(), (
            "A script for partners changed. Keep the older ones, and this one too: call "
            "syndication.publish.embed.keep_scripts(Path('templates/embeds'))"
        )


def test_scripts_stay_small_and_the_element_carries_its_style() -> None:
    element, frame = element_script(FOLDER), frame_script(FOLDER)
    assert b'"STYLE"' not in element.body
    assert b".sf-headline" in element.body
    assert len(frame.body) < 1500
    assert len(element.body) < 14_000
    for forbidden in (b"innerHTML", b"eval(", b"cookie=", b"localStorage"):
        assert forbidden not in element.body + frame.body
