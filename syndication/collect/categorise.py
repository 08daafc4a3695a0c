"""Decides under which categories a story is published, and says why.

What the source's file says is certain. Then the portal's own label, compared by folded key; portal labels are
coarse (a conference on digital transformation stands under «Chính trị»), so the words of the title speak too.
When nothing decides, the story stands under «Khác» rather than under a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from syndication import text
from syndication.domain.article import Article
from syndication.domain.portal import Category


@dataclass(frozen=True, slots=True)
class Categoriser:
    """The categories, ready to decide."""

    labels: Mapping[str, str]
    words: tuple[tuple[str, str, str], ...]
    """Folded phrase between spaces, phrase as written, slug."""
    last: str

    @classmethod
    def of(cls, categories: Iterable[Category]) -> Categoriser:
        """Prepare the categories of a catalogue; the last one takes what nothing decides."""
        known = tuple(categories)
        return cls(
            labels=MappingProxyType(
                {text.fold(label): one.slug for one in known for label in (*one.labels, one.title)}
            ),
            words=tuple((f" {text.fold(word)} ", word, one.slug) for one in known for word in one.words),
            last=known[-1].slug,
        )

    def decide(self, article: Article) -> dict[str, str]:
        """The slugs an article belongs under, each with its reason in plain words."""
        if article.categories:
            return dict.fromkeys(article.categories, "the portal's file says so")
        reasons: dict[str, str] = {}
        for label in article.labels:
            slug = self.labels.get(text.fold(label))
            if slug:
                reasons.setdefault(slug, f"the portal's label «{label}»")
        reasons.pop(self.last, None)
        for slug, why in self._by_words(article.title, "title").items():
            reasons.setdefault(slug, why)
        if not reasons:
            reasons = self._by_words(article.summary, "summary")
        return reasons or {self.last: "nothing decides"}

    def _by_words(self, where: str, name: str) -> dict[str, str]:
        folded = f" {text.fold(where)} "
        reasons: dict[str, str] = {}
        for phrase, written, slug in self.words:
            if phrase in folded:
                reasons.setdefault(slug, f"«{written}» in the {name}")
        return reasons

    def unmapped(self, labels: Iterable[str]) -> list[str]:
        """Labels that lead to no category, in the order given, each once."""
        return [label for label in dict.fromkeys(labels) if text.fold(label) not in self.labels]
