"""Builds commerce and entitlements, and the crossings between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.assembly.payment_methods import (
    RETURN_PATH,
    build_methods,
    build_rates,
    coins_of,
    fixed_cents,
)
from enigm.crossings.account_buys_under_another_name import PurchaseNames
from enigm.crossings.deleted_account_leaves_purchases import DeletedAccountLeavesPurchases
from enigm.crossings.order_review_is_audited_by_handle import (
    OrderReviewsAudited,
    TradeChangesAudited,
)
from enigm.crossings.paid_order_becomes_entitlement import PaidOrderBecomesEntitlement
from enigm.domains.commerce import store as commerce_store
from enigm.domains.commerce.actions.address_book import IssuedAddresses
from enigm.domains.commerce.actions.bookkeeping import Books
from enigm.domains.commerce.actions.codes import CodeCounter
from enigm.domains.commerce.actions.documents import Documents
from enigm.domains.commerce.actions.forgetting import Buyers
from enigm.domains.commerce.actions.guests import GuestOrders
from enigm.domains.commerce.actions.handing_over import HandOver
from enigm.domains.commerce.actions.holding import Holding
from enigm.domains.commerce.actions.minting import Mint
from enigm.domains.commerce.actions.ordering import Ordering
from enigm.domains.commerce.actions.polling import Polling
from enigm.domains.commerce.actions.premises import Premises
from enigm.domains.commerce.actions.progress import Progress
from enigm.domains.commerce.actions.rates import Rates
from enigm.domains.commerce.actions.refunding import NotedRefunds, Refunds
from enigm.domains.commerce.actions.reviewing import Reviewing
from enigm.domains.commerce.actions.taxing import EuropeanVat
from enigm.domains.commerce.store.veils import Veils
from enigm.domains.entitlements import store as entitlements_store
from enigm.domains.entitlements.actions.holding import Entitlements
from enigm.foundation.outbox import Courier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from enigm.assembly.surroundings import Surroundings
    from enigm.domains.audit.actions.recording import AuditLog
    from enigm.domains.commerce.model import Currency, MethodName
    from enigm.domains.commerce.needs import (
        PaymentMethod,
        RateSource,
        ReviewRecords,
        TradeChanges,
        VatRates,
    )
    from enigm.foundation.database import Database


@dataclass(frozen=True, slots=True)
class Outsiders:
    """Whom the shop asks: ways to be paid, rates, tax, and where what is decided is recorded."""

    methods: Mapping[MethodName, PaymentMethod]
    sources: Sequence[RateSource]
    vat: VatRates
    records: ReviewRecords
    changes: TradeChanges
    # Cents for a coin that the operator decided: for it, no source is asked.
    fixed_cents: Mapping[Currency, int] | None = None


@dataclass(frozen=True, slots=True)
class Commerce:
    """The deeds of commerce alone."""

    premises: Premises
    ordering: Ordering
    documents: Documents
    rates: Rates
    books: Books
    progress: Progress
    hand_over: HandOver
    holding: Holding
    reviewing: Reviewing
    refunds: Refunds
    mint: Mint
    codes: CodeCounter
    polling: Polling
    methods: Mapping[MethodName, PaymentMethod]


@dataclass(frozen=True, slots=True)
class Shop:
    """Commerce and entitlements joined, for Command, for upkeep and for an operator's commands."""

    commerce: Commerce
    entitlements: Entitlements
    names: PurchaseNames
    activation: PaidOrderBecomesEntitlement
    leaving: DeletedAccountLeavesPurchases
    couriers: tuple[Courier, ...]


def premises_of(around: Surroundings, database: Database) -> Premises:
    """Return what deeds over the store of commerce stand on."""
    veils = Veils(around.keys, around.entropy)
    return Premises(database, veils, around.clock, around.entropy)


def build_commerce(around: Surroundings, premises: Premises, outsiders: Outsiders) -> Commerce:
    """Return the deeds of commerce over its store."""

    def on_trouble(error: Exception) -> None:
        around.log.failure("job.failed", error, kind="payments")

    methods = outsiders.methods
    documents = Documents(premises, around.keys, outsiders.changes)
    rates = Rates(
        outsiders.sources,
        around.clock,
        on_trouble,
        coins=coins_of(methods),
        fixed_cents=outsiders.fixed_cents,
    )
    books = Books(premises)
    progress = Progress(premises, books, rates, outsiders.vat)
    guests = GuestOrders(premises, around.settings.limits)
    ordering = Ordering(premises, documents, rates, progress, methods, guests)
    refunds = Refunds(premises, ordering, progress, books, methods)
    mint = Mint(premises, books, around.keys)
    reviewing = Reviewing(premises, ordering, documents, progress, outsiders.records)
    return Commerce(
        premises=premises,
        ordering=ordering,
        documents=documents,
        rates=rates,
        books=books,
        progress=progress,
        hand_over=HandOver(premises, progress),
        holding=Holding(premises, ordering),
        reviewing=reviewing,
        refunds=refunds,
        mint=mint,
        codes=CodeCounter(premises, books, ordering, progress, refunds, mint),
        polling=Polling(
            premises,
            progress,
            rates,
            methods,
            (
                reviewing.apply_policy,
                lambda: refunds.send_claimed(on_trouble),
                mint.run_chores,
            ),
            on_trouble,
        ),
        methods=methods,
    )


def join_entitlements(around: Surroundings, commerce: Commerce, database: Database) -> Shop:
    """Join commerce with entitlements over their store."""
    entitlements = Entitlements(database, around.keys, around.clock, around.entropy)
    names = PurchaseNames(around.keys)
    couriers: list[Courier] = []

    def deliver_soon() -> None:
        for courier in couriers:
            courier.deliver_due()

    activation = PaidOrderBecomesEntitlement(commerce.hand_over, entitlements, names, deliver_soon)
    told = {activation.STANDING: activation.carry_standing}
    taken = {activation.TAKEN: activation.carry_taken}
    for store, outbox, crossings in (
        (database, entitlements_store.outbox, taken),
        (commerce.premises.database, commerce_store.outbox, told),
    ):
        couriers.append(Courier(store, outbox, crossings, clock=around.clock, log=around.log))
    leaving = build_leaving(around, commerce.premises.database, database)
    return Shop(commerce, entitlements, names, activation, leaving, tuple(couriers))


def build_leaving(
    around: Surroundings, commerce: Database, entitlements: Database
) -> DeletedAccountLeavesPurchases:
    """Return what erases an account here too; the account path holds nothing else of the shop."""
    return DeletedAccountLeavesPurchases(
        Buyers(commerce),
        Entitlements(entitlements, around.keys, around.clock, around.entropy),
        PurchaseNames(around.keys),
    )


def build_shop(
    around: Surroundings,
    databases: Mapping[str, Database],
    audit: AuditLog,
    origin: str,
) -> Shop:
    """Return the operator's shop; ``origin`` is where Command stands.

    Raises:
        SetupError: a payment method is set up so that it would be dangerous.
    """
    premises = premises_of(around, databases["commerce"])
    methods = build_methods(
        around, IssuedAddresses(premises), NotedRefunds(premises), origin + RETURN_PATH
    )
    outsiders = Outsiders(
        methods,
        build_rates(around),
        EuropeanVat(),
        OrderReviewsAudited(audit),
        TradeChangesAudited(audit),
        fixed_cents(around),
    )
    commerce = build_commerce(around, premises, outsiders)
    return join_entitlements(around, commerce, databases["entitlements"])
