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
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from syndication.domain.week import IsoWeek


class IssueState(StrEnum):
    """Where an issue stands on its way to the readers."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


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
    CANCELLED = "cancelled"
    EXPIRED = "expired"


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
    why: str = ""
    """Why it stands where it stands, in words for the editor; no reader sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The stories of one category in an issue."""

    category: str
    title: str
    entries: tuple[Entry, ...]
    more: int = 0
    """Stories of this week and category that found no room here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """A story about something that is still to come, on a day the portal names."""

    starts_on: date
    ends_on: date
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many stories of one category the portals told, whether the issue prints them or not."""

    category: str
    title: str
    stories: int


_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What an editor asked for. Composing the week again does all of it again."""

    hero: str | None = None
    """The story that leads the issue."""
    pinned: tuple[str, ...] = ()
    """Stories that stand among the highlights, in this order."""
    dropped: tuple[str, ...] = ()
    """Stories that are left out."""
    titles: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """What a story is called in the digest; its portal's page keeps its own title."""
    moved: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """The section a story stands in, by the category's slug."""
    places: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    """A story's place in its section, from 1."""
    note: str = ""
    """A word from the editor above the first story."""
    subject: str = ""
    """In place of the subject that names the week."""

    def to_json(self) -> dict[str, Any]:
        """A plain document with what was asked for and nothing else."""
        return {
            name: dict(value) if isinstance(value, Mapping) else value
            for name in self.__slots__
            if (value := getattr(self, name))
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> Edits:
        """Read what ``to_json`` made."""
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in (document or {}).items()
        }
        return cls(**given)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueContent:
    """All an issue says, frozen: what is approved, rendered and archived is exactly this."""

    week: IsoWeek
    subject: str
    hero: Entry | None
    sections: tuple[Section, ...]
    highlights: tuple[Entry, ...] = ()
    """What matters most after the hero, whatever its category; it does not stand in its section again."""
    upcoming: tuple[Upcoming, ...] = ()
    """What is still to come, the next first."""
    note: str = ""
    """A word from the editor."""
    tally: tuple[Tally, ...] = ()
    """All that was told in this time, by category in the order of the catalogue."""
    portals_heard: int = 0
    """Portals that told something in this time."""
    begins: IsoWeek | None = None
    """The first week it tells of, where weeks before its own had no issue."""

    @property
    def first_week(self) -> IsoWeek:
        """The first week it tells of; mostly its own."""
        return self.begins or self.week

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every story of the issue in the order in which it is printed, the hero first."""
        return (
            *((self.hero,) if self.hero else ()),
            *self.highlights,
            *(entry for section in self.sections for entry in section.entries),
            *(event.entry for event in self.upcoming),
        )

    @property
    def stories_told(self) -> int:
        """How many stories were told in this time, whether the issue prints them or not."""
        return sum(one.stories for one in self.tally) or len(self.entries)

    @property
    def portal_count(self) -> int:
        """How many different portals are named in the issue."""
        return len({portal.id for entry in self.entries for portal in entry.portals})

    @property
    def hash(self) -> str:
        """What an approval is bound to: any change of the content changes it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def only(self, categories: Collection[str], portals: Collection[str] = ()) -> IssueContent:
        """The issue for a reader who chose these categories and portals; none of either means all of them.

        A story is shown when any portal that tells it was chosen. The hero stays where it was chosen; otherwise the
        first highlight with a picture takes its place.
        """
        if not categories and not portals:
            return self

        def chosen(category: str) -> bool:
            return not categories or category in categories

        def wanted(entry: Entry) -> bool:
            told = not portals or any(portal.id in portals for portal in entry.portals)
            return told and chosen(entry.category)

        return replace(
            self._printing(wanted),
            tally=tuple(one for one in self.tally if chosen(one.category)),
        )

    def without(self, stories: Collection[str]) -> IssueContent:
        """The issue less these stories: what was withdrawn after it was composed is not sent."""
        if not any(entry.story in stories for entry in self.entries):
            return self
        return self._printing(lambda entry: entry.story not in stories)

    def _printing(self, wanted: Callable[[Entry], bool]) -> IssueContent:
        hero = self.hero if self.hero and wanted(self.hero) else None
        highlights = tuple(entry for entry in self.highlights if wanted(entry))
        if self.hero and not hero:
            hero = next((entry for entry in highlights if entry.image_url and entry.summary), None)
        sections = (
            replace(section, entries=tuple(entry for entry in section.entries if wanted(entry)))
            for section in self.sections
        )
        return replace(
            self,
            hero=hero,
            highlights=tuple(entry for entry in highlights if entry is not hero),
            sections=tuple(section for section in sections if section.entries),
            upcoming=tuple(event for event in self.upcoming if wanted(event.entry)),
        )

    def to_json(self) -> str:
        """Canonical JSON: the same content gives the same bytes."""

        def plain(value: object) -> Any:
            if isinstance(value, date):
                return value.isoformat()
            raise TypeError(f"{type(value).__name__} has no place in an issue")

        document = asdict(self) | {
            "week": str(self.week),
            "begins": str(self.begins) if self.begins else None,
        }
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

        def entries(raw: list[dict[str, Any]]) -> tuple[Entry, ...]:
            return tuple(entry(one) for one in raw)

        raw = json.loads(text)
        return cls(
            week=IsoWeek.parse(raw["week"]),
            subject=raw["subject"],
            hero=entry(raw["hero"]) if raw["hero"] else None,
            sections=tuple(
                Section(**section | {"entries": entries(section["entries"])}) for section in raw["sections"]
            ),
            # Issues kept by an earlier version of this program have nothing of what follows.
            highlights=entries(raw.get("highlights", [])),
            upcoming=tuple(
                Upcoming(
                    starts_on=date.fromisoformat(event["starts_on"]),
                    ends_on=date.fromisoformat(event["ends_on"]),
                    entry=entry(event["entry"]),
                )
                for event in raw.get("upcoming", [])
            ),
            note=raw.get("note", ""),
            tally=tuple(Tally(**one) for one in raw.get("tally", [])),
            portals_heard=raw.get("portals_heard", 0),
            begins=IsoWeek.parse(raw["begins"]) if raw.get("begins") else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue as the store keeps it."""

    id: str
    state: IssueState
    content: IssueContent
    """What it says now: as it was composed and edited, less what has been withdrawn since."""
    hash: str
    """What an approval is bound to: the hash of the content as it was composed and edited."""
    composed_at: datetime
    approved_at: datetime | None
    approved_by: str | None
    sent_at: datetime | None
    edits: Edits = field(default_factory=Edits)
    sending_at: datetime | None = None
    """When its recipients were frozen; before that no reader has seen anything of it."""
    says: str = ""
    """Why it is paused or cancelled."""
    withdrawn: tuple[str, ...] = ()
    """Stories it told and tells no more, because they were withdrawn."""

    @property
    def went_out(self) -> bool:
        """Whether anybody may read it: from the first copy on, whatever became of it later."""
        return self.sending_at is not None


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
    portals: tuple[str, ...]
    """Likewise whose news."""
    state: DeliveryState
    attempts: int
    doubtful: bool
    """Some attempt ended without anybody knowing whether it arrived; two copies may exist."""
    code: int | None
    says: str | None
    message_id: str
    at: datetime | None
    """When the state last changed."""
    bounce: str = ""
    """What came back after it was accepted (``hard``, ``soft``, ``complaint``…); empty: nothing."""
