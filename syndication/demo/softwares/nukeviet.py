"""NukeViet, the Vietnamese CMS of many state and education sites: short RSS whose minutes are always the month.

Behaviour from its source, github.com/nukeviet/nukeviet: ``includes/core/theme_functions.php`` formats dates with
``'D, j M Y H:m:s'`` (``m`` is the month), ``assets/tpl/rss.tpl`` pads the CDATA guids, and
``themes/default/modules/news/detail.tpl`` gives the marks of an article page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from syndication.demo.softwares.article import DemoArticle
from syndication.demo.softwares.site import Answer, Page, Site, html_page, paragraphs, picture, plain
from syndication.text import slug

_PER_PAGE = 5


class NukeViet(Site):
    """``/news/rss/`` and ``/news/rss/{alias}/``; ``/news/{alias}/{slug}-{id}.html`` and its print twin."""

    server: ClassVar[str] = "nginx/1.22.1"
    colour: ClassVar[str] = "#1b6e3c"

    def path_of(self, article: DemoArticle) -> str:
        """``/news/{category}/{slug}-{id}.html``."""
        return f"/news/{slug(article.label)}/{article.slug}-{article.number}.html"

    def label_path(self, label: str) -> str:
        """``/news/{alias}/``."""
        return f"/news/{slug(label)}/"

    def picture_path(self, article: DemoArticle) -> str:
        """``/uploads/news/{year}_{month}/…``."""
        return f"/uploads/news/{article.published_at:%Y_%m}/{article.slug[:60]}.png"

    def pages(self, shown: tuple[DemoArticle, ...]) -> dict[str, Page]:
        """Lists with ``page-N``, a feed of each, articles, their print twins and thumbnails."""
        pages: dict[str, Page] = {
            "/": partial(self._home, shown),
            "/feeds/": self._feeds,
            "/news/rss/": partial(self._feed, "Tin Tức", "/news/rss/", "/news/", shown),
        }
        pages |= self._lists("Tin Tức", "/news/", shown)
        for label in self.labels:
            listed = tuple(article for article in shown if article.label == label)
            path = f"/news/rss/{slug(label)}/"
            pages[path] = partial(self._feed, f"Tin Tức - {label}", path, self.label_path(label), listed)
            pages |= self._lists(label, self.label_path(label), listed)
        for article in shown:
            path = self.path_of(article)
            pages[path] = partial(self._article, article, shown)
            pages[path.replace("/news/", "/news/print/", 1)] = partial(self._print, article)
            if article.picture:
                pages[self._thumbnail(article)] = partial(picture, article, (100, 56))
        return pages

    def _thumbnail(self, article: DemoArticle) -> str:
        return self.picture_path(article).replace("/uploads/", "/assets/", 1)

    def _home(self, shown: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        head = (
            f'<meta name="generator" content="NukeViet v4.5">\n<link rel="alternate" type="application/rss+xml" '
            f'title="Tin Tức" href="{self.base}/news/rss/">\n'
        )
        return self.listing(self.name, shown[:_PER_PAGE], head=head)

    def _feeds(self, query: Mapping[str, str]) -> Answer:
        rows = "".join(
            f'<li><a href="/news/rss/{slug(label)}/">{plain(label)}</a></li>' for label in self.labels
        )
        return self.frame(
            "RSS-feeds",
            f'<h1>RSS-feeds</h1><ul class="rss"><li><a href="/news/rss/">Tin Tức</a></li>{rows}</ul>',
        )

    def _lists(self, title: str, path: str, listed: tuple[DemoArticle, ...]) -> dict[str, Page]:
        """Page 1 stands at the category's address, the others at ``page-N`` under it."""
        count = max(1, -(-len(listed) // _PER_PAGE))
        paths = [path, *(f"{path}page-{number}/" for number in range(2, count + 1))]
        links = " ".join(f'<a href="{at}">{number}</a>' for number, at in enumerate(paths, start=1))
        return {
            at: partial(
                self._list,
                title,
                listed[number * _PER_PAGE : (number + 1) * _PER_PAGE],
                f'<p class="pagination">{links}</p>',
            )
            for number, at in enumerate(paths)
        }

    def _list(
        self, title: str, listed: tuple[DemoArticle, ...], after: str, query: Mapping[str, str]
    ) -> Answer:
        return self.listing(title, listed, after=after)

    def _feed(
        self, title: str, path: str, about: str, listed: tuple[DemoArticle, ...], query: Mapping[str, str]
    ) -> Answer:
        dates = ""
        if listed:
            newest = _pub_date(listed[0].published_at)
            dates = f"\n        <pubDate>{newest}</pubDate>\n        <lastBuildDate>{newest}</lastBuildDate>"
        items = "".join(self._item(article) for article in listed[:30])
        text = f"""<?xml version="1.0" encoding="utf-8"?>
<?xml-stylesheet type="text/xsl" href="{self.base}/assets/css/rss.xsl" media="screen"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" \
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">
    <channel>
        <atom:link href="{self.base}{path}" rel="self" type="application/rss+xml" />
        <title>{plain(title)}</title>
        <link>{self.base}{about}</link>
        <description>
            <![CDATA[{self.name}]]>
        </description>
        <language>vi</language>{dates}
        <copyright>
            <![CDATA[{self.name}]]>
        </copyright>
        <docs>{self.base}/feeds/</docs>
        <generator>
            <![CDATA[NukeViet v4.0]]>
        </generator>
{items}    </channel>
</rss>
"""
        return Answer("text/xml; charset=utf-8", text.encode(), headers={"X-Robots-Tag": "noindex, follow"})

    def _item(self, article: DemoArticle) -> str:
        image = ""
        if article.picture:
            image = f'<img src="{self.base}{self._thumbnail(article)}" width="100" align="left" border="0">'
        return f"""        <item>
            <title>{plain(article.title)}</title>
            <link>{self.url_of(article)}</link>
            <guid isPermaLink="false">
                <![CDATA[news_{article.number}]]>
            </guid>
            <pubDate>{_pub_date(article.published_at)}</pubDate>
            <description>
                <![CDATA[{image}{article.lead}]]>
            </description>
        </item>
"""

    def _article(
        self, article: DemoArticle, shown: tuple[DemoArticle, ...], query: Mapping[str, str]
    ) -> Answer:
        head = (
            f'<meta name="generator" content="NukeViet v4.5">\n'
            f'<link rel="canonical" href="{self.url_of(article)}">\n'
            f'<meta property="og:title" content="{plain(article.title)}">\n'
            f'<meta property="article:published_time" content="{_published_time(article.published_at)}">\n'
            f'<meta property="article:section" content="{plain(article.label)}">\n'
        )
        image = ""
        if article.picture:
            image = (
                f'<div class="imghome text-center"><img alt="{plain(article.title)}" src="{self.picture_path(article)}" '
                f'width="460"><p class="small">{plain(article.caption or article.title)}</p></div>\n'
            )
        main = f"""<ul class="breadcrumb"><li><a href="/news/">Tin Tức</a></li>
<li><a href="{self.label_path(article.label)}">{plain(article.label)}</a></li></ul>
<div class="news_column panel panel-default">
<h1 class="title margin-bottom-lg" itemprop="headline">{plain(article.title)}</h1>
<div class="hidden d-none" itemprop="author">{plain(article.author or "Ban biên tập")}</div>
<span class="h5">{article.weekday} - {article.published_at:%d/%m/%Y %H:%M}</span>
<ul class="list-inline"><li><a rel="nofollow" href="#">Giới thiệu bài viết cho bạn bè</a></li>
<li><a href="{self.path_of(article).replace("/news/", "/news/print/", 1)}">In ra</a></li>
<li><a href="#">Lưu bài viết này</a></li></ul>
<div class="hometext m-bottom" itemprop="description">{plain(article.lead)}</div>
{image}<div id="news-bodyhtml" class="bodytext margin-bottom-lg">
{paragraphs(article)}
</div>
{self._signed(article)}
</div>
<div class="rating"><p>Tổng số điểm của bài viết là: 0 trong 0 đánh giá</p><p>Click để đánh giá bài viết</p></div>
<p class="views">Đã xem: {article.number % 700 + 25} | Phản hồi: 0</p>
<div class="others other-news">
{self._related("Những tin mới hơn", [o for o in shown if o.published_at > article.published_at][-3:])}
{self._related("Những tin cũ hơn", [o for o in shown if o.published_at < article.published_at][:3])}
</div>"""
        return self.frame(article.title, main, head=head)

    def _related(self, title: str, listed: list[DemoArticle]) -> str:
        rows = "".join(
            f'<li><a href="{self.path_of(o)}" title="{plain(o.title)}">{plain(o.title)}</a> '
            f"<em>({o.published_at:%d/%m/%Y})</em></li>\n"
            for o in listed
        )
        return (
            f'<p class="h3"><strong>{title}</strong></p>\n<ul class="related list-inline">\n{rows}</ul>'
            if rows
            else ""
        )

    def _signed(self, article: DemoArticle) -> str:
        lines = (("Tác giả:", article.author), ("Nguồn tin:", article.credit))
        return "".join(
            f'<p class="h5 text-right"><strong>{name} </strong>{plain(said)}</p>\n'
            for name, said in lines
            if said
        )

    def _print(self, article: DemoArticle, query: Mapping[str, str]) -> Answer:
        return html_page(
            f"""<!DOCTYPE html>
<html lang="vi">
<head><meta charset="utf-8"><title>{plain(article.title)}</title><meta name="robots" content="noindex"></head>
<body>
<div id="print"><div id="hd_print"><h2>{plain(self.name)}</h2></div><hr>
<div id="content"><h1>{plain(article.title)}</h1>
<ul class="list-inline"><li>{article.weekday} - {article.published_at:%d/%m/%Y %H:%M}</li><li>In ra</li><li>Đóng cửa sổ này</li></ul>
<div id="hometext">{plain(article.lead)}</div>
<div id="bodytext">
{paragraphs(article)}
</div></div>
<div id="footer">URL của bản tin này: {self.url_of(article)}</div></div>
</body>
</html>
"""
        )


def _pub_date(moment: datetime) -> str:
    """The bug that has lived there since 2012: hour, *month*, second; and a day without its zero."""
    utc = moment.astimezone(UTC)
    return f"{utc:%a}, {utc.day} {utc:%b %Y %H}:{utc:%m:%S} GMT"


def _published_time(moment: datetime) -> str:
    """PHP's ``date('Y-m-dTH:i:s')``: the unescaped ``T`` becomes the zone (``2024-07-05+0708:30:00``)."""
    return f"{moment:%Y-%m-%d}+07{moment:%H:%M:%S}"
