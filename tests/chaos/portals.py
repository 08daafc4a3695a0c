"""Portals on loopback whose news goes on as time passes, in seven ways to read and with a dozen honest oddities.

Everything they say follows from a seed and from the time on a clock, so a storm can be had again. What they served
whole is written down: it is what must be kept in the end.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import Enum, auto
from html import escape
from random import Random
from urllib.parse import urlsplit

from syndication.text import slug

SHOWN = 10
"""Articles in a list: fewer than would be held as a flood after a night without answers."""

_WORDS = """
an toàn,bản đồ số,bảo tàng,báo chí,bưu điện,cánh đồng,cầu mới,chợ phiên,chữ ký số,công viên,cung đường,cử tri,dân ca,
dịch vụ công,diễn tập,doanh nghiệp,du khách,đồi chè,đường sắt,gạo thơm,ghe ngo,giải chạy,giáo viên,góp ý,hải đăng,
hạt giống,hẻm nhỏ,hội đua,hợp tác xã,khai giảng,khu phố,kiểm lâm,làng gốm,lễ hội,lòng hồ,mạng cáp,măng tre,máy cấy,
mùa vải,nghề dệt,ngư dân,nhà văn hóa,nước sạch,ong mật,phà sông,phiên họp,phố cổ,quân dân,rừng ngập mặn,rượu cần,
sàn giao dịch,sân vận động,sổ tay,suối nguồn,tàu cá,tập huấn,thanh niên,thẻ căn cước,thư viện,tổ dân phố,trạm y tế,
trường học,tuyến phà,ứng dụng,vườn cam,xe buýt,xưởng mộc,y tế xã
"""
WORDS = tuple(" ".join(word.split()) for word in _WORDS.split(","))


@dataclass(frozen=True, slots=True)
class Told:
    """One article as its portal tells it now."""

    number: int
    url: str
    guid: str | None
    title: str
    summary: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and where its answer goes."""

    portal: Portal
    path: str
    headers: dict[str, str]
    here: str
    """The ``host:port`` that was asked."""
    now: datetime
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, status: str, body: bytes | str = b"", *headers: str) -> None:
        """Give an honest answer: status line, headers, Content-Length, body."""
        body = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
        await self.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def write(self, raw: bytes) -> None:
        """Send these very bytes."""
        self.writer.write(raw)
        await self.writer.drain()


# --- ways in which a list is written ---

Form = Callable[["Portal", Sequence[Told]], tuple[str, str]]
"""From a portal and its articles, the newest first, to Content-Type and body."""


def rss(portal: Portal, articles: Sequence[Told]) -> tuple[str, str]:
    items = "".join(
        f"<item><title>{escape(one.title)}</title><link>{escape(one.url)}</link>"
        + (f"<guid isPermaLink='false'>{one.guid}</guid>" if one.guid else "")
        + f"<pubDate>{format_datetime(one.at)}</pubDate><description>{escape(one.summary)}</description></item>"
        for one in articles
    )
    return (
        "application/rss+xml; charset=utf-8",
        f"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0'><channel><title>{portal.id}</title>{items}"
        "</channel></rss>",
    )


def atom(portal: Portal, articles: Sequence[Told]) -> tuple[str, str]:
    entries = "".join(
        f"<entry><id>tag:{portal.id},2026:{one.guid}</id><title>{escape(one.title)}</title>"
        f"<link rel='alternate' href='{escape(one.url)}'/><published>{one.at.isoformat()}</published>"
        f"<updated>{one.at.isoformat()}</updated><summary type='html'>&lt;p&gt;{escape(one.summary)}&lt;/p&gt;"
        "</summary></entry>"
        for one in articles
    )
    return (
        "application/atom+xml",
        f"<feed xmlns='http://www.w3.org/2005/Atom'><title>{portal.id}</title><id>tag:{portal.id},2026:f</id>"
        f"<updated>{articles[0].at.isoformat()}</updated>{entries}</feed>",
    )


def json_feed(portal: Portal, articles: Sequence[Told]) -> tuple[str, str]:
    items = [
        {
            "id": one.guid,
            "url": one.url,
            "title": one.title,
            "content_text": one.summary,
            "date_published": one.at.isoformat(),
        }
        for one in articles
    ]
    found = {"version": "https://jsonfeed.org/version/1.1", "title": portal.id, "items": items}
    return "application/feed+json", json.dumps(found, ensure_ascii=False)


