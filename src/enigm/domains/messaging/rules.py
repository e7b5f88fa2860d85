"""How delivery decides: who may append, when a record ends."""

from __future__ import annotations

from enum import Enum
from hmac import compare_digest
from typing import Final

from enigm.domains.messaging.model import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    TTL_SECONDS_DEFAULT,
    TTL_SECONDS_MAX,
)

# An end told to the second would tell when a message was sent.
COARSE_END_SECONDS: Final = SECONDS_PER_HOUR
FINE_END_SECONDS: Final = 60


class Membership(Enum):
    """What a presented epoch and token say about whoever presents them."""

    CURRENT = "current"
    PAST = "past"
    NONE = "none"


def membership(
    current: tuple[int, bytes], epoch: int, presented_hash: bytes, past_hash: bytes | None
) -> Membership:
    """Judge a token for an epoch.

    Args:
        current: the place's epoch and the hash of its token.
        epoch: which epoch the token is said to be of.
        presented_hash: the hash of the token that was presented.
        past_hash: the hash of the named epoch's token, if that epoch has ended.
    """
    current_epoch, current_hash = current
    if epoch == current_epoch and compare_digest(presented_hash, current_hash):
        return Membership.CURRENT
    if past_hash is not None and compare_digest(presented_hash, past_hash):
        return Membership.PAST
    return Membership.NONE


def ends_at(now_seconds: int, ttl_seconds: int) -> int:
    """Return when a record ends: 0 asks for the default, more than the most is cut to it."""
    ttl = min(ttl_seconds, TTL_SECONDS_MAX) or TTL_SECONDS_DEFAULT
    grain = COARSE_END_SECONDS if ttl >= SECONDS_PER_DAY else FINE_END_SECONDS
    return _rounded_up(now_seconds + ttl, grain)


def forgotten_at(now_seconds: int, kept_seconds: int) -> int:
    """Return when bookkeeping ends, to the day."""
    return _rounded_up(now_seconds + kept_seconds, SECONDS_PER_DAY)


def day_of(now_seconds: int) -> int:
    """Return the second this day began: use is noted no finer."""
    return now_seconds - now_seconds % SECONDS_PER_DAY


def _rounded_up(seconds: int, grain: int) -> int:
    return -(-seconds // grain) * grain
