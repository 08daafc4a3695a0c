"""What we publish, ready to be served: bytes, their compressed forms, ETag and the time of the last change."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import brotli
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from syndication.store.tables import document_changes, document_editions, documents

EDITIONS = 100
"""Editions of a document of which we know the entries; who has an older one gets the whole document again."""

BROTLI_QUALITY = 6
"""Measured on a feed of 57 KB: 6 takes 3 ms, 11 takes 110 ms inside the writing transaction and is 8 % smaller."""

_WITH_ENTRIES = ("application/rss+xml", "application/atom+xml")
_ENTRY = re.compile(rb"\s*<(entry|item)[\s>].*?</\1>", re.DOTALL)
_MARK_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One published document. ``path`` is its address without the leading slash."""

    path: str
    media_type: str
    body: bytes
    etag: str
    """Opaque tag with its quotes (RFC 9110 §8.8.3), a hash of the content."""
    changed_at: datetime
    """Whole seconds, later with every change, so that it stands for one content. It may be some seconds ahead of
    the clock when a document changed twice in a second."""
    gzip: bytes | None = None
    """The body compressed; None where that is not smaller."""
    brotli: bytes | None = None
    number: int = 0
    """The change that made the document so; see ``Documents.number``."""

    def without(self, entries: frozenset[bytes]) -> bytes | None:
        """The body without the entries that have these marks; None where it has no entries to leave out."""
        if not (own := list(_entries(self.media_type, self.body))):
            return None
        kept, end = [], 0
        for entry in own:
            kept.append(self.body[end : entry.start()])
            if _mark(entry[0]) not in entries:
                kept.append(entry[0])
            end = entry.end()
        return b"".join((*kept, self.body[end:]))


def _entries(media_type: str, body: bytes) -> Iterator[re.Match[bytes]]:
    # In what we print, «<» only ever begins a tag; where it could be something else we leave it alone.
    if media_type in _WITH_ENTRIES and b"<![CDATA[" not in body and b"<!--" not in body:
        yield from _ENTRY.finditer(body)


def _mark(entry: bytes) -> bytes:
    return hashlib.blake2b(entry.strip(), digest_size=_MARK_BYTES).digest()


def compressed(body: bytes) -> dict[str, bytes | None]:
    """The compressed forms of these bytes, the same ones every time; None where a form is not smaller."""
    forms = {
        "gzip": gzip.compress(body, 9, mtime=0),
        "brotli": brotli.compress(body, quality=BROTLI_QUALITY),
    }
    return {name: form if len(form) < len(body) else None for name, form in forms.items()}


class Documents:
    """The documents' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def _insert(self) -> type[postgresql.Insert] | type[sqlite.Insert]:
        return postgresql.Insert if self._connection.dialect.name == "postgresql" else sqlite.Insert

    def get(self, path: str) -> Document | None:
        """The document at this path, or None."""
        row = self._connection.execute(select(documents).where(documents.c.path == path)).first()
        return Document(**row._mapping) if row else None

    def paths(self) -> list[str]:
        """The paths of all documents."""
        return list(self._connection.execute(select(documents.c.path).order_by(documents.c.path)).scalars())

    def number(self) -> int:
        """How often any document was published or removed: the same number, the same documents."""
        return self._connection.execute(select(document_changes.c.number)).scalar_one_or_none() or 0

    def numbers(self) -> dict[str, int]:
        """The number of the last change of every document, by path."""
        rows = self._connection.execute(select(documents.c.path, documents.c.number))
        return {row.path: row.number for row in rows}

    def editions(self, path: str) -> dict[str, frozenset[bytes]]:
        """The marks of the entries of the last editions of a document, by the edition's ETag."""
        rows = self._connection.execute(
            select(document_editions.c.etag, document_editions.c.entries).where(
                document_editions.c.path == path
            )
        )
        return {
            row.etag: frozenset(
                row.entries[start : start + _MARK_BYTES] for start in range(0, len(row.entries), _MARK_BYTES)
            )
            for row in rows
        }

    def put(self, path: str, *, media_type: str, body: bytes, etag: str, now: datetime) -> bool:
        """Publish a document; returns whether it changed. The same content leaves everything as it was."""
        kept = self._connection.execute(
            select(documents.c.etag, documents.c.media_type, documents.c.changed_at).where(
                documents.c.path == path
            )
        ).first()
        if kept and (kept.etag, kept.media_type) == (etag, media_type):
            return False
        changed_at = now.replace(microsecond=0)
        if kept:
            # Two contents never share a second, nor does the time go back: who asks by it would miss the second one.
            changed_at = max(changed_at, kept.changed_at + timedelta(seconds=1))
        values = {
            "media_type": media_type,
            "body": body,
            "etag": etag,
            "changed_at": changed_at,
            "number": self._count(),
            **compressed(body),
        }
        # Somebody else may publish the same path this moment: then ours replaces theirs where it says otherwise.
        changed = self._connection.execute(
            self._insert(documents)
            .values(path=path, **values)
            .on_conflict_do_update(
                index_elements=[documents.c.path],
                set_=values,
                where=(documents.c.etag != etag) | (documents.c.media_type != media_type),
            )
            .returning(documents.c.path)
        )
        if changed.first() is None:
            return False
        self._keep_edition(path, values)
        return True

    def remove(self, path: str) -> None:
        """Publish a document no longer."""
        self._count()
        for table in (documents, document_editions):
            self._connection.execute(delete(table).where(table.c.path == path))

    def _count(self) -> int:
        """Count a change. Others who change something wait here, so numbers come in the order of commits."""
        number: int = self._connection.execute(
            self._insert(document_changes)
            .values(id=1, number=1)
            .on_conflict_do_update(
                index_elements=[document_changes.c.id], set_={"number": document_changes.c.number + 1}
            )
            .returning(document_changes.c.number)
        ).scalar_one()
        return number

    def _keep_edition(self, path: str, document: Mapping[str, Any]) -> None:
        entries = b"".join(_mark(entry[0]) for entry in _entries(document["media_type"], document["body"]))
        if not entries:
            return
        values = {"number": document["number"], "entries": entries}
        self._connection.execute(
            self._insert(document_editions)
            .values(path=path, etag=document["etag"], **values)
            .on_conflict_do_update(
                index_elements=[document_editions.c.path, document_editions.c.etag], set_=values
            )
        )
        oldest = (
            select(document_editions.c.number)
            .where(document_editions.c.path == path)
            .order_by(document_editions.c.number.desc())
            .offset(EDITIONS)
            .limit(1)
            .scalar_subquery()
        )
        self._connection.execute(
            delete(document_editions).where(
                document_editions.c.path == path, document_editions.c.number <= oldest
            )
        )
