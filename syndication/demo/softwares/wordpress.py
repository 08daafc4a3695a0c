"""WordPress as an older provincial portal runs it: full-text RSS, AMP twins, and pages that hide their own date."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from syndication.demo.softwares.article import DemoArticle
from syndication.demo.softwares.site import (
    Answer,
    Page,
    Site,
    cut,
    html_page,
    others,
    paragraphs,
    plain,
    redirect,
    rfc822,
)
from syndication.text import slug

_NAMESPACES = "\n\t".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in (
        ("content", "http://purl.org/rss/1.0/modules/content/"),
        ("wfw", "http://wellformedweb.org/CommentAPI/"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("atom", "http://www.w3.org/2005/Atom"),
        ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
        ("slash", "http://purl.org/rss/1.0/modules/slash/"),
    )
)


class WordPress(Site):
    """``/feed/`` with content:encoded, ``/{slug}.html`` and its ``/amp`` twin, ``/?p=`` short links."""

    server: ClassVar[str] = "Apache"
    colour: ClassVar[str] = "#a61c1c"

    def path_of(self, article: DemoArticle) -> str:
        """``/{slug}.html``, as permalinks are set on many portals."""
        return f"/{article.slug}.html"

    def label_path(self, label: str) -> str:
        """``/category/{slug}/``."""
        return f"/category/{slug(label)}/"

    def picture_path(self, article: DemoArticle) -> str:
        """``/wp-content/uploads/{year}/{month}/…``."""
        return f"/wp-content/uploads/{article.published_at:%Y/%m}/{article.slug[:60]}.png"

    def pages(self, shown: tuple[DemoArticle, ...]) -> dict[str, Page]:
        """Home, categories, articles with their AMP twins, and a feed of each list."""
        pages: dict[str, Page] = {
            "/": partial(self._home, shown),
            "/feed/": partial(self._feed, self.name, "/feed/", shown),
            "/comments/feed/": partial(self._feed, f"Bình luận cho {self.name}", "/comments/feed/", ()),
        }
        for label in self.labels:
            path = self.label_path(label)
            listed = tuple(article for article in shown if article.label == label)
            pages[path] = partial(self._list, label, listed)
            pages[f"{path}feed/"] = partial(self._feed, f"{label} – {self.name}", f"{path}feed/", listed)
        for article in shown:
            pages[self.path_of(article)] = partial(self._article, article, shown)
            pages[f"{self.path_of(article)}/amp"] = partial(self._amp, article)
        return pages

    def _home(self, shown: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        if "p" in query:
            found = next((article for article in shown if str(article.number) == query["p"]), None)
            return redirect(self.url_of(found)) if found else self.not_found()
        return self.listing(self.name, shown, head=self._discovery())

    def _list(self, label: str, listed: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        return self.listing(label, listed, head=self._discovery())

    def _discovery(self) -> str:
        return "".join(
            f'<link rel="alternate" type="application/rss+xml" title="{plain(self.name)} &raquo; {title}" '
            f'href="{self.base}{path}" />\n'
            for title, path in (("Dòng thông tin", "/feed/"), ("Dòng bình luận", "/comments/feed/"))
        )

    def _feed(
        self, title: str, path: str, listed: tuple[DemoArticle, ...], query: Mapping[str, str]
    ) -> Answer:
        built = (
            f"\n\t<lastBuildDate>{rfc822(max(a.updated_at for a in listed))}</lastBuildDate>"
            if listed
            else ""
        )
        items = "".join(self._item(article, listed) for article in listed[:20])
        text = f"""<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
\t{_NAMESPACES}
\t>

<channel>
\t<title>{plain(title)}</title>
\t<atom:link href="{self.base}{path}" rel="self" type="application/rss+xml" />
\t<link>{self.base}</link>
\t<description>Thông tin chính thống, kịp thời</description>{built}
\t<language>vi</language>
\t<sy:updatePeriod>
\thourly\t</sy:updatePeriod>
\t<sy:updateFrequency>
\t1\t</sy:updateFrequency>
\t<generator>https://wordpress.org/?v=6.6.2</generator>
{items}</channel>
</rss>
"""
        return Answer("application/rss+xml; charset=UTF-8", text.encode())

    def _item(self, article: DemoArticle, listed: tuple[DemoArticle, ...]) -> str:
        url = self.url_of(article)
        labels = (article.label, *article.tags)
        categories = "\n\t\t".join(f"<category><![CDATA[{plain(label)}]]></category>" for label in labels)
        excerpt = plain(cut(" ".join((article.lead, *article.body)), 55)).replace("…", " [&#8230;]")
        return f"""
