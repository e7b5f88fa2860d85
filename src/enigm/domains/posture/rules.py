"""What a report amounts to, and the fixed bytes in which it is kept."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from enigm.domains.posture.model import KeptReport, PostureOverview, Standing
from enigm.wire.posture_report import Signal, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from enigm.domains.posture.model import PostureRow

# Updates come daily and people close their screens daily: what was well yesterday is not known.
FRESH_SECONDS = 24 * 3600
# A device reads its posture in under a second; a slow network has two minutes to carry it.
CHALLENGE_SECONDS = 120
# Ends that stand in the clear are rounded up to this, so that they tell no moment.
CHALLENGE_END_SECONDS = 600
# Room for more signals than there are, so that a new one changes no size.
SIGNALS_MAX = 32
_NOT_ASKED = 0xFF
_TIME_BYTES = 8


def standing_of(kept: KeptReport | None, now_seconds: int) -> Standing:
    """Return what the latest report amounts to; what is not known to be well is not good."""
    if kept is None:
        return Standing.MISSING
    if is_stale(kept, now_seconds):
        return Standing.STALE
    states = set(kept.states.values())
    if State.FALSE in states:
        return Standing.BAD
    return Standing.GOOD if states == {State.TRUE} else Standing.UNKNOWN


def is_stale(kept: KeptReport | None, now_seconds: int) -> bool:
    """Say whether there is a report that is too old to count."""
    return kept is not None and now_seconds - kept.taken_at > FRESH_SECONDS


def words_of(kept: KeptReport | None, standing: Standing) -> dict[str, str]:
    """Return each signal's word for a policy: its state, or why there is none."""
    if kept is None or standing in (Standing.MISSING, Standing.STALE):
        return {signal.word: standing.value for signal in Signal}
    return {signal.word: kept.states.get(signal, State.UNKNOWN).word for signal in Signal}


def challenge_end(now_seconds: int) -> int:
    """Return when a challenge's row goes, rounded."""
    end = now_seconds + CHALLENGE_SECONDS
    return end + -end % CHALLENGE_END_SECONDS


def overview_of(rows: Sequence[PostureRow]) -> PostureOverview:
    """Count rows by standing and by signal."""
    by_signal = {
        signal: Counter(row.states[signal] for row in rows if signal in row.states)
        for signal in Signal
    }
    counted = {signal: states for signal, states in by_signal.items() if states}
    return PostureOverview(tuple(rows), Counter(row.standing for row in rows), counted)


def packed(taken_at: int, states: Mapping[Signal, State]) -> bytes:
    """Return a report in 40 bytes, however many signals it has."""
    numbers = {int(signal): int(state) for signal, state in states.items()}
    body = bytes(numbers.get(place, _NOT_ASKED) for place in range(SIGNALS_MAX))
    return taken_at.to_bytes(_TIME_BYTES, "big") + body


def unpacked(octets: bytes) -> KeptReport:
    """Read what ``packed`` made."""
    body = octets[_TIME_BYTES:]
    states = {s: State(body[s]) for s in Signal if body[s] != _NOT_ASKED}
    return KeptReport(int.from_bytes(octets[:_TIME_BYTES], "big"), states)
