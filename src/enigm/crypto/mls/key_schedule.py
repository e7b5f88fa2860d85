"""The key schedule: from one epoch's init secret to the next epoch's secrets (RFC 9420 §8)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from enigm.crypto.errors import DecryptionFailedError, InvalidKeyError
from enigm.crypto.mls.errors import Rule, refusal

if TYPE_CHECKING:
    from enigm.crypto.hpke import KeyPair
    from enigm.crypto.mls.ciphersuite import Suite

_EXTERNAL_INIT_LABEL = b"MLS 1.0 external init secret"


@dataclass(frozen=True, slots=True, eq=False)
class EpochSecrets:
    """The secrets of one epoch (§8, Table 4)."""

    sender_data: bytes = field(repr=False)
    encryption: bytes = field(repr=False)
    exporter: bytes = field(repr=False)
    external: bytes = field(repr=False)
    confirmation: bytes = field(repr=False)
    membership: bytes = field(repr=False)
    resumption: bytes = field(repr=False)
    authenticator: bytes = field(repr=False)
    init: bytes = field(repr=False)

    @staticmethod
    def derive(suite: Suite, epoch_secret: bytes) -> EpochSecrets:
        """Derive all from the epoch secret."""
        return EpochSecrets(
            *(
                suite.derive_secret(epoch_secret, label)
                for label in (
                    b"sender data",
                    b"encryption",
                    b"exporter",
                    b"external",
                    b"confirm",
                    b"membership",
                    b"resumption",
                    b"authentication",
                    b"init",
                )
            )
        )

    def in_order(self) -> tuple[bytes, ...]:
        """Return all secrets in the order of the fields, for the stored state."""
        return tuple(getattr(self, item.name) for item in fields(self))

    def external_key_pair(self, suite: Suite) -> KeyPair:
        """Return the key pair for external commits (§8.3)."""
        return suite.derive_key_pair(self.external)

    def export(self, suite: Suite, label: bytes, context: bytes, length: int) -> bytes:
        """MLS-Exporter (§8.5); the context is hashed."""
        secret = suite.derive_secret(self.exporter, label)
        return suite.expand_with_label(secret, b"exported", suite.hash(context), length)


def joiner_secret(suite: Suite, init_secret: bytes, commit_secret: bytes, context: bytes) -> bytes:
    """Return the joiner secret; ``context`` is the new epoch's group context (§8)."""
    mixed = suite.extract(init_secret, commit_secret)
    return suite.expand_with_label(mixed, b"joiner", context, suite.hash_length)


def welcome_secret(suite: Suite, joiner: bytes, psk: bytes) -> bytes:
    """Return the secret that protects the group info in a Welcome (§8)."""
    return suite.derive_secret(suite.extract(joiner, psk), b"welcome")


def welcome_key(suite: Suite, secret: bytes) -> tuple[bytes, bytes]:
    """Return the key and nonce of a Welcome's group info (§12.4.3.1)."""
    return (
        suite.expand_with_label(secret, b"key", b"", suite.key_length),
        suite.expand_with_label(secret, b"nonce", b"", 12),
    )


def epoch_secrets(suite: Suite, joiner: bytes, psk: bytes, context: bytes) -> EpochSecrets:
    """Return the new epoch's secrets (§8)."""
    mixed = suite.extract(joiner, psk)
    epoch = suite.expand_with_label(mixed, b"epoch", context, suite.hash_length)
    return EpochSecrets.derive(suite, epoch)


def send_external_init(suite: Suite, external_public: bytes) -> tuple[bytes, bytes]:
    """Return (kem_output, init secret) for an external commit (§8.3)."""
    try:
        return suite.hpke.send_export(external_public, b"", _EXTERNAL_INIT_LABEL, suite.hash_length)
    except InvalidKeyError as error:
        raise refusal(Rule.HPKE_KEY) from error


def receive_external_init(suite: Suite, external_private: bytes, kem_output: bytes) -> bytes:
    """Return the init secret that an external committer sent (§8.3)."""
    try:
        return suite.hpke.receive_export(
            external_private, kem_output, b"", _EXTERNAL_INIT_LABEL, suite.hash_length
        )
    except (DecryptionFailedError, InvalidKeyError) as error:
        raise refusal(Rule.HPKE_OPEN) from error
