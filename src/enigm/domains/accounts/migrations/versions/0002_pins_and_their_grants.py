"""pins and their grants."""

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
        "pin",
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=True),
        sa.Column("duress_record", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.Column("is_hidden", sa.Integer(), nullable=False),
        sa.Column("is_closed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_pin")),
    )
    op.create_table(
        "pin_attempt",
        sa.Column("attempt_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("session_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("device_ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("binding", sa.LargeBinary(length=32), nullable=False),
        sa.Column("first_state", sa.LargeBinary(), nullable=False),
        sa.Column("second_state", sa.LargeBinary(), nullable=False),
        sa.Column("duress_place", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_pin_attempt")),
    )
    with op.batch_alter_table("pin_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pin_attempt_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pin_attempt_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "pin_grant",
        sa.Column("grant_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("session_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("device_ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("binding", sa.LargeBinary(length=32), nullable=False),
        sa.Column("is_duress", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("grant_hash", name=op.f("pk_pin_grant")),
    )
    with op.batch_alter_table("pin_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pin_grant_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pin_grant_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("pin_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pin_grant_expires_at"))
        batch_op.drop_index(batch_op.f("ix_pin_grant_account_id"))

    op.drop_table("pin_grant")
    with op.batch_alter_table("pin_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pin_attempt_expires_at"))
        batch_op.drop_index(batch_op.f("ix_pin_attempt_account_id"))

    op.drop_table("pin_attempt")
    op.drop_table("pin")
