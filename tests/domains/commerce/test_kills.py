"""A process that is killed anywhere neither loses nor makes money, or what was activated."""

from __future__ import annotations

import random  # noqa: TID251 - when to kill, not a secret
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
import sqlalchemy as sa

from enigm.domains.accounts.model import AccountId
from enigm.domains.commerce.model import Currency, MethodName
from enigm.domains.commerce.model.ledger import LedgerAccount
from enigm.domains.commerce.model.orders import ComebackCode, GuestsOrder
from enigm.domains.commerce.store.tables import ledger_txn, payment, refund, shop_order
from tests.domains.commerce.kill_target import market_in
from tests.support.clock import FakeClock
from tests.support.shop_and_holders import Market

ROUNDS = 6
ASSETS = {
    Currency.XMR: LedgerAccount.MONERO,
    Currency.BTC: LedgerAccount.BITCOIN,
}


def _trade_until_killed(folder: Path, seed: int, seconds: float) -> list[list[str]]:
    """Return what the child acknowledged before it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.domains.commerce.kill_target", folder, str(seed)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    lines: list[str] = []
    killer = Timer(seconds, child.kill)
    for line in child.stdout:
        # A line that the kill cut in two was never acknowledged to anybody.
        if line.endswith("\n"):
            lines.append(line)
        if line == "ready\n":
            killer.start()
    child.wait(timeout=30)
    child.stdout.close()
    killer.cancel()
    return [line.split() for line in lines]


def _assert_whole(market: Market) -> None:
    """Assert that the books balance and say what orders, payments and refunds say."""
    books = market.shop.commerce.books
    assert books.check().is_healthy
    with market.shop.database.read() as connection:
        booked = {
            Currency(currency): int(total)
            for currency, total in connection.execute(
                sa.select(shop_order.c.currency, sa.func.sum(payment.c.booked))
                .join(payment, payment.c.order_id == shop_order.c.order_id)
                .where(shop_order.c.method.in_((MethodName.MONERO, MethodName.BITCOIN)))
                .group_by(shop_order.c.currency)
            )
        }
        sent = {
            Currency(currency): int(total)
            for currency, total in connection.execute(
                sa.select(refund.c.currency, sa.func.sum(refund.c.amount))
                .where(refund.c.state == "sent")
                .group_by(refund.c.currency)
            )
        }
        kinds = connection.execute(
            sa.select(ledger_txn.c.reference, ledger_txn.c.kind).where(ledger_txn.c.kind == "sale")
        ).all()
    for currency, account in ASSETS.items():
        expected = booked.get(currency, 0) - sent.get(currency, 0)
        assert books.balance(account, currency) == expected
    assert len({reference for reference, _kind in kinds}) == len(kinds), "sold twice"


@pytest.mark.slow
@pytest.mark.requirement("PAY-14")
def test_killed_again_and_again_the_shop_neither_loses_nor_makes_money(tmp_path: Path) -> None:
    dice = random.Random(20_261_120)
    acknowledged: list[list[str]] = []
    for seed in range(ROUNDS):
        acknowledged += _trade_until_killed(tmp_path, seed, dice.uniform(0.02, 1.0))
        market = market_in(tmp_path, FakeClock())
        _assert_whole(market)
        market.shop.hear()
        market.deliver()
        market.shop.commerce.refunds.send_claimed(lambda _error: None)
        _assert_whole(market)
        for database in (market.shop.database, market.held):
            database.close()
    opened = [words[1:] for words in acknowledged if words[0] == "opened"]
    held = [words[1:] for words in acknowledged if words[0] == "held"]
    assert len(opened) > ROUNDS
    assert held
    market = market_in(tmp_path, FakeClock())
    for order_id, comeback in opened:
        own = GuestsOrder(ComebackCode(comeback))
        assert market.shop.commerce.ordering.order(own).order_id.hex() == order_id
    for account, entitlement_id in held:
        found = market.joined.activation.held_by(AccountId(bytes.fromhex(account)))
        assert [each.entitlement_id.hex() for each in found] == [entitlement_id]
    for database in (market.shop.database, market.held):
        database.close()
