"""Only a restricted key that an endorsed TPM made and keeps becomes an attestation key."""

from __future__ import annotations

import dataclasses

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from enigm.crypto.attestation.attestation_key import challenge_key, check_attestation_key
from enigm.crypto.attestation.endorsement import (
    EK_ATTRIBUTES,
    UnverifiedEndorsement,
    verify_endorsement,
)
from enigm.crypto.attestation.errors import AttestationRefusedError
from enigm.crypto.attestation.structures import ObjectAttributes
from tests.crypto.attestation.paper_tpm import (
    NOW,
    SIGNING,
    Maker,
    PaperTpm,
    endorsement_public_area,
)
from tests.support.entropy import FakeEntropy

MAKER = Maker()
ENDORSEMENT = rsa.generate_private_key(65537, 2048)
PUBLIC = ENDORSEMENT.public_key()
TPM = PaperTpm()


def refusal_of_endorsement(claim: UnverifiedEndorsement, now: int = NOW) -> str:
    with pytest.raises(AttestationRefusedError) as refused:
        verify_endorsement(claim, [MAKER.root], now)
    return refused.value.code


def refusal_of_key(public_area: bytes) -> str:
    with pytest.raises(AttestationRefusedError) as refused:
        check_attestation_key(public_area)
    return refused.value.code


@pytest.mark.requirement("ATT-01")
def test_a_certified_endorsement_key_is_accepted_directly_and_through_an_intermediate() -> None:
    key = verify_endorsement(MAKER.claim(ENDORSEMENT), [Maker("Other").root, MAKER.root], NOW)
    assert key.key.public_numbers() == PUBLIC.public_numbers()
    issuer, certificate = MAKER.subordinate()
    verify_endorsement(issuer.claim(ENDORSEMENT, certificate), [MAKER.root], NOW)


@pytest.mark.requirement("ATT-01")
def test_a_certificate_of_another_maker_is_refused() -> None:
    claim = Maker().claim(ENDORSEMENT)
    assert refusal_of_endorsement(claim) == "attestation.endorsement_chain"


def test_an_endorsement_key_may_not_issue_certificates() -> None:
    issuer, certificate = MAKER.subordinate(may_issue=False)
    claim = issuer.claim(ENDORSEMENT, certificate)
    assert refusal_of_endorsement(claim) == "attestation.endorsement_chain"


def test_a_chain_that_is_longer_than_the_issuer_allows_is_refused() -> None:
    first, first_certificate = MAKER.subordinate()
    second, second_certificate = first.subordinate()
    third, third_certificate = second.subordinate()
    claim = third.claim(ENDORSEMENT, third_certificate, second_certificate, first_certificate)
    assert refusal_of_endorsement(claim) == "attestation.endorsement_chain"


def test_a_chain_out_of_order_is_refused() -> None:
    first, first_certificate = MAKER.subordinate()
    second, second_certificate = first.subordinate()
    claim = second.claim(ENDORSEMENT, first_certificate, second_certificate)
    assert refusal_of_endorsement(claim) == "attestation.endorsement_chain"


@pytest.mark.parametrize("seconds", [-31 * 86_400, 3660 * 86_400])
def test_a_certificate_out_of_its_time_is_refused(seconds: int) -> None:
    claim = MAKER.claim(ENDORSEMENT)
    assert refusal_of_endorsement(claim, NOW + seconds) == "attestation.endorsement_chain"


@pytest.mark.parametrize("usage", [None, x509.ObjectIdentifier("1.3.6.1.5.5.7.3.2")])
def test_a_certificate_for_another_use_is_refused(usage: x509.ObjectIdentifier | None) -> None:
    claim = dataclasses.replace(
        MAKER.claim(ENDORSEMENT), certificate=MAKER.endorse(PUBLIC, usage=usage)
    )
    assert refusal_of_endorsement(claim) == "attestation.endorsement_chain"


