"""Proof of work: the price, in the caller's processor time, of what nobody's identity guards."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from enigm.foundation.errors import UnverifiableError

if TYPE_CHECKING:
    from collections.abc import Callable

NONCE_BYTES = 8
# 2^28 hashes are minutes on a fast machine: nothing the service asks for is harder.
DIFFICULTY_BITS_MAX = 28

_DIGEST_BITS = 256
# How often a search looks whether it should stop: about every 10 ms.
_STOP_CHECK_TRIES = 1 << 13


class WorkRefusedError(UnverifiableError):
    """A nonce that does not carry the work which was asked for."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("wire.work", "The proof of work does not hold: solve a fresh challenge.")


class WorkStoppedError(RuntimeError):
    """The caller asked the search to stop."""


def solve(
    challenge: bytes, difficulty_bits: int, should_stop: Callable[[], bool] | None = None
) -> bytes:
    """Find the 8-byte nonce; takes 2^difficulty_bits hashes on average (18: about 0.2 s).

    Blocks: call it in a thread. Raises WorkRefusedError for a difficulty nobody should ask,
    WorkStoppedError when ``should_stop`` says so.
    """
    if not 0 <= difficulty_bits <= DIFFICULTY_BITS_MAX:
        raise WorkRefusedError
    prefix = hashlib.sha256(challenge)
    bound = 1 << (_DIGEST_BITS - difficulty_bits)
    tries = 0
    while True:
        if should_stop is not None and tries % _STOP_CHECK_TRIES == 0 and should_stop():
            raise WorkStoppedError
        nonce = tries.to_bytes(NONCE_BYTES, "big")
        attempt = prefix.copy()
        attempt.update(nonce)
        if int.from_bytes(attempt.digest(), "big") < bound:
            return nonce
        tries += 1


def check(challenge: bytes, nonce: bytes, difficulty_bits: int) -> None:
    """Return if SHA-256(challenge || nonce) begins with that many zero bits.

    Raises WorkRefusedError.
    """
    if len(nonce) != NONCE_BYTES:
        raise WorkRefusedError
    digest = int.from_bytes(hashlib.sha256(challenge + nonce).digest(), "big")
    if digest >> (_DIGEST_BITS - difficulty_bits):
        raise WorkRefusedError
