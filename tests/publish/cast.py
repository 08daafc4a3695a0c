"""What publishing is tested with: one catalogue, stories of every kind, and every format of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from syndication.domain.portal import Catalogue, Category, Portal
from syndication.domain.story import Story, Telling
from syndication.links import FeedFormat, Links
from syndication.publish.entry import Edition, entries_of
from syndication.publish.pipeline import FORMATS
from syndication.publish.select import FeedPlan

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LINKS = Links("https://tin.example.vn")
CATALOGUE = Catalogue(
    portals=MappingProxyType(
        {
            portal.id: portal
            for portal in (
                Portal(
                    id="song-dao",
                    name="Trung tâm CNTT&TT tỉnh Sông Đào",
                    home="https://songdao.example/",
                    hosts=("songdao.example",),
                    sources=(),
                ),
                Portal(
                    id="far-away",
                    name="Far Away Agency",
                    home="https://faraway.example/",
                    hosts=("faraway.example",),
                    sources=(),
                    language="en",
                ),
            )
        }
    ),
    categories=(
        Category(slug="chuyen-doi-so", title="Chuyển đổi số", title_en="Digital", description="Số"),
        Category(slug="khac", title="Khác", title_en="Other", description="Tin khác"),
    ),
)
PLAN = FeedPlan(name="all", title="Điểm tin TT&TT", description="Mọi tin")


def a_story(title: str = "Hội nghị chuyển đổi số", *, number: int = 1, **more: object) -> Story:
    """A story announced that many minutes before NOW."""
    at = NOW - timedelta(minutes=number)
    telling = Telling(
        portal="song-dao",
        url=f"https://songdao.example/{number}.html",
        title=title,
        published_at=at - timedelta(hours=1),
        first_seen_at=at,
    )
    story = Story(
        id=f"tin{number}",
        tag=LINKS.story_tag(f"tin{number}"),
        title=title,
        summary="Tóm tắt của tin.",
        content=None,
        url=telling.url,
        author=None,
        image_url="https://songdao.example/anh.jpg",
        announced_at=at,
        updated_at=at,
        categories=("khac",),
        tellings=(telling,),
    )
    return replace(story, **more)  # type: ignore[arg-type]


def edition(*stories: Story, **more: object) -> Edition:
    """A document of the feed «all» with these stories."""
    entries = entries_of(stories, catalogue=CATALOGUE, links=LINKS)
    return Edition(plan=PLAN, entries=entries, **more)  # type: ignore[arg-type]


def printed(*stories: Story, **more: object) -> dict[FeedFormat, bytes]:
    """Every format of it."""
    whole = edition(*stories, **more)
    return {form: build(whole, LINKS) for form, build in FORMATS.items()}
