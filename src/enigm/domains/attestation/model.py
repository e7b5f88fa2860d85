"""Enrolled devices, what their evidence amounts to, and whom the operator believes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NewType

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

AttestationHandle = NewType("AttestationHandle", bytes)
"""20 bytes: a device's name here, for one epoch."""


class Standing(Enum):
    """What the latest evidence amounts to. Only ``good`` is good."""

    GOOD = "good"
    BAD = "bad"
    STALE = "stale"
    MISSING = "missing"


class Step(Enum):
    """What a challenge is for."""

    ENROL = "enrol"
    PROVE = "prove"


class AnchorKind(Enum):
    """Whom the operator believes, and about what."""

    MAKER = "maker"
    """A root certificate of a TPM's maker, DER."""
    REFERENCE_KEY = "reference key"
    """The hybrid public key that signs reference values."""


@dataclass(frozen=True, slots=True)
class Attester:
    """Who gives evidence, as this domain may know it.

    Args:
        handle: the device's name here.
        handle_ends_at: when that name gives way to another, in Unix seconds.
        device_public: what the quote's nonce is bound to; it is not kept.
    """

    handle: AttestationHandle = field(repr=False)
    handle_ends_at: int
    device_public: bytes = field(repr=False)


class KeptDevice(msgspec.Struct, frozen=True):
    """What is kept of a device: its key's public area, its counters, its latest verdict."""

    public_area: bytes
    resets: int = 0
    restarts: int = 0
    is_bad: bool = False
    verdict: bytes = b""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A certificate or key that the operator believes."""

    anchor_id: str
    kind: AnchorKind
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReferenceChange:
    """What new reference values change: labels that come and go, and verdicts that end."""

    version: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    ended_verdicts: int


@dataclass(frozen=True, slots=True)
class AttestationRow:
    """One device as an administrator sees it: a handle, how it stands, which good state."""

    handle: AttestationHandle
    standing: Standing
    state: str


@dataclass(frozen=True, slots=True)
class AttestationOverview:
    """How many devices stand how, and each row under its handle."""

    rows: tuple[AttestationRow, ...]
    by_standing: Mapping[Standing, int]
