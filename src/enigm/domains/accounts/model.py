"""What exists for accounts: names under a hash, sessions, work to be done, tokens to be signed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NewType

AccountId = NewType("AccountId", bytes)
"""16 random bytes; no other domain ever sees them."""
NOBODY = AccountId(bytes(16))
"""Whom work is done on that must cost the same and change nothing."""
NameRef = NewType("NameRef", bytes)
"""What a user name's look-up id becomes under a key of this domain."""
RecoveryRef = NewType("RecoveryRef", bytes)
"""What a root key's fingerprint becomes under a key of this domain."""
SessionId = NewType("SessionId", bytes)
"""16 random bytes that name a session to its owner; they open nothing."""
LoginId = NewType("LoginId", bytes)
"""16 random bytes that tie the second message of a sign-in to the first."""


class Audience(Enum):
    """Where a session may be used, and nowhere else; the value goes before the hashed token."""

    APP = b""
    COMMAND = b"enigm command session v1"

    @property
    def word(self) -> str:
        """How it is kept and shown."""
        return self.name.lower()


class Purpose(Enum):
    """What a challenge is for; one made for one purpose is worth nothing for another."""

    REGISTRATION = b"registration"
    SIGN_IN = b"sign-in"
    RECOVERY = b"recovery"
    GUEST_ORDER = b"guest order"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever presented a living session. Says nothing about any device."""

    account_id: AccountId
    session_id: SessionId
    session_age_seconds: int


@dataclass(frozen=True, slots=True)
class Session:
    """One session as it is kept.

    Args:
        session_id: names it to its owner.
        created_at: when it began, in seconds.
        expires_at: when it ends.
        audience: where it may be used.
        device_ref: how the device that asked for it is known here; None where none signed.
    """

    session_id: SessionId
    created_at: int
    expires_at: int
    audience: Audience = Audience.APP
    device_ref: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One session as its owner sees it: which device asked for it, where one of theirs did."""

    session: Session
    device_id: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionGrant:
    """A fresh session's token, which is shown once and kept only as a hash."""

    token: bytes = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True)
class WorkDemand:
    """Work that the service asks for."""

    challenge: bytes
    difficulty_bits: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class WorkProof:
    """Work as a caller claims to have done it; nothing of it is checked yet."""

    challenge: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge whose seal held: the service itself wrote these numbers."""

    difficulty_bits: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Attempts:
    """How many sign-ins were begun and not finished, as of a moment; they fade with time."""

    weight: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """The service's half of a sign-in between its two messages. No account: a name nobody has."""

    account_id: AccountId | None
    attempts_ref: bytes = field(repr=False)
    state: bytes = field(repr=False)
    device_ref: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PasswordRecord:
    """An account's OPAQUE record."""

    account_id: AccountId
    record: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecoveryEntry:
    """What recovery needs to know of an account."""

    account_id: AccountId
    backup: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpaqueSecrets:
    """The service's OPAQUE key material, and the record that answers for unknown names."""

    setup: bytes = field(repr=False)
    decoy_record: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A row that a registration is about to make."""

    account_id: AccountId
    name_ref: NameRef
    recovery_ref: RecoveryRef
    record: bytes = field(repr=False)
    backup: bytes = field(repr=False)


class CriticalAction(Enum):
    """What nobody does without the PIN. Other domains' actions are named here too."""

    ACCOUNT_DELETE = "accounts.delete"
    PASSWORD_CHANGE = "accounts.password.change"
    PIN_CHANGE = "accounts.pin.change"
    PIN_REMOVE = "accounts.pin.remove"
    DURESS_PIN_CHANGE = "accounts.pin.duress"
    DEVICE_REVOKE = "devices.revoke"
    REFUND_CLAIM = "commerce.refund.claim"
    ESIM_REVEAL = "esim.reveal"
    ESIM_REPLACE = "esim.replace"
    ESIM_INSTALLED = "esim.installed"
    ESIM_UNLINK = "esim.unlink"
    ESIM_RETIRE = "esim.retire"
    ESIM_DELETE = "esim.delete"


class Course(Enum):
    """What follows an authorised action. The caller is answered alike."""

    DO = "do"
    HOLD = "hold"
    """Answer as if it were done, do the same work, and change nothing that stays changed."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Who asks for a critical action, from which device, and the PIN's grant as it came.

    ``device_id`` is empty where no device signs.
    """

    caller: Caller
    device_id: bytes = field(repr=False)
    grant: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class CriticalDeed:
    """One action with its exact parameters, as ``wire.critical_action`` hashes them."""

    action: CriticalAction
    parameters_digest: bytes


@dataclass(frozen=True, slots=True)
class PinState:
    """An account's PIN as its owner sees it: the same fields whether there is one or not."""

    is_set: bool
    tries_left: int
    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class PinTries:
    """How many entries were begun since the last right one, and when the next one may be."""

    count: int = 0
    locked_until: int = 0


@dataclass(frozen=True, slots=True)
class PinRow:
    """An account's PIN as it is kept. The records of PIN and duress PIN look alike.

    Args:
        record: what checks the PIN.
        duress_record: what checks the duress PIN, or noise.
        signed: entries that a trusted device signed.
        bare: entries of sessions alone, which are Command's; they never make a device wait.
        held_until: when a hold ends.
    """

    record: bytes | None = field(default=None, repr=False)
    duress_record: bytes | None = field(default=None, repr=False)
    signed: PinTries = PinTries()
    bare: PinTries = PinTries()
    held_until: int = 0
    is_hidden: bool = False
    """Within a hold: whether its removal was acknowledged."""

    def tries(self, *, is_signed: bool) -> PinTries:
        """Return the entries begun in this way."""
        return self.signed if is_signed else self.bare


@dataclass(frozen=True, slots=True)
class PinAttempt:
    """The service's half of a PIN's entry between its two messages."""

    session_id: SessionId
    device_ref: bytes = field(repr=False)
    binding: bytes = field(repr=False)
    states: tuple[bytes, bytes] = field(repr=False)
    duress_place: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinGrantRow:
    """Leave for one deed, from one session and device, until it ends or is spent."""

    session_id: SessionId
    device_ref: bytes = field(repr=False)
    binding: bytes = field(repr=False)
    is_duress: bool = field(repr=False)


@dataclass(frozen=True, slots=True)
class StartedPin:
    """OPAQUE's answers for both places, and what this entry leaves of the tries."""

    attempt_id: bytes
    responses: tuple[bytes, bytes]
    tries_left: int
    retry_after_seconds: int


@dataclass(frozen=True, slots=True)
class PinGrant:
    """A fresh grant, which is shown once and kept only as a hash."""

    grant: bytes = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True)
class SignedTokens:
    """Blinded tokens, evaluated, with the proof that the published key did it."""

    evaluated: list[bytes]
    proof: bytes
    public_key: bytes
