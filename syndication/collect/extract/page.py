"""Reads an article's page part by part, once what surrounds every page of the portal is gone."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree

from syndication import text
from syndication.collect import canonical, clean
from syndication.collect.extract.author import AUTHOR_BOX, byline, find_author
from syndication.collect.extract.date import find_date
from syndication.collect.extract.extracted import Extracted, same_page
from syndication.collect.extract.furniture import (
    JUNK,
    SHORTEST_PROSE,
    Line,
    box_words,
    chain,
    end_of_box,
    is_caption,
    lines_of,
    links_at_the_end,
    links_from,
    names_of,
    take_away,
)
from syndication.collect.extract.layout import Layout, is_another
from syndication.collect.extract.metadata import Facts, read_facts, read_microdata
from syndication.collect.extract.picture import find_picture
from syndication.collect.extract.select import Chosen, select
from syndication.collect.extract.tidy import markup_of, tidy
from syndication.collect.extract.title import HEADS, find_title
from syndication.collect.normalise import summary_of
from syndication.collect.parse import markup
from syndication.collect.parse.document import Document
from syndication.domain.portal import ArticleReading
from syndication.errors import NotReadable

MOST_ELEMENTS = 20_000
"""A page with more elements is no article (the largest of 258 news pages had 4,100), and would hold up all others."""
MOST_TEXT = 1_000_000
"""Characters of a page, for the same reason."""
LONGEST_LEAD = 1500

_CONTAINERS = frozenset("article body center div form main section table tbody td tr".split())
_LEAD_BOX = box_words("""
    sapo|lead|hometext|trich dan|trichdan|tom tat|tomtat|(?<!with )summary|abstract|chapeau|excerpt|introtext|intro text
    |mo ta
""")
_TEXT_BOX = box_words("""
    bodyhtml|bodytext|body text|news detail|newsdetail|detail content|content detail|articlebody|content news
    |(?:article|news|story|post|item) body|(?:article|news|post|entry|story) (?:content|text)|noi dung|noidung
    |chi tiet|content body|field name body|fck detail|ms rtestate field|journal content
""")


def extract(document: Document, reading: ArticleReading) -> Extracted:
    """Read an article's page. Raises NotReadable when the document is no page of an article."""
    raw = text.clean_text(markup.characters(document))
    if markup.sniff(raw) is not markup.Came.PAGE:
        raise NotReadable(markup.what_came(raw, wanted="an article's page", url=document.url))
    root = markup.read_html(raw)
    body = root.find("body")
    if body is None:
        raise NotReadable("the page has no text: open the article's address in a browser")
    says_instead = markup.instead(root, raw, url=document.url)
    facts = read_facts(root, document.url)
    etree.strip_elements(root, *JUNK, with_tail=False)
    if sum(1 for _ in body.iter()) > MOST_ELEMENTS or sum(map(len, body.itertext())) > MOST_TEXT:
        raise NotReadable(
            f"the page has over {MOST_ELEMENTS:,} elements or {MOST_TEXT:,} letters: it is no article"
        )
    chosen = select(root, reading)
    lines = lines_of(body)
    title, heading = find_title(body, lines, facts, chosen.get("title"))
    page = _Page(
        root=root,
        body=body,
        url=document.url,
        facts=facts,
        marked=read_microdata(root, heading),
        title=title,
        heading=heading,
        chosen=chosen,
    )
    kept = [element for _, element in chosen.values()]
    kept.extend(islice(heading.iter(), 10) if heading is not None else ())
    take_away(body, lines, kept)
    found = page.read()
    little = not (found.published or found.lead) and len(clean.text_of(found.raw_content)) < 300
    if says_instead and little:
        raise NotReadable(says_instead)
    return found


