"""Blocks of news in a real browser, in pages of another site: each way of embedding, with all that can go against it.

Screenshots are kept in ``var/screenshots`` for people to look at.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from syndication.bootstrap import House
from syndication.publish.embed import (
    Language,
    Layout,
    Options,
    Scripts,
    Theme,
    element_script,
    frame_script,
    snippets,
    subject_of,
)
from syndication.settings import HOUSE, read_settings
from syndication.store import open_store
from syndication.web import create_app
from tests.browser.test_looks import KEPT, SWITCHES
from tests.cast import missing

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FOLDER = HOUSE / "templates" / "embeds"
INSIDE = "document.querySelector('syndicated-feed').shadowRoot"
SCRIPTS = Scripts(element_script(FOLDER), frame_script(FOLDER))
# One database is enough to look at a block.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield opened
        opened.close()


@contextmanager
def serving(server: BaseWSGIServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Partner:
    """Another site, on another host and port, with whatever page and policy a test gives it."""

    address: str = ""
    page: str = ""
    policy: str = ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        @Request.application
        def answer(request: Request) -> Response:
            found = Response(
                f'<!DOCTYPE html><html lang="vi"><meta name="viewport" content="width=device-width">'
                f"<title>Cổng tỉnh bạn</title><body>{self.page}",
                mimetype="text/html",
            )
            if self.policy:
                found.headers["Content-Security-Policy"] = self.policy
            return found

        answered: Iterable[bytes] = answer(environ, start_response)
        return answered


@dataclass
class Stage:
    """Our site, which can be killed, and the partner's."""

    house: House
    partner: Partner
    ours: BaseWSGIServer
    alive: bool = True
    noises: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return self.house.settings.base_url

    def kill(self) -> None:
        self.ours.shutdown()
        self.ours.server_close()
        self.alive = False

    def snippet(self, way: str, name: str = "chuyen-doi-so", options: Options | None = None) -> str:
        """What a person would copy from the builder."""
        links, catalogue = self.house.links, self.house.catalogue
        subject = subject_of(name, catalogue=catalogue, links=links, lang=Language.VIETNAMESE)
        assert subject
        found = snippets(subject, options or Options(), links=links, scripts=SCRIPTS)
        return next(one.code for one in found if one.way == way)

    def visit(self, page: Page, content: str, policy: str = "") -> None:
        self.partner.page, self.partner.policy = content, policy
        page.on("console", partial(_note, self.noises))
        page.on("pageerror", lambda trouble: self.noises.append(str(trouble)))
        page.goto(self.partner.address, wait_until="load")


def _note(noises: list[str], said: ConsoleMessage) -> None:
    if said.type in ("error", "warning"):
        noises.append(said.text)


@pytest.fixture
def stage(news: House, unused_port: int) -> Iterator[Stage]:
    """The demo's news on a real server, and a partner at another origin."""
    settings = read_settings(
        {
            "SYNDICATION_BASE_URL": f"http://127.0.0.1:{unused_port}",
            "SYNDICATION_DATABASE_URL": news.settings.database_url,
            "SYNDICATION_FEEDS_DIR": str(news.settings.feeds_dir),
            "SYNDICATION_VAR_DIR": str(news.settings.var_dir),
            "SYNDICATION_PRIVATE_HOSTS": ",".join(news.settings.private_hosts),
        }
    )
    here = House(settings, now=news.now)
    here.__dict__["store"] = open_store(settings.database_url)
    ours = make_server("127.0.0.1", unused_port, create_app(here), threaded=True)
    thread = threading.Thread(target=ours.serve_forever)
    thread.start()
    partner = Partner()
    theirs = make_server("127.0.0.1", 0, partner, threaded=True)
    partner.address = f"http://localhost:{theirs.server_port}/"
    staged = Stage(here, partner, ours)
    with serving(theirs):
        yield staged
    if staged.alive:
        staged.kill()
    thread.join()
    here.store.close()


def test_a_copied_frame_works_without_any_script(browser: Browser, stage: Stage) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 700, "height": 900})
    page = context.new_page()
    strict = f"default-src 'none'; frame-src {stage.origin}"
    stage.visit(page, stage.snippet("iframe"), strict)
    framed = page.frame_locator("iframe")
    expect(framed.locator(".sf-story")).to_have_count(5)
    expect(framed.get_by_role("link", name="Xem tất cả")).to_be_visible()
    headline = framed.locator(".sf-headline a").first
    with context.expect_page() as opened:
        headline.click()
    assert opened.value.url == headline.get_attribute("href")
    assert page.url == stage.partner.address
    assert context.cookies() == []
    # Of all that is in the snippet, the partner's policy refuses only what the attributes say again.
    assert [said for said in stage.noises if "inline style" not in said] == []
    context.close()