def wordpress(portal: Portal, articles: Sequence[Told]) -> tuple[str, str]:
    posts = [
        {
            "id": one.number,
            "link": one.url,
            "guid": {"rendered": one.guid},
            "title": {"rendered": one.title},
            "excerpt": {"rendered": f"<p>{one.summary}</p>"},
            "content": {"rendered": f"<p>{one.summary}</p>"},
            "date_gmt": one.at.strftime("%Y-%m-%dT%H:%M:%S"),
        }
        for one in articles
    ]
    return "application/json; charset=UTF-8", json.dumps(posts)


def sitemap(portal: Portal, articles: Sequence[Told]) -> tuple[str, str]:
    urls = "".join(
        f"<url><loc>{escape(one.url)}</loc><lastmod>{one.at.isoformat()}</lastmod></url>" for one in articles
    )
    return (
        "application/xml",
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>',
    )


def listing(portal: Portal, articles: Sequence[Told]) -> tuple[str, str]:
    items = "".join(
        f'<li><a href="{escape(urlsplit(one.url).path)}">{escape(one.title)}</a>'
        f"<span class='ngay'>{one.at.strftime('%d/%m/%Y')}</span></li>"
        for one in articles
    )
    return "text/html; charset=utf-8", f"<html><body><ul class='tin'>{items}</ul></body></html>"


