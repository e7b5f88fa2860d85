"""How a wallet's adapter says no: what may be told to whoever pays or asks money back."""

from __future__ import annotations

from enigm.foundation.errors import ConflictError, InvalidError, UnavailableError


class WalletUnavailableError(UnavailableError):
    """The wallet, or the node behind it, did not answer, or its answer cannot be believed."""

    def __init__(self, trace: str) -> None:
        """Keep the cause for the operator; it holds no address, amount or secret."""
        super().__init__(
            "commerce.method_unavailable",
            "This way to pay does not answer at present: try again in a few minutes.",
            trace=trace,
        )


class RefundDestinationError(InvalidError):
    """Money cannot be sent there."""

    def __init__(self) -> None:
        """Say what to do; the address itself is not repeated."""
        super().__init__(
            "commerce.refund_destination",
            "This is no address that a refund can go to: copy it again from your own wallet.",
        )


class RefundNotedError(ConflictError):
    """Another refund of this payment waits already, and is not changed by asking again."""

    def __init__(self) -> None:
        """Say that nothing was changed."""
        super().__init__(
            "commerce.refund_noted",
            "A refund to another address, or of another amount, was already noted.",
        )
