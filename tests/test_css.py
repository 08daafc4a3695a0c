"""Selectors of portals' files: what is one finds what it means, what is none says why in words."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syndication.css import Css, NoSelector, xpath

PAGE = etree.HTML('<ul class="tin"><li id="a"><a href="/1">Một</a></li><li id="b"><i>Hai</i></li></ul>')


def ids(written: str, *, most: int | None = None) -> list[str]:
    found = xpath(Css.of(written).selectors, most=most)(PAGE)
    assert isinstance(found, list)
    return [element.get("id") or element.tag for element in found if isinstance(element, etree._Element)]


def test_a_selector_finds_what_it_means_in_the_order_of_the_page() -> None:
    assert ids("ul.tin > li") == ["a", "b"]
    assert ids("i, #a") == ["a", "i"]
    assert ids("li:has(> a)") == ["a"]
    assert ids("li", most=1) == ["a"]


@pytest.mark.parametrize(
    ("written", "attribute", "names_element"),
    [
        ("a", None, True),
        ("a@href", "href", True),
        ("a @HREF ", "href", True),
        ("img.anh@data-src", "data-src", True),
        ("@href", "href", False),
        ("a[href*='@']", None, True),
    ],
)
def test_an_attribute_is_named_at_the_end(written: str, attribute: str | None, names_element: bool) -> None:
    read = Css.of(written)
    assert (read.attribute, read.names_element) == (attribute, names_element)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("li >", "expected selector, and it ends there"),
        ("a{}", "expected selector, got «{»"),
        ("a:eq(0)", "the pseudo-class :eq() is unknown"),
        ("a@data-src, a@src", "an attribute is named once, at the very end: img@src"),
        ("tin|a", "undefined namespace prefix"),
        (":not(" * 5000 + "a" + ")" * 5000, ""),
    ],
)
def test_what_is_none_says_why(written: str, says: str) -> None:
    with pytest.raises(NoSelector) as refused:
        Css.of(written)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.text() | st.text("ab.#>+~ ,:()[]='\"@*|^$-_1\\/!"))
def test_any_text_is_a_selector_or_is_refused(written: str) -> None:
    with suppress(NoSelector):
        assert xpath(Css.of(written).selectors, most=5)(PAGE) is not None
