"""Decides whether two portals' articles tell one piece of news, and says why in words that can be kept.

Centres copy each other's news whole, under a new title, shortened, or with a lead of their own. They also fill the same
form again and again: this week's timetable, the next commune's course, the province beside. Both look alike, and only
the first may become one story, so two questions are asked. How much of the shorter text stands in the longer one? And
where the same words stand around a number, a date or a name, is it the same number, date and name?

We do not keep other people's texts. What is compared is a fingerprint: hashes of a sample of the text's runs of five
syllables, and the numbers and names in it. Pure; who is compared with whom is found through ``index_keys``.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple

from syndication import text

LONGEST = 40_000
"""Characters of a text that are looked at: about five times a long article."""
RUN = 5
"""Syllables in a run. Fewer, and the phrases of all offices are shared; more, and one edited word spoils too much."""
OPENING = 64
"""Runs at the beginning that are all kept: what another portal gives as its summary stands there."""
SAMPLE = 256
"""About the most runs kept of a whole text: of a longer one every second, fourth … is, chosen by what it says."""
MOST_FACTS = 300
"""Numbers and names that are kept; an article of 400 words has about thirty."""
LONGEST_FACT = 60
"""Characters."""

_VERSION = 1
_HASH_BYTES = 5
_HASH = struct.Struct(">BI")


class Fact(NamedTuple):
    """A number, date, document number or name, and the words among which it stands."""

    place: int
    """A hash of the two words before and the two after; 0 where there are no words."""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What is kept of a text to know it again. Hashes are below 2**40."""

    title: str
    """Folded."""
    runs: int
    """How many different runs the text has, its title not counted."""
    rate: int
    """A power of two."""
    opening: tuple[int, ...]
    """Hashes of its first runs, sorted."""
    sample: tuple[int, ...]
    """The hashes of its runs that ``rate`` divides, sorted."""
    heading: tuple[Fact, ...]
    """Of the title."""
    facts: tuple[Fact, ...]
    """Of the text."""

    def to_json(self) -> str:
        """One line of text, about 2 KB for an article of 400 words."""
        return json.dumps(
            {
                "version": _VERSION,
                "title": self.title,
                "runs": self.runs,
                "rate": self.rate,
                "opening": _packed(self.opening),
                "sample": _packed(self.sample),
                "heading": [part for fact in self.heading for part in fact],
                "facts": [part for fact in self.facts for part in fact],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, kept: str) -> Fingerprint:
        """Read what ``to_json`` wrote. Raises ValueError for what another version of this program wrote."""
        read = json.loads(kept)
        if not isinstance(read, dict) or read.get("version") != _VERSION:
            raise ValueError(f"this is no fingerprint of version {_VERSION}: {kept[:60]}")
        return cls(
            title=read["title"],
            runs=read["runs"],
            rate=read["rate"],
            opening=_unpacked(read["opening"]),
            sample=_unpacked(read["sample"]),
            heading=_paired(read["heading"]),
            facts=_paired(read["facts"]),
        )


def _packed(hashes: Iterable[int]) -> str:
    return base64.b64encode(b"".join(one.to_bytes(_HASH_BYTES, "big") for one in hashes)).decode()


def _paired(parts: Sequence[int | str]) -> tuple[Fact, ...]:
    return tuple(Fact(int(place), str(value)) for place, value in zip(parts[::2], parts[1::2], strict=True))


def _unpacked(packed: str) -> tuple[int, ...]:
    return tuple(high << 32 | low for high, low in _HASH.iter_unpack(base64.b64decode(packed)))


# ------------------------------------------------------------------ what counts as text

_END = re.compile(
    r"(?:xem )?(?:cac )?(?:tin|bai|bai viet|tin tuc|tin bai) "
    r"(?:khac|lien quan|cung chuyen muc|cung chu de|da dua|da dang|moi hon|cu hon|moi nhat|noi bat)"
    r"|nhung tin (?:moi|cu) hon|cung chuyen muc|theo dong su kien"
)
_FURNITURE = re.compile(
    r"(?:moi|kinh moi) .*(?:ban doc|doc gia|quy vi).* (?:xem|theo doi|tai ve|don doc)\b.*"
    r"|(?:noi dung )?(?:chi tiet|toan van|cu the)\b.*\b(?:xem|tai) (?:tai )?(?:day|file|tep|duoi day|ban dinh kem)\b.*"
    r"|xem (?:noi dung )?(?:chi tiet|toan van) .*|(?:hinh )?anh (?:minh hoa|tu lieu|internet)\b.*"
)
_CAPTION = re.compile(
    r"(?:.{0,240}[\s(.–—-])?(?:ảnh|ảnh tư liệu|nguồn ảnh|photo)\s*:\s*[^:]{2,60}|.{0,240}[–—-]\s*ảnh\s*\d{1,3}\s*\.?"
    r"|(?:xem thêm|đọc thêm|từ khóa|từ khoá|tags?)\s*:.*",
    re.IGNORECASE,
)
_AGENCY = re.compile(
    r"^(?:[\w.,&/ -]{0,40}\(\s*[\w.&+/ -]{2,30}\s*\)\s*[-–—:]|[A-ZĐÂÊÔƠƯ&.]{3,12}\s*[-–—])+\s*(?=\S)"
)
_SENTENCE_END = (".", "!", "?", "…", ":", ";", "”", '"')


def _lines(told: str) -> list[str]:
    """The lines of a text without what portals put around it: captions, bylines, agencies, «Tin khác»."""
    lines: list[str] = []
    for line in map(text.one_line, told[:LONGEST].splitlines()):
        key = text.fold(line[:160])
        if lines and len(line) <= 80 and _END.fullmatch(key):
            break
        short = len(line) <= 300
        if not line or (short and (_FURNITURE.fullmatch(key) or _CAPTION.fullmatch(line))):
            continue
        lines.append(_AGENCY.sub("", line) if len(lines) < 2 else line)
    for _ in range(3):
        if len(lines) > 1 and _is_byline(lines[-1]):
            lines.pop()
    return lines


def _is_byline(line: str) -> bool:
    words = len(line.split())
    bracketed = line.startswith("(") and line.endswith((")", ")."))
    return (words <= 16 and bracketed) or (words <= 14 and not line.endswith(_SENTENCE_END))


# Letters that look Latin and are not. Of each pair of Cyrillic letters only those that do.
_LOOKALIKES = str.maketrans(
    "АВЕКМНОРСТУХІЈЅԚԜаеорсухіјѕԛԝһԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABEKMHOPCTYXIJSQWaeopcyxijsqwhdABEZHIKMNOPTYXo",
)
# Letter by letter, so that what stands at a place of the bare text stands there in the text as written.
_BARE = {
    ord("đ"): "d",
    ord("ð"): "d",
    ord("ɖ"): "d",
    ord("Đ"): "D",
    ord("Ð"): "D",
    ord("Ɖ"): "D",
    **{
        code: unicodedata.normalize("NFD", chr(code))[0]
        for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
        if unicodedata.decomposition(chr(code))
    },
}
_MARKS = dict.fromkeys(range(0x300, 0x370))

_SHORT_FORMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        short.translate(_BARE): tuple(text.fold(full).split())
        for short, full in {
            "ATTT": "an toàn thông tin",
            "BHXH": "bảo hiểm xã hội",
            "BHYT": "bảo hiểm y tế",
            "CCHC": "cải cách hành chính",
            "CNTT": "công nghệ thông tin",
            "CNTT&TT": "công nghệ thông tin và truyền thông",
            "CĐS": "chuyển đổi số",
            "DVC": "dịch vụ công",
            "GD&ĐT": "giáo dục và đào tạo",
            "GDĐT": "giáo dục và đào tạo",
            "GTVT": "giao thông vận tải",
            "HTX": "hợp tác xã",
            "HĐND": "hội đồng nhân dân",
            "KH&CN": "khoa học và công nghệ",
            "KHCN": "khoa học và công nghệ",
            "MTTQ": "mặt trận tổ quốc",
            "NN&MT": "nông nghiệp và môi trường",
            "NTM": "nông thôn mới",
            "PCCC": "phòng cháy chữa cháy",
            "THCS": "trung học cơ sở",
            "THPT": "trung học phổ thông",
            "TP": "thành phố",
            "TT&TT": "thông tin và truyền thông",
            "TTHC": "thủ tục hành chính",
            "UBND": "ủy ban nhân dân",
            "VHTT&DL": "văn hóa thể thao và du lịch",
        }.items()
    }
)
"""What offices shorten and copies spell out, or the other way round."""

