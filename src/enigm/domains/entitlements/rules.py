"""When something begins and ends, and how it stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.entitlements.model import EntitlementState, Told

if TYPE_CHECKING:
    from collections.abc import Iterable

SECONDS_PER_DAY: Final = 86_400
_STATES: Final = {
    Told.ACTIVE: EntitlementState.ACTIVE,
    Told.FINAL: EntitlementState.ACTIVE,
    Told.SUSPENDED: EntitlementState.SUSPENDED,
    Told.ENDED: EntitlementState.ENDED,
}


def term(now_seconds: int, held_until: Iterable[int], term_days: int) -> tuple[int, int | None]:
    """Return when a new term begins and ends, in whole days.

    It begins where what is held of the same product ends, so nothing that was paid for is lost.
    """
    today_at = now_seconds - now_seconds % SECONDS_PER_DAY
    starts_at = max([today_at, *held_until])
    if term_days == 0:
        return starts_at, None
    # The day of activation is a gift: the term is whole days from the next one on.
    first_day_seconds = SECONDS_PER_DAY if starts_at == today_at else 0
    return starts_at, starts_at + first_day_seconds + term_days * SECONDS_PER_DAY


def state_after(told: Told) -> EntitlementState:
    """Return how something stands after what was told of it."""
    return _STATES[told]


def shown(state: EntitlementState, ends_at: int | None, now_seconds: int) -> EntitlementState:
    """Return how something stands now: what has ended has ended."""
    if ends_at is not None and ends_at <= now_seconds:
        return EntitlementState.ENDED
    return state
