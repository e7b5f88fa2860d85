"""Administrators, the one role that each has, and the deeds that are told apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

AdministratorId = NewType("AdministratorId", bytes)
"""16 random bytes; they stand in the administrator's passkey, too."""
BrowserTie = NewType("BrowserTie", bytes)
"""What ties a ceremony to the browser that began it; it names nobody."""


class Role(StrEnum):
    """What an administrator is for. One each: who needs two roles is two administrators."""

    OWNER = "owner"
    POLICY = "policy"
    FLEET = "fleet"
    AUDITOR = "auditor"
    ORDERS = "orders"
    REVIEWER = "reviewer"
    SHOP = "shop"


class Deed(StrEnum):
    """Everything that can be done under /admin, as records name it."""

    OVERVIEW_READ = "overview.read"
    SESSION_END = "session.end"
    POLICY_READ = "policy.read"
    POLICY_STAGE = "policy.stage"
    POLICY_ACTIVATE = "policy.activate"
    POLICY_ASSIGN = "policy.assign"
    DECISIONS_READ = "decisions.read"
    FLEET_READ = "fleet.read"
    FLEET_REVOKE = "fleet.revoke"
    AUDIT_READ = "audit.read"
    ORDERS_READ = "orders.read"
    ORDERS_DECIDE = "orders.decide"
    SHOP_READ = "shop.read"
    SHOP_STAGE = "shop.stage"
    SHOP_ACTIVATE = "shop.activate"
    ADMINISTRATORS_READ = "administrators.read"
    ADMINISTRATOR_REVOKE = "administrators.revoke"


class Step(StrEnum):
    """What a challenge is for."""

    ENROL = "enrol"
    SIGN_IN = "sign in"


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Where passkeys hold (WebAuthn §4): the host they are bound to, and the origins that ask."""

    host: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Administrator:
    """Somebody who may do what one role may. ``label`` is the operator's, and may be empty."""

    administrator_id: AdministratorId
    role: Role
    label: str
    since: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that enrols one passkey, once."""

    administrator_id: AdministratorId
    role: Role
    label: str
    ends_at: int


@dataclass(frozen=True, slots=True)
class Passkey:
    """What is kept of a passkey: enough to verify it, and the count by which copies show."""

    credential_id: bytes
    administrator_id: AdministratorId
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class SessionGrant:
    """A fresh session's token, and when it ends at the latest."""

    token: bytes = field(repr=False)
    ends_at: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who acts, until when without acting again, and since how long."""

    administrator: Administrator
    ends_at: int
    session_age_seconds: int


class Act(StrEnum):
    """What is recorded of administrators."""

    INVITED = "invited"
    ENROLLED = "enrolled"
    SIGNED_IN = "signed in"
    REVOKED = "revoked"
    ACTED = "acted"
