"""Leases and readers are found by index."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deliveries_lease_until"), ["lease_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_deliveries_subscriber"), ["subscriber"], unique=False)