\t<item>
\t\t<title>{_textured(article.title)}</title>
\t\t<link>{url}</link>
\t\t\t\t\t<comments>{url}#respond</comments>
\t\t
\t\t<dc:creator><![CDATA[{article.author or "admin"}]]></dc:creator>
\t\t<pubDate>{rfc822(article.published_at)}</pubDate>
\t\t{categories}
\t\t<guid isPermaLink="false">{self.base}/?p={article.number}</guid>

\t\t\t\t\t<description><![CDATA[{excerpt}]]></description>
\t\t\t\t\t\t\t\t\t\t<content:encoded><![CDATA[{self._content(article, listed)}]]></content:encoded>
\t\t\t\t\t
\t\t<wfw:commentRss>{url}/feed/</wfw:commentRss>
\t\t\t<slash:comments>0</slash:comments>
\t</item>
"""

    def _content(self, article: DemoArticle, shown: tuple[DemoArticle, ...]) -> str:
        """The editor pasted everything into the post: lead, caption, text, even the list of other news."""
        figure = ""
        if article.picture:
            figure = (
                f'<div id="attachment_{article.number + 1}" style="width: 810px" class="wp-caption aligncenter">'
                f'<img loading="lazy" class="size-full wp-image-{article.number + 1}" src="{self.picture_url(article)}" '
                f'alt="{plain(article.title)}" width="800" height="450" />'
                f'<p class="wp-caption-text">{plain(article.caption or "Ảnh minh họa")}</p></div>\n'
            )
        other = "".join(
            f'<p><a href="{self.url_of(o)}">{plain(o.title)}</a></p>\n<p>{plain(cut(o.lead, 18))} '
            f"{o.published_at:%d/%m/%Y}</p>\n"
            for o in others(article, shown)
        )
        credit = f"<p><em>{plain(article.credit)}</em></p>\n" if article.credit else ""
        return (
            f"<p><strong>{plain(article.lead)}</strong></p>\n{figure}{paragraphs(article)}\n{credit}"
            f"<p>&nbsp;</p>\n<p><strong>Tin khác</strong></p>\n{other}"
        )

    def _article(
        self, article: DemoArticle, shown: tuple[DemoArticle, ...], query: Mapping[str, str]
    ) -> Answer:
        url = self.url_of(article)
        head = (
            f'<link rel="canonical" href="{url}" />\n<link rel="amphtml" href="{url}/amp" />\n'
            f'<link rel="shortlink" href="{self.base}/?p={article.number}" />\n'
            f'<meta property="og:title" content="{plain(article.title)}" />\n'
            f'<meta property="og:description" content="{plain(article.lead)}" />\n'
        )
        if article.picture:
            head += f'<meta property="og:image" content="{self.picture_url(article)}" />\n'
        main = f"""<article id="post-{article.number}" class="post-{article.number} post type-post">
<p class="cat-links"><a href="{self.label_path(article.label)}" rel="category tag">{plain(article.label)}</a></p>
<h1 class="entry-title">{plain(article.title)}</h1>
<div class="entry-content">
{self._content(article, shown)}</div>
<p class="share">Chia sẻ: <a href="#">Facebook</a> <a href="#">Zalo</a> · <a href="javascript:print()">Print</a></p>
<p class="views">Lượt xem: {article.number % 900 + 40}</p>
</article>"""
        return self.frame(article.title, main, head=self._discovery() + head)

    def _amp(self, article: DemoArticle, query: Mapping[str, str]) -> Answer:
        image = ""
        if article.picture:
            image = f'<amp-img src="{self.picture_url(article)}" width="800" height="450" layout="responsive"></amp-img>'
        return html_page(
            f"""<!doctype html>
<html amp lang="vi">
<head>
<meta charset="utf-8">
<title>{plain(article.title)} | {plain(self.name)}</title>
<link rel="canonical" href="{self.url_of(article)}" />
<meta name="viewport" content="width=device-width">
</head>
<body>
<header><a href="{self.base}/amp">{plain(self.name)}</a></header>
<article class="amp-wp-article">
<h1 class="amp-wp-title">{plain(article.title)}</h1>
<div class="amp-wp-article-content">
<p><strong>{plain(article.lead)}</strong></p>
{image}
{paragraphs(article)}
</div>
</article>
</body>
</html>
"""
        )


def _textured(text: str) -> str:
    """WordPress writes the ampersand as a number."""
    return plain(text).replace("&amp;", "&#038;")
