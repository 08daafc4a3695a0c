"""Answers those who read feeds before Flask does any work: documents from memory, with headers made beforehand.

A WSGI application around the Flask application, which gets every request that is not for a feed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from urllib.parse import quote, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from syndication.bootstrap import House
from syndication.domain.portal import Catalogue
from syndication.errors import StoreError
from syndication.web import conditions, feeds, filters
from syndication.web.feeds import Answer, Ready
from syndication.web.patience import Patience, client
from syndication.web.shelf import Shelf
from syndication.web.tailored import Tailored

log = logging.getLogger(__name__)

PREFIX = "/feeds/"

DECIDES = (
    "REQUEST_METHOD",
    "QUERY_STRING",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_MATCH",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_ACCEPT_ENCODING",
)
"""All of a request, besides its path, on which an answer that is remembered depends."""
MOST_SAID = 1000
LONGEST_REMEMBERED = 500


class Front:
    """The door of feeds, and behind it the application for everything else."""

    def __init__(self, behind: WSGIApplication, house: House, *, look_every: float = 1.0) -> None:
        """``look_every``: seconds after which new publications are looked for at the latest."""
        self._behind, self._house = behind, house
        hub = house.settings.hub_url
        self._shelf = Shelf(lambda: house.store, links=house.links, hub=hub, now=house.now, every=look_every)
        self._tailored = Tailored(house, self._shelf)
        self._patience = Patience(house.settings.feed_limit)
        self._proxies = house.settings.proxies
        self._moves = moves(house.catalogue)
        self._said: dict[tuple[str | None, ...], tuple[bool, Answer]] = {}
        """Answers since the last look, and whether they count as whole feeds."""
        self._expires: dict[int, tuple[datetime, tuple[str, str]]] = {}
        base = urlsplit(house.links.base_url)
        # Flask makes the addresses of its redirects from these, and they are from whoever asks.
        self._own = {"wsgi.url_scheme": base.scheme, "HTTP_HOST": base.netloc, "SCRIPT_NAME": base.path}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One request (PEP 3333)."""
        address: str = environ.get("PATH_INFO", "")
        if not address.startswith(PREFIX) or address == PREFIX:
            return self._behind(environ | self._own, start_response)
        try:
            # Between two looks at the database nothing changes: the same question has the same answer.
            said = None
            if monotonic() < self._shelf.looks_at:
                said = self._said.get((address, *map(environ.get, DECIDES)))
            if said is None:
                status, headers, body = self._answer(address, environ)
            elif said[0] and (wait := self._wait(environ, address)):
                status, headers, body = feeds.too_often(wait)
            else:
                status, headers, body = said[1]
        except StoreError:
            status, headers, body = feeds.away()
        except Exception:
            log.exception("a request for a feed could not be answered")
            status, headers, body = feeds.away()
        start_response(status, [*headers])
        return [body] if environ["REQUEST_METHOD"] != "HEAD" else []

    def _answer(self, address: str, environ: WSGIEnvironment) -> Answer:
        if self._shelf.look():
            self._said = {}
        said = self._said  # another thread may look meanwhile, and what we say belongs to this look
        counts = environ["REQUEST_METHOD"] == "GET" and not (
            environ.get("HTTP_IF_NONE_MATCH") or environ.get("HTTP_IF_MODIFIED_SINCE")
        )
        answer = self._new_answer(address, environ, counts=counts)
        if len(said) < MOST_SAID and self._is_for_many(answer, environ):
            asked = (address, *map(environ.get, DECIDES))
            if sum(len(told) for told in asked if told) < LONGEST_REMEMBERED:
                said[asked] = counts, answer
        return answer

    @staticmethod
    def _is_for_many(answer: Answer, environ: WSGIEnvironment) -> bool:
        """Whether others who ask the same get this very answer; its body, if any, is on the shelf anyway."""
        if answer[0] == "200 OK":
            # Who has another copy may want only what is new, and JSON has two types.
            return not environ.get("HTTP_IF_NONE_MATCH") and ("Vary", "Accept-Encoding") in answer[1]
        return answer[0] == "304 Not Modified"

    def _new_answer(self, address: str, environ: WSGIEnvironment, *, counts: bool) -> Answer:
        path, method = address[1:], environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            return ("204 No Content", feeds.PREFLIGHT, b"") if method == "OPTIONS" else feeds.wrong_method()
        query = environ.get("QUERY_STRING", "")
        if self._moves and (answer := self._moved(path, query)):
            return answer
        ready = self._shelf.find(path)
        if ready is None:
            return self._nothing_here(path, query)
        if counts and (wait := self._wait(environ, address)):
            return feeds.too_often(wait)
        if query and self._tailored.can(path):
            try:
                wanted = filters.read(query, portals=self._house.catalogue.portals)
            except filters.WrongFilter as mistake:
                return feeds.wrong_filter(str(mistake))
            if wanted != filters.WHOLE:
                tailored = self._tailored.kept(ready, wanted)
                if tailored is None and (wait := self._wait(environ, "?")):
                    return feeds.too_often(wait)
                ready = tailored or self._tailored.build(ready, wanted)
        status, headers, body = self._whole_or_less(ready, environ)
        if query:
            # What is asked for in many ways has one address (RFC 9110 §8.7), the one it gives as its own.
            own = self._house.links.to(f"/{ready.document.path}")
            headers = [*headers, ("Content-Location", own)]
        return status, headers, body

    def _whole_or_less(self, ready: Ready, environ: WSGIEnvironment) -> Answer:
        named, since = environ.get("HTTP_IF_NONE_MATCH"), environ.get("HTTP_IF_MODIFIED_SINCE")
        only, until = environ.get("HTTP_IF_MATCH"), environ.get("HTTP_IF_UNMODIFIED_SINCE")
        if (only or until) and not ready.is_still(only, until):
            return feeds.has_changed()
        accepts = environ.get("HTTP_ACCEPT_ENCODING", "")
        if named:
            if headers := ready.named(named, accepts):
                return "304 Not Modified", [*headers, self._expire(ready)], b""
            if conditions.wants_news(environ.get("HTTP_A_IM", "")) and (
                answer := ready.news(named, accepts, self._shelf.editions(ready))
            ):
                return answer
        elif since and ready.is_unmodified_since(since, now=self._house.now()):
            headers = ready.unchanged[ready.etag(ready.coding(accepts))]
            return "304 Not Modified", [*headers, self._expire(ready)], b""
        coding = ready.coding(accepts)
        headers = ready.whole[coding]
        if ready.is_json:
            headers = feeds.as_plain_json(headers, environ.get("HTTP_ACCEPT", ""))
        return "200 OK", [*headers, self._expire(ready)], ready.bodies[coding]

    def _wait(self, environ: WSGIEnvironment, what: str) -> int:
        who = client(environ, proxies=self._proxies) if self._proxies else environ.get("REMOTE_ADDR", "")
        return self._patience.wait(who, what, now=self._shelf.seconds)

    def _expire(self, ready: Ready) -> tuple[str, str]:
        """Expires, for caches that are older than Cache-Control; one text serves a second long."""
        now = self._shelf.now
        made = self._expires.get(ready.lasts)
        if made is None or made[0] is not now:
            # A second more, because what we take for now may be as old.
            at = now + timedelta(seconds=ready.lasts + 1)
            made = self._expires[ready.lasts] = now, ("Expires", feeds.http_date(at))
        return made[1]

    def _moved(self, path: str, query: str) -> Answer | None:
        """What is said of a category that has another name now, or that has ended."""
        parts = path.split("/")
        slug, rest = parts[1].partition(".")[::2] if len(parts) == 2 else (parts[1], "")
        if slug not in self._moves:
            return None
        new = self._moves[slug]
        if new is None:
            return feeds.ended(self._house.links)
        name = f"{new}.{rest}" if rest else "/".join((new, *parts[2:]))
        return self._to(f"feeds/{name}", query)

    def _nothing_here(self, path: str, query: str) -> Answer:
        bare = path.rstrip("/")
        if self._shelf.has(bare):
            return self._to(bare, query)
        # Parts of a running month are put together in one document when it is over.
        if feeds.ARCHIVE.fullmatch(path):
            folder, _, period = path.rpartition("/")
            month = f"{folder}/{period[:7]}.atom"
            if self._shelf.has(month):
                return self._to(month, query)
        return feeds.no_such_feed(self._house.links)

    def _to(self, path: str, query: str) -> Answer:
        # The query is from anybody, and goes into a header.
        tail = f"?{quote(query, safe='=&%+,;:@/?~-._')}" if query else ""
        return feeds.moved(self._house.links.to(f"/{quote(path)}{tail}"))


def moves(catalogue: Catalogue) -> Mapping[str, str | None]:
    """Where the feeds of former categories are now, by their slugs; None where they have ended."""
    found: dict[str, str | None] = dict.fromkeys(catalogue.removed)
    for old, new in catalogue.renamed.items():
        seen = {old}
        while new in catalogue.renamed and new not in seen:
            seen.add(new)
            new = catalogue.renamed[new]
        found[old] = None if new in catalogue.removed else new
    return found
