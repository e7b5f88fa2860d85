"""What eSIMs ask of others, in their own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.domains.esim.model import Deed, Iccid, Notice, OwnerRef
    from enigm.wire.activation_code import ActivationCode


class Provider(Protocol):
    """Somebody who makes profiles. Every call may take seconds and comes from a worker thread.

    ``call`` names one intended call: asked twice with the same one, nothing is done twice where
    the provider keeps to the standard. No call is given anything of the holder.

    All raise ProviderUnavailableError (ask again) or ProviderRefusedError (it says why).
    """

    @property
    def name(self) -> str:
        """The word that records keep."""
        ...

    def order(self, item: str, call: bytes) -> Iccid:
        """Reserve a profile of a kind."""
        ...

    def confirm(
        self, iccid: Iccid, matching_id: str, call: bytes, *, may_be_confirmed: bool
    ) -> ActivationCode:
        """Bind the profile to an activation code, which does not work yet.

        A provider that makes codes itself does not use ``matching_id``. ``may_be_confirmed``: an
        earlier call may have been heard, so that "already confirmed" is no refusal.
        """
        ...

    def release(self, iccid: Iccid, call: bytes) -> None:
        """Let a phone fetch it; released already is done."""
        ...

    def cancel(self, iccid: Iccid, call: bytes) -> None:
        """Take back a profile that no phone has fetched."""
        ...

    def end(self, iccid: Iccid, call: bytes) -> None:
        """End the plan of a profile that a phone has, where the provider offers that."""
        ...

    def ask(self, iccid: Iccid) -> Sequence[Notice]:
        """Return what it tells now.

        Called only because the holder looks. Nothing of traffic is asked for.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class PaidTokens(Protocol):
    """Single-use activation tokens of paid orders. Raises Refusals in its owner's words."""

    def product_of(self, token: bytes) -> str:
        """Return which product a living token of a final order is for."""
        ...

    def spend(self, token: bytes) -> None:
        """End the token; ended already is done."""
        ...


class CriticalLeave(Protocol):
    """What a request showed to be let do something critical."""

    def spend(self, action: str, *parameters: bytes) -> bool:
        """Return whether to do it; False: answer as if it were done, and change nothing.

        Raises a Refusal where the request showed no leave for exactly this.
        """
        ...


class ConnectivityPolicy(Protocol):
    """The policy of whoever manages an account, where anybody does."""

    def allows(self, policy_handles: tuple[bytes, ...], deed: Deed) -> bool:
        """Say whether the policies that stand under these handles allow the deed."""
        ...


class LifecycleRecords(Protocol):
    """Keeps lifecycle decisions where they can be proved later."""

    def record(self, deed: Deed, owner: OwnerRef | None) -> None:
        """Return once it is durable; raises a Refusal, and then it must not be done.

        Without an owner it was the operator, or whoever holds a retrieval code.
        """
        ...
