"""Leaves out of a feed the items that were read before, so that the slow reader sees only what is new.

feedparser takes half a millisecond for each item, and of fifty items three are new. expat, the reader of XML beneath
feedparser, finds where items begin and end forty times faster; a hash tells whether one is as it was.

feedparser must say of the items that are left what it would have said with all the others there, and it carries things
over from one element to the next. So whatever could let one item change how another is read makes a document unusual,
and an unusual document is not cut, which costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from hashlib import blake2b
from pyexpat import ExpatError, ParserCreate

_PLAIN = frozenset(
    {
        "",
        "http://www.w3.org/2005/Atom",
        "http://purl.org/atom/ns#",
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://backend.userland.com/rss2",
        "http://blogs.law.harvard.edu/tech/rss",
    }
)
"""The namespaces whose elements feedparser knows by their bare names."""
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_MEDIA = "http://search.yahoo.com/mrss"
_XHTML = "http://www.w3.org/1999/xhtml"
_BASE = "http://www.w3.org/XML/1998/namespace base xml"

_USUAL: Mapping[str | None, str] = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xhtml": _XHTML,
}
"""Prefixes that an item may declare for itself: feedparser remembers every prefix for the rest of the document,
and these always mean the same."""

_ITEM_OF = {("rss", True): "item", ("RDF", False): "item", ("feed", True): "entry"}
"""By the name of the root and whether its namespace is a plain one: what an item is called."""
_FRAME = frozenset({"item", "entry", "channel", "feed", "rss", "rdf"})

_TEXTS = frozenset(
    """
    abstract body browserfriendly content copyright description encoded fullitem info rights subtitle summary
    tagline title
    """.split()
)
"""Elements in which feedparser writes tags down as markup. It does so with tags that begin something, but acts on every
tag that ends something: a ``</title>`` in a description ends the description, and everything after it is miscounted."""
INLINE = frozenset(
    """
    a b blockquote br center code dd dl dt em font h1 h2 h3 h4 h5 h6 hr i img li ol p pre s small span strong sub
    sup table tbody td tfoot th thead tr u ul
    """.split()
)
"""Names that may stand in such an element, because they mean nothing to feedparser anywhere."""
_AS_XHTML = frozenset({"xhtml", "application/xhtml+xml"})
_MAKES_CONTENT = frozenset({"content", "encoded", "fullitem"})

_Binding = tuple[str | None, str | None]
"""A prefix and its namespace."""
_Tag = tuple[str, dict[str, str], list[_Binding]]
"""A name, attributes, and the namespaces declared with them; names as expat writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A feed without the items that were known."""

    document: bytes
    """Well-formed, in UTF-8; everything but those items is as it was."""
    left: tuple[str, ...]
    """A hash for each item still in it, in their order."""
    left_out: frozenset[str]
    """The hashes of the items that are not in it because they were known."""


def cut(document: bytes, known: Collection[str], *, most: int) -> Cut | None:
    """The feed, which is in UTF-8, without the items whose hashes are known, and without any after the first ``most``.

    None when it cannot be cut: it is not well-formed RSS, RDF or Atom, has a document type, or one of its items could
    change how another is read. A hash covers the bytes of the item and what the tags around it say (namespaces, base,
    language); it has 32 hexadecimal digits.
    """
    try:
        scan = _Scan(document)
    except (ExpatError, _Unusual):
        return None
    left: list[str] = []
    left_out: set[str] = set()
    pieces: list[bytes] = []
    written = 0
    for number, (start, end) in enumerate(scan.items):
        if number < most:
            name = blake2b(document[start:end], digest_size=16, key=scan.key).hexdigest()
            if name not in known:
                left.append(name)
                continue
            left_out.add(name)
        pieces.append(document[written:start])
        written = end
    pieces.append(document[written:])
    return Cut(document=b"".join(pieces), left=tuple(left), left_out=frozenset(left_out))


class _Kind(Enum):
    """What an element may do to the reading of others."""

    FRAME = auto()
    TEXT = auto()
    INLINE = auto()
    DIV = auto()
    OTHER = auto()


_A_FRAME, _A_TEXT, _AN_INLINE, _A_DIV, _ANOTHER = _Kind


def _kind(name: str) -> _Kind:
    uri, local = _name(name)
    if local.lower() in _FRAME:
        return _A_FRAME
    if local.lower() in _TEXTS and not (local == "content" and uri.startswith(_MEDIA)):
        return _A_TEXT
    if local == "div":
        return _A_DIV
    return _AN_INLINE if local in INLINE else _ANOTHER


class _Kinds(dict[str, _Kind]):
    """The kinds of the names in one document; the same few come again and again."""

    def __missing__(self, name: str) -> _Kind:
        kind = self[name] = _kind(name)
        return kind


class _Unusual(Exception):
    """This document is not cut."""


class _Scan:
    """Finds the items of a document. Raises ExpatError where it is not well-formed, _Unusual where it is unusual."""

    def __init__(self, document: bytes) -> None:
        self.items: list[tuple[int, int]] = []
        """Where each begins and ends, in bytes."""
        self.key = b""
        """For the hashes: what the tags around the items say."""
        self._document = document
        self._kinds = _Kinds()
        self._open: list[_Tag] = []
        self._around: _Tag | None = None
        self._item_name = ""
        self._declared: list[_Binding] = []
        self._bound: dict[str | None, str | None] = {}
        self._has_base = False
        self._start = 0
        self._depth = 0
        """Inside an item: how many elements deep."""
        self._text_at: int | None = None
        """How deep the text element stands in which we are."""
        self._text_is_xhtml = False
        # The same parser with the same settings as in feedparser: what is well-formed here is so there.
        self._expat = ParserCreate("UTF-8", " ")
        self._expat.namespace_prefixes = True
        self._expat.StartDoctypeDeclHandler = _refuse
        self._outside()
        try:
            self._expat.Parse(document, True)
        finally:
            # It holds our methods and we hold it: without this the document would stay until the next collection.
            del self._expat

    def _outside(self) -> None:
        self._expat.StartElementHandler = self._begin
        self._expat.EndElementHandler = self._end
        self._expat.StartNamespaceDeclHandler = self._declare

    def _inside(self) -> None:
        self._expat.StartElementHandler = self._begin_inside
        self._expat.EndElementHandler = self._end_inside
        self._expat.StartNamespaceDeclHandler = self._declare_inside

    # --- outside of items ---

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._declared.append((prefix, uri))

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        declared, self._declared = self._declared, []
        uri, local = _name(name)
        kind = self._kinds[name]
        tag = (name, attributes, declared)
        if not self._open:
            self._item_name = _ITEM_OF.get((local, uri in _PLAIN), "")
            if not self._item_name or (local == "RDF" and uri != _RDF):
                raise _Unusual
        elif local == self._item_name and uri in _PLAIN:
            self._begin_item(tag)
            return
        elif (local, len(self._open)) != ("channel", 1):
            self._look(kind, attributes, depth=len(self._open))
            if local.lower() in _MAKES_CONTENT:
                raise _Unusual  # feedparser would read the next item, whichever it is, as one that has its content
        self._open.append(tag)

    def _end(self, _: str) -> None:
        self._open.pop()
        if self._text_at == len(self._open):
            self._text_at = None

    def _begin_item(self, tag: _Tag) -> None:
        if self._around is None:
            self._begin_first_item()
        elif self._open[-1] is not self._around:
            raise _Unusual
        _, attributes, declared = tag
        self._start = self._expat.CurrentByteIndex
        self._depth = 0
        self._inside()
        for prefix, uri in declared:
            self._declare_inside(prefix, uri)
        self._look_for_base(attributes)

    def _begin_first_item(self) -> None:
        if len(self._open) > 1 and (len(self._open) > 2 or _name(self._open[1][0])[1] != "channel"):
            raise _Unusual
        self._around = self._open[-1]
        for _, attributes, declared in self._open:
            self._bound.update(declared)
            self._has_base = self._has_base or attributes.get(_BASE, "").startswith("http")
        around = [(name, sorted(attributes.items()), declared) for name, attributes, declared in self._open]
        self.key = blake2b(repr(around).encode(), digest_size=32).digest()

    # --- inside an item ---

    def _declare_inside(self, prefix: str | None, uri: str | None) -> None:
        if uri and (prefix, uri) != (None, _XHTML) and self._bound.get(prefix, _USUAL.get(prefix)) != uri:
            raise _Unusual

    def _begin_inside(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        kind = self._kinds[name]
        if kind is not _ANOTHER or self._text_at is not None:
            self._look(kind, attributes, depth=self._depth)
        if attributes:
            self._look_for_base(attributes)

    def _look_for_base(self, attributes: Mapping[str, str]) -> None:
        # Where nothing around the items has a base, feedparser keeps that of an item for all that follows.
        if not self._has_base and "base" in " ".join(attributes).lower():
            raise _Unusual

    def _end_inside(self, _: str) -> None:
        if self._text_at == self._depth:
            self._text_at = None
        if self._depth:
            self._depth -= 1
            return
        end = self._expat.CurrentByteIndex
        if self._document.find(b"<", self._start + 1, end) < 0:
            raise _Unusual  # the item is empty, and ``end`` may be where the next tag begins
        self.items.append((self._start, self._document.index(b">", end) + 1))
        self._outside()

    # --- both ---

    def _look(self, kind: _Kind, attributes: Mapping[str, str], *, depth: int) -> None:
        if kind is _A_FRAME:
            raise _Unusual
        if self._text_at is not None:
            if kind is not _AN_INLINE and not (kind is _A_DIV and self._text_is_xhtml):
                raise _Unusual
        elif kind is _A_TEXT:
            self._text_at = depth
            self._text_is_xhtml = attributes.get("type", "").lower() in _AS_XHTML


def _refuse(*_: object) -> None:
    raise _Unusual


def _name(name: str) -> tuple[str, str]:
    """Namespace and local name of what expat writes as ``namespace local prefix``."""
    parts = name.split(" ")
    return (parts[0], parts[1]) if len(parts) > 1 else ("", name)
