"""SharePoint as provincial portals run it: no feed at all, only a list with dates, and «not found» sent as 200."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from syndication.demo.softwares.article import DemoArticle
from syndication.demo.softwares.site import Answer, Page, Site, others, paragraphs, plain

_LIST = "/Trang/Tin-tuc-su-kien.aspx"
_DETAIL = "/Trang/ChiTietTinTuc.aspx"
_FIRST_CATEGORY = 82
_PER_PAGE = 3


class SharePoint(Site):
    """``/Trang/Tin-tuc-su-kien.aspx?Cat=82&Page=2``; articles are an id in a query."""

    server: ClassVar[str] = "Microsoft-IIS/10.0"
    colour: ClassVar[str] = "#1f3f77"

    def path_of(self, article: DemoArticle) -> str:
        """The id stands in the query: whoever strips queries loses every article."""
        return f"{_DETAIL}?id={article.number}"

    def label_path(self, label: str) -> str:
        """The list of one category: ``?Cat=`` counts from 82 in the order of the labels."""
        return f"{_LIST}?Cat={_FIRST_CATEGORY + self.labels.index(label)}"

    def picture_path(self, article: DemoArticle) -> str:
        """``/PublishingImages/…``."""
        return f"/PublishingImages/{article.published_at:%Y-%m}/anh-{article.number}.png"

    def pages(self, shown: tuple[DemoArticle, ...]) -> dict[str, Page]:
        """Home, the list, the articles, and the feed addresses that answer 200 with a page of apology."""
        return {
            "/": partial(self._home, shown),
            _LIST: partial(self._list, shown),
            _DETAIL: partial(self._detail, shown),
            "/rss": self._soft_not_found,
            "/feed/": self._soft_not_found,
            "/Trang/rss.aspx": self._soft_not_found,
        }

    def _soft_not_found(self, query: Mapping[str, str]) -> Answer:
        return self.not_found(status=200)

    def _home(self, shown: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        return self.listing(self.name, shown[:_PER_PAGE], after=_view_state(self.name))

    def _list(self, shown: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        category, page = _whole(query.get("Cat"), 0), max(1, _whole(query.get("Page"), 1))
        title, listed, address = "Tin tức - Sự kiện", shown, f"{_LIST}?"
        if 0 <= category - _FIRST_CATEGORY < len(self.labels):
            title = self.labels[category - _FIRST_CATEGORY]
            listed = tuple(article for article in shown if article.label == title)
            address = f"{_LIST}?Cat={category}&"
        rows = "".join(self._row(article) for article in listed[(page - 1) * _PER_PAGE : page * _PER_PAGE])
        after = ""
        if page * _PER_PAGE < len(listed):
            after = f'<a class="sau" href="{plain(address)}Page={page + 1}">Trang sau »</a>'
        main = f"""<a class="ms-accessible" href="#">Skip Ribbon Commands</a> <a class="ms-accessible" href="#">Skip to main content</a>
<h1 class="chuyen-muc">{plain(title)}</h1>
<ul class="danh-sach-tin">
{rows}</ul>
<div class="phan-trang">{after}</div>
{_view_state(title)}"""
        return self.frame(title, main)

    def _row(self, article: DemoArticle) -> str:
        image = ""
        if article.picture:
            image = f'<img src="{self.picture_path(article)}" alt="" width="180">'
        return f"""<li class="tin">{image}
<a class="tieu-de" href="{self.path_of(article)}">{plain(article.title)}</a>
<span class="ngay">({article.published_at:%d/%m/%Y %H:%M})</span>
<p class="tom-tat">{plain(article.lead)}</p></li>
"""

    def _detail(self, shown: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        article = next((article for article in shown if str(article.number) == query.get("id")), None)
        if article is None:
            return self.not_found(status=200)
        image = ""
        if article.picture:
            image = (
                f'<p align="center"><img src="{self.picture_path(article)}" alt="" width="700"></p>\n'
                f'<p align="center"><i>{plain(article.caption or "Ảnh minh hoạ")}</i></p>\n'
            )
        other = "".join(
            f'<li><a href="{self.path_of(o)}">{plain(o.title)}</a> ({o.published_at:%d/%m/%Y})</li>\n'
            for o in others(article, shown, 4)
        )
        main = f"""<a class="ms-accessible" href="#">Skip Ribbon Commands</a> <a class="ms-accessible" href="#">Skip to main content</a>
<div class="duong-dan">Trang chủ » {plain(article.label)}</div>
<h1 class="tieu-de-tin">{plain(article.title)}</h1>
<div class="thoi-gian">Thời gian: {article.published_at:%d/%m/%Y %H:%M}</div>
<div class="trichdan">{plain(article.lead)}</div>
<div class="noi-dung">
{image}{paragraphs(article)}
</div>
<p align="right"><b>{plain(article.author)}</b> {plain(article.credit)}</p>
<div class="cong-cu"><a href="javascript:print()">Bản in</a> | Lượt xem: {article.number % 600 + 12} | Chia sẻ</div>
<div class="tin-khac"><b>Các tin khác</b>
<ul>
{other}</ul></div>
{_view_state(article.key)}"""
        return self.frame(article.title, main)


def _view_state(text: str) -> str:
    """The block of state that ASP.NET hides in every page."""
    return f'<input type="hidden" name="__VIEWSTATE" value="{b64encode(text.encode() * 20).decode()}">'


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else otherwise
