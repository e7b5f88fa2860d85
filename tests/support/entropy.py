"""Dice that fall the same way every time."""

from __future__ import annotations

import hashlib


class FakeEntropy:
    """SHAKE256 over a seed and a counter: repeatable, and never the same twice in one run."""

    def __init__(self, seed: bytes = b"enigm tests") -> None:
        self._seed = seed
        self._count = 0

    def random_bytes(self, length_bytes: int) -> bytes:
        self._count += 1
        block = self._seed + self._count.to_bytes(8, "big")
        return hashlib.shake_256(block).digest(length_bytes)
