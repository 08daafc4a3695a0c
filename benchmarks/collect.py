"""What reading a feed costs when little or nothing in it is new, and what it costs to read it in the sandbox.

Everything is measured side by side, in CPU seconds of this process and of the sandbox's: in each repetition all
contestants read the same document one after the other, and of each the best time counts, because what else the machine
does can only make it worse. Only ratios are printed.

1. The body's hash, nothing new of 50 items, 3 new of 50, all 50 new: each against feedparser on the whole document, as
   it comes (it cleans HTML and completes links) and as we set it (neither).
2. The same documents through the sandbox, against reading them in this process.
"""

from __future__ import annotations

import io
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from xml.sax.saxutils import escape

import feedparser

from syndication.collect.parse import PARSERS, Document
from syndication.collect.sandbox import Sandbox
from syndication.domain.portal import Read

ITEMS = 50
NEW = 3
REPEATS = 25
LEAST_GAIN = 6.0
"""Times faster than feedparser on the whole document, when 3 of 50 items are new."""
MOST_PERCENT, MOST_MS = 15.0, 1.0
"""Of the time that reading takes, and milliseconds: what the sandbox may add to it, both together."""
USUAL = 64_000
"""Bytes up to which that is claimed; larger documents take time to hand over."""

PARAGRAPH = (
    "<p>Trung tâm Thông tin và Truyền thông tổ chức lớp tập huấn kỹ năng số cho cán bộ, công chức cấp xã; "
    '<a href="https://portal.example/tai-lieu">tài liệu</a> được đăng trên cổng thông tin điện tử.</p>'
)


def rss(*, paragraphs: int, joined: str = "và") -> bytes:
    """Fifty items as WordPress writes them; ``joined`` stands between two words of each title."""
    items = "".join(
        f"""<item><title>Bài {number}: chính quyền điện tử {joined} chuyển đổi số</title>
<link>https://portal.example/tin/{number}?a=1&amp;b=2</link><guid isPermaLink="false">urn:x:{number}</guid>
<pubDate>Fri, 05 Jul 2024 08:{number % 60:02}:00 +0700</pubDate><dc:creator><![CDATA[Ban biên tập]]></dc:creator>
<category><![CDATA[Chuyển đổi số]]></category><category><![CDATA[Tin nổi bật]]></category>
<description><![CDATA[{PARAGRAPH * paragraphs}]]></description>
<enclosure url="https://portal.example/anh/{number}.jpg" type="image/jpeg" length="10000"/></item>
"""
        for number in range(ITEMS)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>Tin tức</title><link>https://portal.example/</link>{items}</channel></rss>"
    ).encode()


def atom(*, paragraphs: int) -> bytes:
    """Fifty entries as Liferay writes them, their HTML escaped."""
    entries = "".join(
        f"""<entry><title>Bài {number}: chuyển đổi số</title><id>urn:x:{number}</id>
<link rel="alternate" href="https://portal.example/tin/{number}"/><updated>2024-07-05T08:{number % 60:02}:00Z</updated>
<author><name>Ban biên tập</name></author><summary type="html">{escape(PARAGRAPH)}</summary>
<content type="html">{escape(PARAGRAPH * paragraphs)}</content></entry>
"""
        for number in range(ITEMS)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>Tin tức</title>'
        f"<id>urn:x</id><updated>2024-07-05T08:00:00Z</updated>{entries}</feed>"
    ).encode()


DOCUMENTS = {
    "RSS of 50 summaries": rss(paragraphs=2),
    "RSS of 50 texts": rss(paragraphs=24),
    "Atom of 50 texts": atom(paragraphs=20),
    "RSS with stray &": rss(paragraphs=2, joined="&"),
}


def cpu_of(process: int) -> float:
    """CPU seconds that a process has had, to the nanosecond (the clock of clock_getcpuclockid(3) on Linux)."""
    return time.clock_gettime((~process << 3) | 2)


def side_by_side(contestants: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The least CPU seconds of every contestant."""
    for run in contestants.values():
        run()
    processes = [os.getpid(), *map(int, Path("/proc/thread-self/children").read_text().split())]
    took = dict.fromkeys(contestants, math.inf)
    for _ in range(REPEATS):
        for name, run in contestants.items():
            before = sum(map(cpu_of, processes))
            run()
            took[name] = min(took[name], sum(map(cpu_of, processes)) - before)
    return took


def measure(name: str, body: bytes, box: Sandbox) -> bool:
    """Print the ratios of one document; returns whether they are what is claimed."""
    parse = PARSERS[Read.FEED]
    whole = Document(body=body, url="https://portal.example/rss")
    hashes = parse(whole).hashes
    documents = {
        "nothing new": replace(whole, known=frozenset(hashes)),
        f"{NEW} new": replace(whole, known=frozenset(hashes[NEW:])),
        "all new": whole,
    }
    contestants: dict[str, Callable[[], object]] = {
        "feedparser as it comes": lambda: feedparser.parse(
            io.BytesIO(body), response_headers={"content-location": whole.url}
        ),
        "feedparser as we set it": lambda: feedparser.parse(
            io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False
        ),
        "hash": lambda: sha256(body).hexdigest(),
    }
    for case, document in documents.items():
        contestants[case] = partial(parse, document)
        contestants[f"{case}, sandbox"] = partial(box.parse, Read.FEED, document)
    took = side_by_side(contestants)
    print(f"\n{name}, {len(body) / 1000:.0f} KB: times faster than feedparser as it comes (as we set it)")
    for case in ("hash", *documents):
        gains = [took[f"feedparser {kind}"] / took[case] for kind in ("as it comes", "as we set it")]
        print(f"  {case:12} {gains[0]:7.1f}× ({gains[1]:.1f}×)")
    slow = 0
    for case in documents:
        here, there = took[case], took[f"{case}, sandbox"]
        share = (there - here) / (here * MOST_PERCENT / 100 + MOST_MS / 1000)
        slow += share > 1 and len(body) < USUAL
        print(f"  {case:12} {there / here:7.2f}× in the sandbox: {share:.0%} of what it may add")
    gain = took["feedparser as it comes"] / took[f"{NEW} new, sandbox"]
    print(
        f"  {NEW} new in the sandbox: {gain:.1f}× faster than feedparser as it comes (at least {LEAST_GAIN:g}×)"
    )
    return gain >= LEAST_GAIN and not slow


def main() -> int:
    with Sandbox() as box:
        kept = [measure(name, body, box) for name, body in DOCUMENTS.items()]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
