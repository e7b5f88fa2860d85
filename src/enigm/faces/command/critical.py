"""What a form shows of the PIN: leave for one deed, which the deed itself spends."""

from __future__ import annotations

from enigm.crossings.critical_action_spends_pin_grant import CriticalActionSpendsPinGrant
from enigm.crossings.protected_operation_asks_policy import NO_DEVICE
from enigm.domains.accounts.errors import PinNeededError
from enigm.domains.accounts.model import Permit
from enigm.faces.command.parts import Asked, Parts
from enigm.faces.command.rendering import visitor_of


def permit_of(request: Asked) -> Permit:
    """Return who asks and what they show; raises PinNeededError.

    The gate makes it, once policy allowed the operation that the route names. Nothing of a grant is
    checked here: it is spent where the deed is done, or not at all.
    """
    permit: Permit = request.state.permit
    if permit.grant is None:
        raise PinNeededError
    return permit


def leave_of(request: Asked, parts: Parts) -> CriticalActionSpendsPinGrant:
    """Return what another domain's critical deed spends; raises PinNeededError."""
    return CriticalActionSpendsPinGrant(parts.accounts.pins.grants, permit_of(request))


def asker(request: Asked) -> Permit:
    """Return who asks for something that needs no grant yet.

    Command holds no device's key, so a PIN that is entered here is bound to the session alone.
    """
    caller = visitor_of(request).caller
    assert caller is not None, "the gate let in a session"
    return Permit(caller, NO_DEVICE, None)
