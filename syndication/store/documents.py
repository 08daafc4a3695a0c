"""What we publish, ready to be served: bytes, ETag and the time of the last change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from syndication.store.tables import documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One published document. ``path`` is its address without the leading slash."""

    path: str
    media_type: str
    body: bytes
    etag: str
    """Opaque tag with its quotes (RFC 9110 §8.8.3), a hash of the content."""
    changed_at: datetime


class Documents:
    """The documents' shelf of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, path: str) -> Document | None:
        """The document at this path, or None."""
        row = self._connection.execute(select(documents).where(documents.c.path == path)).first()
        return Document(**row._mapping) if row else None

    def paths(self) -> list[str]:
        """The paths of all documents."""
        return list(self._connection.execute(select(documents.c.path).order_by(documents.c.path)).scalars())

    def put(self, path: str, *, media_type: str, body: bytes, etag: str, now: datetime) -> bool:
        """Publish a document; returns whether it changed. The same content leaves everything as it was."""
        kept = self._connection.execute(
            select(documents.c.etag).where(documents.c.path == path)
        ).scalar_one_or_none()
        if kept == etag:
            return False
        values = {
            "media_type": media_type,
            "body": body,
            "etag": etag,
            "changed_at": now.replace(microsecond=0),
        }
        # Somebody else may publish the same path this moment: then ours replaces theirs where it says otherwise.
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        changed = self._connection.execute(
            insert(documents)
            .values(path=path, **values)
            .on_conflict_do_update(
                index_elements=[documents.c.path], set_=values, where=documents.c.etag != etag
            )
            .returning(documents.c.path)
        )
        return changed.first() is not None

    def remove(self, path: str) -> None:
        """Publish a document no longer."""
        self._connection.execute(delete(documents).where(documents.c.path == path))
