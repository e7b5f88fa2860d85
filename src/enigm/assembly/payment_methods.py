"""Builds the ways to be paid that the operator set up, and who says what coins are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enigm.assembly.surroundings import Surroundings
    from enigm.domains.commerce.actions.address_book import IssuedAddresses
    from enigm.domains.commerce.actions.refunding import NotedRefunds
    from enigm.domains.commerce.model import MethodName
    from enigm.domains.commerce.needs import PaymentMethod

# Where a payer comes back to from a card processor's page.
RETURN_PATH = "/orders/back"


def build_methods(
    around: Surroundings, addresses: IssuedAddresses, refunds: NotedRefunds, return_url: str
) -> dict[MethodName, PaymentMethod]:
    """Return what the settings name; a library is loaded only for what is used.

    Raises:
        SetupError: a method is set up so that it would be dangerous; it says what to change.
    """
    settings = around.settings.payments
    methods: list[PaymentMethod] = []
    if settings.monero is not None:
        from enigm.outside.monero import MoneroWallet

        methods.append(MoneroWallet(settings.monero, addresses, refunds))
    if settings.bitcoin is not None:
        from enigm.outside.bitcoin import BitcoinWallet

        methods.append(BitcoinWallet(settings.bitcoin, addresses, refunds))
    if settings.card is not None:
        from enigm.outside.card import CardCheckout

        methods.append(CardCheckout(settings.card, addresses, around.clock, return_url))
    for method in methods:
        method.verify_configuration()
    return {method.capabilities.name: method for method in methods}
