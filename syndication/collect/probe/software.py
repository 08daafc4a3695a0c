"""Names the software behind a portal by the traces it leaves, and knows where that software keeps its feeds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from syndication import text

_FLAGS = re.IGNORECASE | re.MULTILINE
_SHOWN = 40
"""Characters of a trace that are shown."""


class Software(StrEnum):
    """What portals run on, in the words a person would use."""

    WORDPRESS = "WordPress"
    NUKEVIET = "NukeViet"
    LIFERAY = "Liferay"
    SHAREPOINT = "SharePoint"
    DRUPAL = "Drupal"
    JOOMLA = "Joomla"
    DOTNETNUKE = "DotNetNuke"
    VCC = "VCC-like"
    """The editorial system of several ministries and papers; long ids in addresses, ``/rss/home.rss``."""
    ASP_NET = "ASP.NET"
    """Something home-made on ASP.NET: no more than this is known."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Traces:
    """What one software leaves behind. Every expression that is found counts as one piece of evidence."""

    generator: str
    """In ``<meta name="generator">``, a feed's generator or the header X-Generator; settles the question."""
    addresses: tuple[str, ...]
    """In the portal's own addresses, one a line: path and query."""
    markup: tuple[str, ...]
    headers: tuple[str, ...] = ()


_TRACES: Mapping[Software, _Traces] = MappingProxyType(
    {
        Software.WORDPRESS: _Traces(
            r"wordpress",
            (r"/wp-(?:content|includes|json|admin)/", r"/comments/feed/|/xmlrpc\.php"),
            (r"https://api\.w\.org/", r"""class=["'][^"']*\bwp-(?:block|image|caption)"""),
        ),
        Software.NUKEVIET: _Traces(
            r"nukeviet",
            (r"[?&]nv=[a-z]", r"/uploads/news/\d{4}_\d\d/", r"/news/rss/", r"/assets/js/language/vi\.js"),
            (r"\bnv_(?:base_siteurl|siteroot|my_domains?|is_user)\b", r"\bNukeViet\b"),
        ),
        Software.LIFERAY: _Traces(
            r"liferay",
            (
                r"/-/asset_publisher/",
                r"^/web/guest(?:/|$)",
                r"[?&]p_p_id=",
                r"/documents/\d+/\d+/",
                r"^/o/[\w-]+/",
            ),
            (r"\bLiferay\.(?:ThemeDisplay|AUI|Portlet|Language)", r"""class=["'][^"']*\bportlet-boundary"""),
        ),
        Software.SHAREPOINT: _Traces(
            r"sharepoint",
            (r"/_layouts/", r"/PublishingImages/", r"/(?:Pages|Trang)/[^/?\n]+\.aspx", r"/Style%20Library/"),
            (r"Skip Ribbon Commands", r"\bs4-workspace\b", r"_spPageContextInfo", r"\bms-accessible\b"),
            ("microsoftsharepointteamservices", "sprequestguid"),
        ),
        Software.DRUPAL: _Traces(
            r"drupal",
            (r"/sites/(?:default|all)/", r"/node/\d+$", r"/core/(?:misc|assets)/"),
            (r"\bdata-drupal-", r"\bDrupal\.settings\b", r"drupal-settings-json"),
            ("x-drupal-cache", "x-drupal-dynamic-cache"),
        ),
        Software.JOOMLA: _Traces(
            r"joomla",
            (r"/media/(?:jui|system)/", r"[?&]option=com_", r"/components/com_", r"/index\.php/component/"),
            (r"joomla-script-options", r"\bJoomla!"),
        ),
        Software.DOTNETNUKE: _Traces(
            r"dotnetnuke|dnn platform",
            (r"/DesktopModules/", r"/Portals/\d+/", r"[?&/]tabid[=/]\d+"),
            (r"\bdnn_ctr\d+", r"\b__dnnVariable\b", r"\bDNNPlatform\b"),
        ),
        Software.VCC: _Traces(
            r"\bvcc?orp\b",
            (r"-\d{15,21}\.(?:html?|chn)(?:$|\?)", r"^/rss/home\.rss$"),
            (r"\bVCSortableInPreviewMode\b", r"\b(?:channelvn\.net|mediacdn\.vn|cnnd\.vn)\b"),
        ),
    }
)
_ASP_NET = _Traces(r"\basp\.net\b", (r"\.aspx(?:$|\?)",), (r"\b__VIEWSTATE\b",), ("x-aspnet-version",))

