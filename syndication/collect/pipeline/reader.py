"""Makes articles of what a source answered, asking for more pages only where something new calls for it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from syndication.collect import canonical, robots
from syndication.collect.enrich import completed, needs_page
from syndication.collect.fetch import PAGE_ACCEPT, Fetched, Request
from syndication.collect.merge import Reading, trusted
from syndication.collect.normalise import Dropped, Place, address_of, article_of, keys_of, month_first
from syndication.collect.parse import Document, Parsed
from syndication.collect.sandbox import Sandbox
from syndication.domain.article import ArticleKey, Item, KeyKind
from syndication.domain.portal import Portal, Source
from syndication.errors import HostWaits, NotReadable, SourceError
from syndication.store import Memory, Store

MOST_PAGES = 5
"""Pages of a listing that are turned while everything on them is new."""
MOST_ARTICLE_PAGES = 40
"""Articles whose own page is read in one round of one source; the others wait for the next."""
PAGES_SECONDS = 60.0
"""Articles' pages that are not there by then wait for the next round too: other sources wait behind this one."""

EVER = datetime(1970, 1, 1, tzinfo=UTC)


class FetchesMany(Protocol):
    """What a round needs of a fetcher (``collect.fetch.Fetcher``)."""

    def fetch_all(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Fetched | SourceError]]:
        """Answers as they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What one answer of a source holds."""

    readings: tuple[Reading, ...]
    """Of items that are new or read otherwise than last time; the same articles need no second look."""
    dropped: tuple[str, ...]
    notes: tuple[str, ...]
    """What an operator should see to although the document can be read."""
    items: int
    """In the whole document."""
    chunks: tuple[str, ...]
    """Hashes of its items, to know next time which are as they were."""
    every: timedelta | None
    unseen: int
    """Items that are new or changed."""


def chunk_of(item: Item) -> str:
    """A hash of everything a source says of one item."""
    return hashlib.blake2b(repr(item).encode("utf-8", "replace"), digest_size=12).hexdigest()


