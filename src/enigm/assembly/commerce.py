"""Builds commerce and entitlements, and the crossings between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.domains.commerce.actions.address_book import IssuedAddresses
from enigm.domains.commerce.actions.bookkeeping import Books
from enigm.domains.commerce.actions.documents import Documents
from enigm.domains.commerce.actions.handing_over import HandOver
from enigm.domains.commerce.actions.ordering import Ordering
from enigm.domains.commerce.actions.polling import Polling
from enigm.domains.commerce.actions.premises import Premises
from enigm.domains.commerce.actions.progress import Progress
from enigm.domains.commerce.actions.rates import Rates
from enigm.domains.commerce.store.veils import Veils

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from enigm.assembly.surroundings import Surroundings
    from enigm.domains.commerce.model import MethodName
    from enigm.domains.commerce.needs import PaymentMethod, RateSource, VatRates
    from enigm.foundation.database import Database


@dataclass(frozen=True, slots=True)
class Commerce:
    """The shop's deeds, for Command, for upkeep and for an operator's commands."""

    premises: Premises
    ordering: Ordering
    documents: Documents
    rates: Rates
    books: Books
    progress: Progress
    hand_over: HandOver
    polling: Polling
    addresses: IssuedAddresses


def build_commerce(
    around: Surroundings,
    database: Database,
    methods: Mapping[MethodName, PaymentMethod],
    sources: Sequence[RateSource],
    vat: VatRates,
) -> Commerce:
    """Return the shop over its store, with the operator's ways to be paid."""

    def on_trouble(error: Exception) -> None:
        around.log.failure("job.failed", error, kind="payments")

    premises = Premises(database, Veils(around.keys, around.entropy), around.clock, around.entropy)
    documents = Documents(premises, around.keys)
    rates = Rates(sources, around.clock, on_trouble)
    books = Books(premises)
    progress = Progress(premises, books, rates, vat)
    return Commerce(
        premises=premises,
        ordering=Ordering(premises, documents, rates, progress, methods),
        documents=documents,
        rates=rates,
        books=books,
        progress=progress,
        hand_over=HandOver(premises, progress),
        polling=Polling(premises, progress, rates, methods, on_trouble),
        addresses=IssuedAddresses(premises),
    )
