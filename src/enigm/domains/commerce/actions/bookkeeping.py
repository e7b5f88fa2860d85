"""Book money once and balanced, look the books over, and write them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.domains.commerce.actions.premises import SECONDS_PER_DAY
from enigm.domains.commerce.errors import LedgerError
from enigm.domains.commerce.model.ledger import Booked, LedgerAccount
from enigm.domains.commerce.rules import ledger as rules
from enigm.domains.commerce.store import ledger as store
from enigm.foundation.ids import random_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.model import Currency
    from enigm.domains.commerce.model.ledger import Posting
    from enigm.domains.commerce.model.orders import OrderId

# How long the books and an order can be tied together: the time in which an accountant asks.
REFERENCE_SECONDS = 90 * SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class BooksCheck:
    """What the books come to; healthy where every sum is 0 and nothing is left open."""

    sums: dict[Currency, int]
    unsealed: int

    @property
    def is_healthy(self) -> bool:
        """Say whether the books balance."""
        return not any(self.sums.values()) and self.unsealed == 0


class Books:
    """The ledger of the shop. Post in the transaction of the change that it tells of."""

    def __init__(self, premises: Premises) -> None:
        """Keep what it stands on."""
        self._premises = premises

    def post(self, connection: sa.Connection, posting: Posting) -> bool:
        """Book a transaction once; say whether this was the time. An empty one is nothing.

        Raises:
            LedgerError: it does not balance: a mistake of ours, before the database says so.
        """
        if not posting.entries:
            return False
        if not rules.is_balanced(posting.entries):
            msg = f"a posting of kind {posting.kind} does not balance"
            raise LedgerError(msg)
        premises = self._premises
        booked = Booked(
            random_id(premises.entropy),
            premises.now // SECONDS_PER_DAY,
            posting.kind,
            posting.reference,
            posting.entries,
        )
        key_hash = premises.veils.hashed("ledger", posting.key.encode())
        return store.add_transaction(connection, key_hash, booked)

    def reference_of(self, connection: sa.Connection, order_id: OrderId) -> bytes:
        """Return an order's random name in the books, made when first asked for."""
        premises = self._premises
        ends_at = premises.today_at + REFERENCE_SECONDS
        return store.reference_of(connection, order_id, random_id(premises.entropy), ends_at)

    def check(self) -> BooksCheck:
        """Add everything up."""
        with self._premises.database.read() as connection:
            return BooksCheck(store.sums(connection), store.unsealed(connection))

    def balance(self, account: LedgerAccount, currency: Currency) -> int:
        """Return what an account comes to, in the currency's smallest unit."""
        with self._premises.database.read() as connection:
            return store.balance(connection, account, currency)

    def written(self) -> Iterator[str]:
        """Yield the books as text for beancount, line by line."""
        with self._premises.database.read() as connection:
            yield from rules.written(store.transactions(connection))
