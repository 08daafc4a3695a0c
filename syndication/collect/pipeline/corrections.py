"""What people decide about stories: part, withdraw, restore, say where one belongs. No rule undoes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from syndication.collect import canonical
from syndication.collect.pipeline.keeper import mint
from syndication.collect.pipeline.round import Round
from syndication.collect.pipeline.settle import Newsroom, settle
from syndication.domain.story import Standing, feed_names
from syndication.errors import StoryError
from syndication.store import Memory
from syndication.store.joins import Join


def part(house: Round, story: str, portal: str, *, by: str) -> str:
    """Give what a portal tells a story of its own, for good; returns that story's id.

    The story that was joined keeps its id and loses that telling; the new one is announced as news. Raises StoryError
    where the portal does not tell the story, or nobody else does.
    """
    newsroom, now = Newsroom.of(house.catalogue, house.links), house.now()
    with house.store.write() as memory:
        memory.alone()
        standing_of(memory, story)
        telling = memory.articles.telling(story)
        article = next((one for one in telling if one.portal == portal), None)
        if article is None:
            told = ", ".join(one.portal for one in telling) or "nobody"
            raise StoryError(f"{portal} does not tell story {story}; it is told by {told}")
        if len(telling) == 1:
            raise StoryError(f"only {portal} tells story {story}: there is nothing to part")
        hosts = house.catalogue.portals[portal].hosts if portal in house.catalogue.portals else ()
        address = canonical.address_key(article.url, portal=portal, hosts=hosts)
        parted = mint(memory, portal, address, newsroom=newsroom, now=now)
        if not memory.joins.undo(article.id, story, by=by, now=now):
            # It came first and others joined it: what is remembered is that a person told them apart.
            other = next(one.id for one in telling if one.id != article.id)
            memory.joins.add(_told_apart(article.id, story, other, by=by, now=now))
        memory.articles.tell(article.id, parted)
        memory.stories.led_by(parted, article.id)
        settle(memory, parted, newsroom=newsroom, now=now)
        settle(memory, story, newsroom=newsroom, now=now)
    return parted


def _told_apart(article: int, story: str, other: int, *, by: str, now: datetime) -> Join:
    why = "Others were joined to it, and a person told them apart."
    return Join(
        article=article,
        story=story,
        other=other,
        score=0.0,
        why=why,
        joined_at=now,
        undone_at=now,
        undone_by=by,
    )


def withdraw(house: Round, story: str, *, why: str) -> None:
    """Take a story out of feeds, pages and coming digests; nothing brings it back but ``restore``."""
    with house.store.write() as memory:
        memory.alone()
        if standing_of(memory, story).withdrawn_at is not None:
            raise StoryError(f"story {story} is withdrawn already")
        memory.stories.withdraw(story, why=why, now=house.now())


def restore(house: Round, story: str) -> None:
    """Let a withdrawn story stand again where it stood, with all who told it."""
    with house.store.write() as memory:
        memory.alone()
        if standing_of(memory, story).withdrawn_at is None:
            raise StoryError(f"story {story} is not withdrawn")
        memory.looks.back(story)
        feeds = feed_names(memory.stories.reasons(story), memory.stories.portals(story))
        memory.stories.restore(story, feeds, now=house.now())


def file(house: Round, story: str, slugs: Sequence[str], *, by: str) -> None:
    """Put a story into exactly these categories; no rule moves it any more."""
    unknown = [slug for slug in slugs if house.catalogue.category(slug) is None]
    if unknown:
        known = ", ".join(category.slug for category in house.catalogue.categories)
        raise StoryError(f"there is no category {', '.join(unknown)}; there are {known}")
    now = house.now()
    with house.store.write() as memory:
        memory.alone()
        standing_of(memory, story)
        memory.stories.file(story, slugs, by=by, now=now)
        memory.stories.mark_stale(memory.stories.feeds_of(story), now=now)
        memory.stories.place(story, feed_names(slugs, memory.stories.portals(story)), now=now)


def standing_of(memory: Memory, story: str) -> Standing:
    """How a story stands; raises StoryError where there is none."""
    standing = memory.stories.standing(story)
    if standing is None:
        raise StoryError(f"there is no story {story}: its id stands at the end of its page's address")
    return standing
