"""What administrators' forms have in common: a box to confirm with, handles, environments."""

from __future__ import annotations

from typing import Final

from enigm.foundation.errors import InvalidError
from enigm.foundation.settings import is_environment_name

HANDLE_BYTES: Final = 20


def require_confirmed(confirmed: str) -> None:
    """Return if the box was ticked; raises InvalidError."""
    if confirmed != "yes":
        raise InvalidError(
            "command.unconfirmed", "Tick the box that says what will happen, then send it again."
        )


def handle_of(text: str) -> bytes:
    """Read a handle as it is written; raises InvalidError."""
    try:
        handle = bytes.fromhex(text.strip())
    except ValueError:
        handle = b""
    if len(handle) != HANDLE_BYTES:
        raise InvalidError("command.handle", "A handle is written as 40 hex digits.")
    return handle


def environment_of(text: str) -> str:
    """Read an environment's name; raises InvalidError."""
    name = text.strip()
    if not is_environment_name(name):
        raise InvalidError(
            "command.environment",
            "An environment's name is lower case letters, digits and dashes, at most 32.",
        )
    return name
