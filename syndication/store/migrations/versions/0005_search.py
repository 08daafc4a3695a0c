"""Search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FOLLOW = {
    # https://www.sqlite.org/fts5.html#external_content_tables
    "INSERT": "INSERT INTO story_words(rowid, words) VALUES (new.place, new.words)",
    "DELETE": "INSERT INTO story_words(story_words, rowid, words) VALUES ('delete', old.place, old.words)",
}


def upgrade() -> None:
    op.create_table(
        "story_texts",
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("words", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["story"], ["stories.id"], name=op.f("fk_story_texts_story")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_story_texts")),
        sa.UniqueConstraint("story", name=op.f("uq_story_texts_story")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # A list of what is not in the index yet would have to be read with every search.
        op.execute(
            "CREATE INDEX ix_story_texts_words ON story_texts USING gin (words) WITH (fastupdate = off)"
        )
        return
    op.execute(
        "CREATE VIRTUAL TABLE story_words USING fts5(words, content='story_texts', content_rowid='place', "
        "columnsize=0, tokenize=\"ascii tokenchars '=-|'\")"
    )
    for event, action in FOLLOW.items():
        op.execute(
            f"CREATE TRIGGER story_texts_{event.lower()} AFTER {event} ON story_texts BEGIN {action}; END"
        )
    op.execute(
        "CREATE TRIGGER story_texts_update AFTER UPDATE OF place, words ON story_texts "
        f"BEGIN {FOLLOW['DELETE']}; {FOLLOW['INSERT']}; END"
    )
