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
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn the direction of text (spoofed titles)
    "\u00ad\u200b\u2060"  # nobody sees them, and a word that holds one is never found (pasted from Word)
    "\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_NOT_WORD = re.compile(r"[^0-9a-z]+")
_WORD = re.compile(r"\w+")
_END = re.compile(r"([^\W_]{2,})[\"”’»)]*[.!?][\"”’»)]*(?=\s)")
"""What may end a sentence, and the word before it."""
_ABBREVIATED = re.compile(r"[A-ZĐ]+|[A-ZĐ][^\W_]|Th[sS]")
"""«TP. Hải Phòng», «TS. Nguyễn …», «Th.»: no sentence ends there."""
_DANGLING = re.compile(
    r"(?: (?:và|của|cho|với|các|những|tại|trong|từ|đến|để|là|về|do|có|được|trên|theo|một|thì|mà|ở))+…$"
)
"""Words with which no line should break off: what they announce is what was cut."""
_GRACE = 1.25
"""How much longer a text may be where that spares a sentence from being cut."""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")

# The alphabet of TCVN 5712 / Vietnamese dictionaries; tone marks only break ties.
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANK = {letter: rank for rank, letter in enumerate(_ALPHABET, start=1)}
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
# đ, and the Icelandic and African letters that look like it and are typed in its place.
_CROSSED_D = str.maketrans("đðɖ", "ddd")


def clean_text(text: str) -> str:
    """NFC, without characters that XML or mail forbid or that turn text around; line breaks stay."""
    return unicodedata.normalize("NFC", _ILLEGAL.sub("", text))


def one_line(text: str) -> str:
    """Clean text on one line, runs of white space (no-break space included) made one space."""
    # Twice: a vertical tab or form feed is space here before it is a forbidden character, and a character taken
    # out from between two spaces leaves both.
    return _SPACE.sub(" ", clean_text(_SPACE.sub(" ", text))).strip()


def plain_line(text: str) -> str:
    """A line of plain text from a field that may hold markup and entities, escaped once or twice.

    Entities are decoded while that still yields entities, twice at most: portals that escape twice are
    common, and a title that really speaks of ``&amp;`` is not.
    """
    for _ in range(2):
        if not _ENTITY.search(text):
            break
        # One by one: unescaping the whole text would also read «XD&GTNT» as «XD>NT» (HTML forgives a lost «;»).
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return one_line(_TAG.sub(" ", text))


def fold(text: str) -> str:
    """The key under which equal-sounding spellings meet: lower case, no marks, đ→d, words by one space.

    >>> fold("Thời sự – CHÍNH TRỊ")
    'thoi su chinh tri'
    """
    decomposed = unicodedata.normalize("NFKD", clean_text(text)).casefold()
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _NOT_WORD.sub(" ", bare.translate(_CROSSED_D)).strip()


def slug(text: str) -> str:
    """A path segment: the folded text with hyphens.

    >>> slug("CNTT – Viễn thông Đồ Sơn")
    'cntt-vien-thong-do-son'
    """
    return fold(text).replace(" ", "-")


def dictionary_key(text: str) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """Sorts as a Vietnamese dictionary does: syllable by syllable, by letter (a ă â b … d đ e ê …), tones second.

    «ba con» stands before «bà chân»; where a tone mark sits («hoà», «hòa») makes no difference.
    """
    return tuple(_syllable(word) for word in _WORD.findall(unicodedata.normalize("NFC", text).lower()))


def _syllable(word: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    parts = unicodedata.normalize("NFD", word)
    letters = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
    return (
        tuple(_RANK.get(letter, 100 + ord(letter)) for letter in letters),
        tuple(_TONES[part] for part in parts if part in _TONES),
    )


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut at a word with «…» where something is left out.

    ``limit`` is 1 or more. A letter is never parted from its marks.
    """
    if len(text) <= limit:
        return text
    if " " in text[limit // 2 : limit]:
        head = text[:limit].rsplit(" ", 1)[0]
    else:
        end = limit - 1
        while end and unicodedata.category(text[end]).startswith("M"):
            end -= 1
        head = text[:end]
    return head.rstrip(" ,;:-–") + "…"


def sentences(text: str, limit: int) -> str:
    """As many whole sentences as ``limit`` characters hold, or one that is up to a quarter longer; else cut with «…».

    ``limit`` is 1 or more.
    """
    text = one_line(text)
    if len(text) <= limit:
        return text
    # The space behind the text lets its last sentence be found as well.
    found = _END.finditer(f"{text} ", 0, int(limit * _GRACE) + 1)
    ends = [match.end() for match in found if not _ABBREVIATED.fullmatch(match[1])]
    in_time = [end for end in ends if limit * 0.45 <= end <= limit]
    if in_time or (ends and ends[-1] > limit):
        return text[: in_time[-1] if in_time else next(end for end in ends if end > limit)]
    return _DANGLING.sub("…", shorten(text, limit))
