"""What an editor may ask of an issue: each verb takes the wishes so far and gives the new ones. Pure.

Nothing is chosen here; ``compose`` does what is asked, so that a story dropped makes room for the next best one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from syndication.digest.compose import HIGHLIGHTS, SECTION_SIZE
from syndication.domain.issue import Edits
from syndication.errors import IssueError
from syndication.text import one_line

NOTE_LENGTH = 600
"""Characters of an editor's note; it is a word before the news, and not one of them."""

SUBJECT_LENGTH = 150

_T = TypeVar("_T")


def lead(edits: Edits, story: str) -> Edits:
    """Let this story lead the issue."""
    return replace(_shown(edits, story), hero=story, pinned=_less(edits.pinned, story))


def pin(edits: Edits, story: str) -> Edits:
    """Put a story among the highlights, behind those pinned before; raises IssueError where there is no room."""
    pinned = (*_less(edits.pinned, story), story)
    if len(pinned) > HIGHLIGHTS[-1]:
        raise IssueError(f"{HIGHLIGHTS[-1]} stories are pinned already; release one first")
    shown = _shown(edits, story)
    return replace(shown, pinned=pinned, hero=None if edits.hero == story else edits.hero)


def drop(edits: Edits, story: str) -> Edits:
    """Leave a story out of the issue, whatever was asked for it before."""
    left = release(edits, story)
    return replace(left, dropped=(*left.dropped, story))


def release(edits: Edits, story: str) -> Edits:
    """Forget all that was asked for a story: it stands again where its rank puts it, by its portal's title."""
    return replace(
        edits,
        hero=None if edits.hero == story else edits.hero,
        pinned=_less(edits.pinned, story),
        dropped=_less(edits.dropped, story),
        titles=_without(edits.titles, story),
        moved=_without(edits.moved, story),
        places=_without(edits.places, story),
    )


def retitle(edits: Edits, story: str, title: str) -> Edits:
    """Call a story this in the digest; an empty title brings its portal's back."""
    title = one_line(title)
    titles = _without(edits.titles, story)
    return replace(_shown(edits, story), titles={**titles, story: title} if title else titles)


def move(edits: Edits, story: str, category: str) -> Edits:
    """Put a story into another section, out of the highlights."""
    return replace(
        _shown(edits, story),
        moved={**edits.moved, story: category},
        pinned=_less(edits.pinned, story),
        hero=None if edits.hero == story else edits.hero,
        places=_without(edits.places, story),
    )


def place(edits: Edits, story: str, number: int) -> Edits:
    """Give a story this place in its section, or among the highlights where it is pinned; the first is 1."""
    if not 1 <= number <= SECTION_SIZE:
        raise IssueError(f"a place is a number from 1 to {SECTION_SIZE}")
    return replace(_shown(edits, story), places={**edits.places, story: number})


def note(edits: Edits, words: str) -> Edits:
    """Say this above the first story; nothing takes the note away. Lines may be broken."""
    words = "\n".join(line for line in map(one_line, words.splitlines()) if line)
    if len(words) > NOTE_LENGTH:
        raise IssueError(f"the note has {len(words)} characters; {NOTE_LENGTH} at most are read")
    return replace(edits, note=words)


def name(edits: Edits, subject: str) -> Edits:
    """Give the issue this subject; nothing brings back the one that names the week."""
    subject = one_line(subject)
    if len(subject) > SUBJECT_LENGTH:
        raise IssueError(
            f"the subject has {len(subject)} characters; mail programs show 60, {SUBJECT_LENGTH} at most"
        )
    return replace(edits, subject=subject)


def _shown(edits: Edits, story: str) -> Edits:
    return replace(edits, dropped=_less(edits.dropped, story))


def _less(stories: tuple[str, ...], story: str) -> tuple[str, ...]:
    return tuple(one for one in stories if one != story)


def _without(asked: Mapping[str, _T], story: str) -> dict[str, _T]:
    return {one: value for one, value in asked.items() if one != story}
