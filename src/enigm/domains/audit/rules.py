"""Which records end when, who may read them, and how a log entry commits to one."""

from __future__ import annotations

import hashlib
import re
from types import MappingProxyType

import msgspec

from enigm.domains.audit.errors import AuditRoleError
from enigm.domains.audit.model import (
    HANDLE_BYTES,
    NO_HANDLE,
    Category,
    Record,
    RecordPayload,
    Role,
)

SECONDS_PER_DAY = 86_400
# Keys live for thirty days: a shorter period costs keys, a longer one keeps records past their end.
PERIOD_SECONDS = 30 * SECONDS_PER_DAY
NONCE_BYTES = 32
ENTRY_VERSION = 1
ENTRY_BYTES = 1 + 1 + 4 + hashlib.sha256().digest_size

RETENTION_DAYS = MappingProxyType(
    {
        # What a person may ask about after the fact: was my device revoked, when and by which.
        Category.ACCOUNT: 90,
        Category.DEVICE: 180,
        # What an outside auditor reviews once a year.
        Category.ADMINISTRATION: 400,
        Category.AUDIT: 400,
    }
)

READABLE = MappingProxyType(
    {
        Role.OPERATOR: frozenset({Category.ADMINISTRATION, Category.DEVICE}),
        Role.AUDITOR: frozenset(Category),
    }
)

_REASON = re.compile(r"[a-z][a-z0-9_.]{0,63}")


def period_of(now_seconds: int) -> int:
    """Return the number of the thirty days a moment falls in."""
    return now_seconds // PERIOD_SECONDS


def ends_at(category: Category, period: int) -> int:
    """Return when the key of a category and period is destroyed, in Unix seconds."""
    return (period + 1) * PERIOD_SECONDS + RETENTION_DAYS[category] * SECONDS_PER_DAY


def payload_of(record: Record, now_seconds: int) -> bytes:
    """Write a record as it is sealed; RuntimeError for a record that no code should make."""
    if len(record.actor) != HANDLE_BYTES or len(record.subject) != HANDLE_BYTES:
        raise RuntimeError("an audit handle is 20 bytes")
    if not _REASON.fullmatch(record.reason):
        raise RuntimeError("an audit reason is a code such as devices.revoked")
    return msgspec.json.encode(
        RecordPayload(
            at=now_seconds,
            act=record.act.word,
            role=record.role.value,
            decision=record.decision.value,
            actor=_handle(record.actor),
            subject=_handle(record.subject),
            reason=record.reason,
            policy_version=record.policy_version,
        )
    )


def commitment(nonce: bytes, payload: bytes) -> bytes:
    """Commit to a payload: the nonce hides it from guesses once the key is gone."""
    return hashlib.sha256(b"enigm audit record v1" + nonce + payload).digest()


def log_entry(category: Category, period: int, committed: bytes) -> bytes:
    """Return the leaf of the log: version, category, period, commitment (38 bytes)."""
    return bytes([ENTRY_VERSION, category]) + period.to_bytes(4, "big") + committed


def require_reader(role: Role, category: Category) -> None:
    """Return if the role reads this category; raises AuditRoleError."""
    if category not in READABLE.get(role, frozenset[Category]()):
        raise AuditRoleError


def _handle(handle: bytes) -> str:
    return "" if handle == NO_HANDLE else handle.hex()
