"""Every article of the demo, as seven softwares garble it, against what its portal really meant."""

from __future__ import annotations

import pytest

from syndication import text
from syndication.bootstrap import House
from syndication.collect.canonical import address_key
from syndication.collect.pipeline import collect
from syndication.demo.portals import DemoPortals
from syndication.demo.softwares.site import PICTURE_SIZE
from syndication.domain.article import ArticleKey, KeyKind, Known
from tests.cast import ObedientClock


@pytest.fixture
def kept(house: House, portals: DemoPortals) -> dict[str, Known]:
    """What is kept of each demo article whose time has come, by the article's key."""
    list(collect(house.round, due_only=False))
    found: dict[str, Known] = {}
    with house.store.read() as memory:
        for key, url in portals.articles.items():
            portal = house.catalogue.portals[portals.article(key).portal]
            name = ArticleKey(KeyKind.ADDRESS, address_key(url, portal=portal.id, hosts=portal.hosts))
            known = memory.articles.known_as([name]).get(name)
            if known:
                found[key] = known
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_article_keeps_its_title_date_lead_picture_and_link(
    kept: dict[str, Known], portals: DemoPortals, clock: ObedientClock
) -> None:
    told = {key: portals.article(key) for key in portals.articles}
    due = {key: article for key, article in told.items() if article.published_at <= clock()}
    assert len(due) >= 60
    # What has left a portal's short lists cannot be collected.
    missed = sorted(set(due) - set(kept))
    assert len(missed) <= 8, missed
    wrong: list[str] = []
    for key, read in kept.items():
        article = told[key]
        for what, found, meant in (
            ("title", text.one_line(read.title), text.one_line(article.title)),
            ("date", read.published_at, article.published_at),
            ("picture", read.image_url is not None, article.picture is not None),
            ("lead", text.fold(read.summary)[:40], text.fold(article.lead)[:40]),
            ("portal", read.portal, article.portal),
        ):
            if found != meant:
                wrong.append(f"{article.portal} {key}: {what} is {found!r}, and was meant as {meant!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_picture_has_a_size_that_is_not_its_own(kept: dict[str, Known], portals: DemoPortals) -> None:
    sized = {key: read.image_size for key, read in kept.items() if read.image_size}
    assert set(sized.values()) == {PICTURE_SIZE}
    # Those of the others squeeze their pictures into a box of the page, or say the width only.
    assert {portals.article(key).portal for key in sized} == {"nguyet-giang", "song-dao"}
