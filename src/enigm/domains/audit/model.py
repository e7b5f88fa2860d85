"""What a record says: who by handle, did what, on what, why, and how it was decided.

Records have no free text: every field is a word from a closed list, a handle or a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

import msgspec

HANDLE_BYTES = 20
NO_HANDLE = bytes(HANDLE_BYTES)


class Category(IntEnum):
    """Which records share keys, readers and an end. The number stands in the log's entries."""

    ACCOUNT = 1
    DEVICE = 2
    ADMINISTRATION = 3
    AUDIT = 4


class Act(Enum):
    """What was decided about, each in its category. A new act is a reviewed change."""

    ACCOUNT_RECOVERED = ("account.recovered", Category.ACCOUNT)
    ACCOUNT_DELETED = ("account.deleted", Category.ACCOUNT)
    PIN_SET = ("pin.set", Category.ACCOUNT)
    PIN_CHANGED = ("pin.changed", Category.ACCOUNT)
    PIN_REMOVED = ("pin.removed", Category.ACCOUNT)
    PIN_RESET = ("pin.reset", Category.ACCOUNT)
    PIN_LOCKED = ("pin.locked", Category.ACCOUNT)
    PIN_GRANTED = ("pin.granted", Category.ACCOUNT)
    PIN_DURESS = ("pin.duress", Category.ACCOUNT)
    OPERATION_HELD = ("operation.held", Category.ACCOUNT)
    ESIM_PURCHASED = ("esim.purchased", Category.ACCOUNT)
    ESIM_ACTIVATED = ("esim.activated", Category.ACCOUNT)
    ESIM_REVEALED = ("esim.revealed", Category.ACCOUNT)
    ESIM_INSTALLED = ("esim.installed", Category.ACCOUNT)
    ESIM_UNLINKED = ("esim.unlinked", Category.ACCOUNT)
    ESIM_LINKED = ("esim.linked", Category.ACCOUNT)
    ESIM_DELETED = ("esim.deleted", Category.ACCOUNT)
    ESIM_REPLACED = ("esim.replaced", Category.ACCOUNT)
    ESIM_RETIRED = ("esim.retired", Category.ACCOUNT)
    DEVICE_CERTIFIED = ("device.certified", Category.DEVICE)
    DEVICE_REVOKED = ("device.revoked", Category.DEVICE)
    DEVICE_REFUSED = ("device.refused", Category.DEVICE)
    OPERATION_DENIED = ("operation.denied", Category.DEVICE)
    INVITE_CREATED = ("invite.created", Category.ADMINISTRATION)
    POLICY_STAGED = ("policy.staged", Category.ADMINISTRATION)
    POLICY_ACTIVATED = ("policy.activated", Category.ADMINISTRATION)
    POLICY_ASSIGNED = ("policy.assigned", Category.ADMINISTRATION)
    POLICY_CONFIRMED = ("policy.confirmed", Category.ADMINISTRATION)
    HANDLE_ASKED = ("handle.asked", Category.ADMINISTRATION)
    HANDLE_APPROVED = ("handle.approved", Category.ADMINISTRATION)
    HANDLE_DENIED = ("handle.denied", Category.ADMINISTRATION)
    HANDLE_RESOLVED = ("handle.resolved", Category.ADMINISTRATION)
    POSTURE_READ = ("posture.read", Category.ADMINISTRATION)
    ATTESTATION_READ = ("attestation.read", Category.ADMINISTRATION)
    ANCHOR_CHANGED = ("attestation.anchor_changed", Category.ADMINISTRATION)
    REFERENCE_LOADED = ("attestation.reference_loaded", Category.ADMINISTRATION)
    ESIM_ENDED = ("esim.ended_by_operator", Category.ADMINISTRATION)
    ESIM_DISCLOSED = ("esim.disclosed", Category.ADMINISTRATION)
    SHOP_CHANGED = ("shop.changed", Category.ADMINISTRATION)
    TRADE_ACTIVATED = ("trade.activated", Category.ADMINISTRATION)
    TRADE_CONFIRMED = ("trade.confirmed", Category.ADMINISTRATION)
    ORDERS_LISTED = ("orders.listed", Category.ADMINISTRATION)
    ORDER_HELD = ("order.held", Category.ADMINISTRATION)
    ORDER_RELEASED = ("order.released", Category.ADMINISTRATION)
    ORDER_REJECTED = ("order.rejected", Category.ADMINISTRATION)
    ORDER_CANCELLED = ("order.cancelled", Category.ADMINISTRATION)
    REFUND_SENT = ("refund.sent", Category.ADMINISTRATION)
    ADMINISTRATOR_INVITED = ("administrator.invited", Category.ADMINISTRATION)
    ADMINISTRATOR_ENROLLED = ("administrator.enrolled", Category.ADMINISTRATION)
    ADMINISTRATOR_SIGNED_IN = ("administrator.signed_in", Category.ADMINISTRATION)
    ADMINISTRATOR_REVOKED = ("administrator.revoked", Category.ADMINISTRATION)
    ADMINISTRATOR_ACTED = ("administrator.acted", Category.ADMINISTRATION)
    HANDLE_REVOKED = ("handle.revoked", Category.ADMINISTRATION)
    BACKUP_MADE = ("backup.made", Category.ADMINISTRATION)
    BACKUP_RESTORED = ("backup.restored", Category.ADMINISTRATION)
    RECORDS_READ = ("records.read", Category.AUDIT)

    def __init__(self, word: str, category: Category) -> None:
        """Keep the word that the record carries, and whose key seals it."""
        self.word = word
        self.category = category


# Acts that number what a shop sells and by which rules; every other act numbers policies.
TRADE_ACTS = frozenset({Act.TRADE_ACTIVATED, Act.TRADE_CONFIRMED})


class Role(Enum):
    """In what capacity somebody acted or reads."""

    OWNER = "owner"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    SERVICE = "service"


class Decision(Enum):
    """What was answered."""

    ALLOWED = "allowed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Record:
    """One decision. Handles are 20 bytes, made for the audit log alone; absent ones are zeros.

    ``policy_version`` numbers what was in force for whom: each change of policy takes the next.
    For the acts of a shop it numbers catalogue and trade rules instead, in a row of their own.
    """

    act: Act
    role: Role
    decision: Decision
    actor: bytes = NO_HANDLE
    subject: bytes = NO_HANDLE
    reason: str = "requested"
    policy_version: int = 0


class RecordPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record as it is sealed and committed to: JSON with exactly these fields, in this order."""

    at: int
    act: str
    role: str
    decision: str
    actor: str
    subject: str
    reason: str
    policy_version: int


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A record that its role may read, with the nonce that proves it against the log."""

    number: int
    nonce: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """A record as the store keeps it; ``payload`` is empty once its key was destroyed."""

    number: int
    category: Category
    period: int
    commitment: bytes
    payload: bytes | None
