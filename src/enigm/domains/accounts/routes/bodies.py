"""What travels in the account path's requests and answers (docs/protocol.md §3)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from enigm.domains.accounts.model import CriticalAction

# Unpadded base64url of so many bytes has ⌈4n/3⌉ characters; the pattern is what a reader of the
# API description can check, the decoder is stricter still.
Octets8 = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{11}$")]
Octets16 = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{22}$")]
Octets32 = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{43}$")]
OpaqueRequest = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{43}$")]
OpaqueLogin = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{128}$")]
OpaqueFinalization = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{86}$")]
OpaqueRecord = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{256}$")]
RootPublic = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{2646}$")]
RootSignature = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{4498}$")]
ChainEntry = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]+$", min_length=1, max_length=5000)]
Card = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1766}$")]
Backup = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{379}$")]
Blinded = Annotated[list[Octets32], Meta(min_length=1, max_length=64)]


class Body(Struct, forbid_unknown_fields=True):
    """Strict: a field that nobody knows is refused, not ignored."""

    def __repr__(self) -> str:
        """Show no values: bodies carry secrets."""
        return f"{type(self).__name__}(…)"


class RegistrationGuardAnswer(Body):
    """What guards registration; an empty challenge where an invite is asked for."""

    guard: str
    challenge: str
    difficulty_bits: int
    expires_at: int


class OpaqueStart(Body):
    """OPAQUE's first message of a registration or a new password."""

    lookup_id: Octets32
    opaque_request: OpaqueRequest


class OpaqueAnswer(Body):
    """OPAQUE's second message."""

    opaque_response: str


class Proof(Body):
    """Work (challenge and nonce), or an invite."""

    challenge: Octets32 | UnsetType = UNSET
    nonce: Octets8 | UnsetType = UNSET
    invite: Octets16 | UnsetType = UNSET


class RegistrationFinish(Body):
    """Everything that makes an account."""

    lookup_id: Octets32
    opaque_record: OpaqueRecord
    root_public: RootPublic
    chain_entry: ChainEntry
    card: Card
    backup: Backup
    proof: Proof


class SessionAnswer(Body):
    """A fresh session, shown once."""

    session: str
    expires_at: int


class SessionStart(Body):
    """OPAQUE's first message of a sign-in."""

    lookup_id: Octets32
    opaque_request: OpaqueLogin
    proof: Proof | UnsetType = UNSET


class SessionStartAnswer(Body):
    """OPAQUE's second message, and what ties the third to it."""

    login: str
    opaque_response: str


class SessionFinish(Body):
    """OPAQUE's third message."""

    login: Octets16
    opaque_finalization: OpaqueFinalization


class SessionEntry(Body):
    """One of one's own sessions; the id opens nothing.

    ``kind`` is ``app`` or ``command``; ``device`` is which of one's devices signed in, null where
    none did.
    """

    id: str
    created_at: int
    expires_at: int
    current: bool
    kind: str
    device: str | None


class SessionsAnswer(Body):
    """One's own sessions, oldest first."""

    sessions: list[SessionEntry]


class RecoveryStart(Body):
    """Which root key asks."""

    fingerprint: Octets32


class RecoveryStartAnswer(Body):
    """What to sign, and what the phrase opens."""

    challenge: str
    backup: str


class RecoveryChain(Body):
    """The root's word that it may read its chain: signed over the challenge and no entry."""

    fingerprint: Octets32
    challenge: Octets32
    signature: RootSignature
    root_public: RootPublic


class RecoveryChainAnswer(Body):
    """The chain as it stands; the recovering device's entry must follow it."""

    root_public: str
    chain: list[str]


class RecoveryFinish(Body):
    """The root's word for a new device, and a new password if one is set."""

    fingerprint: Octets32
    challenge: Octets32
    signature: RootSignature
    lookup_id: Octets32
    root_public: RootPublic
    chain_entry: ChainEntry
    card: Card
    opaque_record: OpaqueRecord | UnsetType = UNSET


class PasswordChange(Body):
    """A new OPAQUE record."""

    opaque_record: OpaqueRecord


class PinAnswer(Body):
    """Whether a PIN is set; the tries are counted whether it is or not."""

    is_set: bool
    tries_left: int
    retry_after_seconds: int


class PinStart(Body):
    """What the PIN is entered for, and OPAQUE's first message once for each place."""

    action: CriticalAction
    parameters: Octets32
    opaque_requests: Annotated[list[OpaqueLogin], Meta(min_length=2, max_length=2)]


class PinStartAnswer(Body):
    """OPAQUE's second message for each place; a right PIN opens one of them."""

    attempt: str
    opaque_responses: list[str]
    tries_left: int
    retry_after_seconds: int


class PinFinish(Body):
    """Which place the PIN opened, and OPAQUE's third message."""

    attempt: Octets16
    place: Annotated[int, Meta(ge=0, le=1)]
    opaque_finalization: OpaqueFinalization


class PinFinishAnswer(Body):
    """Leave for one deed, shown once."""

    grant: str
    expires_at: int


class PinRegistration(Body):
    """OPAQUE's first message of a new PIN."""

    opaque_request: OpaqueRequest


class PinSetting(Body):
    """A first PIN, and a duress PIN or noise."""

    opaque_record: OpaqueRecord
    duress_record: OpaqueRecord


class PinRecord(Body):
    """A new PIN."""

    opaque_record: OpaqueRecord


class PinResetRequest(Body):
    """The root's word for a new PIN."""

    fingerprint: Octets32
    challenge: Octets32
    signature: RootSignature
    root_public: RootPublic
    opaque_record: OpaqueRecord


class TokensRequest(Body):
    """Blinded inputs to be signed."""

    blinded: Blinded


class TokensAnswer(Body):
    """Signed inputs, with the proof that the published key signed them."""

    evaluated: list[str]
    proof: str
    public_key: str


class TokenKeyAnswer(Body):
    """The key that tokens are checked against."""

    public_key: str
