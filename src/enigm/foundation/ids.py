"""Random identifiers. Each domain gives its own a type of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NewType

from enigm.foundation.encoding import base64url_encode

if TYPE_CHECKING:
    from enigm.foundation.entropy import Entropy

# 2^64 ids may be drawn before two are likely to be the same.
RANDOM_ID_BYTES: Final = 16

# Ties an answer to the log lines about it; a new one for each request, so it links nothing else.
RequestReference = NewType("RequestReference", str)

# Makes a fact in an outbox recognisable when it arrives twice.
FactId = NewType("FactId", bytes)


def random_id(entropy: Entropy) -> bytes:
    """Return 128 fresh bits that say nothing about what they name."""
    return entropy.random_bytes(RANDOM_ID_BYTES)


def new_request_reference(entropy: Entropy) -> RequestReference:
    """Return a reference for one request: 22 characters of base64url."""
    return RequestReference(base64url_encode(random_id(entropy)))


def new_fact_id(entropy: Entropy) -> FactId:
    """Return an id for one fact."""
    return FactId(random_id(entropy))
