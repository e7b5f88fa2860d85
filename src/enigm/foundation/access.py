"""How a route may be reached. Every route says it, so that a test can list and try them all."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Access(Enum):
    """What a request must show before its handler runs."""

    PUBLIC = "public"
    """Nothing: what opens a session, and what guards that."""
    SESSION = "session"
    """A living session: who signed in, on whatever device."""
    PROTECTED = "protected"
    """A living session, and the signature of a device that its account trusts."""
    TOKEN = "token"
    """A one-use token, and nothing that names anyone; the handler spends it."""


ACCESS_OPTION: Final = "access"


def opened_to(access: Access) -> dict[str, Access]:
    """Return the options of a route handler that may be reached this way."""
    return {ACCESS_OPTION: access}
