"""Migrations bring a store to the tables its code expects, and say so when they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from enigm.foundation.database import store_metadata
from enigm.foundation.errors import SetupError
from enigm.foundation.migrations import differences, migrate
from tests.support.migrations import assert_migrations_make

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.databases import OpenDatabase

metadata = store_metadata("pantry")
jars = sa.Table(
    "jars",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("label", sa.String(40), nullable=False, unique=True),
)

_FIRST = '''
"""First."""
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_table(
        "jars",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_jars"),
    )
'''
_SECOND = '''
"""Second."""
import sqlalchemy as sa
from alembic import op
revision = "0002"
down_revision = "0001"
def upgrade():
    with op.batch_alter_table("jars") as jars:
        jars.add_column(sa.Column("label", sa.String(40), nullable=False))
        jars.create_unique_constraint("uq_jars_label", ["label"])
'''
_BROKEN = '''
"""Third."""
import sqlalchemy as sa
from alembic import op
revision = "0003"
down_revision = "0002"
def upgrade():
    op.create_table("shelves", sa.Column("number", sa.BigInteger()))
    op.drop_table("not_there")
'''


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "0001_first.py").write_text(_FIRST)
    (folder / "0002_second.py").write_text(_SECOND)
    return folder


def test_migrations_make_the_tables_of_the_metadata(
    open_database: OpenDatabase, versions: Path
) -> None:
    assert_migrations_make(open_database("pantry"), metadata, versions)


def test_a_forgotten_migration_is_found(open_database: OpenDatabase, versions: Path) -> None:
    (versions / "0002_second.py").unlink()
    database = open_database("pantry")
    migrate(database, metadata, versions)
    assert differences(database, metadata)


def test_a_failing_migration_leaves_the_store_as_it_was(
    open_database: OpenDatabase, versions: Path
) -> None:
    database = open_database("pantry")
    migrate(database, metadata, versions)
    (versions / "0003_broken.py").write_text(_BROKEN)
    with pytest.raises(sa.exc.DBAPIError):
        migrate(database, metadata, versions)
    assert differences(database, metadata) == []


def test_a_store_of_a_newer_enigm_is_refused_in_plain_words(
    open_database: OpenDatabase, versions: Path
) -> None:
    database = open_database("pantry")
    migrate(database, metadata, versions)
    (versions / "0002_second.py").unlink()
    with pytest.raises(SetupError, match="newer Enigm"):
        migrate(database, metadata, versions)