def own_page(one: Told) -> str:
    """An article's own page."""
    return (
        f"<html lang='vi'><head><title>{escape(one.title)}</title><meta property='og:type' content='article'>"
        f"<meta property='article:published_time' content='{one.at.isoformat()}'></head><body><article>"
        f"<h1>{escape(one.title)}</h1><p class='sapo'>{escape(one.summary)}</p>"
        "<p>Phần còn lại của bài viết kể thêm chi tiết, với vài câu nữa cho đủ một đoạn văn bình thường.</p>"
        "</article></body></html>"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a portal's list is read, and how it is written for that."""

    read: str
    form: Form
    path: str = "/tin"
    extra: str = ""
    """More keys of the source in the portal's file."""
    pages: bool = False
    """Whether articles are known only from their own pages."""


RSS = Way(read="feed", form=rss)
WAYS = {
    "rss": RSS,
    "atom": Way(read="feed", form=atom),
    "json": Way(read="jsonfeed", form=json_feed),
    "wordpress": Way(read="wordpress", form=wordpress, path="/wp-json/wp/v2/posts"),
    "sitemap": Way(read="sitemap", form=sitemap, path="/sitemap.xml", pages=True),
    "listing": Way(
        read="page",
        form=listing,
        path="/tin-tuc",
        extra='[source.select]\nitem = "ul.tin > li"\ntitle = "a"\nlink = "a@href"\ndate = ".ngay"\n',
    ),
}


# --- oddities that cost no article ---

Odd = Callable[["Portal", list[Told], datetime], list[Told]]


def _new_guids_every_day(portal: Portal, articles: list[Told], now: datetime) -> list[Told]:
    return [replace(one, guid=f"{now.date()}-{one.number}") for one in articles]


def _no_guids(portal: Portal, articles: list[Told], now: datetime) -> list[Told]:
    return [replace(one, guid=None) for one in articles]


def _one_guid_for_all(portal: Portal, articles: list[Told], now: datetime) -> list[Told]:
    return [replace(one, guid="0") for one in articles]


def _another_order_each_time(portal: Portal, articles: list[Told], now: datetime) -> list[Told]:
    return Random(f"{portal.seed} {portal.id} {now}").sample(articles, len(articles))


def _all_dated_now(portal: Portal, articles: list[Told], now: datetime) -> list[Told]:
    return [replace(one, at=now) for one in articles]


def _tracked_links(portal: Portal, articles: list[Told], now: datetime) -> list[Told]:
    return [replace(one, url=f"{one.url}?utm_source=rss&utm_campaign={now:%d%H}") for one in articles]


def _corrected_later(portal: Portal, articles: list[Told], now: datetime) -> list[Told]:
    return [
        replace(one, title=f"{one.title} (cập nhật)", summary=f"{one.summary} Đã sửa số liệu.")
        if one.number % 3 == 0 and now > one.at + timedelta(hours=5)
        else one
        for one in articles
    ]


ODDITIES: dict[str, Odd] = {
    "doi-guid": _new_guids_every_day,
    "khong-guid": _no_guids,
    "mot-guid": _one_guid_for_all,
    "xao-tron": _another_order_each_time,
    "ngay-nao-cung-moi": _all_dated_now,
    "theo-doi": _tracked_links,
    "dinh-chinh": _corrected_later,
}


# --- a portal ---


@dataclass(slots=True, kw_only=True)
class Portal:
    """One portal: what it tells at any time, and how it answers."""

    id: str
    seed: int
    since: datetime
    """When its first article came out."""
    gap: timedelta
    """Between two articles."""
    way: Way = RSS
    odd: Odd | None = None
    other_way: Way | None = None
    """The form of every other hour."""
    moves: tuple[datetime, str] | None = None
    """When everything moves to its second address for good, and the status with which the first one says so."""
    moves_within: datetime | None = None
    """When its list moves to another path of the same host."""
    validates: bool = True
    zipped: bool = False
    dirty: bool = False
    """Whether there are stray ampersands, control characters and a false charset in what it writes."""
    trouble: Callable[[Portal, datetime], Trouble | None] = lambda portal, now: None
    homes: list[str] = field(default_factory=list)
    """Its ``host:port``, the first one stands in its file."""
    served: set[int] = field(default_factory=set)
    """Numbers of the articles that were served whole, and came in time."""
    sent: set[int] = field(default_factory=set)
    """Numbers of those served whole in the round under way."""

    @property
    def url(self) -> str:
        return f"http://{self.homes[0]}{self.way.path}"

    def file(self) -> str:
        """Its file in the catalogue."""
        hosts = ", ".join(f'"{home}"' for home in self.homes)
        fetch = "when-needed" if self.way.pages or self.way.form is listing else "never"
        return (
            f'name = "Cổng {self.id}"\nhome = "http://{self.homes[0]}/"\nhosts = [{hosts}]\n[[source]]\n'
            f'url = "{self.url}"\nread = "{self.way.read}"\nevery = "1h"\n{self.way.extra}\n[article]\n'
            f'fetch = "{fetch}"\n'
        )

    def article(self, number: int, *, home: str) -> Told:
        chance = Random(f"{self.seed} {self.id} {number}")
        title = " và ".join(chance.sample(WORDS, 4)).capitalize() + f" ({self.id} {number})"
        summary = ", ".join(chance.sample(WORDS, 14)).capitalize() + "."
        if self.dirty:
            title = title.replace(" và ", " & ")
        return Told(
            number,
            f"http://{home}/tin/{number}-{slug(title)}.html",
            f"{self.id}-{number}",
            title,
            summary,
            self.since + number * self.gap,
        )

    def newest(self, now: datetime) -> int:
        return int((now - self.since) / self.gap)

    def told(self, now: datetime, *, home: str) -> list[Told]:
        """What its list shows, the newest first."""
        newest = self.newest(now)
        articles = [self.article(number, home=home) for number in range(newest, max(-1, newest - SHOWN), -1)]
        return self.odd(self, articles, now) if self.odd else articles

    async def answer(self, asked: Asked) -> bool:
        """Answer in whatever way it does now; returns whether the connection may go on."""
        trouble = self.trouble(self, asked.now)
        if trouble and trouble.where in (Where.EVERYWHERE, self._place(asked.path)):
            await trouble.play(asked)
            return False
        await self._well(asked)
        return True

    def _place(self, path: str) -> Where | None:
        if path.partition("?")[0] == self.way.path:
            return Where.LIST
        return Where.PAGES if path.startswith("/tin/") else None

    async def _well(self, asked: Asked) -> None:
        path = asked.path.partition("?")[0]
        if self.moves and asked.now >= self.moves[0] and asked.here == self.homes[0]:
            await asked.say(self.moves[1], b"", f"Location: http://{self.homes[1]}{asked.path}")
        elif self.moves_within and asked.now >= self.moves_within and path == self.way.path:
            await asked.say("308 Permanent Redirect", b"", f"Location: {self.way.path}-moi")
        elif path in (self.way.path, f"{self.way.path}-moi"):
            await self._list(asked)
        elif path.startswith("/tin/"):
            number = int(path.removeprefix("/tin/").partition("-")[0])
            await asked.say(
                "200 OK", own_page(self.article(number, home=asked.here)), "Content-Type: text/html"
            )
            if self.way.pages:
                self.sent.add(number)
        elif path == "/robots.txt":
            await asked.say("200 OK", "User-agent: *\nDisallow: /quan-tri/\n", "Content-Type: text/plain")
        else:
            await asked.say("404 Not Found")

    async def _list(self, asked: Asked) -> None:
        articles = self.told(asked.now, home=asked.here)
        way = self.other_way if self.other_way and asked.now.hour % 2 else self.way
        kind, text = way.form(self, articles)
        etag = f'W/"{self.newest(asked.now)} {way.read}"'
        if self.validates and asked.headers.get("if-none-match") == etag:
            await asked.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode())
            return
        if self.dirty:
            kind = "text/xml; charset=iso-8859-1"
            text = text.replace("&amp;", "&").replace("<description>", "\n\n<description>\x0b\x1f")
        headers = [f"Content-Type: {kind}"] + ([f"ETag: {etag}"] if self.validates and not self.odd else [])
        body = text.encode()
        if self.zipped:
            headers.append("Content-Encoding: gzip")
            body = gzip.compress(body)
        await asked.say("200 OK", body, *headers)
        if not way.pages:
            self.sent.update(one.number for one in articles)


