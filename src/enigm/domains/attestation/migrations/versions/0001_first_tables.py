"""first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "anchor",
        sa.Column("anchor_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("anchor_id", name=op.f("pk_anchor")),
    )
    op.create_table(
        "challenge",
        sa.Column("handle", sa.LargeBinary(length=20), nullable=False),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("handle", "step", name=op.f("pk_challenge")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_challenge_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "device",
        sa.Column("handle", sa.LargeBinary(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("handle", name=op.f("pk_device")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "reference",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_reference")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("reference")
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_ends_at"))

    op.drop_table("device")
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_challenge_ends_at"))

    op.drop_table("challenge")
    op.drop_table("anchor")
