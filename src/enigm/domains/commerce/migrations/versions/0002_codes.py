"""codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "code_answer",
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("request_hash", name=op.f("pk_code_answer")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("code_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_code_answer_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "code_key",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("value_cents", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(length=24), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("redeemed", sa.BigInteger(), nullable=False),
        sa.Column("issue_until", sa.BigInteger(), nullable=False),
        sa.Column("redeem_until", sa.BigInteger(), nullable=False),
        sa.Column("printed", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "redeemed <= issued AND redeemed >= 0", name=op.f("ck_code_key_solvent")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_code_key")),
        sa.UniqueConstraint(
            "kind", "value_cents", "epoch", name=op.f("uq_code_key_kind_value_cents_epoch")
        ),
    )
    with op.batch_alter_table("code_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_code_key_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_code_key_redeem_until"), ["redeem_until"], unique=False
        )

    op.create_table(
        "code_list",
        sa.Column("list", sa.String(length=24), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("list", "position", name=op.f("pk_code_list")),
    )
    op.create_table(
        "code_spent",
        sa.Column("nullifier", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nullifier", name=op.f("pk_code_spent")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("code_spent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_code_spent_ends_at"), ["ends_at"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("code_spent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_code_spent_ends_at"))

    op.drop_table("code_spent")
    op.drop_table("code_list")
    with op.batch_alter_table("code_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_code_key_redeem_until"))
        batch_op.drop_index(batch_op.f("ix_code_key_ends_at"))

    op.drop_table("code_key")
    with op.batch_alter_table("code_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_code_answer_ends_at"))

    op.drop_table("code_answer")
