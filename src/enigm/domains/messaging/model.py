"""What delivery knows: places with a log each, epochs, and what was appended."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import Final, NewType

PlaceName = NewType("PlaceName", bytes)
"""16 bytes made from a channel's or an inbox's public name; the name itself is not kept."""

PlaceNumber = NewType("PlaceNumber", int)

PLACE_NAME_BYTES: Final = 16
SECONDS_PER_HOUR: Final = 3600
SECONDS_PER_DAY: Final = 86_400

TTL_SECONDS_DEFAULT: Final = 14 * SECONDS_PER_DAY
# Longer storage belongs on members' devices, not here.
TTL_SECONDS_MAX: Final = 30 * SECONDS_PER_DAY
# A retry may come as late as the longest-lived record: its key must still be known then.
ACKNOWLEDGEMENT_SECONDS: Final = TTL_SECONDS_MAX
# Longer than any record of the epoch lives, so that every readable record has its epoch.
PAST_EPOCH_SECONDS: Final = TTL_SECONDS_MAX + 5 * SECONDS_PER_DAY
UNUSED_PLACE_SECONDS: Final = 180 * SECONDS_PER_DAY


class PlaceKind(Enum):
    """The two kinds of log; an inbox is a channel of one epoch that strangers may write to."""

    CHANNEL = b"enigm channel v1"
    INBOX = b"enigm inbox v1"


@dataclass(frozen=True, slots=True)
class Place:
    """One log as it stands now."""

    number: PlaceNumber
    name: PlaceName
    epoch: int
    token_hash: bytes
    # Records of the current epoch have greater numbers than this one.
    epoch_after_seq: int
    last_seq: int
    used_at: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of a place: its secret's hash and its records.

    The records stand after ``after_seq``, up to and with ``last_seq``: the commit that ended the
    epoch, or None while it goes on.
    """

    place: PlaceNumber
    number: int
    token_hash: bytes
    after_seq: int
    last_seq: int | None
    # How far the place's log has come, and the day it was used last.
    log_last_seq: int
    used_at: int


@dataclass(frozen=True, slots=True)
class Appended:
    """A record that is on stable storage and not yet told to those who listen."""

    name: PlaceName
    epoch: int
    seq: int
    is_commit: bool
    body: bytes


def place_name(kind: PlaceKind, public_name: bytes) -> PlaceName:
    """Return what is kept instead of a channel's or inbox's name, so that a store tells none."""
    return PlaceName(hashlib.sha256(kind.value + public_name).digest()[:PLACE_NAME_BYTES])


def secret_hash(secret: bytes) -> bytes:
    """Return what is kept instead of an epoch's token or an inbox's read secret."""
    return hashlib.sha256(secret).digest()
