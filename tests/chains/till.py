"""What a shop concludes from a method's events: for each reference, each payment's latest fact."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.domains.commerce.model import PaymentEventKind, PaymentReference, Quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.domains.commerce.model import Instruction, Money, PaymentEvent
    from enigm.domains.commerce.needs import PaymentMethod


@dataclass
class Till:
    """Polls one method, counts each key once, and keeps the cursor as text as commerce does."""

    method: PaymentMethod
    cursor: str = ""
    events: list[PaymentEvent] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def poll(self) -> list[PaymentEvent]:
        told, self.cursor = self.method.poll(self.cursor)
        new = [event for event in told if event.key not in self.keys]
        self.keys.update(event.key for event in new)
        self.events += new
        return new

    def latest(self, reference: PaymentReference) -> dict[str, PaymentEvent]:
        return {e.payment: e for e in self.events if e.reference == reference}

    def paid(self, reference: PaymentReference, confirmations: int = 0) -> int:
        """Return what counts at this depth, in smallest units."""
        return sum(
            event.amount.amount
            for event in self.latest(reference).values()
            if event.kind is not PaymentEventKind.CONFLICTED
            and event.confirmations >= confirmations
        )

    def kinds(self, reference: PaymentReference) -> list[str]:
        return [event.kind.value for event in self.events if event.reference == reference]


@dataclass
class Counter:
    """Opens orders with references that nobody else uses."""

    method: Callable[[], PaymentMethod]
    count: int = 0

    def open(self, price: Money, product_line: str = "") -> tuple[PaymentReference, Instruction]:
        self.count += 1
        reference = PaymentReference(b"order" + self.count.to_bytes(11, "big"))
        quote = Quote("rate", price, 1_795_000_900, product_line)
        return reference, self.method().open(reference, quote)
