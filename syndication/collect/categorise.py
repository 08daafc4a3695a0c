"""Decides under which categories a story is published, and says why.

What the source's file says is certain. Else evidence is added up: the portal's label, words in the title, words in
the lead. Portals' labels are coarse (a conference on digital transformation stands under «Chính trị»), so a label
never hides what the title clearly speaks of. When nothing decides, the story stands under the last category
(«Khác») rather than under a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from syndication import text
from syndication.domain.article import Article, Known
from syndication.domain.portal import Category

LABEL, BROAD_LABEL = 6, 4
"""What a label counts."""

IN_TITLE, IN_LEAD = 3, 2
"""What a word's weight is multiplied by."""

SURE, CLEAR, LIGHT = 3, 2, 1
"""What a word weighs. From CLEAR on it decides in a title; light words, broad labels and the lead, which mentions much
in passing, only say which is surer."""

LEAST = 3
"""Where neither label nor title decides, the surest is taken from here on: a light word in the title, a clear one in
the lead, or a broad label."""

MOST = 3
"""Categories of one story. More would say nothing."""

MOST_DIGITS = 2
"""Of the number of an office or place."""

READ = 1000
"""Characters of a title or lead that are looked at. Some portals give a whole text as the lead."""

NAMED = 3
"""Words of one place that a reason names."""

_TONE = re.compile("([\u0300\u0301\u0303\u0309\u0323])([a-zđ\u0302\u0306\u031b]+)")
_LAST_Y = re.compile("(?<=[hklmst])y(?=[\u0300\u0301\u0303\u0309\u0323]?(?![a-zđ]))")
_SYLLABLE = re.compile("[0-9a-zđ][0-9a-zđ\u0300-\u036f]*")
_TO_CROSSED_D = str.maketrans("ðɖ", "đđ")
_BARE = {**dict.fromkeys(range(0x300, 0x370)), ord("đ"): "d"}


@dataclass(frozen=True, slots=True)
class _Syllables:
    """A text, syllable by syllable: without marks, and as it is spelt.

    Spellings of one word meet: the tone stands last («hoà», «hòa»), and y is i where they sound alike («bác sỹ»).
    """

    folded: tuple[str, ...]
    spelt: tuple[str, ...]

    @classmethod
    def of(cls, raw: str) -> _Syllables:
        marked = unicodedata.normalize("NFKD", text.clean_text(raw)).casefold().translate(_TO_CROSSED_D)
        spelt = tuple(_SYLLABLE.findall(_LAST_Y.sub("i", _TONE.sub(r"\2\1", marked))))
        return cls(tuple(" ".join(spelt).translate(_BARE).split()), spelt)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """One of the catalogue's words, ready to be found."""

    syllables: _Syllables
    slug: str
    written: str
    weight: int
    """Nothing, for a phrase in which the category's words do not speak (``not_words``)."""

    def spelt_in(self, place: _Syllables, start: int) -> bool:
        """Whether the syllables from here on, which fold to the phrase, are spelt as it is.

        Folded keys alone would find «đầu tư» in «bắt đầu từ». Only a text that has no marks at all is compared
        without them.
        """
        end = start + len(self.syllables.spelt)
        if self._counts(place.folded[end : end + 1]):
            return False
        spelt = place.spelt[start:end]
        return spelt == self.syllables.spelt or place.spelt == place.folded

    def _counts(self, following: Sequence[str]) -> bool:
        """Whether the phrase's last «số» begins a number: «Trung tâm Y tế số 2», «thị trường số 1».

        A year or a day may follow a subject («chuyển đổi số 2026», «chuyển đổi số 10/10»): longer numbers, and words
        that are sure, are left alone.
        """
        ordinal = self.syllables.folded[-1] == "so" and 0 < self.weight < SURE
        return ordinal and any(one.isdigit() and len(one) <= MOST_DIGITS for one in following)


@dataclass(slots=True)
class _Evidence:
    """What speaks for one category."""

    points: int = 0
    decides: bool = False
    """Whether a label, or a clear word in the title, speaks for it."""
    label: str = ""
    words: dict[str, list[str]] = field(default_factory=dict)

    def hear(self, phrase: _Phrase, place: str) -> None:
        self.points += phrase.weight * (IN_TITLE if place == "title" else IN_LEAD)
        self.decides |= phrase.weight >= CLEAR and place == "title"
        self.words.setdefault(place, []).append(phrase.written)

    def sentence(self) -> str:
        said = [f"the portal's label is «{text.shorten(self.label, 80)}»"] if self.label else []
        for place, words in self.words.items():
            said.append(f"the {place} says {_listed([f'«{word}»' for word in words[:NAMED]])}")
        whole = _listed(said)
        return f"{whole[:1].upper()}{whole[1:]}."


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


