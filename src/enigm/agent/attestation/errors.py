"""What can go wrong on this machine while a TPM makes evidence."""

from __future__ import annotations

from enigm.foundation.errors import NotFoundError, SetupError, UnverifiableError


class TpmMissingError(SetupError):
    """This machine, or this installation, cannot speak to a TPM."""


class TpmRefusedError(UnverifiableError):
    """The TPM would not do what was asked, most likely for a challenge made for another key."""

    def __init__(self, deed: str, trace: str) -> None:
        """Name the deed; the TPM's own words are for the operator."""
        super().__init__("agent.tpm_refused", f"The TPM refused to {deed}.", trace=trace)


class NotEnrolledError(NotFoundError):
    """There is no attestation key on this machine yet."""

    def __init__(self) -> None:
        """Say what to do first."""
        super().__init__(
            "agent.not_enrolled", "There is no attestation key yet. Run: enigm agent attest enrol"
        )
