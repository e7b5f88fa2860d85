"""What travels in sealed inboxes: offers to join a conversation, and what own devices tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import msgspec

from enigm.app.errors import MalformedContentError
from enigm.crypto import sealed
from enigm.crypto.signatures import ED25519_SIGNATURE_BYTES, Ed25519
from enigm.foundation.errors import UnverifiableError
from enigm.wire import sizes
from enigm.wire.device_chain import (
    DEVICE_PUBLIC_BYTES,
    FINGERPRINT_BYTES,
    Fingerprint,
    UnverifiedChain,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.app.identity.keys import DeviceKeys
    from enigm.wire.device_chain import DeviceChain

INFO = b"enigm inbox v1"
VERSION = 1
# Chains of a group's members ride along so that a new member need not ask the directory for
# each; beyond this a letter grows past what one frame should hold, and the rest is looked up.
CHAINS_BYTES_MAX = 1024 * 1024
CHANNEL_BYTES = 16
DEVICE_NAME_CHARACTERS_MAX = 64
CONTACTS_PER_LETTER = 64

_SIGNATURE_CONTEXT = b"enigm letter v1"
_LENGTH_BYTES = 4


class _Letter(msgspec.Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """One kind of letter; its class sets the word on the wire."""


class ChainCopy(msgspec.Struct, frozen=True, array_like=True):
    """A device chain as anyone may pass it on: it proves itself."""

    root_public: bytes
    entries: tuple[bytes, ...]

    def unverified(self) -> UnverifiedChain:
        """Return it for checking."""
        return UnverifiedChain(self.root_public, self.entries)


class Offer(_Letter, frozen=True, tag="welcome"):
    """A place in a conversation: the MLS Welcome, and what a reader needs to judge it.

    ``names`` maps accounts to the user names by which the sender knows them; ``shape`` and
    ``title`` say what will be found inside: claims, not facts, until the Welcome was opened.
    """

    channel: bytes
    welcome: bytes
    shape: Literal["direct", "group"]
    title: str
    chains: tuple[ChainCopy, ...]
    names: dict[str, str]
    greeting: str
    at: int


class DeviceReady(_Letter, frozen=True, tag="device"):
    """Own devices only: a newly trusted one says its name and hands out key packages."""

    name: str
    key_packages: tuple[bytes, ...]


class ContactCopy(msgspec.Struct, frozen=True, array_like=True):
    """One contact as a sibling device keeps it."""

    account: str
    name: str
    card_key: bytes
    state: str
    is_verified: bool
    chain: ChainCopy


class Contacts(_Letter, frozen=True, tag="sync"):
    """Own devices only: contacts that are new or changed, and what became of requests.

    ``sign_in_secret`` is set after a change of the account's password.
    """

    contacts: tuple[ContactCopy, ...] = ()
    accepted: tuple[bytes, ...] = ()
    refused: tuple[bytes, ...] = ()
    devices: dict[str, str] = {}
    sign_in_secret: str = ""


Letter = Offer | DeviceReady | Contacts


class _Signed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The sealed plaintext: who wrote, the writer's chain, the letter, the signature."""

    device_public: bytes
    chain: ChainCopy
    letter: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedLetter:
    """A letter whose writer is proved: a device that its account's own chain trusts."""

    chain: DeviceChain
    device_public: bytes
    letter: Letter = field(repr=False)

    @property
    def fingerprint(self) -> Fingerprint:
        """The writer's account."""
        return self.chain.fingerprint


_letters = msgspec.msgpack.Decoder(Letter)
_signed = msgspec.msgpack.Decoder(_Signed)


def copy_of(chain: DeviceChain) -> ChainCopy:
    """Return a chain in the form in which it is passed on."""
    return ChainCopy(chain.root_public, chain.entries)


def write_letter(
    letter: Letter, *, device: DeviceKeys, chain: DeviceChain, reader_public: bytes
) -> bytes:
    """Sign a letter for one reading device; returns what ``seal_letter`` closes."""
    octets = msgspec.msgpack.encode(letter)
    signature = Ed25519.sign(device.signing_seed, _signed_bytes(reader_public, octets))
    return msgspec.msgpack.encode(_Signed(device.device_public, copy_of(chain), octets, signature))


def seal_letter(written: bytes, hpke_public: bytes) -> bytes:
    """Close a written letter for the reader's key, padded to a size of the table.

    Raises MalformedContentError when it is longer than the wire carries.
    """
    overhead = 1 + sealed.SEAL_OVERHEAD_BYTES
    needed = overhead + _LENGTH_BYTES + len(written)
    if needed > sizes.BODY_BYTES_MAX:
        raise MalformedContentError
    framed = len(written).to_bytes(_LENGTH_BYTES, "big") + written
    plain = framed.ljust(sizes.padded_size(needed) - overhead, b"\x00")
    return bytes([VERSION]) + sealed.seal_to(hpke_public, plain, INFO)


def open_letter(body: bytes, device: DeviceKeys) -> SignedLetter:
    """Open, parse and verify what lay in this device's inbox.

    Raises MalformedContentError, DecryptionFailedError, ChainRefusedError, UnverifiableError.
    """
    if not body or body[0] != VERSION:
        raise MalformedContentError
    plain = sealed.open_sealed(device.hpke_private, body[1:], INFO)
    length = int.from_bytes(plain[:_LENGTH_BYTES], "big")
    written = plain[_LENGTH_BYTES : _LENGTH_BYTES + length]
    try:
        signed = _signed.decode(written)
        letter = _letters.decode(signed.letter)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedContentError from error
    _check_shape(signed, letter)
    Ed25519.verify(
        signed.device_public, _signed_bytes(device.device_public, signed.letter), signed.signature
    )
    chain = signed.chain.unverified().verify()
    if signed.device_public not in chain.trusted:
        raise UnverifiableError("app.letter", "A letter came from a device that is not trusted.")
    return SignedLetter(chain, signed.device_public, letter)


def chains_that_fit(chains: Iterable[ChainCopy]) -> tuple[ChainCopy, ...]:
    """Return as many chains as one letter should carry."""
    total, kept = 0, list[ChainCopy]()
    for chain in chains:
        total += len(chain.root_public) + sum(map(len, chain.entries))
        if total > CHAINS_BYTES_MAX:
            break
        kept.append(chain)
    return tuple(kept)


def _check_shape(signed: _Signed, letter: Letter) -> None:
    is_sound = (
        len(signed.device_public) == DEVICE_PUBLIC_BYTES
        and len(signed.signature) == ED25519_SIGNATURE_BYTES
    )
    if isinstance(letter, Offer):
        is_sound = is_sound and len(letter.channel) == CHANNEL_BYTES
        is_sound = is_sound and all(len(name) == FINGERPRINT_BYTES * 2 for name in letter.names)
    if not is_sound:
        raise MalformedContentError


def _signed_bytes(reader_public: bytes, letter: bytes) -> bytes:
    """Bind the letter to its reader, so that nobody can pass it on as written to another."""
    return _SIGNATURE_CONTEXT + reader_public + letter
