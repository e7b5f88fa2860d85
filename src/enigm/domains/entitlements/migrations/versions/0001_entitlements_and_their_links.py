"""entitlements and their links."""

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
        "entitlement",
        sa.Column("entitlement_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("holder", sa.LargeBinary(length=32), nullable=False),
        sa.Column("product", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("entitlement_id", name=op.f("pk_entitlement")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("entitlement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entitlement_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_entitlement_holder"), ["holder"], unique=False)

    op.create_table(
        "handover",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("entitlement_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("told", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("dies_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_handover")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_dies_at"), ["dies_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_handover_entitlement_id"), ["entitlement_id"], unique=False
        )

    op.create_table(
        "outbox",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fact_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_due_at"), ["due_at"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_due_at"))

    op.drop_table("outbox")
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handover_entitlement_id"))
        batch_op.drop_index(batch_op.f("ix_handover_dies_at"))

    op.drop_table("handover")
    with op.batch_alter_table("entitlement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entitlement_holder"))
        batch_op.drop_index(batch_op.f("ix_entitlement_ends_at"))

    op.drop_table("entitlement")
