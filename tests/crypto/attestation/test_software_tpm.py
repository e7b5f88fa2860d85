"""The whole protocol with a TPM that really runs: enrol, quote, and what it refuses by itself."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from enigm.crypto.attestation.attestation_key import (
    AttestationKey,
    Challenge,
    challenge_key,
    check_attestation_key,
    key_name,
)
from enigm.crypto.attestation.endorsement import (
    EndorsementKey,
    UnverifiedEndorsement,
    verify_endorsement,
)
from enigm.crypto.attestation.errors import AttestationRefusedError
from enigm.crypto.attestation.evidence import TpmEvidence, TpmVerifier
from enigm.crypto.attestation.quote import PCRS, verify_quote
from enigm.crypto.attestation.reference import (
    GoodState,
    Manifest,
    open_manifest,
    sign_manifest,
)
from enigm.crypto.attestation.structures import (
    ObjectAttributes,
    read_public_area,
    read_quoted_state,
)
from enigm.crypto.signatures import Hybrid
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from tests.crypto.attestation.paper_tpm import SIGNING, Maker
from tests.support.entropy import FakeEntropy

pytest.importorskip("tpm2_pytss", reason="tpm2-pytss is not here: `make test` builds it")

from tpm2_pytss.constants import ESYS_TR
from tpm2_pytss.types import TPM2B_NAME, TPMS_ATTEST, TPMT_PUBLIC
from tpm2_pytss.utils import make_credential

from enigm.agent.attestation.errors import TpmMissingError, TpmRefusedError
from enigm.agent.attestation.tpm import KeptAttestationKey, Tpm, open_tpm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.swtpm import SoftwareTpm

ENTROPY = SystemEntropy()
NONCE = b"a nonce of this verifier".ljust(32)


@pytest.fixture
def tpm(software_tpm: SoftwareTpm) -> Iterator[Tpm]:
    with open_tpm(software_tpm.tcti) as opened:
        yield opened


def claim_of(tpm: Tpm, software_tpm: SoftwareTpm) -> UnverifiedEndorsement:
    intermediates = [c.public_bytes(Encoding.DER) for c in software_tpm.intermediates]
    return dataclasses.replace(tpm.endorsement(), intermediates=tuple(intermediates))


def endorsed(tpm: Tpm, software_tpm: SoftwareTpm) -> EndorsementKey:
    now = SystemClock().now_seconds()
    return verify_endorsement(claim_of(tpm, software_tpm), software_tpm.roots, now)


def enrolled(tpm: Tpm, software_tpm: SoftwareTpm) -> tuple[KeptAttestationKey, AttestationKey]:
    kept = tpm.create_attestation_key()
    challenge, pending = challenge_key(
        endorsed(tpm, software_tpm), check_attestation_key(kept.public_area), ENTROPY
    )
    return kept, pending.finish(tpm.activate(kept, challenge))


@pytest.mark.requirement("ATT-01")
def test_a_tpm_enrols_and_its_quote_is_believed(tpm: Tpm, software_tpm: SoftwareTpm) -> None:
    kept, key = enrolled(tpm, software_tpm)
    quote = tpm.quote(kept, NONCE)
    assert verify_quote(quote, key, NONCE).pcr_values == tpm.registers()
    with pytest.raises(AttestationRefusedError) as refused:
        verify_quote(quote, key, NONCE[::-1])
    assert refused.value.code == "attestation.nonce"


@pytest.mark.requirement("ATT-01")
def test_the_maker_of_another_tpm_does_not_vouch_for_this_one(
    tpm: Tpm, software_tpm: SoftwareTpm
) -> None:
    with pytest.raises(AttestationRefusedError) as refused:
        verify_endorsement(claim_of(tpm, software_tpm), [Maker().root], SystemClock().now_seconds())
    assert refused.value.code == "attestation.endorsement_chain"


@pytest.mark.requirement("ATT-01")
def test_the_tpm_refuses_a_challenge_for_another_keys_name(
    tpm: Tpm, software_tpm: SoftwareTpm
) -> None:
    mine, other = tpm.create_attestation_key(), tpm.create_attestation_key()
    challenge, _ = challenge_key(
        endorsed(tpm, software_tpm), check_attestation_key(other.public_area), ENTROPY
    )
    with pytest.raises(TpmRefusedError) as refused:
        tpm.activate(mine, challenge)
    assert refused.value.code == "agent.tpm_refused"


def test_the_tpm_refuses_an_altered_challenge(tpm: Tpm, software_tpm: SoftwareTpm) -> None:
    kept = tpm.create_attestation_key()
    challenge, _ = challenge_key(
        endorsed(tpm, software_tpm), check_attestation_key(kept.public_area), FakeEntropy()
    )
    altered = bytes([*challenge.credential[:-1], challenge.credential[-1] ^ 1])
    with pytest.raises(TpmRefusedError):
        tpm.activate(kept, Challenge(altered, challenge.encrypted_seed))


@pytest.mark.requirement("ATT-01")
def test_a_key_that_the_tpm_made_without_restriction_is_not_challenged(tpm: Tpm) -> None:
    loose = tpm.create_attestation_key(SIGNING & ~ObjectAttributes.RESTRICTED)
    with pytest.raises(AttestationRefusedError) as refused:
        check_attestation_key(loose.public_area)
    assert refused.value.code == "attestation.key_attributes"


@pytest.mark.requirement("ATT-01")
def test_a_machine_that_measures_something_else_leaves_its_good_state(
    tpm: Tpm, software_tpm: SoftwareTpm
) -> None:
    kept, key = enrolled(tpm, software_tpm)
    releaser = Hybrid.generate(ENTROPY)
    good = GoodState("as made", {index: tpm.registers()[index].hex() for index in PCRS})
    signed = sign_manifest(Manifest(1, 0, 10, [good]), releaser)
    verifier = TpmVerifier(key, open_manifest(signed, releaser.public, now_seconds=5))
    assert verifier.verify(TpmEvidence(tpm.quote(kept, NONCE)), NONCE, 5).state == "as made"
    tpm._esapi.pcr_event(ESYS_TR.PCR11, b"another kernel")
    with pytest.raises(AttestationRefusedError) as refused:
        verifier.verify(TpmEvidence(tpm.quote(kept, NONCE)), NONCE, 5)
    assert refused.value.code == "attestation.measurement"


def test_where_no_tpm_answers_the_person_is_told() -> None:
    with pytest.raises(TpmMissingError, match="No TPM answers"), open_tpm("device:/dev/absent"):
        pass


def test_tpm2_tss_reads_the_same_structures_as_we_do(tpm: Tpm, software_tpm: SoftwareTpm) -> None:
    kept = tpm.create_attestation_key()
    quote = tpm.quote(kept, NONCE)
    theirs, consumed = TPMS_ATTEST.unmarshal(quote.attest)
    ours = read_quoted_state(quote.attest)
    assert consumed == len(quote.attest)
    assert ours.nonce == bytes(theirs.extraData)
    assert ours.pcr_digest == bytes(theirs.attested.quote.pcrDigest)
    assert ours.reset_count == theirs.clockInfo.resetCount
    assert ours.firmware_version == theirs.firmwareVersion
    area, _ = TPMT_PUBLIC.unmarshal(kept.public_area)
    assert bytes(area.get_name()) == key_name(kept.public_area)
    assert read_public_area(kept.public_area).attributes == int(area.objectAttributes)


@pytest.mark.requirement("ATT-01")
def test_tpm2_tss_makes_and_accepts_the_same_credential(
    tpm: Tpm, software_tpm: SoftwareTpm
) -> None:
    """Its own MakeCredential, independent of ours, is opened the same way by the same TPM."""
    kept = tpm.create_attestation_key()
    public, _ = TPMT_PUBLIC.unmarshal(tpm.endorsement().public_area)
    body, seed = make_credential(public, b"their secret", TPM2B_NAME(key_name(kept.public_area)))
    challenge = Challenge(bytes(body), bytes(seed))
    assert tpm.activate(kept, challenge) == b"their secret"
