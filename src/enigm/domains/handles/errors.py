"""How the Handle Authority says no."""

from __future__ import annotations

from enigm.foundation.errors import ConflictError, ForbiddenError, GoneError, NotFoundError


class HandleUnknownError(NotFoundError):
    """No device has this handle, or it is hidden from the one who asks."""

    def __init__(self) -> None:
        """Say no more than that."""
        super().__init__("handles.unknown", "No device has this handle.")


class HandleExpiredError(GoneError):
    """The key that made this handle was destroyed: nobody can resolve it any more."""

    def __init__(self) -> None:
        """Say that it is final."""
        super().__init__("handles.expired", "This handle's key was destroyed at its end.")


class ApprovalMissingError(ForbiddenError):
    """A look-up needs two approvals by two people who did not ask for it."""

    def __init__(self) -> None:
        """Say what is needed."""
        super().__init__(
            "handles.approval_missing",
            "A look-up needs the approval of two people other than the one who asked.",
        )


class AlreadyApprovedError(ConflictError):
    """One person's approval counts once."""

    def __init__(self) -> None:
        """Say what is needed instead."""
        super().__init__("handles.already_approved", "Another person has to give this approval.")
