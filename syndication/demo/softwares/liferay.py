"""Liferay as several provinces run it: Atom with long addresses and pictures that forget their host."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar
from urllib.parse import quote_plus
from uuid import NAMESPACE_URL, uuid5

from syndication.demo.softwares.article import DemoArticle
from syndication.demo.softwares.site import Answer, Page, Site, others, paragraphs, plain
from syndication.text import slug

_PORTLET = "SUvaAKdUf4CG"


class Liferay(Site):
    """``/rss/-/home`` in Atom 1.0; articles under ``/-/asset_publisher/{portlet}/content/{slug}``."""

    server: ClassVar[str] = "Apache"
    colour: ClassVar[str] = "#8a4b08"

    def path_of(self, article: DemoArticle) -> str:
        """``/chi-tiet-tin-tuc/-/asset_publisher/{portlet}/content/{slug}``."""
        return f"/chi-tiet-tin-tuc/-/asset_publisher/{_PORTLET}/content/{article.slug}"

    def label_path(self, label: str) -> str:
        """``/web/guest/{slug}``."""
        return f"/web/guest/{slug(label)}"

    def picture_path(self, article: DemoArticle) -> str:
        """``/documents/{group}/{folder}/{name}/{uuid}?t={milliseconds}``, spaces written as «+»."""
        name = quote_plus(f"anh {article.number}.png")
        stamp = int(article.published_at.timestamp() * 1000)
        return f"/documents/20181/8745446/{name}/{_uuid('picture', article)}?t={stamp}"

    def pages(self, shown: tuple[DemoArticle, ...]) -> dict[str, Page]:
        """Home, categories, the feed and the articles."""
        pages: dict[str, Page] = {
            "/": partial(self._list, self.name, shown),
            "/web/guest/home": partial(self._list, self.name, shown),
            "/rss/-/home": partial(self._feed, shown),
        }
        for label in self.labels:
            listed = tuple(article for article in shown if article.label == label)
            pages[self.label_path(label)] = partial(self._list, label, listed)
        for article in shown:
            pages[self.path_of(article)] = partial(self._article, article, shown)
        return pages

    def _list(self, title: str, listed: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        head = f'<link href="{self.base}/rss/-/home" rel="alternate" title="RSS" type="application/atom+xml" />\n'
        return self.listing(title, listed, head=head)

    def _feed(self, shown: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        updated = max((article.updated_at for article in shown), default=datetime.fromtimestamp(0, UTC))
        entries = "".join(self._entry(article) for article in shown[:30])
        text = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <title>{plain(self.name)}</title>
  <link rel="alternate" href="{self.base}/web/guest/home" />
  <link rel="self" href="{self.base}/rss/-/home" />
  <subtitle />
  <id>{self.base}/rss/-/home</id>
  <updated>{_instant(updated)}</updated>
  <dc:date>{_instant(updated)}</dc:date>
{entries}</feed>
"""
        return Answer("text/xml;charset=UTF-8", text.encode())

    def _entry(self, article: DemoArticle) -> str:
        url = f"{self.url_of(article)}?inheritRedirect=false"
        return f"""  <entry>
    <title>{plain(article.title)}</title>
    <link rel="alternate" href="{url}" />
    <author>
      <name>{plain(article.author or "Ban biên tập")}</name>
    </author>
    <category term="{plain(article.label)}" />
    <id>urn:uuid:{_uuid("entry", article)}</id>
    <updated>{_instant(article.updated_at)}</updated>
    <published>{_instant(article.published_at)}</published>
    <summary type="html">{plain(plain(article.lead))}</summary>
    <content type="html">{plain(self._content(article))}</content>
  </entry>
"""

    def _content(self, article: DemoArticle) -> str:
        """The body as an editor sees it: addresses without a host, because they worked in the preview."""
        image = ""
        if article.picture:
            image = (
                f'<p style="text-align: center;"><img alt="" src="{plain(self.picture_path(article))}" '
                f'style="width: 800px; height: 450px;" /></p>\n'
                f'<p style="text-align: center;"><em>{plain(article.caption or "Ảnh minh hoạ")}</em></p>\n'
            )
        credit = (
            f'<p style="text-align: right;"><em>{plain(article.credit)}</em></p>\n' if article.credit else ""
        )
        more = f'<p><a href="{self.label_path(article.label)}">Xem thêm {plain(article.label)}</a></p>'
        return (
            f'<p style="text-align: justify;"><strong>{plain(article.lead)}</strong></p>\n{image}'
            f"{paragraphs(article)}\n{credit}{more}"
        )

    def _article(
        self, article: DemoArticle, shown: tuple[DemoArticle, ...], query: Mapping[str, str]
    ) -> Answer:
        head = (
            f'<link href="{self.url_of(article)}" rel="canonical" />\n'
            f'<meta content="{plain(article.title)}" property="og:title" />\n'
        )
        other = "".join(
            f'<li><a href="{self.path_of(o)}?inheritRedirect=false">{plain(o.title)}</a> ({o.published_at:%d/%m/%Y})</li>\n'
            for o in others(article, shown)
        )
        main = f"""<a href="#main-content" class="hide-accessible">Nhảy đến nội dung</a>
<div class="portlet-breadcrumb"><a href="/web/guest/home">Trang chủ</a> › {plain(article.label)}</div>
<section class="portlet" id="portlet_101_INSTANCE_{_PORTLET}">
<h1 class="asset-title">{plain(article.title)}</h1>
<div class="ngay-dang">{article.weekday}, {article.published_at:%d/%m/%Y | %H:%M} GMT+7</div>
<div class="journal-content-article">
{self._content(article)}
</div>
<p class="tac-gia"><strong>{plain(article.author)}</strong></p>
<div class="taglib-social-bookmarks">Chia sẻ | <a href="#">In bài viết</a> | Lượt xem: {article.number % 800 + 31}</div>
<div class="tin-lien-quan"><h3>Các tin khác</h3>
<ul>
{other}</ul></div>
</section>"""
        return self.frame(article.title, main, head=head)


def _uuid(kind: str, article: DemoArticle) -> str:
    return str(uuid5(NAMESPACE_URL, f"{kind}:{article.portal}:{article.key}"))


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
