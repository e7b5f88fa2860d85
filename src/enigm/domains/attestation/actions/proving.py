"""Enrol a device's TPM, challenge it, and judge what it shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from enigm.crypto.attestation.attestation_key import (
    PendingActivation,
    challenge_key,
    check_attestation_key,
    recall_attestation_key,
)
from enigm.crypto.attestation.credential import SECRET_BYTES
from enigm.crypto.attestation.endorsement import verify_endorsement
from enigm.crypto.attestation.errors import AttestationRefusedError, Reason
from enigm.crypto.attestation.evidence import TpmVerifier, verdict_on
from enigm.crypto.attestation.quote import NONCE_BYTES, bound_nonce
from enigm.crypto.attestation.verdict import Verdict, sign_verdict
from enigm.domains.attestation import rules
from enigm.domains.attestation.errors import NotEnrolledError
from enigm.domains.attestation.model import KeptDevice, Step

if TYPE_CHECKING:
    import sqlalchemy as sa

    from enigm.crypto.attestation.attestation_key import Challenge
    from enigm.crypto.attestation.endorsement import UnverifiedEndorsement
    from enigm.crypto.attestation.evidence import Finding, TpmEvidence
    from enigm.crypto.attestation.reference import ReferenceValues
    from enigm.domains.attestation.actions.records import AttestationRecords
    from enigm.domains.attestation.actions.setup import AttestationSetup
    from enigm.domains.attestation.model import Attester
    from enigm.domains.attestation.needs import Attesters


@dataclass(frozen=True, slots=True)
class Proof:
    """A verdict, and the token that says it to others."""

    verdict: Verdict
    token: bytes = field(repr=False)


class Proving:
    """The service's half of docs/attestation.md."""

    def __init__(
        self, records: AttestationRecords, setup: AttestationSetup, attesters: Attesters
    ) -> None:
        """Keep the store, whom the operator believes, and who knows the handles."""
        self._records = records
        self._setup = setup
        self._attesters = attesters

    def begin_enrolment(
        self, owner: bytes, device_id: bytes, claim: UnverifiedEndorsement, public_area: bytes
    ) -> Challenge:
        """Ask the TPM behind an endorsement to show that it holds an attestation key.

        The endorsement is not kept: it names one TPM for ever.

        Raises:
            AttestationRefusedError: ENDORSEMENT_CHAIN, ENDORSEMENT_KEY, KEY_ATTRIBUTES, FORMAT.
            NotSetUpError: the operator believes no maker.
        """
        if len(public_area) > rules.PUBLIC_AREA_BYTES_MAX:
            raise AttestationRefusedError(Reason.FORMAT, "a public area of that size is none")
        attester = self._attesters.attester(owner, device_id)
        now = self._records.clock.now_seconds()
        endorsement = verify_endorsement(claim, self._setup.makers(), now)
        checked = check_attestation_key(public_area)
        challenge, pending = challenge_key(endorsement, checked, self._records.entropy)
        expected = pending.secret + pending.public_area
        self._records.challenge(attester.handle, Step.ENROL, expected)
        return challenge

    def finish_enrolment(self, owner: bytes, device_id: bytes, answer: bytes) -> None:
        """Believe the attestation key; raises ChallengeEndedError, AttestationRefusedError."""
        attester = self._attesters.attester(owner, device_id)
        expected = self._records.answered(attester.handle, Step.ENROL)
        secret, public_area = expected[:SECRET_BYTES], expected[SECRET_BYTES:]
        key = PendingActivation(public_area, secret).finish(answer)
        with self._records.changing(attester.handle) as connection:
            self._records.enrol(connection, attester, KeptDevice(key.public_area))

    def challenge(self, owner: bytes, device_id: bytes) -> bytes:
        """Return a nonce for one quote; raises NotEnrolledError."""
        handle = self._attesters.attester(owner, device_id).handle
        with self._records.database.read() as connection:
            if self._records.device(connection, handle) is None:
                raise NotEnrolledError
        nonce = self._records.entropy.random_bytes(NONCE_BYTES)
        self._records.challenge(handle, Step.PROVE, nonce)
        return nonce

    def prove(self, owner: bytes, device_id: bytes, evidence: TpmEvidence) -> Proof:
        """Judge evidence over the nonce that was given last; keep and return the verdict.

        Raises:
            ChallengeEndedError: no nonce, or it was used, or long ago.
            NotEnrolledError: no attestation key is known.
            AttestationRefusedError: the evidence does not hold. Where it is genuine and shows a
                state that is not known, the device stands ``bad`` from now on.
            NotSetUpError: the operator has given no reference values.
        """
        attester = self._attesters.attester(owner, device_id)
        reference = self._setup.reference()
        nonce = self._records.answered(attester.handle, Step.PROVE)
        bound = bound_nonce(nonce, attester.device_public)
        with self._records.changing(attester.handle) as connection:
            kept = self._records.device(connection, attester.handle, to_change=True)
            if kept is None:
                raise NotEnrolledError
            try:
                finding = self._judged(kept, reference, evidence, bound)
            except AttestationRefusedError as refused:
                if not rules.says_bad(refused):
                    raise
                bad = msgspec.structs.replace(kept, is_bad=True, verdict=b"")
                self._records.replace(connection, attester.handle, bad)
                failure = refused
            else:
                return self._kept(connection, kept, attester, nonce, finding)
        # After the transaction, which must not be undone by it.
        raise failure

    def forget(self, owner: bytes, device_id: bytes) -> None:
        """Delete what is kept of a device, because its user attests no more."""
        self._records.forget(self._attesters.attester(owner, device_id).handle)

    def _judged(
        self, kept: KeptDevice, reference: ReferenceValues, evidence: TpmEvidence, bound: bytes
    ) -> Finding:
        verifier = TpmVerifier(recall_attestation_key(kept.public_area), reference)
        finding = verifier.verify(evidence, bound, self._records.clock.now_seconds())
        rules.require_forward(kept, finding.reset_count, finding.restart_count)
        return finding

    def _kept(
        self,
        connection: sa.Connection,
        kept: KeptDevice,
        attester: Attester,
        nonce: bytes,
        finding: Finding,
    ) -> Proof:
        verdict = verdict_on(
            finding,
            handle=attester.handle,
            nonce=nonce,
            now_seconds=self._records.clock.now_seconds(),
            lasts_seconds=rules.VERDICT_SECONDS,
        )
        token = sign_verdict(verdict, self._records.verdict_key)
        proved = KeptDevice(
            kept.public_area, finding.reset_count, finding.restart_count, verdict=token
        )
        self._records.replace(connection, attester.handle, proved)
        return Proof(verdict, token)
