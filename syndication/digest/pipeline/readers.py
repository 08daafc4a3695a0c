"""The digest's readers: a file of them is imported, and each may leave."""

from __future__ import annotations

from dataclasses import dataclass, field

from syndication.digest.pipeline.office import UNSUBSCRIBE, Office
from syndication.digest.roster import read_roster
from syndication.domain.subscriber import RefusedLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What became of a file of subscribers."""

    added: int
    updated: int
    refused: list[RefusedLine] = field(default_factory=list)


def enrol(office: Office, csv: bytes) -> Enrolled:
    """Import a CSV of subscribers; usable lines are taken, the others are named with what is wrong."""
    slugs = frozenset(category.slug for category in office.catalogue.categories)
    registrations, refused = read_roster(csv, categories=slugs)
    with office.store.write() as memory:
        added, updated, gone = memory.subscribers.register(registrations, now=office.now())
    refused += [
        RefusedLine(line=one.line, says=f"{one.email} has unsubscribed: only they can subscribe again")
        for one in gone
    ]
    return Enrolled(added=added, updated=updated, refused=sorted(refused, key=lambda one: one.line))


def unsubscribe(office: Office, token: str, *, really: bool) -> bool:
    """Whether this token is one of ours; with ``really`` the reader behind it gets nothing more."""
    subject = office.signer.read(UNSUBSCRIBE, token)
    if subject is None or not subject.isdigit():
        return False
    if really:
        now = office.now()
        with office.store.write() as memory:
            memory.subscribers.unsubscribe(int(subject), now=now)
            memory.deliveries.suppress(int(subject), says="unsubscribed", now=now)
    return True
