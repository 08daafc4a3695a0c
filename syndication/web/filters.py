"""Feeds cut to what a partner wants: ``?portal=`` (commas between), ``?q=`` (words), ``?limit=``.

Two queries that mean the same are one: the order, case, marks and unknown parameters do not matter, so that what is
kept ready is bounded and ``?_=123`` is the feed itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from syndication import text
from syndication.domain.story import Story
from syndication.publish.select import NEWEST

LONGEST_QUERY = 2048
MOST_PORTALS = 10
MOST_WORDS = 8
LONGEST_WORDS = 100


class WrongFilter(ValueError):
    """A filter that cannot mean anything; the words are for who wrote the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which stories of a feed are wanted. Equal filters are equal keys."""

    portals: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """Folded; a story must have all of them in its title or summary."""
    limit: int = NEWEST

    @property
    def query(self) -> str:
        """The one way to write this filter in an address, without the question mark."""
        parts = [
            ("portal", ",".join(self.portals)),
            ("q", " ".join(self.words)),
            ("limit", str(self.limit) if self.limit != NEWEST else ""),
        ]
        return urlencode([(name, value) for name, value in parts if value], safe=",")

    def title(self, whole: str, names: Mapping[str, str]) -> str:
        """A title that says what of the whole feed is wanted; ``names`` are the portals' by id.

        Readers list feeds by their titles, and two filters of one feed must not look alike there.
        """
        parts = [
            ", ".join(names[portal] for portal in self.portals),
            f"có từ {', '.join(f'“{word}”' for word in self.words)}" if self.words else "",
            f"{self.limit} tin mới nhất" if self.limit != NEWEST else "",
        ]
        return f"{whole} ({'; '.join(part for part in parts if part)})"

    def takes(self, story: Story) -> bool:
        """Whether a story is wanted."""
        if self.portals and not set(self.portals) & {telling.portal for telling in story.tellings}:
            return False
        if not self.words:
            return True
        told = f" {text.fold(f'{story.title} {story.summary}')} "
        return all(f" {word} " in told for word in self.words)


WHOLE = Filter()
"""The feed as it is."""


def read(query: str, *, portals: Collection[str]) -> Filter:
    """The filter that a query string asks for; ``portals`` are those there are.

    Raises WrongFilter where going on would give a partner something else than he believes: a portal that does not
    exist, more words than anybody types. A limit that is no number asks for nothing, one too large gets all we have.
    """
    plain = any(f"{name}=" in query for name in ("portal", "q", "limit"))
    # A name may be written as «%71», too.
    if not plain and ("%" not in query or len(query) > LONGEST_QUERY):
        return WHOLE
    if len(query) > LONGEST_QUERY:
        raise WrongFilter(f"The query is longer than {LONGEST_QUERY} characters: ask for less.")
    wanted: set[str] = set()
    words: set[str] = set()
    limit = NEWEST
    for name, value in parse_qsl(query, errors="replace"):
        if name == "portal":
            wanted |= {part for one in value.split(",") if (part := one.strip().lower())}
        elif name == "q":
            if len(value) > LONGEST_WORDS:
                raise WrongFilter(f"q has more than {LONGEST_WORDS} characters: give a few words.")
            words |= set(text.fold(value).split())
        elif name == "limit" and value.isascii() and value.isdigit():
            limit = max(1, min(int(value[:9]), NEWEST))
    if wanted - set(portals):
        raise WrongFilter(
            "portal names one that does not exist: use the names that stand in the addresses of the "
            "portals' feeds, commas between."
        )
    if len(wanted) > MOST_PORTALS:
        raise WrongFilter(f"portal names more than {MOST_PORTALS}: ask for several feeds.")
    if len(words) > MOST_WORDS:
        raise WrongFilter(f"q has more than {MOST_WORDS} words: give a few.")
    return Filter(portals=tuple(sorted(wanted)), words=tuple(sorted(words)), limit=limit)