@dataclass(kw_only=True)
class _Page:
    """A page and what is known of it before it is read."""

    root: etree._Element
    body: etree._Element
    url: str
    facts: Facts
    marked: Mapping[str, str]
    """What microdata says of the article."""
    title: str
    heading: etree._Element | None
    chosen: Mapping[str, Chosen]

    def read(self) -> Extracted:
        """Everything the page says for certain, once its furniture is gone."""
        written = next((element.get("href") or "" for element in self.root.iter("base")), "")
        self._base = canonical.absolute(written, self.url) or self.url
        self._lines = lines_of(self.body)
        self._at = self._place()
        self._lead_box = self.chosen["lead"][1] if "lead" in self.chosen else self._find_lead()
        self._box = self.chosen["body"][1] if "body" in self.chosen else self._find_text()
        self._above_text = self._find_above_text()
        inside = [number for number, line in enumerate(self._lines) if line.inside(self._box)]
        prose = [number for number in inside if number > self._at and self._lines[number].is_prose]
        layout = Layout(
            lines=self._lines,
            heading=self.heading,
            box=self._box,
            at=self._at,
            first=prose[0] if prose else -1,
            last=prose[-1] if prose else -1,
        )
        date = find_date(layout, facts=self.facts, marked=self.marked, chosen=self.chosen.get("date"))
        author = find_author(layout, facts=self.facts, marked=self.marked, chosen=self.chosen.get("author"))
        picture, size = find_picture(
            self._lines[self._at + 1 if self._at >= 0 else inside[0] : inside[-1] + 1] if inside else (),
            facts=self.facts,
            marked=self.marked,
            chosen=self.chosen.get("image"),
            base=self._base,
        )
        kept = self._clean_text()
        return Extracted(
            title=self.title,
            published=date,
            lead=self._lead(kept),
            raw_content=markup_of(self._box) if kept and self._box is not None else "",
            image_url=picture,
            image_size=size,
            author=author or byline(kept),
            labels=self.facts.labels,
            canonical_url=self._canonical(),
            amp=self.root.get("amp") is not None or self.root.get("⚡") is not None,
        )

    def _place(self) -> int:
        """The number of the title's line; -1 where it is not printed."""
        within = [n for n, line in enumerate(self._lines) if line.text and line.inside(self.heading)]
        exact = [n for n in within if self._lines[n].key == text.fold(self.title)]
        whole = self.heading is not None and (self.heading.tag in HEADS or len(within) <= 3)
        return exact[0] if exact else within[-1] if within and whole else -1

    # -------------------------------------------------------------- the text

    def _find_lead(self) -> etree._Element | None:
        """The element that is named as the lead, if it is among the first paragraphs under the title."""
        if self._at < 0 or self.heading is None:
            return None
        holders = set(chain(self.heading))
        paragraphs = 0
        for line in self._lines[self._at + 1 :]:
            paragraphs += line.is_prose
            if paragraphs > 3 or is_another(line):
                break
            if not 30 <= len(line.text) <= LONGEST_LEAD or line.is_link:
                continue
            for element in islice(chain(line.block), 2):
                named = _LEAD_BOX.search(names_of(element)) or element.get("itemprop") == "description"
                if named and element not in holders:
                    prose = sum(one.is_prose for one in lines_of(element))
                    return element if prose <= 2 and len(markup.words(element)) <= LONGEST_LEAD else None
        return None

    def _find_text(self) -> etree._Element | None:
        """The element that holds the article's paragraphs, and as little else as possible."""
        prose: Counter[etree._Element] = Counter()
        count: Counter[etree._Element] = Counter()
        for line in self._lines[self._at + 1 :]:
            if line.ends and prose[self.body] > 200:
                break
            led = line.inside(self._lead_box) or (self._at < 0 and _LEAD_BOX.search(names_of(line.block)))
            if line.is_prose and not led:
                for element in chain(line.block):
                    prose[element] += len(line.text)
                    count[element] += 1
        boxes = [element for element in prose if element.tag in _CONTAINERS]
        named = [
            one for one in boxes if one.get("itemprop") == "articleBody" or _TEXT_BOX.search(names_of(one))
        ]
        most = max((prose[element] for element in named), default=0)
        if most >= 0.5 * prose[self.body] > 0:
            near = [element for element in named if prose[element] >= 0.9 * most]
            return max(near, key=lambda element: sum(1 for _ in element.iterancestors()))
        if self._at < 0 or not prose:
            return None
        node = self.body
        while True:
            inner = [child for child in node if child in prose and child.tag in _CONTAINERS]
            child = max(inner, key=prose.__getitem__, default=None)
            share = prose[child] / prose[node] if child is not None else 0
            if child is None or share < 0.65 or (share < 1 and count[child] < 2):
                return node
            node = child

    def _find_above_text(self) -> str:
        """The only paragraph between title and text, which is the lead whatever its box is called; "" otherwise."""
        first = next((n for n, line in enumerate(self._lines) if line.inside(self._box)), -1)
        if self._at < 0 or first <= self._at + 1:
            return ""
        between = self._lines[self._at + 1 : first]
        prose = [
            line for n, line in enumerate(between) if line.is_prose and not is_caption(between, n, self.body)
        ]
        sure = len(prose) == 1 and not any(map(is_another, between))
        return prose[0].text if sure and len(prose[0].text) <= LONGEST_LEAD and not prose[0].is_tool else ""

    def _clean_text(self) -> list[Line]:
        """Take everything out of the text that is not the article's words or pictures; the lines that are left."""
        if self._box is None:
            return []
        lines = lines_of(self._box)
        own, again = text.fold(self.title), -1
        for number, line in enumerate(lines[:12]):
            if own and line.key == own:
                again = number
            elif line.is_prose:
                break
        prose = next((n for n, line in enumerate(lines) if n > again and line.is_prose), 0)
        wiped = set(range(again + 1))
        for number, line in enumerate(lines):
            if number in wiped or not line.text:
                continue
            on_top = number < prose and (
                line.is_date or line.is_link or AUTHOR_BOX.search(names_of(line.block))
            )
            if line.ends:
                wiped.update(range(number, end_of_box(lines, number, self._box)))
            elif on_top or line.is_tool or is_caption(lines, number, self._box):
                wiped.add(number)
                if line.points_on:  # and with it the links that stand under it
                    wiped.update(links_from(lines, number + 1))
        wiped |= links_at_the_end([(n, line) for n, line in enumerate(lines) if n not in wiped])
        for number in wiped:
            lines[number].wipe()
        tidy(self._box, self._base)
        return [line for number, line in enumerate(lines) if number not in wiped]

    def _lead(self, kept: Sequence[Line]) -> str:
        if self._lead_box is not None:
            inner = lines_of(self._lead_box)
            printed = (
                one.text
                for n, one in enumerate(inner)
                if one.text and not is_caption(inner, n, self._lead_box)
            )
            said = " ".join(printed) or self.chosen.get("lead", ("",))[0]
        else:
            said = self._told_lead() or self._above_text or _bold_beginning(kept)
        lead = summary_of(html.escape(said, quote=False), "")
        return "" if text.fold(lead) == text.fold(self.title) else lead

    def _told_lead(self) -> str:
        """The description in the metadata, if the page itself prints it: others are the site's slogan."""
        printed = [
            line for line in self._lines[self._at + 1 :][:40] if len(line.text) >= 40 and not line.is_link
        ]
        for told in self.facts.all("description", "og:description", "description", "dc.description"):
            wanted = text.fold(told[:300])
            if len(wanted) < 40 or wanted == text.fold(self.title):
                continue
            for line in printed:
                if line.key.startswith(wanted):
                    return line.text
                if wanted.startswith(line.key):
                    return line.text if told.endswith(("…", "...", "]")) or len(told) > LONGEST_LEAD else told
        return ""

    def _canonical(self) -> str | None:
        """The address the page gives itself; that of a section or of the front page, which some print, is none."""
        links = [link for link in self.root.iter("link") if (link.get("rel") or "").lower() == "canonical"]
        for address in (*(link.get("href") or "" for link in links), *self.facts.named("og:url")):
            if found := canonical.absolute(address, self.url):
                above = urlsplit(self.url).path.startswith(urlsplit(found).path.rstrip("/") + "/")
                same = same_page(found, self.url)
                return found if same or urlsplit(found).query or not above else None
        return None


def _bold_beginning(kept: Sequence[Line]) -> str:
    """The first paragraph, if it is bold throughout and the second is not."""
    first = [line for line in kept if line.text][:2]
    bold = [line.bold >= 0.9 * len(line.text) for line in first]
    return (
        first[0].text
        if bold == [True, False] and SHORTEST_PROSE <= len(first[0].text) <= LONGEST_LEAD
        else ""
    )
