"""books refuse at once."""

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The same triggers as before, which now end a statement (FAIL) where they undid it (ABORT). To be
# able to undo a statement SQLite keeps a copy of each page that it changes, and SQLCipher locks and
# wipes each copy: three quarters of the time of a booking. Nothing is lost by it: each looks at its
# own row before that is written, so the row that is refused is never there.
TRIGGERS: Final = {
    "ledger_entry_stays": """BEFORE UPDATE ON ledger_entry
    BEGIN SELECT RAISE({how}, 'an entry never changes'); END""",
    "ledger_entry_remains": """BEFORE DELETE ON ledger_entry
    BEGIN SELECT RAISE({how}, 'an entry never goes'); END""",
    "ledger_entry_joins": """BEFORE INSERT ON ledger_entry
    WHEN (SELECT sealed FROM ledger_txn WHERE txn_id = NEW.txn_id) IS NOT 0
    BEGIN SELECT RAISE({how}, 'an entry joins an open transaction only'); END""",
    "ledger_txn_opens": """BEFORE INSERT ON ledger_txn WHEN NEW.sealed <> 0
    BEGIN SELECT RAISE({how}, 'a transaction begins open'); END""",
    "ledger_txn_remains": """BEFORE DELETE ON ledger_txn
    BEGIN SELECT RAISE({how}, 'a transaction never goes'); END""",
    "ledger_txn_seals": """BEFORE UPDATE ON ledger_txn
    WHEN OLD.sealed <> 0 OR NEW.sealed <> 1 OR NEW.txn_id <> OLD.txn_id
      OR NEW.idempotency_key <> OLD.idempotency_key OR NEW.kind <> OLD.kind
      OR NEW.day <> OLD.day OR NEW.reference IS NOT OLD.reference
    BEGIN SELECT RAISE({how}, 'a transaction is sealed once and never changes'); END""",
    "ledger_txn_balances": """BEFORE UPDATE ON ledger_txn
    WHEN NOT EXISTS (SELECT 1 FROM ledger_entry WHERE txn_id = NEW.txn_id)
      OR EXISTS (SELECT 1 FROM ledger_entry WHERE txn_id = NEW.txn_id
                 GROUP BY currency HAVING SUM(amount) <> 0)
    BEGIN SELECT RAISE({how}, 'a transaction balances in every currency'); END""",
}


def upgrade() -> None:
    """Apply."""
    _make_again("FAIL")


def downgrade() -> None:
    """Undo."""
    _make_again("ABORT")


def _make_again(how: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, trigger in TRIGGERS.items():
        op.get_bind().exec_driver_sql(f"DROP TRIGGER {name}")
        op.get_bind().exec_driver_sql(f"CREATE TRIGGER {name} {trigger.format(how=how)}")
