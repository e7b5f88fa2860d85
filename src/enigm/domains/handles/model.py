"""Purposes, handles, and a request to find out whose handle one is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, NewType

Handle = NewType("Handle", bytes)
"""20 bytes: a device's name for one purpose, tenant and epoch."""
SubjectId = NewType("SubjectId", bytes)
"""32 bytes: the name under which this domain alone knows a device."""
LookupId = NewType("LookupId", bytes)
"""16 random bytes."""
PersonHandle = NewType("PersonHandle", bytes)
"""Who asks or approves, as the audit log names them."""

HANDLE_BYTES = 20
SUBJECT_BYTES = 32


class Purpose(Enum):
    """The closed list of what a handle may be for. Each has keys and epochs of its own."""

    MANAGEMENT = "management"
    POLICY = "policy"
    AUDIT = "audit"
    UPDATES = "updates"
    POSTURE = "posture"
    ATTESTATION = "attestation"
    INTELLIGENCE = "intelligence"

    # A member is one object. Enum's own hash is made of its name anew each time, in Python.
    __hash__ = object.__hash__


class Scope(NamedTuple):
    """Where a handle means something: a purpose, a tenant and an epoch."""

    purpose: Purpose
    tenant: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """A request to resolve a handle, and who approved it so far."""

    lookup_id: LookupId
    scope: Scope
    handle: Handle
    asker: PersonHandle
    approvers: tuple[PersonHandle, ...]
