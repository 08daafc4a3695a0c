"""Commands about stories: see why one is as it is, and correct it."""

from __future__ import annotations

import getpass
from dataclasses import asdict

import click

from syndication.cli import show
from syndication.cli.opening import open_house
from syndication.collect.pipeline import corrections
from syndication.publish.pipeline import publish

BY = click.option("--by", default=getpass.getuser, show_default="you", help="Who decides; it is kept.")


@click.group()
def stories() -> None:
    """Stories: why one is as it is, and what to do where it is wrong.

    STORY is the id at the end of a story page's address. What a person decides here no rule undoes.
    """


@stories.command(name="show")
@click.argument("story")
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def show_(story: str, json_wanted: bool) -> None:
    """Who tells a story, why they were joined, and why it stands in its categories."""
    house = open_house()
    with house.store.read() as memory:
        standing = corrections.standing_of(memory, story)
        telling = memory.articles.telling(story)
        joins = memory.joins.of(story)
        reasons = memory.stories.reasons(story)
    if json_wanted:
        show.as_json(
            asdict(standing)
            | {
                "articles": [
                    {
                        "portal": one.portal,
                        "url": one.url,
                        "title": one.title,
                        "published_at": one.published_at,
                    }
                    for one in telling
                ],
                "joins": [asdict(join) for join in joins],
                "categories": reasons,
            }
        )
        return
    zone = house.settings.timezone
    for name, at in (("announced", standing.announced_at), ("kept back", standing.kept_back_at)):
        if at:
            click.echo(f"{name} {at.astimezone(zone):%d/%m/%Y %H:%M:%S}")
    if standing.withdrawn_at:
        click.echo(
            f"withdrawn {standing.withdrawn_at.astimezone(zone):%d/%m/%Y %H:%M}: {standing.withdrawn_why}"
        )
    why = {join.article: join.why for join in joins if join.undone_at is None}
    for one in telling:
        leads = " (leads)" if one.id == standing.lead_article else ""
        click.echo(f"\n{one.portal}{leads}: {one.title}\n  {one.url}")
        if one.id in why:
            click.echo(f"  joined: {why[one.id]}")
    for join in joins:
        if join.undone_at:
            click.echo(f"\nparted by {join.undone_by} {join.undone_at.astimezone(zone):%d/%m/%Y}: {join.why}")
    click.echo()
    for slug, reason in reasons.items():
        click.echo(f"{slug}: {reason}")


@stories.command()
@click.argument("story")
@click.argument("portal")
@BY
def part(story: str, portal: str, by: str) -> None:
    """Give what PORTAL tells a story of its own: it is other news."""
    house = open_house()
    parted = corrections.part(house.round, story, portal, by=by)
    publish(house.press)
    click.echo(f"{portal} tells story {parted} now; it is announced as news")


@stories.command()
@click.argument("story")
@click.option("--why", required=True, help="Kept with the story.")
def withdraw(story: str, why: str) -> None:
    """Take a story out of feeds, pages and coming digests."""
    house = open_house()
    corrections.withdraw(house.round, story, why=why)
    publish(house.press)
    click.echo(f"story {story} is withdrawn; `syndication stories restore {story}` brings it back")


@stories.command()
@click.argument("story")
def restore(story: str) -> None:
    """Let a withdrawn story stand again where it stood."""
    house = open_house()
    corrections.restore(house.round, story)
    publish(house.press)
    click.echo(f"story {story} stands again")


@stories.command()
@click.argument("story")
@click.argument("categories", nargs=-1, required=True, metavar="CATEGORY…")
@BY
def file(story: str, categories: tuple[str, ...], by: str) -> None:
    """Put a story into exactly these categories, by their slugs."""
    house = open_house()
    corrections.file(house.round, story, categories, by=by)
    publish(house.press)
    click.echo(f"story {story} stands in {', '.join(categories)}")
