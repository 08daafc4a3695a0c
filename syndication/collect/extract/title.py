"""Finds an article's title where the page prints it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from lxml import etree

from syndication import text
from syndication.collect.extract.furniture import Line, box_words, chain, names_of
from syndication.collect.extract.metadata import Facts, words
from syndication.collect.extract.select import Chosen
from syndication.collect.parse import markup

LONGEST_TITLE = 300

HEADS = ("h1", "h2", "h3")
_BETWEEN_NAMES = re.compile(r"\s*[|»]\s*|\s+[-–—•·]\s+")
_BANNER = box_words("banner|logo|brand|branding|masthead|slogan|site (?:header|title|name)")
_TRAIL = box_words("breadcrumbs?|duong dan")
_TITLE_BOX = box_words("title|headline|tieu de|tieude|article header")
_BOX_TITLE = box_words(
    "portlet|block|box|widget|module|mod|category|cate?|section|chuyen ?muc|sidebar|tab|page"
)


def find_title(
    body: etree._Element, lines: Sequence[Line], facts: Facts, chosen: Chosen | None
) -> tuple[str, etree._Element | None]:
    """The title as it is printed and the element that prints it.

    A title that is printed nowhere is believed of JSON-LD alone: the others name a section of the site as often.
    """
    if chosen:
        return text.plain_line(chosen[0]), chosen[1]
    heads = [(markup.words(head), head) for head in body.iter(*HEADS)]
    plain = [(line.text, line.block) for line in lines if not line.is_link]
    printed = [
        (text.fold(said), said, element)
        for said, element in (*heads, *plain)
        if 8 <= len(said) <= LONGEST_TITLE and not _is_banner(element)
    ]
    titles = [one for one in facts.all("headline", "og:title", "dc.title", "dcterms.title") if len(one) >= 4]
    for name in (*titles, facts.heading):
        forms = {key: form for key, form in _forms(name) if key not in facts.sites}
        agreeing = [(said, element) for key, said, element in printed if key in forms]
        agreeing += [  # a kicker stands within the heading
            (form, element)
            for said, _, element in printed
            for key, form in forms.items()
            if element.tag == "h1" and said.endswith(" " + key) and 2 * len(key) >= len(said)
        ]
        if agreeing:
            return max(agreeing, key=_rank)
    only = {key: (said, head) for key, said, head in printed if head.tag == "h1" and key not in facts.sites}
    if not only:  # the site's name has taken the h1
        only = {
            key: (said, head)
            for key, said, head in printed
            if head.tag in HEADS and _is_named_title(head) and not _is_linked(head)
        }
    if len(only) == 1:
        return next(iter(only.values()))
    return text.shorten(words(facts.linked.get("headline")), LONGEST_TITLE), None


def _forms(name: str) -> Iterator[tuple[str, str]]:
    """What a page may print of a title in its metadata, folded and not: all, or without the site at one end."""
    parts = _BETWEEN_NAMES.split(name[: 2 * LONGEST_TITLE])[:20]
    starts = (" ".join(parts[:end]) for end in range(1, len(parts) + 1))
    ends = (" ".join(parts[start:]) for start in range(1, len(parts)))
    return ((text.fold(form), form) for form in (*starts, *ends) if len(form) >= max(8, 0.4 * len(name)))


def _rank(candidate: tuple[str, etree._Element]) -> tuple[bool, int, int]:
    said, element = candidate
    in_trail = any(_TRAIL.search(names_of(holder)) for holder in islice(chain(element), 5))
    tags = {"h1": 4, "h2": 2, "h3": 2, "h4": 2}
    return (
        not in_trail,
        tags.get(str(element.tag), int(bool(_TITLE_BOX.search(names_of(element))))),
        len(said),
    )


def _is_banner(element: etree._Element) -> bool:
    """Whether a line belongs to the site rather than to the article: its name, its slogan."""
    near = (*islice(chain(element), 5), *islice(element, 3))
    return any(_BANNER.search(names_of(one)) or _leads_home(one) for one in near)


def _is_named_title(head: etree._Element) -> bool:
    """Whether a heading is called a title, and not that of a box."""
    names = names_of(head)
    return _TITLE_BOX.search(names) is not None and not _BOX_TITLE.search(names)


def _is_linked(head: etree._Element) -> bool:
    """Whether a heading is a link, as those of other articles are."""
    return any(holder.tag == "a" for holder in chain(head)) or next(head.iter("a"), None) is not None


def _leads_home(element: etree._Element) -> bool:
    if element.tag != "a" or not (address := element.get("href")):
        return False
    host, _, path = address.partition("//")[2].partition("/")
    return address == "/" or bool(host and not path)
