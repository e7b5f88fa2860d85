"""How invoices say no."""

from __future__ import annotations

from enigm.foundation.errors import (
    ConflictError,
    GoneError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)


class TicketUnknownError(NotFoundError):
    """No such ticket: mistyped, replaced by a newer one, or long over."""

    def __init__(self) -> None:
        """Answer all of these alike."""
        super().__init__(
            "invoices.ticket", "This ticket is not known: ask for a new one on the order's page."
        )


class InvoiceCollectedError(GoneError):
    """The invoice was made and handed over."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "invoices.collected",
            "This invoice was handed over and can no longer be collected here: your copy is the "
            "only one that you can reach.",
        )


class InvoiceMadeError(ConflictError):
    """An order has one invoice."""

    def __init__(self) -> None:
        """Say that there is one already."""
        super().__init__(
            "invoices.made", "This order has its invoice already; there is only one of each."
        )


class BearerInvalidError(InvalidError):
    """What should stand on the invoice cannot."""

    def __init__(self, field: str, rule: str) -> None:
        """Name the field and its rule, not what was typed."""
        super().__init__(f"invoices.{field}", f"The field {field} {rule}.")


class InvoicesNotOfferedError(UnavailableError):
    """The operator has not said who the seller is."""

    def __init__(self) -> None:
        """Say who can change that."""
        super().__init__(
            "invoices.not_offered",
            "Invoices are not set up here: the operator has to name a seller.",
        )


class InvoicesBusyError(UnavailableError):
    """Other invoices took the next number again and again while this one was drawn."""

    def __init__(self) -> None:
        """Say that nothing was made."""
        super().__init__(
            "invoices.busy", "Many invoices are made at the moment. Nothing was lost: try again."
        )


class InvoiceFaultyError(UnavailableError):
    """An invoice did not hold against the standard: it is not handed out."""

    def __init__(self, trace: str) -> None:
        """Keep the rules that failed for the operator."""
        super().__init__(
            "invoices.faulty",
            "This invoice would not hold against its standard and was not made: ask the seller.",
            trace=trace,
        )
