"""What pages show: stories, those who tell them, categories, feeds, as the templates take them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from flask import current_app

from syndication.bootstrap import House
from syndication.collect.timing import is_silent
from syndication.domain.picture import Size
from syndication.domain.portal import Category, Portal
from syndication.domain.story import Story
from syndication.links import MEDIA_TYPES, Links
from syndication.publish.select import FeedPlan
from syndication.store.sources import SourceRecord
from syndication.text import dictionary_key
from syndication.web.language import Language, language, pages_in

TROUBLED_AFTER = timedelta(days=1)
"""A portal that could not be read for so long is said to be out of reach; sites are down for a night."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A category as pages show it."""

    slug: str
    title: str
    description: str
    url: str


@dataclass(frozen=True, slots=True)
class Teller:
    """A portal that tells a story, as pages show it."""

    id: str
    name: str
    url: str
    page_url: str
    title: str
    language: str
    told_at: datetime
    alike: int | None
    """Percent of the text that it shares with another one's article; None for the one that came first."""


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story as pages show it; times are local."""

    id: str
    title: str
    summary: str
    language: str
    url: str
    page_url: str
    image_url: str | None
    image_size: Size | None
    told_at: datetime
    told_is_ours: bool
    announced_at: datetime
    kept_back: bool
    categories: tuple[Subject, ...]
    portals: tuple[Teller, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A category on the front page with its newest stories."""

    category: Subject
    stories: tuple[StoryView, ...]
    url: str


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed a browser may offer to subscribe to."""

    title: str
    url: str
    type: str


@dataclass(frozen=True, slots=True)
class Health:
    """How well a portal can be followed, for its readers: ``well``, ``unread``, ``troubled`` or ``silent``."""

    state: str
    since: datetime | None
    """The last time it could be read, or the last time it had news."""


def house() -> House:
    """The instance whose pages these are."""
    found: House = current_app.config["HOUSE"]
    return found


def subjects() -> tuple[Subject, ...]:
    """Every category, in the order in which they are printed and the words of the page's language."""
    spoken = language()
    links = pages_in(spoken, house().links)

    def title(one: Category) -> str:
        return one.title_en or one.title if spoken is Language.ENGLISH else one.title

    return tuple(
        Subject(
            one.slug,
            title(one),
            one.description if spoken is Language.VIETNAMESE else "",
            links.category(one.slug),
        )
        for one in house().catalogue.categories
    )


def views(stories: Sequence[Story]) -> tuple[StoryView, ...]:
    """These stories, as pages show them."""
    instance = house()
    zone, portals = instance.settings.timezone, instance.catalogue.portals
    links = pages_in(language(), instance.links)
    by_slug = {one.slug: one for one in subjects()}

    def spoken(portal: str) -> str:
        return portals[portal].language if portal in portals else str(Language.VIETNAMESE)

    def view(story: Story) -> StoryView:
        tellers = tuple(
            Teller(
                id=one.portal,
                name=portals[one.portal].name if one.portal in portals else one.portal,
                url=one.url,
                page_url=links.portal(one.portal),
                title=one.title,
                language=spoken(one.portal),
                told_at=(one.published_at or one.first_seen_at).astimezone(zone),
                alike=None if one.score is None else round(one.score * 100),
            )
            for one in story.tellings
        )
        return StoryView(
            id=story.id,
            title=story.title,
            summary=story.summary,
            language=tellers[0].language,
            url=story.url,
            page_url=links.story(story.id),
            image_url=story.image_url,
            image_size=story.image_size,
            told_at=story.told_at.astimezone(zone),
            told_is_ours=story.lead.published_at is None,
            announced_at=story.announced_at.astimezone(zone),
            kept_back=story.kept_back,
            categories=tuple(by_slug[slug] for slug in story.categories if slug in by_slug),
            portals=tellers,
        )

    return tuple(view(story) for story in stories)


def by_name(portals: Iterable[Portal]) -> list[Portal]:
    """Portals as a Vietnamese dictionary would list them."""
    return sorted(portals, key=lambda one: _sorting(one.name))


_sorting = lru_cache(maxsize=2048)(dictionary_key)


def feed_links(plans: Iterable[FeedPlan], links: Links) -> list[FeedLink]:
    """What a page offers for autodiscovery: every format of these feeds."""
    return [
        FeedLink(f"{plan.title} ({form.upper()})", links.feed(plan.name, form), media)
        for plan in plans
        for form, media in MEDIA_TYPES.items()
    ]


def health(records: Sequence[SourceRecord], *, now: datetime) -> Health:
    """How well a portal can be followed, from what is known of its sources."""
    read = max((one.succeeded_at for one in records if one.succeeded_at), default=None)
    if read is None:
        return Health("unread", None)
    if now - read > TROUBLED_AFTER and any(one.failures for one in records):
        return Health("troubled", read)
    lively = [one for one in records if one.new_at]
    news = max((one.new_at for one in lively if one.new_at), default=None)
    if lively and all(_is_silent(one, now=now) for one in lively):
        return Health("silent", news)
    return Health("well", news)


def _is_silent(record: SourceRecord, *, now: datetime) -> bool:
    usual = timedelta(seconds=record.usual_gap) if record.usual_gap is not None else None
    return is_silent(usual_gap=usual, new_at=record.new_at, now=now)
