"""Drafts a domain's next migration: ``new_migration.py accounts "add invites"``. Then read it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib import import_module  # noqa: TID251 - a developer's tool
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command

from enigm.foundation.database import VERSION_TABLE
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.migrations import migrate, migration_config
from enigm.foundation.sqlcipher import open_sqlcipher

if TYPE_CHECKING:
    from enigm.foundation.stores import StoreDesign


def main(domain: str, change: str) -> None:
    """Compare the domain's tables with its migrations so far and write what is missing."""
    design: StoreDesign = import_module(f"enigm.domains.{domain}.store").DESIGN
    metadata, versions = design.metadata, design.versions
    versions.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        key = SystemEntropy().random_bytes(32)
        database = open_sqlcipher(Path(folder) / "scratch.db", key, domain=domain)
        migrate(database, metadata, versions)
        number = f"{len(list(versions.glob('[0-9]*.py'))) + 1:04d}"
        config = migration_config(versions)
        with database.autocommit() as connection:
            config.attributes.update(
                connection=connection, metadata=metadata, version_table=VERSION_TABLE
            )
            command.revision(
                config, change, autogenerate=True, rev_id=number, version_path=str(versions)
            )
        database.close()
    _tidy(versions)


def _tidy(versions: Path) -> None:
    for path in versions.glob("*.py"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if "Alembic" not in line))
    ruff = Path(sys.executable).parent / "ruff"
    subprocess.run([ruff, "check", "--quiet", "--fix", versions], check=False)
    subprocess.run([ruff, "format", "--quiet", versions], check=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
