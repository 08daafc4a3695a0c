"""Finds out how to read a portal: what it runs on, which feeds and lists it has, and which of them to take.

    ask for the page | name the software | try what may be a feed | else sitemaps, else lists | choose | show

Everything is decided from documents that were fetched; ``probe`` and ``look`` are the two functions that ask, by the
fetcher they are given, politely and within ``MOST_REQUESTS``. Nothing is kept. What comes out is a ``Portal`` as the
catalogue would read it, with the reasons for what was taken and what was not.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from lxml import etree

from syndication import text
from syndication.collect import canonical, robots
from syndication.collect.dates import Precision, keep_date, read_date
from syndication.collect.extract import complete, extract, needed
from syndication.collect.fetch import FEED_ACCEPT, PAGE_ACCEPT, Fetched, Request
from syndication.collect.listing import FEWEST_ITEMS, Listing, find_lists, link_texts, read_with
from syndication.collect.normalise import Dropped, Place, normalise
from syndication.collect.parse import PARSERS, Document, markup
from syndication.collect.software import HABITS, OTHER_SITEMAPS, SITEMAPS, Software, name_software
from syndication.domain.article import Article, Item
from syndication.domain.portal import NO_SELECTORS, Catalogue, FetchArticle, Portal, Read, SlashDates, Source
from syndication.errors import FetchFailed, NotReadable, SourceError

log = logging.getLogger(__name__)

MOST_REQUESTS = 25
"""What one probe asks of a portal, the articles' own pages included."""
SHOWN = 10
"""Articles that are shown, and so completed from their own pages."""
KEPT_FOR_ARTICLES = 5
"""Requests that the search for sources leaves to the articles' pages."""
FEWEST = 5
"""Fewer items than this, over all lists of one make, do not prove that selectors are right."""
MOST_PARTS = 8
"""Feeds or lists of single categories that are tried, and taken, at most."""
EVERY = timedelta(hours=1)

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_FEED_PATH = re.compile(r"(?:^|[/._=-])(?:rss\w{0,8}|feeds?|atom)(?=$|[/._?&-])", re.IGNORECASE)
_COMMENTS = re.compile(r"\b(?:comments?|binh luan)\b")
_FEED_WORDS = re.compile(r"(?:kenh )?(?:rss|atom|xml|feeds?)(?: feeds?)?|kenh rss")
_NAMELESS = re.compile(
    r"(?:trang chu|home(?: ?page)?|welcome|chao mung.*|index|gioi thieu|default|untitled.*|tin tuc(?: su kien)?)?"
)
_SECTION = re.compile(
    r"\b(?:tin|su kien|thoi su|hoat dong|chuyen doi so|kinh te|van hoa|xa hoi|chinh tri|khoa hoc|cong nghe|cntt"
    r"|nong nghiep|nong thon|giao duc|y te|doi song|cai cach|chi dao|du lich|quoc phong|an ninh|moi truong|news)\b"
)
_NO_SECTION = re.compile(
    r"\b(?:lien he|gioi thieu|trang chu|dang nhap|dang ky|van ban|thu tuc|dich vu|so do|hoi dap|video|hinh anh"
    r"|thu vien|lich|tim kiem|english|cong thong tin|lien ket|home|contact|login|chinh sach|xem them)\b"
)
_SUFFIX = re.compile(r"\.(?:gov|edu|org|com|net|ac)?\.?(?:vn|com|net|org|info)$")
_ADVICE = re.compile(r"[;:] ")
_PUBLISHER = re.compile(r"(.*?/-/asset_publisher/\w+)/content/")