_TOKEN = re.compile(
    r"(?P<document>\d{1,5}(?:/\d{4})?\s?[-/]\s?[A-Z]{2}[A-Za-z0-9]*(?:[-/&][A-Z0-9]+)*)"
    r"|(?P<day>\d{1,2})(?:(?:\s?/\s?|\s[tT]hang\s)(?P<month>\d{1,2})(?!\d)(?:(?:\s?/\s?|,?\s[nN]am\s)(?P<year>\d{4}))?"
    r"|[-.](?P<month2>\d{1,2})[-.](?P<year2>\d{4}))(?!\d)"
    r"|(?P<number>\d+(?:\.\d{3})*(?:,\d+)?)"
    r"|(?P<word>\b[kcd]?m[23]\b|[^\W\d_]+(?:&[^\W\d_]+)*)"
)
_ROMAN = re.compile(r"[IVXL]{1,6}")
_BEFORE_A_NAME = frozenset(
    "tinh pho xa phuong huyen quan tran thon ban ap ong ba anh chi em co thay bao".split()
)
_WEEKDAYS = frozenset({("chu", "nhat"), *(("thu", day) for day in "hai ba tu nam sau bay".split())})


class _Token(NamedTuple):
    value: str
    """Folded; a number in one form however it was written."""
    is_fact: bool = False
    written: str = ""
    """For a word that begins with a capital."""
    joined: bool = False
    """Whether but a space parts it from the word before."""


