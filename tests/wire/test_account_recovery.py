"""Recovery statements hold for one challenge, one entry and one root."""

from __future__ import annotations

import pytest

from enigm.crypto.signatures import Hybrid
from enigm.foundation.errors import UnverifiableError
from enigm.wire.account_recovery import CHALLENGE_BYTES, sign_recovery, verify_recovery
from tests.support.entropy import FakeEntropy

ENTROPY = FakeEntropy(b"account recovery")
ROOT = Hybrid.generate(ENTROPY)
CHALLENGE = ENTROPY.random_bytes(CHALLENGE_BYTES)
ENTRY = ENTROPY.random_bytes(200)
SIGNATURE = sign_recovery(ROOT, CHALLENGE, ENTRY)


def test_the_roots_word_is_accepted() -> None:
    verify_recovery(ROOT.public, CHALLENGE, ENTRY, SIGNATURE)


@pytest.mark.parametrize("wrong", ["root_public", "challenge", "chain_entry", "signature"])
def test_a_statement_about_anything_else_is_refused(wrong: str) -> None:
    right = {
        "root_public": ROOT.public,
        "challenge": CHALLENGE,
        "chain_entry": ENTRY,
        "signature": SIGNATURE,
    }
    right[wrong] = Hybrid.generate(ENTROPY).public if wrong == "root_public" else bytes(32)
    with pytest.raises(UnverifiableError):
        verify_recovery(**right)