class Fetches(Protocol):
    """What a probe needs of a fetcher (``collect.fetch.Fetcher``)."""

    def fetch_all(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Fetched | SourceError]]:
        """Answers as they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One address that could have been a source, and what came of it."""

    url: str
    found: str
    """How we came to it, in words."""
    read: Read | None
    """How it can be read; None where it cannot."""
    taken: bool
    items: int
    dated: int
    newest_at: datetime | None
    says: str
    """Why it was not taken; of those that were, what a person should know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What was found out about a portal."""

    url: str
    portal: Portal | None
    """As the catalogue would read it; None where nothing can be read."""
    name: str
    software: Software
    evidence: str
    articles: tuple[Article, ...]
    """The newest, as the program would keep them."""
    tried: tuple[Tried, ...]
    notes: tuple[str, ...]
    """What a person should look at before the file is used."""
    requests: int
    on: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How one source of the catalogue reads right now."""

    portal: str
    url: str
    well: bool
    items: int
    newest_at: datetime | None
    says: str


# ------------------------------------------------------------------ asking


@dataclass
class _Asking:
    """Asks each address once and remembers what came, until the budget is spent."""

    fetcher: Fetches
    left: int = MOST_REQUESTS
    answers: dict[str, Fetched | SourceError] = field(default_factory=dict)

    def ask(self, urls: Iterable[str], *, accept: str = FEED_ACCEPT, spare: int = 0) -> list[str]:
        """Ask for those that were not asked for yet; returns all that have an answer, in the order given."""
        wanted = list(dict.fromkeys(urls))
        new = [url for url in wanted if url not in self.answers][: max(0, self.left - spare)]
        self.left -= len(new)
        for request, answer in self.fetcher.fetch_all([Request(url=url, accept=accept) for url in new]):
            self.answers[request.url] = answer
        return [url for url in wanted if url in self.answers]

    def page(self, url: str) -> Fetched:
        """The answer at this address; raises SourceError when there is none."""
        self.ask([url], accept=PAGE_ACCEPT)
        answer = self.answers.get(url) or FetchFailed("the portal was asked enough; try again later")
        if isinstance(answer, SourceError):
            raise answer
        return answer

    def body(self, url: str) -> str:
        """What stands there as text; nothing where there is no answer."""
        answer = self.answers.get(url)
        return answer.body.decode("utf-8", "replace") if isinstance(answer, Fetched) else ""


# ------------------------------------------------------------------ what a page of the portal says


@dataclass(frozen=True, slots=True)
class _Page:
    """One page for people, read once."""

    answer: Fetched
    document: Document
    root: etree._Element
    markup: str

    @classmethod
    def of(cls, answer: Fetched) -> _Page | None:
        """The page, or None where the answer is something else."""
        document = _document(answer)
        body = markup.characters(document)
        if markup.sniff(body) is not markup.Came.PAGE:
            return None
        try:
            return cls(answer, document, markup.read_html(body), body)
        except NotReadable:
            return None

    @property
    def url(self) -> str:
        return self.answer.url

    def meta(self, *names: str) -> str:
        for node in self.root.iter("meta"):
            if (node.get("property") or node.get("name") or "").lower() in names:
                if said := text.plain_line(node.get("content", "")):
                    return said
        return ""

    def links(self) -> Iterator[tuple[str, str, etree._Element]]:
        return link_texts(self.root, self.url)

    def alternates(self) -> Iterator[tuple[str, str]]:
        """Feeds that the page's head names (``rel=alternate``): address and title."""
        for link in self.root.iter("link"):
            related = link.get("rel", "").lower().split()
            kind = link.get("type", "").partition(";")[0].strip().lower()
            address = canonical.absolute(link.get("href", ""), self.url)
            if "alternate" in related and kind in _FEED_TYPES and address:
                yield address, text.plain_line(link.get("title", ""))

    def feed_links(self) -> Iterator[tuple[str, str]]:
        """Links for people that lead to feeds: address, and what the link calls it ("" where it says «RSS»)."""
        for address, said, link in self.links():
            parts = urlsplit(address)
            if not _FEED_PATH.search(parts.path) and not _FEED_PATH.search(parts.query):
                continue
            if not said or _FEED_WORDS.fullmatch(text.fold(said)):
                around = link.getparent()
                said = markup.words(around) if around is not None else ""
            unsaid = len(said.split()) > 8 or _FEED_WORDS.fullmatch(text.fold(said))
            yield address, "" if unsaid else said

    def sections(self, hosts: Collection[str]) -> list[tuple[str, str]]:
        """Links of the menus that seem to lead to lists of news: address and label, the surest first."""
        found: dict[str, str] = {}
        for address, said, _ in self.links():
            words = text.fold(said)
            short = 0 < len(words.split()) <= 7
            home = urlsplit(address).path in ("", "/") and not urlsplit(address).query
            if short and not home and not _NO_SECTION.search(words) and canonical.belongs_to(address, hosts):
                if not _FEED_PATH.search(urlsplit(address).path) and address != self.url:
                    found.setdefault(address, said)
        return sorted(found.items(), key=lambda one: not _SECTION.search(text.fold(one[1])))