class Where(Enum):
    """Which addresses of a portal a trouble is about."""

    EVERYWHERE = auto()
    LIST = auto()
    PAGES = auto()


@dataclass(frozen=True, slots=True)
class Trouble:
    """A way to misbehave."""

    name: str
    play: Callable[[Asked], Awaitable[None]]
    says: str
    """A regular expression: what the operator must be told of it."""
    _: KW_ONLY
    where: Where = Where.EVERYWHERE
    way: Way = RSS
    passes: bool = False
    """Whether a list may come through it, or be taken for an empty one."""
    lasting: bool = True
    """Whether it can be told from the first answer on; else it shows only beside what was there before."""


# --- serving them ---


@dataclass(slots=True)
class _Town:
    """All portals, each behind ports of its own, in one event loop."""

    clock: Callable[[], datetime]
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    silent: threading.Event = field(default_factory=threading.Event)
    """Set while no connection is open."""

    def door(self, portal: Portal) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.writers.add(writer)
            self.silent.clear()
            try:
                while await portal.answer(await self._asked(portal, reader, writer)):
                    pass
            except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
                pass  # the other side hung up, or the storm is over
            finally:
                writer.close()
                self.writers.discard(writer)
                if not self.writers:
                    self.silent.set()

        return serve

    async def _asked(
        self, portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Asked:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return Asked(portal, first.split(" ")[1], headers, headers["host"], self.clock(), reader, writer)


@dataclass(frozen=True, slots=True)
class Served:
    """Portals that listen."""

    portals: Sequence[Portal]
    _town: _Town

    def wait_for_silence(self) -> None:
        """Return when no connection is open any more."""
        assert self._town.silent.wait(20), "somebody keeps a connection open"


@contextmanager
def serve(portals: Sequence[Portal], *, clock: Callable[[], datetime]) -> Iterator[Served]:
    """Let these portals listen, in a thread of their own; their ``homes`` are filled in."""
    town = _Town(clock)
    loop = asyncio.new_event_loop()
    listening = threading.Event()
    over = asyncio.Event()

    async def live() -> None:
        servers = []
        for portal in portals:
            for _ in range(2 if portal.moves else 1):
                server = await asyncio.start_server(town.door(portal), "127.0.0.1", 0)
                portal.homes.append(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
                servers.append(server)
        listening.set()
        await over.wait()
        for server in servers:
            server.close()
        for writer in town.writers:
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(3):  # transports close themselves in the turns after
            await asyncio.sleep(0)

    def run() -> None:
        loop.run_until_complete(live())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=run, name="portals")
    thread.start()
    try:
        assert listening.wait(20)
        yield Served(portals, town)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
