"""An old .NET portal's RSS: American dates, a blank line before the XML, and a charset that is not true."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import ClassVar

from syndication.demo.softwares.article import DemoArticle
from syndication.demo.softwares.site import Answer, Page, Site, others, paragraphs, plain
from syndication.text import slug


class DotNet(Site):
    """``/rss/tintuc.aspx``; articles at ``/tin-tuc/chi-tiet/{id}/{slug}.aspx``."""

    server: ClassVar[str] = "Microsoft-IIS/8.5"
    colour: ClassVar[str] = "#4c6b12"

    def path_of(self, article: DemoArticle) -> str:
        """``/tin-tuc/chi-tiet/{id}/{slug}.aspx``."""
        return f"/tin-tuc/chi-tiet/{article.number}/{article.slug}.aspx"

    def label_path(self, label: str) -> str:
        """``/chuyen-muc/{slug}.aspx``."""
        return f"/chuyen-muc/{slug(label)}.aspx"

    def picture_path(self, article: DemoArticle) -> str:
        """``/Uploads/Images/…``."""
        return f"/Uploads/Images/{article.published_at:%Y}/{article.number}.png"

    def pages(self, shown: tuple[DemoArticle, ...]) -> dict[str, Page]:
        """Home, categories, the feed and the articles."""
        pages: dict[str, Page] = {
            "/": partial(self._list, self.name, shown),
            "/rss/tintuc.aspx": partial(self._feed, shown),
        }
        for label in self.labels:
            listed = tuple(article for article in shown if article.label == label)
            pages[self.label_path(label)] = partial(self._list, label, listed)
        for article in shown:
            pages[self.path_of(article)] = partial(self._article, article, shown)
        return pages

    def _list(self, title: str, listed: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        return self.listing(title, listed, after='<p><a href="/rss/tintuc.aspx">RSS</a></p>')

    def _feed(self, shown: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        items = "".join(self._item(article) for article in shown[:25])
        text = f"""
<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0">
  <channel>
    <title>{plain(self.name)}</title>
    <link>{self.base}/</link>
    <description>Tin tức</description>
    <language>vi-VN</language>
    <ttl>30</ttl>
{items}  </channel>
</rss>
"""
        return Answer("text/xml; charset=windows-1258", text.replace("\n", "\r\n").encode())

    def _item(self, article: DemoArticle) -> str:
        link = f"{self.url_of(article)}?utm_source=rss&amp;utm_medium=feed"
        enclosure = ""
        if article.picture:
            enclosure = f'\n      <enclosure url="{self.picture_url(article)}" length="0" type="image/png" />'
        return f"""    <item>
      <title>{plain(article.title)}</title>
      <link>{link}</link>
      <description>{plain(article.lead)}</description>
      <category>{plain(article.label)}</category>
      <pubDate>{american(article.published_at)}</pubDate>
      <guid>{link}</guid>{enclosure}
    </item>
"""

    def _article(
        self, article: DemoArticle, shown: tuple[DemoArticle, ...], query: Mapping[str, str]
    ) -> Answer:
        image = ""
        if article.picture:
            image = (
                f'<table class="anh" align="center"><tr><td><img src="{self.picture_path(article)}" width="600"></td></tr>'
                f"<tr><td><em>{plain(article.caption or 'Ảnh minh hoạ')}</em></td></tr></table>\n"
            )
        other = "".join(
            f'<li><a href="{self.path_of(o)}">{plain(o.title)}</a> <i>{o.published_at:%d/%m/%Y}</i></li>\n'
            for o in others(article, shown)
        )
        main = f"""<div class="breadcrumb">Trang chủ &gt; {plain(article.label)}</div>
<h1 class="title-news">{plain(article.title)}</h1>
<p class="date-news">Cập nhật lúc {article.published_at:%H:%M}, {article.weekday}, {article.published_at:%d/%m/%Y} (GMT+7)</p>
<p class="lead">{plain(article.lead)}</p>
<div class="content-news">
{image}{paragraphs(article)}
</div>
<p class="author-news" align="right"><b>{plain(article.author)}</b><br>{plain(article.credit)}</p>
<p class="tools">In ra | Gửi email | Lượt xem: {article.number % 500 + 60}</p>
<div class="theo-dong"><b>Theo dòng sự kiện</b>
<ul>
{other}</ul></div>"""
        return self.frame(article.title, main)


def american(moment: datetime) -> str:
    """``10/3/2026 7:54:00 PM`` as newer .NET prints it: month first, a narrow no-break space before PM, no zone."""
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment:%M:%S}\u202f{half}"
