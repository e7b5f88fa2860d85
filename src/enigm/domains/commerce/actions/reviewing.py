"""Hold, release, reject and cancel orders; hear appeals; show administrators masked orders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.errors import (
    AppealUnavailableError,
    MethodUnavailableError,
    OrderStateError,
    OrderUnknownError,
)
from enigm.domains.commerce.model.orders import Order, OrderState, Standing, TokenState
from enigm.domains.commerce.model.review import (
    ORDER_HANDLE_BYTES,
    MaskedOrder,
    OrderHandle,
    ReviewAct,
    Verdict,
)
from enigm.domains.commerce.model.trade import Outcome, Reason
from enigm.domains.commerce.rules.trade import Purchase, rule_on
from enigm.domains.commerce.store import documents as document_store
from enigm.domains.commerce.store import orders as store
from enigm.domains.commerce.store import wallets

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.domains.commerce.actions.documents import Documents
    from enigm.domains.commerce.actions.ordering import Ordering
    from enigm.domains.commerce.actions.premises import Premises
    from enigm.domains.commerce.actions.progress import Progress
    from enigm.domains.commerce.model.orders import OrderId, OwnOrder
    from enigm.domains.commerce.model.trade import AppealReason, Ruling
    from enigm.domains.commerce.needs import ReviewRecords
    from enigm.domains.commerce.store.orders import KeptOrder

PAGE_ORDERS: Final = 50
BATCH_ORDERS: Final = 100
SECONDS_PER_DAY: Final = 86_400
FIRST: Final = OrderHandle(b"")

_ACTS: Final = {
    Verdict.HOLD: ReviewAct.HELD,
    Verdict.RELEASE: ReviewAct.RELEASED,
    Verdict.REJECT: ReviewAct.REJECTED,
    Verdict.CANCEL: ReviewAct.CANCELLED,
}
_DECIDED: Final = {
    Verdict.HOLD: OrderState.HELD,
    Verdict.RELEASE: None,
    Verdict.REJECT: OrderState.REJECTED,
    Verdict.CANCEL: OrderState.CANCELLED,
}
# A rejected order may be looked at again; what was paid back stays paid back.
_OPEN_TO: Final = {
    Verdict.HOLD: (None,),
    Verdict.RELEASE: (OrderState.HELD, OrderState.REJECTED, OrderState.CANCELLED),
    Verdict.REJECT: (None, OrderState.HELD),
    Verdict.CANCEL: (None, OrderState.HELD),
}


@dataclass(frozen=True, slots=True)
class MaskedPage:
    """Some orders, and what to ask for the next ones with; None at the end."""

    orders: tuple[MaskedOrder, ...]
    after: OrderHandle | None


class Reviewing:
    """The back office. It sees handles, products and states, never who or where."""

    def __init__(
        self,
        premises: Premises,
        ordering: Ordering,
        documents: Documents,
        progress: Progress,
        records: ReviewRecords,
    ) -> None:
        """Keep what it stands on, and where decisions are recorded before they take effect."""
        self._premises = premises
        self._ordering = ordering
        self._documents = documents
        self._progress = progress
        self._records = records

    def appeal(self, own: OwnOrder, reason: AppealReason) -> None:
        """Ask that a decision be looked at again, once; raises AppealUnavailableError."""
        found = self._ordering.own(own)
        with self._premises.database.begin() as connection:
            order = self._to_change(connection, found.order_id)
            if order.decided not in _OPEN_TO[Verdict.RELEASE] or order.appeal:
                raise AppealUnavailableError
            store.save(connection, replace(order, appeal=reason))

    def page(
        self,
        reviewer: bytes,
        after: OrderHandle = FIRST,
        *,
        decided: OrderState | None = None,
        appealed: bool = False,
    ) -> MaskedPage:
        """Return masked orders in no order that means anything; reading is recorded."""
        self._records.record(ReviewAct.LISTED, reviewer, b"")
        with self._premises.database.read() as connection:
            found = store.page(connection, after, PAGE_ORDERS + 1, decided, appealed=appealed)
        shown = found[:PAGE_ORDERS]
        rest = shown[-1].handle if len(found) > PAGE_ORDERS else None
        return MaskedPage(tuple(self._masked(kept) for kept in shown), rest)

    def decide(
        self, handle: OrderHandle, verdict: Verdict, reason: Reason, reviewer: bytes
    ) -> None:
        """Decide about an order; recorded before it takes effect.

        Raises:
            OrderUnknownError, OrderStateError.
        """
        with self._premises.database.begin() as connection:
            order = store.find_by_handle(connection, handle)
            if order is None:
                raise OrderUnknownError
            if order.decided not in _OPEN_TO[verdict]:
                raise OrderStateError
            if order.decided is None and order.state is OrderState.FINAL:
                # It is sold and may be handed over for good: nobody takes it back any more.
                raise OrderStateError
            if verdict is Verdict.RELEASE and wallets.refund_ends_at(connection, order.order_id):
                # Its money is going back: released, it would be had for nothing.
                raise OrderStateError
            self._records.record(_ACTS[verdict], reviewer, self._name_in_records(order))
            decided = replace(order, decided=_DECIDED[verdict], reason=reason)
            if verdict is Verdict.RELEASE:
                decided = self._released(decided)
            store.save(connection, decided)
            self._progress.advance(connection, decided)

    def apply_policy(self) -> int:
        """Let a new policy decide about orders that are open; return how many were looked at."""
        policy = self._documents.in_force().policy
        with self._premises.database.read() as connection:
            due = store.ids_in_force(connection, policy.version, BATCH_ORDERS)
        for order_id in due:
            with self._premises.database.begin() as connection:
                order = self._to_change(connection, order_id)
                self._ruled_anew(connection, order)
        return len(due)

    def _ruled_anew(self, connection: sa.Connection, order: Order) -> None:
        """Cancel what nobody paid and no rule allows; hold what was paid; release nothing."""
        ruling = self._rule(order)
        store.set_policy_version(connection, order.order_id, ruling.version)
        if ruling.outcome is not Outcome.REJECTED:
            return
        judgement = self._progress.judged(order, store.payments(connection, order.order_id))
        is_paid = judgement.received > 0
        state = OrderState.HELD if is_paid else OrderState.CANCELLED
        day = self._premises.now // SECONDS_PER_DAY
        outcome = Outcome.HELD if is_paid else Outcome.CANCELLED
        document_store.count_ruling(connection, day, ruling.version, outcome)
        decided = replace(
            order, decided=state, reason=ruling.reason or "", policy_version=ruling.version
        )
        store.save(connection, decided)
        self._progress.advance(connection, decided)

    def _rule(self, order: Order) -> Ruling:
        """Ask the policy about an order that exists: limits on new ones are not asked again."""
        purchase = Purchase(
            order.country, order.product, order.method, order.terms.price_cents, 0, 0
        )
        known = self._ordering.countries()
        return rule_on(self._documents.in_force().policy, purchase, known, self._premises.now)

    def _released(self, order: Order) -> Order:
        """Lock the price anew, where nothing was paid while it was held."""
        order = replace(order, appeal="")
        if order.token_state is TokenState.ENDED:
            # What was activated was ended by the decision: there is a new token for it.
            order = replace(order, token_state=TokenState.NONE, standing=Standing.ACTIVE)
        if order.state not in (OrderState.NEW, OrderState.EXPIRED):
            return replace(order, reason="")
        quote = self._ordering.quote(order.terms.price_cents, order.currency)
        if quote is None:
            raise MethodUnavailableError
        terms = replace(order.terms, due=quote.amount.amount, expires_at=quote.expires_at)
        return replace(order, terms=terms, rate_id=quote.rate_id, reason="", state=OrderState.NEW)

    def _name_in_records(self, order: Order) -> bytes:
        """Return what records call an order: neither store can be matched with the other."""
        return self._premises.veils.hashed("review records", order.order_id)[:ORDER_HANDLE_BYTES]

    @staticmethod
    def _masked(kept: KeptOrder) -> MaskedOrder:
        order = kept.order
        is_open_to_review = order.decided is OrderState.HELD or bool(order.appeal)
        return MaskedOrder(
            kept.handle,
            order.product,
            order.method,
            order.shown_state,
            order.flags,
            order.terms.price_cents,
            order.country if is_open_to_review else "",
            order.reason,
            order.appeal,
            kept.day_at,
        )

    @staticmethod
    def _to_change(connection: sa.Connection, order_id: OrderId) -> Order:
        order = store.find(connection, order_id, to_change=True)
        if order is None:
            raise OrderUnknownError
        return order
