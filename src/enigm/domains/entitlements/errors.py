"""How entitlements say no."""

from __future__ import annotations

from enigm.foundation.errors import ConflictError, GoneError


class TokenUsedError(ConflictError):
    """Somebody else activated this already."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "entitlements.token_used", "This was activated before, by another account."
        )


class TokenEndedError(GoneError):
    """It was taken back before it was activated."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "entitlements.token_ended", "This was taken back: look at the order's page."
        )
