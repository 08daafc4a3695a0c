"""Says which feeds there are: everything, each category, each portal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from syndication.domain.portal import Catalogue
from syndication.publish.printable import nobodys_mail, without_markup

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
    # A feed's title is its author's name too.
    site = nobodys_mail(title) or "?"
    yield FeedPlan(
        name="all",
        title=site,
        description=f"Tin mới nhất từ {len(catalogue.portals)} cổng thông tin, gộp thành một dòng tin.",
    )
    for category in catalogue.categories:
        yield FeedPlan(
            name=category.slug,
            title=f"{nobodys_mail(category.title) or category.slug} – {site}",
            description=without_markup(category.description or category.title) or category.slug,
        )
    for portal in catalogue.portals.values():
        name = nobodys_mail(portal.name) or portal.id
        yield FeedPlan(
            name=f"portals/{portal.id}",
            title=f"{name} – {site}",
            description=f"Tin đăng trên cổng thông tin của {name}.",
            language=portal.language,
        )
