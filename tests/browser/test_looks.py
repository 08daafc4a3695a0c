"""Pages and the mail in a real browser: nothing sticks out, nothing fails, nobody is shut out.

Screenshots are kept in ``var/screenshots`` for people to look at.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, sync_playwright
from werkzeug.serving import make_server

from syndication.bootstrap import House
from syndication.digest.pipeline.delivery import send_issue
from syndication.digest.pipeline.issue import approve_issue, compose_issue
from syndication.digest.pipeline.office import CONFIRM, PREFERENCES, UNSUBSCRIBE
from syndication.digest.pipeline.sign_up import Wish, ask
from syndication.digest.roster import Address
from syndication.domain.subscriber import Registration
from syndication.settings import HOUSE, read_settings
from syndication.store import open_store
from syndication.text import fold
from syndication.web import create_app
from tests.cast import missing

KEPT = HOUSE / "var" / "screenshots"
OTHER_LOOKS = ((768, "light"), (1280, "light"), (360, "dark"), (768, "dark"))
SWITCHES = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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


@pytest.fixture
def served(news: House, unused_port: int) -> Iterator[tuple[str, House]]:
    """The demo's news on a real server; pages need no second database to look at."""
    settings = read_settings(
        {
            "SYNDICATION_BASE_URL": f"http://127.0.0.1:{unused_port}",
            "SYNDICATION_DATABASE_URL": news.settings.database_url,
            "SYNDICATION_FEEDS_DIR": str(news.settings.feeds_dir),
            "SYNDICATION_VAR_DIR": str(news.settings.var_dir),
            "SYNDICATION_SMTP_URL": news.settings.smtp_url,
            "SYNDICATION_PRIVATE_HOSTS": ",".join(news.settings.private_hosts),
        }
    )
    here = House(settings, now=news.now)
    here.__dict__["store"] = open_store(settings.database_url)
    issue = compose_issue(here.office)
    approve_issue(here.office, issue.id, by="Lan")
    list(send_issue(here.office))
    server = make_server("127.0.0.1", unused_port, create_app(here), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield settings.base_url, here
    server.shutdown()
    thread.join()
    server.server_close()
    here.close()


def _note(troubles: list[str], said: Error | ConsoleMessage) -> None:
    if isinstance(said, Error) or said.type == "error":
        troubles.append(str(said))


def readers_pages(house: House) -> dict[str, str]:
    """Where somebody signs up, confirms, chooses and leaves."""
    reader = Registration(line=2, email="lan@docgia.example", email_key="lan@docgia.example")
    address = Address("minh@docgia.example", "minh@docgia.example")
    wish = Wish(address=address, categories=(), portals=(), language="vi", words="", client="")
    ask(house.office, wish)
    with house.store.write() as memory:
        memory.subscribers.register([reader], now=house.now())
        lan = memory.subscribers.find(reader.email_key)
        waiting = memory.mails.take(now=house.now(), lease=timedelta(minutes=1))
    assert lan
    assert waiting
    signer, number = house.office.signer, str(lan.id)
    return {
        "subscribe": "/subscribe",
        "english-subscribe": "/en/subscribe",
        "confirm": f"/confirm/{signer.sign(CONFIRM, waiting.values['about'])}",
        "preferences": f"/preferences/{signer.sign(PREFERENCES, number)}",
        "english-preferences": f"/en/preferences/{signer.sign(PREFERENCES, number)}",
        "unsubscribe": f"/unsubscribe/{signer.sign(UNSUBSCRIBE, number)}",
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("width", "theme"),
    [
        (360, "light"),
        (1280, "dark"),
        *(pytest.param(*one, marks=pytest.mark.long) for one in OTHER_LOOKS),
    ],
)
def test_every_page_fits_every_width_in_both_themes(
    browser: Browser, served: tuple[str, House], width: int, theme: Literal["light", "dark"]
) -> None:
    base, here = served
    with here.store.read() as memory:
        story = memory.stories.newest("all", limit=1)[0].id
        issue = memory.issues.all()[0].id
    KEPT.mkdir(parents=True, exist_ok=True)
    pages = {
        "front-page": "/",
        "category": "/categories/chuyen-doi-so",
        "portal": "/portals/song-dao",
        "story": f"/stories/{story}",
        "search": "/search?q=chuyen+doi+so",
        "search-nothing": "/search?q=khong+ai+viet&portal=song-dao",
        "english": "/en/",
        "english-story": f"/en/stories/{story}",
        "english-search": "/en/search",
        "feeds": "/feeds/",
        "digests": "/digest/",
        "digest": f"/digest/{issue}",
        "not-found": "/nowhere",
        **readers_pages(here),
    }
    axe = Axe()
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", partial(_note, troubles))
    page.on("console", partial(_note, troubles))
    for name, path in pages.items():
        page.goto(base + path, wait_until="load")
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond <= 0, f"{name} at {width} px sticks out by {beyond} px"
        spoken = "en" if path.startswith("/en/") else "vi"
        assert page.evaluate("document.documentElement.lang") == spoken
        if name != "digest":  # a mail is laid out in tables, and checked as one
            assert [one["id"] for one in axe.run(page).response["violations"]] == [], name
        page.screenshot(path=KEPT / f"{name}-{width}-{theme}.png", full_page=True)
    # The page that is not there is asked for on purpose.
    unexpected = [said for said in troubles if "404" not in said]
    assert unexpected == []
    assert context.cookies() == []
    context.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_story_is_found_and_read_without_scripts_and_without_a_mouse(
    browser: Browser, served: tuple[str, House]
) -> None:
    base, here = served
    with here.store.read() as memory:
        story = memory.stories.newest("all", limit=1)[0]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(base)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    page.goto(base)
    # Past the link to the content and the name of the site stands the field.
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.type(fold(story.title))
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    headline = page.locator("article h3 a").first
    assert headline.text_content() == story.title
    headline.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/stories/{story.id}")
    assert page.locator("h1").text_content() == story.title
    context.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_pictures_that_come_late_move_nothing(browser: Browser, served: tuple[str, House]) -> None:
    base, _ = served
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => list.getEntries().forEach(one => window.moved += one.value))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    for path in ("/", "/categories/chuyen-doi-so", "/search?q=so"):
        page.goto(base + path, wait_until="networkidle")
        page.mouse.wheel(0, 4000)
        assert page.evaluate("window.moved") < 0.01
    page.close()
