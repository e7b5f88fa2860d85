"""Code Coin as people type it: 35 or 25 symbols in groups of five, with a checksum.

A *blind* code carries 80 random bits and a 60-bit tag that its issuer made without seeing them;
a *printed* code carries 50 bits and a 40-bit tag under its batch's key. Which key made it stands
in front, so the length and the first four symbols say where it belongs.

    blind    4 key · 16 nonce · 12 tag · 3 checksum     35 symbols
    printed  4 key · 10 nonce ·  8 tag · 3 checksum     25 symbols
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NewType

from enigm.foundation.errors import InvalidError

KeyNumber = NewType("KeyNumber", int)
"""Which issuing key made a code: 20 bits, listed in the key list."""

# Crockford's base32: no I, L, O, U, so that no symbol looks like another.
SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES: Final = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})
_SYMBOL_BITS: Final = 5
_GROUP_SYMBOLS: Final = 5
_KEY_SYMBOLS: Final = 4
KEY_NUMBER_MAX: Final = (1 << _KEY_SYMBOLS * _SYMBOL_BITS) - 1
# CRC-15/CAN's polynomial: over 35 symbols of 5 bits it misses no wrong symbol and no swap of
# neighbours. The initial value makes a run of zeros no code.
_CHECKSUM_BITS: Final = 15
_CHECKSUM_SYMBOLS: Final = 3
_POLYNOMIAL: Final = 0x4599
_INITIAL: Final = 0x3A5B
# A code with a space after every symbol is shorter than this; longer text is not read.
_INPUT_CHARACTERS_MAX: Final = 128
QR_PREFIX: Final = "ENIGM:"


class CodeKind(IntEnum):
    """How a code was made; the value is its number of symbols."""

    BLIND = 35
    PRINTED = 25


NONCE_SYMBOLS: Final = {CodeKind.BLIND: 16, CodeKind.PRINTED: 10}
TAG_SYMBOLS: Final = {CodeKind.BLIND: 12, CodeKind.PRINTED: 8}


class CodeTypingError(InvalidError):
    """Text that is no code: told by its symbols alone, before anybody is asked."""

    def __init__(self, detail: str) -> None:
        """Say what is wrong with what was typed, and not what was typed."""
        super().__init__("wire.code", detail)


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A code, taken apart. Whoever has it can spend it, so it has no ``repr`` of its parts."""

    kind: CodeKind
    key: KeyNumber
    nonce: bytes = field(repr=False)
    """10 bytes in a blind code; 50 bits in 7 bytes, high bits zero, in a printed one."""
    tag: int = field(repr=False)
    """60 or 40 bits."""


def nonce_bytes(kind: CodeKind) -> int:
    """Return how many bytes hold the nonce of a code of this kind."""
    return (NONCE_SYMBOLS[kind] * _SYMBOL_BITS + 7) // 8


def tag_bits(kind: CodeKind) -> int:
    """Return how many bits the tag of a code of this kind has."""
    return TAG_SYMBOLS[kind] * _SYMBOL_BITS


def write_code(code: Code) -> str:
    """Return the code as people read it, for example ``00R9D-B30ND-…``."""
    symbols = (
        _to_symbols(code.key, _KEY_SYMBOLS)
        + _to_symbols(int.from_bytes(code.nonce), NONCE_SYMBOLS[code.kind])
        + _to_symbols(code.tag, TAG_SYMBOLS[code.kind])
    )
    symbols += _to_symbols(_checksum(symbols), _CHECKSUM_SYMBOLS)
    text = "".join(SYMBOLS[symbol] for symbol in symbols)
    groups = (text[i : i + _GROUP_SYMBOLS] for i in range(0, len(text), _GROUP_SYMBOLS))
    return "-".join(groups)


def read_code(text: str) -> Code:
    """Take apart what somebody typed or scanned; case, spaces and hyphens do not matter.

    Raises:
        CodeTypingError: another length, a foreign symbol, or a checksum that does not fit.
    """
    symbols = _symbols_of(text)
    kind = CodeKind(len(symbols))
    body, checksum = symbols[:-_CHECKSUM_SYMBOLS], symbols[-_CHECKSUM_SYMBOLS:]
    if _from_symbols(checksum) != _checksum(body):
        raise CodeTypingError("One or more symbols are mistyped: please compare each group.")
    nonce_end = _KEY_SYMBOLS + NONCE_SYMBOLS[kind]
    return Code(
        kind,
        KeyNumber(_from_symbols(body[:_KEY_SYMBOLS])),
        _from_symbols(body[_KEY_SYMBOLS:nonce_end]).to_bytes(nonce_bytes(kind)),
        _from_symbols(body[nonce_end:]),
    )


def _symbols_of(text: str) -> list[int]:
    if len(text) > _INPUT_CHARACTERS_MAX:
        raise CodeTypingError("A code has 25 or 35 symbols.")
    typed = text.strip().upper().removeprefix(QR_PREFIX).translate(_LOOKALIKES)
    symbols = [SYMBOLS.find(character) for character in typed]
    if -1 in symbols:
        place = symbols.index(-1) + 1
        raise CodeTypingError(f"Symbol {place} is none that codes use (0-9 and A-Z without U).")
    if len(symbols) not in tuple(CodeKind):
        raise CodeTypingError(f"A code has 25 or 35 symbols; these are {len(symbols)}.")
    return symbols


def _to_symbols(number: int, count: int) -> list[int]:
    if number >> count * _SYMBOL_BITS:
        raise RuntimeError("a part of the code has more bits than its symbols hold")
    return [number >> _SYMBOL_BITS * place & 31 for place in reversed(range(count))]


def _from_symbols(symbols: list[int]) -> int:
    number = 0
    for symbol in symbols:
        number = number << _SYMBOL_BITS | symbol
    return number


def _checksum(symbols: list[int]) -> int:
    """CRC-15 over the symbols' bits, most significant first."""
    remainder = _INITIAL
    for symbol in symbols:
        for place in reversed(range(_SYMBOL_BITS)):
            top = remainder >> (_CHECKSUM_BITS - 1) ^ symbol >> place
            remainder = remainder << 1 & (1 << _CHECKSUM_BITS) - 1
            if top & 1:
                remainder ^= _POLYNOMIAL
    return remainder
