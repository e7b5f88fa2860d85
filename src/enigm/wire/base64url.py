"""Bytes in JSON and headers: base64url without padding (RFC 4648 §5), one spelling per value."""

from __future__ import annotations

import base64
import binascii

from enigm.foundation.errors import InvalidError


class MalformedBase64UrlError(InvalidError):
    """Text that is not the one spelling of some bytes."""

    def __init__(self) -> None:
        """Say what was expected, never what came."""
        super().__init__("wire.base64url", "A byte string is base64url without padding.")


def encode(octets: bytes) -> str:
    """Return the text of these bytes."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes of this text; raises MalformedBase64UrlError.

    Two texts for one value would let a nonce or token be presented twice, so the text must
    be exactly what ``encode`` gives.
    """
    try:
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise MalformedBase64UrlError from error
    if encode(octets) != text:
        raise MalformedBase64UrlError
    return octets
