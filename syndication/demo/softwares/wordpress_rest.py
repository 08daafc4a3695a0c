"""A modern WordPress that switched its feeds off: JSON at ``/wp-json/``, a sitemap, and well-marked pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar
from zlib import crc32

from syndication.demo.softwares.article import DemoArticle
from syndication.demo.softwares.site import Answer, Page, Site, others, paragraphs, plain
from syndication.settings import VIETNAM
from syndication.text import slug

_POSTS = "/wp-json/wp/v2/posts"
_JSON = "application/json; charset=UTF-8"


class WordPressRest(Site):
    """``/wp-json/wp/v2/posts?_embed``, ``/wp-sitemap.xml``; articles at ``/tin-tuc/{slug}/``."""

    server: ClassVar[str] = "LiteSpeed"
    colour: ClassVar[str] = "#4a2a7a"

    def path_of(self, article: DemoArticle) -> str:
        """``/tin-tuc/{slug}/``."""
        return f"/tin-tuc/{article.slug}/"

    def label_path(self, label: str) -> str:
        """``/chuyen-muc/{slug}/``."""
        return f"/chuyen-muc/{slug(label)}/"

    def picture_path(self, article: DemoArticle) -> str:
        """``/wp-content/uploads/{year}/{month}/…``."""
        return f"/wp-content/uploads/{article.published_at:%Y/%m}/{article.number}-1024x576.png"

    def pages(self, shown: tuple[DemoArticle, ...]) -> dict[str, Page]:
        """Home, categories, articles, the REST interface and the sitemap. ``/feed/`` is gone."""
        pages: dict[str, Page] = {
            "/": partial(self._list, self.name, shown),
            "/robots.txt": self._own_robots,
            "/wp-json/": self._index,
            _POSTS: partial(self._posts, shown),
            "/wp-json/wp/v2/categories": self._categories,
            "/wp-sitemap.xml": partial(self._sitemaps, shown),
            "/wp-sitemap-posts-post-1.xml": partial(self._sitemap, shown),
        }
        for label in self.labels:
            listed = tuple(article for article in shown if article.label == label)
            pages[self.label_path(label)] = partial(self._list, label, listed)
        for article in shown:
            pages[self.path_of(article)] = partial(self._article, article, shown)
            pages[f"{_POSTS}/{article.number}"] = partial(self._one, article)
        return pages

    def _own_robots(self, query: Mapping[str, str]) -> Answer:
        text = f"User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n\nSitemap: {self.base}/wp-sitemap.xml\n"
        return Answer("text/plain; charset=utf-8", text.encode())

    def _list(self, title: str, listed: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        return self.listing(
            title, listed, head=f'<link rel="https://api.w.org/" href="{self.base}/wp-json/" />\n'
        )

    def _index(self, query: Mapping[str, str]) -> Answer:
        return _json({"name": self.name, "url": self.base, "namespaces": ["oembed/1.0", "wp/v2"]})

    def _categories(self, query: Mapping[str, str]) -> Answer:
        return _json([self._term(label, "category") for label in self.labels])

    def _posts(self, shown: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        """Pages of posts with the headers that WordPress adds: X-WP-Total, X-WP-TotalPages, Link."""
        try:
            size, number = int(query.get("per_page", "10")), int(query.get("page", "1"))
            after = datetime.fromisoformat(query["after"]) if "after" in query else None
        except ValueError:
            return _refused("rest_invalid_param", "Tham số không hợp lệ.")
        if not 1 <= size <= 100 or number < 1:
            return _refused("rest_invalid_param", "Tham số không hợp lệ: per_page, page")
        if after and after.tzinfo is None:
            after = after.replace(tzinfo=VIETNAM)
        chosen = tuple(article for article in shown if after is None or article.published_at > after)
        total = -(-len(chosen) // size)
        if number > max(1, total):
            return _refused(
                "rest_post_invalid_page_number", "Số trang được yêu cầu lớn hơn số trang hiện có."
            )
        posts = [self._post(a, embed="_embed" in query) for a in chosen[(number - 1) * size : number * size]]
        headers = {"X-WP-Total": str(len(chosen)), "X-WP-TotalPages": str(total)}
        if number < total:
            headers["Link"] = f'<{self.base}{_POSTS}?per_page={size}&page={number + 1}>; rel="next"'
        return _json(posts, headers)

    def _one(self, article: DemoArticle, query: Mapping[str, str]) -> Answer:
        return _json(self._post(article, embed="_embed" in query))

    def _post(self, article: DemoArticle, *, embed: bool) -> dict[str, Any]:
        content = f"<p><strong>{plain(article.lead)}</strong></p>\n{paragraphs(article)}\n"
        if article.credit:
            content += f"<p><em>{plain(article.credit)}</em></p>\n"
        post: dict[str, Any] = {
            "id": article.number,
            "date": f"{article.published_at:%Y-%m-%dT%H:%M:%S}",
            "date_gmt": _gmt(article.published_at),
            "guid": {"rendered": f"{self.base}/?p={article.number}"},
            "modified": f"{article.updated_at:%Y-%m-%dT%H:%M:%S}",
            "modified_gmt": _gmt(article.updated_at),
            "slug": article.slug,
            "status": "publish",
            "type": "post",
            "link": self.url_of(article),
            "title": {"rendered": plain(article.title).replace("&amp;", "&#038;")},
            "content": {"rendered": content, "protected": False},
            "excerpt": {"rendered": f"<p>{plain(article.lead)}</p>\n", "protected": False},
            "author": 3,
            "featured_media": article.number + 1 if article.picture else 0,
            "comment_status": "closed",
            "format": "standard",
            "categories": [_term_id(article.label)],
            "tags": [_term_id(tag) for tag in article.tags],
            "_links": {"self": [{"href": f"{self.base}{_POSTS}/{article.number}"}]},
        }
        if embed:
            post["_embedded"] = self._embedded(article)
        return post

    def _embedded(self, article: DemoArticle) -> dict[str, Any]:
        embedded: dict[str, Any] = {
            "author": [{"id": 3, "name": article.author or "Ban biên tập", "slug": "ban-bien-tap"}],
            "wp:term": [
                [self._term(article.label, "category")],
                [self._term(tag, "post_tag") for tag in article.tags],
            ],
        }
        if article.picture:
            embedded["wp:featuredmedia"] = [
                {
                    "id": article.number + 1,
                    "media_type": "image",
                    "mime_type": "image/png",
                    "alt_text": article.caption,
                    "caption": {"rendered": f"<p>{plain(article.caption)}</p>\n" if article.caption else ""},
                    "media_details": {"width": 800, "height": 450},
                    "source_url": self.picture_url(article),
                }
            ]
        return embedded

    def _term(self, name: str, taxonomy: str) -> dict[str, Any]:
        return {
            "id": _term_id(name),
            "name": plain(name),
            "slug": slug(name),
            "taxonomy": taxonomy,
            "link": self.base + self.label_path(name),
        }

    def _sitemaps(self, shown: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        return _xml(f"<sitemap><loc>{self.base}/wp-sitemap-posts-post-1.xml</loc></sitemap>", "sitemapindex")

    def _sitemap(self, shown: tuple[DemoArticle, ...], query: Mapping[str, str]) -> Answer:
        rows = "".join(
            f"<url><loc>{self.url_of(a)}</loc><lastmod>{a.updated_at.isoformat()}</lastmod></url>"
            for a in shown
        )
        return _xml(rows, "urlset")

    def _article(
        self, article: DemoArticle, shown: tuple[DemoArticle, ...], query: Mapping[str, str]
    ) -> Answer:
        facts: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": article.title,
            "datePublished": article.published_at.isoformat(),
            "dateModified": article.updated_at.isoformat(),
            "author": {"@type": "Person", "name": article.author or "Ban biên tập"},
            "publisher": {"@type": "Organization", "name": self.name},
            "articleSection": article.label,
            "mainEntityOfPage": self.url_of(article),
        }
        figure = ""
        if article.picture:
            facts["image"] = [self.picture_url(article)]
            figure = (
                f'<figure class="wp-block-image"><img src="{self.picture_url(article)}" alt="{plain(article.caption)}" '
                f'width="800" height="450"><figcaption>{plain(article.caption)}</figcaption></figure>\n'
            )
        head = (
            f'<link rel="canonical" href="{self.url_of(article)}">\n'
            f'<link rel="https://api.w.org/" href="{self.base}/wp-json/">\n'
            f'<meta property="og:title" content="{plain(article.title)}">\n'
            f'<meta property="og:description" content="{plain(article.lead)}">\n'
            f'<script type="application/ld+json">{json.dumps(facts, ensure_ascii=False)}</script>\n'
        )
        other = "".join(
            f'<li><a href="{self.url_of(o)}">{plain(o.title)}</a> <time datetime="{o.published_at.isoformat()}">'
            f"{o.published_at:%d/%m/%Y}</time></li>\n"
            for o in others(article, shown)
        )
        main = f"""<article class="wp-block-group">
