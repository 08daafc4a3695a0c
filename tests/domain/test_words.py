"""The other words of the house: articles, portals, stories, and what they answer about themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from syndication.domain.article import Article, Known, SafeHtml
from syndication.domain.portal import Catalogue, Category, Portal, Read, Source
from syndication.domain.story import Story, Telling

MOMENT = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)

ARTICLE = Article(
    portal="quang-ninh",
    url="https://portal.example/tin/1",
    address_key="quang-ninh/tin/1",
    guid="1",
    title="Hội nghị",
    summary="Tóm tắt",
    content=None,
    author=None,
    labels=("Chính trị",),
    image_url=None,
    published_at=MOMENT,
)


@pytest.mark.parametrize(
    "seen",
    [
        {"title": "Hội nghị!"},
        {"summary": "Tóm tắt khác"},
        {"content": SafeHtml("<p>Nội dung</p>")},
        {"url": "https://portal.example/tin/2"},
        {"image_url": "https://portal.example/a.jpg"},
        {"title": "Hội nghị\x1f", "summary": ""},
    ],
)
def test_what_a_reader_would_see_changes_an_articles_hash(seen: dict[str, str]) -> None:
    assert replace(ARTICLE, **seen).content_hash != ARTICLE.content_hash  # type: ignore[arg-type]


def test_a_date_that_is_stamped_anew_changes_no_hash() -> None:
    stamped = replace(ARTICLE, published_at=MOMENT + timedelta(days=1), labels=(), guid="2", author="Lan")
    assert stamped.content_hash == ARTICLE.content_hash


def known(image_url: str | None, image_size: tuple[int, int] | None) -> Known:
    return Known(
        id=1,
        portal=ARTICLE.portal,
        story="x",
        url=ARTICLE.url,
        title=ARTICLE.title,
        summary=ARTICLE.summary,
        content=None,
        author=None,
        image_url=image_url,
        image_size=image_size,
        labels=(),
        categories=(),
        content_hash="",
        published_at=None,
    )


@pytest.mark.parametrize(
    ("said", "kept", "picture"),
    [
        ((None, None), ("a.jpg", (800, 450)), ("a.jpg", (800, 450))),
        (("a.jpg", None), ("a.jpg", (800, 450)), ("a.jpg", (800, 450))),
        (("a.jpg", (640, 360)), ("a.jpg", (800, 450)), ("a.jpg", (800, 450))),
        (("a.jpg", (640, 360)), ("a.jpg", None), ("a.jpg", (640, 360))),
        (("b.jpg", None), ("a.jpg", (800, 450)), ("b.jpg", None)),
        (("b.jpg", (640, 360)), ("a.jpg", (800, 450)), ("b.jpg", (640, 360))),
        (("b.jpg", (640, 360)), (None, None), ("b.jpg", (640, 360))),
    ],
)
def test_a_picture_keeps_its_size_and_another_brings_its_own(
    said: tuple[str | None, tuple[int, int] | None],
    kept: tuple[str | None, tuple[int, int] | None],
    picture: tuple[str | None, tuple[int, int] | None],
) -> None:
    article = replace(ARTICLE, image_url=said[0], image_size=said[1]).filled_from(known(*kept))
    assert (article.image_url, article.image_size) == picture


def test_a_size_that_is_told_later_changes_no_hash() -> None:
    shown = replace(ARTICLE, image_url="https://portal.example/a.jpg")
    assert replace(shown, image_size=(800, 450)).content_hash == shown.content_hash


def test_a_story_is_told_by_its_lead_and_dated_by_the_first_sight_where_the_portal_gave_no_date() -> None:
    dated = Telling(
        portal="a", url="u", title="t", published_at=MOMENT, first_seen_at=MOMENT + timedelta(hours=2)
    )
    undated = replace(dated, portal="b", published_at=None)
    story = Story(
        id="x",
        tag="tag:x",
        title="t",
        summary="",
        content=None,
        url="u",
        author=None,
        image_url=None,
        announced_at=MOMENT,
        updated_at=MOMENT,
        categories=(),
        tellings=(dated, undated),
    )
    assert (story.lead, story.told_at) == (dated, MOMENT)
    assert replace(story, tellings=(undated, dated)).told_at == MOMENT + timedelta(hours=2)


def test_a_catalogue_lists_sources_by_portal_and_finds_a_category() -> None:
    def portal(name: str, *urls: str) -> Portal:
        sources = tuple(
            Source(portal=name, url=url, read=Read.FEED, every=timedelta(hours=1)) for url in urls
        )
        return Portal(id=name, name=name, home="https://x.example/", hosts=("x.example",), sources=sources)

    category = Category(slug="khac", title="Khác", title_en="Other", description="")
    catalogue = Catalogue(
        portals=MappingProxyType({"a": portal("a", "1", "2"), "b": portal("b", "3")}), categories=(category,)
    )
    assert [source.url for source in catalogue.sources] == ["1", "2", "3"]
    assert catalogue.category("khac") is category
    assert catalogue.category("none") is None
