"""The device's half of attestation: this machine's TPM on one side, the service on the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from enigm.agent.attestation.check import keep_key, kept_key
from enigm.crypto.attestation.attestation_key import Challenge
from enigm.crypto.attestation.quote import bound_nonce
from enigm.foundation.errors import NotFoundError

if TYPE_CHECKING:
    from enigm.agent.attestation.tpm import KeptAttestationKey, Tpm
    from enigm.agent.mode import ManagedMode
    from enigm.app.security.center import SecurityCenter
    from enigm.app.service.evidence import EvidencePath, VerdictAnswer


async def attest_to_service(
    center: SecurityCenter,
    tpm: Tpm,
    mode: ManagedMode,
    intermediates: tuple[bytes, ...],
    event_log: bytes | None,
) -> VerdictAnswer:
    """Enrol where the service knows no key of this device, quote over its nonce, have it judged.

    Raises:
        AttestationRefusedError: the service refuses the evidence by name.
        TpmRefusedError: the TPM would not do its part.
    """
    mode.require_on()
    key = kept_key(mode)
    if key is None:
        key = await _enrol(center.path, tpm, mode, intermediates)
    try:
        nonce = await center.path.nonce()
    except NotFoundError:
        # Handles turn every month; the service then knows the device by another name, and gets
        # another key, so that nothing ties the two.
        key = await _enrol(center.path, tpm, mode, intermediates)
        nonce = await center.path.nonce()
    center.note_attested()
    quote = tpm.quote(key, bound_nonce(nonce, center.device_public))
    return await center.path.send_quote(quote, event_log)


async def _enrol(
    path: EvidencePath, tpm: Tpm, mode: ManagedMode, intermediates: tuple[bytes, ...]
) -> KeptAttestationKey:
    claim = replace(tpm.endorsement(), intermediates=intermediates)
    key = tpm.create_attestation_key()
    credential, seed = await path.begin_enrolment(claim, key.public_area)
    await path.finish_enrolment(tpm.activate(key, Challenge(credential, seed)))
    keep_key(mode, key)
    return key
