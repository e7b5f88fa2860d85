"""How a route may be reached. Every route says it, so that a test can list and try them all."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final


class Access(Enum):
    """What a request must show before its handler runs."""

    PUBLIC = "public"
    """Nothing: what opens a session, and what guards that."""
    SESSION = "session"
    """A living session: who signed in, on whatever device."""
    PROTECTED = "protected"
    """A living session and a policy that allows the operation; a trusted device's signature, but in
    Command, where no device speaks."""
    TOKEN = "token"
    """A one-use token, and nothing that names anyone; the handler spends it."""
    ADMINISTRATOR = "administrator"
    """An administrator's own session, and a role that does the deed."""


ACCESS_OPTION: Final = "access"
OPERATION_OPTION: Final = "operation"
PIN_OPTION: Final = "pin"
GUESTS_OPTION: Final = "guests"


def opened_to(access: Access) -> dict[str, Any]:
    """Return the options of a route handler that may be reached this way."""
    if access is Access.PROTECTED:
        raise RuntimeError("a protected route names its operation: use protected()")
    if access is Access.ADMINISTRATOR:
        raise RuntimeError("an administrators' route names its deed: use administrative()")
    return {ACCESS_OPTION: access}


def protected(operation: str, *, pin: str | None = None, guests: bool = False) -> dict[str, Any]:
    """Return the options of a route handler that does a protected operation.

    Args:
        operation: policy's word for it.
        pin: the critical action whose PIN grant the handler spends, if it does one.
        guests: whether who is nobody does it, too: a code that opens it is their leave.
    """
    return {
        ACCESS_OPTION: Access.PROTECTED,
        OPERATION_OPTION: operation,
        PIN_OPTION: pin,
        GUESTS_OPTION: guests,
    }


def administrative(deed: str) -> dict[str, Any]:
    """Return the options of a route handler that only administrators reach.

    Args:
        deed: administration's word for what it does; roles and records go by it.
    """
    return {ACCESS_OPTION: Access.ADMINISTRATOR, OPERATION_OPTION: deed}
