"""Runs the migrations on the connection that is handed over (by ``Store.migrate`` and by ``write.py``)."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from syndication.store.tables import FTS, Moment, Text, metadata


def _render(kind: str, thing: Any, _context: object) -> str | Literal[False]:
    # A migration must not change its meaning when our own types do.
    if kind == "type" and isinstance(thing, Moment):
        return "sa.DateTime(timezone=True)"
    return "sa.Text()" if kind == "type" and isinstance(thing, Text) else False


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not (name or "").startswith(FTS)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=_render,
    include_name=_is_ours,
)
context.run_migrations()
