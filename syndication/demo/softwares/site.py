"""What every imitation portal has: pages for people, pictures, robots.txt and a «not found» page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from html import escape
from typing import ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from syndication.demo.pictures import landscape
from syndication.demo.softwares.article import DemoArticle

HTML = "text/html; charset=utf-8"
PICTURE_SIZE = (800, 450)
_EDITED_AFTER = timedelta(minutes=26)

_STYLE = """
body{margin:0;font:16px/1.6 Arial,sans-serif;color:#222;background:#f4f5f7}
header{background:COLOUR;color:#fff;padding:18px 24px}header a{color:#fff;text-decoration:none}
nav{background:#fff;border-bottom:1px solid #ddd;padding:8px 24px}nav a{margin-right:18px;color:COLOUR}
main{max-width:820px;margin:24px auto;background:#fff;padding:24px}img{max-width:100%;height:auto}
h1{font-size:26px;line-height:1.3}li{margin-bottom:8px}footer,.cookie{padding:18px 24px;font-size:14px}
.cookie{background:#333;color:#eee}.lead,.sapo,.hometext,.trichdan{font-weight:bold}
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a portal answers to one request."""

    kind: str
    """The Content-Type as sent, true or not."""
    body: bytes
    status: int = 200
    modified_at: datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Page = Callable[[Mapping[str, str]], Answer]
"""An address of a portal: takes the query, gives the answer."""


class Site(ABC):
    """One imitation portal. A software says which addresses there are; this says what they share."""

    server: ClassVar[str] = "nginx"
    """The Server header."""
    colour: ClassVar[str] = "#0b5394"

    def __init__(self, *, name: str, address: str, articles: tuple[DemoArticle, ...]) -> None:
        self.name = name
        self.address = address
        self.base = f"http://{address}"
        self.articles = articles
        self.labels = tuple(sorted({article.label for article in articles}))

    @abstractmethod
    def path_of(self, article: DemoArticle) -> str:
        """Where the article stands for good: a path, perhaps with a query."""

    @abstractmethod
    def label_path(self, label: str) -> str:
        """Where the list of one category stands."""

    @abstractmethod
    def picture_path(self, article: DemoArticle) -> str:
        """Where the article's picture stands."""

    @abstractmethod
    def pages(self, shown: tuple[DemoArticle, ...]) -> dict[str, Page]:
        """Every address of this software, by path, when these articles (newest first) are out."""

    def shown(self, now: datetime) -> tuple[DemoArticle, ...]:
        """What is out by now, newest first. Editors touch each article 26 minutes after it came out."""
        out = (article for article in self.articles if article.published_at <= now)
        touched = (
            replace(article, updated_at=edited)
            if (edited := article.published_at + _EDITED_AFTER) <= now
            else article
            for article in out
        )
        return tuple(sorted(touched, key=lambda article: (article.published_at, article.key), reverse=True))

    def answer(self, target: str, *, now: datetime) -> Answer:
        """Answers a GET for a request target (path and query), as things stand at ``now``."""
        parts = urlsplit(target)
        path = unquote(parts.path) or "/"
        shown = self.shown(now)
        pages = self._pictures(shown) | {"/robots.txt": self._robots} | self.pages(shown)
        page = pages.get(path)
        if page is None:
            return redirect(f"{path}/") if f"{path}/" in pages else self.not_found()
        answer = page(dict(parse_qsl(parts.query)))
        if answer.modified_at is None and answer.status == 200 and shown:
            return replace(answer, modified_at=max(article.updated_at for article in shown))
        return answer

    def url_of(self, article: DemoArticle) -> str:
        """The article's absolute address."""
        return self.base + self.path_of(article)

    def picture_url(self, article: DemoArticle) -> str:
        """The picture's absolute address."""
        return self.base + self.picture_path(article)

    def not_found(self, *, status: int = 404) -> Answer:
        """The page for an address that is not there. Some softwares send it with status 200."""
        text = "<h1>Không tìm thấy trang</h1><p>Trang bạn yêu cầu không tồn tại hoặc đã bị gỡ bỏ.</p>"
        return replace(self.frame("Không tìm thấy trang", text), status=status)

    def frame(self, title: str, main: str, *, head: str = "") -> Answer:
        """A page for people: menu above, cookie text and footer below what matters."""
        menu = "".join(f'<a href="{self.label_path(label)}">{plain(label)}</a>' for label in self.labels)
        return html_page(
            f"""<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{plain(title)} | {plain(self.name)}</title>
{head}<style>{_STYLE.replace("COLOUR", self.colour)}</style>
</head>
<body>
<header><a href="/">{plain(self.name)}</a></header>
<nav class="menu"><a href="/">Trang chủ</a>{menu}<a href="/lien-he">Liên hệ</a></nav>
<main>
{main}
</main>
<div class="cookie">Chúng tôi sử dụng cookie để cải thiện trải nghiệm của bạn.
<a href="#">Đồng ý</a> <a href="/chinh-sach">Xem thêm</a></div>
<footer><p>© {plain(self.name)}. Ghi rõ nguồn khi phát hành lại thông tin từ trang này.</p>
<p>Cổng thông tin tưởng tượng, chỉ để trình diễn: mọi địa danh, đơn vị, con người và số liệu đều hư cấu.</p></footer>
</body>
</html>
"""
        )

    def listing(
        self, title: str, articles: tuple[DemoArticle, ...], *, head: str = "", after: str = ""
    ) -> Answer:
        """A plain list of articles: title, date, lead."""
        rows = "".join(
            f'<li><a href="{self.path_of(article)}">{plain(article.title)}</a> '
            f'<span class="date">{article.published_at:%d/%m/%Y %H:%M}</span><p>{plain(article.lead)}</p></li>\n'
            for article in articles
        )
        return self.frame(
            title, f'<h1>{plain(title)}</h1>\n<ul class="news">\n{rows}</ul>\n{after}', head=head
        )

    def _pictures(self, shown: tuple[DemoArticle, ...]) -> dict[str, Page]:
        return {
            urlsplit(self.picture_path(article)).path: partial(picture, article, PICTURE_SIZE)
            for article in shown
            if article.picture
        }

    def _robots(self, query: Mapping[str, str]) -> Answer:
        return Answer("text/plain; charset=utf-8", b"User-agent: *\nDisallow: /admin/\n")


def picture(article: DemoArticle, size: tuple[int, int], query: Mapping[str, str]) -> Answer:
    """The article's picture as PNG, ``size`` in pixels."""
    drawn = landscape(article.picture or article.key, width=size[0], height=size[1])
    return Answer("image/png", drawn, modified_at=article.published_at)


def html_page(text: str) -> Answer:
    """An HTML page in UTF-8."""
    return Answer(HTML, text.encode())


def redirect(to: str) -> Answer:
    """A permanent redirect."""
    return Answer(HTML, b"", status=301, headers={"Location": to})


def plain(text: str) -> str:
    """Text made safe between tags and in attributes."""
    return escape(text)


def paragraphs(article: DemoArticle) -> str:
    """The body, each paragraph in its own ``<p>``."""
    return "\n".join(f"<p>{plain(paragraph)}</p>" for paragraph in article.body)


def others(article: DemoArticle, shown: tuple[DemoArticle, ...], count: int = 3) -> tuple[DemoArticle, ...]:
    """The articles that stand under this one: first the older ones, then the newest."""
    rest = tuple(other for other in shown if other.key != article.key)
    older = tuple(other for other in rest if other.published_at <= article.published_at)
    return tuple(dict.fromkeys(older + rest))[:count]


def cut(text: str, words: int) -> str:
    """The first words of a text, with «…» where something is left out."""
    split = text.split()
    return text if len(split) <= words else " ".join(split[:words]) + "…"


def rfc822(moment: datetime) -> str:
    """The moment as WordPress writes it: ``Mon, 23 Nov 2026 01:30:00 +0000``."""
    return format_datetime(moment.astimezone(UTC))
