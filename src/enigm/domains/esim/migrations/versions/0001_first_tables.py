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
        "cancellation",
        sa.Column("cancellation_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("iccid", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cancellation_id", name=op.f("pk_cancellation")),
    )
    with op.batch_alter_table("cancellation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cancellation_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_cancellation_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "esim",
        sa.Column("esim_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("owner", sa.LargeBinary(length=32), nullable=True),
        sa.Column("retrieval_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("standing", sa.String(length=64), nullable=False),
        sa.Column("history", sa.LargeBinary(), nullable=True),
        sa.Column("iccid", sa.LargeBinary(), nullable=True),
        sa.Column("iccid_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("matching_id", sa.LargeBinary(), nullable=True),
        sa.Column("code", sa.LargeBinary(), nullable=True),
        sa.Column("purchased_on", sa.BigInteger(), nullable=False),
        sa.Column("notice_version", sa.Integer(), nullable=False),
        sa.Column("notice_at", sa.BigInteger(), nullable=False),
        sa.Column("replaces", sa.LargeBinary(length=16), nullable=True),
        sa.Column("replacements", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("esim_id", name=op.f("pk_esim")),
        sa.UniqueConstraint("iccid_hash", name=op.f("uq_esim_iccid_hash")),
        sa.UniqueConstraint("retrieval_hash", name=op.f("uq_esim_retrieval_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_esim_token_hash")),
    )
    with op.batch_alter_table("esim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_esim_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_esim_purge_at"), ["purge_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_esim_replaces"), ["replaces"], unique=False)

    op.create_table(
        "support_note",
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("concern", sa.String(length=64), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("commercial", sa.String(length=64), nullable=False),
        sa.Column("association", sa.String(length=64), nullable=False),
        sa.Column("noted_on", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_support_note")),
    )
    with op.batch_alter_table("support_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_support_note_noted_on"), ["noted_on"], unique=False)

    op.create_table(
        "tally",
        sa.Column("period", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("period", "provider", "event", name=op.f("pk_tally")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("tally")
    with op.batch_alter_table("support_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_support_note_noted_on"))

    op.drop_table("support_note")
    with op.batch_alter_table("esim", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_esim_replaces"))
        batch_op.drop_index(batch_op.f("ix_esim_purge_at"))
        batch_op.drop_index(batch_op.f("ix_esim_owner"))

    op.drop_table("esim")
    with op.batch_alter_table("cancellation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cancellation_ends_at"))
        batch_op.drop_index(batch_op.f("ix_cancellation_due_at"))

    op.drop_table("cancellation")
