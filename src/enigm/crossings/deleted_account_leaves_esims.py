"""Accounts → eSIM, handles. When an account is erased, so are its eSIMs.

Carries:    that a holder is to be erased.
Withholds:  why, and everything else.
Dies:       once handed over; handing it over twice changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts.events import AccountErased

if TYPE_CHECKING:
    from enigm.crossings.account_acts_as_esim_holder import EsimHolders
    from enigm.crossings.decision_is_audited_by_handle import SubjectHandles
    from enigm.domains.esim.actions.ending import Ending
    from enigm.foundation.outbox import Fact


class DeletedAccountLeavesEsims:
    """Takes the announcement from the outbox to the eSIMs."""

    KIND = AccountErased.KIND

    def __init__(self, ending: Ending, holders: EsimHolders, handles: SubjectHandles) -> None:
        """Keep all sides."""
        self._ending = ending
        self._holders = holders
        self._handles = handles

    def __call__(self, fact: Fact) -> None:
        """Erase the holder; an eSIM that was unlinked before is nobody's and stays."""
        owner = self._holders.owner_of(AccountErased.decode(fact.body).account_id)
        self._handles.forget([owner])
        self._ending.leave(owner)
