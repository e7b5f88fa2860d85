"""Prints admission tokens for a benchmark, issued in this process by the service's own seed.

The account path would issue the same tokens over HTTP, 64 at a time after a registration each;
what is measured begins after that.
"""

from __future__ import annotations

import sys

from enigm.crypto import tokens
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.settings import load_settings


def issue(count: int) -> list[bytes]:
    """Blind, evaluate and unblind as client and service do."""
    entropy = SystemEntropy()
    keys = load_or_create_keys(load_settings().key_file, entropy)
    issuer = tokens.TokenIssuer.from_seed(keys.derive("tokens", "issuer"))
    issued: list[bytes] = []
    while len(issued) < count:
        state, blinded = tokens.blind(min(count - len(issued), tokens.BATCH_MAX), entropy)
        answer = issuer.evaluate(blinded)
        issued += tokens.finalize(state, answer.elements, answer.proof, issuer.public_key)
    return issued


if __name__ == "__main__":
    for token in issue(int(sys.argv[1])):
        print(token.hex())
