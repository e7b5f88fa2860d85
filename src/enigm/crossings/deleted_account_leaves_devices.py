"""Accounts → devices, handles, evidence. When an account is erased, so is all they keep of it.

Carries:    that an owner is to be erased.
Withholds:  why, and everything else.
Dies:       once handed over; handing it over twice changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts.events import AccountErased

if TYPE_CHECKING:
    from enigm.crossings.account_has_owner_name import OwnerNames
    from enigm.crossings.decision_is_audited_by_handle import SubjectHandles
    from enigm.crossings.device_gives_evidence_by_handle import DeviceEvidenceByHandle
    from enigm.domains.devices.actions.chains import Chains
    from enigm.foundation.outbox import Fact


class DeletedAccountLeavesDevices:
    """Takes the announcement from the outbox to the devices."""

    KIND = AccountErased.KIND

    def __init__(
        self,
        chains: Chains,
        names: OwnerNames,
        handles: SubjectHandles,
        evidence: DeviceEvidenceByHandle,
    ) -> None:
        """Keep all sides."""
        self._handles = handles
        self._chains = chains
        self._names = names
        self._evidence = evidence

    def __call__(self, fact: Fact) -> None:
        """Erase the owner."""
        erased = AccountErased.decode(fact.body)
        owner = self._names.owner_of(erased.account_id)
        # First what stands under handles, then these: the devices' names go with the chain.
        device_ids = self._chains.device_ids(owner)
        self._evidence.forget(device_ids)
        self._handles.forget([owner, *device_ids])
        self._chains.erase(owner)
