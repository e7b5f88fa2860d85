"""Finding the pre-shared keys that a commit or Welcome names (RFC 9420 §8.4, §8.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto.mls.errors import Rule, refusal
from enigm.crypto.mls.psk import ExternalPsk, psk_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from enigm.crypto.mls.ciphersuite import Suite
    from enigm.crypto.mls.member.needs import PskStore
    from enigm.crypto.mls.psk import PskId


@dataclass(frozen=True, slots=True, eq=False)
class ResumptionKeys:
    """The resumption keys of one group's epochs, as its member holds them."""

    group_id: bytes
    by_epoch: Mapping[int, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class KnownPsks:
    """All pre-shared keys within reach: a group's own first, then the application's."""

    store: PskStore
    groups: tuple[ResumptionKeys, ...] = ()

    def secret(self, suite: Suite, names: Iterable[PskId]) -> bytes:
        """Return the secret that these keys add up to, or refuse an unknown one."""
        return psk_secret(suite, [(name, self._find(name)) for name in names])

    def _find(self, name: PskId) -> bytes:
        psk = name.psk
        if isinstance(psk, ExternalPsk):
            found = self.store.external(psk.psk_id)
        else:
            found = self._resumption(psk.group_id, psk.epoch)
        if found is None:
            raise refusal(Rule.PSK_UNKNOWN)
        return found

    def _resumption(self, group_id: bytes, epoch: int) -> bytes | None:
        for group in self.groups:
            if group.group_id == group_id and epoch in group.by_epoch:
                return group.by_epoch[epoch]
        return self.store.resumption(group_id, epoch)
