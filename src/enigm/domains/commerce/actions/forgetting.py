"""Forget who bought: an erased account's orders are nobody's, and go on by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.commerce.store import orders as store

if TYPE_CHECKING:
    from enigm.domains.commerce.model.orders import Buyer
    from enigm.foundation.database import Database


class Buyers:
    """The buyers that orders know."""

    def __init__(self, database: Database) -> None:
        """Keep the store."""
        self._database = database

    def forget(self, buyer: Buyer) -> None:
        """Let a buyer's orders be nobody's; twice changes nothing."""
        with self._database.begin() as connection:
            store.forget_buyer(connection, buyer)
