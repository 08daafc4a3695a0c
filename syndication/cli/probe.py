"""The command that finds out how to read a portal and writes its file."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from syndication import text
from syndication.bootstrap import House
from syndication.catalogue import read_catalogue
from syndication.cli import show
from syndication.cli.opening import open_house
from syndication.collect.probe import Probed, as_toml, id_from, twins
from syndication.collect.probe import probe as probe_portal
from syndication.errors import CatalogueError, SyndicationError


@click.command()
@click.argument("url")
@click.option(
    "--id", "portal", help="The portal's id, for ever the stem of its file. Default: from its host."
)
@click.option("--write", is_flag=True, help="Write the file into feeds/portals.")
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def probe(url: str, portal: str | None, write: bool, json_wanted: bool) -> None:
    """Find out how to read the portal at URL, and print the file that reads it.

    URL is the portal's front page, a list of its news, or a feed. What was found is told on standard error, so that
    standard output is the file.
    """
    if portal is not None and text.slug(portal) != portal:
        raise click.UsageError(f"{portal!r} is no id: lower-case letters, digits and single hyphens")
    house = open_house()
    url = url if "://" in url else f"https://{url}"
    if write:
        _refuse(house, portal or id_from(url), twins(url))
    with _working(f"probing {url}", quiet=json_wanted), house.open_fetcher() as fetcher:
        probed = probe_portal(
            url,
            fetcher=fetcher,
            sandbox=house.sandbox,
            now=house.now(),
            user_agent=house.user_agent,
            portal_id=portal,
        )
    toml = as_toml(probed) if probed.portal.sources else None
    written = _write(house, probed, toml) if write and toml else None
    if json_wanted:
        show.as_json(_document(probed, toml, written))
        sys.exit(0 if toml else 1)
    _tell(probed, house)
    if not toml:
        raise SyndicationError(
            f"nothing at {url} can be read: look in a browser for a list of its news or a feed, and probe that"
        )
    if written:
        click.echo(
            f"written to {written}: look through it, then `syndication collect {probed.portal.id} --now`"
        )
    else:
        click.echo(toml, nl=False)


@contextmanager
def _working(what: str, *, quiet: bool) -> Iterator[None]:
    """A sign of life while nothing else is to be seen."""
    console = Console(stderr=True, highlight=False, quiet=quiet)
    with console.status(what):
        yield


def _path(house: House, portal: str) -> Path:
    return house.settings.feeds_dir / "portals" / f"{portal}.toml"


def _refuse(house: House, portal: str, hosts: Collection[str]) -> None:
    """Raise where a file for this portal is there, under this id or another."""
    path = _path(house, portal)
    if path.exists():
        raise SyndicationError(
            f"{path} is there already: give another --id, or print the file without --write"
        )
    try:
        portals = house.catalogue.portals.values()
    except CatalogueError:
        return  # it may be empty; whatever else is wrong is told when the file is written
    for known in portals:
        if shared := set(hosts) & set(known.hosts):
            raise SyndicationError(
                f"{min(shared)} is read by portals/{known.id}.toml already: print the file without --write and see "
                "what is new in it"
            )


def _write(house: House, probed: Probed, toml: str) -> Path:
    """Write the file, and take it back should the catalogue not hold with it."""
    path = _path(house, probed.portal.id)
    _refuse(house, probed.portal.id, probed.portal.hosts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(toml)
    except OSError as cause:
        raise SyndicationError(
            f"{path} cannot be written ({cause.strerror}): make its folder writable"
        ) from cause
    try:
        read_catalogue(house.settings.feeds_dir)
    except SyndicationError:
        path.unlink()
        raise
    return path


def _tell(probed: Probed, house: House) -> None:
    console = Console(stderr=True, highlight=False)
    known = f"{probed.software}, by {probed.evidence}" if probed.evidence else probed.software
    console.print(show.cell(f"{probed.portal.name} · {probed.portal.home}", "bold"))
    console.print(show.cell(f"software: {known} · {probed.requests} requests"))
    zone = house.settings.timezone
    tried = show.table("", "address", "read as", "items", "dated", "")
    for one in probed.tried:
        tried.add_row(
            show.cell("taken", "green") if one.taken else show.cell("no", "dim"),
            show.cell(one.url),
            show.cell(one.read or ""),
            show.cell(one.items or ""),
            show.cell(one.dated if one.items else ""),
            show.cell(f"{one.found}: {one.says}" if one.says else one.found),
        )
    if probed.tried:
        console.print()
        console.print(tried)
    if probed.articles:
        articles = show.table("date", "title", "label", "image", "summary")
        for article in probed.articles:
            date = article.published_at
            articles.add_row(
                show.cell(f"{date.astimezone(zone):%d/%m/%Y %H:%M}") if date else show.cell("no date", "red"),
                show.cell(f"{article.title}\n{article.url}"),
                show.cell(", ".join(article.labels)),
                show.cell("yes" if article.image_url else "no"),
                show.cell(text.shorten(article.summary, 120)),
            )
        console.print()
        console.print(articles)
    for note in probed.notes:
        console.print(show.cell(f"note: {note}", "yellow"))
    console.print()


def _document(probed: Probed, toml: str | None, written: Path | None) -> dict[str, object]:
    portal = probed.portal
    return {
        "id": portal.id,
        "url": probed.url,
        "name": portal.name,
        "home": portal.home,
        "hosts": portal.hosts,
        "software": probed.software,
        "evidence": probed.evidence,
        "sources": [
            {
                "url": source.url,
                "read": source.read,
                "label": source.label,
                "dates": source.dates,
                "select": dict(source.select),
            }
            for source in portal.sources
        ],
        "articles": [
            {
                "title": article.title,
                "url": article.url,
                "published_at": article.published_at,
                "labels": article.labels,
                "image_url": article.image_url,
                "summary": article.summary,
            }
            for article in probed.articles
        ],
        "tried": [asdict(one) for one in probed.tried],
        "notes": probed.notes,
        "requests": probed.requests,
        "toml": toml,
        "written": str(written) if written else None,
    }
