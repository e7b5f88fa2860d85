"""What devices need from others, in their own words. Crossings provide it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from enigm.domains.devices.model import DeviceId, OwnerRef


class DeviceDecision(Enum):
    """What was decided about a device."""

    CERTIFIED = "certified"
    REVOKED = "revoked"
    REFUSED = "refused"
    REVOCATION_HELD = "revocation held"


class DecisionRecords(Protocol):
    """Keeps decisions where they cannot be taken back."""

    def record(self, decision: DeviceDecision, owner: OwnerRef, device_id: DeviceId) -> None:
        """Return once the decision is durable; raises a Refusal, and then it must not be done."""
        ...


class CriticalLeave(Protocol):
    """What a request showed to be let do something critical."""

    def spend(self, action: str, *parameters: bytes) -> bool:
        """Return whether to do it; False: answer as if it were done, and change nothing.

        Raises a Refusal where the request showed no leave for exactly this.
        """
        ...


class LookupAdmission(Protocol):
    """Lets a look-up in for one token, which is spent, and asks nobody's name."""

    async def spend(self, token: bytes) -> None:
        """Spend a token; raises a Refusal where it is none, or was spent before."""
        ...
