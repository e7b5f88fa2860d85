"""Brings a domain's tables to the state its code expects, on either engine (Alembic).

Each domain keeps ``migrations/versions/*.py`` in its own folder. The version table stands in the
domain's own file or schema. ``scripts/new_migration.py`` writes a first draft of a version.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from enigm.foundation.database import VERSION_TABLE
from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from enigm.foundation.database import Database

_ENVIRONMENT = Path(__file__).parent / "migration_environment"


def migrate(database: Database, metadata: sa.MetaData, versions: Path) -> None:
    """Apply every migration the store has not had, in one transaction.

    Args:
        database: the domain's store.
        metadata: the domain's tables, as its code expects them.
        versions: the folder with the domain's migrations.

    Raises:
        SetupError: the store was written by a newer version of Enigm.
    """
    config = migration_config(versions)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with database.begin() as connection:
        if database.dialect == "postgresql":
            # Nodes that start together migrate one after another.
            lock = sa.func.pg_advisory_xact_lock(sa.func.hashtext("enigm migrations"))
            connection.execute(sa.select(lock))
        version = _context(connection).get_current_revision()
        if version is not None and version not in known:
            msg = (
                f"The {database.domain} store was written by a newer Enigm (version {version}): "
                "install that one, or restore a backup."
            )
            raise SetupError(msg)
        config.attributes.update(
            connection=connection, metadata=metadata, version_table=VERSION_TABLE
        )
        command.upgrade(config, "head")


def differences(database: Database, metadata: sa.MetaData) -> list[Any]:
    """Return what stands in the store and not in the metadata, or the other way round."""
    with database.read() as connection:
        return compare_metadata(_context(connection), metadata)


def migration_config(versions: Path) -> Config:
    """Return Alembic's settings for one domain's folder of migrations."""
    config = Config()
    config.set_main_option("script_location", _literal(_ENVIRONMENT))
    config.set_main_option("version_locations", _literal(versions))
    config.set_main_option("path_separator", "os")
    return config


def _literal(path: Path) -> str:
    if os.pathsep in str(path):
        msg = f"Enigm cannot run from a folder whose name holds {os.pathsep}: {path}"
        raise SetupError(msg)
    return str(path).replace("%", "%%")


def _context(connection: sa.Connection) -> MigrationContext:
    options = {"version_table": VERSION_TABLE, "compare_type": True}
    return MigrationContext.configure(connection, opts=options)
