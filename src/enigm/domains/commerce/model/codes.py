"""Code Coin: keys that issue codes, what a client asks to have signed, and what it gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NewType

from enigm.wire.code_coin import KeyNumber  # noqa: TC001 - an answer is read back by its types

# What makes a repeated request the same one; the client draws it.
RequestName = NewType("RequestName", bytes)
REQUEST_BYTES: Final = 16

# Few values, so that many codes are alike: whoever spends one is one of all that are outstanding.
DENOMINATIONS_CENTS: Final = (1_00, 2_00, 5_00, 10_00, 20_00, 50_00, 100_00)
# Two batches of the largest value: more is another order, and another request.
SIGNED_MAX: Final = 128


class KeyKind(StrEnum):
    """How the codes of a key come about."""

    BLIND = "blind"
    PRINTED = "printed"


class KeyState(StrEnum):
    """Whether a key's codes can be spent. Only the first can become the second."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    VOID = "void"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class CodeKey:
    """A key of one value and one quarter (or of one printed batch). Times are Unix seconds."""

    number: KeyNumber
    kind: KeyKind
    value_cents: int
    epoch: str
    state: KeyState
    issued: int
    redeemed: int
    issue_until: int
    redeem_until: int
    printed: int = 0
    """How many codes a printed batch has; they are issued when the batch is sold."""

    @property
    def outstanding_cents(self) -> int:
        """Return what its unspent codes are worth."""
        return (self.issued - self.redeemed) * self.value_cents


@dataclass(frozen=True, slots=True)
class Wanted:
    """Blinded nonces to be signed under one key, 32 bytes each."""

    key: KeyNumber
    blinded: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """What one key made of them, with one proof for all."""

    key: KeyNumber
    elements: tuple[bytes, ...]
    proof: bytes


@dataclass(frozen=True, slots=True)
class PrintedBatch:
    """Codes to be printed: they are worth nothing until their batch is sold."""

    key: CodeKey
    codes: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeTotals:
    """What all codes come to, beside what the books say is owed for them."""

    keys: tuple[CodeKey, ...]
    liability_cents: int

    @property
    def outstanding_cents(self) -> int:
        """Return what all unspent codes are worth."""
        return sum(key.outstanding_cents for key in self.keys if key.state is KeyState.ACTIVE)

    @property
    def are_equal(self) -> bool:
        """Say whether the books owe exactly what is outstanding."""
        return self.outstanding_cents == self.liability_cents
