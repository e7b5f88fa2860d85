"""Reference values and verdicts count only from the right key, whole, and in their time."""

from __future__ import annotations

import dataclasses

import cbor2
import pytest
from cwt import COSE, COSEKey

from enigm.crypto.attestation.errors import AttestationRefusedError
from enigm.crypto.attestation.evidence import Finding, TpmEvidence, TpmVerifier, verdict_on
from enigm.crypto.attestation.quote import PCRS
from enigm.crypto.attestation.reference import (
    GoodState,
    Manifest,
    ReferenceValues,
    open_manifest,
    sign_manifest,
)
from enigm.crypto.attestation.verdict import (
    VERDICT_SECONDS_MAX,
    Verdict,
    read_verdict,
    sign_verdict,
)
from enigm.crypto.signatures import HYBRID_SIGNATURE_BYTES, Ed25519, Hybrid
from tests.crypto.attestation.paper_tpm import NOW, PaperTpm, event_log
from tests.support.entropy import FakeEntropy

ENTROPY = FakeEntropy(b"verdicts")
RELEASER = Hybrid.generate(ENTROPY)
VERIFIER = Ed25519.generate(ENTROPY)
NONCE = ENTROPY.random_bytes(32)
HANDLE = ENTROPY.random_bytes(20)
TPM = PaperTpm()
STATE = GoodState("enigm-os 7", {index: TPM.registers[index].hex() for index in PCRS})
MANIFEST = Manifest(4, NOW - 10, NOW + 86_400, [STATE])
SIGNED = sign_manifest(MANIFEST, RELEASER)
VERDICT = Verdict(HANDLE, NONCE, "tpm", "enigm-os 7", NOW, NOW + 3600)
TOKEN = sign_verdict(VERDICT, VERIFIER)


def opened(signed: bytes = SIGNED, now: int = NOW, version_min: int = 0) -> ReferenceValues:
    return open_manifest(signed, RELEASER.public, now_seconds=now, version_min=version_min)


def refusal_of_manifest(signed: bytes = SIGNED, now: int = NOW, version_min: int = 0) -> str:
    with pytest.raises(AttestationRefusedError) as refused:
        opened(signed, now, version_min)
    return refused.value.code


def refusal_of_verdict(token: bytes = TOKEN, now: int = NOW, nonce: bytes | None = None) -> str:
    with pytest.raises(AttestationRefusedError) as refused:
        read_verdict(token, VERIFIER.public, now_seconds=now, nonce=nonce)
    return refused.value.code


@pytest.mark.requirement("ATT-01")
def test_a_machine_in_a_known_state_is_found_by_its_label() -> None:
    verifier = TpmVerifier(TPM.accepted_key(), opened())
    finding = verifier.verify(TpmEvidence(TPM.quote(NONCE)), NONCE, NOW)
    assert finding == Finding("tpm", "enigm-os 7", reset_count=7, restart_count=2)


@pytest.mark.requirement("ATT-01")
def test_a_changed_register_is_refused_although_the_quote_is_honest() -> None:
    changed = PaperTpm(TPM.key, {**TPM.registers, 11: bytes(32)})
    verifier = TpmVerifier(TPM.accepted_key(), opened())
    with pytest.raises(AttestationRefusedError) as refused:
        verifier.verify(TpmEvidence(changed.quote(NONCE)), NONCE, NOW)
    assert refused.value.code == "attestation.measurement"


def test_a_log_that_explains_nothing_is_refused_before_the_reference_is_asked() -> None:
    verifier = TpmVerifier(TPM.accepted_key(), opened())
    with pytest.raises(AttestationRefusedError) as refused:
        verifier.verify(TpmEvidence(TPM.quote(NONCE), event_log([])), NONCE, NOW)
    assert refused.value.code == "attestation.event_log"


@pytest.mark.requirement("ATT-01")
@pytest.mark.parametrize("at", [0, 64, HYBRID_SIGNATURE_BYTES, -3])
def test_a_tampered_manifest_is_refused(at: int) -> None:
    tampered = bytearray(SIGNED)
    tampered[at] ^= 1
    assert refusal_of_manifest(bytes(tampered)) == "attestation.reference"


