"""What a week's digest costs: composing it, printing it, and making each reader's bytes.

All in one run on this machine, so that ratios count; times are this process's CPU. It ends with status 1 where one of
what the program promises is missed:

1. Composing a week of 2 000 stories out of 100 000 that are kept, in SQLite (time said, in milliseconds).
2. Printing and inlining an issue, which happens once for all who chose the same categories.
3. One reader's bytes, against printing (at least 150 times less) and against ``EmailMessage`` with ``as_bytes``.
4. How many times an issue is printed for 10 000 readers with 50 different choices (60 at most).
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import insert

from syndication.bootstrap import House
from syndication.digest.message import UNSUBSCRIBE_PLACEHOLDER, Letter, prepare
from syndication.digest.pipeline.issue import compose_issue
from syndication.digest.pipeline.letters import Letters
from syndication.domain.issue import Delivery, DeliveryState
from syndication.settings import read_settings
from syndication.store import open_store
from syndication.store.tables import articles, stories, story_categories

STORIES = 100_000
OF_THE_WEEK = 2_000
READERS = 10_000
CHOICES = 50
MOST_OF_COMPOSING = 200
"""Milliseconds."""
MOST_PRINTED = 60
MOST_OF_PRINTING = 1 / 150
REPEATS = 7
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
SUMMARY = (
    "Sáng 4/7, Ủy ban nhân dân thành phố tổ chức hội nghị trực tuyến với 168 xã, phường nhằm đánh giá kết quả thực "
    "hiện nhiệm vụ chuyển đổi số, cải cách hành chính và Đề án 06; đồng thời đề ra các giải pháp trọng tâm."
)


def keep_many(house: House) -> None:
    """100 000 stories, the last 2 000 of them of the week that is composed."""
    slugs = [category.slug for category in house.catalogue.categories]
    portals = list(house.catalogue.portals) or ["hai-phong"]
    chance = random.Random(47)
    week_begins = NOW - timedelta(days=7)
    with house.store.write() as memory:
        for start in range(0, STORIES, 5_000):
            rows: list[tuple[dict[str, object], dict[str, object], dict[str, object]]] = []
            for number in range(start, start + 5_000):
                back = STORIES - number
                at = (
                    NOW - timedelta(seconds=300 * back)
                    if back <= OF_THE_WEEK
                    else week_begins - timedelta(seconds=600 * (back - OF_THE_WEEK))
                )
                rows.append(
                    (
                        {
                            "id": f"tin{number}",
                            "tag": f"tag:{number}",
                            "lead_article": number + 1,
                            "first_seen_at": at,
                            "announced_at": at,
                            "updated_at": at,
                        },
                        {
                            "id": number + 1,
                            "portal": chance.choice(portals),
                            "story": f"tin{number}",
                            "url": f"https://cong.example.vn/tin-tuc/hoi-nghi-so-ket-{number}.html",
                            "title": f"Tin {number}: hội nghị sơ kết sáu tháng đầu năm về chuyển đổi số",
                            "summary": SUMMARY,
                            "content": SUMMARY * 10,
                            "labels": [],
                            "categories": [],
                            "image_url": f"https://cong.example.vn/anh/{number}.jpg",
                            "published_at": at,
                            "first_seen_at": at,
                            "changed_at": at,
                            "content_hash": "x",
                        },
                        {"story": f"tin{number}", "category": chance.choice(slugs), "why": "x"},
                    )
                )
            for table, at_place in ((stories, 0), (articles, 1), (story_categories, 2)):
                memory.connection.execute(insert(table), [row[at_place] for row in rows])


def milliseconds(work: Callable[[], object], *, times: int = 1) -> float:
    """The median of some runs, each of so many times the work."""
    took = []
    for _ in range(REPEATS):
        begun = time.process_time()
        for _ in range(times):
            work()
        took.append((time.process_time() - begun) * 1000 / times)
    return statistics.median(took)


def a_delivery(number: int, categories: tuple[str, ...]) -> Delivery:
    return Delivery(
        id=number,
        issue="2026-w47",
        subscriber=number,
        email=f"ban.doc.{number}@docgia.example",
        name=f"Nguyễn Thị Bạn Đọc {number}",
        categories=categories,
        portals=(),
        state=DeliveryState.QUEUED,
        attempts=0,
        doubtful=False,
        code=None,
        says=None,
        message_id=f"<{number:032x}@tin.example.vn>",
        at=None,
    )


def by_the_standard_library(letter: Letter) -> bytes:
    """One reader's message made anew out of what is printed."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = letter.subject, letter.mail_from, "ban.doc@docgia.example"
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    return mail.as_bytes()


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        house = House(
            read_settings(
                {
                    "SYNDICATION_VAR_DIR": folder,
                    "SYNDICATION_DATABASE_URL": f"sqlite:///{Path(folder) / 'many.db'}",
                    "SYNDICATION_BASE_URL": "https://tin.example.vn",
                }
            ),
            now=lambda: NOW,
        )
        store = open_store(house.settings.database_url)
        store.migrate()
        house.__dict__["store"] = store
        keep_many(house)
        missed = measure(house)
        house.close()
    return 1 if missed else 0


