"""What a form shows of the PIN: leave for one deed, which the deed itself spends."""

from __future__ import annotations

from enigm.domains.accounts.errors import PinGrantRefusedError, PinNeededError
from enigm.domains.accounts.model import Permit
from enigm.faces.command.parts import Asked
from enigm.faces.command.rendering import visitor_of
from enigm.foundation.encoding import base64url_decode
from enigm.foundation.errors import Refusal

# Command holds no device's key, so a PIN that is entered here is bound to the session alone.
NO_DEVICE = b""


def permit_of(request: Asked, grant: str = "") -> Permit:
    """Return who asks and what they show; raises PinNeededError, PinGrantRefusedError.

    Nothing of a grant is checked here: it is spent where the deed is done, or not at all.
    """
    caller = visitor_of(request).caller
    assert caller is not None, "the gate let in a session"
    if not grant:
        raise PinNeededError
    try:
        return Permit(caller, NO_DEVICE, base64url_decode(grant))
    except Refusal as error:
        raise PinGrantRefusedError(error.trace) from error


def asker(request: Asked) -> Permit:
    """Return who asks for something that needs no grant yet."""
    caller = visitor_of(request).caller
    assert caller is not None, "the gate let in a session"
    return Permit(caller, NO_DEVICE, None)
