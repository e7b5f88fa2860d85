"""Fixtures that every test may ask for."""

from __future__ import annotations

from tests.support.app_world import quick_stretching
from tests.support.databases import (
    open_database,
    open_postgres_database,
    open_sqlcipher_database,
    postgres_database,
    postgres_server,
)
from tests.support.service import journey, prepared_folder, prepared_today, running

__all__ = [
    "journey",
    "open_database",
    "open_postgres_database",
    "open_sqlcipher_database",
    "postgres_database",
    "postgres_server",
    "prepared_folder",
    "prepared_today",
    "quick_stretching",
    "running",
]

pytest_plugins = [
    "tests.support.file_mask",
    "tests.support.long_first",
    "tests.support.loopback_only",
    "tests.support.patience",
    "tests.support.plain_ids",
    "tests.support.requirement_rows",
]
