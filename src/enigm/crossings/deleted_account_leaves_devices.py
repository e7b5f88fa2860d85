"""Accounts → devices. When an account is erased, so is everything that devices keep of it.

Carries:    that an owner is to be erased.
Withholds:  why, and everything else.
Dies:       once handed over; handing it over twice changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts.events import AccountErased

if TYPE_CHECKING:
    from enigm.crossings.account_has_owner_name import OwnerNames
    from enigm.domains.devices.actions.chains import Chains
    from enigm.foundation.outbox import Fact


class DeletedAccountLeavesDevices:
    """Takes the announcement from the outbox to the devices."""

    KIND = AccountErased.KIND

    def __init__(self, chains: Chains, names: OwnerNames) -> None:
        """Keep both sides."""
        self._chains = chains
        self._names = names

    def __call__(self, fact: Fact) -> None:
        """Erase the owner."""
        erased = AccountErased.decode(fact.body)
        self._chains.erase(self._names.owner_of(erased.account_id))
