"""Which role does what, how long sessions live, and which challenge is one of ours."""

from __future__ import annotations

import hashlib
import hmac
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from enigm.domains.administration.errors import (
    ChallengeRefusedError,
    LabelError,
    LastOwnerError,
    PasskeyCopiedError,
    RoleRefusedError,
)
from enigm.domains.administration.model import Deed, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.domains.administration.model import AdministratorId, BrowserTie, Step

# Whoever leaves the desk is signed out within the hour, whoever stays after a working day.
IDLE_SECONDS: Final = 3600
SESSION_SECONDS: Final = 8 * 3600
# A session's end is written at most once a minute: reading pages costs no disk.
WRITTEN_SECONDS: Final = 60
# Long enough to find the security key, short enough that a stolen one is of no use.
CHALLENGE_SECONDS: Final = 300
INVITATION_SECONDS: Final = 86_400
LABEL_CHARACTERS_MAX: Final = 40

NONCE_BYTES: Final = 16
_TIME_BYTES: Final = 8
_TAG_BYTES: Final = hashlib.sha256().digest_size
_EVERYBODY: Final = frozenset(Role)

# Separation of duties: who decides does not audit, who audits changes nothing, who says who is an
# administrator (an owner) touches neither policies, devices, orders nor prices.
ALLOWED: Final = MappingProxyType(
    {
        Deed.OVERVIEW_READ: _EVERYBODY,
        Deed.SESSION_END: _EVERYBODY,
        Deed.POLICY_READ: frozenset({Role.POLICY}),
        Deed.POLICY_STAGE: frozenset({Role.POLICY}),
        Deed.POLICY_ACTIVATE: frozenset({Role.POLICY}),
        Deed.POLICY_ASSIGN: frozenset({Role.POLICY}),
        Deed.DECISIONS_READ: frozenset({Role.POLICY}),
        Deed.FLEET_READ: frozenset({Role.FLEET}),
        Deed.FLEET_REVOKE: frozenset({Role.FLEET}),
        Deed.AUDIT_READ: frozenset({Role.AUDITOR, Role.OWNER}),
        Deed.ORDERS_READ: frozenset({Role.ORDERS, Role.REVIEWER}),
        Deed.ORDERS_DECIDE: frozenset({Role.REVIEWER}),
        Deed.SHOP_READ: frozenset({Role.SHOP}),
        Deed.SHOP_STAGE: frozenset({Role.SHOP}),
        Deed.SHOP_ACTIVATE: frozenset({Role.SHOP}),
        Deed.ADMINISTRATORS_READ: frozenset({Role.OWNER}),
        Deed.ADMINISTRATOR_REVOKE: frozenset({Role.OWNER}),
    }
)


def require_role(role: Role, deed: Deed) -> None:
    """Return if the role does this; raises RoleRefusedError."""
    if role not in ALLOWED[deed]:
        raise RoleRefusedError


def require_label(label: str) -> str:
    """Return a label as it is kept; raises LabelError."""
    label = label.strip()
    if len(label) > LABEL_CHARACTERS_MAX or not (label.isprintable() or not label):
        raise LabelError
    return label


def require_owner_left(owners: Sequence[AdministratorId], going: AdministratorId) -> None:
    """Return if an owner is left without the one who goes; raises LastOwnerError."""
    if going in owners and len(owners) == 1:
        raise LastOwnerError


def require_growth(kept: int, brought: int) -> None:
    """Return if a passkey's count grew (WebAuthn §6.1.1); raises PasskeyCopiedError.

    Passkeys that are synchronised do not count: they say 0 every time.
    """
    if (kept or brought) and brought <= kept:
        raise PasskeyCopiedError


def session_end(created_at: int, now: int) -> int:
    """Return when a session ends that is used now."""
    return min(created_at + SESSION_SECONDS, now + IDLE_SECONDS)


def challenge_of(key: bytes, step: Step, tie: BrowserTie, nonce: bytes, ends_at: int) -> bytes:
    """Write a challenge that is recognised without being kept: asking for one writes nothing."""
    stated = nonce + ends_at.to_bytes(_TIME_BYTES, "big")
    return stated + _tag(key, step, tie, stated)


def challenge_end(key: bytes, step: Step, tie: BrowserTie, challenge: bytes, now: int) -> int:
    """Return when one of our challenges ends, if it is for this; raises ChallengeRefusedError."""
    stated, tag = challenge[:-_TAG_BYTES], challenge[-_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(key, step, tie, stated)):
        raise ChallengeRefusedError
    ends_at = int.from_bytes(stated[NONCE_BYTES:], "big")
    if now >= ends_at:
        raise ChallengeRefusedError
    return ends_at


def _tag(key: bytes, step: Step, tie: BrowserTie, stated: bytes) -> bytes:
    message = f"{step}\0".encode() + hashlib.sha256(tie).digest() + stated
    return hmac.new(key, message, hashlib.sha256).digest()
