"""A strict reader of DER (X.690), for the few structures that no library names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from enigm.crypto.attestation.errors import AttestationRefusedError, Reason

if TYPE_CHECKING:
    from typing import NoReturn

BOOLEAN, INTEGER, OCTET_STRING, ENUMERATED, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x0A, 0x30, 0x31

# X.690 §8.1.2: the upper bits of the first octet; numbers from 31 on follow in octets of seven.
_CONTEXT_CONSTRUCTED = 0xA0
_CLASS_BITS = 0xE0
_LONG_NUMBER = 0x1F
_MORE = 0x80
_LENGTH_OCTETS_MAX = 3  # we read nothing that is longer than 16 MiB
_NUMBER_OCTETS_MAX = 3
_TRUE, _FALSE = b"\xff", b"\x00"


class Element(NamedTuple):
    """One value: its tag (of a context tag, the number apart) and its content octets."""

    tag: int
    number: int
    content: bytes


def read_elements(octets: bytes) -> list[Element]:
    """Return the values that fill these bytes exactly; raises AttestationRefusedError FORMAT."""
    elements: list[Element] = []
    at = 0
    while at < len(octets):
        element, at = _element(octets, at)
        elements.append(element)
    return elements


def contents(element: Element, tag: int) -> list[Element]:
    """Return what a SEQUENCE or SET holds."""
    return read_elements(octets_of(element, tag))


def octets_of(element: Element, tag: int = OCTET_STRING) -> bytes:
    """Return the content of an element that must have this tag."""
    if element.tag != tag:
        _refuse("a value of another kind")
    return element.content


def whole_number(element: Element, tag: int = INTEGER) -> int:
    """Return a non-negative INTEGER or ENUMERATED in its shortest form."""
    content = octets_of(element, tag)
    if not content or content[0] & 0x80:
        _refuse("not a non-negative number")
    if len(content) > 1 and content[0] == 0 and not content[1] & 0x80:
        _refuse("a number in a longer form")
    return int.from_bytes(content, "big")


def truth(element: Element) -> bool:
    """Return a BOOLEAN (X.690 §11.1: all bits or none)."""
    content = octets_of(element, BOOLEAN)
    if content not in {_TRUE, _FALSE}:
        _refuse("a boolean that is neither")
    return content == _TRUE


def tagged(elements: list[Element]) -> dict[int, Element]:
    """Return the values of EXPLICIT context tags by their numbers, each of which occurs once."""
    found: dict[int, Element] = {}
    for element in elements:
        inner = read_elements(octets_of(element, _CONTEXT_CONSTRUCTED))
        if len(inner) != 1 or element.number in found:
            _refuse("a tag that occurs twice or holds several values")
        found[element.number] = inner[0]
    return found


def only(elements: list[Element]) -> Element:
    """Return the one element there must be."""
    if len(elements) != 1:
        _refuse("several values where there is one")
    return elements[0]


def _element(octets: bytes, at: int) -> tuple[Element, int]:
    tag, number = octets[at], 0
    at += 1
    if tag & _LONG_NUMBER == _LONG_NUMBER:
        number, at = _long_number(octets, at)
        tag &= _CLASS_BITS
    elif tag & _CLASS_BITS == _CONTEXT_CONSTRUCTED:
        number, tag = tag & _LONG_NUMBER, _CONTEXT_CONSTRUCTED
    length, at = _length(octets, at)
    if at + length > len(octets):
        _refuse("a value ends too late")
    return Element(tag, number, octets[at : at + length]), at + length


def _long_number(octets: bytes, at: int) -> tuple[int, int]:
    number = 0
    for place, octet in enumerate(octets[at : at + _NUMBER_OCTETS_MAX]):
        number = number << 7 | octet & ~_MORE
        if not number or (not octet & _MORE and number < _LONG_NUMBER):
            break
        if not octet & _MORE:
            return number, at + place + 1
    raise AttestationRefusedError(Reason.FORMAT, "DER: a tag in a longer form")


def _length(octets: bytes, at: int) -> tuple[int, int]:
    first = octets[at] if at < len(octets) else _refuse("a value ends too early")
    at += 1
    if first < _MORE:
        return first, at
    count = first & ~_MORE
    if not 0 < count <= _LENGTH_OCTETS_MAX or at + count > len(octets):
        _refuse("an endless or overlong length")
    length = int.from_bytes(octets[at : at + count], "big")
    if length < _MORE or length < 1 << 8 * (count - 1):
        _refuse("a length in a longer form")
    return length, at + count


def _refuse(trace: str) -> NoReturn:
    raise AttestationRefusedError(Reason.FORMAT, f"DER: {trace}")
