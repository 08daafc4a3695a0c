"""Compressed documents and their editions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_changes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_changes")),
    )
    op.create_table(
        "document_editions",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("path", "etag", name=op.f("pk_document_editions")),
    )
    with op.batch_alter_table("document_editions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_document_editions_path_number"), ["path", "number"], unique=False
        )

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gzip", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("brotli", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("number", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index(batch_op.f("ix_documents_path_number"), ["path", "number"], unique=False)
