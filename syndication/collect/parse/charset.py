"""Finds out which characters the bytes of a document are, whatever anybody declares.

Vietnamese portals lie about that every day: a server's default header, a page moved from one editor to another,
an excerpt that PHP cut in the middle of a letter. What the bytes show therefore comes before what is said of them.
"""

from __future__ import annotations

import codecs
import re

from syndication.collect.parse.document import Document

_BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
# XML 1.0, appendix F.1: without a mark, the first two characters show how wide a character is.
_UTF_16 = {
    "utf-16-le": re.compile(rb"(?:[\t\n\r ]\0){0,64}[<\[{]\0[^\0]\0"),
    "utf-16-be": re.compile(rb"(?:\0[\t\n\r ]){0,64}\0[<\[{]\0[^\0]"),
}
_DECLARED = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
# windows-1258 has these letters; who writes them as references wrote in an encoding that has not.
_LETTERS_AS_REFERENCES = re.compile(
    rb"&#(?:0*(?:258|259|272|273|416|417|431|432)|[xX]0*(?:102|103|110|111|1[aA]0|1[aA]1|1[aA][fF]|1[bB]0));"
)
# How windows-1252 shows the letters of Vietnamese that UTF-8 writes in three bytes.
_TWICE = re.compile("\u00e1[\u00ba\u00bb]")
_AS_BYTES = {
    ord(bytes([byte]).decode("windows-1252", "ignore") or chr(byte)): byte for byte in range(0x80, 0xA0)
}
_WESTERN = frozenset({"iso8859-1", "ascii"})
MOSTLY = 4
"""So many sound letters of UTF-8 for each broken piece show that it is UTF-8: others come upon them by chance alone."""


def decode(document: Document) -> str:
    """The document's characters: by a byte-order mark, as valid UTF-8, then by what anybody declared.

    Bytes that are valid UTF-8 are UTF-8 whatever the header says: other encodings of Vietnamese practically
    never are. Some broken pieces among many letters are letters cut in two; they are left out. What is declared as
    ISO 8859-1 is windows-1252 (WHATWG Encoding Standard §4.2), and what is declared as nothing windows-1258.
    """
    body = document.body
    for mark, encoding in _BOMS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    for encoding, start in _UTF_16.items():
        if start.match(body):
            return body.decode(encoding, errors="replace")
    try:
        return _once(body.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    whole = body.decode("utf-8", errors="replace")
    broken = whole.count("\ufffd")
    if len(whole) - len(whole.encode("ascii", errors="ignore")) - broken >= MOSTLY * broken:
        return body.decode("utf-8", errors="ignore")
    declared = _DECLARED.search(body[:400])
    otherwise = "windows-1252" if _LETTERS_AS_REFERENCES.search(body) else "windows-1258"
    for name in (document.charset, declared and declared[1].decode("ascii"), otherwise):
        try:
            return body.decode(_meant(name or ""))
        except (UnicodeError, LookupError):
            continue
    return whole


def _once(read: str) -> str:
    """The text that a portal took for windows-1252 and wrote in UTF-8 once more («Há»™i nghá»‹»), or as it is.

    Every letter must be one of windows-1252 and all of them UTF-8 again: a text in Vietnamese never is.
    """
    if not _TWICE.search(read):
        return read
    try:
        return read.translate(_AS_BYTES).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return read


def _meant(name: str) -> str:
    """The encoding that a declaration means; LookupError where it cannot be that of this document."""
    known = codecs.lookup(name).name
    if known.startswith(("utf-16", "utf-32")):  # almost any bytes are valid in them, and ours do not look so
        raise LookupError(name)
    return "windows-1252" if known in _WESTERN else known
