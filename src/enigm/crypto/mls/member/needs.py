"""What the application provides to a member: time, chance, judgement and pre-shared keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from enigm.crypto.mls.ciphersuite import SuiteTable
from enigm.crypto.mls.leaf_node import LIFETIME_SECONDS_MAX, LifetimeCheck
from enigm.crypto.mls.secret_tree import FORWARD_GENERATIONS_MAX, SKIPPED_KEYS_MAX
from enigm.crypto.mls.transition import Acceptance

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.crypto.mls.credential import CredentialCheck
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy

# Late messages of this many epochs can still be read. Each costs forward secrecy: its unused
# message keys stay in the state until it is dropped.
PAST_EPOCHS_MAX = 5
# Resumption keys of this many epochs stay usable (§8.6).
RESUMPTION_EPOCHS_MAX = 16


class PskStore(Protocol):
    """Pre-shared keys that the application holds."""

    def external(self, psk_id: bytes) -> bytes | None:
        """Return a key by its name, None if it is not known."""
        ...

    def resumption(self, group_id: bytes, epoch: int) -> bytes | None:
        """Return the resumption key of another group's epoch, None if it is not known."""
        ...


class NoPsks:
    """For applications without pre-shared keys."""

    def external(self, psk_id: bytes) -> bytes | None:
        """Know no key."""
        del psk_id

    def resumption(self, group_id: bytes, epoch: int) -> bytes | None:
        """Know no key."""
        del group_id, epoch


@dataclass(frozen=True, slots=True)
class Needs:
    """What every operation of a member may ask for."""

    clock: Clock
    entropy: Entropy
    check_credential: CredentialCheck
    psks: PskStore = field(default_factory=NoPsks)
    suites: SuiteTable = field(default_factory=SuiteTable.standard)
    lifetime_seconds_max: int = LIFETIME_SECONDS_MAX

    def acceptance_when_proposing(self) -> Acceptance:
        """Return how to judge what we are about to propose or commit."""
        return Acceptance(self.check_credential, self.lifetimes())

    def acceptance_when_following(self) -> Acceptance:
        """Return how to judge what others committed."""
        return Acceptance(self.check_credential)

    def lifetimes(self) -> LifetimeCheck:
        """Return the check of lifetimes against the clock."""
        return LifetimeCheck(self.clock.now_seconds(), self.lifetime_seconds_max)


def unpadded(size: int) -> int:
    """Leave messages as long as they are."""
    return size


@dataclass(frozen=True, slots=True)
class Settings:
    """How a member behaves in one group.

    Args:
        encrypted_handshakes: send proposals and commits as PrivateMessage.
        padded_size: from the size in bytes of a whole MLSMessage to the wanted one.
        past_epochs_max: how many epochs late application messages may be.
        forward_generations_max: how far a message may be ahead of its sender's last one.
        skipped_keys_max: how many keys of passed-over messages an epoch keeps.
        resumption_epochs_max: how many epochs' resumption keys are kept.
    """

    encrypted_handshakes: bool = True
    padded_size: Callable[[int], int] = unpadded
    past_epochs_max: int = PAST_EPOCHS_MAX
    forward_generations_max: int = FORWARD_GENERATIONS_MAX
    skipped_keys_max: int = SKIPPED_KEYS_MAX
    resumption_epochs_max: int = RESUMPTION_EPOCHS_MAX
