"""Read what payment methods tell, and let time do its part; run by the service's upkeep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from enigm.domains.commerce.store import orders as order_store
from enigm.domains.commerce.store import wallets
from enigm.domains.commerce.store.tables import payment, payment_fact, shop_order
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.actions.progress import Progress
    from enigm.domains.commerce.actions.rates import Rates
    from enigm.domains.commerce.model import MethodName
    from enigm.domains.commerce.needs import PaymentMethod

# A payer looks at the page for some seconds before wondering.
POLL_SECONDS: Final = 3
SWEEP_SECONDS: Final = 60
BATCH_ORDERS: Final = 100


class AnotherWasQuickerError(Exception):
    """Another process read the same events first: its effects stand, ours are rolled back."""


class Polling:
    """Keeps orders moving. Several processes may run it at once."""

    def __init__(
        self,
        premises: Premises,
        progress: Progress,
        rates: Rates,
        methods: Mapping[MethodName, PaymentMethod],
        chores: Sequence[Callable[[], object]],
        on_trouble: Callable[[Exception], None],
    ) -> None:
        """Keep what it stands on.

        ``chores`` are done every minute; ``on_trouble`` is told when a method does not answer.
        """
        self._premises = premises
        self._progress = progress
        self._rates = rates
        self._methods = methods
        self._chores = chores
        self._on_trouble = on_trouble
        self._poll_at = 0.0
        self._sweep_at = 0.0

    def run_if_due(self) -> None:
        """Do what is due now."""
        now = self._premises.clock.monotonic_seconds()
        if now >= self._poll_at:
            self._poll_at = now + POLL_SECONDS
            self._rates.refresh_if_due()
            self.poll_methods()
            self.advance_orders()
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_SECONDS
            self.sweep()
            for chore in self._chores:
                chore()

    def finish(self) -> None:
        """Nothing waits in memory."""

    def poll_methods(self) -> int:
        """Read every method once; return how many facts were new."""
        fresh = 0
        for name, method in self._methods.items():
            try:
                fresh += self.poll(name, method)
            except (Refusal, OSError) as error:
                self._on_trouble(error)
            except AnotherWasQuickerError:
                continue
        return fresh

    def poll(self, name: MethodName, method: PaymentMethod) -> int:
        """Read one method: what it told takes effect together with the cursor, or not at all."""
        veils, database = self._premises.veils, self._premises.database
        with database.read() as connection:
            found = wallets.cursor(connection, name)
        row_key = name.encode()
        before, polls = "", 0
        if found is not None:
            sealed, polls = found
            before = veils.open("method_cursor.cursor", sealed, row_key).decode()
        events, after = method.poll(before)
        if not events and after == before:
            return 0
        with database.begin() as connection:
            sealed = veils.seal("method_cursor.cursor", after.encode(), row_key)
            if not wallets.move_cursor(connection, name, sealed, polls):
                raise AnotherWasQuickerError
            return self._progress.receive(connection, events, telling=polls + 1)

    def advance_orders(self) -> int:
        """Let time move the orders that it may; return how many were looked at."""
        with self._premises.database.read() as connection:
            due = order_store.due_ids(connection, self._premises.now, BATCH_ORDERS)
        for order_id in due:
            with self._premises.database.begin() as connection:
                order = order_store.find(connection, order_id, to_change=True)
                if order is not None:
                    self._progress.advance(connection, order)
        return len(due)

    def sweep(self) -> int:
        """Forget what belonged to orders that were erased; return how many rows."""
        with self._premises.database.begin() as connection:
            references = sa.select(shop_order.c.reference)
            swept = order_store.sweep(connection, (payment, payment_fact))
            return swept + wallets.sweep_addresses(connection, references)
