"""Says whether anybody can buy here at all, and what an operator types so that somebody can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.model import MethodName

if TYPE_CHECKING:
    from enigm.domains.commerce.actions.minting import Mint
    from enigm.domains.commerce.actions.ordering import Ordering


@dataclass(frozen=True, slots=True)
class WayToOpen:
    """One way to let people buy: what is typed, and what is typed when that is done."""

    title: str
    command: str
    then: str
    document: str


# On a fresh service codes are the one way to pay, and nobody has any: any one of these changes it.
WAYS_TO_OPEN: Final = (
    WayToOpen(
        "Print codes and sell them",
        "enigm coin print 20 100 --to codes.txt",
        "enigm coin sell NUMBER --yes",
        "docs/operations.md",
    ),
    WayToOpen(
        "Take Monero",
        'ENIGM_PAYMENTS=\'{"monero": {"wallet_url": "http://127.0.0.1:18083", '
        '"daemon_url": "http://127.0.0.1:18081", "primary_address": "4…"}, '
        '"fixed_cents": {"XMR": 15000}}\' enigm up',
        "enigm shop methods",
        "docs/payments.md",
    ),
    WayToOpen(
        "Take cards",
        'ENIGM_PAYMENTS=\'{"card": {"url": "https://api.processor.example", '
        '"key_file": "/etc/enigm/card-key"}}\' enigm up',
        "enigm shop methods",
        "docs/operations.md",
    ),
)


def can_anybody_buy(ordering: Ordering, mint: Mint) -> bool:
    """Say whether something but codes is taken now, or codes are in somebody's hands."""
    takes_money = any(name is not MethodName.CODE for name in ordering.methods())
    return takes_money or mint.totals().outstanding_cents > 0
