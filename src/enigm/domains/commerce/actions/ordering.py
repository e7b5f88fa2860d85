"""Open orders, and show them to whoever opened them."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

import msgspec

from enigm.domains.commerce.actions.documents import countries
from enigm.domains.commerce.errors import (
    MethodUnavailableError,
    NotOnSaleYetError,
    OfferUnknownError,
    OrderUnknownError,
    PurchaseLimitedError,
    PurchaseRejectedError,
)
from enigm.domains.commerce.model import (
    PAYMENT_REFERENCE_BYTES,
    Currency,
    Instruction,
    MethodName,
    Money,
    PaymentReference,
    Quote,
)
from enigm.domains.commerce.model.catalogue import Sale
from enigm.domains.commerce.model.orders import (
    ORDER_ID_BYTES,
    ActivationToken,
    Buyer,
    BuyersOrder,
    ComebackCode,
    Flag,
    OpenedOrder,
    Order,
    OrderId,
    OrderState,
    OrderView,
    Standing,
    Terms,
    TokenState,
)
from enigm.domains.commerce.model.review import ORDER_HANDLE_BYTES, OrderHandle
from enigm.domains.commerce.model.trade import Outcome
from enigm.domains.commerce.rules import orders as rules
from enigm.domains.commerce.rules import prices, wording
from enigm.domains.commerce.rules.trade import Purchase, rule_on
from enigm.domains.commerce.store import documents as document_store
from enigm.domains.commerce.store import orders as store
from enigm.domains.commerce.store.orders import KeptOrder
from enigm.foundation.encoding import base32_encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    import sqlalchemy as sa

    from enigm.domains.commerce.actions.documents import Documents
    from enigm.domains.commerce.actions.guests import GuestOrders
    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.actions.progress import Progress
    from enigm.domains.commerce.actions.rates import Rates
    from enigm.domains.commerce.model.catalogue import Catalogue, Offer
    from enigm.domains.commerce.model.orders import OwnOrder
    from enigm.domains.commerce.model.trade import Ruling
    from enigm.domains.commerce.needs import GuestWork, PaymentMethod

# 120 bits in six groups of four: typed from paper, and never guessed.
COMEBACK_BYTES: Final = 15
_GROUP: Final = 4
# No rate moves beneath a price in EUR; a hosted page needs half an hour at least.
EUR_LOCK_SECONDS: Final = 3600
SECONDS_PER_DAY: Final = 86_400


class Ordering:
    """The shop's counter."""

    def __init__(
        self,
        premises: Premises,
        documents: Documents,
        rates: Rates,
        progress: Progress,
        methods: Mapping[MethodName, PaymentMethod],
        guests: GuestOrders,
    ) -> None:
        """Keep what it stands on; only the operator's methods are offered."""
        self._premises = premises
        self._documents = documents
        self._rates = rates
        self._progress = progress
        self._methods = methods
        self._guests = guests

    def catalogue(self) -> Catalogue:
        """Return what is on offer."""
        return self._documents.in_force().catalogue

    def countries(self) -> dict[str, str]:
        """Return the countries to choose from: names by their two letters."""
        return countries()

    def methods(self) -> tuple[MethodName, ...]:
        """Return the ways to pay that can be used now: set up, and with an honest rate."""
        return tuple(name for name in MethodName if self._can_be_used(name))

    def open_order(
        self,
        buyer: Buyer | None,
        sku: str,
        country: str,
        method: MethodName,
        work: GuestWork | None = None,
    ) -> OpenedOrder:
        """Open an order, for a buyer or for a guest, who gets a code to come back with.

        Where many guests order at once, a guest's brings ``work``; a buyer's never needs any.

        Raises:
            OfferUnknownError, NotOnSaleYetError, MethodUnavailableError, PurchaseRejectedError,
            PurchaseLimitedError, DocumentUnverifiableError, DocumentRolledBackError.
            GuestOrdersFullError, GuestWorkNeededError, or what the keeper of the work refuses.
        """
        in_force = self._documents.in_force()
        offer = in_force.catalogue.offer(sku)
        if offer is None:
            raise OfferUnknownError
        if offer.sale is not Sale.OPEN:
            raise NotOnSaleYetError
        if not self._can_be_used(method):
            raise MethodUnavailableError
        comeback = None if buyer else self._new_comeback()
        if buyer is None:
            self._guests.admit(method, work)
        is_counted = False

        def deed(connection: sa.Connection) -> tuple[Ruling, Order | None]:
            nonlocal is_counted
            ruling = self._rule(connection, buyer, offer, country, method)
            # Counted even where it refuses, which is why the refusal is raised elsewhere.
            document_store.count_ruling(
                connection, self._premises.now // SECONDS_PER_DAY, ruling.version, ruling.outcome
            )
            if ruling.outcome not in (Outcome.ALLOWED, Outcome.HELD):
                return ruling, None
            if buyer is None:
                self._guests.require_room(connection, method)
                if not is_counted:
                    # A deed may be done twice; the hour's room is taken once.
                    self._guests.count(method)
                    is_counted = True
            order = self._new_order(buyer, offer, country, method, ruling)
            hashed = None if comeback is None else self._hashed_comeback(comeback)
            handle = OrderHandle(self._premises.entropy.random_bytes(ORDER_HANDLE_BYTES))
            store.add(connection, KeptOrder(order, handle, hashed, self._premises.today_at))
            return ruling, order

        ruling, order = self._premises.database.together(deed)
        if order is None:
            raise _refusal(ruling)
        return OpenedOrder(order.order_id, comeback, self._view(order))

    def order(self, own: OwnOrder) -> OrderView:
        """Return one's own order; raises OrderUnknownError for any other."""
        return self._view(self.own(own))

    def orders(self, buyer: Buyer) -> list[OrderView]:
        """Return a buyer's orders, newest day first."""
        with self._premises.database.read() as connection:
            found = store.of_buyer(connection, buyer)
        return [self._view(order) for order in found]

    def own(self, own: OwnOrder) -> Order:
        """Return one's own order; raises OrderUnknownError for any other."""
        with self._premises.database.read() as connection:
            return self.own_within(connection, own)

    def own_within(
        self, connection: sa.Connection, own: OwnOrder, *, to_change: bool = False
    ) -> Order:
        """Return one's own order within a transaction; raises OrderUnknownError for any other."""
        if isinstance(own, BuyersOrder):
            order = store.find(connection, own.order_id, to_change=to_change)
            is_own = order is not None and hmac.compare_digest(order.buyer or b"", own.buyer)
        else:
            hashed = self._hashed_comeback(own.comeback)
            order = store.find_by_comeback(connection, hashed, to_change=to_change)
            is_own = order is not None
        if order is None or not is_own:
            raise OrderUnknownError
        return order

    def quote(self, price_cents: int, currency: Currency) -> Quote | None:
        """Return a price in a currency, locked for a while; None without an honest rate."""
        now = self._premises.now
        if currency is Currency.EUR:
            return Quote("EUR", Money(price_cents, currency), now + EUR_LOCK_SECONDS)
        rate = self._rates.now(currency)
        if rate is None:
            return None
        amount = prices.amount_for(price_cents, currency, rate.cents_per_coin)
        return Quote(rate.rate_id, Money(amount, currency), now + prices.LOCK_SECONDS)

    def _can_be_used(self, name: MethodName) -> bool:
        method = self._methods.get(name)
        return method is not None and (
            method.capabilities.currency is Currency.EUR
            or self._rates.now(method.capabilities.currency) is not None
        )

    def _rule(
        self,
        connection: sa.Connection,
        buyer: Buyer | None,
        offer: Offer,
        country: str,
        method: MethodName,
    ) -> Ruling:
        open_orders = day_cents = 0
        if buyer is not None:
            today_at = self._premises.today_at
            open_orders, day_cents = store.standing_of_buyer(connection, buyer, today_at)
        purchase = Purchase(
            country, offer.product, method, offer.price_cents, open_orders, day_cents
        )
        policy = self._documents.in_force().policy
        return rule_on(policy, purchase, countries(), self._premises.now)

    def _new_order(
        self, buyer: Buyer | None, offer: Offer, country: str, method: MethodName, ruling: Ruling
    ) -> Order:
        capabilities = self._methods[method].capabilities
        quote = self.quote(offer.price_cents, capabilities.currency)
        if quote is None:
            raise MethodUnavailableError
        needed = rules.confirmations_needed(method, offer.price_cents)
        final = rules.confirmations_final(method, needed, capabilities.confirmations_watched)
        terms = Terms(offer.price_cents, quote.amount.amount, quote.expires_at, needed, final)
        random_bytes = self._premises.entropy.random_bytes
        is_held = ruling.outcome is Outcome.HELD
        return Order(
            order_id=OrderId(random_bytes(ORDER_ID_BYTES)),
            buyer=buyer,
            country=country,
            sku=offer.sku,
            product=offer.product,
            term_days=offer.term_days,
            method=method,
            currency=capabilities.currency,
            reference=PaymentReference(random_bytes(PAYMENT_REFERENCE_BYTES)),
            rate_id=quote.rate_id,
            terms=terms,
            state=OrderState.NEW,
            flags=Flag(0),
            decided=OrderState.HELD if is_held else None,
            reason=ruling.reason or "",
            appeal="",
            policy_version=ruling.version,
            catalogue_version=self._documents.in_force().catalogue.version,
            token_state=TokenState.NONE,
            standing=Standing.ACTIVE,
            standing_number=0,
            final_at=None,
            ends_at=self._premises.today_at + SECONDS_PER_DAY + rules.WATCH_SECONDS,
        )

    def _view(self, order: Order) -> OrderView:
        with self._premises.database.read() as connection:
            rows = store.payments(connection, order.order_id)
            sealed = store.token(connection, order.order_id)
        judgement = self._progress.judged(order, rows)
        token = None
        if sealed is not None and order.token_state is TokenState.ISSUED and order.is_deliverable:
            opened = self._premises.veils.open("shop_order.token", sealed, order.order_id)
            token = ActivationToken(opened)
        return OrderView(
            order_id=order.order_id,
            product=order.product,
            sku=order.sku,
            term_days=order.term_days,
            country=order.country,
            price_cents=order.terms.price_cents,
            method=order.method,
            currency=order.currency,
            state=order.shown_state,
            flags=order.flags,
            reason=order.reason,
            instruction=self._instruction(order),
            due=order.terms.due,
            received=judgement.received,
            missing=judgement.missing,
            over=judgement.over,
            confirmations=judgement.confirmations,
            confirmations_needed=order.terms.confirmations_needed,
            expires_at=order.terms.expires_at,
            says=wording.timeline(order, judgement),
            can_appeal=_can_appeal(order),
            can_refund=_can_refund(order, judgement.received, judgement.over),
            token=token,
        )

    def _instruction(self, order: Order) -> Instruction | None:
        """Return where to pay; asked of the method where a crash kept it from being written."""
        if order.decided is not None or order.state not in _PAYABLE:
            return None
        veils, order_id = self._premises.veils, order.order_id
        with self._premises.database.read() as connection:
            sealed = store.instruction(connection, order_id)
        if sealed is not None:
            opened = veils.open("shop_order.instruction", sealed, order_id)
            return msgspec.msgpack.decode(opened, type=Instruction)
        method = self._methods.get(order.method)
        if method is None:
            return None
        terms = order.terms
        quote = Quote(
            order.rate_id, Money(terms.due, order.currency), terms.expires_at, order.product
        )
        made = method.open(order.reference, quote)
        sealed = veils.seal("shop_order.instruction", msgspec.msgpack.encode(made), order_id)
        self._premises.database.together(
            lambda connection: store.set_instruction(connection, order_id, sealed)
        )
        return made

    def _new_comeback(self) -> ComebackCode:
        text = base32_encode(self._premises.entropy.random_bytes(COMEBACK_BYTES))
        groups = [text[at : at + _GROUP] for at in range(0, len(text), _GROUP)]
        return ComebackCode("-".join(groups).upper())

    def _hashed_comeback(self, comeback: ComebackCode) -> bytes:
        plain = "".join(comeback.split()).replace("-", "").upper()
        return self._premises.veils.hashed("comeback", plain.encode())


_PAYABLE: Final = frozenset({OrderState.NEW, OrderState.PARTIAL, OrderState.SEEN})
_APPEALABLE: Final = frozenset({OrderState.HELD, OrderState.REJECTED, OrderState.CANCELLED})


def _can_appeal(order: Order) -> bool:
    return order.decided in _APPEALABLE and not order.appeal


def _can_refund(order: Order, received: int, over: int) -> bool:
    is_dead = order.shown_state in (
        OrderState.EXPIRED,
        OrderState.LATE,
        OrderState.REJECTED,
        OrderState.CANCELLED,
    )
    return received > 0 and (is_dead or over > 0)


def _refusal(ruling: Ruling) -> PurchaseRejectedError | PurchaseLimitedError:
    assert ruling.reason is not None, "a refusal has its reason"
    if ruling.outcome is Outcome.LIMITED:
        return PurchaseLimitedError(ruling.reason)
    return PurchaseRejectedError(ruling.reason)
