"""How posture says no, besides the refusals of a report (``enigm.wire.posture_report``)."""

from __future__ import annotations

from enigm.foundation.errors import GoneError, InvalidError, NotFoundError


class ChallengeEndedError(GoneError):
    """The challenge was answered before, is too old, or was never given."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "posture.challenge_ended", "This challenge is used up: ask for another one."
        )


class UnaskedSignalError(InvalidError):
    """The report says more than the policy asks; it is not kept."""

    def __init__(self) -> None:
        """Say what to leave out."""
        super().__init__("posture.unasked", "The report says more than was asked for.")


class ReportUnknownError(NotFoundError):
    """Nothing is kept under this handle."""

    def __init__(self) -> None:
        """Say no more than that."""
        super().__init__("posture.unknown", "Nothing is kept under this handle.")
