"""Commerce → audit. What administrators see and decide of orders is recorded before it is done.

Carries:    the act, the reviewer's handle, and a name of the order that is made for the record; of
            catalogue and trade rules that were put in force, the number of the change.
Withholds:  the order's id and handle, its buyer, country, method and amount.
Dies:       with the key of the record's category.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.audit.model import NO_HANDLE, Act, Decision, Record, Role
from enigm.domains.commerce.model.review import ReviewAct
from enigm.domains.commerce.model.trade import TradeChange

if TYPE_CHECKING:
    from enigm.domains.audit.actions.recording import AuditLog

_ACTS: Final = {
    ReviewAct.LISTED: Act.ORDERS_LISTED,
    ReviewAct.HELD: Act.ORDER_HELD,
    ReviewAct.RELEASED: Act.ORDER_RELEASED,
    ReviewAct.REJECTED: Act.ORDER_REJECTED,
    ReviewAct.CANCELLED: Act.ORDER_CANCELLED,
}
_CHANGES: Final = {
    TradeChange.ACTIVATED: Act.TRADE_ACTIVATED,
    TradeChange.CONFIRMED: Act.TRADE_CONFIRMED,
}


class OrderReviewsAudited:
    """Provides ``commerce.needs.ReviewRecords``."""

    def __init__(self, log: AuditLog) -> None:
        """Keep the log."""
        self._log = log

    def record(self, act: ReviewAct, reviewer: bytes, order: bytes) -> None:
        """Record it, or refuse: what cannot be recorded is not done."""
        self._log.record(
            Record(
                _ACTS[act],
                Role.OPERATOR,
                Decision.ALLOWED,
                reviewer or NO_HANDLE,
                order or NO_HANDLE,
            )
        )


class TradeChangesAudited:
    """Provides ``commerce.needs.TradeChanges``."""

    def __init__(self, log: AuditLog) -> None:
        """Keep the log."""
        self._log = log

    def record(self, change: TradeChange, number: int) -> None:
        """Record it under the number it takes; who did it has a record of their own."""
        act = _CHANGES[change]
        self._log.record(Record(act, Role.OPERATOR, Decision.ALLOWED, policy_version=number))

    def newest_number(self) -> int:
        """Return the newest number that was recorded."""
        return self._log.trade_version
