"""Signatures: RFC 8032, both halves of the hybrid, and what must be refused."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
from hypothesis import given, settings
from hypothesis import strategies as st

from enigm.crypto.errors import InvalidKeyError, SignatureInvalidError
from enigm.crypto.signatures import EcdsaP256, Ed25519, Hybrid, MlDsa65
from tests.support.entropy import FakeEntropy

SEED = bytes(range(32))
MESSAGE, CONTEXT = b"a device certificate", b"enigm.device"


def test_rfc8032_test_2_signs_as_published() -> None:
    key = Ed25519.from_seed(
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    assert key.public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert Ed25519.sign(key.private, b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_a_hybrid_key_is_the_same_for_the_same_seed() -> None:
    key = Hybrid.from_seed(SEED)
    assert len(key.public) == 1984
    assert key.public == Hybrid.from_seed(SEED).public
    assert key.public != Hybrid.from_seed(bytes(32)).public
    # A changed derivation would orphan every account root: the phrase must keep its key.
    assert hashlib.sha256(key.public).hexdigest() == (
        "f4e96548aa4ea89a427da4318f74222d6d96dd64b1c3bd50268dc7bb8939d22f"
    )


def test_a_hybrid_signature_verifies_under_its_own_message_and_context() -> None:
    key = Hybrid.generate(FakeEntropy())
    signature = Hybrid.sign(key.private, MESSAGE, CONTEXT)
    assert len(signature) == 3373
    Hybrid.verify(key.public, MESSAGE, signature, CONTEXT)


@settings(max_examples=60)
@given(position=st.integers(0, 3372), mask=st.integers(1, 255))
def test_a_hybrid_signature_changed_anywhere_is_refused(position: int, mask: int) -> None:
    key = Hybrid.from_seed(SEED)
    signature = bytearray(Hybrid.sign(key.private, MESSAGE, CONTEXT))
    signature[position] ^= mask
    with pytest.raises(SignatureInvalidError):
        Hybrid.verify(key.public, MESSAGE, bytes(signature), CONTEXT)


def test_both_halves_of_a_hybrid_signature_must_hold() -> None:
    key, other = Hybrid.from_seed(SEED), Hybrid.from_seed(bytes(32))
    good = Hybrid.sign(key.private, MESSAGE, CONTEXT)
    foreign = Hybrid.sign(other.private, MESSAGE, CONTEXT)
    for mixed in (good[:64] + foreign[64:], foreign[:64] + good[64:]):
        with pytest.raises(SignatureInvalidError):
            Hybrid.verify(key.public, MESSAGE, mixed, CONTEXT)


@pytest.mark.parametrize(
    ("message", "context"),
    [(MESSAGE + b".", CONTEXT), (MESSAGE, b""), (MESSAGE, CONTEXT + b"x"), (b"", CONTEXT)],
)
def test_a_hybrid_signature_holds_for_nothing_else(message: bytes, context: bytes) -> None:
    key = Hybrid.from_seed(SEED)
    signature = Hybrid.sign(key.private, MESSAGE, CONTEXT)
    with pytest.raises(SignatureInvalidError):
        Hybrid.verify(key.public, message, signature, context)


def test_a_boundary_between_context_and_message_cannot_be_moved() -> None:
    key = Hybrid.from_seed(SEED)
    signature = Hybrid.sign(key.private, b"bc", b"a")
    with pytest.raises(SignatureInvalidError):
        Hybrid.verify(key.public, b"c", signature, b"ab")


def test_half_a_hybrid_signature_is_no_plain_signature() -> None:
    key = Hybrid.from_seed(SEED)
    signature = Hybrid.sign(key.private, MESSAGE, CONTEXT)
    with pytest.raises(InvalidSignature):
        ed25519.Ed25519PublicKey.from_public_bytes(key.public[:32]).verify(signature[:64], MESSAGE)
    with pytest.raises(InvalidSignature):
        mldsa.MLDSA65PublicKey.from_public_bytes(key.public[32:]).verify(
            signature[64:], MESSAGE, CONTEXT
        )


@pytest.mark.parametrize("length", [0, 64, 3372, 3374])
def test_a_hybrid_signature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(SignatureInvalidError):
        Hybrid.verify(Hybrid.from_seed(SEED).public, MESSAGE, bytes(length), CONTEXT)


@pytest.mark.parametrize("scheme", [Ed25519, EcdsaP256])
def test_a_plain_signature_holds_for_its_message_only(
    scheme: type[Ed25519 | EcdsaP256],
) -> None:
    entropy = FakeEntropy()
    key, other = scheme.generate(entropy), scheme.generate(entropy)
    signature = scheme.sign(key.private, MESSAGE)
    scheme.verify(key.public, MESSAGE, signature)
    for public, message, attempt in [
        (other.public, MESSAGE, signature),
        (key.public, MESSAGE + b".", signature),
        (key.public, MESSAGE, signature[:-1]),
        (key.public, MESSAGE, b""),
    ]:
        with pytest.raises(SignatureInvalidError):
            scheme.verify(public, message, attempt)


def test_an_mldsa_signature_holds_for_its_context_only() -> None:
    key = MlDsa65.from_seed(SEED)
    signature = MlDsa65.sign(key.private, MESSAGE, CONTEXT)
    MlDsa65.verify(key.public, MESSAGE, signature, CONTEXT)
    for message, attempt, context in [
        (MESSAGE, signature, b""),
        (MESSAGE + b".", signature, CONTEXT),
        (MESSAGE, signature[:-1], CONTEXT),
    ]:
        with pytest.raises(SignatureInvalidError):
            MlDsa65.verify(key.public, message, attempt, context)


def test_bytes_that_are_no_key_are_refused() -> None:
    for verify in (Ed25519.verify, EcdsaP256.verify, MlDsa65.verify):
        for public in (b"", b"\x04" + bytes(64), b"\x02" * 33):
            with pytest.raises(InvalidKeyError):
                verify(public, MESSAGE, bytes(64))
    for sign in (Ed25519.sign, EcdsaP256.sign, MlDsa65.sign):
        with pytest.raises(InvalidKeyError):
            sign(b"short", MESSAGE)
    with pytest.raises(InvalidKeyError):
        EcdsaP256.sign(b"\xff" * 32, MESSAGE)
    with pytest.raises(InvalidKeyError):
        Hybrid.verify(b"short", MESSAGE, bytes(3373), CONTEXT)
    with pytest.raises(InvalidKeyError):
        Hybrid.sign(b"short", MESSAGE, CONTEXT)


def test_a_context_longer_than_its_length_byte_is_a_programming_error() -> None:
    with pytest.raises(RuntimeError):
        Hybrid.sign(SEED, MESSAGE, bytes(256))


def test_keys_never_show_in_a_representation() -> None:
    key = Hybrid.from_seed(SEED)
    assert repr(SEED) not in repr(key)


# The order of Ed25519's base point (RFC 8032 §5.1).
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
# The points of small order, and the neutral element's second spelling.
SMALL_ORDER = (
    "01" + "00" * 31,
    "ec" + "ff" * 30 + "7f",
    "00" * 32,
    "00" * 31 + "80",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ee" + "ff" * 30 + "7f",
)


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_key_of_small_order_signs_nothing(point: str) -> None:
    # With S = 0, a verifier that lets such keys pass takes this for a signature of any message.
    for commitment in SMALL_ORDER:
        for message in range(16):
            with pytest.raises(SignatureInvalidError):
                Ed25519.verify(
                    bytes.fromhex(point), b"%d" % message, bytes.fromhex(commitment) + bytes(32)
                )


def test_a_signature_has_one_spelling() -> None:
    key = Ed25519.from_seed(SEED)
    signature = Ed25519.sign(key.private, MESSAGE)
    scalar = int.from_bytes(signature[32:], "little") + GROUP_ORDER
    with pytest.raises(SignatureInvalidError):
        Ed25519.verify(key.public, MESSAGE, signature[:32] + scalar.to_bytes(32, "little"))


def test_a_messages_beginning_cannot_pass_as_the_end_of_its_signature() -> None:
    key = Ed25519.from_seed(SEED)
    signature = Ed25519.sign(key.private, MESSAGE)
    with pytest.raises(SignatureInvalidError):
        Ed25519.verify(key.public, MESSAGE[1:], signature + MESSAGE[:1])


def test_members_agree_on_signatures_that_verifiers_judge_differently() -> None:
    # Keys with a part of small order (Chalkias, Garillot, Nikolaenko, SSR 2020, cases 3 and 4):
    # the first signature holds everywhere, the second only where the equation is multiplied by 8.
    Ed25519.verify(
        bytes.fromhex("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"),
        bytes.fromhex("9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79"),
        bytes.fromhex(
            "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f"
            "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009"
        ),
    )
    with pytest.raises(SignatureInvalidError):
        Ed25519.verify(
            bytes.fromhex("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"),
            bytes.fromhex("e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c"),
            bytes.fromhex(
                "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512"
                "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09"
            ),
        )