def _document(answer: Fetched, select: Mapping[str, str] = NO_SELECTORS) -> Document:
    return Document(
        body=answer.body,
        url=answer.url,
        content_type=answer.content_type,
        charset=answer.charset,
        select=select,
    )


def name_of(pages: Iterable[_Page]) -> str:
    """What the portal calls itself: ``og:site_name``, else the part of the title that is a name; "" for neither."""
    names: list[str] = []
    for page in pages:
        if said := page.meta("og:site_name", "application-name"):
            return said
        title = page.root.find(".//title")
        said = markup.words(title) if title is not None else ""
        parts = [part.strip() for part in re.split(r"\s+[|–—»-]\s+", said)]
        names += [part for part in parts if not _NAMELESS.fullmatch(text.fold(part))]
    return max(names, key=len, default="")


def twins(url: str) -> tuple[str, ...]:
    """The host of an address, and its twin with or without ``www.`` where it can have one."""
    host = canonical.host_of(url)
    if re.fullmatch(r"[\d.]+(?::\d+)?|\[.*|localhost.*", host):
        return (host,)
    return (host, host.removeprefix("www.") if host.startswith("www.") else f"www.{host}")


def id_from(url: str) -> str:
    """An id for the portal, from its host: ``https://www.caobangitc.vn/`` gives ``caobangitc``."""
    host = canonical.host_of(url).removeprefix("www.")
    return text.slug(_SUFFIX.sub("", host)) or "portal"


