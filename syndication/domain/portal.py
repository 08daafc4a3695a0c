"""Whom we read: portals, their sources, and the categories we publish under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

NO_SELECTORS: Mapping[str, str] = MappingProxyType({})


class Read(StrEnum):
    """The ways to read a source (key ``read`` in a portal's file)."""

    FEED = "feed"
    PAGE = "page"
    WORDPRESS = "wordpress"
    JSONFEED = "jsonfeed"
    SITEMAP = "sitemap"


class SlashDates(StrEnum):
    """What 4/7/2024 means on this source."""

    DMY = "dmy"
    """The day first (Vietnam); the month first beside AM or PM, which is how .NET prints for Americans."""
    MDY = "mdy"
    """The month first."""
    DMY_ALWAYS = "dmy-always"
    """The day first, beside AM or PM too."""


class FetchArticle(StrEnum):
    """When an article's own page is read too."""

    NEVER = "never"
    WHEN_NEEDED = "when-needed"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One address of a portal that we read."""

    portal: str
    url: str
    read: Read
    every: timedelta
    label: str | None = None
    categories: tuple[str, ...] = ()
    dates: SlashDates = SlashDates.DMY
    select: Mapping[str, str] = field(default_factory=lambda: NO_SELECTORS)
    """For ``read = "page"``: CSS selectors by part, ``selector@attribute`` for an attribute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerName:
    """A name the organisation bore until a day (inclusive)."""

    name: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleReading:
    """How an article's own page is read when the source gives too little."""

    fetch: FetchArticle = FetchArticle.WHEN_NEEDED
    full_text: bool = False
    select: Mapping[str, str] = field(default_factory=lambda: NO_SELECTORS)
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """An organisation's site we collect from. ``id`` is the stem of its file and never changes."""

    id: str
    name: str
    home: str
    hosts: tuple[str, ...]
    sources: tuple[Source, ...]
    contact: str = ""
    language: str = "vi"
    timezone: str = "Asia/Ho_Chi_Minh"
    priority: int = 10
    former_names: tuple[FormerName, ...] = ()
    ca_file: Path | None = None
    """Certificates to trust for this portal besides the system's: some servers send an incomplete chain."""
    article: ArticleReading = field(default_factory=ArticleReading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A subject we publish, and what leads to it: what portals call it, and words in titles and leads."""

    slug: str
    title: str
    title_en: str
    description: str
    labels: tuple[str, ...] = ()
    broad_labels: tuple[str, ...] = ()
    """Labels that cover other subjects too; those of the last category say nothing."""
    words: tuple[str, ...] = ()
    """Words and phrases that decide where they stand in a title."""
    sure_words: tuple[str, ...] = ()
    light_words: tuple[str, ...] = ()
    """Words that decide only where nothing else does."""
    not_words: tuple[str, ...] = ()
    """Phrases in which the words do not speak, such as names of organisations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All we were told: portals by id and categories in the order in which we print them."""

    portals: Mapping[str, Portal]
    categories: tuple[Category, ...]
    renamed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Slugs that categories bore before, each with the one it bears now."""
    removed: frozenset[str] = frozenset()
    """Slugs of categories that are published no longer."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source of every portal, portals in the order of their ids."""
        return tuple(source for portal in self.portals.values() for source in portal.sources)

    def category(self, slug: str) -> Category | None:
        """The category with this slug, or None."""
        return next((category for category in self.categories if category.slug == slug), None)
