"""What can go wrong on this machine while a TPM makes evidence."""

from __future__ import annotations

from enigm.foundation.errors import SetupError, UnverifiableError


class TpmMissingError(SetupError):
    """This machine, or this installation, cannot speak to a TPM."""


class TpmRefusedError(UnverifiableError):
    """The TPM would not do what was asked, most likely for a challenge made for another key."""

    def __init__(self, deed: str, trace: str) -> None:
        """Name the deed; the TPM's own words are for the operator."""
        super().__init__("agent.tpm_refused", f"The TPM refused to {deed}.", trace=trace)
