"""Runs a domain's migrations on the connection it is handed (Alembic's entry point)."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    version_table=context.config.attributes["version_table"],
    # Both engines undo a half-run migration; SQLite needs it said.
    transactional_ddl=True,
    # SQLite changes a column only by copying the table.
    render_as_batch=True,
)

with context.begin_transaction():
    context.run_migrations()
