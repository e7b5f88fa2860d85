"""Checking a quote: the registers a TPM signed, over our nonce, against what is known good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from enigm.crypto import kdf
from enigm.crypto.attestation.errors import AttestationRefusedError, Reason
from enigm.crypto.attestation.structures import (
    ALG_SHA256,
    read_quoted_state,
    read_signature,
    selection_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.crypto.attestation.attestation_key import AttestationKey
    from enigm.crypto.attestation.structures import EcdsaSignature

# Firmware 0-3, boot loader and its settings 4, secure boot's keys 7, unified kernel image 11.
PCRS = (0, 1, 2, 3, 4, 7, 11)
NONCE_BYTES = 32
PCR_BYTES = 32

_ECDSA_SHA256 = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class UnverifiedQuote:
    """What a device sends: TPMS_ATTEST, TPMT_SIGNATURE and the register values it claims."""

    attest: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    pcr_values: Mapping[int, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class VerifiedQuote:
    """Register values that this TPM signed for this nonce.

    ``reset_count`` and ``restart_count`` are for the caller to compare with the last ones seen:
    a count that went back is another TPM state.
    """

    pcr_values: Mapping[int, bytes] = field(repr=False)
    reset_count: int
    restart_count: int
    firmware_version: int


def bound_nonce(challenge: bytes, device_public: bytes) -> bytes:
    """Return the nonce to quote: the verifier's challenge, tied to the device that was challenged.

    Without the device's key in it, one machine could pass the challenge on and let a better one
    answer in its place. (Who controls both machines can still let the better one sign.)
    """
    framed = len(challenge).to_bytes(2, "big") + challenge + device_public
    return kdf.mac("sha256", b"enigm attestation nonce v1", framed)


def verify_quote(
    quote: UnverifiedQuote, key: AttestationKey, nonce: bytes, pcrs: tuple[int, ...] = PCRS
) -> VerifiedQuote:
    """Check a quote in the one order that gives each attack its own answer.

    Magic and type, whole structure, signature, nonce, selection, digest of the values.

    Raises:
        AttestationRefusedError: NOT_A_QUOTE, FORMAT, SIGNATURE, NONCE, PCR_SELECTION, PCR_DIGEST.
    """
    state = read_quoted_state(quote.attest)
    _check_signature(read_signature(quote.signature), key, quote.attest)
    if not kdf.equal(state.nonce, nonce):
        raise AttestationRefusedError(Reason.NONCE)
    # A quote over fewer registers would leave the missing ones to the device's word.
    if state.selections != (selection_of(pcrs),):
        raise AttestationRefusedError(Reason.PCR_SELECTION)
    values = _values(quote.pcr_values, pcrs)
    if not kdf.equal(hashlib.sha256(b"".join(values.values())).digest(), state.pcr_digest):
        raise AttestationRefusedError(Reason.PCR_DIGEST)
    return VerifiedQuote(values, state.reset_count, state.restart_count, state.firmware_version)


def _check_signature(signature: EcdsaSignature, key: AttestationKey, attest: bytes) -> None:
    if signature.hash_algorithm != ALG_SHA256:
        raise AttestationRefusedError(Reason.SIGNATURE, "signed with another hash")
    try:
        key.point.verify(encode_dss_signature(signature.r, signature.s), attest, _ECDSA_SHA256)
    except InvalidSignature as error:
        raise AttestationRefusedError(Reason.SIGNATURE) from error


def _values(claimed: Mapping[int, bytes], pcrs: tuple[int, ...]) -> dict[int, bytes]:
    values = {index: claimed[index] for index in pcrs if index in claimed}
    if len(claimed) != len(pcrs) or any(len(v) != PCR_BYTES for v in values.values()):
        raise AttestationRefusedError(Reason.PCR_DIGEST, "the list has other registers or sizes")
    return values
