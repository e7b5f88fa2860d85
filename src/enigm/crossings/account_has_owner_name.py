"""Accounts → devices. An account is called an owner there, and the two names share no store.

Carries:    nothing by itself; the other crossings ask it for a name.
Withholds:  the account's id, from devices; the owner's name, from accounts.
Dies:       with the key file, which alone can make the name again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.devices.model import OwnerRef
from enigm.foundation.pseudonyms import pseudonym

if TYPE_CHECKING:
    from enigm.domains.accounts.model import AccountId
    from enigm.foundation.keyfile import Keys

PURPOSE: Final = "accounts to devices"


class OwnerNames:
    """Gives an account its name among devices."""

    def __init__(self, keys: Keys) -> None:
        """Derive the purpose's key, which stands in no store."""
        self._key = keys.derive("pseudonyms", PURPOSE)

    def owner_of(self, account_id: AccountId) -> OwnerRef:
        """Return the owner that this account is."""
        return OwnerRef(pseudonym(self._key, PURPOSE, account_id))