def test_a_critical_extension_that_is_not_understood_is_refused() -> None:
    limits = x509.NameConstraints([x509.DNSName("enigm.example")], None)
    certificate = MAKER.endorse(PUBLIC, extra=limits)
    claim = dataclasses.replace(MAKER.claim(ENDORSEMENT), certificate=certificate)
    assert refusal_of_endorsement(claim) == "attestation.endorsement_chain"


@pytest.mark.parametrize("octets", [b"", b"\x30\x03\x02\x01\x00", bytes(5000)])
def test_what_is_no_certificate_is_refused(octets: bytes) -> None:
    claim = dataclasses.replace(MAKER.claim(ENDORSEMENT), certificate=octets)
    assert refusal_of_endorsement(claim) == "attestation.format"


def test_bytes_after_a_certificate_are_refused() -> None:
    claim = MAKER.claim(ENDORSEMENT)
    longer = dataclasses.replace(claim, certificate=claim.certificate + b"\x00")
    assert refusal_of_endorsement(longer) == "attestation.format"


@pytest.mark.requirement("ATT-01")
def test_an_endorsement_key_other_than_the_certified_one_is_refused() -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()
    claim = dataclasses.replace(
        MAKER.claim(ENDORSEMENT), public_area=endorsement_public_area(other)
    )
    assert refusal_of_endorsement(claim) == "attestation.endorsement_key"


@pytest.mark.parametrize(
    "area",
    [
        endorsement_public_area(PUBLIC, attributes=EK_ATTRIBUTES & ~ObjectAttributes.FIXED_TPM),
        endorsement_public_area(PUBLIC, policy=bytes(32)),
        TPM.public_area(),
    ],
    ids=["may leave the TPM", "another policy", "a signing key"],
)
def test_an_endorsement_key_of_another_form_is_refused(area: bytes) -> None:
    claim = dataclasses.replace(MAKER.claim(ENDORSEMENT), public_area=area)
    assert refusal_of_endorsement(claim) == "attestation.endorsement_key"


@pytest.mark.requirement("ATT-01")
@pytest.mark.parametrize(
    "missing",
    [
        ObjectAttributes.RESTRICTED,
        ObjectAttributes.FIXED_TPM,
        ObjectAttributes.SENSITIVE_DATA_ORIGIN,
        ObjectAttributes.FIXED_PARENT,
        ObjectAttributes.SIGN,
    ],
)
def test_a_key_that_lacks_an_attribute_is_refused(missing: ObjectAttributes) -> None:
    area = TPM.public_area(SIGNING & ~missing)
    assert refusal_of_key(area) == "attestation.key_attributes"


def test_a_key_that_also_decrypts_is_refused() -> None:
    area = TPM.public_area(SIGNING | ObjectAttributes.DECRYPT)
    assert refusal_of_key(area) == "attestation.key_attributes"


def test_a_key_of_another_scheme_curve_or_kind_is_refused() -> None:
    for area in (
        TPM.public_area(scheme=0x001A),
        TPM.public_area(curve=0x0004),
        endorsement_public_area(PUBLIC),
    ):
        assert refusal_of_key(area) == "attestation.key_attributes"


def test_a_point_that_is_not_on_the_curve_is_refused() -> None:
    area = bytearray(TPM.public_area())
    area[-1] ^= 1
    assert refusal_of_key(bytes(area)) == "attestation.format"
    assert refusal_of_key(TPM.public_area() + b"\x00") == "attestation.format"


@pytest.mark.requirement("ATT-01")
def test_a_device_that_could_not_open_the_challenge_gets_no_key() -> None:
    endorsement = verify_endorsement(MAKER.claim(ENDORSEMENT), [MAKER.root], NOW)
    checked = check_attestation_key(TPM.public_area())
    _, pending = challenge_key(endorsement, checked, FakeEntropy())
    with pytest.raises(AttestationRefusedError) as refused:
        pending.finish(bytes(32))
    assert refused.value.code == "attestation.activation"
    assert pending.finish(pending.secret).name == checked.name
