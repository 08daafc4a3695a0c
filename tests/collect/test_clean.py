"""Foreign markup becomes markup that may be published, or plain text, and nothing else."""

from __future__ import annotations

import re

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.collect.clean import ATTRIBUTES, LONGEST_HTML, TAGS, clean_html, first_image, text_of

BASE = "https://portal.example/tin/1.html"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='&#106;avascript:alert(1)'>x</a>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
        "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<form action='//evil.example'><input name=password autofocus onfocus=alert(1)></form>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<object data='javascript:alert(1)'></object><embed src='javascript:alert(1)'>",
        "<video poster='javascript:alert(1)'><source onerror=alert(1)></video>",
        "<p style='position:fixed;background:url(javascript:alert(1))'>x</p>",
        "<template><script>alert(1)</script></template><base href='//evil.example/'>",
        "<meta http-equiv=refresh content='0;url=javascript:alert(1)'><link rel=stylesheet href='//evil'>",
        "<![CDATA[<script>alert(1)</script>]]><!--><script>alert(1)</script>-->",
        "<p id=x class=y data-z=1 slot=a is=b>x</p>",
    ],
)
def test_nothing_that_runs_or_asks_for_anything_passes(hostile: str) -> None:
    cleaned = clean_html(f"<p>trước</p>{hostile}<p>sau</p>", base=BASE)
    root = lxml.html.fragment_fromstring(cleaned, create_parent="div")
    for element in root.iterdescendants():
        assert element.tag in TAGS
        assert set(element.keys()) <= ATTRIBUTES.get(str(element.tag), set()) | {"rel"}
        for name in ("href", "src"):
            assert re.match(r"https?://|mailto:|$", element.get(name, ""))
    assert "trước" in cleaned


@given(st.text(alphabet=st.sampled_from("<>/='\"&;! abisvgmthxonlc:#1\n"), max_size=200))
def test_what_was_cleaned_is_clean(raw: str) -> None:
    cleaned = clean_html(raw, base=BASE)
    assert clean_html(cleaned, base=BASE) == cleaned


def test_links_are_made_whole_and_open_without_telling_who_sent_them() -> None:
    assert clean_html("<a href='../anh.html' title='Ảnh'>ảnh</a>", base=BASE) == (
        '<a href="https://portal.example/anh.html" title="Ảnh" rel="noopener noreferrer">ảnh</a>'
    )
    assert clean_html("<a href='mailto:a@b.vn'>thư</a>", base=BASE) == (
        '<a href="mailto:a@b.vn" rel="noopener noreferrer">thư</a>'
    )
    assert clean_html("<img src='/a b.png' alt='x'>", base=BASE) == (
        '<img src="https://portal.example/a%20b.png" alt="x">'
    )


def test_prose_keeps_its_shape() -> None:
    prose = '<h2>Đề mục</h2><p>Một <strong>hai</strong><br>ba</p><ul><li>bốn</li></ul><td colspan="2">'
    assert clean_html(prose, base=BASE).startswith(prose.removesuffix('<td colspan="2">'))


def test_characters_that_no_feed_may_hold_are_taken_out() -> None:
    assert clean_html("<p>a\x00b\x0bc\u202ed</p>", base=BASE) == "<p>abcd</p>"
    assert clean_html("<p>Tie\u0302\u0301ng</p>", base=BASE) == "<p>Tiếng</p>"


def test_only_so_much_markup_is_looked_at() -> None:
    assert len(clean_html("x" * (LONGEST_HTML + 1), base=BASE)) == LONGEST_HTML
    assert len(text_of("x" * (LONGEST_HTML + 1))) == LONGEST_HTML


def test_text_has_a_line_for_each_block_and_no_scripts_or_captions() -> None:
    raw = (
        "<p>Một &amp; <b>hai</b></p><script>alert(1)</script><style>p{}</style>"
        "<figure><img src=a.png><figcaption>Ảnh: TTXVN</figcaption></figure><div>ba<br>bốn</div>"
    )
    assert text_of(raw) == "Một & hai\nba\nbốn"
    assert text_of("  một\n\n hai ") == "một\nhai"


def test_the_first_picture_is_never_a_pixel_that_counts_readers() -> None:
    pixels = "<img src='/dem.gif' width=1 height=1><img src='/dem2.gif' width=0>"
    assert first_image(pixels, base=BASE) == (None, None)
    assert first_image(pixels + "<img src='/anh.jpg'>", base=BASE) == ("https://portal.example/anh.jpg", None)
    assert first_image("<img src='javascript:alert(1)' width=9 height=9>", base=BASE) == (None, None)


def test_pictures_of_one_dot_are_left_out_of_full_texts() -> None:
    pixels = "<img src='/dem.gif' width=1 height=1><img src='/0.gif' height='0' alt='>'>"
    picture = "<img src='/anh.jpg' width=100>"
    assert (
        clean_html(f"<p>a{pixels}{picture}</p>", base=BASE)
        == '<p>a<img src="https://portal.example/anh.jpg" width="100"></p>'
    )


def test_characters_that_no_feed_may_hold_are_left_out_however_they_are_written() -> None:
    assert clean_html("<p>a&#1;b&#x202E;c\x02d</p>", base=BASE) == "<p>abcd</p>"


def test_pictures_that_scripts_load_late_are_shown() -> None:
    late = '<img src="/loading.gif" data-src="/anh/1.jpg" alt="x" onerror="x()">'
    assert clean_html(late, base=BASE) == '<img src="https://portal.example/anh/1.jpg" alt="x">'
    inline = "<img src='data:image/gif;base64,R0' data-original='/anh/2.jpg'>"
    assert clean_html(inline, base=BASE) == '<img src="https://portal.example/anh/2.jpg">'
    hostile = "<p>a<img data-src='javascript:alert(1)'></p>"
    assert clean_html(hostile, base=BASE) == "<p>a</p>"
    for raw, shown in (
        (late, "1.jpg"),
        (inline, "2.jpg"),
        ("<img srcset='/anh/3.jpg 300w, /anh/4.jpg 900w'>", "4.jpg"),
    ):
        assert first_image(raw, base=BASE)[0] == f"https://portal.example/anh/{shown}"


def test_blanks_and_little_faces_are_nobodys_picture() -> None:
    emoji = "<img class='wp-smiley' src='https://s.w.org/images/core/emoji/14/72x72/1f4a1.png'>"
    assert first_image(f"{emoji}<img src='/images/no-image.png'>", base=BASE) == (None, None)
    assert first_image(f"{emoji}<img src='/anh.jpg'>", base=BASE)[0] == "https://portal.example/anh.jpg"


def test_markup_escaped_once_too_often_is_markup() -> None:
    escaped = (
        "&lt;p&gt;Sáng nay&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=&quot;/a.jpg&quot;&gt;"
    )
    assert clean_html(escaped, base=BASE) == '<p>Sáng nay</p><img src="https://portal.example/a.jpg">'
    assert text_of(escaped) == "Sáng nay"
    assert first_image(escaped, base=BASE)[0] == "https://portal.example/a.jpg"
    assert text_of("Nghị định số &lt;123&gt;") == "Nghị định số <123>"
    assert text_of("<p>Thẻ &lt;p&gt; trong HTML</p>") == "Thẻ <p> trong HTML"


def test_words_for_browsers_that_cannot_play_are_not_the_articles() -> None:
    raw = "<video>Trình duyệt không hỗ trợ video.</video><audio>No audio</audio><button>Nghe</button><p>Sáng nay</p>"
    assert text_of(raw) == "Sáng nay"
    assert clean_html(raw, base=BASE) == "<p>Sáng nay</p>"
