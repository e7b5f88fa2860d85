"""User names: one spelling, and the two keys the device makes of it so that the name stays there.

Known limit: who runs the service can try short names at the price of one Argon2id each.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from typing import NewType

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from enigm.foundation.errors import InvalidError

UserName = NewType("UserName", str)
"""Normalised: 3 to 32 of ``a-z 0-9 . _ -``, beginning with a letter or digit."""

LOOKUP_ID_BYTES = 32
CARD_KEY_BYTES = 32

_SPELLING = re.compile(r"[a-z0-9][a-z0-9._-]{2,31}", re.ASCII)
# Longer input cannot normalise to 32 characters, and NFKC of megabytes is slow.
_INPUT_CHARACTERS_MAX = 128
_SALT = hashlib.sha256(b"enigm user name v1").digest()[:16]
# OWASP's second Argon2id setting: about 25 ms on a phone, which every guess of a name costs too.
_MEMORY_KIB = 19_456
_PASSES = 2
_LANES = 1


class InvalidUserNameError(InvalidError):
    """Text that cannot be a user name."""

    def __init__(self) -> None:
        """Say what a name looks like."""
        super().__init__(
            "wire.user_name",
            "A user name has 3 to 32 letters a-z, digits, dots, dashes or underscores, "
            "and begins with a letter or digit.",
        )


@dataclass(frozen=True, slots=True)
class NameKeys:
    """What a name becomes: an id to look it up by, and a key that opens its contact cards."""

    lookup_id: bytes = field(repr=False)
    card_key: bytes = field(repr=False)


def normalise(text: str) -> UserName:
    """Return the one spelling of a name; raises InvalidUserNameError."""
    if len(text) > _INPUT_CHARACTERS_MAX:
        raise InvalidUserNameError
    folded = unicodedata.normalize("NFKC", text.strip()).casefold()
    name = unicodedata.normalize("NFKC", folded)
    if _SPELLING.fullmatch(name) is None:
        raise InvalidUserNameError
    return UserName(name)


def name_keys(name: UserName) -> NameKeys:
    """Derive both keys; takes tens of milliseconds and 19 MiB on purpose."""
    stretch = Argon2id(
        salt=_SALT,
        length=LOOKUP_ID_BYTES + CARD_KEY_BYTES,
        iterations=_PASSES,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
    )
    keys = stretch.derive(name.encode("ascii"))
    return NameKeys(keys[:LOOKUP_ID_BYTES], keys[LOOKUP_ID_BYTES:])