def test_a_frame_is_as_high_as_its_news_at_every_width(browser: Browser, stage: Stage) -> None:
    context = browser.new_context(viewport={"width": 900, "height": 900})
    page = context.new_page()
    strict = f"default-src 'none'; frame-src {stage.origin}; script-src {stage.origin}"
    stage.visit(page, stage.snippet("iframe-auto", options=Options(number=8)), strict)
    block = page.frame_locator("iframe").locator("main")
    for width in (900, 360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        expect(block).to_be_visible()
        page.wait_for_function("() => document.querySelector('iframe').offsetHeight > 400")
        inner = page.frames[1]
        inner.wait_for_function(
            "() => Math.abs(innerHeight - document.querySelector('main').offsetHeight) <= 2"
        )
        assert inner.evaluate("document.documentElement.scrollHeight <= innerHeight + 2")
    context.close()


def test_only_our_frame_may_say_how_high_it_is(browser: Browser, stage: Stage) -> None:
    page = browser.new_page()
    stage.visit(page, stage.snippet("iframe-auto"))
    page.wait_for_function("() => document.querySelector('iframe').style.height")
    before = page.evaluate("document.querySelector('iframe').style.height")
    after = page.evaluate(
        """async () => {
            const stranger = document.createElement("iframe");
            stranger.srcdoc = "<script>parent.postMessage({syndicatedFeedHeight: 4321}, '*')</scr" + "ipt>";
            const heard = new Promise((done) => addEventListener("message", (event) => {
                if (event.source === stranger.contentWindow) done();
            }));
            document.body.append(stranger);
            postMessage({syndicatedFeedHeight: 4321}, "*");
            await heard;
            return document.querySelector("iframe").style.height;
        }"""
    )
    assert after == before
    page.close()


def test_the_element_works_under_a_strict_policy_and_asks_nobody_else(browser: Browser, stage: Stage) -> None:
    context = browser.new_context(viewport={"width": 700, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    strict = (
        f"default-src 'none'; script-src {stage.origin}; connect-src {stage.origin}; img-src http:; "
        "require-trusted-types-for 'script'"
    )
    stage.visit(page, stage.snippet("element", options=Options(accent="#0a7755")), strict)
    stories = page.locator("syndicated-feed .sf-story")
    expect(stories).to_have_count(5)
    expect(page.locator("syndicated-feed > a")).to_be_hidden()
    accent = f"getComputedStyle({INSIDE}.querySelector('.sf-title')).color"
    assert page.evaluate(accent) == "rgb(10, 119, 85)"
    page.evaluate("document.querySelector('syndicated-feed').setAttribute('number', '2')")
    expect(stories).to_have_count(2)
    portals = [f"http://{host}/" for host in stage.house.settings.private_hosts]
    known = (stage.partner.address, stage.origin + "/", *portals)
    assert [address for address in asked if not address.startswith(known)] == []
    assert stage.noises == []
    assert context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    context.close()


def test_without_pictures_allowed_the_words_have_the_room(browser: Browser, stage: Stage) -> None:
    page = browser.new_page()
    strict = f"default-src 'none'; script-src {stage.origin}; connect-src {stage.origin}"
    stage.visit(page, stage.snippet("element", options=Options(layout=Layout.CARDS)), strict)
    expect(page.locator("syndicated-feed .sf-story")).to_have_count(5)
    expect(page.locator("syndicated-feed .sf-picture")).to_have_count(0)
    page.close()


def test_what_the_element_copies_can_run_nothing(browser: Browser, stage: Stage) -> None:
    page = browser.new_page()
    page.route(
        re.compile(r"/embed/chuyen-doi-so\.html"),
        lambda route: route.fulfill(
            headers={"Access-Control-Allow-Origin": "*", "Content-Type": "text/html"},
            body='<section class="syndicated-feed" onclick="window.hit=1" data-style="--sf-count:5;position:fixed">'
            "<script>window.hit=2</script><img src=x onerror='window.hit=3'><iframe srcdoc='x'></iframe>"
            '<a href="javascript:window.hit=4">một</a><svg onload="window.hit=5"></svg><p>còn lại</p></section>',
        ),
    )
    stage.visit(page, stage.snippet("element"))
    expect(page.locator("syndicated-feed p")).to_have_text("còn lại")
    page.locator("syndicated-feed a[class], syndicated-feed section").first.click()
    assert not re.search(r"script|onerror|onclick|iframe|svg|position", page.evaluate(f"{INSIDE}.innerHTML"))
    assert page.evaluate("window.hit") is None
    page.close()


def test_a_dead_server_leaves_the_links_and_what_was_shown(browser: Browser, stage: Stage) -> None:
    page = browser.new_page()
    element = stage.snippet("element")
    stage.visit(page, element)
    expect(page.locator("syndicated-feed .sf-story")).to_have_count(5)
    stage.kill()
    page.evaluate("document.querySelector('syndicated-feed').setAttribute('number', '3')")
    expect(page.locator("syndicated-feed .sf-story")).to_have_count(5)
    late = browser.new_context().new_page()
    stage.visit(late, element)
    expect(late.get_by_role("link", name="Xem tất cả: Chuyển đổi số")).to_be_visible()
    page.close()
    late.context.close()


def test_an_unknown_category_and_no_script_leave_the_links(browser: Browser, stage: Stage) -> None:
    page = browser.new_page()
    with page.expect_response(re.compile("khong-co")) as answer:
        stage.visit(page, stage.snippet("element").replace('category="chuyen-doi-so"', 'category="khong-co"'))
    assert answer.value.status == 404
    expect(page.get_by_role("link", name="Xem tất cả: Chuyển đổi số")).to_be_visible()
    page.close()
    still = browser.new_context(java_script_enabled=False).new_page()
    stage.visit(still, stage.snippet("element"))
    expect(still.get_by_role("link", name="Xem tất cả: Chuyển đổi số")).to_be_visible()
    still.context.close()


def test_a_fragment_printed_by_a_partners_server_looks_like_a_block(browser: Browser, stage: Stage) -> None:
    with create_app(stage.house).test_client() as server:
        fragment = server.get("/embed/chuyen-doi-so.html?layout=cards&number=3").text
    page = browser.new_page()
    sheet = f'<link rel="stylesheet" href="{stage.house.links.embed_stylesheet()}">'
    stage.visit(page, sheet + fragment, f"default-src 'none'; style-src {stage.origin}; img-src http:")
    expect(page.locator(".sf-story")).to_have_count(3)
    title = "getComputedStyle(document.querySelector('.sf-title')).color"
    assert page.evaluate(title) == "rgb(151, 25, 29)"
    assert stage.noises == []
    page.close()


def test_automatic_colours_go_with_the_page_and_in_a_frame_with_the_system(
    browser: Browser, stage: Stage
) -> None:
    auto = Options(theme=Theme.AUTO)
    paper = f"getComputedStyle({INSIDE}.querySelector('section')).backgroundColor"
    context = browser.new_context(color_scheme="dark")
    for declared, expected in (("light", "rgb(255, 255, 255)"), ("light dark", "rgb(24, 21, 19)")):
        page = context.new_page()
        meta = f'<meta name="color-scheme" content="{declared}">'
        stage.visit(page, meta + stage.snippet("element", options=auto))
        expect(page.locator("syndicated-feed .sf-story")).to_have_count(5)
        assert page.evaluate(paper) == expected
        page.close()
    context.close()
    for scheme, expected in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(24, 21, 19)")):
        page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(stage.house.links.embed("all") + auto.query)
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == expected
        page.close()


def violations(page: Page) -> list[tuple[str, str]]:
    """What axe-core finds wrong, with where."""
    return [(one["id"], one["nodes"][0]["html"]) for one in Axe().run(page).response["violations"]]


@pytest.mark.parametrize(
    ("width", "theme"),
    [
        (360, "dark"),
        (1280, "light"),
        pytest.param(360, "light", marks=pytest.mark.long),
        pytest.param(1280, "dark", marks=pytest.mark.long),
    ],
)
def test_every_layout_fits_every_width_in_both_themes_and_shuts_nobody_out(
    browser: Browser, stage: Stage, width: int, theme: Literal["light", "dark"]
) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        viewport={"width": width, "height": 700}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    for layout in Layout:
        options = Options(layout=layout, theme=Theme(theme), number=4)
        page.goto(stage.house.links.embed("chuyen-doi-so") + options.query, wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), layout
        tight = page.evaluate(
            """[...document.querySelectorAll(".sf-title, .sf-headline, .sf-summary, .sf-byline")]
                .map((one) => getComputedStyle(one))
                .filter((one) => parseFloat(one.lineHeight) < 1.45 * parseFloat(one.fontSize)).length"""
        )
        assert tight == 0, "stacked diacritics need room"
        assert violations(page) == [], layout
        page.screenshot(path=KEPT / f"embed-{layout}-{width}-{theme}.png", full_page=True)
    for links, name in ((stage.house.links, "builder"), (stage.house.links.spoken("en"), "builder-en")):
        page.goto(links.embed_builder() + "?number=99&accent=ffff00", wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert violations(page) == [], name
        page.screenshot(path=KEPT / f"embed-{name}-{width}-{theme}.png", full_page=True)
    context.close()


def test_the_element_shuts_nobody_out_in_a_partners_page(browser: Browser, stage: Stage) -> None:
    for theme in THEMES:
        page = browser.new_page(color_scheme=theme)
        for layout in Layout:
            scheme = f'<meta name="color-scheme" content="{theme}"><main><h1>Cổng tỉnh bạn</h1>'
            options = Options(layout=layout, theme=Theme.AUTO, number=3)
            stage.visit(page, scheme + stage.snippet("element", options=options) + "</main>")
            expect(page.locator("syndicated-feed .sf-story")).to_have_count(3)
            assert violations(page) == [], (layout, theme)
        page.goto(stage.house.links.embed("khong-co") + f"?theme={theme}")
        assert violations(page) == [], theme
        page.close()


def test_every_link_is_reached_by_keyboard_and_shows_it(browser: Browser, stage: Stage) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 900})
    page.goto(stage.house.links.embed("chuyen-doi-so") + "?number=2")
    seen: list[str] = []
    focused = "[document.activeElement.textContent, getComputedStyle(document.activeElement).outlineStyle]"
    for _ in range(20):
        page.keyboard.press("Tab")
        text, outline = page.evaluate(focused)
        if text in seen[:1] or not text.strip() or outline == "none":  # begun anew, or left the page
            break
        seen.append(text)
    assert seen[0] == "Chuyển đổi số"
    assert seen[-1] == "Điểm tin các Trung tâm"
    # Two stories, each a headline and at least one portal; a picture is no second stop for the same address.
    assert len(seen) >= 7
    assert page.locator(".sf-picture[tabindex='-1']").count() > 0
    page.close()


def test_the_ticker_stands_still_for_who_wants_it(browser: Browser, stage: Stage) -> None:
    address = stage.house.links.embed("all") + "?layout=ticker"
    motion = "document.querySelector('.sf-stories').getAnimations().length"
    calm = browser.new_page(reduced_motion="reduce")
    calm.goto(address)
    assert calm.evaluate(motion) == 0
    expect(calm.get_by_role("checkbox")).to_be_hidden()
    calm.close()
    page = browser.new_page(reduced_motion="no-preference", viewport={"width": 600, "height": 300})
    page.goto(address)
    assert page.evaluate(motion) == 1
    stop = page.get_by_role("checkbox", name="Dừng chạy chữ")
    stop.focus()
    page.keyboard.press("Space")
    assert page.evaluate(motion) == 0
    page.keyboard.press("Space")
    assert page.evaluate(motion) == 1
    page.keyboard.press("Tab")
    assert page.evaluate(motion) == 0
    for _ in range(6):
        page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_be_in_viewport()
    page.close()


def test_the_builder_shows_each_choice_at_once_and_copies(browser: Browser, stage: Stage) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.on("console", partial(_note, stage.noises))
    page.goto(stage.house.links.embed_builder())
    page.get_by_label("Kiểu", exact=True).select_option("cards")
    expect(page.locator("#result iframe")).to_have_attribute("src", re.compile("layout=cards"))
    page.get_by_label("Chuyên mục hoặc cổng").select_option("portals/song-dao")
    expect(page.locator("#result iframe")).to_have_attribute("src", re.compile("portals/song-dao"))
    expect(page.frame_locator("#result iframe").locator(".sf-cards")).to_be_visible()
    page.wait_for_function(
        """() => { const frame = document.querySelector("#result iframe");
            const block = frame.contentDocument && frame.contentDocument.querySelector("main");
            return block && Math.abs(frame.offsetHeight - block.offsetHeight) <= 1; }"""
    )
    page.get_by_role("button", name="Sao chép").first.click()
    expect(page.get_by_role("button", name="Đã sao chép")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == page.locator("#code-iframe").input_value().strip()
    assert "layout=cards" in page.url
    page.get_by_label("Màu nhấn").fill("#ffff00")
    page.get_by_label("Màu nhấn").press("Tab")
    expect(page.get_by_role("status")).to_contain_text("khó đọc")
    assert stage.noises == []
    context.close()


def test_the_builder_works_without_script(browser: Browser, stage: Stage) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(stage.house.links.embed_builder())
    page.get_by_label("Kiểu", exact=True).select_option("headlines")
    page.get_by_role("button", name="Xem trước").click()
    expect(page.frame_locator("#result iframe").locator(".sf-headlines")).to_be_visible()
    expect(page.get_by_role("button", name="Sao chép")).to_have_count(0)
    context.close()
