"""The news that the imitation portals tell, read from ``articles.toml`` and placed in time."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from syndication.settings import VIETNAM
from syndication.text import slug

ARTICLES = Path(__file__).resolve().parent.parent / "articles.toml"
_MOMENT = re.compile(r"\{(day|date|long|month|year)([+-]\d+)?\}")
WEEKDAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoArticle:
    """One article on one imitation portal, its dates already written into its text."""

    key: str
    portal: str
    published_at: datetime
    """Aware, in Vietnam's time."""
    updated_at: datetime
    """When an editor last touched it; never before ``published_at``."""
    title: str
    lead: str
    body: tuple[str, ...]
    label: str
    picture: str | None
    """The name of the landscape it shows; copies show the original's."""
    caption: str
    author: str
    credit: str
    tags: tuple[str, ...]
    event: str | None
    copy_of: str | None

    @property
    def number(self) -> int:
        """The id in the portal's database: made from the key, so other articles never move it."""
        return 10_000 + crc32(self.key.encode()) % 80_000

    @property
    def slug(self) -> str:
        """The title as portals put it into addresses: «CNTT&TT» becomes ``cntttt``."""
        return slug(self.title.replace("&", ""))

    @property
    def weekday(self) -> str:
        """The Vietnamese name of the day it came out."""
        return WEEKDAYS[self.published_at.weekday()]


def read_articles(today: date) -> tuple[DemoArticle, ...]:
    """All articles as they stand if the demo believes it is ``today``, in the order of the file."""
    entries: list[dict[str, Any]] = tomllib.loads(ARTICLES.read_text(encoding="utf-8"))["article"]
    by_key = {entry["key"]: entry for entry in entries}
    return tuple(_article(entry, by_key.get(entry.get("copy_of"), entry), today) for entry in entries)


def _article(entry: dict[str, Any], original: dict[str, Any], today: date) -> DemoArticle:
    told = today - timedelta(days=original["days_ago"])
    published_at = datetime.combine(
        today - timedelta(days=entry["days_ago"]), time.fromisoformat(entry["at"]), VIETNAM
    )

    def text(name: str) -> str:
        return _dated(entry.get(name, original.get(name, "")), told)

    body: list[str] = entry.get("body", original["body"])[: entry.get("paragraphs")]
    return DemoArticle(
        key=entry["key"],
        portal=entry["portal"],
        published_at=published_at,
        updated_at=published_at,
        title=text("title"),
        lead=text("lead"),
        body=tuple(_dated(paragraph, told) for paragraph in body),
        label=entry["label"],
        picture=original["key"] if entry["picture"] else None,
        caption=text("caption"),
        author=entry.get("author", ""),
        credit=entry.get("credit", ""),
        tags=tuple(entry.get("tags", ())),
        event=entry.get("event"),
        copy_of=entry.get("copy_of"),
    )


def _dated(text: str, told: date) -> str:
    """Writes the days into a text, in the administrative style: 05/7, 05/02, 20/11."""

    def written(match: re.Match[str]) -> str:
        day = told + timedelta(days=int(match[2] or 0))
        month = f"{day.month:02d}" if day.month < 3 else str(day.month)
        return {
            "day": f"{day.day:02d}/{month}",
            "date": f"{day:%d/%m/%Y}",
            "long": f"{day.day:02d} tháng {month} năm {day.year}",
            "month": month,
            "year": str(day.year),
        }[match[1]]

    return _MOMENT.sub(written, text)
