"""the newest trade version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("head", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("trade_version", sa.BigInteger(), server_default="0", nullable=False)
        )


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("head", schema=None) as batch_op:
        batch_op.drop_column("trade_version")
