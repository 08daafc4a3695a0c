"""The catalogue: what is right is read as written, what is wrong is named by file and key, all of it at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from syndication import text
from syndication.catalogue import LAST_CATEGORY, host_of, read_catalogue
from syndication.domain.portal import ArticleReading, FetchArticle, FormerName, Read, SlashDates
from syndication.errors import CatalogueError
from syndication.settings import HOUSE

SAMPLES = Path(__file__).parent / "samples" / "catalogues"
SHIPPED = sorted([*HOUSE.glob("feeds/**/*.toml")])

CATEGORIES = """
[[category]]
slug  = "chuyen-doi-so"
title = "Chuyển đổi số"

[[category]]
slug  = "khac"
title = "Khác"
"""
PORTAL = """
name = "Trung tâm"
home = "https://tot.example/"

[[source]]
url  = "https://tot.example/feed/"
read = "feed"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a catalogue: its categories, and one portal called ``tot``."""

    def write(portal: str = PORTAL, *, categories: str = CATEGORIES, encoding: str = "utf-8") -> Path:
        folder = tmp_path / "feeds"
        (folder / "portals").mkdir(parents=True, exist_ok=True)
        (folder / "categories.toml").write_text(categories, encoding=encoding)
        (folder / "portals" / "tot.toml").write_text(portal, encoding=encoding)
        return folder

    return write


def mistakes_in(folder: Path) -> list[str]:
    with pytest.raises(CatalogueError) as trouble:
        read_catalogue(folder)
    assert str(trouble.value).splitlines() == [str(mistake) for mistake in trouble.value.mistakes]
    return str(trouble.value).splitlines()


@pytest.mark.parametrize("sample", sorted(SAMPLES.iterdir()), ids=lambda folder: folder.name)
def test_every_mistake_is_told_in_one_run_with_what_would_be_right(sample: Path) -> None:
    expected = (sample / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert mistakes_in(sample) == expected


def test_a_mistake_names_file_key_and_remedy_apart() -> None:
    with pytest.raises(CatalogueError) as trouble:
        read_catalogue(SAMPLES / "unknown-keys")
    first = trouble.value.mistakes[0]
    assert (first.file, first.key) == ("unknown-keys/categories.toml", "category[1].lables")
    assert first.says == "did you mean labels?"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert mistakes_in(tmp_path / "feeds") == [
        "feeds/categories.toml: cannot be read: No such file or directory",
        "feeds/portals: holds no portal: add one, see feeds/README.md",
    ]


def test_a_portal_file_that_cannot_be_read_does_not_hide_the_others(write: Callable[..., Path]) -> None:
    folder = write(PORTAL.replace("feed", "fed"))
    (folder / "portals" / "thu-muc.toml").mkdir()
    (folder / "portals" / "vong.toml").symlink_to("vong.toml")
    assert mistakes_in(folder) == [
        "feeds/portals/thu-muc.toml: cannot be read: Is a directory",
        "feeds/portals/tot.toml: source[1].read: must be one of: feed | page | wordpress | jsonfeed | sitemap, "
        "not 'fed'",
        "feeds/portals/vong.toml: cannot be read: Too many levels of symbolic links",
    ]


def test_a_small_file_is_read_with_every_default(write: Callable[..., Path]) -> None:
    catalogue = read_catalogue(write())
    [portal] = catalogue.portals.values()
    [source] = portal.sources
    assert (portal.id, portal.name, portal.hosts) == ("tot", "Trung tâm", ("tot.example",))
    assert (portal.language, portal.timezone, portal.priority) == ("vi", "Asia/Ho_Chi_Minh", 10)
    assert (portal.contact, portal.former_names, portal.article) == ("", (), ArticleReading())
    assert (source.portal, source.url, source.read) == ("tot", "https://tot.example/feed/", Read.FEED)
    assert (source.every, source.dates, source.label) == (timedelta(hours=1), SlashDates.DMY, None)
    assert (source.categories, dict(source.select)) == ((), {})
    assert [category.slug for category in catalogue.categories] == ["chuyen-doi-so", "khac"]
    assert catalogue.categories[0].title_en == "Chuyển đổi số"


def test_a_full_file_is_read_as_written(write: Callable[..., Path]) -> None:
    folder = write(
        """
        name     = "Trung  tâm\u00a0Một"
        home     = "http://10.0.0.1:8080/vi/"
        contact  = "lienhe@tot.example"
        language = "en"
        timezone = "Asia/Bangkok"
        hosts    = ["10.0.0.1:8080", "OLD.example", "[::1]:81"]
        priority = -3
        former_names = [{ name = "Tên cũ", until = 2025-06-30 }]

        [[source]]
        url        = "http://10.0.0.1:8080/tin?Cat=82"
        read       = "page"
        label      = "Chính trị"
        categories = ["chuyen-doi-so"]
        every      = "15m"
        dates      = "mdy"
        [source.select]
        item = "li"
        link = "a@href"

        [article]
        fetch     = "always"
        full_text = true
        [article.select]
        body   = ".detail"
        remove = [".tools"]
        """
    )
    [portal] = read_catalogue(folder).portals.values()
    [source] = portal.sources
    assert portal.name == "Trung tâm Một"
    assert portal.hosts == ("10.0.0.1:8080", "old.example", "[::1]:81")
    assert (portal.language, portal.timezone, portal.priority) == ("en", "Asia/Bangkok", -3)
    assert portal.former_names == (FormerName(name="Tên cũ", until=date(2025, 6, 30)),)
    assert (source.label, source.categories, source.dates) == (
        "Chính trị",
        ("chuyen-doi-so",),
        SlashDates.MDY,
    )
    assert (source.every, dict(source.select)) == (timedelta(minutes=15), {"item": "li", "link": "a@href"})
    assert (portal.article.fetch, portal.article.full_text) == (FetchArticle.ALWAYS, True)
    assert (dict(portal.article.select), portal.article.remove) == ({"body": ".detail"}, (".tools",))


def test_what_is_read_cannot_be_changed(write: Callable[..., Path]) -> None:
    catalogue = read_catalogue(write())
    with pytest.raises(TypeError):
        catalogue.portals["other"] = catalogue.portals["tot"]  # type: ignore[index]
    with pytest.raises(TypeError):
        catalogue.sources[0].select["item"] = "li"  # type: ignore[index]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_saved_by_notepad_is_read(write: Callable[..., Path], encoding: str) -> None:
    crlf = (part.replace("\n", "\r\n") for part in (PORTAL, CATEGORIES))
    portal, categories = crlf
    assert (
        read_catalogue(write(portal, categories=categories, encoding=encoding)).portals["tot"].name
        == "Trung tâm"
    )


def test_text_is_kept_in_nfc_however_the_editor_wrote_it(write: Callable[..., Path]) -> None:
    folder = write(unicodedata.normalize("NFD", PORTAL), categories=unicodedata.normalize("NFD", CATEGORIES))
    catalogue = read_catalogue(folder)
    assert catalogue.portals["tot"].name == "Trung tâm"
    assert catalogue.categories[0].title == "Chuyển đổi số"


@pytest.mark.parametrize(
    ("every", "read"),
    [
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("30d", timedelta(days=30)),
        (" 1 h ", timedelta(hours=1)),
    ],
)
def test_an_interval_is_read_in_its_unit(write: Callable[..., Path], every: str, read: timedelta) -> None:
    [source] = read_catalogue(write(PORTAL + f'every = "{every}"')).sources
    assert source.every == read


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Portal.Example/x", "portal.example"),
        ("http://portal.example:8080/", "portal.example:8080"),
        ("http://[::1]:81/", "[::1]:81"),
        ("http://[::1]/", "[::1]"),
    ],
)
def test_a_host_is_named_as_hosts_lists_it(url: str, host: str) -> None:
    assert host_of(url) == host


def shipped_mistakes(file: Path) -> list[str]:
    folder = file.parent.parent if file.parent.name == "portals" else file.parent
    try:
        read_catalogue(folder)
    except CatalogueError as trouble:
        return [str(one) for one in trouble.mistakes if one.file.endswith(f"/{file.name}")]
    return []


@pytest.mark.parametrize(
    "file", SHIPPED, ids=lambda file: file.relative_to(HOUSE / "feeds").with_suffix("").as_posix()
)
def test_a_file_we_ship_holds_no_mistake(file: Path) -> None:
    written = file.read_text(encoding="utf-8")
    assert shipped_mistakes(file) == []
    assert written == text.clean_text(written), "NFC, and no character that nobody sees"
    assert written.startswith("# "), "its first lines say where it was seen"
    assert written.endswith("\n")


@pytest.mark.parametrize("folder", ["feeds", "feeds/demo"])
def test_what_we_ship_is_sound_beyond_what_check_asks(folder: str) -> None:
    catalogue = read_catalogue(HOUSE / folder)
    assert catalogue.categories[-1].slug == LAST_CATEGORY
    assert all(category.description.endswith(".") for category in catalogue.categories)
    for portal in catalogue.portals.values():
        untils = [former.until for former in portal.former_names]
        assert untils == sorted(untils), f"{portal.id}: former names stand in the order of their days"
        assert portal.name not in {former.name for former in portal.former_names}
        assert host_of(portal.home) in portal.hosts


def test_the_demo_lives_on_loopback_only() -> None:
    catalogue = read_catalogue(HOUSE / "feeds" / "demo")
    hosts = {host for portal in catalogue.portals.values() for host in portal.hosts}
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+", host) for host in hosts), hosts


FORMER = """
[[renamed]]
from = "cong-nghe-so"
to   = "chuyen-doi-so"

