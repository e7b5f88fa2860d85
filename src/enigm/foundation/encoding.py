"""Bytes as text: unpadded base64url and base32, each with exactly one spelling."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from enigm.foundation.errors import InvalidError

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
_BASE32: Final = re.compile(r"[a-z2-7]*")


def base64url_encode(octets: bytes) -> str:
    """Return base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def base64url_decode(text: str) -> bytes:
    """Return the bytes of unpadded base64url.

    Raises:
        InvalidError: anything but the one spelling that ``base64url_encode`` gives.
    """
    # Python's decoder skips what is not in the alphabet, so the alphabet is checked first.
    if _BASE64URL.fullmatch(text):
        try:
            octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except binascii.Error:
            pass
        else:
            # RFC 4648 §3.5: unused last bits would give one value several spellings.
            if base64url_encode(octets) == text:
                return octets
    raise InvalidError("encoding.base64url", "A value is not unpadded base64url.")


def base32_encode(octets: bytes) -> str:
    """Return lower-case base32 without padding, fit for reading aloud and file names."""
    return base64.b32encode(octets).decode().rstrip("=").lower()


def base32_decode(text: str) -> bytes:
    """Return the bytes of unpadded lower-case base32.

    Raises:
        InvalidError: anything but the one spelling that ``base32_encode`` gives.
    """
    if _BASE32.fullmatch(text):
        try:
            octets = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
        except binascii.Error:
            pass
        else:
            if base32_encode(octets) == text:
                return octets
    raise InvalidError("encoding.base32", "A value is not unpadded lower-case base32.")
