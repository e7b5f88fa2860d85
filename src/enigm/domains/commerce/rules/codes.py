"""Quarters, change, and what the public lists of keys and totals say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.model.codes import DENOMINATIONS_CENTS, SIGNED_MAX, KeyKind
from enigm.foundation.encoding import base64url_encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from enigm.domains.commerce.model.codes import CodeKey, Wanted
    from enigm.wire.code_coin import KeyNumber

# Codes can be spent this long after their quarter: gifts and drawers are slow.
REDEEM_SECONDS: Final = 3 * 366 * 86_400
# Change below this is too little for a code of its own.
SMALLEST_CENTS: Final = DENOMINATIONS_CENTS[0]
_QUARTER_MONTHS: Final = 3

KEY_LIST: Final = "enigm code keys 1"
TOTALS_LIST: Final = "enigm code totals 1"


def quarter_of(now_seconds: int) -> tuple[str, int]:
    """Return a quarter's name (``2026Q4``) and the second at which it ends."""
    now = datetime.fromtimestamp(now_seconds, UTC)
    quarter = (now.month - 1) // _QUARTER_MONTHS
    month = quarter * _QUARTER_MONTHS + _QUARTER_MONTHS + 1
    ends = datetime(now.year + (month > 12), (month - 1) % 12 + 1, 1, tzinfo=UTC)  # noqa: PLR2004
    return f"{now.year}Q{quarter + 1}", int(ends.timestamp())


def denominated(cents: int) -> dict[int, int]:
    """Return how many codes of each value make up an amount, the fewest; a rest stays out."""
    counts: dict[int, int] = {}
    for value in reversed(DENOMINATIONS_CENTS):
        count, cents = divmod(cents, value)
        if count:
            counts[value] = count
    return counts


def worth_of(wanted: Iterable[Wanted], values: Mapping[KeyNumber, int]) -> int | None:
    """Return what a request comes to in cents; None where it is malformed or too large."""
    asked = list(wanted)
    count = sum(len(each.blinded) for each in asked)
    is_whole = all(each.blinded and each.key in values for each in asked)
    is_once = len({each.key for each in asked}) == len(asked)
    if not is_whole or not is_once or count > SIGNED_MAX:
        return None
    return sum(values[each.key] * len(each.blinded) for each in asked)


def key_line(key: CodeKey, public: bytes) -> str:
    """Return a key's line in the public list; a printed batch's key is secret, its hash is not."""
    name = "public" if key.kind is KeyKind.BLIND else f"codes {key.printed} hash"
    return (
        f"key {key.number} kind {key.kind} value {key.value_cents} epoch {key.epoch} "
        f"{name} {base64url_encode(public)} issue-until {key.issue_until} "
        f"redeem-until {key.redeem_until}"
    )


def totals_line(day: str, keys: Iterable[CodeKey], liability_cents: int) -> str:
    """Return a day's line in the public list of totals; the keys' own numbers follow it."""
    counted = list(keys)
    issued = sum(key.issued * key.value_cents for key in counted)
    redeemed = sum(key.redeemed * key.value_cents for key in counted)
    return (
        f"day {day} issued {issued} redeemed {redeemed} outstanding {issued - redeemed} "
        f"booked {liability_cents}"
    )