<p class="taxonomy-category"><a href="{self.label_path(article.label)}">{plain(article.label)}</a></p>
<h1 class="wp-block-post-title">{plain(article.title)}</h1>
<p class="wp-block-post-date"><time datetime="{article.published_at.isoformat()}">{article.published_at:%d/%m/%Y %H:%M}</time></p>
<div class="entry-content wp-block-post-content">
<p class="sapo">{plain(article.lead)}</p>
{figure}{paragraphs(article)}
</div>
<p class="author">{plain(article.author)} {plain(article.credit)}</p>
<div class="share">Share this post · <a href="javascript:print()">In bài viết</a> · {article.number % 900 + 90} lượt xem</div>
</article>
<aside class="related"><h2>Tin khác</h2>
<ul>
{other}</ul></aside>"""
        return self.frame(article.title, main, head=head)


def _term_id(name: str) -> int:
    return 10 + crc32(name.encode()) % 900


def _gmt(moment: datetime) -> str:
    """WordPress writes UTC without saying so."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def _json(value: object, headers: Mapping[str, str] | None = None, *, status: int = 200) -> Answer:
    """JSON as PHP writes it: every letter beyond ASCII and every slash escaped."""
    text = json.dumps(value, separators=(",", ":")).replace("/", "\\/")
    return Answer(_JSON, text.encode(), status=status, headers=headers or {})


def _refused(code: str, message: str) -> Answer:
    return _json({"code": code, "message": message, "data": {"status": 400}}, status=400)


def _xml(rows: str, root: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{root}>'
    return Answer("application/xml; charset=UTF-8", text.encode())
