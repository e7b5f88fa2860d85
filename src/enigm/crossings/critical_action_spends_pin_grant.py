"""Any domain → accounts. A critical action is done only for a grant that the PIN gave for it.

Carries:    the action's name, its exact parameters, and what the request showed of a grant.
Withholds:  from the asking domain, whose PIN it is and whether it was the duress PIN: it is told to
            do the action, or to answer as if it had.
Dies:       at once; a grant lives a minute and is spent once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.accounts.actions.pin_grants import critical_deed
from enigm.domains.accounts.model import Course, CriticalAction

if TYPE_CHECKING:
    from enigm.domains.accounts.actions.pin_grants import PinGrants
    from enigm.domains.accounts.model import Permit


class CriticalActionSpendsPinGrant:
    """Provides ``devices.needs.CriticalLeave``, made for one request."""

    def __init__(self, grants: PinGrants, permit: Permit) -> None:
        """Keep who knows grants, and what the request showed."""
        self._grants = grants
        self._permit = permit

    def spend(self, action: str, *parameters: bytes) -> bool:
        """Spend the request's grant for this action with these parameters.

        Returns:
            True to do it; False to acknowledge it and change nothing.

        Raises:
            Refusal: the request showed no grant, or none for this.
        """
        deed = critical_deed(CriticalAction(action), *parameters)
        return self._grants.spend(self._permit, deed) is Course.DO