[[removed]]
slug = "tin-vat"
"""


def test_former_categories_lead_on_or_are_gone(write: Callable[..., Path]) -> None:
    catalogue = read_catalogue(write(categories=CATEGORIES + FORMER))
    assert dict(catalogue.renamed) == {"cong-nghe-so": "chuyen-doi-so"}
    assert catalogue.removed == {"tin-vat"}
    assert [category.slug for category in catalogue.categories] == ["chuyen-doi-so", "khac"]
    without = read_catalogue(write())
    assert (dict(without.renamed), without.removed) == ({}, frozenset())


@pytest.mark.parametrize(
    ("former", "says"),
    [
        ('[[renamed]]\nfrom = "cu"\nto = "chuyen-doi"', "'chuyen-doi' is not a category: did you mean"),
        ('[[renamed]]\nfrom = "cu"', "renamed[1].to: is missing: give the slug it bears now"),
        ('[[renamed]]\nto = "khac"', "renamed[1].from: is missing: give the slug it bore"),
        ('[[renamed]]\nfrom = "khac"\nto = "chuyen-doi-so"', "renamed[1].from: 'khac' is published"),
        ('[[removed]]\nslug = "khac"', "removed[1].slug: 'khac' is published: leave this table out, or the category"),
        ('[[removed]]\nslug = "all"', "removed[1].slug: 'all' is published"),
        ('[[removed]]\nslug = "Tin Vặt"', "removed[1].slug: must be lower-case letters, digits"),
        ('[[removed]]\nslug = "cu"\n[[renamed]]\nfrom = "cu"\nto = "khac"', "'cu' stands in renamed[1].from already"),
        ('[[renamed]]\nfrom = "cu"\nto = "khac"\nwhy = "x"', "renamed[1].why: it is not a key we know"),
        ('removed = ["cu"]', "must be one or more tables: [[removed]]"),
    ],
)  # fmt: skip
def test_a_former_category_that_makes_no_sense_is_named(
    write: Callable[..., Path], former: str, says: str
) -> None:
    categories = former + CATEGORIES if former.startswith("removed =") else CATEGORIES + former
    [line] = mistakes_in(write(categories=categories))
    assert line.startswith("feeds/categories.toml: ")
    assert says in line
