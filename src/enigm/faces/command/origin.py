"""Command's own origin: the only names it answers to, and the cookies that belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from enigm.foundation.errors import SetupError

if TYPE_CHECKING:
    from enigm.foundation.settings import Settings


@dataclass(frozen=True, slots=True)
class Origin:
    """Where people reach Command, as browsers write it."""

    address: str
    origins: frozenset[str]
    is_secure: bool

    @property
    def hosts(self) -> frozenset[str]:
        """What the Host header may be; anything else was re-pointed here."""
        return frozenset(urlsplit(origin).netloc for origin in self.origins)

    def cookie(self, name: str) -> str:
        """Return a cookie's name; over TLS browsers hold the prefix to this one host."""
        return f"__Host-{name}" if self.is_secure else name


def origin_of(settings: Settings) -> Origin:
    """Read where Command is reached.

    Raises:
        SetupError: the setting is no origin, or would carry sessions in the clear.
    """
    stated = settings.command_origin.rstrip("/")
    if not stated:
        port = settings.command_port
        names = ("127.0.0.1", "localhost")
        local = [f"http://{name}:{port}" for name in names]
        return Origin(local[0], frozenset(local), is_secure=False)
    parts = urlsplit(stated)
    is_local = parts.hostname in {"127.0.0.1", "localhost"} or (parts.hostname or "").endswith(
        ".onion"
    )
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
        raise SetupError("command_origin is written as https://command.example, without a path.")
    if parts.scheme == "http" and not is_local:
        raise SetupError("command_origin must begin with https:// outside this machine and Tor.")
    return Origin(stated, frozenset({stated}), is_secure=parts.scheme == "https")
