"""Safety numbers: sixty digits, the same on both sides, that nobody in between can have."""

from __future__ import annotations

import hashlib
import io

import segno

DIGITS_PER_GROUP = 5
GROUPS_PER_SIDE = 6
# Signal's count: finding a key whose digits collide costs 2^112 hashes instead of 2^100.
HASH_ROUNDS = 5200

_CONTEXT = b"enigm safety number v1"
# Byte 0 of the QR content: a reader can tell another version from another person.
_QR_VERSION = 1


def safety_digits(mine: bytes, theirs: bytes) -> tuple[str, ...]:
    """Return twelve groups of five digits from two fingerprints; the order does not matter."""
    first, second = sorted((mine, theirs))
    return (*_half(first), *_half(second))


def safety_qr(mine: bytes, theirs: bytes) -> str:
    """Return an SVG picture of both fingerprints, in the order of the digits."""
    first, second = sorted((mine, theirs))
    return qr_svg(bytes([_QR_VERSION]) + first + second)


def qr_svg(content: bytes | str) -> str:
    """Draw a QR code as inline SVG without scripts or styles of its own."""
    drawing = io.BytesIO()
    segno.make(content, error="m", micro=False).save(
        drawing, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2
    )
    return drawing.getvalue().decode("utf-8")


def _half(fingerprint: bytes) -> list[str]:
    digest = _CONTEXT + fingerprint
    for _ in range(HASH_ROUNDS):
        digest = hashlib.sha512(digest + fingerprint).digest()
    chunks = [digest[i * 5 : i * 5 + 5] for i in range(GROUPS_PER_SIDE)]
    modulus = 10**DIGITS_PER_GROUP
    return [f"{int.from_bytes(chunk, 'big') % modulus:05d}" for chunk in chunks]
