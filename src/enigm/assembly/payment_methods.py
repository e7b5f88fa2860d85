"""Builds the ways to be paid that the operator set up, and who says what coins are worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from enigm.domains.commerce.actions.code_payment import CodePayment
from enigm.domains.commerce.model import Currency, MethodName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from enigm.assembly.surroundings import Surroundings
    from enigm.domains.commerce.actions.address_book import IssuedAddresses
    from enigm.domains.commerce.actions.refunding import NotedRefunds
    from enigm.domains.commerce.model import MethodHealth
    from enigm.domains.commerce.needs import PaymentMethod, RateSource

CardCall = Callable[[bytes, str], None]
"""Takes a card processor's call: its body, and the header that signs it."""

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
    methods: list[PaymentMethod] = [CodePayment()]
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


def build_rates(around: Surroundings) -> Sequence[RateSource]:
    """Return whom the operator chose to ask; by default nobody.

    Raises:
        SetupError: a source is set up wrongly; it says what to change.
    """
    settings = around.settings.payments.rates
    if not settings:
        return ()
    from enigm.outside.rates import rate_sources

    return rate_sources(settings, around.clock)


def fixed_cents(around: Surroundings) -> dict[Currency, int]:
    """Return the prices of coins that the operator decided."""
    decided = around.settings.payments.fixed_cents
    return {Currency(name): cents for name, cents in decided.items()}


def coins_of(methods: Mapping[MethodName, PaymentMethod]) -> list[Currency]:
    """Return the coins that something can be paid in, sorted."""
    found = {method.capabilities.currency for method in methods.values()}
    return sorted(found - {Currency.EUR})


def tell_health(methods: Mapping[MethodName, PaymentMethod]) -> list[MethodHealth]:
    """Ask every method how it is; a method that does not answer says so."""
    return [method.health() for method in methods.values()]


def build_card_call(
    around: Surroundings, methods: Mapping[MethodName, PaymentMethod]
) -> CardCall | None:
    """Return what takes a card processor's signed call; None where none is set up."""
    settings, method = around.settings.payments.card, methods.get(MethodName.CARD)
    if settings is None or settings.webhook_secret_file is None or method is None:
        return None
    from enigm.outside.card import CardCheckout
    from enigm.outside.card_webhook import WebhookSecret
    from enigm.outside.own_address import read_secret

    setting = "payments.card.webhook_secret_file"
    secret = WebhookSecret(read_secret(setting, settings.webhook_secret_file), around.clock)
    assert isinstance(method, CardCheckout), "cards are paid at the processor that is set up"
    checkout = method

    def take(body: bytes, signature: str) -> None:
        secret.check(body, signature)
        checkout.nudge()

    return take
