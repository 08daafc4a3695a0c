"""Says which feeds there are: everything, each category, each portal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from syndication.domain.portal import Catalogue

NEWEST = 50
"""Stories in a feed's current document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPlan:
    """One feed we publish: its name in addresses and what it calls itself."""

    name: str
    title: str
    description: str
    language: str = "vi"


def plan_feeds(catalogue: Catalogue, *, title: str) -> Iterator[FeedPlan]:
    """Every feed of this catalogue, in the order in which people are shown them. ``title`` is the site's."""
    yield FeedPlan(
        name="all",
        title=title,
        description=f"Tin mới nhất từ {len(catalogue.portals)} cổng thông tin, gộp thành một dòng tin.",
    )
    for category in catalogue.categories:
        yield FeedPlan(
            name=category.slug,
            title=f"{category.title} – {title}",
            description=category.description or category.title,
        )
    for portal in catalogue.portals.values():
        yield FeedPlan(
            name=f"portals/{portal.id}",
            title=f"{portal.name} – {title}",
            description=f"Tin đăng trên cổng thông tin của {portal.name}.",
            language=portal.language,
        )
