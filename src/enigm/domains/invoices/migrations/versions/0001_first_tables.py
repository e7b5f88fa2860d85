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
        "count",
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("invoices", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_count")),
    )
    with op.batch_alter_table("count", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_count_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "invoice",
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_invoice")),
    )
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "ticket",
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ticket_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sale", sa.LargeBinary(), nullable=True),
        sa.Column("copy", sa.LargeBinary(), nullable=True),
        sa.Column("copy_ends_at", sa.BigInteger(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_ticket")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_ticket_ticket_hash")),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_copy_ends_at"), ["copy_ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_ends_at"), ["ends_at"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ticket_ends_at"))
        batch_op.drop_index(batch_op.f("ix_ticket_copy_ends_at"))

    op.drop_table("ticket")
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invoice_ends_at"))

    op.drop_table("invoice")
    with op.batch_alter_table("count", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_count_ends_at"))

    op.drop_table("count")
