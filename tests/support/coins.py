"""Somebody who buys, keeps and spends codes: the client's half, done as a browser does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.codes import BLIND_NONCE_BYTES, blind_nonces, finish_tags
from enigm.crypto.tokens import Evaluation
from enigm.domains.commerce.model.codes import RequestName, Wanted
from enigm.foundation.encoding import base64url_decode
from enigm.wire.code_coin import Code, CodeKind, KeyNumber, write_code
from tests.support.entropy import FakeEntropy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.crypto.tokens import BlindState
    from enigm.domains.commerce.actions.minting import Mint
    from enigm.domains.commerce.model.codes import Signed


@dataclass
class Purse:
    """Asks for codes blind, and keeps what it is given."""

    mint: Mint
    dice: FakeEntropy = field(default_factory=lambda: FakeEntropy(b"a purse of its own"))
    waiting: dict[int, tuple[list[bytes], BlindState]] = field(default_factory=dict)

    def request(self) -> RequestName:
        return RequestName(self.dice.random_bytes(16))

    def want(self, counts: dict[int, int]) -> list[Wanted]:
        """Blind so many nonces for each value, given in cents."""
        numbers = {key.value_cents: key.number for key in self.mint.ready()}
        wanted: list[Wanted] = []
        for value, count in counts.items():
            nonces = [self.dice.random_bytes(BLIND_NONCE_BYTES) for _ in range(count)]
            state, blinded = blind_nonces(nonces)
            self.waiting[numbers[value]] = (nonces, state)
            wanted.append(Wanted(numbers[value], tuple(blinded)))
        return wanted

    def finish(self, signed: Sequence[Signed]) -> list[str]:
        """Check each proof against the published list, and write the codes."""
        codes: list[str] = []
        published = published_keys(self.mint)
        for each in signed:
            nonces, state = self.waiting.pop(each.key)
            answer = Evaluation(list(each.elements), each.proof)
            tags = finish_tags(state, answer, published[each.key])
            for nonce, tag in zip(nonces, tags, strict=True):
                codes.append(write_code(Code(CodeKind.BLIND, KeyNumber(each.key), nonce, tag)))
        return codes


def published_keys(mint: Mint) -> dict[int, bytes]:
    """Read the public list as anybody would, by its words."""
    keys: dict[int, bytes] = {}
    for line in mint.published("keys"):
        words = line.text.split()
        if "public" in words:
            public = words[words.index("public") + 1]
            keys[int(words[words.index("key") + 1])] = base64url_decode(public)
    return keys
