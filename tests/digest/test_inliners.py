"""The styles in the mail's elements are those of its sheet: two inliners and the browser's own cascade agree."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import css_inline
import pytest
from playwright.sync_api import Browser, sync_playwright

from syndication.digest.render import Renderer
from tests.cast import missing
from tests.digest.test_render import _renderer, a_full_issue, an_entry, an_issue  # noqa: F401 -- a fixture

PROPERTIES = (
    "background-color border-bottom-color border-bottom-style border-bottom-width border-top-color border-top-width "
    "border-radius color display font-family font-size font-weight height line-height margin-bottom margin-left "
    "margin-top max-height max-width object-fit opacity overflow padding-bottom padding-left padding-right padding-top "
    "text-align text-decoration-line vertical-align width"
).split()
STYLES_OF_EVERY_ELEMENT = """properties => [...document.body.querySelectorAll("*")]
    .filter(element => element.tagName !== "TBODY")
    .map(element => {
        const style = getComputedStyle(element);
        return [element.tagName + "." + element.className, ...properties.map(name => style.getPropertyValue(name))];
    })"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


def styles(browser: Browser, html: str, *, width: int, dark: bool) -> list[list[str]]:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=True,
        offline=True,
    )
    page = context.new_page()
    page.set_content(html, wait_until="commit")
    found: Any = page.evaluate(STYLES_OF_EVERY_ELEMENT, PROPERTIES)
    context.close()
    return list(found)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_two_inliners_and_the_browser_itself_give_every_element_the_same_styles(
    browser: Browser, renderer: Renderer, width: int, dark: bool
) -> None:
    content = a_full_issue(more=3)
    sheet = re.sub(r'src="[^"]*"', "", renderer.page(content).html)
    ours = re.sub(r'src="[^"]*"', "", renderer.render(content, unsubscribe_url=None).html)
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
    second = inliner.inline(sheet.replace('data-premailer="ignore"', 'data-css-inline="keep"'))
    assert "prefers-color-scheme" in second
    by_the_browser = styles(browser, sheet, width=width, dark=dark)
    assert len(by_the_browser) > 200
    assert styles(browser, ours, width=width, dark=dark) == by_the_browser
    assert styles(browser, second, width=width, dark=dark) == by_the_browser


def test_without_any_style_sheet_nothing_sticks_out_on_the_narrowest_phone(
    browser: Browser, renderer: Renderer
) -> None:
    html = renderer.render(a_full_issue(more=3), unsubscribe_url=None).html
    bare = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    for width in (280, 320):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        page = context.new_page()
        page.set_content(bare, wait_until="commit")
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond <= 0, f"{beyond} px at {width} px"
        context.close()


def test_a_word_without_end_widens_no_mail_and_no_page(browser: Browser, renderer: Renderer) -> None:
    endless = replace(
        an_entry(1, image_url="https://cong.example.vn/anh.jpg", tellers=2),
        title=f"Địa chỉ https://tinh.example.vn/{'a' * 120} đã đổi",
        summary=f"Xem {'x' * 200}",
    )
    content = an_issue(hero=endless, sections=((endless, endless),))
    mail = renderer.render(content, unsubscribe_url=None).html
    bare = re.sub(r"<style.*?</style>", "", mail, flags=re.DOTALL)
    for width in (320, 1280):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        page = context.new_page()
        for html in (mail, bare, renderer.page(content).html):
            page.set_content(html, wait_until="commit")
            sheet = page.evaluate("document.querySelector('.sheet').offsetWidth")
            beyond = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert sheet == min(width, 600)
            assert beyond <= 0, f"{beyond} px at {width} px"
        context.close()
