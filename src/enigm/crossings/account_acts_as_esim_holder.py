"""Accounts, handles → eSIM. An account is called a holder there, by a name no other store has.

Carries:    the holder's name, and the handles under which a managed policy may stand for it.
Withholds:  the account's id, and the name that it has among devices.
Dies:       the handles with the answer; the name can be made again by the key file alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.esim.model import Holder, OwnerRef
from enigm.domains.handles.model import Purpose
from enigm.foundation.pseudonyms import pseudonym

if TYPE_CHECKING:
    from enigm.crossings.account_has_owner_name import OwnerNames
    from enigm.crossings.decision_is_audited_by_handle import SubjectHandles
    from enigm.domains.accounts.model import AccountId
    from enigm.foundation.keyfile import Keys

PURPOSE: Final = "esim"


class EsimHolders:
    """Names an account among eSIMs."""

    def __init__(self, keys: Keys, names: OwnerNames, handles: SubjectHandles) -> None:
        """Derive the purpose's key, which stands in no store."""
        self._key = keys.derive("pseudonyms", PURPOSE)
        self._names = names
        self._handles = handles

    def owner_of(self, account_id: AccountId) -> OwnerRef:
        """Return the name that this account has among eSIMs."""
        return OwnerRef(pseudonym(self._key, PURPOSE, account_id))

    def holder_of(self, account_id: AccountId) -> Holder:
        """Return the account as it acts there; policies are assigned to it as everywhere."""
        managed = self._handles.live_handles(self._names.owner_of(account_id), Purpose.POLICY)
        return Holder(self.owner_of(account_id), tuple(managed))
