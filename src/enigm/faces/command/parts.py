"""What Command is put together with: the actions that its pages ask for, and nothing beneath."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request
from litestar.params import Dependency

from enigm.crossings.account_acts_as_esim_holder import EsimHolders
from enigm.crossings.account_buys_under_another_name import PurchaseNames
from enigm.crossings.paid_order_becomes_entitlement import PaidOrderBecomesEntitlement
from enigm.crossings.paid_order_gets_invoice_ticket import PaidOrderGetsInvoiceTicket
from enigm.domains.accounts.actions import Accounts
from enigm.domains.commerce.actions.codes import CodeCounter
from enigm.domains.commerce.actions.holding import Holding
from enigm.domains.commerce.actions.minting import Mint
from enigm.domains.commerce.actions.ordering import Ordering
from enigm.domains.commerce.actions.refunding import Refunds
from enigm.domains.commerce.actions.reviewing import Reviewing
from enigm.domains.devices.actions.chains import Chains
from enigm.domains.esim.actions import Esims
from enigm.domains.invoices.actions import Invoices
from enigm.faces.command.rendering import Pages
from enigm.faces.command.sessions import Visits
from enigm.foundation.clock import Clock

CardCall = Callable[[bytes, str], None]
"""Takes a card processor's call: its body, and the header that signs it."""


@dataclass(frozen=True, slots=True)
class ShopParts:
    """The shop's deeds that pages ask for."""

    ordering: Ordering
    holding: Holding
    reviewing: Reviewing
    refunds: Refunds
    activation: PaidOrderBecomesEntitlement
    names: PurchaseNames
    codes: CodeCounter
    mint: Mint
    card_call: CardCall | None


@dataclass(frozen=True, slots=True)
class EsimDeeds:
    """The deeds of eSIMs, and who names an account among them."""

    esims: Esims
    holders: EsimHolders


@dataclass(frozen=True, slots=True)
class InvoiceDeeds:
    """Tickets for whoever holds a paid order, and invoices for whoever shows a ticket."""

    tickets: PaidOrderGetsInvoiceTicket
    invoices: Invoices


@dataclass(frozen=True, slots=True)
class Parts:
    """Every domain's actions that a page needs."""

    accounts: Accounts
    chains: Chains
    shop: ShopParts
    esim: EsimDeeds
    invoicing: InvoiceDeeds
    visits: Visits
    clock: Clock


# Our own objects, made by the assembly: nothing of them is to be validated.
Given = Annotated[Parts, Dependency(skip_validation=True)]
Shown = Annotated[Pages, Dependency(skip_validation=True)]
Asked = Request[Any, Any, Any]
