"""This device's own keys and the account they belong to, as the vault keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from enigm.crypto import sealed
from enigm.crypto.signatures import Ed25519, SigningKey
from enigm.wire import contact_card, user_name
from enigm.wire.device_chain import DeviceId, Fingerprint, device_id_of

if TYPE_CHECKING:
    from enigm.foundation.entropy import Entropy
    from enigm.wire.user_name import NameKeys, UserName

INBOX_SECRET_BYTES = 32


class DeviceKeys(msgspec.Struct, frozen=True, eq=False):
    """The keys that never leave this device, and the inbox that they read."""

    signing_seed: bytes
    hpke_private: bytes
    hpke_public: bytes
    inbox: bytes
    inbox_secret: bytes

    def __repr__(self) -> str:
        """Show nothing."""
        return "DeviceKeys()"

    @property
    def signing(self) -> SigningKey:
        """The key that signs requests, chain entries and MLS messages."""
        return Ed25519.from_seed(self.signing_seed)

    @property
    def device_public(self) -> bytes:
        """What the chain certifies."""
        return self.signing.public

    @property
    def device_id(self) -> DeviceId:
        """The name of this device in requests."""
        return device_id_of(self.device_public)


class Account(msgspec.Struct, frozen=True, eq=False):
    """The account that this profile speaks for; its root key is not here but in the phrase."""

    username: str
    fingerprint: bytes
    lookup_id: bytes
    card_key: bytes

    def __repr__(self) -> str:
        """Show nothing: logs must not tell who uses this machine."""
        return "Account()"


def fresh_device_keys(entropy: Entropy) -> DeviceKeys:
    """Make every key of a new device."""
    hpke = sealed.generate_key_pair(entropy)
    return DeviceKeys(
        signing_seed=Ed25519.generate(entropy).private,
        hpke_private=hpke.private,
        hpke_public=hpke.public,
        inbox=entropy.random_bytes(contact_card.INBOX_BYTES),
        inbox_secret=entropy.random_bytes(INBOX_SECRET_BYTES),
    )


def account_of(username: UserName, keys: NameKeys, fingerprint: Fingerprint) -> Account:
    """Put together what names an account."""
    return Account(username, fingerprint, keys.lookup_id, keys.card_key)


def sealed_card(account: Account, device: DeviceKeys, entropy: Entropy) -> bytes:
    """Make the contact card of this device."""
    return contact_card.seal_card(
        contact_card.ContactCard(device.inbox, device.hpke_public),
        card_key=account.card_key,
        fingerprint=account.fingerprint,
        device=device.signing,
        entropy=entropy,
    )


def names_of(text: str) -> tuple[UserName, NameKeys]:
    """Normalise a user name and derive its keys; blocks for tens of milliseconds."""
    name = user_name.normalise(text)
    return name, user_name.name_keys(name)
