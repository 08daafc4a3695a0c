"""Reads ``feeds/*.toml``: whom we read and what we publish, or every mistake in it at once.

A mistake names the file, the key and what would be right, so that the person who wrote the file can mend it
without knowing this program. Nothing here touches the network.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syndication import text
from syndication.css import Css, NoSelector
from syndication.domain.portal import (
    ArticleReading,
    Catalogue,
    Category,
    FetchArticle,
    FormerName,
    Portal,
    Read,
    SlashDates,
    Source,
)
from syndication.errors import CatalogueError, Mistake

LAST_CATEGORY = "khac"
"""The category of what nothing else decides; it must be there."""

RESERVED_SLUGS = ("all", "portals")
"""Names of feeds that are no category's: everything together, and what the portals' own feeds begin with."""

SHORTEST_EVERY = timedelta(minutes=15)
"""No portal is asked more often than this; more would be rude."""

WORD_KEYS = ("sure_words", "words", "light_words", "not_words")

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_EVERY = re.compile(r"([0-9]{1,5})\s*([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?|\[[0-9a-f:]+\](?::\d{1,5})?")

LISTING_PARTS = ("item", "title", "link", "date", "summary", "image", "next")
ARTICLE_PARTS = ("title", "date", "lead", "body", "author", "image")
_BOXES = ("item", "body", "remove")
"""Parts that are elements with all they hold, never an attribute."""

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


@dataclass
class _Table:
    """One table of a TOML file, read key by key; what is wrong or left over is reported, not raised."""

    file: str
    prefix: str
    raw: Mapping[str, Any]
    mistakes: list[Mistake]
    read: set[str] = field(default_factory=set)

    def wrong(self, key: str, says: str) -> None:
        self.mistakes.append(Mistake(self.file, f"{self.prefix}{key}", says))

    def value(self, key: str, kind: type[_T], default: _T, *, required: bool = False, what: str = "") -> _T:
        self.read.add(key)
        if key not in self.raw:
            if required:
                self.wrong(key, f"is missing: give {what}")
            return default
        found = self.raw[key]
        # To Python a bool is an int and a moment is a day; to the person who wrote the file they are not.
        if not isinstance(found, kind) or (kind in (int, date) and isinstance(found, bool | datetime)):
            shown = json.dumps(found, ensure_ascii=False, default=str)
            self.wrong(key, f"must be {what}, not {shown}")
            return default
        return found

    def words(self, key: str, *, required: bool = False, what: str = "a text in quotes") -> str:
        found = self.value(key, str, "", required=required, what=what)
        if required and key in self.raw and isinstance(self.raw[key], str) and not found.strip():
            self.wrong(key, f"is empty: give {what}")
        return text.one_line(found)

    def texts(self, key: str, *, what: str = 'texts such as ["…", "…"]') -> tuple[str, ...]:
        found = self.value(key, list, [], what=what)
        if not all(isinstance(one, str) and one.strip() for one in found):
            self.wrong(key, f"must be {what}")
            return ()
        return tuple(text.one_line(one) for one in found)

    def choice(self, key: str, options: type[_E], default: _E, *, required: bool = False) -> _E:
        names = " | ".join(options)
        found = self.value(key, str, str(default), required=required, what=f"one of: {names}")
        try:
            return options(found)
        except ValueError:
            self.wrong(key, f"must be one of: {names}, not {found!r}")
            return default

    def every(self, key: str, default: timedelta) -> timedelta:
        found = self.value(key, str, "", what='a time such as "30m", "1h" or "1d"')
        if not found:
            return default
        match = _EVERY.fullmatch(found.strip())
        if not match:
            self.wrong(key, f'must be a time such as "30m", "1h" or "1d", not {found!r}')
            return default
        every = timedelta(**{_UNITS[match[2]]: int(match[1])})
        if not SHORTEST_EVERY <= every <= timedelta(days=30):
            self.wrong(key, f'must lie between "15m" and "30d", not {found!r}')
            return default
        return every

    def address(self, key: str, *, required: bool = True) -> str:
        what = "an address that begins with https:// or http://"
        found = self.value(key, str, "", required=required, what=what).strip()
        if isinstance(self.raw.get(key), str) and not _is_address(found):
            self.wrong(key, f"must be {what}, not {found!r}")
            return ""
        return found

    def table(self, key: str) -> _Table:
        header = re.sub(r"\[\d+\]", "", f"{self.prefix}{key}")
        raw = self.value(key, dict, {}, what=f"a table: [{header}]")
        return _Table(self.file, f"{self.prefix}{key}.", raw, self.mistakes)

    def tables(self, key: str, *, required: bool = False) -> list[_Table]:
        what = f"one or more tables: [[{self.prefix}{key}]]"
        found = self.value(key, list, [], required=required, what=what)
        if not all(isinstance(one, dict) for one in found) or (required and self.raw.get(key) == []):
            self.wrong(key, f"must be {what}")
            return []
        return [
            _Table(self.file, f"{self.prefix}{key}[{place}].", one, self.mistakes)
            for place, one in enumerate(found, start=1)
        ]

    def selectors(self, parts: Iterable[str]) -> Mapping[str, str]:
        found = {
            part: self.selector(part, self.words(part, required=True, what="a CSS selector"))
            for part in parts
            if part in self.raw
        }
        return MappingProxyType(found)

    def selector(self, key: str, written: str) -> str:
        """The selector; it is reported where a page cannot be read by it."""
        shown = json.dumps(written, ensure_ascii=False)
        try:
            read = Css.of(written)
        except NoSelector as cause:
            self.wrong(key, f"{shown} is no CSS selector: {cause}")
            return written
        if not written:
            return written
        if read.attribute and key in _BOXES:
            self.wrong(
                key, f"{shown} names an attribute, and must name elements: leave @{read.attribute} out"
            )
        elif not read.names_element and self.prefix == "article.select.":
            self.wrong(key, f"{shown} names no element: say whose attribute it is, such as meta@content")
        return written

    def done(self, *, besides: Iterable[str] = ()) -> None:
        """Report keys nobody asked for; most of them are spelling mistakes."""
        known = self.read | set(besides)
        for key in self.raw:
            if key not in known:
                near = difflib.get_close_matches(key, sorted(known), n=1)
                hint = f"did you mean {near[0]}?" if near else "it is not a key we know; see feeds/README.md"
                self.wrong(key, hint)


def _is_address(raw: str) -> bool:
    if re.search(r"[\s\\\x00-\x1f]", raw):
        return False
    try:
        parts = urlsplit(raw)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username


def host_of(url: str) -> str:
    """``host`` or ``host:port`` of an address, in lower case, as ``hosts`` lists it."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{parts.port}" if parts.port else host


