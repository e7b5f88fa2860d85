"""Asserts that a domain's migrations make exactly the tables its code expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.foundation.migrations import differences, migrate

if TYPE_CHECKING:
    from pathlib import Path

    import sqlalchemy as sa

    from enigm.foundation.database import Database


def assert_migrations_make(database: Database, metadata: sa.MetaData, versions: Path) -> None:
    """Migrate an empty store, twice, and compare it with the metadata both ways."""
    migrate(database, metadata, versions)
    migrate(database, metadata, versions)
    assert differences(database, metadata) == []