@dataclass(frozen=True, slots=True)
class Categoriser:
    """The categories, ready to decide. Make one with ``of``; it never changes and may be shared."""

    labels: Mapping[str, tuple[str, int]]
    """Folded label: the slug it leads to, and what it counts."""
    phrases: Mapping[tuple[str, ...], tuple[_Phrase, ...]]
    """Phrases by their folded syllables."""
    longest: Mapping[str, int]
    """Folded first syllable: syllables of the longest phrase that begins with it."""
    slugs: tuple[str, ...]
    """In the catalogue's order; the last one takes what nothing decides."""

    @classmethod
    def of(cls, categories: Iterable[Category]) -> Categoriser:
        """Prepare the categories of a catalogue, of which the last takes what nothing decides."""
        known = tuple(categories)
        labels: dict[str, tuple[str, int]] = {}
        phrases: defaultdict[tuple[str, ...], list[_Phrase]] = defaultdict(list)
        longest: defaultdict[str, int] = defaultdict(int)
        for one in known:
            for points, names in ((LABEL, (one.title, *one.labels)), (BROAD_LABEL, one.broad_labels)):
                for name in names:
                    labels.setdefault(text.fold(name), (one.slug, points))
            words = ((SURE, one.sure_words), (CLEAR, one.words), (LIGHT, one.light_words), (0, one.not_words))
            for weight, written in ((weight, word) for weight, found in words for word in found):
                syllables = _Syllables.of(written)
                first, length = syllables.folded[0], len(syllables.folded)
                phrases[syllables.folded].append(_Phrase(syllables, one.slug, written, weight))
                longest[first] = max(longest[first], length)
        return cls(
            labels=MappingProxyType(labels),
            phrases=MappingProxyType({key: tuple(found) for key, found in phrases.items()}),
            longest=MappingProxyType(dict(longest)),
            slugs=tuple(one.slug for one in known),
        )

    def decide(self, article: Article | Known) -> dict[str, str]:
        """The slugs an article belongs under, the surest first, each with its reason: one plain sentence.

        Never empty and never more than ``MOST``; the last category only ever stands alone.
        """
        *others, last = self.slugs
        certain = [slug for slug in others if slug in article.categories][:MOST]
        if certain or last in article.categories:
            return dict.fromkeys(certain or [last], "The portal's file says so.")
        weighed = self._weighed(article)
        # The sort is stable: of equals the earlier in the catalogue comes first, and the last category last.
        surest = sorted(self.slugs, key=lambda slug: -weighed[slug].points)
        decided = [slug for slug in surest if weighed[slug].decides]
        decided = decided or [slug for slug in surest[:1] if weighed[slug].points >= LEAST]
        if not decided:
            return {last: _nothing_decides(article.labels)}
        subjects = [slug for slug in decided if slug != last]
        # «Tuyển dụng», as label or word, outweighs other words, but not a label that leads elsewhere.
        alone = decided[0] == last or weighed[last].label
        if alone and not any(weighed[slug].label for slug in subjects):
            subjects = []
        decided = subjects[:MOST] or [last]
        return {slug: weighed[slug].sentence() for slug in decided}

    def _weighed(self, article: Article | Known) -> Mapping[str, _Evidence]:
        weighed = {slug: _Evidence() for slug in self.slugs}
        for label in article.labels:
            slug, points = self.labels.get(text.fold(label), ("", 0))
            if points == BROAD_LABEL and slug == self.slugs[-1]:
                continue  # a label that says nothing, such as «Tin mới»
            if slug and points > weighed[slug].points:
                weighed[slug] = _Evidence(points, points == LABEL, label)
        for place, raw in (("title", article.title), ("lead", article.summary)):
            for phrase in self._spoken(raw):
                weighed[phrase.slug].hear(phrase, place)
        return weighed

    def _spoken(self, raw: str) -> Iterator[_Phrase]:
        """The phrases that speak in a text, in its order; one inside a longer one of its category does not."""
        place = _Syllables.of(raw[:READ])
        told: set[_Phrase] = set()
        reached: dict[str, int] = {}
        for start, first in enumerate(place.folded):
            # Starts only grow, and of those that start together the longest comes first: what does not reach
            # further than the last one lies inside it.
            furthest = min(start + self.longest.get(first, 0), len(place.folded))
            for end in range(furthest, start, -1):
                for phrase in self.phrases.get(place.folded[start:end], ()):
                    if end > reached.get(phrase.slug, 0) and phrase.spelt_in(place, start):
                        reached[phrase.slug] = end
                        if phrase.weight and phrase not in told:
                            told.add(phrase)
                            yield phrase

    def unmapped(self, labels: Iterable[str]) -> list[str]:
        """Labels that lead to no category, in the order given, each once."""
        return [label for label in dict.fromkeys(labels) if text.fold(label) not in self.labels]


def _nothing_decides(labels: Sequence[str]) -> str:
    shown = _listed([f"«{text.shorten(label, 80)}»" for label in labels[:NAMED]])
    said = {0: "the portal gives no label", 1: f"the label {shown} leads to no subject"}
    label = said.get(len(labels), f"the labels {shown} lead to no subject")
    return f"Nothing decides: {label}, and no word of ours stands in the title or the lead."
