"""The PIN as the App knows it: which ones are too easy, and what the service's OPAQUE is given."""

from __future__ import annotations

import re

from enigm.app.errors import InvalidPinError
from enigm.crypto import kdf
from enigm.foundation.encoding import base64url_encode

DIGITS_MIN = 6
DIGITS_MAX = 12

_PIN = re.compile(rf"[0-9]{{{DIGITS_MIN},{DIGITS_MAX}}}", re.ASCII)
_UPWARDS = "01234567890123456789"


def check_pin(pin: str) -> None:
    """Return if nobody would try this PIN first; raises InvalidPinError.

    Five tries are all that a thief has, so only what stands at the head of every list is refused:
    one digit again and again, a pair again and again, and counting up or down.
    """
    if _PIN.fullmatch(pin) is None:
        raise InvalidPinError
    is_repeated = pin == (pin[:2] * DIGITS_MAX)[: len(pin)]
    is_counted = pin in _UPWARDS or pin in _UPWARDS[::-1]
    if is_repeated or is_counted:
        raise InvalidPinError


def pin_secret(card_key: bytes, pin: str) -> str:
    """Return what OPAQUE takes for a PIN.

    Mixed with the half of the user name's Argon2id that the service never sees: six digits alone
    would be guessed by whoever runs the service with all its keys.
    """
    prk = kdf.extract("sha256", b"enigm pin v1", card_key + pin.encode())
    return base64url_encode(kdf.expand("sha256", prk, b"opaque password", 32))
