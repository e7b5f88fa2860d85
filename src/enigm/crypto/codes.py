"""The tags of Code Coin: proof that an issuer made a code, short enough to type.

A blind code's tag is the beginning of a VOPRF output (RFC 9497): the issuer evaluated the nonce
without seeing it, so a code that is spent cannot be linked to its sale. A guess succeeds once
in 2^60 tries. A printed code's tag is an HMAC under its batch's key; whoever holds that key can
make codes of the batch, so a batch is worth only what was sold of it.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from enigm.crypto import tokens

if TYPE_CHECKING:
    from enigm.crypto.tokens import BlindState, Evaluation

BLIND_NONCE_BYTES: Final = 10
BLIND_TAG_BITS: Final = 60
PRINTED_TAG_BITS: Final = 40
_BLIND_LABEL: Final = b"enigm-codecoin-v1"
_PRINTED_LABEL: Final = b"enigm-printed-code-v1"
_KEY_INFO: Final = b"Enigm Code Coin 1"


class CodeIssuer:
    """One issuing key: it signs blinded nonces, and knows the tag of any nonce it is shown."""

    def __init__(self, seed: bytes) -> None:
        """Take the key's 32 secret bytes; each denomination and epoch has a key of its own."""
        self._issuer = tokens.TokenIssuer.from_seed(seed, _KEY_INFO)

    @property
    def public_key(self) -> bytes:
        """32 bytes, to be published in the key list."""
        return self._issuer.public_key

    def sign(self, blinded: list[bytes]) -> Evaluation:
        """Evaluate 1 to 64 blinded nonces, with one proof; raises MalformedTokenError."""
        return self._issuer.evaluate(blinded)

    def tag(self, nonce: bytes) -> int:
        """Return the 60-bit tag that a code with this nonce must carry."""
        return _blind_tag(self._issuer.output_for(nonce))


def blind_nonces(nonces: list[bytes]) -> tuple[BlindState, list[bytes]]:
    """Blind 1 to 64 nonces of 10 bytes; return what to keep in memory and what to send."""
    if any(len(nonce) != BLIND_NONCE_BYTES for nonce in nonces):
        raise RuntimeError("a blind code's nonce is 10 bytes")
    return tokens.blind_inputs(nonces)


def finish_tags(state: BlindState, signed: Evaluation, public_key: bytes) -> list[int]:
    """Check that the published key signed, and return each nonce's tag, in order.

    Raises:
        MalformedTokenError: the answer is not well-formed.
        TokenRefusedError: another key signed: the issuer could recognise such codes.
    """
    outputs = tokens.unblind(state, signed.elements, signed.proof, public_key)
    return [_blind_tag(output) for output in outputs]


def printed_tag(batch_key: bytes, nonce: bytes) -> int:
    """Return the 40-bit tag of a printed code."""
    return _leading_bits(hmac.digest(batch_key, _PRINTED_LABEL + nonce, "sha256"), PRINTED_TAG_BITS)


def same_tag(left: int, right: int) -> bool:
    """Compare two tags in constant time."""
    return hmac.compare_digest(left.to_bytes(8), right.to_bytes(8))


def _blind_tag(output: bytes) -> int:
    return _leading_bits(hashlib.sha256(_BLIND_LABEL + output).digest(), BLIND_TAG_BITS)


def _leading_bits(digest: bytes, bits: int) -> int:
    return int.from_bytes(digest) >> len(digest) * 8 - bits
