"""One week of the digest: its states, what it says, and the deliveries that carry it to its readers.

States of an issue                    States of a delivery
    draft ── approve ──► approved         queued ─ claim ─► claimed ─ begin ─► sending ─► accepted
      ▲  ◄── any edit ──┘   │                ▲    (lease over)│          │  ├──► failed
      └───────┐            send              └───────────────┘          │  └──► deferred ─► claimed …
          compose again     ▼                                           └ (lease over) ─► uncertain
                         sending ──► sent

Only ``sending`` is ambiguous: it is recorded before the first byte of a message goes out, so a process
killed in it leaves a delivery of which nobody can know whether it arrived. That delivery becomes
``uncertain`` and stays it; the same bytes are sent once more, which mailboxes that know the Message-ID
drop.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from syndication.domain.week import IsoWeek


class IssueState(StrEnum):
    """Where an issue stands on its way to the readers."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"


class DeliveryState(StrEnum):
    """Where one issue stands on its way to one subscriber."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A portal that tells a story, as the digest names it."""

    id: str
    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One story as the digest prints it."""

    story: str
    category: str
    title: str
    url: str
    summary: str
    image_url: str | None
    told_at: datetime
    portals: tuple[Named, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The stories of one category in an issue."""

    category: str
    title: str
    entries: tuple[Entry, ...]
    more: int = 0
    """Stories of this week and category that found no room here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueContent:
    """All an issue says, frozen: what is approved, rendered and archived is exactly this."""

    week: IsoWeek
    subject: str
    hero: Entry | None
    sections: tuple[Section, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every story of the issue, the hero first."""
        return ((self.hero,) if self.hero else ()) + tuple(
            entry for section in self.sections for entry in section.entries
        )

    @property
    def portal_count(self) -> int:
        """How many different portals are named in the issue."""
        return len({portal.id for entry in self.entries for portal in entry.portals})

    @property
    def hash(self) -> str:
        """What an approval is bound to: any change of the content changes it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def only(self, categories: Collection[str]) -> IssueContent:
        """The issue for a reader who chose these categories; empty means everything.

        The hero stays where its category was chosen, and is given up otherwise.
        """
        if not categories:
            return self
        return replace(
            self,
            hero=self.hero if self.hero and self.hero.category in categories else None,
            sections=tuple(section for section in self.sections if section.category in categories),
        )

    def to_json(self) -> str:
        """Canonical JSON: the same content gives the same bytes."""

        def plain(value: object) -> Any:
            if isinstance(value, datetime):
                return value.isoformat()
            raise TypeError(f"{type(value).__name__} has no place in an issue")

        document = asdict(self) | {"week": str(self.week)}
        return json.dumps(document, default=plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> IssueContent:
        """Read what ``to_json`` wrote."""

        def entry(raw: dict[str, Any]) -> Entry:
            return Entry(
                **raw
                | {
                    "told_at": datetime.fromisoformat(raw["told_at"]),
                    "portals": tuple(Named(**portal) for portal in raw["portals"]),
                }
            )

        raw = json.loads(text)
        return cls(
            week=IsoWeek.parse(raw["week"]),
            subject=raw["subject"],
            hero=entry(raw["hero"]) if raw["hero"] else None,
            sections=tuple(
                Section(**section | {"entries": tuple(entry(one) for one in section["entries"])})
                for section in raw["sections"]
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue as the store keeps it."""

    id: str
    state: IssueState
    content: IssueContent
    hash: str
    composed_at: datetime
    approved_at: datetime | None
    approved_by: str | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One issue to one subscriber."""

    id: int
    issue: str
    subscriber: int
    email: str
    name: str
    categories: tuple[str, ...]
    """What this reader chose when the recipients were frozen; empty means everything."""
    state: DeliveryState
    attempts: int
    doubtful: bool
    """Some attempt ended without anybody knowing whether it arrived; two copies may exist."""
    code: int | None
    says: str | None
    message_id: str
    at: datetime | None
    """When the state last changed."""