def _tokens(line: str) -> Iterator[_Token]:
    decomposed = unicodedata.normalize("NFKD", text.clean_text(line)).translate(_LOOKALIKES)
    written = unicodedata.normalize("NFC", decomposed).translate(_MARKS)
    bare = written.translate(_BARE)
    capitals = sum(map(str.isupper, bare))
    shouted = capitals > 12 and capitals > 0.6 * sum(map(str.isalpha, bare))
    end = 0
    for found in _TOKEN.finditer(bare):
        gap = bare[end : found.start()]
        kind, end = found.lastgroup, found.end()
        if kind == "word" and found[0].islower() and "&" not in found[0]:
            yield _Token(found[0])
        elif kind == "word":
            yield from _word(found[0], written[found.start() : end], gap=gap, shouted=shouted)
        elif kind == "document":
            yield _Token(found[0].replace(" ", "").lower(), is_fact=True)
        elif kind == "number":
            whole, comma, rest = found[0].replace(".", "").partition(",")
            yield _Token((whole.lstrip("0") or "0") + comma + rest, is_fact=True)
        else:
            yield _Token(f"{int(found['day'])}/{int(found['month'] or found['month2'])}", is_fact=True)
            if year := found["year"] or found["year2"]:
                yield _Token(year, is_fact=True)


def _word(bare: str, written: str, *, gap: str, shouted: bool) -> Iterator[_Token]:
    """The tokens of a word that is not all small letters; ``gap`` is what stands between it and the word before."""
    if bare in _SHORT_FORMS:
        yield from map(_Token, _SHORT_FORMS[bare])
    elif _ROMAN.fullmatch(bare) and not shouted and gap == " ":
        yield _Token(bare.lower(), is_fact=True)
    else:
        first, *others = bare.lower().split("&")
        yield _Token(first, written=written if bare[0].isupper() and not shouted else "", joined=gap == " ")
        yield from map(_Token, others)


