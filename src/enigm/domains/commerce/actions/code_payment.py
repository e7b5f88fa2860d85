"""Codes as a way to pay an order: nothing to go to and nothing to poll, it happens here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.commerce.model import (
    Capabilities,
    Currency,
    Instruction,
    MethodHealth,
    MethodName,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.domains.commerce.model import (
        Money,
        PaymentEvent,
        PaymentReference,
        Quote,
        RefundReference,
    )

NAME: Final = MethodName.CODE


class CodePayment:
    """Provides ``needs.PaymentMethod``; ``CodeCounter.pay`` tells what was paid."""

    @property
    def capabilities(self) -> Capabilities:
        """Paid in EUR, at once and for good; what is owed goes back as codes alone."""
        return Capabilities(NAME, Currency.EUR, reverts=False, refunds=True)

    def open(self, reference: PaymentReference, quote: Quote) -> Instruction:
        """There is nowhere to go: the code is typed on the order's own page."""
        _ = reference
        return Instruction(uri="", amount=quote.amount)

    def poll(self, cursor: str) -> tuple[Sequence[PaymentEvent], str]:
        """Nothing happens elsewhere."""
        return (), cursor

    def refund(
        self, reference: PaymentReference, amount: Money, destination: str
    ) -> RefundReference:
        """Codes have no address to be sent to: a claim on them is taken as codes."""
        _ = reference, amount, destination
        msg = "what was paid by code is taken back as codes"
        raise RuntimeError(msg)

    def verify_configuration(self) -> None:
        """Nothing is set up."""

    def health(self) -> MethodHealth:
        """It works wherever the shop does."""
        return MethodHealth(NAME, works=True, says=("Codes are made and taken here.",))
