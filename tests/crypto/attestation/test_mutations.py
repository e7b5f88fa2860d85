"""Whatever bytes come, a verifier answers with a refusal: never a crash, never a yes."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from enigm.crypto.attestation.android import KEY_DESCRIPTION, AndroidEvidence, AndroidVerifier
from enigm.crypto.attestation.app_attest import AppAttestVerifier
from enigm.crypto.attestation.attestation_key import check_attestation_key, recall_attestation_key
from enigm.crypto.attestation.endorsement import verify_endorsement
from enigm.crypto.attestation.errors import AttestationRefusedError
from enigm.crypto.attestation.event_log import check_event_log, read_event_log, replay
from enigm.crypto.attestation.quote import verify_quote
from enigm.crypto.attestation.reference import GoodState, Manifest, open_manifest, sign_manifest
from enigm.crypto.attestation.structures import read_public_area
from enigm.crypto.attestation.verdict import Verdict, read_verdict, sign_verdict
from enigm.crypto.signatures import Ed25519, Hybrid
from tests.crypto.attestation.paper_phone import SIGNER, AndroidPhone, ApplePhone, certify
from tests.crypto.attestation.paper_tpm import NOW, Maker, PaperTpm, event_log
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from collections.abc import Callable

# The whole number (100,000) takes minutes; the suite's share is told by this variable.
MUTATIONS = int(os.environ.get("ENIGM_MUTATIONS", "20000"))

DICE = FakeEntropy(b"mutations")
TPM, NONCE = PaperTpm(), bytes(32)
KEY, QUOTE = TPM.accepted_key(), TPM.quote(NONCE)
MAKER = Maker()
CLAIM = MAKER.claim(rsa.generate_private_key(65537, 2048))
LOG = event_log([(0, 8, b"firmware"), (7, 0x80000001, b"variable"), (0, 4, bytes(4))])
REGISTERS = replay(read_event_log(LOG))
RELEASER, VERIFIER = Hybrid.generate(DICE), Ed25519.generate(DICE)
STATE = GoodState("good", {0: bytes(32).hex()})
SIGNED = sign_manifest(Manifest(1, NOW, NOW + 60, [STATE]), RELEASER)
TOKEN = sign_verdict(Verdict(bytes(20), NONCE, "tpm", "good", NOW, NOW + 60), VERIFIER)

ISSUER, BETWEEN = MAKER.subordinate()
PHONE, PHONE_KEY = AndroidPhone(MAKER).evidence(NONCE), ec.generate_private_key(ec.SECP256R1())
ANDROID = AndroidVerifier([MAKER.root], {SIGNER}, 202601)
APPLE = AppAttestVerifier([MAKER.root], "TEAM123456.example.enigm")
APPLE_EVIDENCE = ApplePhone(MAKER).evidence(NONCE)


def mutated(octets: bytes) -> bytes:
    """Return other bytes: a few flipped, cut, doubled, put in or replaced."""
    dice = DICE.random_bytes(8)
    at, length = int.from_bytes(dice[:2], "big") % len(octets), dice[2] % 9 + 1
    return (
        octets[:at] + bytes([octets[at] ^ (1 << dice[3] % 8)]) + octets[at + 1 :],
        octets[:at],
        octets[:at] + octets[at + length :],
        octets[:at] + DICE.random_bytes(length) + octets[at:],
        octets[:at] + DICE.random_bytes(length) + octets[at + length :],
        octets[:at] + octets[at : at + length] * 2 + octets[at + length :],
        octets[:at] + bytes([0xFF]) * length + octets[at + length :],
        octets + dice[:length],
    )[dice[4] % 8]


def _quote(octets: bytes) -> None:
    verify_quote(dataclasses.replace(QUOTE, attest=octets), KEY, NONCE)


def _resigned_quote(octets: bytes) -> None:
    """Whoever holds a key can sign anything: the readers behind the signature are reached too."""
    verify_quote(TPM.signed(octets, dict(QUOTE.pcr_values)), KEY, NONCE)


def _signature(octets: bytes) -> None:
    verify_quote(dataclasses.replace(QUOTE, signature=octets), KEY, NONCE)


def _attestation_key(octets: bytes) -> None:
    check_attestation_key(octets)
    recall_attestation_key(octets)


def _certificate(octets: bytes) -> None:
    verify_endorsement(dataclasses.replace(CLAIM, certificate=octets), [MAKER.root], NOW)


def _public_area(octets: bytes) -> None:
    read_public_area(octets)


def _event_log(octets: bytes) -> None:
    check_event_log(octets, REGISTERS)


def _manifest(octets: bytes) -> None:
    open_manifest(octets, RELEASER.public, now_seconds=NOW)


def _android(octets: bytes) -> None:
    ANDROID.verify(AndroidEvidence((octets, *PHONE.chain[1:])), NONCE, NOW)


def _android_description(octets: bytes) -> None:
    """Description bytes that a genuine key signed: the readers behind the chain are reached too."""
    leaf = certify(ISSUER, PHONE_KEY, KEY_DESCRIPTION, octets)
    ANDROID.verify(AndroidEvidence((leaf, BETWEEN)), NONCE, NOW)


def _app_attest(octets: bytes) -> None:
    APPLE.verify(dataclasses.replace(APPLE_EVIDENCE, attestation=octets), NONCE, NOW)


def _verdict(octets: bytes) -> None:
    read_verdict(octets, VERIFIER.public, now_seconds=NOW)


# What is signed must never be accepted in another form; a public area or a log is only believed
# through the name or registers it leads to, so some others are well formed.
KINDS: list[tuple[Callable[[bytes], None], bytes, bool]] = [
    (_quote, QUOTE.attest, True),
    (_resigned_quote, QUOTE.attest, False),
    (_signature, QUOTE.signature, False),
    (_attestation_key, TPM.public_area(), False),
    (_certificate, CLAIM.certificate, True),
    (_public_area, CLAIM.public_area, False),
    (_event_log, LOG, False),
    (_manifest, SIGNED, True),
    (_verdict, TOKEN, True),
    (_android, PHONE.chain[0], True),
    (_android_description, AndroidPhone(MAKER).described(NONCE), False),
    (_app_attest, APPLE_EVIDENCE.attestation, False),
]


# Certificates that a later cryptography will refuse by itself, such as with a negative number.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.requirement("ATT-01")
@pytest.mark.parametrize(("check", "honest", "is_signed"), KINDS)
def test_no_mutation_is_more_than_refused(
    check: Callable[[bytes], None], honest: bytes, is_signed: bool
) -> None:
    check(honest)
    for _ in range(MUTATIONS // len(KINDS) + 1):
        octets = mutated(honest)
        try:
            check(octets)
        except AttestationRefusedError:
            continue
        assert octets == honest or not is_signed
