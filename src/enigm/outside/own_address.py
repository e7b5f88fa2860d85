"""Addresses of the operator's own programs, and the secrets that open them."""

from __future__ import annotations

import ipaddress
import stat
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

_SECRET_BYTES_MAX: Final = 4096
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def is_this_machine(host: str) -> bool:
    """Tell whether a host is loopback, so that nobody stands between."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_url(setting: str, url: str, *, onion: bool = False) -> str:
    """Return an HTTP address that nobody on the way can read or change.

    Raises:
        SetupError: it is clear text to another machine, or holds a password.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise SetupError(f"The setting {setting} is no address.") from None
    if parts.username or parts.password:
        raise SetupError(f"The setting {setting} holds a password: put it into a file.")
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and (is_this_machine(host) or (onion and host.endswith(".onion")))
    )
    if not host or not is_safe:
        raise SetupError(
            f"The setting {setting} must be https, or http on this machine: whoever can change "
            "what comes back can change where money goes."
        )
    return url.rstrip("/")


def read_secret(setting: str, path: Path) -> str:
    """Return the one line of a file that only the service may read.

    Raises:
        SetupError: it is absent, empty, too long, or others may read it.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            raise SetupError(f"The file of {setting} may be read by others: chmod 600 it.")
        with path.open("rb") as file:
            text = file.read(_SECRET_BYTES_MAX + 1).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"The file of {setting} cannot be read.") from error
    if not text or len(text) >= _SECRET_BYTES_MAX or "\n" in text:
        raise SetupError(f"The file of {setting} must hold one line.")
    return text
