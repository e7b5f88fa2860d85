"""A device's contact card: where to send to it, readable only by who knows the user name.

``nonce 12 || AES-256-GCM(card_key, inbox 16 || hpke public 1216 || signature 64, aad = device)``;
the device signs ``"enigm card v1" || fingerprint || inbox || hpke public``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from enigm.crypto.signatures import Ed25519
from enigm.foundation.errors import UnverifiableError

if TYPE_CHECKING:
    from enigm.crypto.signatures import SigningKey
    from enigm.foundation.entropy import Entropy

INBOX_BYTES = 16
HPKE_PUBLIC_BYTES = 1216
CARD_BYTES = 12 + INBOX_BYTES + HPKE_PUBLIC_BYTES + 64 + 16

_NONCE_BYTES = 12
_CONTEXT = b"enigm card v1"


class CardRefusedError(UnverifiableError):
    """A card that another name, device or account made, or that was altered."""

    def __init__(self) -> None:
        """One answer for every cause."""
        super().__init__("wire.card", "The contact card does not belong to this name and device.")


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A verified card: the device's inbox and the key to seal letters for it."""

    inbox: bytes = field(repr=False)
    hpke_public: bytes = field(repr=False)


def seal_card(
    card: ContactCard,
    *,
    card_key: bytes,
    fingerprint: bytes,
    device: SigningKey,
    entropy: Entropy,
) -> bytes:
    """Sign and close a card; returns CARD_BYTES bytes."""
    body = card.inbox + card.hpke_public
    signature = Ed25519.sign(device.private, _CONTEXT + fingerprint + body)
    nonce = entropy.random_bytes(_NONCE_BYTES)
    return nonce + AESGCM(card_key).encrypt(nonce, body + signature, device.public)


def open_card(
    sealed: bytes, *, card_key: bytes, fingerprint: bytes, device_public: bytes
) -> ContactCard:
    """Open a card and check its device's signature; raises CardRefusedError."""
    if len(sealed) != CARD_BYTES:
        raise CardRefusedError
    try:
        opened = AESGCM(card_key).decrypt(
            sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], device_public
        )
    except InvalidTag as error:
        raise CardRefusedError from error
    body, signature = opened[: INBOX_BYTES + HPKE_PUBLIC_BYTES], opened[-64:]
    try:
        Ed25519.verify(device_public, _CONTEXT + fingerprint + body, signature)
    except UnverifiableError as error:
        raise CardRefusedError from error
    return ContactCard(body[:INBOX_BYTES], body[INBOX_BYTES:])
