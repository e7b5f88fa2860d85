"""Extensions of groups, leaves, key packages and group infos (RFC 9420 §13.4, §11.1, §12.1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from enigm.crypto.mls.codec import Reader, opaque, read_whole, u16, u16_vector, vector
from enigm.crypto.mls.credential import Credential
from enigm.crypto.mls.errors import Rule, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

APPLICATION_ID = 0x0001
RATCHET_TREE = 0x0002
REQUIRED_CAPABILITIES = 0x0003
EXTERNAL_PUB = 0x0004
EXTERNAL_SENDERS = 0x0005
POLICY = 0xF1E0
"""Enigm's policy for a conversation: opaque bytes that all members agree on (private use)."""

# RFC 9420 §7.2: the five types of the RFC itself are supported by all and never listed.
DEFAULT_KINDS = frozenset(range(APPLICATION_ID, EXTERNAL_SENDERS + 1))

# RFC 9420 §17.3: where the known types may stand. Unknown types may stand anywhere.
_LEAF_ONLY = frozenset({APPLICATION_ID})
_GROUP_CONTEXT_ONLY = frozenset({REQUIRED_CAPABILITIES, EXTERNAL_SENDERS, POLICY})
_GROUP_INFO_ONLY = frozenset({RATCHET_TREE, EXTERNAL_PUB})
NOT_IN_LEAF = _GROUP_CONTEXT_ONLY | _GROUP_INFO_ONLY
NOT_IN_KEY_PACKAGE = _LEAF_ONLY | _GROUP_CONTEXT_ONLY | _GROUP_INFO_ONLY
NOT_IN_GROUP_CONTEXT = _LEAF_ONLY | _GROUP_INFO_ONLY
NOT_IN_GROUP_INFO = _LEAF_ONLY | _GROUP_CONTEXT_ONLY


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension type and its content, which only that type's readers understand."""

    kind: int
    body: bytes

    @staticmethod
    def read(reader: Reader) -> Extension:
        """Read one extension."""
        return Extension(reader.u16(), reader.opaque())

    def encoded(self) -> bytes:
        """Return the wire form."""
        return u16(self.kind) + opaque(self.body)


def read_extensions(reader: Reader) -> tuple[Extension, ...]:
    """Read a list of extensions; each type occurs at most once (§13.4)."""
    inside = reader.within()
    if not inside.more():
        return ()
    extensions: list[Extension] = []
    while inside.more():
        extensions.append(Extension.read(inside))
    if len({extension.kind for extension in extensions}) != len(extensions):
        raise refusal(Rule.EXTENSION_REPEATED)
    return tuple(extensions)


def encode_extensions(extensions: Iterable[Extension]) -> bytes:
    """Encode a list of extensions."""
    return vector(extension.encoded() for extension in extensions)


def find_extension(extensions: Iterable[Extension], kind: int) -> bytes | None:
    """Return the content of the extension of this type, if it is there."""
    for extension in extensions:
        if extension.kind == kind:
            return extension.body
    return None


def check_places(extensions: Iterable[Extension], forbidden: frozenset[int]) -> None:
    """Refuse known extension types where they may not stand."""
    for extension in extensions:
        if extension.kind in forbidden:
            raise refusal(Rule.EXTENSION_PLACE)


@dataclass(frozen=True, slots=True)
class RequiredCapabilities:
    """What every member's client must support (§11.1)."""

    extension_kinds: tuple[int, ...] = ()
    proposal_kinds: tuple[int, ...] = ()
    credential_kinds: tuple[int, ...] = ()

    def extension(self) -> Extension:
        """Return the group context extension that asks for this."""
        body = b"".join(
            u16_vector(kinds)
            for kinds in (self.extension_kinds, self.proposal_kinds, self.credential_kinds)
        )
        return Extension(REQUIRED_CAPABILITIES, body)


def _read_required(reader: Reader) -> RequiredCapabilities:
    return RequiredCapabilities(reader.u16_vector(), reader.u16_vector(), reader.u16_vector())


def required_capabilities(extensions: Iterable[Extension]) -> RequiredCapabilities | None:
    """Return the group's requirements, if it has any."""
    body = find_extension(extensions, REQUIRED_CAPABILITIES)
    return None if body is None else read_whole(body, _read_required)


@dataclass(frozen=True, slots=True)
class ExternalSender:
    """Somebody outside the group who may send it proposals (§12.1.8.1)."""

    signature_key: bytes
    credential: Credential

    @staticmethod
    def read(reader: Reader) -> ExternalSender:
        """Read one external sender."""
        return ExternalSender(reader.opaque(), Credential.read(reader))

    def encoded(self) -> bytes:
        """Return the wire form."""
        return opaque(self.signature_key) + self.credential.encoded()


def _read_senders(reader: Reader) -> tuple[ExternalSender, ...]:
    return tuple(reader.each(ExternalSender.read))


def external_senders(extensions: Iterable[Extension]) -> tuple[ExternalSender, ...]:
    """Return who outside the group may propose."""
    body = find_extension(extensions, EXTERNAL_SENDERS)
    return () if body is None else read_whole(body, _read_senders)


def external_senders_extension(senders: Iterable[ExternalSender]) -> Extension:
    """Return the group context extension that lists these senders."""
    return Extension(EXTERNAL_SENDERS, vector(sender.encoded() for sender in senders))


def external_pub(extensions: Iterable[Extension]) -> bytes | None:
    """Return the key for external commits from a group info's extensions (§12.4.3.2)."""
    body = find_extension(extensions, EXTERNAL_PUB)
    return None if body is None else read_whole(body, Reader.opaque)


def external_pub_extension(public: bytes) -> Extension:
    """Return the group info extension that carries the key for external commits."""
    return Extension(EXTERNAL_PUB, opaque(public))
