"""Random bytes, handed in so that tests can repeat them."""

from __future__ import annotations

import os
from typing import Protocol


class Entropy(Protocol):
    """A source of unpredictable bytes."""

    def random_bytes(self, length_bytes: int) -> bytes:
        """Return this many fresh bytes, fit for keys."""
        ...


class SystemEntropy:
    """The operating system's generator."""

    def random_bytes(self, length_bytes: int) -> bytes:
        """Return this many fresh bytes, fit for keys."""
        return os.urandom(length_bytes)
