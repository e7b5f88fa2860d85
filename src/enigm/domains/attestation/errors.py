"""How attestation says no, besides the refusals of evidence (``enigm.crypto.attestation``)."""

from __future__ import annotations

from enigm.foundation.errors import GoneError, InvalidError, NotFoundError, UnavailableError


class ChallengeEndedError(GoneError):
    """The challenge was answered before, is too old, or was never given."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "attestation.challenge_ended", "This challenge is used up: ask for another one."
        )


class NotEnrolledError(NotFoundError):
    """No attestation key is known of this device, or it has another handle by now."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("attestation.not_enrolled", "This device has to enrol its TPM first.")


class NotSetUpError(UnavailableError):
    """The operator has not said whom to believe, or what a good machine looks like."""

    def __init__(self, lacks: str) -> None:
        """Name what is missing."""
        super().__init__("attestation.not_set_up", f"This service has no {lacks} yet.")


class AnchorInvalidError(InvalidError):
    """What should become a trust anchor is none."""

    def __init__(self, detail: str) -> None:
        """Say what is wrong."""
        super().__init__("attestation.anchor", detail)


class AnchorUnknownError(NotFoundError):
    """There is no such trust anchor."""

    def __init__(self) -> None:
        """Say where to look."""
        super().__init__("attestation.anchor_unknown", "There is no trust anchor of this name.")
