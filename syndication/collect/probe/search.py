"""Searches a portal for what can be read: asks, tries, and hands everything over to be chosen from."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urljoin

from syndication import text
from syndication.collect import canonical, robots
from syndication.collect.enrich import needs_page
from syndication.collect.fetch import FEED_ACCEPT, PAGE_ACCEPT, Fetched, Request
from syndication.collect.normalise import Place
from syndication.collect.parse import Document
from syndication.collect.probe.front import (
    Link,
    Page,
    id_from,
    is_front,
    lists_comments,
    path_of,
    read_page,
    twins,
)
from syndication.collect.probe.listing import Listing, find_lists, read_with
from syndication.collect.probe.reading import (
    MOST_PARTS,
    Candidate,
    Fetches,
    Reading,
    Tried,
    as_kept,
    changed_at,
    choose,
    explain,
    read_slashes,
    read_source,
    way_of,
)
from syndication.collect.probe.software import HABITS, OTHER_SITEMAPS, SITEMAPS, Software, name_software
from syndication.collect.sandbox import Sandbox
from syndication.domain.article import Article, Item
from syndication.domain.portal import Portal, Read, Source
from syndication.errors import FetchFailed, NotReadable, SourceError

MOST_REQUESTS = 25
"""What one probe asks of a portal, the articles' own pages included."""
SHOWN = 10
"""Articles that are shown, and so completed from their own pages."""
KEPT_FOR_ARTICLES = 5
"""Requests that the search for sources leaves to the articles' pages."""
FEWEST_PROOFS = 5
"""Fewer items than this, over all lists of one make, do not prove that selectors are right."""
EVERY = timedelta(hours=1)

_T = TypeVar("_T")

