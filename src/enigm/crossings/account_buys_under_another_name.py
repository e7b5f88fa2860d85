"""Accounts → commerce, entitlements. An account has a name of its own in each, and no third one.

Carries:    nothing by itself; the other crossings and Command ask it for a name.
Withholds:  the account's id, from both; the buyer's name from entitlements, the holder's from
            commerce.
Dies:       with the key file, which alone can make the names again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.model.orders import Buyer
from enigm.domains.entitlements.model import Holder
from enigm.foundation.pseudonyms import pseudonym

if TYPE_CHECKING:
    from enigm.domains.accounts.model import AccountId
    from enigm.foundation.keyfile import Keys

BUYING: Final = "commerce"
HOLDING: Final = "entitlements"


class PurchaseNames:
    """Gives an account its name as a buyer, and another one as a holder."""

    def __init__(self, keys: Keys) -> None:
        """Derive both purposes' keys, which stand in no store."""
        self._buying = keys.derive("pseudonyms", BUYING)
        self._holding = keys.derive("pseudonyms", HOLDING)

    def buyer_of(self, account_id: AccountId) -> Buyer:
        """Return the buyer that this account is."""
        return Buyer(pseudonym(self._buying, BUYING, account_id))

    def holder_of(self, account_id: AccountId) -> Holder:
        """Return the holder that this account is."""
        return Holder(pseudonym(self._holding, HOLDING, account_id))
