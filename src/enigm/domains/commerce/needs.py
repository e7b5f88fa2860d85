"""What commerce asks of others: ways to be paid, and what coins are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.domains.commerce.model import (
        Capabilities,
        Currency,
        Instruction,
        IssuedAddress,
        MethodHealth,
        MethodName,
        Money,
        NotedRefund,
        PaymentEvent,
        PaymentReference,
        Quote,
        RefundReference,
    )
    from enigm.domains.commerce.model.catalogue import Product
    from enigm.domains.commerce.model.review import ReviewAct
    from enigm.domains.commerce.model.trade import TradeChange


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
        """Return what happened since ``cursor`` ("" at first), and the next cursor.

        The cursor is the method's whole memory of payments that may still change (up to some
        hundred kilobytes of text). Keep it in the transaction that keeps the events' effects:
        then no crash loses an event, and one told twice has the same key.
        """
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

    def health(self) -> MethodHealth:
        """Tell an operator how the method is; it never raises."""
        ...


class AddressBook(Protocol):
    """What commerce remembers of the addresses that a method has given out."""

    def find(self, method: MethodName, reference: PaymentReference) -> IssuedAddress | None:
        """Return the address of a reference, if it has one."""
        ...

    def owner(self, method: MethodName, place: str) -> PaymentReference | None:
        """Return whose address lies at a place of the wallet; None where nobody's (any more)."""
        ...

    def remember(self, issued: IssuedAddress) -> IssuedAddress:
        """Keep an address; where the reference has one already, return that one instead.

        It also keeps the highest number of the account, for ever: an index is never used twice.
        """
        ...

    def take_number(self, method: MethodName, account: int) -> int:
        """Return the next number of an account (0 at first), which nobody else is given."""
        ...

    def highest_number(self, method: MethodName, account: int) -> int | None:
        """Return the highest number ever given out in an account, or None."""
        ...


class RefundBook(Protocol):
    """What commerce remembers of refunds that wait for a signature elsewhere."""

    def note(self, refund: NotedRefund) -> NotedRefund:
        """Keep a refund; where the reference has one already, return that one instead."""
        ...

    def waiting(self, method: MethodName) -> Sequence[NotedRefund]:
        """Return what has not been sent yet, oldest first."""
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


class VatRates(Protocol):
    """Who knows value added tax."""

    def included_cents(self, gross_cents: int, country: str, product: Product, day_at: int) -> int:
        """Return how much of a price is tax, in a country on the day that begins at ``day_at``."""
        ...


class CriticalRefund(Protocol):
    """The PIN of whoever asks to be paid back, made for one request."""

    def spend(self, action: str, *parameters: bytes) -> bool:
        """Spend the grant for this action with exactly these parameters.

        Returns:
            True to do it; False to acknowledge it and change nothing (a PIN under duress).

        Raises:
            Refusal: there is no grant, or none for this.
        """
        ...


class GuestWork(Protocol):
    """Work that a guest's browser did for one order, made for one request."""

    def spend(self) -> None:
        """Take it as done, once; raises a Refusal where it was not, or was used before."""
        ...


class ReviewRecords(Protocol):
    """Who writes down what a reviewer decided, before it is done."""

    def record(self, act: ReviewAct, reviewer: bytes, order: bytes) -> None:
        """Record it; ``reviewer`` is a handle, and ``order`` one that is made for the record."""
        ...


class TradeChanges(Protocol):
    """Keeps each change of catalogue and rules where who writes in this store cannot undo it."""

    def record(self, change: TradeChange, number: int) -> None:
        """Return once the change is durable; raises a Refusal, and then nothing must change."""
        ...

    def newest_number(self) -> int:
        """Return the number of the newest change that was recorded, 0 where there is none."""
        ...