def _read_toml(path: Path, shown: str, mistakes: list[Mistake]) -> dict[str, Any] | None:
    try:
        # -sig: Notepad writes a byte order mark, which is no mistake of the person who used it.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        mistakes.append(Mistake(shown, "", "is not UTF-8 text: save it as UTF-8"))
    except tomllib.TOMLDecodeError as cause:
        mistakes.append(Mistake(shown, "", f"is not TOML: {cause}"))
    except OSError as cause:
        mistakes.append(Mistake(shown, "", f"cannot be read: {cause.strerror or cause}"))
    return None


def _category(table: _Table) -> Category:
    slug = table.words("slug", required=True, what='a slug such as "chuyen-doi-so"')
    if slug and not _ID.fullmatch(slug):
        table.wrong("slug", f"must be lower-case letters, digits and single hyphens, not {slug!r}")
    if slug in RESERVED_SLUGS:
        table.wrong("slug", f"{slug!r} is the name of another feed: choose another slug")
    title = table.words("title", required=True, what="the title readers see")
    category = Category(
        slug=slug,
        title=title,
        title_en=table.words("title_en") or title,
        description=table.words("description"),
        labels=table.texts("labels"),
        broad_labels=table.texts("broad_labels"),
        words=table.texts("words"),
        sure_words=table.texts("sure_words"),
        light_words=table.texts("light_words"),
        not_words=table.texts("not_words"),
    )
    for key in ("labels", "broad_labels", *WORD_KEYS):
        for phrase in getattr(category, key):
            if not text.fold(phrase):
                table.wrong(key, f"{phrase!r} holds no letter or digit to compare: leave it out")
    _report_idle_words(table, category)
    table.done()
    return category


def _report_idle_words(table: _Table, category: Category) -> None:
    """Report words that change nothing: they stand in two places, or hide no word."""
    # Marks count here: «khuyến mại» and «khuyến mãi» are two words.
    _report_twice(
        (
            (word.casefold(), f"{table.prefix}{key}[{place}]")
            for key in WORD_KEYS
            for place, word in enumerate(getattr(category, key), start=1)
        ),
        table.file,
        table.mistakes,
    )
    if {f"{table.prefix}{key}" for key in WORD_KEYS} & {mistake.key for mistake in table.mistakes}:
        return  # what follows may only be a consequence
    words = (*category.sure_words, *category.words, *category.light_words)
    keys = [f" {text.fold(word)} " for word in words]
    for phrase in category.not_words:
        if not any(key in f" {text.fold(phrase)} " for key in keys):
            table.wrong("not_words", f"{phrase!r} holds none of the words, so it hides nothing: leave it out")