def _masked(tokens: Sequence[_Token]) -> Iterator[tuple[str, str]]:
    """Word by word, with «#» for a number or date and «@» for a name; beside each what it stands for."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.is_fact:
            yield "#", token.value
            at += 1
            continue
        end = at + 1
        if token.written:
            while end < len(tokens) and tokens[end].written and tokens[end].joined:
                end += 1
        known = at > 0 and tokens[at - 1].value in _BEFORE_A_NAME and token.joined
        if end - at >= 2 or (token.written and known):
            weekday = end - at == 2 and (token.value, tokens[at + 1].value) in _WEEKDAYS
            yield "@", "" if weekday else " ".join(one.written for one in tokens[at:end])
            at = end
        else:
            yield token.value, ""
            at += 1


def _facts(tokens: Sequence[_Token]) -> Iterator[Fact]:
    masked = list(_masked(tokens))
    words = ["^", "^", *(word for word, _ in masked), "$", "$"]
    for at, (_, value) in enumerate(masked, start=2):
        if value:
            around = (*words[at - 2 : at], *words[at + 1 : at + 3])
            place = _hash(" ".join(around), size=3) if any(len(word) > 1 for word in around) else 0
            yield Fact(place, value[:LONGEST_FACT])


def _hash(words: str, *, size: int) -> int:
    return int.from_bytes(blake2b(words.encode("utf-8", "replace"), digest_size=size).digest(), "big")


def fingerprint(title: str, told: str) -> Fingerprint:
    """What is kept of an article to know it again.

    ``told`` is plain text, a paragraph a line: the summary, and the text where the source gives it (said twice is not
    counted twice). Captions, bylines, agency prefixes, end marks and what follows «Tin khác» do not count; NFC and NFD,
    hoà and hòa, Latin letters and their Cyrillic likenesses are the same. Never raises.
    """
    heading = list(_tokens(title[:500]))
    body = [token for line in _lines(told) for token in _tokens(line)]
    words = [token.value for token in body]
    hashes = dict.fromkeys(
        _hash(" ".join(words[at : at + RUN]), size=_HASH_BYTES) for at in range(len(words) - RUN + 1)
    )
    rate = 1
    while len(hashes) > SAMPLE * rate:
        rate *= 2
    return Fingerprint(
        title=" ".join(token.value for token in heading),
        runs=len(hashes),
        rate=rate,
        opening=tuple(sorted(list(hashes)[:OPENING])),
        sample=tuple(sorted(one for one in hashes if one % rate == 0)),
        heading=tuple(dict.fromkeys(_facts(heading))),
        facts=tuple(dict.fromkeys(_facts(body)))[:MOST_FACTS],
    )


# ------------------------------------------------------------------ judging

LEAST_RUNS = 24
"""Of a text that can be known again: about 28 syllables, a short summary."""
LEAST_CONTAINED = 0.5
"""How much of the shorter text must stand in the longer one."""
LEAST_ALIKE = 0.1
"""From here on a contradiction says that two texts tell different news, though they have little in common."""
LEAST_SAMPLE = 12
"""Runs that say how much that is; of fewer it would be a guess."""
LEAST_FACTS = 2
"""Numbers and names both texts must share. What has none is a form of words, not news."""
LEAST_FACTS_IN_PART = 3
"""The same where the shorter text has sentences of its own: two offices' meetings on one day share the day."""
STRAY_FACTS = 0.25
"""For each shared number (or name), how many may stand in one text alone, and as many in the other alone."""
OWN_WORDS = 0.85
"""Below this the shorter text has sentences of its own, and one fact of its own in them is no wonder …"""
FACTS_ENOUGH = 6
"""… where so many others are shared. From it on, another name is another place or person."""
NEARLY_ALL = 0.97
"""From here on, titles that look like one form filled in twice are two titles of one text."""
MUCH_LONGER = 3
"""Times: then the shorter text must be the beginning of the longer one, or have its title."""
NEWS_LASTS = timedelta(days=7)
"""Articles told further apart are one story only if they are nearly the same word for word …"""
NEARLY_THE_SAME = 0.85
"""… that is, if of all their runs together so many stand in both …"""
COPIES_LAST = timedelta(days=60)
"""… and only up to here: what comes back after months comes back as news."""

