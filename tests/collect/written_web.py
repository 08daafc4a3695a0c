"""A web written by hand, for tests of rounds: pages by their addresses, and every question that was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from syndication.collect.fetch import Fetched, Request
from syndication.errors import FetchFailed, SourceError


@dataclass
class Page:
    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    moved_to: str | None = None
    trouble: SourceError | None = None
    downgraded: bool = False


@dataclass
class HandWrittenWeb:
    """Answers from a table of addresses; what is not in it refuses the connection. Keeps every question.

    A robots.txt that is not in the table does not exist.
    """

    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def fetch_all(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Fetched | SourceError]]:
        for request in requests:
            self.asked.append(request)
            yield request, self._answer(request)

    def _answer(self, request: Request) -> Fetched | SourceError:
        page = self.pages.get(request.url)
        if page is None and request.url.endswith("/robots.txt"):
            return FetchFailed("has nothing at this address", status=404)
        if page is None:
            return FetchFailed("refuses connections")
        if page.trouble is not None:
            return page.trouble
        unchanged = request.etag is not None and request.etag == page.etag
        return Fetched(
            request=request,
            url=page.moved_to or request.url,
            status=304 if unchanged else page.status,
            body=b"" if unchanged else page.body.encode(),
            content_type="text/html",
            charset="utf-8",
            etag=page.etag,
            last_modified=None,
            permanent_url=page.moved_to,
            downgraded=page.downgraded,
            headers=page.headers,
            seconds=0.1,
        )

    def urls(self) -> list[str]:
        return [request.url for request in self.asked]

    def open(self) -> AbstractContextManager[HandWrittenWeb]:
        return nullcontext(self)
