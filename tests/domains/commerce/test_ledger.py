"""The books balance, never change, book once, and an outside judge agrees."""

from __future__ import annotations

import random  # noqa: TID251 - the same dice in every run, not for secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from enigm.domains.commerce.errors import LedgerError
from enigm.domains.commerce.model import Currency
from enigm.domains.commerce.model.ledger import Booked, Entry, LedgerAccount, Posting
from enigm.domains.commerce.store import ledger
from enigm.domains.commerce.store.tables import ledger_entry, ledger_txn
from enigm.foundation.database import Database
from tests.support.shop import Shop

BEAN_CHECK = Path(sys.executable).parent / "bean-check"
EUR, XMR = Currency.EUR, Currency.XMR
SALE = (
    Entry(LedgerAccount.ACQUIRER, 18_00, EUR),
    Entry(LedgerAccount.SALES, -15_00, EUR),
    Entry(LedgerAccount.VAT, -3_00, EUR),
)


def booked(number: int, *entries: Entry) -> Booked:
    return Booked(number.to_bytes(16, "big"), 20_000, "test", None, entries)


def post(shop: Shop, key: str, *entries: Entry) -> bool:
    with shop.database.begin() as connection:
        return shop.commerce.books.post(connection, Posting(key, "test", entries))


@pytest.mark.requirement("PAY-14")
def test_the_same_key_books_once(shop: Shop) -> None:
    assert post(shop, "one", *SALE)
    assert not post(shop, "one", *SALE)
    assert post(shop, "two", *SALE)
    assert shop.commerce.books.balance(LedgerAccount.ACQUIRER, EUR) == 36_00
    assert shop.commerce.books.check().is_healthy


def test_our_own_code_cannot_post_what_does_not_balance(shop: Shop) -> None:
    for entries in (
        SALE[:2],
        (*SALE, Entry(LedgerAccount.VAT, 0, EUR)),
        (Entry(LedgerAccount.MONERO, 5, XMR), Entry(LedgerAccount.SALES, -5, EUR)),
    ):
        with pytest.raises(LedgerError):
            post(shop, "wrong", *entries)


def _refused(database: Database, *statements: sa.Executable) -> None:
    """Assert that the last of these is refused, and all are undone."""
    with pytest.raises(DBAPIError), database.begin() as connection:
        _execute(connection, statements)


def _execute(connection: sa.Connection, statements: Sequence[sa.Executable]) -> None:
    for statement in statements:
        connection.execute(statement)


@pytest.mark.requirement("PAY-14")
def test_the_database_refuses_whatever_would_unbalance_the_books(shop: Shop) -> None:
    database = shop.database
    post(shop, "one", *SALE)
    for wrong in (
        booked(1, *SALE[:2]),
        booked(2, Entry(LedgerAccount.MONERO, 5, XMR), Entry(LedgerAccount.SALES, -5, EUR)),
    ):
        with pytest.raises(DBAPIError), database.begin() as connection:
            ledger.add_transaction(connection, wrong.txn_id * 2, wrong)
    with database.read() as connection:
        txn_id = connection.execute(sa.select(ledger_txn.c.txn_id)).scalar_one()
    more = {"txn_id": txn_id, "line": 9, "account": "x", "amount": 1, "currency": "EUR"}
    _refused(database, ledger_entry.insert().values(more))
    _refused(database, ledger_entry.insert().values({**more, "txn_id": bytes(16)}))
    _refused(database, ledger_entry.update().values(amount=7))
    _refused(database, ledger_entry.delete())
    _refused(database, ledger_txn.delete())
    _refused(database, ledger_txn.update().values(kind="other"))
    _refused(database, ledger_txn.update().values(sealed=0))
    head = {"txn_id": bytes(16), "idempotency_key": bytes(32), "kind": "x", "day": 1}
    _refused(database, ledger_txn.insert().values({**head, "sealed": 1}))
    begun = ledger_txn.insert().values({**head, "sealed": 0})
    _refused(database, begun, ledger_txn.update().values(sealed=1))
    nothing = {**more, "txn_id": bytes(16), "amount": 0}
    _refused(database, begun, ledger_entry.insert().values(nothing))
    assert shop.commerce.books.check().is_healthy
    assert shop.commerce.books.balance(LedgerAccount.ACQUIRER, EUR) == 18_00


@pytest.mark.postgres
def test_the_books_cannot_be_emptied_at_one_stroke(open_postgres_database) -> None:
    from tests.support.shop import open_shop

    shop = open_shop(open_postgres_database("commerce"))
    post(shop, "one", *SALE)
    for table in ("ledger_entry", "ledger_txn"):
        _refused(shop.database, sa.text(f"TRUNCATE {table}"))


def _random_entries(dice: random.Random) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for currency in dice.sample(list(Currency), dice.randint(1, 3)):
        amounts = [
            dice.randint(1, 10**12) * dice.choice((1, -1)) for _ in range(dice.randint(1, 3))
        ]
        total = sum(amounts)
        amounts += [-total] if total else [5, -5]
        entries += [Entry(dice.choice(list(LedgerAccount)), each, currency) for each in amounts]
    return tuple(entries)


def _judge(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BEAN_CHECK, "--no-cache", path], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.requirement("PAY-14")
def test_ten_thousand_random_transactions_please_an_outside_judge_and_a_tampered_cent_does_not(
    one_shop: Shop, tmp_path: Path
) -> None:
    dice = random.Random(20_261_120)
    with one_shop.database.begin() as connection:
        for number in range(10_000):
            posting = Posting(f"random {number}", "test", _random_entries(dice))
            assert one_shop.commerce.books.post(connection, posting)
    assert one_shop.commerce.books.check().is_healthy
    text = "\n".join(one_shop.commerce.books.written()) + "\n"
    assert text.count(' * "test"') == 10_000
    good, bad = tmp_path / "good.beancount", tmp_path / "bad.beancount"
    good.write_text(text)
    judged = _judge(good)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    lines = text.splitlines()
    euros = [at for at, line in enumerate(lines) if line.startswith("  ") and line.endswith("EUR")]
    chosen = dice.choice(euros)
    account, amount, _eur = lines[chosen].split()
    lines[chosen] = f"  {account}  {float(amount) + 0.01:.2f} EUR"
    bad.write_text("\n".join(lines) + "\n")
    assert _judge(bad).returncode != 0
