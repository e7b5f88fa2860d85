"""Contact cards open for who knows the name, and only for the right device and account."""

from __future__ import annotations

import pytest

from enigm.crypto.signatures import Ed25519
from enigm.wire.contact_card import (
    CARD_BYTES,
    CardRefusedError,
    ContactCard,
    open_card,
    seal_card,
)
from tests.support.entropy import FakeEntropy

ENTROPY = FakeEntropy(b"contact card")
DEVICE = Ed25519.generate(ENTROPY)
CARD_KEY = ENTROPY.random_bytes(32)
FINGERPRINT = ENTROPY.random_bytes(32)
CARD = ContactCard(ENTROPY.random_bytes(16), ENTROPY.random_bytes(1216))


def _sealed() -> bytes:
    return seal_card(
        CARD, card_key=CARD_KEY, fingerprint=FINGERPRINT, device=DEVICE, entropy=ENTROPY
    )


def test_a_card_comes_back_as_it_was() -> None:
    sealed = _sealed()
    assert len(sealed) == CARD_BYTES
    opened = open_card(
        sealed, card_key=CARD_KEY, fingerprint=FINGERPRINT, device_public=DEVICE.public
    )
    assert opened == CARD


def test_two_cards_of_one_device_look_unrelated() -> None:
    first, second = _sealed(), _sealed()
    assert not {first[i : i + 8] for i in range(len(first) - 8)} & {
        second[i : i + 8] for i in range(len(second) - 8)
    }


@pytest.mark.parametrize("wrong", ["card_key", "fingerprint", "device_public"])
def test_a_card_of_another_name_account_or_device_is_refused(wrong: str) -> None:
    right = {"card_key": CARD_KEY, "fingerprint": FINGERPRINT, "device_public": DEVICE.public}
    right[wrong] = Ed25519.generate(ENTROPY).public
    with pytest.raises(CardRefusedError):
        open_card(_sealed(), **right)


def test_a_card_signed_by_another_device_is_refused() -> None:
    # A forger who knows the name can close a card, but not sign it.
    forger = Ed25519.generate(ENTROPY)
    named = type(DEVICE)(forger.private, DEVICE.public)
    sealed = seal_card(
        CARD, card_key=CARD_KEY, fingerprint=FINGERPRINT, device=named, entropy=ENTROPY
    )
    with pytest.raises(CardRefusedError):
        open_card(sealed, card_key=CARD_KEY, fingerprint=FINGERPRINT, device_public=DEVICE.public)


@pytest.mark.parametrize("length", [0, 12, CARD_BYTES - 1, CARD_BYTES + 1])
def test_a_card_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(CardRefusedError):
        open_card(
            bytes(length), card_key=CARD_KEY, fingerprint=FINGERPRINT, device_public=DEVICE.public
        )
