"""where sessions are and what limits guesses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "opaque_answer",
        sa.Column("answers_ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("answers_ref", name=op.f("pk_opaque_answer")),
    )
    with op.batch_alter_table("opaque_answer", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opaque_answer_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_opaque_answer_updated_at"), ["updated_at"], unique=False
        )

    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device_ref", sa.LargeBinary(length=32), nullable=True))

    with op.batch_alter_table("pin", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("bare_tries", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("bare_locked_until", sa.BigInteger(), server_default="0", nullable=False)
        )

    # Nobody knows where these may be used, or what signed in there: they end, and begin anew.
    op.execute(sa.text("DELETE FROM session"))
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("audience", sa.String(length=8), server_default="app", nullable=False)
        )
        batch_op.add_column(sa.Column("device_ref", sa.LargeBinary(length=32), nullable=True))
        batch_op.add_column(
            sa.Column("pin_tries", sa.Integer(), server_default="0", nullable=False)
        )


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_column("pin_tries")
        batch_op.drop_column("device_ref")
        batch_op.drop_column("audience")

    with op.batch_alter_table("pin", schema=None) as batch_op:
        batch_op.drop_column("bare_locked_until")
        batch_op.drop_column("bare_tries")

    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.drop_column("device_ref")

    with op.batch_alter_table("opaque_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opaque_answer_updated_at"))
        batch_op.drop_index(batch_op.f("ix_opaque_answer_account_id"))

    op.drop_table("opaque_answer")