_FOR_PROGRAMS = (Read.FEED, Read.JSONFEED, Read.WORDPRESS)
_ADVICE = re.compile(r"[;:] (?![^«]*»)")
"""Where a plain line goes on to what to do; not inside what it quotes."""
_SITEMAP_LINE = re.compile(r"^\s*sitemap:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_PUBLISHER = re.compile(r".*?/-/asset_publisher/\w+(?=/content/)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What was found out about a portal."""

    url: str
    portal: Portal
    """As the catalogue would read it; without sources where nothing can be read."""
    software: Software
    evidence: str
    articles: tuple[Article, ...]
    """The newest, as collecting would keep them."""
    tried: tuple[Tried, ...]
    """What was taken, then what was not, with the reasons."""
    notes: tuple[str, ...]
    """What a person should know before the file is used."""
    requests: int
    on: datetime


def probe(
    url: str,
    *,
    fetcher: Fetches,
    sandbox: Sandbox,
    now: datetime,
    user_agent: str,
    portal_id: str | None = None,
) -> Probed:
    """Find out how to read the portal at this address; raises SourceError where the address itself fails.

    The address may be the portal's front page, a list of its news, or a feed. What comes is read in ``sandbox``: a
    stranger wrote it. ``now`` is aware; ``user_agent`` is how we introduce ourselves, for robots.txt; ``portal_id`` is
    the portal's id, if it is chosen already.
    """
    asking = _Asking(fetcher, sandbox)
    return _Search(asking, asking.first(url), portal_id=portal_id, now=now, user_agent=user_agent).run(url)


@dataclass
class _Asking:
    """Asks each address once and remembers what came, until the budget is spent."""

    fetcher: Fetches
    sandbox: Sandbox
    left: int = MOST_REQUESTS
    answers: dict[str, Fetched | SourceError] = field(default_factory=dict)
    _pages: dict[str, Page | None] = field(default_factory=dict)

    def first(self, url: str) -> Fetched:
        """The answer at this address; raises SourceError when there is none."""
        self.ask([url], accept=PAGE_ACCEPT)
        answer = self.answers.get(url) or FetchFailed("no answer came; try again later")
        if isinstance(answer, SourceError):
            raise answer
        return answer

    def ask(self, urls: Iterable[str], *, accept: str = FEED_ACCEPT, spare: int = 0) -> list[str]:
        """Ask for those not asked for yet, as long as ``spare`` stay; returns all that were asked for, in order."""
        wanted = list(dict.fromkeys(urls))
        new = [url for url in wanted if url not in self.answers][: max(0, self.left - spare)]
        self.left -= len(new)
        for request, answer in self.fetcher.fetch_all([Request(url=url, accept=accept) for url in new]):
            self.answers[request.url] = answer
        return [url for url in wanted if url in self.answers]

    def got(self, url: str) -> Fetched | None:
        """The good answer of an address that was asked for, or None."""
        answer = self.answers.get(url)
        return answer if isinstance(answer, Fetched) else None

    def page(self, url: str) -> Page | None:
        """The page at an address that was asked for, or None.

        One that cannot be read counts from then on as a bad answer: nobody needs to try for as long again.
        """
        if url not in self._pages:
            answer = self.got(url)
            try:
                self._pages[url] = self._read(answer) if answer else None
            except NotReadable as trouble:
                self.answers[url] = trouble
                self._pages[url] = None
        return self._pages[url]

    def _read(self, answer: Fetched) -> Page | None:
        return self.sandbox.run(read_page, Document.of(answer), answer.request.url, words=(Page, Link))

    def lists(self, page: Page, hosts: Collection[str]) -> tuple[Listing, ...]:
        """The lists of news in a page, the best first."""
        return self._try(find_lists, page, tuple(hosts)) or ()

    def read_with(self, page: Page, select: Mapping[str, str]) -> Listing | None:
        """What these selectors read on a page, or None."""
        return self._try(read_with, page, select)

    def _try(self, step: Callable[..., _T], page: Page, how: object) -> _T | None:
        if (answer := self.got(page.asked)) is None:
            return None
        try:
            return self.sandbox.run(step, Document.of(answer), how, words=(Listing, Item, dict))
        except NotReadable as trouble:
            self.answers[page.asked] = trouble
            return None


class _Search:
    """One search, from the first answer on."""

    def __init__(
        self, asking: _Asking, given: Fetched, *, portal_id: str | None, now: datetime, user_agent: str
    ) -> None:
        self._asking = asking
        self._sandbox = asking.sandbox
        self._given = given
        self._now = now
        self._user_agent = user_agent
        self._start = given.permanent_url or given.request.url
        self._root = urljoin(given.url, "/")
        self._robots = robots.address_for(given.url)
        self._rules = self._ask_rules()
        page = asking.page(given.request.url)
        front = page if page and is_front(given.request.url) else self._ask_front()
        self._pages = [one for one in ((page,) if page is front else (page, front)) if one]
        self._front = front or page
        at_home = front is not None and canonical.belongs_to(front.url, twins(given.url))
        home = front.url if front and at_home else self._root
        moved_from = twins(given.request.url) if given.permanent_url else ()
        self._portal = Portal(
            id=portal_id or id_from(home),
            name=next((one.name for one in (front, page) if one and one.name), canonical.host_of(home)),
            home=home,
            hosts=tuple(dict.fromkeys((*twins(home), *twins(given.url), *moved_from))),
            sources=(),
            language=next(filter(None, (one.language for one in self._pages)), "vi"),
        )
        self._software, self._evidence = self._name_software()
        self._candidates: dict[str, Candidate] = {}
        self._readings: dict[str, Reading] = {}
        self._failures: dict[str, str] = {}

    def _ask_rules(self) -> str:
        self._asking.ask([self._robots], accept=PAGE_ACCEPT)
        rules = self._asking.got(self._robots)
        return rules.body.decode("utf-8", "replace") if rules else ""

    def _ask_front(self) -> Page | None:
        self._asking.ask([self._root], accept=PAGE_ACCEPT)
        return self._asking.page(self._root)

    def run(self, url: str) -> Probed:
        """Search, as far as it takes to find something good."""
        if not self._pages or self._given.request.url not in {page.asked for page in self._pages}:
            known = self._asking.answers[self._given.request.url]
            self._try([Candidate(url=self._start, found="the address given")], known=known)
        if not self._found(_FOR_PROGRAMS):
            self._try_feeds()
            self._follow_indexes()
        if not self._found(_FOR_PROGRAMS):
            self._try_lists()
        if not self._found(tuple(Read)):
            self._try_sitemaps()
        taken = choose(list(self._readings.values()), now=self._now)
        articles, unread = self._show(taken)
        if self._software in (Software.UNKNOWN, Software.ASP_NET):
            self._software, self._evidence = self._name_software(
                one.place.generator for one in self._readings.values() if one.place.generator
            )
        return Probed(
            url=url,
            portal=replace(self._portal, sources=tuple(one.source for one in taken)),
            software=self._software,
            evidence=self._evidence,
            articles=articles,
            tried=self._tried(taken),
            notes=tuple(self._notes(taken, articles, unread=unread)),
            requests=MOST_REQUESTS - self._asking.left,
            on=self._now,
        )

    def _name_software(self, more: Iterable[str] = ()) -> tuple[Software, str]:
        addresses = {path for page in self._pages for path in page.own_addresses(self._portal.hosts)}
        return name_software(
            generators=[*filter(None, (page.generator for page in self._pages)), *more],
            addresses=sorted(addresses),
            traces=dict(ChainMap(*(dict(page.traces) for page in self._pages))),
            headers=self._given.headers,
        )

    def _allows(self, url: str) -> bool:
        """Whether robots.txt lets us read what is made for people; another host's is not asked."""
        elsewhere = robots.address_for(url) != self._robots
        return elsewhere or robots.allows(self._rules, url, user_agent=self._user_agent)

    def _found(self, ways: tuple[Read, ...]) -> bool:
        return any(one.source.read in ways and one.is_live(self._now) for one in self._readings.values())

    # --- trying

    def _try(self, candidates: Iterable[Candidate], *, known: Fetched | SourceError | None = None) -> None:
        """Ask for these and keep what came of each; ``known`` is the answer that is there already."""
        new: dict[str, Candidate] = {}
        for one in candidates:
            if one.url not in self._candidates:
                new.setdefault(one.url, one)
        if known is not None:
            self._asking.answers.update(dict.fromkeys(new, known))
        for url in self._asking.ask(new, spare=KEPT_FOR_ARTICLES):
            self._keep(new[url], self._asking.answers[url])

    def _keep(self, candidate: Candidate, answer: Fetched | SourceError) -> None:
        self._candidates[candidate.url] = candidate
        try:
            if isinstance(answer, SourceError):
                raise answer
            self._readings[candidate.url] = self._read(candidate, answer)
            self._failures.pop(candidate.url, None)
        except SourceError as trouble:
            # What to do about it in a portal's file is no help where there is no file yet.
            self._failures[candidate.url] = _ADVICE.split(str(trouble), maxsplit=1)[0]

    def _read(self, candidate: Candidate, answer: Fetched) -> Reading:
        host = canonical.host_of(candidate.url)
        if host not in self._portal.hosts:
            raise NotReadable(f"it lies on {host}, which is not the portal's own")
        if lists_comments(candidate.url, candidate.label):
            raise NotReadable("it lists comments, not news")
        url = candidate.url
        if answer.permanent_url and canonical.host_of(answer.permanent_url) in self._portal.hosts:
            url = answer.permanent_url
        if url in {one.source.url for one in self._readings.values()}:
            raise NotReadable(f"it leads to {url}")
        source = Source(
            portal=self._portal.id,
            url=url,
            read=Read.PAGE
            if candidate.select
            else self._sandbox.run(way_of, Document.of(answer), words=(Read,)),
            every=EVERY,
            label=candidate.label or None,
            select=candidate.select,
        )
        dates = read_slashes(source, self._portal, answer, sandbox=self._sandbox, now=self._now)
        source = replace(source, dates=dates)
        reading = self._read_as(source, answer)
        if not reading.items and reading.next_url and self._asking.ask([reading.next_url]):
            # An index of sitemaps: collecting follows it to the newest one.
            following = self._asking.got(reading.next_url)
            reading = self._read_as(source, following) if following else reading
        return reading

    def _read_as(self, source: Source, answer: Fetched) -> Reading:
        return read_source(source, self._portal, answer, sandbox=self._sandbox, now=self._now)

    def _try_feeds(self) -> None:
        """What the pages name, then what such software usually has."""
        named = [
            # A feed's title in the page's head is the site's name; it only tells comments from news.
            Candidate(
                url=feed.address,
                found="named in the page's head",
                label=feed.said if lists_comments("", feed.said) else "",
            )
            for page in self._pages
            for feed in page.feeds
        ]
        linked = [
            Candidate(url=url, found="linked in the page", label=label)
            for page in self._pages
            for url, label in page.feed_links(self._portal.hosts)
        ]
        usual = (
            "where many have it" if self._software is Software.UNKNOWN else f"where {self._software} has it"
        )
        habits = [Candidate(url=urljoin(self._root, path), found=usual) for path in HABITS[self._software]]
        self._try([*named[:4], *linked[:MOST_PARTS], *self._publishers(), *habits])

    def _publishers(self) -> list[Candidate]:
        """Liferay gives each list of articles a feed of its own, beside the articles."""
        urls = {
            match[0]: None
            for page in self._pages
            for path in sorted(page.own_addresses(self._portal.hosts))
            if (match := _PUBLISHER.match(path))
        }
        return [
            Candidate(url=urljoin(self._root, f"{url}/rss"), found="where Liferay has it") for url in urls
        ][:1]

    def _follow_indexes(self) -> None:
        """Pages that came in place of feeds may list them: NukeViet's ``/feeds/``, ``/rss.htm``."""
        for index in list(self._failures):
            page = self._asking.page(index)
            listed = list(page.feed_links(self._portal.hosts))[: 2 * MOST_PARTS] if page else []
            for url, label in listed:
                if label and (known := self._readings.get(url)) and not known.source.label:
                    self._readings[url] = replace(known, source=replace(known.source, label=label))
            found = f"listed in {path_of(index)}"
            self._try(
                [Candidate(url=url, found=found, label=label) for url, label in listed if label][:MOST_PARTS]
            )

    def _try_sitemaps(self) -> None:
        told = [Candidate(url=url, found="named in robots.txt") for url in _SITEMAP_LINE.findall(self._rules)]
        usual = [
            Candidate(url=urljoin(self._root, path), found="where sitemaps are")
            for path in SITEMAPS.get(self._software, OTHER_SITEMAPS)
        ]
        for candidate in (told or usual)[:2]:
            if self._allows(candidate.url):
                self._try([candidate])

    # --- lists for people

    def _try_lists(self) -> None:
        """The page given; where that is the front page, also the lists that its menus lead to."""
        given = [page for page in self._pages if page.asked == self._given.request.url]
        listed = self._lists([page for page in given if not is_front(page.asked)], {})
        if listed or self._front is None:
            return
        sections = self._front.sections(self._portal.hosts, most=MOST_PARTS)
        allowed = [url for url in sections if self._allows(url)]
        asked = self._asking.ask(allowed, accept=PAGE_ACCEPT, spare=KEPT_FOR_ARTICLES)
        pages = [self._front, *(self._asking.page(url) for url in asked)]
        self._lists([page for page in pages if page], sections)

    def _lists(self, pages: Sequence[Page], labels: Mapping[str, str]) -> bool:
        """Take the pages that can be read by one set of selectors, the one that reads most; whether there is one.

        What is proved is proved by all of them together: a portal's lists are of one make, and some are short.
        """
        shared = {
            tuple(listing.select.items()): listing.select
            for page in pages
            for listing in self._asking.lists(page, self._portal.hosts)
        }
        best: Mapping[str, str] = {}
        most = 0.0
        for select in shared.values():
            listings = [listing for page in pages if (listing := self._asking.read_with(page, select))]
            # A box of «newest» that stands on every page counts once.
            different = len({item.url for listing in listings for item in listing.items})
            worth = different * max(listing.worth / len(listing.items) for listing in listings)
            if different >= FEWEST_PROOFS and worth > most:
                best, most = select, worth
        for page in pages:
            found = "the address given" if page.asked == self._given.request.url else "linked in the page"
            candidate = Candidate(url=page.asked, found=found, label=labels.get(page.asked, ""), select=best)
            answer = self._asking.answers[page.asked]
            if not self._allows(page.asked):
                answer = NotReadable("robots.txt asks us not to read it")
            elif isinstance(answer, Fetched) and not best:
                answer = NotReadable("no list of news is to be made out in it")
            elif isinstance(answer, Fetched) and not self._asking.read_with(page, best):
                answer = NotReadable("it has no list of the make of the others")
            self._keep(candidate, answer)
        return bool(best)

    # --- telling

    def _tried(self, taken: Sequence[Reading]) -> tuple[Tried, ...]:
        tried = [
            explain(reading, self._candidates[url], taken, now=self._now)
            for url, reading in self._readings.items()
        ]
        failed = [
            Tried(
                url=url,
                found=self._candidates[url].found,
                read=None,
                taken=False,
                items=0,
                dated=0,
                newest_at=None,
                says=says,
            )
            for url, says in self._failures.items()
        ]
        return tuple(sorted((*tried, *failed), key=lambda one: (not one.taken, one.read is None)))

    def _show(self, taken: Sequence[Reading]) -> tuple[tuple[Article, ...], int]:
        """The newest articles, completed from their own pages, and how many of these pages were not asked for."""
        found: dict[str, tuple[Item, Place, Article]] = {}
        for reading in taken:
            for item, article in zip(reading.items, reading.articles, strict=True):
                first, place, known = found.get(article.address_key, (item, reading.place, article))
                also = known.also_under(article.labels, article.categories)
                found[article.address_key] = (first, place, also)
        newest = sorted(
            found.values(), key=lambda one: one[2].published_at or changed_at(one[0]), reverse=True
        )[:SHOWN]
        wanted = [
            article.url
            for item, place, article in newest
            if needs_page(item, place) and self._allows(article.url)
        ]
        asked = set(self._asking.ask(wanted, accept=PAGE_ACCEPT))
        shown = []
        for item, place, article in newest:
            page = self._asking.got(article.url) if article.url in asked else None
            if whole := as_kept(item, place, page, sandbox=self._sandbox, now=self._now):
                shown.append(whole.also_under(article.labels, article.categories))
        return tuple(shown), len(set(wanted) - asked)

    def _notes(self, taken: Sequence[Reading], articles: Sequence[Article], *, unread: int) -> Iterator[str]:
        if self._given.permanent_url and not canonical.belongs_to(
            self._given.permanent_url, twins(self._given.request.url)
        ):
            yield f"the portal has moved for good to {canonical.host_of(self._given.permanent_url)}"
        if not self._allows(self._portal.home):
            yield "robots.txt asks us to leave its pages alone: only feeds may be read"
        if any(one.source.select for one in taken):
            yield "the selectors come from the page as it is today: look whether every article is right"
        if any(text.fold(one.source.label or "") for one in taken):
            yield "the labels are the words of links: look whether they are the portal's categories"
        if undated := sum(article.published_at is None for article in articles):
            yield f"{undated} of these articles have no date, not even on their own pages: when we saw them counts"
        if unread:
            yield f"{unread} of these articles may say more when collected: we had asked enough already"
