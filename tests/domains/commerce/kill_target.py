"""Trades without end on a store in a folder, until it is killed: a child of test_kills."""

from __future__ import annotations

import random  # noqa: TID251 - the story's dice, not for secrets
import sys
from pathlib import Path

from enigm.domains.accounts.model import AccountId
from enigm.domains.commerce.model import MethodName, PaymentEventKind
from enigm.domains.commerce.model.orders import ComebackCode, GuestsOrder, OpenedOrder
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import Refusal
from enigm.foundation.sqlcipher import open_sqlcipher
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.shop_and_holders import Market, open_market

KINDS = (PaymentEventKind.SEEN, PaymentEventKind.CONFIRMED, PaymentEventKind.REVERTED)


def market_in(folder: Path, clock: FakeClock | None = None) -> Market:
    """Open both stores in the folder."""
    commerce, entitlements = (
        open_sqlcipher(
            folder / f"{domain}.db", keys_of_tests().derive(domain, "store"), domain=domain
        )
        for domain in ("commerce", "entitlements")
    )
    return open_market(commerce, entitlements, clock, SystemEntropy())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def trade(market: Market, dice: random.Random) -> None:
    """Do the next thing that somebody might do, and acknowledge what was acknowledged to them."""
    opened = market.shop.order(dice.choice(["app-3m", "cmd-1y"]), dice.choice(list(MethodName)))
    _say(f"opened {opened.order_id.hex()} {opened.comeback}")
    share = dice.choice([1, 1, 1, 2])
    for kind in (*dice.choices(KINDS, k=2), PaymentEventKind.CONFIRMED):
        market.shop.tell(
            opened, kind, dice.choice([0, 1, 25]), amount=opened.view.due * share, payment="one"
        )
    _activate(market, opened, dice)
    _give_back(market, opened)


def _activate(market: Market, opened: OpenedOrder, dice: random.Random) -> None:
    token = market.shop.view(opened).token
    if token is None or dice.random() < 0.3:
        return
    account = AccountId(dice.randbytes(16))
    held = market.joined.activation.activate(account, base64url_encode(token))
    _say(f"held {account.hex()} {held.entitlement_id.hex()}")


def _give_back(market: Market, opened: OpenedOrder) -> None:
    try:
        secret = market.shop.commerce.refunds.offer(
            GuestsOrder(opened.comeback or ComebackCode(""))
        )
        market.shop.commerce.refunds.claim(secret, "4Home")
    except Refusal:
        return
    market.shop.commerce.refunds.send_claimed(lambda _error: None)


def main(folder: str, seed: str) -> None:
    """Trade for ever; the parent kills this process somewhere in the middle."""
    market = market_in(Path(folder))
    dice = random.Random(int(seed))
    market.shop.hear()
    market.deliver()
    _say("ready")
    while True:
        trade(market, dice)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