def test_a_manifest_by_another_key_is_refused() -> None:
    forged = sign_manifest(MANIFEST, Hybrid.generate(ENTROPY))
    assert refusal_of_manifest(forged) == "attestation.reference"
    assert refusal_of_manifest(b"") == "attestation.reference"
    assert refusal_of_manifest(bytes(2 << 20)) == "attestation.reference"


def test_a_manifest_out_of_its_time_or_older_than_one_seen_is_refused() -> None:
    assert refusal_of_manifest(now=NOW + 86_400) == "attestation.reference_expired"
    assert refusal_of_manifest(now=NOW - 11) == "attestation.reference_expired"
    assert refusal_of_manifest(version_min=5) == "attestation.reference_rollback"
    assert opened(version_min=4).version == 4


@pytest.mark.parametrize("pcrs", [{}, {0: "00"}, {0: "A" * 64}])
def test_a_state_that_would_fit_every_machine_is_never_signed(pcrs: dict[int, str]) -> None:
    with pytest.raises(RuntimeError):
        sign_manifest(Manifest(1, 0, 1, [GoodState("any", pcrs)]), RELEASER)


def test_a_verdict_comes_back_as_it_was() -> None:
    assert read_verdict(TOKEN, VERIFIER.public, now_seconds=NOW, nonce=NONCE) == VERDICT


@pytest.mark.requirement("ATT-01")
@pytest.mark.parametrize("seconds", [3600, 3601, 3610, -1])
def test_an_expired_verdict_is_refused_to_the_second(seconds: int) -> None:
    assert refusal_of_verdict(now=NOW + seconds) == "attestation.verdict_expired"


def test_a_verdict_for_another_challenge_is_refused() -> None:
    assert refusal_of_verdict(nonce=bytes(32)) == "attestation.verdict_nonce"


def test_every_changed_byte_of_a_verdict_is_refused() -> None:
    for at in range(len(TOKEN)):
        changed = bytearray(TOKEN)
        changed[at] ^= 0x10
        assert refusal_of_verdict(bytes(changed)) == "attestation.verdict"
    for octets in (b"", TOKEN + b"\x00", TOKEN[:-1], b"\x00" + TOKEN):
        assert refusal_of_verdict(octets) == "attestation.verdict"


def test_a_verdict_by_another_verifier_is_refused() -> None:
    token = sign_verdict(VERDICT, Ed25519.generate(ENTROPY))
    assert refusal_of_verdict(token) == "attestation.verdict"


@pytest.mark.parametrize("lasts", [0, -1, VERDICT_SECONDS_MAX + 1])
def test_a_verdict_that_lasts_too_long_is_never_signed(lasts: int) -> None:
    with pytest.raises(RuntimeError):
        sign_verdict(dataclasses.replace(VERDICT, expires_at=NOW + lasts), VERIFIER)


def test_a_verdict_counts_for_a_day_at_most() -> None:
    verdict = verdict_on(
        Finding("tpm", "enigm-os 7"),
        handle=HANDLE,
        nonce=NONCE,
        now_seconds=NOW,
        lasts_seconds=10 * VERDICT_SECONDS_MAX,
    )
    assert verdict.expires_at == NOW + VERDICT_SECONDS_MAX


@pytest.mark.requirement("ATT-01")
def test_another_implementation_reads_the_registered_claim_numbers() -> None:
    protected = cbor2.loads(cbor2.loads(TOKEN).value.value[0])
    key = COSEKey.new({1: 1, -1: 6, -2: VERIFIER.public, 2: protected[4], 3: -8})
    claims = cbor2.loads(COSE.new().decode(TOKEN.removeprefix(b"\xd8\x3d"), key))
    assert claims[10] == NONCE
    assert claims[4] == NOW + 3600
    assert claims[262] is True
    assert claims.keys() == {2, 4, 6, 10, 262, 265, 274}


def test_a_verdict_holds_no_measured_value_and_no_number_of_the_machine() -> None:
    assert not any(value in TOKEN for value in TPM.registers.values())
    assert len(TOKEN) < 300
