"""The chain's deeds: begin, append, read; every entry is verified before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from enigm.domains.devices import rules
from enigm.domains.devices.errors import (
    CardNeededError,
    ChainMissingError,
    ChainMovedError,
)
from enigm.domains.devices.model import (
    DeviceOfOwner,
    DirectoryName,
    OwnChain,
    Trust,
)
from enigm.domains.devices.needs import DeviceDecision
from enigm.foundation.pseudonyms import pseudonym
from enigm.wire.device_chain import (
    ChainRefusedError,
    DeviceChain,
    Issuer,
    Kind,
    device_id_of,
    read_entry,
)

if TYPE_CHECKING:
    from enigm.domains.devices.model import DeviceId, OwnerRef
    from enigm.domains.devices.needs import CriticalLeave, DecisionRecords
    from enigm.domains.devices.store import DeviceRecords, DeviceStore
    from enigm.foundation.clock import Clock
    from enigm.foundation.keyfile import Keys
    from enigm.wire.device_chain import ChainEntry, Fingerprint


_DECISIONS = {Kind.CERTIFY: DeviceDecision.CERTIFIED, Kind.REVOKE: DeviceDecision.REVOKED}


# What the owner's leave names; its one parameter is the device's public key.
REVOKE_ACTION: Final = "devices.revoke"


class _HeldError(Exception):
    """Takes back what a held revocation did."""


@dataclass(frozen=True, slots=True)
class RootEntry:
    """An entry by the root, as registration and recovery bring it."""

    root_public: bytes = field(repr=False)
    entry: bytes = field(repr=False)
    card: bytes = field(repr=False)
    lookup_id: bytes = field(repr=False)


class Chains:
    """Keeps the owners' chains."""

    def __init__(
        self, store: DeviceStore, keys: Keys, clock: Clock, decisions: DecisionRecords
    ) -> None:
        """Derive the key under which user names are known here."""
        self._store = store
        self._clock = clock
        self._decisions = decisions
        self._directory_key = keys.derive("devices", "directory names")

    def directory_name(self, lookup_id: bytes) -> DirectoryName:
        """Return how the directory knows a user name."""
        return DirectoryName(pseudonym(self._directory_key, "directory names", lookup_id))

    def check_first(self, brought: RootEntry) -> Fingerprint:
        """Return the root's fingerprint if the entry may begin a chain.

        Raises ChainRefusedError.
        """
        chain = DeviceChain.empty(brought.root_public).append(brought.entry)
        return chain.fingerprint

    def check_recovered(self, brought: RootEntry) -> None:
        """Return if the entry is a certification by the root; raises ChainRefusedError.

        The signature is checked when the entry is appended, against the whole chain.
        """
        entry = read_entry(brought.entry)
        if (entry.kind, entry.issuer) != (Kind.CERTIFY, Issuer.ROOT):
            raise ChainRefusedError("Recovery certifies a device by the root.")

    def entries(self, owner: OwnerRef) -> list[bytes]:
        """Return an owner's chain as it stands; empty where there is none."""
        with self._store.read() as records:
            chain = records.chain(owner)
        return [] if chain is None else list(chain.entries)

    def begin_chain(self, owner: OwnerRef, brought: RootEntry) -> None:
        """Begin an owner's chain; the same entry twice changes nothing."""
        name = self.directory_name(brought.lookup_id)
        empty = DeviceChain.empty(brought.root_public)
        with self._store.begin() as records:
            # Names and roots are unique among accounts, so another owner under either of them
            # is what is left of an account that never came to be.
            for orphan in {records.owner_named(name), records.owner_of_root(empty.fingerprint)}:
                if orphan not in (None, owner):
                    records.erase(orphan)
            records.begin_chain(owner, name, empty)
            self._append(records, owner, brought.entry, brought.card)

    def certify_recovered(self, owner: OwnerRef, brought: RootEntry) -> None:
        """Append an entry by the root, beginning the chain where a crash left none."""
        with self._store.read() as records:
            has_chain = records.chain(owner) is not None
        if not has_chain:
            self.begin_chain(owner, brought)
            return
        with self._store.begin() as records:
            self._append(records, owner, brought.entry, brought.card)

    def append_entry(
        self, owner: OwnerRef, entry: bytes, card: bytes | None, leave: CriticalLeave
    ) -> OwnChain:
        """Append an entry that names the head, a revocation only with leave; return the chain.

        Raises ChainMovedError, ChainRefusedError, and the refusals of the leave. A revocation
        that is held is done and taken back, and the chain is returned as if it stood.
        """
        try:
            with self._store.begin() as records:
                self._append(records, owner, entry, card, leave)
        except _HeldError:
            own = self.own_chain(owner)
            return OwnChain(own.chain.append(entry), own.pending)
        return self.own_chain(owner)

    def own_chain(self, owner: OwnerRef) -> OwnChain:
        """Return an owner's chain, and who waits; raises ChainMissingError."""
        with self._store.read() as records:
            chain = records.chain(owner)
            if chain is None:
                raise ChainMissingError
            return OwnChain(chain, records.enrolments(owner, self._clock.now_seconds()))

    def device_ids(self, owner: OwnerRef) -> list[DeviceId]:
        """Return every device that an owner's chain ever named."""
        with self._store.read() as records:
            chain = records.chain(owner)
        entries = () if chain is None else chain.entries
        return [device_id_of(read_entry(octets).device_public) for octets in entries]

    def erase(self, owner: OwnerRef) -> None:
        """Erase everything of an owner; twice changes nothing."""
        with self._store.begin() as records:
            records.erase(owner)

    def refuse(self, owner: OwnerRef, device_id: DeviceId) -> None:
        """Refuse a device from now on whose chain lost the entry that revoked it.

        The chain says so only when its owner revokes the device once more.
        """
        with self._store.begin() as records:
            records.revoke(owner, device_id)

    def _append(
        self,
        records: DeviceRecords,
        owner: OwnerRef,
        octets: bytes,
        card: bytes | None,
        leave: CriticalLeave | None = None,
    ) -> None:
        chain = records.chain(owner)
        if chain is None:
            raise ChainMissingError
        if octets in chain.entries:
            # The answer to the first try was lost; the entry stands.
            return
        entry = read_entry(octets)
        rules.check_follows(chain, entry)
        chain.append(octets)
        if not records.add_entry(owner, entry.sequence, octets):
            raise ChainMovedError
        self._follow(records, owner, entry, card)
        # Last in the transaction: what is refused above is not recorded, and what cannot be
        # recorded is rolled back.
        decision, is_held = _DECISIONS[entry.kind], False
        if leave is not None and entry.kind is Kind.REVOKE:
            is_held = not leave.spend(REVOKE_ACTION, entry.device_public)
        if is_held:
            decision = DeviceDecision.REVOCATION_HELD
        self._decisions.record(decision, owner, device_id_of(entry.device_public))
        if is_held:
            raise _HeldError

    def _follow(
        self, records: DeviceRecords, owner: OwnerRef, entry: ChainEntry, card: bytes | None
    ) -> None:
        device_id = device_id_of(entry.device_public)
        if entry.kind is Kind.REVOKE:
            records.revoke(owner, device_id)
            return
        if card is None:
            waiting = records.enrolment(owner, device_id, self._clock.now_seconds())
            if waiting is None:
                raise CardNeededError
            card = waiting.card
        device = DeviceOfOwner(device_id, entry.device_public, Trust.TRUSTED)
        records.trust(owner, device, card)
