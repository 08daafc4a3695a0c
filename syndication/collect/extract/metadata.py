"""Reads what an article's page tells machines: JSON-LD, OpenGraph, Dublin Core and microdata, of that article only.

Pages carry the metadata of other articles as well: lists in JSON-LD, boxes marked up with microdata. What is not
surely the article's own is left out, and so is what is broken, unless one thing in it can be read alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import etree

from syndication import text
from syndication.collect import canonical
from syndication.collect.parse import markup

DATE_METAS = tuple(
    """
    article:published_time og:published_time og:article:published_time article:published itemprop:datepublished
    dc.date.issued dcterms.issued dc.date.created dcterms.created dc.date dcterms.date pubdate publishdate
    publish-date publish_date
    """.split()
)
"""Names under which ``<meta>`` says when an article was published, the surest first; the first four are OpenGraph."""

_ARTICLE_TYPES = re.compile(r"\w*Article|BlogPosting|\w*NewsItem")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_WRAPPING = re.compile(r"^\s*(?://\s*)?(?:<!\[CDATA\[|<!--)|(?://\s*)?(?:\]\]>|-->)\s*$|;\s*$")
_LONE_DATE = re.compile(r'"datePublished"\s*:\s*"([^"\\]{8,40})"')


@dataclass(frozen=True, slots=True)
class Facts:
    """The metadata of a page."""

    linked: Mapping[str, Any]
    """What JSON-LD says of the one article that the page is about; empty where that is not certain."""
    metas: Mapping[str, Sequence[str]]
    """Every ``<meta>`` by its name in lower case; an itemprop's begins with ``itemprop:``."""
    heading: str
    """The words of ``<title>``."""

    def named(self, *names: str) -> Iterator[str]:
        """What ``<meta>`` says under these names, in their order."""
        for name in names:
            yield from filter(None, map(text.plain_line, self.metas.get(name, ())))

    def all(self, linked: str, *names: str) -> list[str]:
        """What JSON-LD says under one name, then what ``<meta>`` says under others."""
        return [*filter(None, [words(self.linked.get(linked))]), *self.named(*names)]

    @property
    def sites(self) -> set[str]:
        """Names of the site, folded."""
        return {text.fold(name) for name in self.all("publisher", "og:site_name")}

    @property
    def labels(self) -> tuple[str, ...]:
        """The sections to which the page says that its article belongs."""
        sections = self.linked.get("articleSection")
        linked = [words(one) for one in (sections if isinstance(sections, list) else [sections])[:5]]
        return tuple(dict.fromkeys(filter(None, linked))) or tuple(self.named("article:section"))


def words(value: object, *keys: str) -> str:
    """A line of text out of what JSON-LD may hold where a text is meant: itself, the first of many, a thing.

    Of a thing, the first of ``keys`` that it has counts, else its name, value or address.
    """
    for _ in range(4):
        if isinstance(value, list):
            value = value[0] if value else ""
        elif isinstance(value, dict):
            value = next((value[key] for key in (*keys, "name", "@value", "url") if value.get(key)), "")
        else:
            break
    return text.plain_line(value) if isinstance(value, str) else ""


def read_facts(root: etree._Element, url: str) -> Facts:
    """The metadata of the page at ``url``, scripts still in it."""
    metas: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        for attribute, prefix in (("property", ""), ("name", ""), ("itemprop", "itemprop:")):
            if (name := meta.get(attribute)) and (said := meta.get("content")):
                metas.setdefault(prefix + name.strip().lower(), []).append(said)
    heading = text.plain_line(root.findtext(".//title") or "")
    titles = [heading, *metas.get("og:title", ()), *map(markup.words, root.iter("h1"))]
    scripts = [one.text for one in root.iter("script") if "ld+json" in (one.get("type") or "").lower()]
    nodes = [node for script in scripts if script for node in _articles(_tolerant_json(script))]
    about = [node for node in nodes if _is_about(node, url, titles)]
    sure = len({words(node.get("datePublished")) for node in about}) == 1
    return Facts(linked=about[0] if sure else {}, metas=metas, heading=heading)


def _tolerant_json(raw: str) -> object:
    """What a script says; {} where it says nothing.

    Comments around it, raw line breaks and commas too many are read over. Where quotes within a title broke it,
    a date that is the only one may still be read.
    """
    bare = _WRAPPING.sub("", _WRAPPING.sub("", raw)).strip()
    for attempt in (bare, _TRAILING_COMMA.sub("", bare)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    dates = _LONE_DATE.findall(raw)
    return {"@type": "Article", "datePublished": dates[0]} if len(dates) == 1 else {}


def _articles(value: object) -> Iterator[Mapping[str, Any]]:
    """The articles that a script is about: not those of its lists, which are other articles."""
    queue: list[object] = [value]
    for thing in islice(queue, 200):  # it grows while it is read
        if isinstance(thing, list):
            queue.extend(thing[:50])
        elif isinstance(thing, dict):
            kinds = thing.get("@type")
            several = kinds if isinstance(kinds, list) else [kinds]
            if any(_ARTICLE_TYPES.fullmatch(str(kind)) for kind in several):
                yield thing
            queue.extend(thing[key] for key in ("@graph", "mainEntity") if key in thing)


def _is_about(node: Mapping[str, Any], url: str, titles: Sequence[str]) -> bool:
    """Whether an article of a script is the page's: by its headline, else by its address."""
    headline = text.fold(words(node.get("headline") or node.get("name")))
    for title in map(text.fold, titles):
        short, long = sorted((headline, title), key=len)
        if len(short) >= 8 and (long == short or long.startswith(short + " ")):
            return True
    said = words(node.get("mainEntityOfPage"), "@id") or words(node.get("url"))
    address = canonical.absolute(said, url)
    if address is None:
        return not headline
    return canonical.address_key(address, portal="", hosts=()) == canonical.address_key(
        url, portal="", hosts=()
    )


def read_microdata(root: etree._Element, heading: etree._Element | None) -> dict[str, str]:
    """What itemprops say of the article: those of the scope in which its heading stands, if they say one thing."""
    found: dict[str, set[str]] = {}
    own = _scope(heading) if heading is not None else None
    for element in root.iterfind(".//*[@itemprop]"):
        parent = element.getparent()
        if parent is None or _scope(parent) is not own:
            continue
        said = element.get("content") or element.get("datetime") or element.get("src")
        said = text.one_line(said or markup.words(element)[:300])
        for name in (element.get("itemprop") or "").split() if said else ():
            found.setdefault(name, set()).add(said)
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def _scope(element: etree._Element) -> etree._Element | None:
    holders = (element, *element.iterancestors())
    return next((holder for holder in holders if holder.get("itemscope") is not None), None)
