"""The digest's readers as an operator keeps them: imported from a list, written out, erased at their request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from syndication.digest.pipeline.office import Office
from syndication.digest.roster import read_address, read_roster, state_of, write_roster
from syndication.domain.subscriber import (
    Cause,
    Consent,
    ConsentEvent,
    RefusedLine,
    Registration,
    Subscriber,
    SubscriberState,
)
from syndication.store import Memory

AT_ONCE = 2000
"""Addresses asked about in one statement; databases take some 32 000 values."""

_SUPPRESSED: Mapping[Cause, str] = {
    Cause.UNSUBSCRIBED: "has unsubscribed: only they can subscribe again",
    Cause.BOUNCED: "mail to it came back: correct the address, or let them subscribe again",
    Cause.COMPLAINED: "was reported as unwanted mail: only they can subscribe again",
    Cause.ERASED: "was erased at their request: only they can subscribe again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What became of a file of subscribers."""

    added: int
    updated: int
    refused: list[RefusedLine] = field(default_factory=list)
    groundless: int = 0
    """Readers of the file for whom no legal ground is on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was removed about a person."""

    reader: bool
    """Whether they were on record as a reader."""
    sign_up: bool
    """Whether they had asked for the digest and not confirmed."""
    deliveries: int
    """Mails that were theirs; they stay countable, without the address."""
    before: bool = False
    """They had been erased before, and nothing was left to remove."""


def enrol(office: Office, csv: bytes, *, basis: str = "") -> Enrolled:
    """Import a CSV of subscribers; usable lines are taken, the others are named with what is wrong.

    ``basis`` is the legal ground of lines that give none; without it a known reader's stays. Who is not to be written
    to is never brought back by a list, and what readers themselves chose is not changed by one. Raises RosterError
    when nothing can be read.
    """
    slugs = frozenset(category.slug for category in office.catalogue.categories)
    listed, refused = read_roster(csv, categories=slugs, portals=frozenset(office.catalogue.portals))
    now = office.now()
    with office.store.write() as memory:
        known = {one.email.lower(): one for one in memory.subscribers.all()}
        wanted: list[Registration] = []
        for one, cause, chose in _looked_up(office, memory, listed):
            if cause:
                refused.append(_refused(one, cause))
                continue
            there = known.get(one.email_key)
            ours = replace(one, basis=one.basis or basis or (there.basis if there else ""))
            if there and chose:
                ours = replace(
                    ours,
                    categories=there.categories,
                    portals=there.portals,
                    language=there.language,
                    basis=there.basis,
                )
            wanted.append(ours)
        added, updated, gone = memory.subscribers.register(wanted, now=now)
        refused += [_refused(one, _cause(known[one.email_key])) for one in gone if one.email_key in known]
        away = {one.email_key for one in gone}
        groundless = sum(not one.basis and one.email_key not in away for one in wanted)
        memory.consents.note(
            *(
                Consent(
                    address=office.addresses(one.email_key)[0],
                    event=ConsentEvent.IMPORTED,
                    how="import",
                    words=one.basis,
                    network="",
                    at=now,
                )
                for one in wanted
                if one.email_key not in away and _ground(known.get(one.email_key)) != one.basis
            )
        )
    return Enrolled(
        added=added, updated=updated, refused=sorted(refused, key=lambda one: one.line), groundless=groundless
    )


def _ground(reader: Subscriber | None) -> str | None:
    """The legal ground on record; None for nobody."""
    return reader.basis if reader else None


def _looked_up(
    office: Office, memory: Memory, listed: Sequence[Registration]
) -> Iterator[tuple[Registration, Cause | None, bool]]:
    """Each line with why its address is not written to, and whether its reader chose for themselves."""
    for first in range(0, len(listed), AT_ONCE):
        some = [(one, office.addresses(one.email_key)) for one in listed[first : first + AT_ONCE]]
        hashes = [address for _, addresses in some for address in addresses]
        causes = memory.consents.suppressed_among(hashes)
        chose = memory.consents.chosen_among(hashes)
        for one, addresses in some:
            cause = next((causes[address] for address in addresses if address in causes), None)
            yield one, cause, not chose.isdisjoint(addresses)


def _cause(reader: Subscriber) -> Cause:
    if reader.state in (SubscriberState.BOUNCED, SubscriberState.COMPLAINED):
        return Cause(reader.state)
    return Cause.UNSUBSCRIBED


def _refused(one: Registration, cause: Cause) -> RefusedLine:
    return RefusedLine(line=one.line, says=f"{one.email} {_SUPPRESSED[cause]}")


def export_all(office: Office) -> str:
    """Everyone on record as a CSV that ``enrol`` reads; who left stands in it with their state."""
    with office.store.read() as memory:
        return write_roster(memory.subscribers.all(), now=office.now())


def export_one(office: Office, email: str) -> dict[str, Any] | None:
    """All that is kept about one person, as a plain document; None where there is nothing."""
    key, now = _key(email), office.now()
    addresses = office.addresses(key)
    with office.store.read() as memory:
        reader = memory.subscribers.find(key)
        sign_up = memory.sign_ups.find(key, now=now)
        consents = memory.consents.of(addresses)
        suppressed = memory.consents.suppressed(addresses)
        deliveries = memory.deliveries.of_subscriber(reader.id) if reader else []
    if not (reader or sign_up or consents or suppressed):
        return None
    return {
        "email": email.strip(),
        "reader": asdict(reader) | {"state": state_of(reader, now=now)} if reader else None,
        "asked": asdict(sign_up) if sign_up else None,
        "not_written_to": suppressed,
        "consents": [asdict(one) for one in consents],
        "deliveries": [asdict(one) for one in deliveries],
    }


def erase(office: Office, email: str, *, how: str) -> Erased | None:
    """Remove all about a person; None where nothing was on record. May be repeated.

    What stays: a keyed hash of the address, so that no list brings it back, the record of consent under that hash,
    and mails that went out, counted without saying to whom. ``how`` it was asked for: ``command line``.
    """
    key, now = _key(email), office.now()
    addresses = office.addresses(key)
    with office.store.write() as memory:
        reader = memory.subscribers.find(key)
        asked = memory.sign_ups.forget(key)
        memory.mails.forget(key)
        if not reader and not asked:
            if memory.consents.suppressed(addresses) is Cause.ERASED:
                return Erased(reader=False, sign_up=False, deliveries=0, before=True)
            return None
        deliveries = 0
        if reader:
            deliveries = len(memory.deliveries.of_subscriber(reader.id))
            instead = f"erased-{reader.id}"
            memory.deliveries.suppress(reader.id, says="erased", now=now)
            memory.bounces.forget(reader.id)
            memory.deliveries.forget(reader.id, instead=instead)
            memory.issues.forget(reader.id, instead=instead)
            memory.subscribers.erase(reader.id, instead=instead, now=now)
        memory.consents.forget_words(addresses)
        memory.consents.suppress(addresses[0], why=Cause.ERASED, says="at their request", now=now)
        memory.consents.note(
            Consent(address=addresses[0], event=ConsentEvent.ERASED, how=how, words="", network="", at=now)
        )
    office.store.forget_for_good()
    return Erased(reader=reader is not None, sign_up=asked, deliveries=deliveries)


def _key(email: str) -> str:
    """An address as compared; what is no address is compared as it stands."""
    found = read_address(email)
    return found.key if found else email.strip().lower()
