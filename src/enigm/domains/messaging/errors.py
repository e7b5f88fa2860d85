"""How delivery says no."""

from __future__ import annotations

from enigm.foundation.errors import (
    ConflictError,
    ExhaustedError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)


class PlaceUnknownError(NotFoundError):
    """No such channel or inbox, or not with this secret: one answer for both."""

    def __init__(self) -> None:
        """Say the same for absent and hidden."""
        super().__init__("messaging.unknown", "There is no such channel or inbox for you.")


class EpochPassedError(ConflictError):
    """The token was good for an epoch that has ended."""

    def __init__(self) -> None:
        """Tell the writer to catch up."""
        super().__init__(
            "messaging.epoch_passed", "The epoch has ended: catch up, then send again."
        )


class NameTakenError(ConflictError):
    """A channel or inbox of this name was made by somebody else."""

    def __init__(self) -> None:
        """Tell the creator to draw another name."""
        super().__init__("messaging.name_taken", "The name is taken: draw another at random.")


class TokenSpentError(ConflictError):
    """An admission token was used before, for something else."""

    def __init__(self) -> None:
        """Tell the client to take another token."""
        super().__init__("messaging.token_spent", "The token was used before: take another.")


class MalformedRequestError(InvalidError):
    """A frame that is wrong inside, or in the wrong place."""

    def __init__(self, detail: str) -> None:
        """Say which rule of the protocol it breaks."""
        super().__init__("messaging.invalid", detail)


class TooManySubscriptionsError(ExhaustedError):
    """One connection follows too many logs at once."""

    def __init__(self) -> None:
        """Tell the client to spread over connections."""
        super().__init__(
            "messaging.subscriptions", "Close a subscription, or use another connection."
        )


class StorageUnavailableError(UnavailableError):
    """Nothing could be written or read just now; the same request may be sent again."""

    def __init__(self) -> None:
        """Ask for a retry: idempotency keys make it safe."""
        super().__init__(
            "messaging.unavailable",
            "The service cannot reach its storage now. Send the same request again.",
            retry_after_seconds=1,
        )
