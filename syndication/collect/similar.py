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
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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

_VERSION = 1
_HASH_BYTES = 5


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
    facts: tuple[Fact, ...]

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
                "facts": [part for fact in self.facts for part in fact],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, kept: str) -> Fingerprint:
        """Read what ``to_json`` wrote. Raises ValueError for what another version of this program wrote."""
        read = json.loads(kept)
        if read["version"] != _VERSION:
            raise ValueError(f"a fingerprint of version {read['version']}, and this program makes {_VERSION}")
        facts = read["facts"]
        return cls(
            title=read["title"],
            runs=read["runs"],
            rate=read["rate"],
            opening=_unpacked(read["opening"]),
            sample=_unpacked(read["sample"]),
            facts=tuple(Fact(*pair) for pair in zip(facts[::2], facts[1::2], strict=True)),
        )


def _packed(hashes: Iterable[int]) -> str:
    return base64.b64encode(b"".join(one.to_bytes(_HASH_BYTES, "big") for one in hashes)).decode()


def _unpacked(packed: str) -> tuple[int, ...]:
    raw = base64.b64decode(packed)
    return tuple(int.from_bytes(raw[at : at + _HASH_BYTES], "big") for at in range(0, len(raw), _HASH_BYTES))


# ------------------------------------------------------------------ what counts as text

_END = re.compile(
    r"(?:xem )?(?:cac )?(?:tin|bai|bai viet|tin tuc|tin bai) "
    r"(?:khac|lien quan|cung chuyen muc|cung chu de|da dua|da dang|moi hon|cu hon|moi nhat|noi bat)"
    r"|nhung tin (?:moi|cu) hon|cung chuyen muc|theo dong su kien"
)
_FURNITURE = re.compile(
    r"(?:tu khoa|tags?|the|xem them|doc them|chia se|luot xem|so luot xem|da xem|in bai viet|ban in|tep dinh kem"
    r"|file dinh kem|tai ve|ban quyen|ghi ro nguon)\b.*"
    r"|(?:moi|kinh moi) .*(?:ban doc|doc gia|quy vi).* (?:xem|theo doi|tai ve|don doc)\b.*"
    r"|(?:noi dung )?(?:chi tiet|toan van|cu the)\b.*\b(?:xem|tai) (?:tai )?(?:day|file|tep|duoi day|ban dinh kem)\b.*"
    r"|xem (?:noi dung )?(?:chi tiet|toan van) .*"
    r"|(?:hinh )?anh (?:minh hoa|tu lieu|internet)\b.*|(?:anh|nguon anh|photo) ?: .*"
)
_CAPTION = re.compile(
    r".{0,240}[\s(.–—-](?:ảnh|ảnh tư liệu|nguồn ảnh|photo)\s*(?::\s*[^:]{2,60}|\d{1,3}\s*\.?)\)?",
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
    while len(lines) > 1 and _is_byline(lines[-1]):
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
    r"|(?P<word>[^\W\d_]+(?:&[^\W\d_]+)*)"
)
_ROMAN = re.compile(r"[IVXL]{1,6}")
_BEFORE_A_NAME = frozenset(
    "tinh pho xa phuong huyen quan tran thon ban ap ong ba anh chi em co thay bao".split()
)


class _Token(NamedTuple):
    value: str
    """Folded; a number in one form however it was written."""
    is_fact: bool = False
    written: str = ""
    """For a word that begins with a capital."""
    opens: bool = False
    """Whether it begins a sentence, where a capital says nothing."""
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
        if kind == "word":
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
    opens = not gap or any(mark in gap for mark in '.!?:;…"“«')
    if bare in _SHORT_FORMS:
        first, *others = _SHORT_FORMS[bare]
        yield _Token(first, opens=opens)
        yield from map(_Token, others)
    elif _ROMAN.fullmatch(bare) and not shouted and not opens:
        yield _Token(bare.lower(), is_fact=True)
    else:
        capital = bare[0].isupper() and not shouted
        for number, part in enumerate(bare.lower().split("&")):
            yield _Token(
                part, written=written if capital and not number else "", opens=opens, joined=gap == " "
            )


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
            yield "@", " ".join(one.written for one in tokens[at:end])
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
            yield Fact(place, value)


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
        facts=tuple(dict.fromkeys((*_facts(heading), *_facts(body))))[:MOST_FACTS],
    )


# ------------------------------------------------------------------ judging

_KEY_RATE_OPENING = 4
_KEY_RATE = 8


def index_keys(kept: Fingerprint) -> tuple[int, ...]:
    """The hashes under which it is looked for, and is found: up to 80."""
    rate = _KEY_RATE
    while rate * 64 < kept.runs:
        rate *= 2
    chosen = {one for one in kept.sample if one % rate == 0}
    chosen.update(one for one in kept.opening if one % _KEY_RATE_OPENING == 0)
    return tuple(sorted(chosen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    portal: str
    title: str
    fingerprint: Fingerprint
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    same: bool
    score: float
    why: str


def compared(a: Told, b: Told):
    from collections import defaultdict
    s, l = sorted((a.fingerprint, b.fingerprint), key=lambda f: (f.runs, f.sample, f.opening, f.title, f.facts))
    rate = max(s.rate, l.rate)
    S = {h for h in s.sample if h % rate == 0}; L = {h for h in l.sample if h % rate == 0}
    c = len(S & L)/len(S) if S else 0.0
    so = set(s.opening); lo=set(l.opening)
    co = len(so & lo)/len(so) if so else 0.0
    def places(f):
        d = defaultdict(set)
        for fact in f.facts:
            if fact.place: d[fact.place].add(fact.value.translate(_BARE).lower())
        return d
    ps, pl = places(s), places(l)
    def near(x,y): return f" {x} " in f" {y} " or f" {y} " in f" {x} "
    agree=0; conf=[]
    for p in ps.keys() & pl.keys():
        us = {x for x in ps[p] if not any(near(x,y) for y in pl[p])}
        ul = {x for x in pl[p] if not any(near(x,y) for y in ps[p])}
        if us and ul: conf.append((sorted(us),sorted(ul)))
        else: agree+=1
    def vals(f, num): return {v for v in (x.value.translate(_BARE).lower() for x in f.facts) if any(ch.isdigit() for ch in v)==num}
    ns,nl=vals(s,True),vals(l,True); ms,ml=vals(s,False),vals(l,False)
    cn=len(ns&nl); dn=min(len(ns-nl),len(nl-ns))
    us={x for x in ms if not any(near(x,y) for y in ml)}; ul={x for x in ml if not any(near(x,y) for y in ms)}
    return dict(runs=(s.runs,l.runs), n=len(S), c=round(c,2), co=round(co,2), agree=agree, conf=conf, num=(cn,len(ns-nl),len(nl-ns)), nam=(len(ms)-len(us),len(us),len(ul)))

def judge(a: Told, b: Told) -> Verdict:
    return Verdict(False, 0, "")
