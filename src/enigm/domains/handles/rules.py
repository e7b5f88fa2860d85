"""How a handle is made, when epochs turn and end, and who may resolve one."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from typing import TYPE_CHECKING

from enigm.domains.handles.errors import AlreadyApprovedError, ApprovalMissingError
from enigm.domains.handles.model import HANDLE_BYTES, SUBJECT_BYTES, Handle, Purpose, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.domains.handles.model import Lookup, PersonHandle, SubjectId

SECONDS_PER_DAY = 86_400
# A month: long enough for policy and support, short enough that a leak joins little.
EPOCH_SECONDS = 30 * SECONDS_PER_DAY
# Keys outlive their epoch by as long as the longest record under its handles (audit: 400 days).
KEY_RETENTION_SECONDS = 400 * SECONDS_PER_DAY
# What is kept under these ends with the epoch itself, and so does the key.
ENDING_WITH_EPOCH = frozenset((Purpose.POSTURE, Purpose.ATTESTATION))
APPROVALS_NEEDED = 2
# Published revocations are padded to a multiple of this, so that their number tells little.
REVOCATIONS_PER_BATCH = 64
_LABEL = b"enigm-handle-v1"
_TENANT_BYTES_MAX = 255


def epoch_of(purpose: Purpose, now_seconds: int) -> int:
    """Return the epoch a purpose is in. Epochs are staggered, so purposes do not turn together."""
    return (now_seconds + _stagger(purpose)) // EPOCH_SECONDS


def epoch_ends_at(scope: Scope) -> int:
    """Return when the handles of a scope give way to others, in Unix seconds."""
    return (scope.epoch + 1) * EPOCH_SECONDS - _stagger(scope.purpose)


def key_ends_at(scope: Scope) -> int:
    """Return when the key of a scope is destroyed, in Unix seconds."""
    kept_on = 0 if scope.purpose in ENDING_WITH_EPOCH else KEY_RETENTION_SECONDS
    return epoch_ends_at(scope) + kept_on


def handle_for(key: bytes, scope: Scope, subject: SubjectId) -> Handle:
    """Return a device's handle: HMAC-SHA256 over length-prefixed fields, cut to 20 bytes."""
    if len(subject) != SUBJECT_BYTES:
        raise RuntimeError("a subject is named by 32 bytes")
    tenant = scope.tenant.encode()
    if len(tenant) > _TENANT_BYTES_MAX:
        raise RuntimeError("a tenant's name has at most 255 bytes")
    fields = (scope.purpose.value.encode(), tenant, scope.epoch.to_bytes(4, "big"), subject)
    message = _LABEL + b"".join(len(field).to_bytes(2, "big") + field for field in fields)
    return Handle(hmac.digest(key, message, "sha256")[:HANDLE_BYTES])


def require_new_approver(lookup: Lookup, person: PersonHandle) -> None:
    """Return if this person may approve; raises AlreadyApprovedError."""
    if person == lookup.asker or person in lookup.approvers:
        raise AlreadyApprovedError


def require_approved(lookup: Lookup) -> None:
    """Return if two people other than the asker approved; raises ApprovalMissingError."""
    if len(set(lookup.approvers) - {lookup.asker}) < APPROVALS_NEEDED:
        raise ApprovalMissingError


def padding_count(revoked: Sequence[Handle]) -> int:
    """Return how many random handles hide the number of revoked ones."""
    return -len(revoked) % REVOCATIONS_PER_BATCH


@cache
def _stagger(purpose: Purpose) -> int:
    digest = hashlib.sha256(purpose.value.encode()).digest()
    return int.from_bytes(digest[:4], "big") % EPOCH_SECONDS