HABITS: Mapping[Software, tuple[str, ...]] = MappingProxyType(
    {
        Software.WORDPRESS: ("/feed/", "/wp-json/wp/v2/posts?_embed=1&per_page=50"),
        Software.NUKEVIET: ("/feeds/", "/news/rss/", "/rss/"),
        Software.LIFERAY: ("/rss/-/home", "/rss", "/web/guest/rss"),
        Software.SHAREPOINT: ("/Pages/rss.aspx", "/rss/Pages/index.aspx", "/Trang/rss.aspx"),
        Software.DRUPAL: ("/rss.xml", "/vi/rss.xml"),
        Software.JOOMLA: ("/index.php?format=feed&type=rss", "/?format=feed&type=rss"),
        Software.DOTNETNUKE: ("/rss.aspx", "/rss"),
        Software.VCC: ("/rss/home.rss", "/rss.htm"),
        Software.ASP_NET: ("/rss/default.aspx", "/rss.aspx", "/rss"),
        Software.UNKNOWN: ("/feed/", "/rss", "/rss/home.rss", "/rss.xml", "/feeds/"),
    }
)
"""Where feeds stand by habit, or the page that lists them; as seen on state portals and in the projects' own docs."""

SITEMAPS: Mapping[Software, tuple[str, ...]] = MappingProxyType(
    {Software.WORDPRESS: ("/wp-sitemap.xml", "/sitemap.xml")}
)
OTHER_SITEMAPS = ("/news-sitemap.xml", "/sitemap.xml")


def traces_in(markup: str) -> dict[str, str]:
    """What a page's markup bears of any software: the expressions that find something, each with what it finds."""
    found = {
        one: re.search(one, markup, _FLAGS)
        for traces in (*_TRACES.values(), _ASP_NET)
        for one in traces.markup
    }
    return {one: match[0][:_SHOWN] for one, match in found.items() if match}


def name_software(
    *,
    generators: Iterable[str],
    addresses: Collection[str],
    traces: Mapping[str, str],
    headers: Mapping[str, str],
) -> tuple[Software, str]:
    """The software, and the evidence in words ("" for none).

    ``addresses`` are the portal's own, as path and query; ``traces`` are those of its pages (``traces_in``);
    ``headers`` have lower-case names. A generator settles it; else the software with most kinds of traces is named,
    and ASP.NET only where nothing more is known.
    """
    for said in (*generators, headers.get("x-generator", "")):
        for software, known in _TRACES.items():
            if re.search(known.generator, said, re.IGNORECASE):
                return software, f"its own word, «{text.shorten(text.one_line(said), 60)}»"
    lines = "\n".join(addresses)
    found = {software: _evidence(known, lines, traces, headers) for software, known in _TRACES.items()}
    software, evidence = max(found.items(), key=lambda one: len(one[1]))
    if not evidence:
        software, evidence = Software.ASP_NET, _evidence(_ASP_NET, lines, traces, headers)
    return (software, ", ".join(evidence[:3])) if evidence else (Software.UNKNOWN, "")


def _evidence(
    known: _Traces, addresses: str, traces: Mapping[str, str], headers: Mapping[str, str]
) -> list[str]:
    matches = filter(None, (re.search(one, addresses, _FLAGS) for one in known.addresses))
    found = [match[0][:_SHOWN] for match in matches] + [traces[one] for one in known.markup if one in traces]
    return [f"«{one}»" for one in found] + [f"the header {name}" for name in known.headers if name in headers]
