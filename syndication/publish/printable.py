"""Keeps of what portals wrote what every format takes: characters that are text, addresses that can be followed."""

from __future__ import annotations

import re
from unicodedata import is_normalized
from urllib.parse import quote, urljoin, urlsplit

from syndication import text

# Characters that XML 1.0 allows and that are no text: HTML forbids the non-characters (HTML Living Standard, 13.2.3.5),
# and U+FFFD only says that something was lost before.
_NO_TEXT = re.compile(
    "[\ufdd0-\ufdef\ufffd"
    + "".join(chr(plane + last) for plane in range(0x10000, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
    + "]"
)

# Labels of 63 characters at most (RFC 1035 §2.3.4): many clients break off at a longer or an empty one.
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=[^/?#]{{1,253}}(?:[/?#]|$)){_LABEL}(?:\.{_LABEL})*")
# Almost all addresses are like this and need no closer look, which a port would.
_PLAIN_ADDRESS = re.compile(
    rf"https?://{_HOST.pattern}(?:[/?#](?:[A-Za-z0-9/?:@!$&'()*+,;=~._-]|%[0-9A-Fa-f]{{2}})*)?"
)
_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_NO_ADDRESS = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_MAIL = re.compile(r"<[^<>\s]+@[^<>\s]+>")
_CLOSING_TAG = re.compile(r"</\w+>")
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")


def printable(raw: str) -> str:
    """The text in NFC, without characters that XML forbids, that turn text around or that only stand for none."""
    # Almost always there is nothing to do, and that is quickly seen: «printable» in Python's sense is none of these.
    if raw.replace("\n", "").isprintable() and "\ufffd" not in raw and is_normalized("NFC", raw):
        return raw
    return _NO_TEXT.sub("", text.clean_text(raw))


def one_line(raw: str) -> str:
    """Such text on one line, runs of white space made one space."""
    if "\n" not in raw and "  " not in raw and printable(raw) is raw:
        return raw.strip()
    return text.one_line(_NO_TEXT.sub("", raw))


def without_markup(raw: str) -> str:
    """A line for fields that readers take for text or for markup as they please: without tags, if it has any."""
    line = one_line(raw)
    return one_line(_TAG.sub(" ", line)) if _CLOSING_TAG.search(line) else line


def nobodys_mail(name: str) -> str:
    """Such a line for a name, without the address in angle brackets that may stand behind it."""
    return without_markup(_MAIL.sub("", name))


def web_address(raw: str, *, base: str = "") -> str | None:
    """An absolute http(s) address in the characters of RFC 3986, or None where it is none.

    ``base`` is what a relative one is read against.
    """
    if _PLAIN_ADDRESS.fullmatch(raw):
        return raw
    try:
        parts = urlsplit(urljoin(base, _NO_ADDRESS.sub("", raw).strip().replace("\\", "/")))
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError:  # half an IPv6 address, a port that is none, a host no registry takes
        return None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    path, query, fragment = (
        quote(_STRAY_PERCENT.sub("%25", part), safe="/?:@!$&'()*+,;=~%") for part in parts[2:]
    )
    return (
        f"{parts.scheme}://{host}{f':{port}' if port else ''}{path or '/'}"
        f"{'?' + query if query else ''}{'#' + fragment if fragment else ''}"
    )
