"""Unlinkable one-use permissions: VOPRF tokens (RFC 9497), ristretto255 with SHA-512.

A client blinds random inputs; the issuer evaluates them without seeing them and proves that
it used its published key; the unblinded tokens cannot be linked to their issuance. Whoever
redeems must remember what was spent: a token verifies for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NewType

from voprf import ristretto

from enigm.crypto import kdf
from enigm.crypto.errors import MalformedTokenError, TokenRefusedError

if TYPE_CHECKING:
    from enigm.foundation.entropy import Entropy

Token = NewType("Token", bytes)
"""32-byte random input || 64-byte output: 96 bytes."""

TOKEN_INPUT_BYTES = 32
TOKEN_OUTPUT_BYTES = 64
TOKEN_BYTES = TOKEN_INPUT_BYTES + TOKEN_OUTPUT_BYTES
ELEMENT_BYTES = 32
PROOF_BYTES = 64
SEED_BYTES = 32
# An evaluation costs about 0.2 ms of one core; 64 keep one request under 15 ms.
BATCH_MAX = 64
# RFC 9497 §3.2.1 DeriveKeyPair takes public info; this names what the key is for.
KEY_INFO = b"Enigm tokens 1"
LIBRARY_PANIC = "PanicException"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the issuer answers: one element per blinded input, and one proof for all."""

    elements: list[bytes]
    proof: bytes


@dataclass(frozen=True, slots=True, eq=False)
class BlindState:
    """What the client keeps between blinding and finalizing; in memory only."""

    inputs: list[bytes] = field(repr=False)
    clients: list[ristretto.Client] = field(repr=False)


class TokenIssuer:
    """Evaluates blinded inputs and recognises its own tokens."""

    def __init__(self, evaluator: ristretto.Evaluator) -> None:
        """Wrap a key; use ``from_seed``."""
        self._evaluator = evaluator

    @classmethod
    def from_seed(cls, seed: bytes, info: bytes = KEY_INFO) -> TokenIssuer:
        """Return the same issuer for the same 32 secret bytes (RFC 9497 §3.2.1)."""
        if len(seed) != SEED_BYTES:
            raise RuntimeError("an issuer's seed is 32 bytes")
        return cls(ristretto.Evaluator.from_seed(seed, info))

    @property
    def public_key(self) -> bytes:
        """32 bytes, to be published: clients check every evaluation against it."""
        return self._evaluator.public_key.serialize()

    def evaluate(self, blinded: list[bytes]) -> Evaluation:
        """Evaluate 1 to 64 blinded inputs; raises MalformedTokenError."""
        _check_batch_size(len(blinded))
        answer = self._evaluator.evaluate_batch([_blinded_input(item) for item in blinded])
        serialized = answer.serialize()
        body = serialized[PROOF_BYTES:]
        elements = [body[i : i + ELEMENT_BYTES] for i in range(0, len(body), ELEMENT_BYTES)]
        return Evaluation(elements, serialized[:PROOF_BYTES])

    def redeem(self, token: bytes) -> bytes:
        """Check a token and return its 32-byte input, which the caller marks as spent.

        Raises MalformedTokenError, TokenRefusedError.
        """
        if len(token) != TOKEN_BYTES:
            raise MalformedTokenError("A token is 96 bytes.")
        token_input = token[:TOKEN_INPUT_BYTES]
        if not kdf.equal(self.output_for(token_input), token[TOKEN_INPUT_BYTES:]):
            raise TokenRefusedError("The token was not issued here.")
        return token_input

    def output_for(self, known_input: bytes) -> bytes:
        """Return the 64 bytes that only this key makes of an input (RFC 9497 Evaluate)."""
        return self._evaluator.evaluate_known_input(known_input)


def blind(count: int, entropy: Entropy) -> tuple[BlindState, list[bytes]]:
    """Make 1 to 64 random inputs; return what to keep and what to send, 32 bytes each."""
    return blind_inputs([entropy.random_bytes(TOKEN_INPUT_BYTES) for _ in range(count)])


def blind_inputs(inputs: list[bytes]) -> tuple[BlindState, list[bytes]]:
    """Blind 1 to 64 inputs of the caller's; return what to keep and what to send."""
    _check_batch_size(len(inputs))
    pairs = [ristretto.Client.blind(item) for item in inputs]
    state = BlindState(inputs, [client for client, _ in pairs])
    return state, [blinded.serialize() for _, blinded in pairs]


def finalize(
    state: BlindState, elements: list[bytes], proof: bytes, public_key: bytes
) -> list[Token]:
    """Check the issuer's proof and unblind; raises MalformedTokenError, TokenRefusedError."""
    outputs = unblind(state, elements, proof, public_key)
    return [Token(item + output) for item, output in zip(state.inputs, outputs, strict=True)]


def unblind(
    state: BlindState, elements: list[bytes], proof: bytes, public_key: bytes
) -> list[bytes]:
    """Check the issuer's proof; return 64 bytes for each input, in order.

    Raises MalformedTokenError, TokenRefusedError.
    """
    if len(elements) != len(state.inputs):
        raise MalformedTokenError("The evaluation has another number of elements.")
    if len(proof) != PROOF_BYTES or any(len(item) != ELEMENT_BYTES for item in elements):
        raise MalformedTokenError("An element is 32 bytes and a proof 64.")
    try:
        key = ristretto.PublicKey.deserialize(public_key)
        batch = ristretto.VerifiableBatchOutput.deserialize(proof + b"".join(elements))
    except (ValueError, TypeError) as error:
        raise MalformedTokenError("The evaluation or the key is not well-formed.") from error
    return _finalize_batch(state.clients, batch, key)


def _finalize_batch(
    clients: list[ristretto.Client],
    batch: ristretto.VerifiableBatchOutput,
    key: ristretto.PublicKey,
) -> list[bytes]:
    """Verify and unblind; voprf 0.2.0 panics, which is no Exception, where a proof fails."""
    try:
        return ristretto.Client.finalize_batch(clients, batch, key)
    except BaseException as error:
        if not isinstance(error, ValueError) and type(error).__name__ != LIBRARY_PANIC:
            raise
        raise TokenRefusedError("The issuer's proof does not hold for its key.") from error


def _check_batch_size(count: int) -> None:
    if not 1 <= count <= BATCH_MAX:
        raise MalformedTokenError(f"A batch has 1 to {BATCH_MAX} elements.")


def _blinded_input(element: bytes) -> ristretto.BlindedInput:
    try:
        return ristretto.BlindedInput.deserialize(element)
    except (ValueError, TypeError) as error:
        raise MalformedTokenError("A blinded element is not a valid group element.") from error