# ------------------------------------------------------------------ trying


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """An address that may be a source."""

    url: str
    found: str
    label: str = ""
    select: Mapping[str, str] = NO_SELECTORS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What a candidate gave."""

    candidate: _Candidate
    source: Source | None = None
    place: Place | None = None
    items: tuple[Item, ...] = ()
    articles: tuple[Article, ...] = ()
    newest_at: datetime | None = None
    says: str = ""
    """Why it cannot be a source; "" for a good one."""

    def share(self, has: Callable[[Article], object]) -> float:
        return sum(bool(has(article)) for article in self.articles) / max(1, len(self.articles))

    @property
    def dated(self) -> int:
        return sum(article.published_at is not None for article in self.articles)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(article.address_key for article in self.articles)

    @property
    def rank(self) -> tuple[bool, bool, int, int, int]:
        """Dates, then summaries, then what was made for programs to read, then how much there is."""
        kinds = (Read.SITEMAP, Read.PAGE, Read.WORDPRESS, Read.JSONFEED, Read.FEED)
        kind = kinds.index(self.source.read) if self.source else -1
        extras = round(2 * (self.share(lambda one: one.labels) + self.share(lambda one: one.image_url)))
        return (
            self.share(lambda one: one.published_at) >= 0.5,
            self.share(lambda one: one.summary) >= 0.5,
            kind,
            extras,
            len(self.articles),
        )


def read_source(source: Source, portal: Portal, answer: Fetched, *, now: datetime) -> _Reading:
    """Read an answer as this source would be read; raises NotReadable where it cannot be."""
    parsed = PARSERS[source.read](_document(answer, source.select))
    place = Place(portal=portal, source=source, url=answer.url, generator=parsed.generator)
    nameless = source.read is Read.SITEMAP and portal.article.fetch is not FetchArticle.NEVER
    # A sitemap names no titles; the articles' own pages will, so that here the address may stand for it.
    kept = [
        _normalised(replace(item, title=item.title or item.url) if nameless else item, place, now=now)
        for item in parsed.items
    ]
    articles = tuple(one for one in kept if isinstance(one, Article))
    dropped = [one.why for one in kept if isinstance(one, Dropped)]
    if dropped and not articles:
        raise NotReadable(f"none of its {len(dropped)} items can be used; the first: {dropped[0]}")
    used = zip(parsed.items, kept, strict=True)
    return _Reading(
        candidate=_Candidate(url=source.url, found="", label=source.label or "", select=source.select),
        source=source,
        place=place,
        items=tuple(item for item, one in used if isinstance(one, Article)),
        articles=articles,
        newest_at=max((one.published_at for one in articles if one.published_at), default=None),
    )


def _normalised(item: Item, place: Place, *, now: datetime) -> Article | Dropped:
    try:
        return normalise(item, place, now=now)
    except Exception as trouble:  # one bad item must stay one bad item
        log.exception("%s: an item", place.source.url)
        return Dropped(f"an item cannot be read ({trouble.__class__.__name__}: {trouble})")


def _way(answer: Fetched) -> Read:
    """How an answer wants to be read; raises NotReadable where it is nothing that lists news."""
    body = markup.characters(_document(answer))
    match markup.sniff(body):
        case markup.Came.FEED:
            return Read.FEED
        case markup.Came.SITEMAP:
            return Read.SITEMAP
        case markup.Came.JSON:
            return Read.WORDPRESS if body.lstrip("\ufeff \t\r\n").startswith("[") else Read.JSONFEED
    raise NotReadable(markup.what_came(body, wanted="a feed", url=answer.url))


def _slash_dates(source: Source, portal: Portal, answer: Fetched, *, now: datetime) -> SlashDates:
    """What 4/7/2024 means here: day first, unless more dates make sense the other way round."""
    items = PARSERS[source.read](_document(answer, source.select)).items
    zone = ZoneInfo(portal.timezone)

    def sense(slashes: SlashDates) -> int:
        read = (read_date(item.published, slashes=slashes, zone=zone) for item in items)
        return sum(keep_date(one, first_seen=now) is not None for one in read)

    return SlashDates.MDY if sense(SlashDates.MDY) > sense(SlashDates.DMY) else SlashDates.DMY


def _without_advice(says: str) -> str:
    """The first half of a plain line: what is, without what to do about it in a file that is not written yet."""
    return _ADVICE.split(says, maxsplit=1)[0]


def _local(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


# ------------------------------------------------------------------ the probe


def probe(
    url: str,
    *,
    fetcher: Fetches,
    now: datetime,
    user_agent: str,
    id: str | None = None,
) -> Probed:
    """Find out how to read the portal at this address; raises SourceError where the address itself fails.

    The address may be the portal's front page, a list of its news, or a feed. ``now`` is aware, ``user_agent`` how we
    introduce ourselves (robots.txt is read for it), ``id`` the portal's id if it is chosen already.
    """
    asking = _Asking(fetcher)
    given = asking.page(url)
    return _Search(asking, given, id=id, now=now, user_agent=user_agent).run(url)


class _Search:
    """One search, from the first answer on."""

    def __init__(
        self, asking: _Asking, given: Fetched, *, id: str | None, now: datetime, user_agent: str
    ) -> None:
        self._asking = asking
        self._given = given
        self._now = now
        self._user_agent = user_agent
        self._readings: dict[str, _Reading] = {}
        self._pages = [page] if (page := _Page.of(given)) else []
        self._root = urljoin(given.url, "/")
        self._robots = robots.address_for(given.url)
        asking.ask([self._robots], accept=PAGE_ACCEPT)
        if not self._is_front(given.url) and _lies(asking.ask([self._root], accept=PAGE_ACCEPT)):
            self._add_page(self._root)
        front = next((page for page in self._pages if self._is_front(page.answer.request.url)), None)
        home = front.url if front and canonical.belongs_to(front.url, twins(given.url)) else self._root
        hosts = dict.fromkeys((*twins(home), *(twins(given.request.url) if given.permanent_url else ())))
        self._portal = Portal(
            id=id or id_from(home),
            name=name_of(reversed(self._pages)) or canonical.host_of(home),
            home=home,
            hosts=tuple(hosts),
            sources=(),
            language=self._language(),
        )
        self._software, self._evidence = self._name_software(())

    def run(self, url: str) -> Probed:
        self._try([_Candidate(url=self._given.request.url, found="the address given")], pages=False)
        if not self._good(Read.FEED, Read.JSONFEED, Read.WORDPRESS):
            self._try_feeds()
        self._follow_indexes()
        if not self._good(Read.FEED, Read.JSONFEED, Read.WORDPRESS):
            self._try_lists()
        if not self._good(*Read):
            self._try_sitemaps()
        if self._software in (Software.UNKNOWN, Software.ASP_NET):
            places = (one.place for one in self._readings.values())
            self._software, self._evidence = self._name_software(
                [place.generator for place in places if place and place.generator]
            )
        taken = choose(list(self._readings.values()))
        portal = replace(self._portal, sources=tuple(one.source for one in taken if one.source))
        articles, notes = self._show(taken)
        tried = tuple(
            explain(one, taken, self._now)
            for one in sorted(self._readings.values(), key=lambda one: one not in taken)
        )
        return Probed(
            url=url,
            portal=portal if taken else None,
            name=portal.name,
            software=self._software,
            evidence=self._evidence,
            articles=articles,
            tried=tried,
            notes=(*self._doubts(taken), *notes),
            requests=MOST_REQUESTS - self._asking.left,
            on=self._now,
        )

    # --- about the portal

    def _is_front(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.path in ("", "/") and not parts.query

    def _add_page(self, url: str) -> _Page | None:
        answer = self._asking.answers.get(url)
        page = _Page.of(answer) if isinstance(answer, Fetched) else None
        if page and all(known.url != page.url for known in self._pages):
            self._pages.append(page)
        return page

    def _language(self) -> str:
        for page in self._pages:
            said = (page.root.get("lang") or "").strip().partition("-")[0].lower()
            if re.fullmatch(r"[a-z]{2}", said):
                return said
        return "vi"

    def _name_software(self, more: Iterable[str]) -> tuple[Software, str]:
        addresses: set[str] = set()
        for page in self._pages:
            for node in page.root.iter("a", "link", "script", "img", "form"):
                written = node.get("href") or node.get("src") or node.get("action") or ""
                address = canonical.absolute(written, page.url)
                if address and canonical.belongs_to(address, self._portal.hosts):
                    addresses.add(_local(address))
        return name_software(
            generators=[*filter(None, (page.meta("generator") for page in self._pages)), *more],
            addresses=sorted(addresses),
            markup="\n".join(page.markup for page in self._pages),
            headers=self._given.headers,
        )

    def _allowed(self, url: str) -> bool:
        """Whether robots.txt lets us read what is made for people; another host's is not asked for."""
        if robots.address_for(url) != self._robots:
            return True
        return robots.allows(self._asking.body(self._robots), url, user_agent=self._user_agent)

    # --- trying

    def _good(self, *ways: Read) -> list[_Reading]:
        return [
            one
            for one in self._readings.values()
            if one.source and one.source.read in ways and one.articles and not one.says and one.rank[0]
        ]

    def _try(self, candidates: Iterable[_Candidate], *, pages: bool = True) -> None:
        """Ask for these and read what comes; ``pages``: also say so where a page came."""
        new = {one.url: one for one in candidates if one.url not in self._readings}
        for url in self._asking.ask(new, spare=KEPT_FOR_ARTICLES):
            answer = self._asking.answers[url]
            reading = self._read(new[url], answer)
            if reading.source or pages:
                self._readings[url] = reading

    def _read(self, candidate: _Candidate, answer: Fetched | SourceError) -> _Reading:
        try:
            if isinstance(answer, SourceError):
                raise answer
            if canonical.host_of(candidate.url) not in self._portal.hosts:
                raise NotReadable(
                    f"it lies on {canonical.host_of(candidate.url)}, another host than the portal"
                )
            if _COMMENTS.search(text.fold(f"{urlsplit(candidate.url).path} {candidate.label}")):
                raise NotReadable("it lists comments, not news")
            source = Source(
                portal=self._portal.id,
                url=candidate.url,
                read=Read.PAGE if candidate.select else _way(answer),
                every=EVERY,
                label=candidate.label or None,
                select=candidate.select,
            )
            source = replace(source, dates=_slash_dates(source, self._portal, answer, now=self._now))
            reading = read_source(source, self._portal, answer, now=self._now)
        except SourceError as trouble:
            return _Reading(candidate=candidate, says=_without_advice(str(trouble)))
        says = "" if reading.articles else "it lists nothing"
        return replace(reading, candidate=candidate, says=says)

    def _try_feeds(self) -> None:
        """What the pages name, then what such software usually has."""
        named = [
            _Candidate(url=address, found="named in the page's head", label=_comments_only(title))
            for page in self._pages
            for address, title in page.alternates()
        ]
        linked = [
            _Candidate(url=address, found="linked in the page", label=label)
            for page in self._pages
            for address, label in page.feed_links()
            if canonical.belongs_to(address, self._portal.hosts)
        ]
        habits = [
            _Candidate(url=urljoin(self._root, path), found=f"a habit of {self._software}")
            for path in HABITS[self._software]
        ]
        self._try([*named[:4], *linked[:MOST_PARTS], *self._publishers()[:1], *habits])

    def _publishers(self) -> list[_Candidate]:
        """Liferay gives each list of articles a feed of its own, next to the articles."""
        if self._software is not Software.LIFERAY:
            return []
        found = {
            match[1]: None
            for page in self._pages
            for address, _, _ in page.links()
            if (match := _PUBLISHER.match(address))
        }
        return [_Candidate(url=f"{one}/rss", found="a habit of Liferay") for one in found]

    def _follow_indexes(self) -> None:
        """Pages that came in place of feeds may list them: NukeViet's ``/feeds/``, ``/rss.htm``."""
        listed: dict[str, _Candidate] = {}
        for url in list(self._readings):
            if self._readings[url].source is None and (page := self._index(url)):
                for address, label in page.feed_links():
                    if canonical.belongs_to(address, self._portal.hosts) and label:
                        listed.setdefault(
                            address, _Candidate(url=address, found=f"listed in {_local(url)}", label=label)
                        )
        for url, candidate in listed.items():
            known = self._readings.get(url)
            if known and known.source and not known.candidate.label:
                self._readings[url] = replace(
                    known, candidate=replace(known.candidate, label=candidate.label)
                )
        self._try([one for url, one in listed.items() if url not in self._readings][:MOST_PARTS])

    def _index(self, url: str) -> _Page | None:
        answer = self._asking.answers.get(url)
        return _Page.of(answer) if isinstance(answer, Fetched) else None

    def _try_sitemaps(self) -> None:
        told = re.findall(
            r"^\s*sitemap:\s*(\S+)", self._asking.body(self._robots), re.IGNORECASE | re.MULTILINE
        )
        usual = SITEMAPS.get(self._software, OTHER_SITEMAPS)
        candidates = [_Candidate(url=one, found="named in robots.txt") for one in told[:2]]
        if not told:
            candidates = [_Candidate(url=urljoin(self._root, one), found="a habit") for one in usual]
        self._try(candidates)
        for one in candidates:
            self._open_index(one)

    def _open_index(self, candidate: _Candidate) -> None:
        """Of an index of sitemaps, read the one that ``collect`` would follow it to."""
        answer = self._asking.answers.get(candidate.url)
        reading = self._readings.get(candidate.url)
        if not isinstance(answer, Fetched) or reading is None or reading.articles or reading.source is None:
            return
        following = PARSERS[Read.SITEMAP](_document(answer)).next_url
        if not following or not self._asking.ask([following], spare=KEPT_FOR_ARTICLES):
            return
        inner = self._read(replace(candidate, url=following), self._asking.answers[following])
        if inner.source:
            inner = replace(inner, source=replace(inner.source, url=candidate.url))
        self._readings[candidate.url] = replace(inner, candidate=candidate)

    # --- lists

    def _try_lists(self) -> None:
        """The page given, then what its menus lead to; selectors proved on one list are tried on the others."""
        best: Listing | None = None
        seen: list[_Page] = []
        front = next((page for page in self._pages if self._is_front(page.answer.request.url)), None)
        for page in self._pages:
            best = self._better(best, page)
        sections = (front or self._pages[0]).sections(self._portal.hosts) if self._pages else []
        allowed = [url for url, _ in sections if self._allowed(url)][:MOST_PARTS]
        labels = dict(sections)
        for url in self._asking.ask(allowed, accept=PAGE_ACCEPT, spare=KEPT_FOR_ARTICLES):
            answer = self._asking.answers[url]
            if isinstance(answer, Fetched) and (found := _Page.of(answer)):
                seen.append(found)
                best = self._better(best, found)
        if best is None:
            return
        self._take_lists(best.select, [page for page in self._pages if page not in seen], seen, labels)

    def _better(self, best: Listing | None, page: _Page) -> Listing | None:
        try:
            found = find_lists(page.document, hosts=self._portal.hosts)
        except NotReadable:
            return best
        return max([one for one in (best, *found) if one], key=lambda one: one.worth, default=None)

    def _take_lists(
        self,
        select: Mapping[str, str],
        given: Sequence[_Page],
        sections: Sequence[_Page],
        labels: Mapping[str, str],
    ) -> None:
        pages = {page.answer.request.url: page for page in (*given, *sections)}
        lists = {url: found for url, page in pages.items() if (found := read_with(page.document, select))}
        proof = sum(len(one.items) for one in lists.values())
        for url, page in pages.items():
            found = "the address given" if url == self._given.request.url else "linked in a menu"
            candidate = _Candidate(url=url, found=found, label=labels.get(url, ""), select=select)
            if not self._allowed(url):
                says = "robots.txt asks us not to read it"
            elif url not in lists:
                says = "it is no list like the others"
            elif proof < FEWEST:
                says = f"{proof} items of one make are too few to be sure of selectors"
            else:
                self._readings[url] = self._read(candidate, page.answer)
                continue
            self._readings[url] = _Reading(candidate=candidate, says=says)

    # --- showing

    def _show(self, taken: Sequence[_Reading]) -> tuple[tuple[Article, ...], list[str]]:
        """The newest articles of the taken sources, completed from their own pages as ``collect`` does."""
        found: dict[str, tuple[Item, Place, Article]] = {}
        for reading in taken:
            for item, article in zip(reading.items, reading.articles, strict=True):
                assert reading.place is not None  # noqa: S101 — what was taken was read somewhere
                known = found.get(article.address_key)
                if known:
                    article = known[2].also_under(article.labels, article.categories)
                found[article.address_key] = (*(known[:2] if known else (item, reading.place)), article)
        newest = sorted(
            found.values(),
            key=lambda one: (
                one[2].published_at
                or self._changed_at(one[0])
                or datetime.min.replace(tzinfo=self._now.tzinfo)
            ),
            reverse=True,
        )[:SHOWN]
        wanted = [
            article.url
            for item, place, article in newest
            if needed(item, place.portal.article, date_is_precise=_is_precise(item, place))
            and self._allowed(article.url)
        ]
        read = set(self._asking.ask(wanted, accept=PAGE_ACCEPT))
        shown = [self._whole(item, place, article, read) for item, place, article in newest]
        notes = []
        if unread := len(set(wanted) - read):
            notes.append(
                f"{unread} of the articles shown say less than collecting would: we asked enough already"
            )
        return tuple(one for one in shown if one), notes

    def _changed_at(self, item: Item) -> datetime | None:
        read = read_date(item.updated)
        return read.at if read else None

    def _whole(self, item: Item, place: Place, article: Article, read: Collection[str]) -> Article | None:
        answer = self._asking.answers.get(article.url) if article.url in read else None
        if isinstance(answer, Fetched):
            try:
                item = complete(
                    item,
                    extract(_document(answer), place.portal.article),
                    address=answer.url,
                    reading=place.portal.article,
                    date_is_precise=_is_precise(item, place),
                    zone=ZoneInfo(place.portal.timezone),
                )
            except NotReadable as trouble:
                log.info("%s: %s", article.url, trouble)
        whole = _normalised(item, place, now=self._now)
        return whole.also_under(article.labels, article.categories) if isinstance(whole, Article) else None

    def _doubts(self, taken: Sequence[_Reading]) -> Iterator[str]:
        """What a person should look at."""
        if self._given.permanent_url and canonical.host_of(self._given.permanent_url) != canonical.host_of(
            self._given.request.url
        ):
            yield f"the address has moved for good to {self._given.permanent_url}"
        if any(one.source and one.source.select for one in taken):
            yield "the selectors are derived from the page as it is today: see whether every article above is right"
        if not self._allowed(self._portal.home):
            yield "robots.txt asks us to leave the portal's pages alone: only feeds may be read"


def _lies(urls: Sequence[str]) -> bool:
    return bool(urls)


def _comments_only(title: str) -> str:
    """A feed's title in the page's head is the site's name and counts for one thing only."""
    return title if _COMMENTS.search(text.fold(title)) else ""


def _is_precise(item: Item, place: Place) -> bool:
    read = read_date(
        item.published,
        slashes=place.source.dates,
        zone=ZoneInfo(place.portal.timezone),
        minutes_are_month="nukeviet" in (place.generator or "").lower(),
    )
    return read is not None and read.precise in (Precision.MINUTE, Precision.SECOND)
