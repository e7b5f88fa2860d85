"""A phone's key is believed for what its hardware says, and each lie is refused by name."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from enigm.crypto.attestation.android import KEY_DESCRIPTION, AndroidEvidence, AndroidVerifier
from enigm.crypto.attestation.app_attest import AppAttestEvidence, AppAttestVerifier
from enigm.crypto.attestation.cbor import read_map
from enigm.crypto.attestation.certificates import load_certificate
from enigm.crypto.attestation.der import read_elements
from enigm.crypto.attestation.errors import AttestationRefusedError
from enigm.crypto.attestation.evidence import EvidenceVerifier, TpmEvidence, TpmVerifier
from enigm.crypto.attestation.quote import PCRS
from enigm.crypto.attestation.reference import GoodState, ReferenceValues
from tests.crypto.attestation.paper_phone import (
    OWNER_KEY,
    SIGNER,
    AndroidPhone,
    ApplePhone,
    certify,
    flipped,
)
from tests.crypto.attestation.paper_tpm import NOW, Maker, PaperTpm

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.requirement("ATT-01")

MAKER = Maker()
NONCE = hashlib.sha256(b"phones").digest()
ANDROID = AndroidVerifier([Maker().root, MAKER.root], {SIGNER}, 202601)
APPLE = AppAttestVerifier([MAKER.root], "TEAM123456.example.enigm")


def phone(**claims: Any) -> AndroidPhone:
    return AndroidPhone(MAKER, **claims)


def refusal(deed: Callable[[], object]) -> str:
    with pytest.raises(AttestationRefusedError) as refused:
        deed()
    return refused.value.code.removeprefix("attestation.")


def refusal_of(evidence: AndroidEvidence, verifier: AndroidVerifier = ANDROID) -> str:
    return refusal(lambda: verifier.verify(evidence, NONCE, NOW))


def refusal_of_apple(evidence: AppAttestEvidence, now: int = NOW) -> str:
    return refusal(lambda: APPLE.verify(evidence, NONCE, now))


def test_a_locked_phone_with_its_makers_system_is_accepted() -> None:
    evidence = phone().evidence(NONCE)
    assert ANDROID.verify(evidence, NONCE, NOW).state == "maker's system"
    without_root = AndroidEvidence(evidence.chain[:-1])
    assert ANDROID.verify(without_root, NONCE, NOW).system == "android-key"


def test_every_kind_of_device_goes_through_one_interface() -> None:
    def state(verifier: EvidenceVerifier[Any], evidence: Any) -> str:
        return verifier.verify(evidence, NONCE, NOW).system

    tpm = PaperTpm()
    good = GoodState("good", {index: tpm.registers[index].hex() for index in PCRS})
    of_tpm = TpmVerifier(tpm.accepted_key(), ReferenceValues(1, (good,)))
    assert state(of_tpm, TpmEvidence(tpm.quote(NONCE))) == "tpm"
    assert state(ANDROID, phone().evidence(NONCE)) == "android-key"
    assert state(APPLE, ApplePhone(MAKER).evidence(NONCE)) == "app-attest"


def test_another_system_is_accepted_by_its_boot_key_only() -> None:
    evidence = phone(boot_state=1, boot_key=OWNER_KEY).evidence(NONCE)
    assert refusal_of(evidence) == "boot_state"
    knowing = dataclasses.replace(ANDROID, owner_boot_keys={OWNER_KEY})
    assert knowing.verify(evidence, NONCE, NOW).state == "known system"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"levels": (0, 1)}, "security_level"),
        ({"levels": (1, 0)}, "security_level"),
        ({"levels": (3, 1)}, "security_level"),
        ({"origin": 2}, "security_level"),
        ({"locked": b"\x00"}, "boot_state"),
        ({"boot_state": 2}, "boot_state"),
        ({"boot_state": 3}, "boot_state"),
        ({"root_of_trust_in": "software"}, "boot_state"),
        ({"patch_level": 202512}, "patch_level"),
        ({"signers": ()}, "application"),
        ({"signers": (bytes(32),)}, "application"),
        ({"locked": b"\x01"}, "format"),
        ({"trailing": b"\x05\x00"}, "format"),
        ({"trailing": b"\x00"}, "format"),
    ],
)
def test_each_claim_of_a_bad_phone_is_refused_by_name(claims: dict[str, Any], code: str) -> None:
    assert refusal_of(phone(**claims).evidence(NONCE)) == code


def test_a_replayed_attestation_is_refused() -> None:
    assert refusal_of(phone().evidence(b"yesterday")) == "nonce"


def test_a_phone_of_another_maker_is_refused() -> None:
    assert refusal_of(AndroidPhone(Maker()).evidence(NONCE)) == "device_chain"
    assert refusal_of(AndroidEvidence(())) == "device_chain"


def test_a_revoked_certificate_anywhere_in_the_chain_is_refused() -> None:
    evidence = phone().evidence(NONCE)
    for octets in evidence.chain[:2]:
        serial = f"{load_certificate(octets).serial_number:x}"
        knowing = dataclasses.replace(ANDROID, revoked_serials={serial})
        assert refusal_of(evidence, knowing) == "certificate_revoked"


def test_an_attested_key_cannot_attest_another_one() -> None:
    """The classic forgery: an honest, attested key signs a leaf that claims anything."""
    issuer, between = MAKER.subordinate()
    attested = Maker("An attested key")
    fresh = ec.generate_private_key(ec.SECP256R1())
    leaf = certify(attested, fresh, KEY_DESCRIPTION, phone().described(NONCE))
    for may_issue, trace in ((False, "not an authority"), (True, "described elsewhere than once")):
        middle = described_issuer(issuer, attested, may_issue=may_issue)
        with pytest.raises(AttestationRefusedError) as refused:
            ANDROID.verify(AndroidEvidence((leaf, middle, between)), NONCE, NOW)
        assert (refused.value.code, refused.value.trace) == ("attestation.device_chain", trace)


def described_issuer(issuer: Maker, subject: Maker, *, may_issue: bool) -> bytes:
    """Certify an attested key, with its description, and as one that may issue or not."""
    plain = subject.root
    described = x509.UnrecognizedExtension(KEY_DESCRIPTION, phone().described(NONCE))
    builder = (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .issuer_name(issuer.name)
        .subject_name(subject.name)
        .not_valid_before(plain.not_valid_before_utc)
        .not_valid_after(plain.not_valid_after_utc)
        .public_key(subject.key.public_key())
        .add_extension(described, critical=False)
    )
    for extension in plain.extensions if may_issue else ():
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)


def test_a_key_without_a_description_is_refused() -> None:
    issuer, between = MAKER.subordinate()
    other = x509.ObjectIdentifier("1.2.3.4")
    leaf = certify(issuer, ec.generate_private_key(ec.SECP256R1()), other, b"\x05\x00")
    assert refusal_of(AndroidEvidence((leaf, between))) == "device_chain"


def test_a_genuine_application_is_accepted_and_its_assertions_count_up() -> None:
    iphone = ApplePhone(MAKER)
    assert APPLE.verify(iphone.evidence(NONCE), NONCE, NOW).system == "app-attest"
    key = APPLE.accept_key(iphone.evidence(NONCE), NONCE, NOW)
    assert APPLE.check_assertion(iphone.assertion(b"a request", 5), key, 4) == 5


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"application": "TEAM123456.example.other"}, "application"),
        ({"counter": 1}, "counter"),
        ({"kind": b"appattestdevelop"}, "security_level"),
        ({"maker": Maker()}, "device_chain"),
    ],
)
def test_each_claim_of_a_bad_application_is_refused_by_name(
    claims: dict[str, Any], code: str
) -> None:
    iphone = dataclasses.replace(ApplePhone(MAKER), **claims)
    assert refusal_of_apple(iphone.evidence(NONCE)) == code


def test_a_replayed_or_expired_app_attestation_is_refused() -> None:
    assert refusal_of_apple(ApplePhone(MAKER).evidence(b"yesterday")) == "nonce"
    assert refusal_of_apple(ApplePhone(MAKER).evidence(NONCE), NOW + 9 * 86_400) == "device_chain"


def test_an_app_attestation_for_another_key_is_refused() -> None:
    evidence = ApplePhone(MAKER).evidence(NONCE)
    other = dataclasses.replace(evidence, key_id=ApplePhone(MAKER).key_id)
    assert refusal_of_apple(other) == "signature"


def test_a_bad_assertion_is_refused_by_name() -> None:
    iphone, other = ApplePhone(MAKER), ApplePhone(MAKER, application="TEAM123456.other")
    key = iphone.key.public_key()
    honest = iphone.assertion(b"a request", 5)

    def refused(assertion: Any, public: Any = key, before: int = 4) -> str:
        return refusal(lambda: APPLE.check_assertion(assertion, public, before))

    assert refused(honest, before=5) == "counter"
    assert refused(dataclasses.replace(honest, client_data=b"another")) == "signature"
    assert refused(honest, public=other.key.public_key()) == "signature"
    assert refused(other.assertion(b"a request", 5), public=other.key.public_key()) == "application"
    assert refused(dataclasses.replace(honest, octets=cbor2.dumps({}))) == "format"
    assert refused(dataclasses.replace(honest, octets=bytes(1 << 15))) == "format"


@pytest.mark.parametrize(
    "octets",
    [
        cbor2.dumps({"fmt": "packed", "attStmt": {"x5c": [b"", b""]}, "authData": b""}),
        cbor2.dumps({"fmt": "apple-appattest", "attStmt": {"x5c": [b""]}, "authData": b""}),
        cbor2.dumps([1]),
        cbor2.dumps({"a": 1}) + b"\x00",
        b"",
    ],
)
def test_what_is_no_app_attest_object_is_refused(octets: bytes) -> None:
    assert refusal_of_apple(AppAttestEvidence(octets, bytes(32))) == "format"


@pytest.mark.parametrize(
    "octets",
    [
        "a2010102",  # one pair of two
        "a201010102",  # a key twice
        "a1180101",  # a number in a longer form
        "a101190017",  # the same, two bytes
        "a1015f4101ff",  # a string without an end of its own
        "bf0101ff",  # a map without one
        "a101c074323032302d30312d30315430303a30303a30305a",  # a date
        "a101f5",  # a truth value
        "a10161ff",  # text that is none
        "a1410101",  # a key of bytes
        "a101818181818101",  # too deep
        "a1019bffffffffffffffff",  # more values than bytes
    ],
)
def test_cbor_of_any_other_form_is_refused(octets: str) -> None:
    assert refusal(lambda: read_map(bytes.fromhex(octets))) == "format"


def test_cbor_is_read_as_the_library_reads_it() -> None:
    value = {"a": [1, -500, b"x" * 300, "ü" * 20], 70_000: {-1: 2**40}, "b": []}
    assert read_map(cbor2.dumps(value)) == value


@pytest.mark.parametrize(
    "octets", ["02", "0201", "0280", "028101ff", "02820001ff", "1f0100", "bf1e0100", "bf800100"]
)
def test_der_of_any_other_form_is_refused(octets: str) -> None:
    assert refusal(lambda: read_elements(bytes.fromhex(octets))) == "format"


def test_changed_evidence_of_either_kind_is_refused() -> None:
    android, apple = phone().evidence(NONCE), ApplePhone(MAKER).evidence(NONCE)
    leaf, *rest = android.chain
    for place in range(0, len(leaf), 7):
        changed = AndroidEvidence((flipped(leaf, [place]), *rest))
        assert refusal_of(changed) in {"format", "device_chain"}
    # The receipt is not ours to read, so it ends before it.
    for place in range(0, apple.attestation.index(b"receipt"), 7):
        changed = dataclasses.replace(apple, attestation=flipped(apple.attestation, [place]))
        assert refusal_of_apple(changed) in {"format", "device_chain"}