@dataclass(frozen=True, slots=True)
class _Categories:
    """What ``categories.toml`` says."""

    now: tuple[Category, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    removed: frozenset[str] = frozenset()


def _former_categories(root: _Table, slugs: frozenset[str]) -> tuple[Mapping[str, str], frozenset[str]]:
    """The slugs that once were published: those that lead to another now, and those that are gone."""
    renamed: dict[str, str] = {}
    former: list[tuple[str, str]] = []
    for place, table in enumerate(root.tables("renamed"), start=1):
        old = _former_slug(table, "from", slugs)
        new = table.words("to", required=True, what="the slug it bears now")
        if new and new not in slugs:
            near = difflib.get_close_matches(new, sorted(slugs), n=1)
            hint = f"did you mean {near[0]!r}?" if near else "name the slug of a [[category]] above"
            table.wrong("to", f"{new!r} is not a category: {hint}")
        table.done()
        renamed.setdefault(old, new)
        former.append((old, f"renamed[{place}].from"))
    removed = []
    for place, table in enumerate(root.tables("removed"), start=1):
        removed.append(_former_slug(table, "slug", slugs))
        table.done()
        former.append((removed[-1], f"removed[{place}].slug"))
    _report_twice(((old, where) for old, where in former if old), root.file, root.mistakes)
    return MappingProxyType(renamed), frozenset(removed)


def _former_slug(table: _Table, key: str, slugs: frozenset[str]) -> str:
    slug = table.words(key, required=True, what="the slug it bore")
    if slug and not _ID.fullmatch(slug):
        table.wrong(key, f"must be lower-case letters, digits and single hyphens, not {slug!r}")
    if slug in slugs or slug in RESERVED_SLUGS:
        table.wrong(key, f"{slug!r} is published: leave this table out, or the category")
    return slug


def _categories(path: Path, shown: str, mistakes: list[Mistake]) -> _Categories:
    raw = _read_toml(path, shown, mistakes)
    if raw is None:
        return _Categories()
    root = _Table(shown, "", raw, mistakes)
    tables = root.tables("category", required=True)
    categories = [_category(table) for table in tables]
    renamed, removed = _former_categories(root, frozenset(one.slug for one in categories))
    root.done()
    _report_twice(
        ((one.slug, f"category[{place}].slug") for place, one in enumerate(categories, start=1) if one.slug),
        shown,
        mistakes,
    )
    _report_twice(
        (
            (text.fold(label), f"category[{place}]{key}")
            for place, one in enumerate(categories, start=1)
            for key, labels in (("", (one.title, *one.labels)), (".broad_labels", one.broad_labels))
            for label in labels
            if text.fold(label)
        ),
        shown,
        mistakes,
    )
    if categories and categories[-1].slug != LAST_CATEGORY:
        mistakes.append(
            Mistake(
                shown,
                "category",
                f'the last one must have slug = "{LAST_CATEGORY}", for all that fits nowhere',
            )
        )
    return _Categories(tuple(categories), renamed, removed)


def _report_twice(keys: Iterable[tuple[str, str]], shown: str, mistakes: list[Mistake]) -> None:
    seen: dict[str, str] = {}
    for key, where in keys:
        if key in seen and seen[key] != where:
            mistakes.append(Mistake(shown, where, f"{key!r} stands in {seen[key]} already: keep one"))
        seen.setdefault(key, where)


def _source(table: _Table, portal: str, slugs: frozenset[str]) -> Source:
    url = table.address("url")
    read = table.choice("read", Read, Read.FEED, required=True)
    categories = table.texts("categories")
    for slug in categories:
        # Without any the mistake lies in categories.toml, which says so itself.
        if slugs and slug not in slugs:
            near = difflib.get_close_matches(slug, sorted(slugs), n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see feeds/categories.toml"
            table.wrong("categories", f"{slug!r} is not a category: {hint}")
    chosen = table.table("select")
    select = chosen.selectors(LISTING_PARTS)
    chosen.done(besides=LISTING_PARTS)
    if read is Read.PAGE:
        for part in ("item", "link"):
            if part not in select:
                table.wrong(f"select.{part}", 'is missing: read = "page" needs a CSS selector for it')
    elif select:
        table.wrong("select", f'has a meaning only with read = "page", not with read = "{read}"')
    source = Source(
        portal=portal,
        url=url,
        read=read,
        label=table.words("label") or None,
        categories=categories,
        every=table.every("every", timedelta(hours=1)),
        dates=table.choice("dates", SlashDates, SlashDates.DMY),
        select=select,
    )
    table.done()
    return source


def _article_reading(table: _Table) -> ArticleReading:
    select = table.table("select")
    remove = select.texts("remove", what='CSS selectors such as [".related", ".tools"]')
    for written in remove:
        select.selector("remove", written)
    parts = select.selectors(ARTICLE_PARTS)
    select.done(besides=ARTICLE_PARTS)
    reading = ArticleReading(
        fetch=table.choice("fetch", FetchArticle, FetchArticle.WHEN_NEEDED),
        full_text=table.value("full_text", bool, False, what="true or false"),
        select=parts,
        remove=remove,
    )
    table.done()
    return reading


def _former_names(table: _Table) -> tuple[FormerName, ...]:
    names = []
    for one in table.tables("former_names"):
        name = one.words("name", required=True, what="the former name")
        until = one.value("until", date, date.min, required=True, what="its last day, such as 2025-06-30")
        names.append(FormerName(name=name, until=until))
        one.done()
    return tuple(names)


def _language(table: _Table) -> str:
    language = table.words("language") or "vi"
    if not _LANGUAGE.fullmatch(language):
        table.wrong("language", f'must be a language code such as "vi" or "en", not {language!r}')
    return language


def _zone(table: _Table) -> str:
    zone = table.words("timezone") or "Asia/Ho_Chi_Minh"
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        table.wrong("timezone", f'must be a zone name such as "Asia/Ho_Chi_Minh", not {zone!r}')
        return "Asia/Ho_Chi_Minh"
    return zone


def _ca_file(table: _Table, folder: Path) -> Path | None:
    name = table.words("ca_file")
    if not name:
        return None
    if not (folder / name).is_file():
        table.wrong(
            "ca_file", f"there is no file {name} beside this one: put the missing certificate there (PEM)"
        )
        return None
    return folder / name


def _portal(path: Path, shown: str, slugs: frozenset[str], mistakes: list[Mistake]) -> Portal | None:
    raw = _read_toml(path, shown, mistakes)
    if raw is None:
        return None
    if not _ID.fullmatch(path.stem):
        mistakes.append(
            Mistake(shown, "", "the file's name must be lower-case letters, digits and single hyphens")
        )
    root = _Table(shown, "", raw, mistakes)
    home = root.address("home")
    hosts = tuple(host.lower() for host in root.texts("hosts", what='hosts such as ["portal.example"]'))
    for host in hosts:
        if not _HOST.fullmatch(host):
            root.wrong(
                "hosts", f'must be hosts such as "portal.example" or "portal.example:8080", not {host!r}'
            )
    sources = tuple(_source(table, path.stem, slugs) for table in root.tables("source", required=True))
    if raw.get("hosts") == []:
        root.wrong("hosts", 'is empty: name at least the host of home, such as ["portal.example"]')
    hosts = hosts or ((host_of(home),) if home else ())
    for place, source in enumerate(sources, start=1):
        if source.url and hosts and host_of(source.url) not in hosts:
            root.wrong(f"source[{place}].url", f"its host {host_of(source.url)} must be named in hosts")
    _report_twice(
        ((one.url, f"source[{place}].url") for place, one in enumerate(sources, start=1) if one.url),
        shown,
        mistakes,
    )
    portal = Portal(
        id=path.stem,
        name=root.words("name", required=True, what="the organisation's full name"),
        home=home,
        contact=root.words("contact"),
        language=_language(root),
        timezone=_zone(root),
        hosts=hosts,
        priority=root.value("priority", int, 10, what="a whole number; the larger leads"),
        former_names=_former_names(root),
        ca_file=_ca_file(root, path.parent),
        sources=sources,
        article=_article_reading(root.table("article")),
    )
    root.done()
    return portal


def read_catalogue(feeds_dir: Path) -> Catalogue:
    """Read the catalogue in this folder; raises CatalogueError with every mistake in it."""
    mistakes: list[Mistake] = []

    def shown(path: Path) -> str:
        return (
            path.relative_to(feeds_dir.parent).as_posix()
            if path.is_relative_to(feeds_dir.parent)
            else str(path)
        )

    categories_file = feeds_dir / "categories.toml"
    categories = _categories(categories_file, shown(categories_file), mistakes)
    slugs = frozenset(category.slug for category in categories.now)
    files = sorted((feeds_dir / "portals").glob("*.toml"))
    if not files:
        mistakes.append(
            Mistake(shown(feeds_dir / "portals"), "", "holds no portal: add one, see feeds/README.md")
        )
    portals: dict[str, Portal] = {}
    owner: dict[str, str] = {}
    for path in files:
        portal = _portal(path, shown(path), slugs, mistakes)
        if portal is None:
            continue
        portals[portal.id] = portal
        for host in portal.hosts:
            if host in owner:
                mistakes.append(
                    Mistake(
                        shown(path),
                        "hosts",
                        f"{host} belongs to portals/{owner[host]}.toml already: keep one",
                    )
                )
            owner.setdefault(host, portal.id)
    if mistakes:
        raise CatalogueError(mistakes)
    return Catalogue(
        portals=MappingProxyType(portals),
        categories=categories.now,
        renamed=categories.renamed,
        removed=categories.removed,
    )
