"""A domain's store is opened where the settings put it, migrated, on either engine."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from enigm.foundation.database import store_metadata
from enigm.foundation.migrations import differences
from enigm.foundation.provision import provision
from enigm.foundation.settings import Settings
from enigm.foundation.stores import StoreDesign, open_store
from tests.support.databases import keys_of_tests

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
_SECOND = """
import sqlalchemy as sa
from alembic import op
revision = "0002"
down_revision = "0001"
def upgrade():
    op.create_table(
        "lids",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_lids"),
    )
"""


@pytest.fixture
def design(tmp_path: Path) -> StoreDesign:
    metadata = store_metadata("pantry")
    sa.Table("jars", metadata, sa.Column("number", sa.BigInteger, primary_key=True))
    versions = tmp_path / "100% versions"
    versions.mkdir()
    (versions / "0001_first.py").write_text(_FIRST)
    return StoreDesign(metadata, versions, page_bytes=8192)


@pytest.mark.parametrize(
    "engine", ["sqlcipher", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def test_a_store_is_migrated_when_it_is_opened_and_keeps_its_rows(
    design: StoreDesign, engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = ""
    if engine == "postgres":
        name, server = (
            request.getfixturevalue(fixture) for fixture in ("postgres_database", "postgres_server")
        )
        provision(server.admin_url(name), ["pantry"], keys_of_tests())
        url = server.url(name)
    settings = Settings(data_folder=tmp_path / "service", database_url=url)
    for turn in range(2):
        database = open_store(design, settings, keys_of_tests())
        assert differences(database, design.metadata) == []
        with database.begin() as connection:
            connection.execute(sa.insert(design.metadata.tables["jars"]).values(number=turn))
            rows = connection.exec_driver_sql("SELECT number FROM jars ORDER BY number").all()
        assert [number for (number,) in rows] == list(range(turn + 1))
        database.close()
    (design.versions / "0002_second.py").write_text(_SECOND)
    sa.Table("lids", design.metadata, sa.Column("number", sa.BigInteger, primary_key=True))
    database = open_store(design, settings, keys_of_tests())
    assert differences(database, design.metadata) == []
    database.close()
    assert (tmp_path / "service/stores/pantry.db").exists() is (engine == "sqlcipher")
