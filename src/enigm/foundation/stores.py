"""Opens a domain's store where the settings put it, brought up to date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from enigm.foundation.database import VERSION_TABLE
from enigm.foundation.postgres import open_postgres
from enigm.foundation.sqlcipher import PAGE_BYTES_DEFAULT, open_sqlcipher

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.foundation.database import Database
    from enigm.foundation.keyfile import Keys
    from enigm.foundation.settings import Settings

_VERSION = sa.column("version_num", sa.String)
_APPLIED = sa.table(VERSION_TABLE, _VERSION)


@dataclass(frozen=True, slots=True)
class StoreDesign:
    """What a domain's store looks like."""

    metadata: sa.MetaData
    versions: Path
    page_bytes: int = PAGE_BYTES_DEFAULT

    @property
    def domain(self) -> str:
        """Whose store it is."""
        return str(self.metadata.info["domain"])


def open_store(design: StoreDesign, settings: Settings, keys: Keys) -> Database:
    """Open a domain's store and migrate it.

    Raises:
        SetupError: wrong key, unreachable server, or a store from a newer Enigm.
    """
    domain = design.domain
    if settings.database_url:
        database = open_postgres(settings.database_url, keys, domain=domain)
    else:
        database = open_sqlcipher(
            settings.stores_folder / f"{domain}.db",
            keys.derive(domain, "store"),
            domain=domain,
            page_bytes=design.page_bytes,
        )
    if not _is_current(database, design.versions):
        # Alembic takes a quarter of a second to load, which most starts need not spend.
        from enigm.foundation.migrations import migrate  # noqa: PLC0415

        migrate(database, design.metadata, design.versions)
    return database


def _is_current(database: Database, versions: Path) -> bool:
    """Say whether the newest migration, by the number its file begins with, has been applied."""
    newest = max((path.name.partition("_")[0] for path in versions.glob("[0-9]*.py")), default="")
    with database.read() as connection:
        if not sa.inspect(connection).has_table(VERSION_TABLE):
            return False
        found = connection.execute(sa.select(_VERSION).select_from(_APPLIED))
        return found.scalars().all() == [newest]
