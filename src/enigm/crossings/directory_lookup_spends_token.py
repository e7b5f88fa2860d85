"""Directory → messaging. A look-up costs one token, and every token is spent in one place.

Carries:    the token.
Withholds:  whom it asks about.
Dies:       at once; its hash stays so that it is not spent again, here or on delivery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.foundation.ids import random_id

if TYPE_CHECKING:
    from enigm.domains.messaging.actions.service import Delivery
    from enigm.foundation.entropy import Entropy

PURPOSE: Final = "directory lookup"


class DirectoryLookupSpendsToken:
    """Provides ``devices.needs.LookupAdmission``."""

    def __init__(self, delivery: Delivery, entropy: Entropy) -> None:
        """Keep who remembers spent tokens."""
        self._delivery = delivery
        self._entropy = entropy

    async def spend(self, token: bytes) -> None:
        """Spend a token for this look-up and no other; raises a Refusal."""
        await self._delivery.spend_token(token, PURPOSE, random_id(self._entropy))
