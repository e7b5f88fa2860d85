"""The administration store's migrations make its tables, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.administration.store import DESIGN
from tests.support.migrations import assert_migrations_make

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.foundation.database import Database


def test_migrations_make_the_tables(open_database: Callable[[str], Database]) -> None:
    assert_migrations_make(open_database("administration"), DESIGN.metadata, DESIGN.versions)
