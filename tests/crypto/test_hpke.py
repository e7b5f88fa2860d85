"""HPKE against RFC 9180, pyhpke, @hpke/core with X-Wing, and our own known answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pyhpke import AEADId as PeerAead
from pyhpke import CipherSuite
from pyhpke import KDFId as PeerKdf
from pyhpke import KEMId as PeerKem

from enigm.crypto.errors import DecryptionFailedError, InvalidKeyError
from enigm.crypto.hpke import AeadId, Hpke, KdfId, KemId
from tests.support.entropy import FakeEntropy
from tests.support.vectors import ROOT

if TYPE_CHECKING:
    from tests.support.node_peer import NodePeer

SUITES = [Hpke(kem, kdf, aead) for kem in KemId for kdf in KdfId for aead in AeadId]
SUITE_NAMES = [f"{s.kem_id:04x}-{s.kdf_id}-{s.aead_id}" for s in SUITES]
NODE_SUITES = [suite for suite in SUITES if suite.aead_id != AeadId.CHACHA20_POLY1305]
NODE_NAMES = [f"{s.kem_id:04x}-{s.kdf_id}-{s.aead_id}" for s in NODE_SUITES]
PEER_KEMS = {
    KemId.P256: PeerKem.DHKEM_P256_HKDF_SHA256,
    KemId.X25519: PeerKem.DHKEM_X25519_HKDF_SHA256,
}
PEER_KDFS = {KdfId.HKDF_SHA256: PeerKdf.HKDF_SHA256, KdfId.HKDF_SHA512: PeerKdf.HKDF_SHA512}
PEER_AEADS = {
    AeadId.AES_128_GCM: PeerAead.AES128_GCM,
    AeadId.AES_256_GCM: PeerAead.AES256_GCM,
    AeadId.CHACHA20_POLY1305: PeerAead.CHACHA20_POLY1305,
}
INFO, CONTEXT = b"why this is sealed", b"what is exported"
IKM = b"\x09" * 32


@pytest.fixture(params=SUITES, ids=SUITE_NAMES)
def suite(request: pytest.FixtureRequest) -> Hpke:
    return request.param


def peer_numbers(suite: Hpke) -> dict[str, int]:
    return {"kem": suite.kem_id, "kdf": suite.kdf_id, "aead": suite.aead_id}


@pytest.mark.parametrize("aad", [b"", b"header"])
def test_what_is_sealed_opens_for_the_right_key_and_context(suite: Hpke, aad: bytes) -> None:
    pair = suite.derive_key_pair(IKM)
    enc, ciphertext = suite.seal(pair.public, INFO, aad, b"plaintext")
    assert suite.open(pair.private, enc, INFO, aad, ciphertext) == b"plaintext"


@pytest.mark.parametrize("aad", [b"", b"header"])
def test_any_change_to_a_sealed_message_is_refused(suite: Hpke, aad: bytes) -> None:
    pair, other = suite.derive_key_pair(IKM), suite.derive_key_pair(b"\x08" * 32)
    enc, ciphertext = suite.seal(pair.public, INFO, aad, b"plaintext")
    flipped = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
    altered_enc = enc[:-1] + bytes([enc[-1] ^ 1])
    attempts = [
        (other.private, enc, INFO, aad, ciphertext),
        (pair.private, altered_enc, INFO, aad, ciphertext),
        (pair.private, enc[:-1], INFO, aad, ciphertext),
        (pair.private, b"", INFO, aad, ciphertext),
        (pair.private, enc, b"another context", aad, ciphertext),
        (pair.private, enc, INFO, aad + b"x", ciphertext),
        (pair.private, enc, INFO, aad, flipped),
        (pair.private, enc, INFO, aad, ciphertext[:-1]),
        (pair.private, enc, INFO, aad, b""),
    ]
    for attempt in attempts:
        with pytest.raises(DecryptionFailedError):
            suite.open(*attempt)


def test_bytes_that_are_no_key_are_refused(suite: Hpke) -> None:
    pair = suite.derive_key_pair(IKM)
    enc, ciphertext = suite.seal(pair.public, INFO, b"", b"plaintext")
    for aad in (b"", b"header"):
        for public in (b"", pair.public[:-1], pair.public + b"\x00", bytes(len(pair.public))):
            with pytest.raises(InvalidKeyError):
                suite.seal(public, INFO, aad, b"plaintext")
        for private in (b"", pair.private[:-1], pair.private + b"\x00"):
            with pytest.raises(InvalidKeyError):
                suite.open(private, enc, INFO, aad, ciphertext)


def test_both_sides_export_the_same_secret(suite: Hpke) -> None:
    pair = suite.generate_key_pair(FakeEntropy())
    enc, secret = suite.send_export(pair.public, INFO, CONTEXT, 77)
    assert suite.receive_export(pair.private, enc, INFO, CONTEXT, 77) == secret
    assert suite.receive_export(pair.private, enc, INFO, CONTEXT + b".", 77) != secret
    assert suite.receive_export(pair.private, enc, INFO + b".", CONTEXT, 77) != secret


def test_a_suite_outside_the_table_is_a_programming_error() -> None:
    with pytest.raises(RuntimeError):
        Hpke(0x0021, 1, 1)


def test_keys_never_show_in_a_representation(suite: Hpke) -> None:
    pair = suite.derive_key_pair(IKM)
    assert pair.private.hex() not in repr(pair)
    assert repr(pair.private) not in repr(pair)


def test_rfc9180_appendix_a_1_1_opens_and_exports() -> None:
    suite = Hpke(KemId.X25519, KdfId.HKDF_SHA256, AeadId.AES_128_GCM)
    recipient = suite.derive_key_pair(
        bytes.fromhex("6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037")
    )
    assert recipient.private.hex() == (
        "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"
    )
    assert recipient.public.hex() == (
        "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"
    )
    enc = bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
    info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
    ciphertext = bytes.fromhex(
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    )
    opened = suite.open(recipient.private, enc, info, b"Count-0", ciphertext)
    assert opened == b"Beauty is truth, truth beauty"
    exported = suite.receive_export(recipient.private, enc, info, b"TestContext", 32)
    assert exported.hex() == "e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931"


@pytest.mark.parametrize(
    "suite", [s for s in SUITES if s.kem_id in PEER_KEMS], ids=lambda s: f"{s.kem_id:x}"
)
def test_pyhpke_and_ours_open_and_export_each_other(suite: Hpke) -> None:
    peer = CipherSuite.new(
        PEER_KEMS[KemId(suite.kem_id)],
        PEER_KDFS[KdfId(suite.kdf_id)],
        PEER_AEADS[AeadId(suite.aead_id)],
    )
    pair = suite.derive_key_pair(IKM)
    peer_pair = peer.kem.derive_key_pair(IKM)
    assert peer_pair.public_key.to_public_bytes() == pair.public

    enc, sender = peer.create_sender_context(peer_pair.public_key, INFO)
    sealed = sender.seal(b"from the peer", aad=b"header")
    assert suite.open(pair.private, enc, INFO, b"header", sealed) == b"from the peer"
    exported = suite.receive_export(pair.private, enc, INFO, CONTEXT, 48)
    assert exported == sender.export(CONTEXT, 48)

    enc, ciphertext = suite.seal(pair.public, INFO, b"header", b"from us")
    recipient = peer.create_recipient_context(enc, peer_pair.private_key, INFO)
    assert recipient.open(ciphertext, aad=b"header") == b"from us"


@pytest.mark.parametrize("suite", NODE_SUITES, ids=NODE_NAMES)
@pytest.mark.parametrize("aad", [b"", b"header"])
def test_hpke_in_node_and_ours_open_and_export_each_other(
    hpke_peer: NodePeer, suite: Hpke, aad: bytes
) -> None:
    numbers = peer_numbers(suite)
    pair = suite.derive_key_pair(IKM)
    theirs = hpke_peer.ask("derive", **numbers, ikm=IKM)
    assert (theirs["private"], theirs["public"]) == (pair.private.hex(), pair.public.hex())

    context = {"info": INFO, "aad": aad, "exporter_context": CONTEXT, "length": 48}
    sent = hpke_peer.ask("seal", **numbers, public=pair.public, plaintext=b"peer", **context)
    enc, ciphertext = bytes.fromhex(sent["enc"]), bytes.fromhex(sent["ciphertext"])
    assert suite.open(pair.private, enc, INFO, aad, ciphertext) == b"peer"
    assert suite.receive_export(pair.private, enc, INFO, CONTEXT, 48).hex() == sent["secret"]

    enc, ciphertext = suite.seal(pair.public, INFO, aad, b"ours")
    opened = hpke_peer.ask(
        "open", **numbers, private=pair.private, enc=enc, ciphertext=ciphertext, **context
    )
    assert opened["plaintext"] == b"ours".hex()
    enc, secret = suite.send_export(pair.public, INFO, CONTEXT, 48)
    received = hpke_peer.ask("open", **numbers, private=pair.private, enc=enc, **context)
    assert received["secret"] == secret.hex()


def own_answers() -> list[dict[str, str | int]]:
    path = ROOT / "tests" / "vectors" / "own" / "hpke.json"
    return json.loads(path.read_text())["answers"]


@pytest.mark.parametrize("answer", own_answers(), ids=lambda a: a["name"])
def test_own_known_answers_hold(answer: dict[str, str]) -> None:
    suite = Hpke(int(answer["kem"]), int(answer["kdf"]), int(answer["aead"]))
    pair = suite.derive_key_pair(bytes.fromhex(answer["ikm"]))
    assert pair.private.hex() == answer["private"]
    assert pair.public.hex() == answer["public"]
    enc, info = bytes.fromhex(answer["enc"]), bytes.fromhex(answer["info"])
    opened = suite.open(
        pair.private,
        enc,
        info,
        bytes.fromhex(answer["aad"]),
        bytes.fromhex(answer["ciphertext"]),
    )
    assert opened.hex() == answer["plaintext"]
    exporter_context = bytes.fromhex(answer["exporter_context"])
    secret = suite.receive_export(pair.private, enc, info, exporter_context, 32)
    assert secret.hex() == answer["secret"]


@pytest.mark.parametrize("answer", own_answers(), ids=lambda a: a["name"])
def test_own_known_answers_are_confirmed_by_the_independent_peer(
    hpke_peer: NodePeer, answer: dict[str, str]
) -> None:
    names = ("kem", "kdf", "aead", "private", "enc", "info", "ciphertext", "exporter_context")
    question = {name: answer[name] for name in names}
    opened = hpke_peer.ask("open", **question, aad=answer["aad"], length=32)
    assert opened == {"plaintext": answer["plaintext"], "secret": answer["secret"]}
