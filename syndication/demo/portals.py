"""Seven imitation portals as real web servers on this machine, to see everything work with no network.

Each behaves as one software really does (``softwares``), tells the news of ``articles.toml``, answers conditional
requests, and never shows an article before its time. ``write_catalogue`` writes the portals' files with the ports
that were really free.
"""

from __future__ import annotations

import gzip
import socket
import sys
import threading
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from syndication.demo.softwares.article import DemoArticle, read_articles
from syndication.demo.softwares.dotnet import DotNet
from syndication.demo.softwares.homemade import HomeMade
from syndication.demo.softwares.liferay import Liferay
from syndication.demo.softwares.nukeviet import NukeViet
from syndication.demo.softwares.sharepoint import SharePoint
from syndication.demo.softwares.site import Answer, Site
from syndication.demo.softwares.wordpress import WordPress
from syndication.demo.softwares.wordpress_rest import WordPressRest
from syndication.errors import CatalogueError, Mistake
from syndication.settings import HOUSE, VIETNAM

DEMO_FEEDS = HOUSE / "feeds" / "demo"
SOFTWARE: Mapping[str, type[Site]] = MappingProxyType(
    {
        "song-dao": WordPress,
        "may-trang": NukeViet,
        "ba-nguon": Liferay,
        "hai-vong": HomeMade,
        "hoa-lam": SharePoint,
        "tra-thuong": DotNet,
        "nguyet-giang": WordPressRest,
    }
)
"""Which software each portal runs, by the stem of its file in ``feeds/demo/portals``."""


@dataclass(frozen=True, slots=True)
class _Portal:
    """What the demo needs from a portal's file: its name and the address written there."""

    id: str
    name: str
    host: str

    @property
    def port(self) -> int:
        return int(self.host.rpartition(":")[2])


