"""Reports as they are kept, and what they amount to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.wire.posture_report import Signal, State

PostureHandle = NewType("PostureHandle", bytes)
"""20 bytes: a device's name here, for one epoch."""


class Standing(Enum):
    """What the latest report amounts to. Only ``good`` is good."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports, as this domain may know it.

    Args:
        handle: the device's name here.
        handle_ends_at: when that name gives way to another, in Unix seconds.
        device_public: the Ed25519 key that signs its reports; it is not kept.
        asked: the signals that the policy of this device looks at.
    """

    handle: PostureHandle = field(repr=False)
    handle_ends_at: int
    device_public: bytes = field(repr=False)
    asked: frozenset[Signal]


@dataclass(frozen=True, slots=True)
class Challenge:
    """What one report has to answer, once."""

    handle: PostureHandle = field(repr=False)
    nonce: bytes = field(repr=False)
    asked: frozenset[Signal]


@dataclass(frozen=True, slots=True)
class KeptReport:
    """The states that were asked for, and when they were read."""

    taken_at: int
    states: Mapping[Signal, State]


@dataclass(frozen=True, slots=True)
class PostureRow:
    """One device as an administrator sees it: a handle, and words from closed lists."""

    handle: PostureHandle
    standing: Standing
    states: Mapping[Signal, State]


@dataclass(frozen=True, slots=True)
class PostureOverview:
    """How many devices stand how, in all and by signal, and each row under its handle."""

    rows: tuple[PostureRow, ...]
    by_standing: Mapping[Standing, int]
    by_signal: Mapping[Signal, Mapping[State, int]]