def measure(house: House) -> list[str]:
    missed: list[str] = []

    def said(what: str, value: str, *, well: bool = True) -> None:
        print(f"{what:<64} {value}{'' if well else '   MISSED'}")
        if not well:
            missed.append(what)

    first = milliseconds(lambda: compose_issue(house.office, fresh=True))
    said(
        "composing the first issue of all, a week out of 100 000 stories",
        f"{first:8.1f} ms",
        well=first <= MOST_OF_COMPOSING,
    )
    issue = compose_issue(house.office)
    office = house.office
    letters = Letters(office, issue)
    rendering = milliseconds(lambda: office.renderer.page(issue.content))
    printing = milliseconds(
        lambda: office.renderer.render(issue.content, unsubscribe_url=UNSUBSCRIBE_PLACEHOLDER)
    )
    encoding = milliseconds(lambda: prepare(letters.letter(())))
    said("printing it", f"{rendering:8.2f} ms")
    said("printing and inlining it, once for all of one choice", f"{printing:8.2f} ms")
    said("the same and encoding it", f"{encoding:8.2f} ms")
    letters.prepared(())
    delivery = a_delivery(1, ())
    one = milliseconds(lambda: letters.for_reader(delivery), times=200)
    said("one reader's bytes", f"{one:8.3f} ms", well=one <= 0.25)
    said("  of printing and inlining", f"  1/{printing / one:.0f}", well=one <= printing * MOST_OF_PRINTING)
    letter = letters.letter(())
    whole = milliseconds(lambda: by_the_standard_library(letter))
    said("  of EmailMessage with as_bytes", f"  1/{whole / one:.0f}")
    chance = random.Random(8)
    slugs = [category.slug for category in house.catalogue.categories]
    choices = [tuple(sorted(chance.sample(slugs, chance.randint(1, len(slugs))))) for _ in range(CHOICES)]
    many = Letters(office, issue)
    begun = time.process_time()
    size = sum(
        len(many.for_reader(a_delivery(number, choices[number % CHOICES]))) for number in range(READERS)
    )
    took = time.process_time() - begun
    said(
        f"printed for {READERS} readers with {CHOICES} choices",
        f"  {many.printed} times",
        well=many.printed <= MOST_PRINTED,
    )
    said("  all their bytes", f"{took:8.2f} s, {size / READERS / 1000:.1f} KB each")
    # From the second issue on the window begins where the one before ended.
    with house.store.write() as memory:
        before = replace(
            issue.content, week=issue.content.week.after(-1), hero=None, sections=(), highlights=()
        )
        memory.issues.draft(before, cut_at=NOW - timedelta(days=7), now=NOW)
    usual = milliseconds(lambda: compose_issue(house.office, fresh=True))
    said(
        "composing any later issue, a week out of 100 000 stories",
        f"{usual:8.1f} ms",
        well=usual <= MOST_OF_COMPOSING,
    )
    return missed


if __name__ == "__main__":
    sys.exit(main())
