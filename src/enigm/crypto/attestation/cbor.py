"""A strict reader of the little CBOR (RFC 8949) that devices send before anything is verified.

Whole numbers, byte and text strings, arrays and maps, each in its shortest form. The library's
decoder also builds dates, patterns and shared values: too much for bytes from strangers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from enigm.crypto.attestation.errors import AttestationRefusedError, Reason

if TYPE_CHECKING:
    from typing import NoReturn

Value = int | bytes | str | list["Value"] | dict["int | str", "Value"]

# An App Attest object is three levels deep.
_DEPTH_MAX = 4
_SHORT = 24  # below: the number itself; 24 to 27: in one, two, four or eight bytes
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP = range(6)


def read_map(octets: bytes) -> dict[int | str, Value]:
    """Return the one map that fills these bytes exactly; raises AttestationRefusedError FORMAT."""
    value, at = _read(octets, 0, 0)
    if at != len(octets) or not isinstance(value, dict):
        _refuse("not one map")
    return value


def _read(octets: bytes, at: int, depth: int) -> tuple[Value, int]:
    if at >= len(octets) or depth > _DEPTH_MAX:
        _refuse("ends too early or is too deep")
    kind = octets[at] >> 5
    number, at = _number(octets, at)
    if kind == _UNSIGNED:
        return number, at
    if kind == _NEGATIVE:
        return -1 - number, at
    if kind in {_BYTES, _TEXT}:
        return _string(octets, at, number, is_text=kind == _TEXT)
    # Each element takes at least a byte: a count beyond the rest is a lie.
    if kind not in {_ARRAY, _MAP} or number > len(octets) - at:
        _refuse("a kind that is not expected, or too many values")
    return (_array if kind == _ARRAY else _map)(octets, at, number, depth + 1)


def _number(octets: bytes, at: int) -> tuple[int, int]:
    short = octets[at] & 0x1F
    at += 1
    if short < _SHORT:
        return short, at
    length = 1 << (short - _SHORT)
    number = int.from_bytes(octets[at : at + length], "big")
    shortest = _SHORT if length == 1 else 1 << 4 * length
    if short > _SHORT + 3 or at + length > len(octets) or number < shortest:
        _refuse("a number of another form")
    return number, at + length


def _string(octets: bytes, at: int, length: int, *, is_text: bool) -> tuple[Value, int]:
    end = at + length
    if end > len(octets):
        _refuse("a string ends too late")
    try:
        return (octets[at:end].decode() if is_text else octets[at:end]), end
    except UnicodeDecodeError:
        _refuse("text that is none")


def _array(octets: bytes, at: int, count: int, depth: int) -> tuple[Value, int]:
    values: list[Value] = []
    for _ in range(count):
        value, at = _read(octets, at, depth)
        values.append(value)
    return values, at


def _map(octets: bytes, at: int, count: int, depth: int) -> tuple[Value, int]:
    values: dict[int | str, Value] = {}
    for _ in range(count):
        key, at = _read(octets, at, depth)
        if not isinstance(key, int | str) or key in values:
            _refuse("a key twice, or of another kind")
        values[key], at = _read(octets, at, depth)
    return cast("Value", values), at


def _refuse(trace: str) -> NoReturn:
    raise AttestationRefusedError(Reason.FORMAT, f"CBOR: {trace}")
