"""Is everything well? One screen and an exit status."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import click

from syndication.bootstrap import House
from syndication.cli import show
from syndication.cli.opening import open_house
from syndication.errors import SyndicationError
from syndication.store.sources import SourceRecord

_MAIL_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalHealth:
    """How one portal's sources fare."""

    id: str
    state: str
    last_success_at: datetime | None
    last_new_at: datetime | None
    failures: int
    says: str


@click.command()
@click.option("--json", "json_wanted", is_flag=True, help="For machines.")
def doctor(json_wanted: bool) -> None:
    """Say whether everything is well, and what to do where it is not."""
    house = open_house()
    checks: list[dict[str, object]] = []

    def check(name: str, look: Callable[[], str]) -> bool:
        try:
            says, well = look(), True
        except SyndicationError as trouble:
            says, well = str(trouble), False
        checks.append({"name": name, "well": well, "says": says})
        return well

    readable = check(
        "catalogue", lambda: f"{len(house.catalogue.portals)} portals, {len(house.catalogue.sources)} sources"
    )
    stored = check("database", lambda: _database(house))
    check("mail", lambda: _mail(house))
    portals: list[PortalHealth] = []
    if readable and stored:
        portals = _portals(house)
        failing = [portal.id for portal in portals if portal.state == "failing"]
        checks.append(
            {
                "name": "portals",
                "well": not failing,
                "says": f"failing: {', '.join(failing)}" if failing else f"{len(portals)} without trouble",
            }
        )
    well = all(bool(one["well"]) for one in checks)
    if json_wanted:
        keys = PortalHealth.__dataclass_fields__
        rows = [{key: getattr(portal, key) for key in keys} for portal in portals]
        show.as_json({"well": well, "checks": checks, "portals": rows})
    else:
        _print(checks, portals, house)
    sys.exit(0 if well else 1)


def _print(checks: list[dict[str, object]], portals: list[PortalHealth], house: House) -> None:
    table = show.table("", "", "")
    for one in checks:
        mark = show.cell("well", "green") if one["well"] else show.cell("trouble", "red")
        table.add_row(mark, show.cell(one["name"]), show.cell(one["says"]))
    show.console().print(table)
    if portals:
        zone = house.settings.timezone
        listed = show.table("portal", "state", "last success", "last news", "")
        for portal in portals:
            times = (
                moment.astimezone(zone).strftime("%d/%m %H:%M") if moment else "never"
                for moment in (portal.last_success_at, portal.last_new_at)
            )
            style = {"failing": "red", "well": "green"}.get(portal.state, "dim")
            listed.add_row(
                show.cell(portal.id),
                show.cell(portal.state, style),
                *map(show.cell, times),
                show.cell(portal.says),
            )
        show.console().print(listed)


def _database(house: House) -> str:
    house.store.require_current()
    return f"{house.settings.database_url.partition(':')[0]}, at this program's version"


def _mail(house: House) -> str:
    parts = urlsplit(house.settings.smtp_url)
    host, port = parts.hostname or "", parts.port or _MAIL_PORTS[parts.scheme]
    try:
        with socket.create_connection((host, port), timeout=5):
            return f"{host}:{port} answers"
    except OSError as cause:
        raise SyndicationError(
            f"the mail server {host}:{port} cannot be reached ({cause.strerror or cause}): check SYNDICATION_SMTP_URL"
        ) from cause


def _portals(house: House) -> list[PortalHealth]:
    with house.store.read() as memory:
        records = memory.sources.all()
    wanted = {(source.portal, source.url) for source in house.catalogue.sources}
    by_portal: dict[str, list[SourceRecord]] = {portal: [] for portal in house.catalogue.portals}
    for record in records:
        if (record.portal, record.url) in wanted:
            by_portal[record.portal].append(record)
    return [_health(portal, found) for portal, found in by_portal.items()]


def _health(portal: str, records: list[SourceRecord]) -> PortalHealth:
    failing = [record for record in records if record.failures]
    successes = [record.succeeded_at for record in records if record.succeeded_at]
    news = [record.new_at for record in records if record.new_at]
    state = "failing" if failing else "well" if successes else "not read yet"
    return PortalHealth(
        id=portal,
        state=state,
        last_success_at=max(successes, default=None),
        last_new_at=max(news, default=None),
        failures=max((record.failures for record in records), default=0),
        says=failing[0].error or "" if failing else "",
    )
