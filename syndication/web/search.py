"""Understands what a person looks for, and shows why each story was found.

Anything may be typed: marks and letter case do not matter, words between quotes stand together, everything else that is
no letter and no digit only parts words. So no question can be wrong, only too long or empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from syndication.domain.portal import Catalogue
from syndication.domain.week import IsoWeek
from syndication.store.search import MOST_FOUND, Question, words_of
from syndication.text import fold, one_line
from syndication.web.views import StoryView

PER_PAGE = 20
LONGEST = 200
"""Characters of a question; what comes after is left out and the reader is told."""
MOST_WORDS = 12
WEEKS = 12
"""Weeks one can choose from; any other may stand in the address."""
SNIPPET = 240

_QUOTED = re.compile('["“”„«»‟＂]([^"“”„«»‟＂]*)["“”„«»‟＂]')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for, as the page shows it again."""

    said: str
    shortened: bool
    category: str
    portal: str
    week: IsoWeek | None
    weeks: tuple[IsoWeek, ...]
    page: int
    question: Question

    @property
    def first(self) -> int:
        """The number of the first story on this page."""
        return (self.page - 1) * PER_PAGE

    @property
    def query(self) -> str:
        """The one way to write this in an address, with the question mark; empty where nothing is asked."""
        return self.at_page(self.page)

    def at_page(self, page: int) -> str:
        """The same question, another page of what was found."""
        return self._written(
            q=self.said, category=self.category, portal=self.portal, week=self.week, page=page
        )

    @property
    def unfiltered(self) -> str:
        """The same words, everywhere."""
        return self._written(q=self.said)

    @property
    def filtered(self) -> bool:
        """Whether anything but words is asked for."""
        return bool(self.category or self.portal or self.week)

    def _written(self, **parts: object) -> str:
        if parts.get("page") == 1:
            del parts["page"]
        given = {name: str(value) for name, value in parts.items() if value}
        return f"?{urlencode(given)}" if given else ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A story that was found, with what was looked for marked in it."""

    story: StoryView
    title: Markup
    snippet: Markup
    snippet_language: str


def read_query(arguments: Mapping[str, str], *, catalogue: Catalogue, zone: ZoneInfo, now: datetime) -> Asked:
    """What the address of a search asks for; what means nothing in it is left out."""
    said = one_line(arguments.get("q", ""))
    phrases = tuple(filter(None, (words_of(phrase) for phrase in _QUOTED.findall(said[:LONGEST]))))
    words = words_of(_QUOTED.sub(" ", said[:LONGEST]))
    category, portal = arguments.get("category", ""), arguments.get("portal", "")
    category = category if catalogue.category(category) else ""
    portal = portal if portal in catalogue.portals else ""
    this_week = IsoWeek.of(now.astimezone(zone).date())
    week = _week(arguments.get("week", ""))
    weeks = tuple(this_week.after(-back) for back in range(WEEKS))
    number = arguments.get("page", "")
    page = int(number) if re.fullmatch("[0-9]{1,3}", number) else 1
    room = max(0, MOST_WORDS - sum(map(len, phrases)))
    return Asked(
        said=said[:LONGEST],
        shortened=len(said) > LONGEST or len(words) > room,
        category=category,
        portal=portal,
        week=week,
        weeks=weeks if week is None or week in weeks else (*weeks, week),
        page=min(max(1, page), MOST_FOUND // PER_PAGE),
        question=Question(
            words=words[:room],
            phrases=phrases,
            category=category or None,
            portal=portal or None,
            since=datetime.combine(week.starts_on, time(), zone) if week else None,
            before=datetime.combine(week.starts_on + timedelta(days=7), time(), zone) if week else None,
        ),
    )


def _week(name: str) -> IsoWeek | None:
    try:
        week = IsoWeek.parse(name)
    except ValueError:
        return None
    return week if 1970 < week.year < 2500 else None


def hits(stories: Sequence[StoryView], question: Question) -> list[Hit]:
    """These stories with the words marked; where a summary has none of them, what another portal's title says."""
    return [_hit(story, question) for story in stories]


def _hit(story: StoryView, question: Question) -> Hit:
    told = {
        said: _words(said) for said in (story.title, story.summary, *(one.title for one in story.portals))
    }
    # Words that stand together somewhere in the story are marked there only, not each of them wherever it stands.
    together = len(question.words) > 1 and any(list(_runs(words, question.words)) for words in told.values())
    wanted = [*question.phrases, *([question.words] if together else [(word,) for word in question.words])]
    marks = {said: _marks(words, wanted) for said, words in told.items()}
    snippet, spoken = story.summary, story.language
    if not marks[story.title] and not marks[story.summary]:
        other = next((one for one in story.portals if marks[one.title]), None)
        snippet, spoken = (other.title, other.language) if other else (snippet, spoken)
    return Hit(story, _marked(story.title, marks[story.title]), _snippet(snippet, marks[snippet]), spoken)


def _words(said: str) -> list[tuple[str, int, int]]:
    """The folded words of a text with where each begins and ends in it."""
    return [(_folded(found[0]), found.start(), found.end()) for found in _WORD.finditer(said)]


@lru_cache(maxsize=8192)
def _folded(word: str) -> str:
    # Vietnamese has some seven thousand syllables, and a page of results a thousand words.
    return fold(word)


def _marks(words: Sequence[tuple[str, int, int]], wanted: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """Where in a text to mark what was looked for: begin and end, in order, none within another."""
    marks = sorted({run for run_of in wanted for run in _runs(words, run_of)})
    return [mark for place, mark in enumerate(marks) if not place or mark[0] >= marks[place - 1][1]]


def _runs(words: Sequence[tuple[str, int, int]], wanted: Sequence[str]) -> Iterator[tuple[int, int]]:
    if not wanted:
        return
    for start in range(len(words) - len(wanted) + 1):
        if all(words[start + step][0] == word for step, word in enumerate(wanted)):
            yield words[start][1], words[start + len(wanted) - 1][2]


def _marked(said: str, marks: Sequence[tuple[int, int]]) -> Markup:
    parts, at = [], 0
    for begin, end in marks:
        parts += [escape(said[at:begin]), Markup("<mark>{}</mark>").format(said[begin:end])]
        at = end
    return Markup("").join([*parts, escape(said[at:])])


def _snippet(said: str, marks: Sequence[tuple[int, int]]) -> Markup:
    """The part of a text around its first mark, cut at words."""
    begin, end = 0, len(said)
    if end > SNIPPET:
        if marks and marks[0][1] > SNIPPET - 40:
            begin = said.rfind(" ", 0, max(0, marks[0][0] - 60)) + 1
        if begin + SNIPPET < end:
            end = max(said.rfind(" ", begin, begin + SNIPPET), begin + SNIPPET // 2)
    inside = [(one - begin, other - begin) for one, other in marks if one >= begin and other <= end]
    before, after = "… " if begin else "", "…" if end < len(said) else ""
    return Markup("{}{}{}").format(before, _marked(said[begin:end], inside), after)
