"""What commerce asks of others: ways to be paid, and what coins are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.domains.commerce.model import (
        Capabilities,
        Currency,
        Instruction,
        Money,
        PaymentEvent,
        PaymentReference,
        Quote,
        RefundReference,
    )


class PaymentMethod(Protocol):
    """One way to be paid. It tells what happened and never decides what was bought.

    Every call may take seconds and is made from a worker thread. A method that cannot answer
    raises UnavailableError; nothing is lost by asking again.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this method can do."""
        ...

    def open(self, reference: PaymentReference, quote: Quote) -> Instruction:
        """Make ready to be paid; asked again with the same reference it answers the same."""
        ...

    def poll(self, cursor: str) -> tuple[Sequence[PaymentEvent], str]:
        """Return what happened since ``cursor`` ("" at first), and the next cursor."""
        ...

    def refund(
        self, reference: PaymentReference, amount: Money, destination: str
    ) -> RefundReference:
        """Send money back, or note it for signing elsewhere; once for each reference."""
        ...

    def verify_configuration(self) -> None:
        """Refuse to start with keys that can spend, or with a wrong network.

        Raises:
            SetupError: it says what to change.
        """
        ...


class RateSource(Protocol):
    """Somebody who says what a coin is worth."""

    @property
    def name(self) -> str:
        """A short name, kept with a quote's rate."""
        ...

    def price(self, coin: Currency) -> tuple[int, int]:
        """Return cents (EUR) for one whole coin, and when that was so (seconds since 1970)."""
        ...
