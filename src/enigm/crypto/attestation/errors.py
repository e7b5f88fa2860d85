"""How a verifier of attestation says no: one code for each way that evidence can fail."""

from __future__ import annotations

from enum import Enum

from enigm.foundation.errors import UnverifiableError


class Reason(Enum):
    """Every way that evidence is refused: the end of its code, and the sentence that goes with it.

    The order is that in which a whole protocol checks.
    """

    FORMAT = ("format", "The evidence is not one whole structure of the expected kind.")
    ENDORSEMENT_CHAIN = (
        "endorsement_chain",
        "The endorsement certificate does not lead to a maker that is trusted here.",
    )
    ENDORSEMENT_KEY = (
        "endorsement_key",
        "The endorsement key is not the one its certificate names, or not of the standard form.",
    )
    KEY_ATTRIBUTES = (
        "key_attributes",
        "The attestation key is not a restricted signing key that the TPM made and keeps.",
    )
    ACTIVATION = (
        "activation",
        "The attestation key was not shown to live in the TPM that the certificate names.",
    )
    NOT_A_QUOTE = ("not_a_quote", "What was signed is not a quote made by a TPM.")
    SIGNATURE = ("signature", "The quote is not signed by this attestation key.")
    NONCE = ("nonce", "The quote answers another challenge.")
    PCR_SELECTION = ("pcr_selection", "The quote covers other registers than were asked for.")
    PCR_DIGEST = ("pcr_digest", "The list of register values is not the one that was quoted.")
    EVENT_LOG = ("event_log", "The event log does not explain the quoted registers.")
    MEASUREMENT = ("measurement", "The machine runs something that no reference value names.")
    DEVICE_CHAIN = (
        "device_chain",
        "The key's certificates do not lead to a maker that is trusted here.",
    )
    CERTIFICATE_REVOKED = ("certificate_revoked", "A certificate of the key's chain is revoked.")
    SECURITY_LEVEL = ("security_level", "The key is not made and kept by the device's hardware.")
    BOOT_STATE = ("boot_state", "The device is unlocked, or started something that is not known.")
    PATCH_LEVEL = ("patch_level", "The device lacks security updates: update it.")
    APPLICATION = ("application", "The evidence was made by another application.")
    COUNTER = ("counter", "The key was used in between: its counter did not go up.")
    ROLLBACK = ("rollback", "The machine's counters went back: an older state was put back.")
    REFERENCE = ("reference", "The reference values are not signed by who may set them.")
    REFERENCE_EXPIRED = ("reference_expired", "The reference values are expired or not yet valid.")
    REFERENCE_ROLLBACK = ("reference_rollback", "Newer reference values were already seen.")
    VERDICT = ("verdict", "The verdict is not one that this verifier signed.")
    VERDICT_EXPIRED = ("verdict_expired", "The verdict is expired or not yet valid: attest again.")
    VERDICT_NONCE = ("verdict_nonce", "The verdict belongs to another challenge.")

    def __init__(self, word: str, detail: str) -> None:
        """Keep the public code and the sentence a caller is told."""
        self.code = f"attestation.{word}"
        self.detail = detail


class AttestationRefusedError(UnverifiableError):
    """Evidence or a verdict that does not hold; ``reason`` says why, ``trace`` is for operators."""

    def __init__(self, reason: Reason, trace: str = "") -> None:
        """Name the check that failed; nothing of the evidence is repeated to the caller."""
        super().__init__(reason.code, reason.detail, trace=trace)
        self.reason = reason
