"""Opens a domain's store where the settings put it, brought up to date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.foundation.migrations import migrate
from enigm.foundation.postgres import open_postgres
from enigm.foundation.sqlcipher import PAGE_BYTES_DEFAULT, open_sqlcipher

if TYPE_CHECKING:
    from pathlib import Path

    import sqlalchemy as sa

    from enigm.foundation.database import Database
    from enigm.foundation.keyfile import Keys
    from enigm.foundation.settings import Settings


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
    migrate(database, design.metadata, design.versions)
    return database