class Reader:
    """Reads the answers of one round."""

    def __init__(
        self,
        store: Store,
        fetcher: FetchesMany,
        sandbox: Sandbox,
        *,
        user_agent: str,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._sandbox = sandbox
        self._user_agent = user_agent
        self._now = now

    def read(
        self, portal: Portal, source: Source, answer: Fetched, *, seen: frozenset[str], first: bool
    ) -> Read:
        """The articles of an answer; raises SourceError when it is not what the source is declared to be.

        ``seen`` are the chunks of the last reading, ``first`` says that there was none.
        """
        chunks: list[str] = []
        fresh: list[tuple[Item, str]] = []
        page: Fetched | None = answer
        parsed = Parsed(items=())
        turned = 0
        while page is not None:
            parsed = self._parse(source, page, seen)
            # Where the reader could leave out what is known, it has told the rest apart; otherwise we do.
            names = parsed.hashes or tuple(map(chunk_of, parsed.items))
            unknown = [
                (item, name) for item, name in zip(parsed.items, names, strict=True) if name not in seen
            ]
            on_page = len(parsed.items) + len(parsed.left_out)
            chunks += [*names, *sorted(parsed.left_out)]
            fresh += unknown
            turned += 1
            # An index of sitemaps holds no items itself; a listing is turned while all of it is news to us.
            all_new = len(unknown) == on_page and not first
            more = parsed.next_url if turned < MOST_PAGES and (not on_page or all_new) else None
            page = self._page(portal, source, more) if more else None
        american = month_first((item for item, _ in fresh), source.dates)
        place = Place(
            portal=portal,
            source=source,
            url=answer.url,
            generator=parsed.generator,
            order_in_doubt=american is not None,
        )
        readings, dropped, unfinished = self._articles(fresh, place)
        if fresh and not readings and len(fresh) == len(chunks):
            raise NotReadable(f"none of its {len(chunks)} items can be used; the first: {dropped[0]}")
        return Read(
            readings=tuple(trusted(readings)),
            dropped=tuple(dropped),
            notes=(*parsed.notes, *([_AMERICAN.format(american)] if american else ())),
            items=len(chunks),
            chunks=tuple(name for name in dict.fromkeys(chunks) if name not in unfinished),
            every=parsed.every,
            unseen=len(fresh),
        )

    def _parse(self, source: Source, answer: Fetched, seen: frozenset[str]) -> Parsed:
        return self._sandbox.parse(source.read, Document.of(answer, select=source.select, known=seen))

    def _page(self, portal: Portal, source: Source, url: str) -> Fetched | None:
        """A further page of a listing, or None where it cannot be had; the first one counts without it."""
        if not canonical.belongs_to(url, portal.hosts):
            return None
        if source.read in robots.ASKED_FOR and self.forbidden({url: portal}):
            return None
        for _, answer in self._fetcher.fetch_all([Request(url=url, ca_file=portal.ca_file)]):
            if isinstance(answer, Fetched) and answer.body:
                return answer
        return None

    def _articles(
        self, items: Sequence[tuple[Item, str]], place: Place
    ) -> tuple[list[Reading], list[str], set[str]]:
        """The articles, why others were dropped, and the names of items that must be looked at again."""
        readings: list[Reading] = []
        dropped: list[str] = []
        pages, put_off = self._pages([item for item, _ in items], place)
        unfinished: set[str] = set()
        for number, (item, name) in enumerate(items):
            if number in put_off:
                unfinished.add(name)
                continue
            page = pages.get(number)
            whole = completed(item, Document.of(page), place, extract=self._sandbox.extract) if page else item
            article = article_of(whole, place, now=self._now())
            if isinstance(article, Dropped):
                dropped.append(article.why)
                unfinished.add(name)
            else:
                readings.append(Reading(article, keys_of(article, place.source)))
        return readings, dropped, unfinished

    # --- articles' own pages ---

    def _pages(self, items: Sequence[Item], place: Place) -> tuple[dict[int, Fetched], set[int]]:
        """The own pages of items that say too little, by the items' places, and the places of items put off.

        Of articles we keep, the page has been read. Items beyond MOST_ARTICLE_PAGES or PAGES_SECONDS are put off, and
        those whose host asks us to come less often.
        """
        wanted = {
            number: address
            for number, item in enumerate(items)
            if (address := self._address(item, place)) and needs_page(item, place)
        }
        known = self._known(wanted.values(), place)
        wanted = {number: url for number, url in wanted.items() if url not in known}
        now, later = list(wanted.items())[:MOST_ARTICLE_PAGES], list(wanted)[MOST_ARTICLE_PAGES:]
        forbidden = self.forbidden({url: place.portal for _, url in now}) if now else {}
        requests = {
            url: Request(url=url, accept=PAGE_ACCEPT, ca_file=place.portal.ca_file)
            for _, url in now
            if url not in forbidden
        }
        pages: dict[str, Fetched] = {}
        unanswered = set(requests)
        until = time.monotonic() + PAGES_SECONDS
        for request, answer in self._fetcher.fetch_all(requests.values()):
            if not _wants_peace(answer):
                unanswered.discard(request.url)
            if isinstance(answer, Fetched) and answer.body:
                pages[request.url] = answer
            if time.monotonic() > until:
                break
        later += [number for number, url in now if url in unanswered]
        return {number: pages[url] for number, url in now if url in pages}, set(later)

    def _address(self, item: Item, place: Place) -> str | None:
        url = address_of(item, place)
        return url if url and canonical.belongs_to(url, place.portal.hosts) else None

    def _known(self, urls: Iterable[str], place: Place) -> set[str]:
        """Those of these addresses that lead to an article we keep; its page has been read."""
        keys = {
            url: ArticleKey(
                KeyKind.ADDRESS, canonical.address_key(url, portal=place.portal.id, hosts=place.portal.hosts)
            )
            for url in urls
        }
        if not keys:
            return set()
        with self._store.read() as memory:
            known = memory.articles.known_as(keys.values())
        return {url for url, key in keys.items() if key in known}

    def forbidden(self, pages: Mapping[str, Portal]) -> dict[str, SourceError]:
        """Those of these portals' addresses that we must not read by their robots.txt, each with the reason."""
        asked = {robots.address_for(url): portal for url, portal in pages.items()}
        rules = self._rules(asked)
        found: dict[str, SourceError] = {}
        for url in pages:
            said = rules[robots.address_for(url)]
            if isinstance(said, SourceError):
                found[url] = said
            elif not robots.allows(said, url, user_agent=self._user_agent):
                found[url] = SourceError(robots.FORBIDDEN)
        return found

    def _rules(self, addresses: Mapping[str, Portal]) -> dict[str, str | SourceError]:
        """What stands at these robots.txt addresses, asked for once a day, or why nobody knows."""
        now = self._now()
        with self._store.read() as memory:
            kept = {url: memory.robots.get(url, newer_than=now - robots.VALID_FOR) for url in addresses}
        rules: dict[str, str | SourceError] = {
            url: said for url, said in kept.items() if said is not None and said != robots.UNKNOWN
        }
        requests = [
            Request(url=url, accept=PAGE_ACCEPT, ca_file=portal.ca_file)
            for url, portal in addresses.items()
            if url not in rules
        ]
        for request, answer in self._fetcher.fetch_all(requests):
            said = robots.rules_in(answer)
            with self._store.write() as memory:
                if isinstance(said, str):
                    memory.robots.put(request.url, said, now=now)
                elif (last := self._last_rules(memory, request.url)) != robots.UNKNOWN:
                    said = last
            rules[request.url] = said
        return rules

    def _last_rules(self, memory: Memory, url: str) -> str:
        """What stands for rules that cannot be had now."""
        now = self._now()
        last = memory.robots.get(url, newer_than=EVER)
        if last is None:
            memory.robots.put(url, robots.UNKNOWN, now=now)
            return robots.UNKNOWN
        return last if memory.robots.get(url, newer_than=now - robots.UNREACHED_FOR) else ""


_AMERICAN = (
    "«{}» can only be a date with the month first, so none that may be read both ways is believed: "
    'set dates = "mdy" for this source in the portal\'s file'
)


def _wants_peace(answer: Fetched | SourceError) -> bool:
    return isinstance(answer, HostWaits) or (isinstance(answer, SourceError) and answer.status == 429)
