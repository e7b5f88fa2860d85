"""eSIM → policy. Where somebody manages an account, their policy decides what it may connect by.

Carries:    an operation's name, and the handles that policies are assigned to.
Withholds:  which eSIM, which account, and everything of the line's state.
Dies:       with the answer; the facts of the decision stay a month, without a handle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.esim.model import Deed
from enigm.domains.policy.errors import PolicyDeniedError
from enigm.domains.policy.model import Evidence, Face, Fact, FactState, Operation

if TYPE_CHECKING:
    from enigm.domains.policy.actions.deciding import Decider

# To end an eSIM is everybody's own: no policy is asked about unlinking, deleting or retiring.
_OPERATIONS: Final = {
    Deed.PURCHASE: Operation.ESIM_OBTAIN,
    Deed.REPLACE: Operation.ESIM_OBTAIN,
    Deed.LINK: Operation.ESIM_OBTAIN,
    Deed.ACTIVATE: Operation.ESIM_ACTIVATE,
    Deed.REVEAL: Operation.ESIM_ACTIVATE,
}


class ManagedPolicyLimitsEsim:
    """Provides ``esim.needs.ConnectivityPolicy``."""

    def __init__(self, decider: Decider) -> None:
        """Keep who decides."""
        self._decider = decider

    def allows(self, policy_handles: tuple[bytes, ...], deed: Deed) -> bool:
        """Say whether every policy in force for these handles allows the deed."""
        operation = _OPERATIONS.get(deed)
        if operation is None:
            return True
        sources = {
            # Whoever calls an action has recognised the session; it is not recognised twice.
            Fact.SESSION: lambda: Evidence(FactState.GOOD),
            Fact.HANDLE: lambda: Evidence(FactState.GOOD, handles=policy_handles),
        }
        try:
            self._decider.decide(operation, sources, Face.COMMAND)
        except PolicyDeniedError:
            return False
        return True
