"""VOPRF tokens against RFC 9497's vectors and @cloudflare/voprf-ts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voprf import ristretto

from enigm.crypto import tokens
from enigm.crypto.errors import MalformedTokenError, TokenRefusedError
from tests.support.entropy import FakeEntropy
from tests.support.vectors import shared_vectors

if TYPE_CHECKING:
    from tests.support.node_peer import NodePeer

SEED = b"\xa3" * 32


@pytest.fixture
def issuer() -> tokens.TokenIssuer:
    return tokens.TokenIssuer.from_seed(SEED)


def issue(issuer: tokens.TokenIssuer, count: int) -> list[tokens.Token]:
    state, blinded = tokens.blind(count, FakeEntropy())
    evaluation = issuer.evaluate(blinded)
    return tokens.finalize(state, evaluation.elements, evaluation.proof, issuer.public_key)


def rfc_set() -> dict[str, Any]:
    sets = json.loads(shared_vectors("rfc", "voprf.json").read_text())
    return next(s for s in sets if (s["identifier"], s["mode"]) == ("ristretto255-SHA512", 1))


def test_rfc9497_keys_and_outputs_match() -> None:
    vectors = rfc_set()
    seed, info = bytes.fromhex(vectors["seed"]), bytes.fromhex(vectors["keyInfo"])
    issuer = tokens.TokenIssuer.from_seed(seed, info)
    assert issuer.public_key.hex() == vectors["pkSm"]
    evaluator = ristretto.Evaluator.from_seed(seed, info)
    for vector in vectors["vectors"]:
        inputs, outputs = vector["Input"].split(","), vector["Output"].split(",")
        for item, output in zip(inputs, outputs, strict=True):
            assert evaluator.evaluate_known_input(bytes.fromhex(item)).hex() == output


def test_rfc9497_blinded_elements_evaluate_to_the_published_elements() -> None:
    vectors = rfc_set()
    seed, info = bytes.fromhex(vectors["seed"]), bytes.fromhex(vectors["keyInfo"])
    issuer = tokens.TokenIssuer.from_seed(seed, info)
    for vector in vectors["vectors"]:
        blinded = [bytes.fromhex(item) for item in vector["BlindedElement"].split(",")]
        evaluated = [item.hex() for item in issuer.evaluate(blinded).elements]
        assert evaluated == vector["EvaluationElement"].split(",")


@pytest.mark.parametrize("count", [1, 2, tokens.BATCH_MAX])
def test_an_issued_token_redeems_and_names_what_was_spent(
    issuer: tokens.TokenIssuer, count: int
) -> None:
    issued = issue(issuer, count)
    assert [len(token) for token in issued] == [96] * count
    assert {issuer.redeem(token) for token in issued} == {token[:32] for token in issued}


def test_an_altered_or_foreign_token_is_refused(issuer: tokens.TokenIssuer) -> None:
    token = issue(issuer, 1)[0]
    for position in (0, 31, 32, 95):
        altered = bytearray(token)
        altered[position] ^= 1
        with pytest.raises(TokenRefusedError):
            issuer.redeem(bytes(altered))
    with pytest.raises(TokenRefusedError):
        tokens.TokenIssuer.from_seed(b"\x01" * 32).redeem(token)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_never_a_token(raw: bytes) -> None:
    with pytest.raises((MalformedTokenError, TokenRefusedError)):
        tokens.TokenIssuer.from_seed(SEED).redeem(raw)


@given(st.lists(st.binary(max_size=64), max_size=4))
def test_arbitrary_bytes_are_never_evaluated(blinded: list[bytes]) -> None:
    with pytest.raises(MalformedTokenError):
        tokens.TokenIssuer.from_seed(SEED).evaluate(blinded)


@pytest.mark.parametrize("count", [0, tokens.BATCH_MAX + 1])
def test_a_batch_outside_its_limits_is_refused(issuer: tokens.TokenIssuer, count: int) -> None:
    with pytest.raises(MalformedTokenError):
        tokens.blind(count, FakeEntropy())
    _, blinded = tokens.blind(1, FakeEntropy())
    with pytest.raises(MalformedTokenError):
        issuer.evaluate(blinded * count)


def test_an_issuer_that_uses_a_second_key_on_somebody_is_caught(
    issuer: tokens.TokenIssuer,
) -> None:
    state, blinded = tokens.blind(2, FakeEntropy())
    tagging = tokens.TokenIssuer.from_seed(b"\x02" * 32).evaluate(blinded)
    with pytest.raises(TokenRefusedError):
        tokens.finalize(state, tagging.elements, tagging.proof, issuer.public_key)


def test_a_malformed_evaluation_is_refused(issuer: tokens.TokenIssuer) -> None:
    state, blinded = tokens.blind(2, FakeEntropy())
    good = issuer.evaluate(blinded)
    attempts = [
        (good.elements[:1], good.proof, issuer.public_key),
        (good.elements, good.proof[:-1], issuer.public_key),
        ([good.elements[0], b"\xff" * 32], good.proof, issuer.public_key),
        ([good.elements[0], b""], good.proof, issuer.public_key),
        (good.elements, b"\xff" * 64, issuer.public_key),
        (good.elements, good.proof, b"\xff" * 32),
        (good.elements, good.proof, b""),
    ]
    for elements, proof, public_key in attempts:
        with pytest.raises(MalformedTokenError):
            tokens.finalize(state, elements, proof, public_key)
    with pytest.raises(TokenRefusedError):
        tokens.finalize(state, good.elements[::-1], good.proof, issuer.public_key)


def test_an_issuer_needs_a_seed_of_32_bytes() -> None:
    with pytest.raises(RuntimeError):
        tokens.TokenIssuer.from_seed(b"short")


def test_tokens_of_ours_are_issued_by_voprf_ts(
    voprf_peer: NodePeer, issuer: tokens.TokenIssuer
) -> None:
    keys = {"seed": SEED, "info": tokens.KEY_INFO}
    assert voprf_peer.ask("public_key", **keys)["public"] == issuer.public_key.hex()
    state, blinded = tokens.blind(3, FakeEntropy())
    request = len(blinded).to_bytes(2, "big") + b"".join(blinded)
    answer = bytes.fromhex(voprf_peer.ask("evaluate", **keys, request=request)["evaluation"])
    elements = [answer[2 + 32 * i : 34 + 32 * i] for i in range(3)]
    assert answer[98:99] == b"\x01"  # a proof follows
    issued = tokens.finalize(state, elements, answer[99:], issuer.public_key)
    for token in issued:
        expected = voprf_peer.ask("output", **keys, input=token[:32])["output"]
        assert token[32:].hex() == expected
        issuer.redeem(token)


def test_tokens_of_voprf_ts_are_issued_by_us(
    voprf_peer: NodePeer, issuer: tokens.TokenIssuer
) -> None:
    inputs = [bytes([i]) * 32 for i in range(3)]
    asked = voprf_peer.ask("blind", name="a", public=issuer.public_key, inputs=inputs)
    request = bytes.fromhex(asked["request"])
    blinded = [request[2 + 32 * i : 34 + 32 * i] for i in range(3)]
    ours = issuer.evaluate(blinded)
    evaluation = request[:2] + b"".join(ours.elements) + b"\x01" + ours.proof
    outputs = voprf_peer.ask("finalize", name="a", evaluation=evaluation)["outputs"]
    for token_input, output in zip(inputs, outputs, strict=True):
        assert issuer.redeem(token_input + bytes.fromhex(output)) == token_input