_KEY_RATE = 8
_OPENING_KEY_RATE = 4
_KEYS = 64
_COLLECTION = re.compile(
    r"\b(?:tin (?:van|nhanh|ngan|noi bat)|diem (?:tin|bao)|ban tin|tong hop|tuan qua|trong (?:tuan|ngay)"
    r"|lich (?:cong tac|lam viec|tiep cong dan))\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An article, as far as it matters here."""

    portal: str
    fingerprint: Fingerprint
    told_at: datetime | None
    """When its portal published it, aware; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two articles tell one piece of news. It does not depend on which of them comes first."""

    same: bool
    score: float
    """How much of the shorter text stands in the longer one, 0 to 1."""
    why: str
    """In plain words, to be kept with a merge for ever."""
    apart: bool = False
    """Whether they are known to tell different news, so that nothing that both resemble brings them together. Texts
    that merely have little in common may still be two parts of a third."""


def index_keys(kept: Fingerprint) -> tuple[int, ...]:
    """The hashes under which an article is looked for and found: about forty, seldom more than eighty.

    Articles that ``judge`` calls the same share two or more of them.
    """
    rate = _KEY_RATE
    while kept.runs > _KEYS * rate:
        rate *= 2
    keys = {one for one in kept.sample if one % rate == 0}
    return tuple(sorted(keys.union(one for one in kept.opening if one % _OPENING_KEY_RATE == 0)))


def judge(one: Told, other: Told) -> Verdict:
    """Whether two articles tell one piece of news. When in doubt they do not."""
    if one.portal == other.portal:
        return Verdict(False, 0.0, "one portal's articles are told apart by their addresses")
    overlap = _Overlap.of(one.fingerprint, other.fingerprint)
    score = round(overlap.contained, 3)
    if overlap.shorter.runs < LEAST_RUNS:
        return Verdict(False, score, "too little text to know it again")
    if overlap.contained < LEAST_CONTAINED:
        apart = overlap.contained >= LEAST_ALIKE and _contradiction(overlap) is not None
        return Verdict(False, score, f"only {overlap}", apart)
    numbers, names = _Shared.of(overlap, names=False), _Shared.of(overlap, names=True)
    contradiction = _contradiction(overlap)
    stray = _stray_facts(overlap, numbers, names)
    far = _too_far_apart(one.told_at, other.told_at, overlap, numbers)
    against = contradiction or _too_little(overlap, numbers, names) or stray or _unlike_titles(overlap) or far
    if against:
        # Facts that one part of a text has and another has not, or a title, say nothing for certain.
        apart = bool(contradiction or far or (stray and overlap.contained >= OWN_WORDS))
        return Verdict(False, score, f"{overlap}, but {against}", apart)
    facts = " and ".join(str(facts) for facts in (numbers, names) if facts.both)
    title = "the same title" if overlap.shorter.title == overlap.longer.title else "another title"
    return Verdict(True, score, f"{overlap}; {facts} are the same; {title}")


@dataclass(frozen=True, slots=True)
class _Overlap:
    """What two texts have in common."""

    shorter: Fingerprint
    longer: Fingerprint
    contained: float
    """How much of the shorter text stands in the longer one."""
    opens: float
    """How much of the beginning of the shorter one stands in the beginning of the longer one."""

    @classmethod
    def of(cls, one: Fingerprint, other: Fingerprint) -> _Overlap:
        shorter, longer = sorted(
            (one, other), key=lambda kept: (kept.runs, kept.sample, kept.opening, kept.title, kept.facts)
        )
        rate = max(shorter.rate, longer.rate)
        sample = {run for run in shorter.sample if run % rate == 0}
        seen = len(sample.intersection(longer.sample)) / len(sample) if len(sample) >= LEAST_SAMPLE else 0.0
        opening = len({*shorter.opening}.intersection(longer.opening))
        return cls(
            shorter,
            longer,
            # Of a short summary beside a long report hardly a run is in both samples; what both begin with is certain.
            contained=max(seen, opening / max(shorter.runs, 1)),
            opens=opening / max(len(shorter.opening), 1),
        )

    @property
    def resemblance(self) -> float:
        """How many of all their runs together stand in both."""
        both = self.contained * self.shorter.runs
        return both / max(self.shorter.runs + self.longer.runs - both, 1)

    def __str__(self) -> str:
        return f"{self.contained:.0%} of the text of the shorter stands in the longer"


@dataclass(frozen=True, slots=True)
class _Shared:
    """Numbers and dates, or names, in two texts."""

    what: str
    both: frozenset[str]
    strays: int
    """How many stand in one text alone, with a counterpart that stands in the other alone."""

    @classmethod
    def of(cls, overlap: _Overlap, *, names: bool) -> _Shared:
        ours, theirs = (
            frozenset(fact.value for fact in kept.facts if _is_name(fact.value) == names)
            for kept in (overlap.shorter, overlap.longer)
        )
        only_ours = _strays(ours, theirs)
        strays = min(len(only_ours), len(_strays(theirs, ours)))
        return cls("names" if names else "numbers and dates", ours - only_ours, strays)

    @property
    def agree(self) -> bool:
        """Whether few enough are strays."""
        return self.strays <= STRAY_FACTS * len(self.both)

    def __str__(self) -> str:
        return f"{len(self.both)} of {len(self.both) + self.strays} {self.what}"


def _is_name(value: str) -> bool:
    return value[0].isupper()


def _strays(ours: Iterable[str], theirs: Iterable[str]) -> frozenset[str]:
    """Those of ours with nothing like them among theirs; «Cảnh» is like «Lương Thế Cảnh»."""
    bare = [f" {value} ".translate(_BARE).lower() for value in theirs]
    strays: set[str] = set()
    for value in frozenset(ours).difference(theirs):
        own = f" {value} ".translate(_BARE).lower()
        if not any(own in other or other in own for other in bare):
            strays.add(value)
    return frozenset(strays)


def _contradiction(overlap: _Overlap) -> str | None:
    """Where the same words stand around another number or name: nothing tells a form filled in twice more surely."""
    ours, theirs = _by_place(overlap.shorter), _by_place(overlap.longer)
    found: set[tuple[str, str]] = set()
    for place in ours.keys() & theirs.keys():
        only_ours = _strays(ours[place], theirs[place])
        only_theirs = _strays(theirs[place], ours[place])
        if only_ours and only_theirs:
            one, other = sorted((min(only_ours), min(only_theirs)))
            found.add((one, other))
    if not found:
        return None
    # A name or a date tells a person more than a figure.
    one, other = min(found, key=lambda pair: (not _is_name(pair[0]), "/" not in pair[0], pair))
    return f"where one says «{one}» the other says «{other}»"


def _by_place(kept: Fingerprint) -> Mapping[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for fact in (*kept.heading, *kept.facts):
        if fact.place:
            found[fact.place].add(fact.value)
    return found


def _too_little(overlap: _Overlap, numbers: _Shared, names: _Shared) -> str | None:
    least = LEAST_FACTS if overlap.contained >= OWN_WORDS else LEAST_FACTS_IN_PART
    if len(numbers.both) + len(names.both) < least:
        return "it names next to no number, date or name"
    return None


def _stray_facts(overlap: _Overlap, numbers: _Shared, names: _Shared) -> str | None:
    both = len(numbers.both) + len(names.both)
    own_words = overlap.contained < OWN_WORDS
    if own_words and numbers.strays + names.strays <= 1 and both >= FACTS_ENOUGH:
        return None
    if names.strays and not own_words:
        return f"only {names} are the same"
    return next((f"only {facts} are the same" for facts in (numbers, names) if not facts.agree), None)


def _unlike_titles(overlap: _Overlap) -> str | None:
    shorter, longer = overlap.shorter, overlap.longer
    if overlap.contained < NEARLY_ALL and _one_form(shorter.title, longer.title):
        return "the titles are one form filled in twice"
    if longer.runs > MUCH_LONGER * shorter.runs and shorter.title != longer.title:
        if overlap.opens < LEAST_CONTAINED:
            return "that is a small part of it, from the middle"
        if _COLLECTION.search(longer.title):
            return "the longer is a collection"
    return None


def _one_form(one: str, other: str) -> bool:
    """Whether two titles begin and end alike with something else between: «… cho xã Nà Lũng», «… cho xã Khe Vai»."""
    ours, theirs = one.split(), other.split()
    shortest = min(len(ours), len(theirs))
    head = next((at for at in range(shortest) if ours[at] != theirs[at]), shortest)
    rest = shortest - head
    tail = next((at for at in range(rest) if ours[-1 - at] != theirs[-1 - at]), rest)
    return 0.6 * shortest <= head + tail < shortest


def _too_far_apart(
    one: datetime | None, other: datetime | None, overlap: _Overlap, numbers: _Shared
) -> str | None:
    nearly_the_same = overlap.resemblance >= NEARLY_THE_SAME
    if one is None or other is None:
        if nearly_the_same or any("/" in value for value in numbers.both):
            return None
        return "one of them has no date, and no day is named in both"
    apart = abs(one - other)
    if apart <= NEWS_LASTS or (nearly_the_same and apart <= COPIES_LAST):
        return None
    return f"they were told {apart.days} days apart"
