"""Orders, payments, codes and the ledger: what was bought, never who bought it."""
