"""Orders, payments, activations and refunds under crashes before and after any commit."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from enigm.assembly import commerce as assembly
from enigm.domains.accounts.model import AccountId
from enigm.domains.commerce.model import Currency, MethodName, PaymentEventKind
from enigm.domains.commerce.model.ledger import LedgerAccount
from enigm.domains.commerce.model.orders import ComebackCode, GuestsOrder, OpenedOrder
from enigm.domains.commerce.store.tables import ledger_txn, payment, refund, shop_order
from enigm.domains.entitlements.store.tables import entitlement
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.errors import Refusal
from enigm.foundation.sqlcipher import open_sqlcipher
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.shop import open_shop
from tests.support.shop_and_holders import Market, open_market

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from enigm.foundation.database import Database

XMR = Currency.XMR
SEEN, CONFIRMED = PaymentEventKind.SEEN, PaymentEventKind.CONFIRMED
REVERTED = PaymentEventKind.REVERTED


class CrashError(Exception):
    """The process is gone."""


class Fuse:
    """Burns down at each end of a transaction; at 0 the process is gone. None: it never is."""

    def __init__(self) -> None:
        self.left: int | None = None

    def burn(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise CrashError


class CrashingDatabase:
    """A store whose process may die just before or just after any commit."""

    def __init__(self, database: Database, fuse: Fuse) -> None:
        self._database = database
        self._fuse = fuse

    @contextmanager
    def begin(self) -> Generator[sa.Connection]:
        with self._database.begin() as connection:
            yield connection
            self._fuse.burn()
        self._fuse.burn()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


class Crashes(RuleBasedStateMachine):
    """Whatever is done, and wherever it is cut off, the books say what happened outside."""

    fuses = st.one_of(st.none(), st.integers(0, 9))

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.fuse = Fuse()
        self.stores = [
            open_sqlcipher(
                Path(self.folder.name) / f"{domain}.db",
                keys_of_tests().derive(domain, "store"),
                domain=domain,
            )
            for domain in ("commerce", "entitlements")
        ]
        self.crashing = [
            cast("Database", CrashingDatabase(store, self.fuse)) for store in self.stores
        ]
        self.clock = FakeClock()
        self.market = open_market(self.stores[0], self.stores[1], self.clock)
        self.methods = self.market.shop.methods
        self.orders: list[OpenedOrder] = []
        self.secrets: list[str] = []
        self.restart()

    def restart(self) -> None:
        """Begin a new process on what the old one left."""
        self.fuse.left = None
        commerce, held = self.crashing
        # Dice that were not thrown before: a new process does not repeat the old one's ids.
        entropy = self.market.shop.around.entropy
        shop = open_shop(commerce, self.clock, entropy, self.methods)
        self.market = Market(
            shop, assembly.join_entitlements(shop.around, shop.commerce, held), held
        )

    def attempt(self, deed: Callable[[], object], fuse: int | None) -> None:
        self.fuse.left = fuse
        try:
            deed()
        except CrashError:
            self.restart()
        except Refusal:
            pass
        finally:
            self.fuse.left = None

    @rule(fuse=fuses, sku=st.sampled_from(["app-3m", "cmd-1y"]))
    def order(self, fuse: int | None, sku: str) -> None:
        self.attempt(lambda: self.orders.append(self.market.shop.order(sku)), fuse)

    @precondition(lambda self: self.orders)
    @rule(
        data=st.data(),
        kind=st.sampled_from([SEEN, CONFIRMED, CONFIRMED, REVERTED]),
        confirmations=st.sampled_from([1, 10, 25]),
        halves=st.sampled_from([1, 2, 2, 2, 4]),
        fuse=fuses,
    )
    def pay(
        self,
        data: st.DataObject,
        kind: PaymentEventKind,
        confirmations: int,
        halves: int,
        fuse: int | None,
    ) -> None:
        opened = data.draw(st.sampled_from(self.orders))
        amount = opened.view.due * halves // 2
        reference = self.market.shop.reference(opened)
        name = f"of {halves}"
        self.methods[MethodName.MONERO].tell(reference, kind, amount, confirmations, name)
        self.attempt(self.market.shop.hear, fuse)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), who=st.integers(0, 2), fuse=fuses)
    def activate(self, data: st.DataObject, who: int, fuse: int | None) -> None:
        token = self.market.shop.view(data.draw(st.sampled_from(self.orders))).token
        if token is not None:
            account, text = AccountId(bytes([who]) * 16), base64url_encode(token)
            self.attempt(lambda: self.market.joined.activation.activate(account, text), fuse)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), fuse=fuses)
    def give_back(self, data: st.DataObject, fuse: int | None) -> None:
        opened = data.draw(st.sampled_from(self.orders))
        refunds = self.market.shop.commerce.refunds

        def deed() -> None:
            secret = refunds.offer(GuestsOrder(opened.comeback or ComebackCode("")))
            self.secrets.append(secret)
            refunds.claim(secret, "4Home")
            refunds.send_claimed(lambda _error: None)

        self.attempt(deed, fuse)

    @rule(hours=st.sampled_from([1, 30]), fuse=fuses)
    def wait(self, hours: int, fuse: int | None) -> None:
        self.clock.advance(hours * 3600)
        self.attempt(self.market.shop.hear, fuse)
        self.attempt(self.market.deliver, fuse)

    @invariant()
    def the_books_balance_and_say_what_the_payments_say(self) -> None:
        if not hasattr(self, "market"):
            return
        books = self.market.shop.commerce.books
        assert books.check().is_healthy
        with self.stores[0].read() as connection:
            booked = connection.execute(sa.select(sa.func.sum(payment.c.booked))).scalar() or 0
            gone = sa.select(sa.func.sum(refund.c.amount)).where(refund.c.state == "sent")
            sent = connection.execute(gone).scalar() or 0
            sales = connection.execute(
                sa.select(ledger_txn.c.reference).where(ledger_txn.c.kind == "sale")
            ).scalars()
            assert max(Counter(sales).values(), default=1) == 1, "sold twice"
        assert books.balance(LedgerAccount.MONERO, XMR) == booked - sent
        assert books.balance(LedgerAccount.DEPOSITS, Currency.EUR) <= 0
        assert books.balance(LedgerAccount.REFUNDS, Currency.EUR) <= 0

    def teardown(self) -> None:
        if not hasattr(self, "market"):
            return
        self.fuse.left = None
        self.market.shop.hear()
        self.market.deliver()
        self.market.shop.commerce.refunds.send_claimed(lambda _error: None)
        self.the_books_balance_and_say_what_the_payments_say()
        refunded = self.methods[MethodName.MONERO].refunded
        with self.stores[0].read() as connection:
            sent = connection.execute(sa.select(refund).where(refund.c.state == "sent")).all()
            used = connection.execute(
                sa.select(shop_order.c.token_state).where(
                    shop_order.c.token_state.in_(("claimed", "taken", "ended"))
                )
            ).all()
        assert {row.reference: row.amount for row in sent} == {
            reference: money.amount for reference, (money, _where) in refunded.items()
        }
        with self.stores[1].read() as connection:
            held = connection.execute(sa.select(entitlement)).all()
        assert len(held) <= len(used), "an entitlement without an order that was used"
        for store in self.stores:
            store.close()
        self.folder.cleanup()


CrashTests = Crashes.TestCase
CrashTests.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
pytestmark = [pytest.mark.slow, pytest.mark.requirement("PAY-14")]
