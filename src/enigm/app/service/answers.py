"""The account path's answers, and what the App makes of them (protocol.md §3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from enigm.wire.device_chain import UnverifiedChain


class Guard(msgspec.Struct, frozen=True):
    """What guards registration."""

    guard: str
    challenge: str = ""
    difficulty_bits: int = 0


class OpaqueAnswer(msgspec.Struct, frozen=True):
    """OPAQUE's second message."""

    opaque_response: str


class LoginAnswer(msgspec.Struct, frozen=True):
    """OPAQUE's second message, and what ties the third to it."""

    login: str
    opaque_response: str


class RecoveryAnswer(msgspec.Struct, frozen=True):
    """What to sign, and what the phrase opens."""

    challenge: str
    backup: str


class Pending(msgspec.Struct, frozen=True):
    """A device that waits."""

    device_public: str
    requested_at: int


class ChainAnswer(msgspec.Struct, frozen=True):
    """A chain, and who waits."""

    root_public: str
    chain: tuple[str, ...]
    pending: tuple[Pending, ...] = ()


class TokenAnswer(msgspec.Struct, frozen=True):
    """Evaluated inputs with their proof."""

    evaluated: tuple[str, ...]
    proof: str
    public_key: str


class KeyAnswer(msgspec.Struct, frozen=True):
    """A public key."""

    public_key: str


class PinAnswer(msgspec.Struct, frozen=True):
    """Whether a PIN is set, and what is left of the tries."""

    is_set: bool
    tries_left: int
    retry_after_seconds: int


class PinStarted(msgspec.Struct, frozen=True):
    """OPAQUE's second message for both places, as it came."""

    attempt: str
    opaque_responses: tuple[str, ...]
    tries_left: int
    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class PinStartAnswer:
    """OPAQUE's second message for both places."""

    attempt: str
    responses: tuple[bytes, ...]
    tries_left: int
    retry_after_seconds: int


class PinGrantAnswer(msgspec.Struct, frozen=True, eq=False):
    """Leave for one deed."""

    grant: str

    def __repr__(self) -> str:
        """Show nothing."""
        return "PinGrantAnswer()"


class OwnSession(msgspec.Struct, frozen=True):
    """One of one's own sessions."""

    id: str
    created_at: int
    expires_at: int
    current: bool
    kind: Literal["app", "command"]
    device: str | None


class SessionsAnswer(msgspec.Struct, frozen=True):
    """One's own sessions, oldest first."""

    sessions: list[OwnSession]


class Session(msgspec.Struct, frozen=True, eq=False):
    """Proof of a sign-in, for six absolute hours."""

    session: str
    expires_at: int

    def __repr__(self) -> str:
        """Show nothing."""
        return "Session()"


@dataclass(frozen=True, slots=True)
class PendingDevice:
    """A device that signed in and waits for a trusted one to certify it."""

    device_public: bytes
    requested_at: int


@dataclass(frozen=True, slots=True)
class OwnChain:
    """The account's own chain as the service shows it, and who waits."""

    chain: UnverifiedChain
    pending: tuple[PendingDevice, ...]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What the token issuer answered."""

    elements: list[bytes]
    proof: bytes
    public_key: bytes


@dataclass(slots=True)
class SignIn:
    """What opens sessions: who, and the secret made from the password."""

    lookup_id: bytes = field(repr=False)
    secret: str = field(repr=False)
    session: Session | None = field(default=None, repr=False)
