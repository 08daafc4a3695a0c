"""Vietnamese text: one stored form, folding for comparison, dictionary order, slugs, clean plain strings.

Text is stored in NFC as it was written. Folding (no marks, đ→d, lower case) exists only in keys: it is how
«Hội nghị» is found by ``hoi nghi`` and how «hoà» meets «hòa», and it never reaches a reader.
"""

from __future__ import annotations

import html
import re
import unicodedata

_ILLEGAL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 and C1 controls (XML 1.0 §2.2; C1 upsets mail programs)
    "\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn the direction of text (spoofed titles)
    "\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_NOT_WORD = re.compile(r"[^0-9a-z]+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")

# The alphabet of TCVN 5712 / Vietnamese dictionaries; tone marks only break ties.
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANK = {letter: rank for rank, letter in enumerate(_ALPHABET, start=1)}
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}


def clean_text(text: str) -> str:
    """NFC, without characters that XML or mail forbid or that turn text around; line breaks stay."""
    return unicodedata.normalize("NFC", _ILLEGAL.sub("", text))


def one_line(text: str) -> str:
    """Clean text on one line, runs of white space (no-break space included) made one space."""
    return _SPACE.sub(" ", clean_text(text)).strip()


def plain_line(text: str) -> str:
    """A line of plain text from a field that may hold markup and entities, escaped once or twice.

    Entities are decoded while that still yields entities, twice at most: portals that escape twice are
    common, and a title that really speaks of ``&amp;`` is not.
    """
    for _ in range(2):
        if not _ENTITY.search(text):
            break
        text = html.unescape(text)
    return one_line(_TAG.sub(" ", text))


def fold(text: str) -> str:
    """The key under which equal-sounding spellings meet: lower case, no marks, đ→d, words by one space.

    >>> fold("Thời sự – CHÍNH TRỊ")
    'thoi su chinh tri'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _NOT_WORD.sub(" ", bare.replace("đ", "d").replace("\u0111", "d")).strip()


def slug(text: str) -> str:
    """A path segment: the folded text with hyphens.

    >>> slug("CNTT – Viễn thông Đồ Sơn")
    'cntt-vien-thong-do-son'
    """
    return fold(text).replace(" ", "-")


def dictionary_key(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Sorts as a Vietnamese dictionary does: by letter (a ă â b … d đ e ê …), tones second."""
    letters: list[int] = []
    tones: list[int] = []
    for char in unicodedata.normalize("NFC", text).lower():
        parts = unicodedata.normalize("NFD", char)
        tone = next((_TONES[mark] for mark in parts if mark in _TONES), 0)
        letter = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
        letters.append(_RANK.get(letter, 0 if letter.isspace() else 100 + ord(letter[0])))
        tones.append(tone)
    return tuple(letters), tuple(tones)


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut at a word with «…» where something is left out."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    head = cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut
    return head.rstrip(" ,;:-–") + "…"
