"""accounts sessions attempts."""

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
        "account",
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name_ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("opaque_record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account")),
        sa.UniqueConstraint("name_ref", name=op.f("uq_account_name_ref")),
    )
    op.create_table(
        "attempts",
        sa.Column("attempts_ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("attempts_ref", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempts_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempts_updated_at"), ["updated_at"], unique=False)

    op.create_table(
        "invite",
        sa.Column("invite_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("invite_hash", name=op.f("pk_invite")),
    )
    with op.batch_alter_table("invite", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invite_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "login",
        sa.Column("login_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("attempts_ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("login_id", name=op.f("pk_login")),
    )
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_login_expires_at"), ["expires_at"], unique=False)

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

    op.create_table(
        "recovery",
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("recovery_ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("backup", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_recovery")),
        sa.UniqueConstraint("recovery_ref", name=op.f("uq_recovery_recovery_ref")),
    )
    op.create_table(
        "service_secret",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("opaque_setup", sa.LargeBinary(), nullable=False),
        sa.Column("decoy_record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_service_secret")),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("session_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
        sa.UniqueConstraint("session_id", name=op.f("uq_session_session_id")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "spent_challenge",
        sa.Column("challenge_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_spent_challenge")),
    )
    with op.batch_alter_table("spent_challenge", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_spent_challenge_expires_at"), ["expires_at"], unique=False
        )

    op.create_table(
        "token_quota",
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("signed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "ends_at", name=op.f("pk_token_quota")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("token_quota")
    with op.batch_alter_table("spent_challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spent_challenge_expires_at"))

    op.drop_table("spent_challenge")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_expires_at"))
        batch_op.drop_index(batch_op.f("ix_session_account_id"))

    op.drop_table("session")
    op.drop_table("service_secret")
    op.drop_table("recovery")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_due_at"))

    op.drop_table("outbox")
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_expires_at"))
        batch_op.drop_index(batch_op.f("ix_login_account_id"))

    op.drop_table("login")
    with op.batch_alter_table("invite", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invite_expires_at"))

    op.drop_table("invite")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempts_updated_at"))
        batch_op.drop_index(batch_op.f("ix_attempts_account_id"))

    op.drop_table("attempts")
    op.drop_table("account")
