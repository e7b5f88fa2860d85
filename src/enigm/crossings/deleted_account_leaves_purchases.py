"""Accounts → commerce, entitlements. An erased account holds nothing, and its orders are nobody's.

Carries:    that a buyer and a holder are to be forgotten.
Withholds:  why, and everything else.
Dies:       once handed over; handing it over twice changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts.events import AccountErased

if TYPE_CHECKING:
    from enigm.crossings.account_buys_under_another_name import PurchaseNames
    from enigm.domains.commerce.actions.forgetting import Buyers
    from enigm.domains.entitlements.actions.holding import Entitlements
    from enigm.foundation.outbox import Fact


class DeletedAccountLeavesPurchases:
    """Takes the announcement from the outbox to both."""

    KIND = AccountErased.KIND

    def __init__(self, buyers: Buyers, entitlements: Entitlements, names: PurchaseNames) -> None:
        """Keep all sides."""
        self._buyers = buyers
        self._entitlements = entitlements
        self._names = names

    def __call__(self, fact: Fact) -> None:
        """Forget the holder and the buyer."""
        account_id = AccountErased.decode(fact.body).account_id
        self._entitlements.erase(self._names.holder_of(account_id))
        self._buyers.forget(self._names.buyer_of(account_id))