class DemoPortals:
    """The imitation portals. Start and stop them, or use this as a context manager.

    ``today`` is the day the articles count back from (default: today in Vietnam). Ports are those of the portals'
    files, or ``ports``; where one is taken, or given as 0, any free one is used and ``addresses`` tells it.
    """

    def __init__(
        self,
        *,
        today: date | None = None,
        host: str = "127.0.0.1",
        ports: Mapping[str, int] | None = None,
    ) -> None:
        self.today = today or datetime.now(VIETNAM).date()
        self._told = {article.key: article for article in read_articles(self.today)}
        self._host = host
        self._ports = dict(ports or {})
        self._servers: dict[str, _Server] = {}
        self._threads: list[threading.Thread] = []

    @property
    def addresses(self) -> Mapping[str, str]:
        """Portal id → ``host:port`` really used. Empty until started."""
        return MappingProxyType({portal: server.address for portal, server in self._servers.items()})

    def start(self) -> None:
        """Opens every portal; when this returns, all answer. Starting twice changes nothing.

        Raises CatalogueError if the demo's files in ``feeds/demo`` are not there.
        """
        if self._servers:
            return
        for portal in _portals():
            server = _listen(self._host, self._ports.get(portal.id, portal.port))
            own = tuple(article for article in self._told.values() if article.portal == portal.id)
            server.site = SOFTWARE[portal.id](name=portal.name, address=server.address, articles=own)
            self._servers[portal.id] = server
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=portal.id, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Closes every portal and waits until the last answer is finished."""
        for server in self._servers.values():
            server.shutdown()
            server.close()
        for thread in self._threads:
            thread.join()
        self._servers.clear()
        self._threads.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def articles(self) -> Mapping[str, str]:
        """Article key → its absolute address, whether its time has come or not."""
        return MappingProxyType(
            {
                article.key: server.site.url_of(article)
                for server in self._servers.values()
                for article in server.site.articles
            }
        )

    def article(self, key: str) -> DemoArticle:
        """The article with this key, its dates written in. Raises KeyError if there is none."""
        return self._told[key]


def write_catalogue(addresses: Mapping[str, str], *, into: Path) -> None:
    """Copies ``feeds/demo`` into a folder, with the portals' real addresses (id → ``host:port``) written in.

    Portals that are not in ``addresses`` are left out. Raises CatalogueError if ``feeds/demo`` is not there.
    """
    portals = _portals()
    (into / "portals").mkdir(parents=True, exist_ok=True)
    categories = DEMO_FEEDS / "categories.toml"
    (into / categories.name).write_text(categories.read_text(encoding="utf-8"), encoding="utf-8")
    for portal in portals:
        if portal.id in addresses:
            text = _file(portal.id).read_text(encoding="utf-8").replace(portal.host, addresses[portal.id])
            (into / "portals" / f"{portal.id}.toml").write_text(text, encoding="utf-8")


def _file(portal: str) -> Path:
    return DEMO_FEEDS / "portals" / f"{portal}.toml"


def _portals() -> tuple[_Portal, ...]:
    """The portals as their files describe them: one home for names and ports."""
    missing = [portal for portal in SOFTWARE if not _file(portal).is_file()]
    if missing:
        says = "the demo's file is missing; run the demo from a full copy of the project"
        raise CatalogueError([Mistake(str(_file(portal)), "", says) for portal in missing])
    written = {portal: tomllib.loads(_file(portal).read_text(encoding="utf-8")) for portal in SOFTWARE}
    return tuple(_Portal(portal, keys["name"], keys["hosts"][0]) for portal, keys in written.items())


class _Server(ThreadingHTTPServer):
    """One portal's server. It knows its open connections, so that stopping need not wait for idle readers."""

    site: Site

    def __init__(self, host: str, port: int) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)
        self.address = f"{host}:{self.server_port}"

    daemon_threads = False

    def opened(self, connection: socket.socket) -> None:
        """Remembers a connection."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forgets a connection."""
        with self._lock:
            self._open.discard(connection)

    def close(self) -> None:
        """Ends idle connections, waits for their threads and frees the port."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader who hangs up in the middle is no news; anything else is a mistake of ours and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for a site: conditional requests (RFC 9110 §13), gzip, connections that stay open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def do_GET(self) -> None:
        now = datetime.now(UTC)
        self._send(self.server.site.answer(self.path, now=now))

    def do_HEAD(self) -> None:
        self.do_GET()

    def version_string(self) -> str:
        return self.server.site.server

    def log_message(self, *args: object) -> None:
        """Quiet: the demo's screen belongs to the demo."""

    def _send(self, answer: Answer) -> None:
        """Sends an answer, or 304 where the reader already has it."""
        body = answer.body
        tag = f'"{sha256(body).hexdigest()[:24]}"'
        fresh = answer.status == 200 and self._has(tag, answer.modified_at)
        zipped = (
            len(body) > 1000
            and "gzip" in self.headers.get("Accept-Encoding", "")
            and "image" not in answer.kind
        )
        if zipped:
            # A zipped copy is another representation with the same meaning: nginx says so with W/.
            body, tag = gzip.compress(body, 6, mtime=0), f"W/{tag}"
        self.send_response(304 if fresh else answer.status)
        if answer.status == 200:
            self.send_header("ETag", tag)
            if answer.modified_at:
                modified = answer.modified_at.astimezone(UTC)
                self.send_header("Last-Modified", format_datetime(modified, usegmt=True))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Vary", "Accept-Encoding")
        if not fresh:
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(body)))
            if zipped:
                self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if not fresh and self.command != "HEAD":
            self.wfile.write(body)

    def _has(self, tag: str, modified_at: datetime | None) -> bool:
        """Whether the reader's copy is current. If-None-Match decides alone where it is sent (RFC 9110 §13.2.2)."""
        known = self.headers.get("If-None-Match")
        if known is not None:
            return known.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in known.split(","))
        since = self.headers.get("If-Modified-Since")
        if since is None or modified_at is None:
            return False
        try:
            return modified_at.replace(microsecond=0) <= parsedate_to_datetime(since)
        except (TypeError, ValueError):
            return False


def _listen(host: str, port: int) -> _Server:
    """A server on this port, or on any free one where this one is taken."""
    try:
        return _Server(host, port)
    except OSError:
        return _Server(host, 0)
