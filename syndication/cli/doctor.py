"""Is everything well? One screen and an exit status."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import click

from syndication.bootstrap import House
from syndication.cli import show
from syndication.cli.opening import open_house
from syndication.collect import canonical
from syndication.collect.pipeline.withdrawals import MOST_MISSING
from syndication.collect.timing import is_silent
from syndication.digest.pipeline.tally import issue_status
from syndication.domain.issue import IssueState
from syndication.domain.portal import Portal
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
        troubled = [
            f"{one.id} ({one.state})" for one in portals if one.state in ("failing", "moved", "silent")
        ]
        says = ", ".join(troubled) or f"{len(portals)} without trouble"
        check("withdrawals", lambda: _withdrawals(house))
        check("stories", lambda: _stories(house))
        check("digest", lambda: _digest(house))
        checks.append({"name": "portals", "well": not troubled, "says": says})
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
            style = {"failing": "red", "moved": "yellow", "silent": "yellow", "well": "green"}.get(
                portal.state, "dim"
            )
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


def _withdrawals(house: House) -> str:
    with house.store.read() as memory:
        missing = memory.looks.missing()
    many = [f"{portal} ({count})" for portal, count in sorted(missing.items()) if count > MOST_MISSING]
    if many:
        raise SyndicationError(
            f"many articles' pages are gone at once: {', '.join(many)}. Nothing is withdrawn by itself; see whether "
            "the portal has a new system, and write its new addresses into its file"
        )
    return f"{sum(missing.values())} articles' pages are missing and looked at again"


def _stories(house: House) -> str:
    with house.store.read() as memory:
        joined, undone = memory.joins.count(since=house.now() - timedelta(days=7))
    return (
        f"{joined} articles joined to stories of other portals in seven days, {undone} of them parted by a person; "
        "`syndication stories show STORY` says why"
    )


def _digest(house: House) -> str:
    office = house.office
    with office.store.read() as memory:
        issue, relay = memory.issues.newest(), memory.relay.state()
        home = memory.relay.here()
    if relay.home and relay.home != home:
        raise SyndicationError(
            "this database was copied or moved since it last sent mail, so it sends none: if no other copy sends, "
            "say so with `syndication digest send --here`"
        )
    if relay.resume_at:
        at = f"{relay.resume_at.astimezone(house.settings.timezone):%H:%M}"
        raise SyndicationError(f"the mail server was out of order, it is tried again at {at}: {relay.says}")
    if issue is None:
        return "no issue yet"
    if issue.state is IssueState.PAUSED:
        raise SyndicationError(
            f"issue {issue.id} is paused ({issue.says}): mend that, then `syndication digest resume {issue.id}`"
        )
    status = issue_status(office, issue.id)
    if issue.state is IssueState.DRAFT:
        return f"issue {issue.id} is a draft and waits for `syndication digest approve {issue.id}`"
    counts = ", ".join(f"{count} {state}" for state, count in status.counts.items()) or "no deliveries yet"
    return f"issue {issue.id} is {issue.state}: {counts}"


def _portals(house: House) -> list[PortalHealth]:
    with house.store.read() as memory:
        records = memory.sources.all()
    wanted = {(source.portal, source.url) for source in house.catalogue.sources}
    by_portal: dict[str, list[SourceRecord]] = {portal: [] for portal in house.catalogue.portals}
    for record in records:
        if (record.portal, record.url) in wanted:
            by_portal[record.portal].append(record)
    return [
        _health(house.catalogue.portals[portal], found, now=house.now())
        for portal, found in by_portal.items()
    ]


def _health(portal: Portal, records: list[SourceRecord], *, now: datetime) -> PortalHealth:
    """One portal's state, the worst of its sources': moved, failing, silent, well, or not read yet.

    A move comes before the failure that follows from it: on a host that nobody has confirmed nothing is read.
    """
    successes = [record.succeeded_at for record in records if record.succeeded_at]
    news = [record.new_at for record in records if record.new_at]
    state, says = "well" if successes else "not read yet", ""
    if news and all(_is_silent(record, now=now) for record in records if record.new_at):
        days = (now - max(news)).days
        state, says = "silent", f"nothing new for {days} days, unusual for this portal: look at its site"
    if failing := next((record for record in records if record.failures), None):
        state, says = "failing", f"{failing.url}: {failing.error}"
    if noted := next((record for record in records if record.note), None):
        says = says or f"{noted.url}: {noted.note}"
    if moved := next((record for record in records if _moved_away(record, portal)), None):
        state = "moved"
        says = (
            f"{moved.url} has moved for good to {moved.moved_to}: if that is right, add "
            f'"{canonical.host_of(moved.moved_to or "")}" to hosts in portals/{portal.id}.toml, and nothing old is '
            "announced again"
        )
    return PortalHealth(
        id=portal.id,
        state=state,
        last_success_at=max(successes, default=None),
        last_new_at=max(news, default=None),
        failures=max((record.failures for record in records), default=0),
        says=says,
    )


def _is_silent(record: SourceRecord, *, now: datetime) -> bool:
    gap = timedelta(seconds=record.usual_gap) if record.usual_gap is not None else None
    return is_silent(usual_gap=gap, new_at=record.new_at, now=now)


def _moved_away(record: SourceRecord, portal: Portal) -> bool:
    """Whether a source leads to a host that the portal's file does not name."""
    return record.moved_to is not None and not canonical.belongs_to(record.moved_to, portal.hosts)
