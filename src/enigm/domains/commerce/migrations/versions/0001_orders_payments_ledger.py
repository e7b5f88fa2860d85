"""orders payments ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The books keep themselves: whoever can write here, by whatever way, cannot unbalance them.
SQLITE = (
    """CREATE TRIGGER ledger_entry_stays BEFORE UPDATE ON ledger_entry
    BEGIN SELECT RAISE(ABORT, 'an entry never changes'); END""",
    """CREATE TRIGGER ledger_entry_remains BEFORE DELETE ON ledger_entry
    BEGIN SELECT RAISE(ABORT, 'an entry never goes'); END""",
    """CREATE TRIGGER ledger_entry_joins BEFORE INSERT ON ledger_entry
    WHEN (SELECT sealed FROM ledger_txn WHERE txn_id = NEW.txn_id) IS NOT 0
    BEGIN SELECT RAISE(ABORT, 'an entry joins an open transaction only'); END""",
    """CREATE TRIGGER ledger_txn_opens BEFORE INSERT ON ledger_txn WHEN NEW.sealed <> 0
    BEGIN SELECT RAISE(ABORT, 'a transaction begins open'); END""",
    """CREATE TRIGGER ledger_txn_remains BEFORE DELETE ON ledger_txn
    BEGIN SELECT RAISE(ABORT, 'a transaction never goes'); END""",
    """CREATE TRIGGER ledger_txn_seals BEFORE UPDATE ON ledger_txn
    WHEN OLD.sealed <> 0 OR NEW.sealed <> 1 OR NEW.txn_id <> OLD.txn_id
      OR NEW.idempotency_key <> OLD.idempotency_key OR NEW.kind <> OLD.kind
      OR NEW.day <> OLD.day OR NEW.reference IS NOT OLD.reference
    BEGIN SELECT RAISE(ABORT, 'a transaction is sealed once and never changes'); END""",
    """CREATE TRIGGER ledger_txn_balances BEFORE UPDATE ON ledger_txn
    WHEN NOT EXISTS (SELECT 1 FROM ledger_entry WHERE txn_id = NEW.txn_id)
      OR EXISTS (SELECT 1 FROM ledger_entry WHERE txn_id = NEW.txn_id
                 GROUP BY currency HAVING SUM(amount) <> 0)
    BEGIN SELECT RAISE(ABORT, 'a transaction balances in every currency'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the books never change'; END $$""",
    """CREATE FUNCTION ledger_entry_joins() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT sealed FROM ledger_txn WHERE txn_id = NEW.txn_id FOR UPDATE)
         IS DISTINCT FROM 0 THEN
        RAISE EXCEPTION 'an entry joins an open transaction only';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE FUNCTION ledger_txn_opens() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.sealed <> 0 THEN RAISE EXCEPTION 'a transaction begins open'; END IF;
      RETURN NEW;
    END $$""",
    """CREATE FUNCTION ledger_txn_seals() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.sealed <> 0 OR NEW.sealed <> 1 OR NEW.txn_id <> OLD.txn_id
         OR NEW.idempotency_key <> OLD.idempotency_key OR NEW.kind <> OLD.kind
         OR NEW.day <> OLD.day OR NEW.reference IS DISTINCT FROM OLD.reference THEN
        RAISE EXCEPTION 'a transaction is sealed once and never changes';
      END IF;
      IF NOT EXISTS (SELECT 1 FROM ledger_entry WHERE txn_id = NEW.txn_id)
         OR EXISTS (SELECT 1 FROM ledger_entry WHERE txn_id = NEW.txn_id
                    GROUP BY currency HAVING SUM(amount) <> 0) THEN
        RAISE EXCEPTION 'a transaction balances in every currency';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER ledger_entry_stays BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse()""",
    """CREATE TRIGGER ledger_entry_remains BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()""",
    """CREATE TRIGGER ledger_entry_joins BEFORE INSERT ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_entry_joins()""",
    """CREATE TRIGGER ledger_txn_opens BEFORE INSERT ON ledger_txn
    FOR EACH ROW EXECUTE FUNCTION ledger_txn_opens()""",
    """CREATE TRIGGER ledger_txn_remains BEFORE DELETE ON ledger_txn
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse()""",
    """CREATE TRIGGER ledger_txn_stays BEFORE TRUNCATE ON ledger_txn
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()""",
    """CREATE TRIGGER ledger_txn_seals BEFORE UPDATE ON ledger_txn
    FOR EACH ROW EXECUTE FUNCTION ledger_txn_seals()""",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "address_count",
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("highest", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("method", "account", name=op.f("pk_address_count")),
    )
    op.create_table(
        "issued_address",
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("place_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reference", sa.LargeBinary(length=16), nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("method", "place_hash", name=op.f("pk_issued_address")),
        sa.UniqueConstraint("reference", name=op.f("uq_issued_address_reference")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_entry",
        sa.Column("txn_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_entry_moves")),
        sa.PrimaryKeyConstraint("txn_id", "line", name=op.f("pk_ledger_entry")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_reference",
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("reference", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_ledger_reference")),
        sa.UniqueConstraint("reference", name=op.f("uq_ledger_reference_reference")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ledger_reference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_reference_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "ledger_txn",
        sa.Column("txn_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("idempotency_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("reference", sa.LargeBinary(length=16), nullable=True),
        sa.Column("sealed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("txn_id", name=op.f("pk_ledger_txn")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_ledger_txn_idempotency_key")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ledger_txn", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_txn_day"), ["day"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_txn_reference"), ["reference"], unique=False)

    op.create_table(
        "method_cursor",
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("cursor", sa.LargeBinary(), nullable=False),
        sa.Column("polls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("method", name=op.f("pk_method_cursor")),
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

    op.create_table(
        "payment",
        sa.Column("payment_ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("confirmations", sa.Integer(), nullable=False),
        sa.Column("confirmations_deepest", sa.Integer(), nullable=False),
        sa.Column("lateness", sa.String(length=24), nullable=False),
        sa.Column("value_cents", sa.BigInteger(), nullable=True),
        sa.Column("booked", sa.BigInteger(), nullable=False),
        sa.Column("booked_cents", sa.BigInteger(), nullable=False),
        sa.Column("postings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("payment_ref", name=op.f("pk_payment")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_order_id"), ["order_id"], unique=False)

    op.create_table(
        "payment_fact",
        sa.Column("fact_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("fact_hash", name=op.f("pk_payment_fact")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("payment_fact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_fact_order_id"), ["order_id"], unique=False)

    op.create_table(
        "refund",
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("reference", sa.LargeBinary(length=16), nullable=False),
        sa.Column("claim_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("destination", sa.LargeBinary(), nullable=True),
        sa.Column("noted_at", sa.BigInteger(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_refund")),
        sa.UniqueConstraint("claim_hash", name=op.f("uq_refund_claim_hash")),
        sa.UniqueConstraint("reference", name=op.f("uq_refund_reference")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_refund_state"), ["state"], unique=False)

    op.create_table(
        "ruling_count",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy_version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "policy_version", "outcome", name=op.f("pk_ruling_count")),
    )
    op.create_table(
        "shop_order",
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("handle", sa.LargeBinary(length=20), nullable=False),
        sa.Column("buyer", sa.LargeBinary(length=32), nullable=True),
        sa.Column("comeback_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("sku", sa.String(length=7), nullable=False),
        sa.Column("product", sa.String(length=7), nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("catalogue_version", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=24), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("rate_id", sa.String(length=120), nullable=False),
        sa.Column("reference", sa.LargeBinary(length=16), nullable=False),
        sa.Column("instruction", sa.LargeBinary(), nullable=True),
        sa.Column("confirmations_needed", sa.Integer(), nullable=False),
        sa.Column("confirmations_final", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("flags", sa.Integer(), nullable=False),
        sa.Column("decided", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("appeal", sa.String(length=40), nullable=False),
        sa.Column("day_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("final_at", sa.BigInteger(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("token_state", sa.String(length=24), nullable=False),
        sa.Column("standing", sa.String(length=24), nullable=False),
        sa.Column("standing_number", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price_cents > 0 AND due > 0", name=op.f("ck_shop_order_priced")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_shop_order")),
        sa.UniqueConstraint("comeback_hash", name=op.f("uq_shop_order_comeback_hash")),
        sa.UniqueConstraint("handle", name=op.f("uq_shop_order_handle")),
        sa.UniqueConstraint("reference", name=op.f("uq_shop_order_reference")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_shop_order_token_hash")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("shop_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shop_order_buyer"), ["buyer"], unique=False)
        batch_op.create_index(batch_op.f("ix_shop_order_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_shop_order_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_shop_order_final_at"), ["final_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_shop_order_state"), ["state"], unique=False)

    op.create_table(
        "trade_text",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kind", "version", name=op.f("pk_trade_text")),
    )
    op.create_table(
        "trade_in_force",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_trade_in_force")),
    )
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if on_sqlite else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Undo."""
    op.drop_table("trade_in_force")
    op.drop_table("trade_text")
    with op.batch_alter_table("shop_order", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shop_order_state"))
        batch_op.drop_index(batch_op.f("ix_shop_order_final_at"))
        batch_op.drop_index(batch_op.f("ix_shop_order_expires_at"))
        batch_op.drop_index(batch_op.f("ix_shop_order_ends_at"))
        batch_op.drop_index(batch_op.f("ix_shop_order_buyer"))

    op.drop_table("shop_order")
    op.drop_table("ruling_count")
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refund_state"))
        batch_op.drop_index(batch_op.f("ix_refund_ends_at"))

    op.drop_table("refund")
    with op.batch_alter_table("payment_fact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payment_fact_order_id"))

    op.drop_table("payment_fact")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payment_order_id"))

    op.drop_table("payment")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_due_at"))

    op.drop_table("outbox")
    op.drop_table("method_cursor")
    with op.batch_alter_table("ledger_txn", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_txn_reference"))
        batch_op.drop_index(batch_op.f("ix_ledger_txn_day"))

    op.drop_table("ledger_txn")
    with op.batch_alter_table("ledger_reference", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_reference_ends_at"))

    op.drop_table("ledger_reference")
    op.drop_table("ledger_entry")
    op.drop_table("issued_address")
    op.drop_table("address_count")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("ledger_refuse", "ledger_entry_joins", "ledger_txn_opens", "ledger_txn_seals"):
            op.get_bind().exec_driver_sql(f"DROP FUNCTION {name}()")
