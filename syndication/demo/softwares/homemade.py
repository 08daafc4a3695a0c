"""A home-made CMS of the kind behind several ministries and papers: RSS that is not quite XML.

Its links lose their slashes (``http:host/…``), titles carry a bare ``&``, descriptions close a break that was
never opened, and every article's id spells the second in which it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import ClassVar

from syndication.demo.softwares.article import DemoArticle
from syndication.demo.softwares.site import Answer, Page, Site, others, paragraphs, plain
from syndication.text import slug

_PER_PAGE = 6


class HomeMade(Site):
    """``/rss/home.rss``, ``/rss/{category}.rss``; ``/{slug}-{id}.htm``; lists with ``trang-N``."""

    server: ClassVar[str] = "nginx"
    colour: ClassVar[str] = "#075a7a"

    def path_of(self, article: DemoArticle) -> str:
        """``/{slug}-{id}.htm``; the id is ``115`` + the time as yymmddHHMMSS + three digits."""
        return f"/{article.slug}-115{article.published_at:%y%m%d%H%M%S}{article.number % 1000:03d}.htm"

    def label_path(self, label: str) -> str:
        """``/{category}.htm``."""
        return f"/{slug(label)}.htm"

    def picture_path(self, article: DemoArticle) -> str:
        """A path that spells the day, as picture servers of this kind have it."""
        return f"/{article.number}/{article.published_at:%Y/%m/%d}/{article.slug[:50]}.png"

    def pages(self, shown: tuple[DemoArticle, ...]) -> dict[str, Page]:
        """Home, categories, a feed of each, and the articles."""
        pages: dict[str, Page] = {
            "/": partial(self._list, self.name, shown, ""),
            "/rss.htm": self._feeds,
            "/rss/home.rss": partial(self._feed, "Trang chủ", shown),
        }
        for label in self.labels:
            listed = tuple(article for article in shown if article.label == label)
            pages[f"/rss/{slug(label)}.rss"] = partial(self._feed, label, listed)
            pages |= self._lists(label, listed)
        for article in shown:
            pages[self.path_of(article)] = partial(self._article, article, shown)
        return pages

    def _lists(self, label: str, listed: tuple[DemoArticle, ...]) -> dict[str, Page]:
        pages: dict[str, Page] = {}
        for first in range(0, max(1, len(listed)), _PER_PAGE):
            number = first // _PER_PAGE + 1
            path = self.label_path(label) if number == 1 else f"/{slug(label)}/trang-{number}.htm"
            after = ""
            if first + _PER_PAGE < len(listed):
                after = f'<p><a class="next" href="/{slug(label)}/trang-{number + 1}.htm">Trang sau</a></p>'
            pages[path] = partial(self._list, label, listed[first : first + _PER_PAGE], after)
        return pages

    def _list(
        self, title: str, listed: tuple[DemoArticle, ...], after: str, query: Mapping[str, str]
    ) -> Answer:
        head = '<link rel="alternate" type="application/rss+xml" href="/rss/home.rss" title="Trang chủ" />\n'
        return self.listing(title, listed, head=head, after=after)

    def _feeds(self, query: Mapping[str, str]) -> Answer:
        rows = "".join(
            f'<li><a href="/rss/{slug(label)}.rss">{plain(label)}</a></li>' for label in self.labels
        )
        return self.frame(
            "RSS", f'<h1>Kênh RSS</h1><ul><li><a href="/rss/home.rss">Trang chủ</a></li>{rows}</ul>'
        )

    def _feed(self, title: str, listed: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        built = f"\n    <pubDate>{_pub_date(listed[0].published_at)}</pubDate>" if listed else ""
        items = "".join(self._item(article) for article in listed[:50])
        text = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:slash="http://purl.org/rss/1.0/modules/slash/">
  <channel>
    <title>{title} - {self.name} RSS</title>
    <description>{self.name}</description>
    <link>{self.base}</link>{built}
    <generator>{self.name}</generator>
{items}  </channel>
</rss>"""
        return Answer("text/xml; charset=utf-8", text.encode())

    def _item(self, article: DemoArticle) -> str:
        link = f"http:{self.address}{self.path_of(article)}"
        image = ""
        if article.picture:
            image = f'<a href="{link}"><img width=130 height=100 src="{self.picture_url(article)}" ></a></br>'
        return f"""    <item>
      <title>
        {article.title}
      </title>
      <description><![CDATA[{image}{article.lead}]]></description>
      <pubDate>{_pub_date(article.published_at)}</pubDate>
      <link>
        {link}
      </link>
      <guid>
        {link}
      </guid>
      <slash:comments>0</slash:comments>
    </item>
"""

    def _article(
        self, article: DemoArticle, shown: tuple[DemoArticle, ...], query: Mapping[str, str]
    ) -> Answer:
        head = (
            f'<link rel="canonical" href="{self.url_of(article)}" />\n'
            f'<meta property="og:title" content="{plain(article.title)}" />\n'
            f'<meta property="article:section" content="{plain(article.label)}" />\n'
        )
        image = ""
        if article.picture:
            head += f'<meta property="og:image" content="{self.picture_url(article)}" />\n'
            image = (
                f'<figure class="VCSortableInPreviewMode" type="Photo"><img src="{self.picture_url(article)}" '
                f'alt="{plain(article.title)} - Ảnh 1." width="800" height="450"><figcaption class="PhotoCMS_Caption">'
                f"<p>{plain(article.caption or article.title)} - Ảnh 1.</p></figcaption></figure>\n"
            )
        other = "".join(
            f'<li><a href="{self.path_of(o)}">{plain(o.title)}</a> <span>{o.published_at:%d/%m/%Y %H:%M}</span></li>\n'
            for o in others(article, shown)
        )
        main = f"""<div class="detail-cate"><a href="{self.label_path(article.label)}">{plain(article.label)}</a></div>
<h1 class="detail-title">{plain(article.title)}</h1>
<div class="detail-time"><span data-role="publishdate">{article.published_at:%d/%m/%Y %H:%M}</span></div>
<h2 class="detail-sapo sapo">{plain(article.lead)}</h2>
<div class="detail-content afcbc-body">
{image}{paragraphs(article)}
</div>
<p class="detail-author">{plain(article.author)}</p><p class="detail-source">{plain(article.credit)}</p>
<div class="social">Chia sẻ <a href="#">Facebook</a> <a href="#">Zalo</a> <a href="javascript:print()">In bài viết này</a></div>
<div class="detail-tags">Từ khóa: {plain(article.label)}</div>
<div class="box-other"><h3>Tin liên quan</h3>
<ul>
{other}</ul></div>"""
        return self.frame(article.title, main, head=head)


def _pub_date(moment: datetime) -> str:
    """``Sat, 3 Oct 2026 19:54:00 GMT+7``: a zone that RFC 822 does not know."""
    return f"{moment:%a}, {moment.day} {moment:%b %Y %H:%M:%S} GMT+7"
