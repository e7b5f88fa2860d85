"""Bounds what guests open, all of them together: none is anybody who could be told to stop.

Each order of a guest takes an address that is watched for a month, and a row. What is counted is a
way to pay, never a person: so a flood keeps other guests waiting, and no buyer with an account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.errors import GuestOrdersFullError, GuestWorkNeededError
from enigm.domains.commerce.store import guests as store
from enigm.foundation.errors import ExhaustedError
from enigm.foundation.limits import Budgets, Limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    import sqlalchemy as sa

    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.model import MethodName
    from enigm.domains.commerce.needs import GuestWork

# What a shop of some hundred sales a day never meets; a month of it is 86,000 addresses to watch.
GUEST_ORDERS: Final = Limit("commerce.guest_orders", 120, 3600)
# Beyond these, each costs the browser about a second: people do not notice, a flood does.
FREE_GUEST_ORDERS: Final = Limit("commerce.free_guest_orders", 30, 3600)
# Unpaid at the same moment. They end with their price: after 15 minutes, or an hour in EUR.
OPEN_GUEST_ORDERS: Final = 100
OPEN_GUEST_ORDERS_SETTING: Final = "commerce.open_guest_orders"


class GuestOrders:
    """Room for guests' orders, for each way to pay. Safe to share between threads."""

    def __init__(self, premises: Premises, limits: Mapping[str, int]) -> None:
        """Take what the operator set apart from the defaults."""
        self._premises = premises
        self._open_max = limits.get(OPEN_GUEST_ORDERS_SETTING, OPEN_GUEST_ORDERS)
        self._free, self._hourly = (
            Budgets(limit.overridden(limits), premises.clock, premises.entropy)
            for limit in (FREE_GUEST_ORDERS, GUEST_ORDERS)
        )

    def admit(self, method: MethodName, work: GuestWork | None) -> None:
        """Let a guest go on to open an order: freely while few do, then for a little work.

        Raises:
            GuestOrdersFullError: there is no room now, and no work makes any.
            GuestWorkNeededError: many come; or what the keeper of the work refuses.
        """
        with self._premises.database.read() as connection:
            self.require_room(connection, method)
        if work is not None:
            work.spend()
            return
        try:
            self._free.take(method.encode())
        except ExhaustedError as error:
            raise GuestWorkNeededError(error.retry_after_seconds or 1) from error

    def count(self, method: MethodName) -> None:
        """Take the room for one order of this hour.

        Raises:
            GuestOrdersFullError: it says when there will be some.
        """
        try:
            self._hourly.take(method.encode())
        except ExhaustedError as error:
            raise GuestOrdersFullError(error.retry_after_seconds or 1) from error

    def require_room(self, connection: sa.Connection, method: MethodName) -> None:
        """Return if one more may wait to be paid; raises GuestOrdersFullError, which says when."""
        now = self._premises.now
        count, first_ends_at = store.open_orders(connection, method, now)
        if count >= self._open_max and first_ends_at is not None:
            raise GuestOrdersFullError(first_ends_at - now)
