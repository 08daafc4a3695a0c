"""Commands about news: check the catalogue, collect, publish."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from syndication.bootstrap import House
from syndication.cli import show
from syndication.cli.opening import open_house
from syndication.collect.categorise import Categoriser
from syndication.collect.pipeline import Result
from syndication.collect.pipeline import collect as collect_sources
from syndication.collect.probe import Looked, look
from syndication.errors import CatalogueError
from syndication.publish.pipeline import export
from syndication.publish.pipeline import publish as publish_stories

_STYLES = {Result.NEW: "green", Result.FAILED: "red", Result.SKIPPED: "dim", Result.HELD: "yellow"}


@click.command()
@click.option(
    "--live", is_flag=True, help="Also read every source once, keep nothing, and say which are broken."
)
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def check(live: bool, json_wanted: bool) -> None:
    """Check feeds/: every mistake by file and key, and labels that lead to no category."""
    house = open_house()
    errors: list[dict[str, str]] = []
    unmapped: list[str] = []
    looked: list[Looked] = []
    try:
        catalogue = house.catalogue
        categoriser = Categoriser.of(catalogue.categories)
        unmapped = categoriser.unmapped(source.label for source in catalogue.sources if source.label)
        looked = _look(house, quiet=json_wanted) if live else []
    except CatalogueError as trouble:
        errors = [asdict(mistake) for mistake in trouble.mistakes]
        if not json_wanted:
            raise
    broken = [one for one in looked if not one.well]
    well = not errors and not broken
    if json_wanted:
        found = {"well": well, "errors": errors, "unmapped_labels": unmapped}
        show.as_json(found | ({"live": [asdict(one) for one in looked]} if live else {}))
        sys.exit(0 if well else 1)
    for label in unmapped:
        click.echo(f"the label «{label}» leads to no category: add it to labels in categories.toml")
    click.echo(
        f"{len(catalogue.portals)} portals with {len(catalogue.sources)} sources, "
        f"{len(catalogue.categories)} categories: no mistakes"
    )
    if live:
        _tell_live(looked, house)
        click.echo(f"{len(looked)} sources read, {len(broken)} broken")
    sys.exit(0 if well else 1)


def _look(house: House, *, quiet: bool) -> list[Looked]:
    """Read every source once, with a bar to watch; by portal, the broken ones of each first."""
    looked: list[Looked] = []
    with _progress(quiet=quiet) as progress, house.open_fetcher() as fetcher:
        bar = progress.add_task("reading sources", total=len(house.catalogue.sources))
        for one in look(
            house.catalogue,
            fetcher=fetcher,
            sandbox=house.sandbox,
            now=house.now(),
            user_agent=house.user_agent,
        ):
            looked.append(one)
            progress.update(bar, advance=1, description=f"reading sources ({one.portal})")
    return sorted(looked, key=lambda one: (one.portal, one.well, one.url))


def _tell_live(looked: list[Looked], house: House) -> None:
    zone = house.settings.timezone
    table = show.table("portal", "", "items", "newest", "source")
    for one in looked:
        newest = f"{one.newest_at.astimezone(zone):%d/%m/%Y %H:%M}" if one.newest_at else ""
        table.add_row(
            show.cell(one.portal),
            show.cell("well", "green") if one.well else show.cell("broken", "red"),
            show.cell(one.items),
            show.cell(newest),
            show.cell(f"{one.url}\n{one.says}" if one.says else one.url),
        )
    show.console().print(table)


def _progress(*, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=show.console(),
        transient=True,
        disable=quiet,
    )


@click.command()
@click.argument("portals", nargs=-1, metavar="[PORTAL]…")
@click.option("--now", "at_once", is_flag=True, help="Also sources that are not due yet.")
@click.option("--trust", is_flag=True, help="Take what would be held because all of it is new at once.")
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def collect(portals: tuple[str, ...], at_once: bool, trust: bool, json_wanted: bool) -> None:
    """Read the sources that are due, of these portals or of all."""
    house = open_house()
    unknown = [portal for portal in portals if portal not in house.catalogue.portals]
    if unknown:
        raise click.UsageError(
            f"there is no portal {', '.join(unknown)}: ids are file names in {house.settings.feeds_dir}/portals"
        )
    began = time.monotonic()
    reports = []
    with _progress(quiet=json_wanted) as progress:
        total = sum(not portals or source.portal in portals for source in house.catalogue.sources)
        bar = progress.add_task("reading sources", total=total)
        for report in collect_sources(house.round, portals=portals, due_only=not at_once, trust=trust):
            reports.append(report)
            progress.update(bar, advance=1, description=f"reading sources ({report.portal})")
    seconds = round(time.monotonic() - began, 3)
    if json_wanted:
        keys = ("portal", "url", "result", "items", "new", "changed", "error", "next_at")
        sources = [{key: getattr(report, key) for key in keys} for report in reports]
        show.as_json({"sources": sources, "seconds": seconds})
    else:
        table = show.table("portal", "result", "items", "new", "changed", "")
        for report in sorted(reports, key=lambda one: (one.portal, one.url)):
            says = report.error or "; ".join((*report.notes, *report.dropped[:2]))
            table.add_row(
                show.cell(report.portal),
                show.cell(report.result, _STYLES.get(report.result, "")),
                *(show.cell(number) for number in (report.items, report.new, report.changed)),
                show.cell(says),
            )
        if reports:
            show.console().print(table)
        new = sum(report.new for report in reports)
        click.echo(f"{len(reports)} sources, {new} new articles, {seconds:.1f} s")
        if not reports:
            click.echo("nothing is due; --now reads everything at once")
    failed = [report for report in reports if report.result is Result.FAILED]
    read = [report for report in reports if report.result in (Result.NEW, Result.UNCHANGED)]
    if failed and not read:
        sys.exit(1)


@click.command()
@click.option(
    "--to", type=click.Path(file_okay=False, path_type=Path), help="Also write the documents as files."
)
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def publish(to: Path | None, json_wanted: bool) -> None:
    """Announce what was collected and build every feed anew."""
    house = open_house()
    done = publish_stories(house.press, everything=True)
    files = [str(path) for path in export(house.press, to=to)] if to else []
    if json_wanted:
        show.as_json(asdict(done) | {"files": files})
        return
    click.echo(f"{done.announced} new stories, {done.built} feeds built, {done.changed} documents changed")
    if done.waiting:
        click.echo(f"{done.waiting} stories come out in the next minutes: they are announced a second apart")
    if to:
        click.echo(f"{len(files)} files in {to}")
