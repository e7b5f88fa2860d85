"""Accounts → devices. A registered account begins a chain, a recovered one adds to it.

Carries:    the root's public key, one chain entry, a sealed card, the name's look-up id.
Withholds:  the account's id, its OPAQUE record, its backup, its sessions, who asked when.
Dies:       the look-up id at once (devices keep a hash of their own); the rest with the account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.devices.actions.chains import RootEntry

if TYPE_CHECKING:
    from enigm.crossings.account_has_owner_name import OwnerNames
    from enigm.domains.accounts.model import AccountId
    from enigm.domains.accounts.needs import FirstDevice
    from enigm.domains.devices.actions.chains import Chains


class AccountBeginsDeviceChain:
    """Provides ``accounts.needs.TrustedDevices``."""

    def __init__(self, chains: Chains, names: OwnerNames) -> None:
        """Keep both sides."""
        self._chains = chains
        self._names = names

    def check_first(self, device: FirstDevice) -> bytes:
        """Return the root key's fingerprint if this entry may begin a chain; else refuse."""
        return self._chains.check_first(_carried(device))

    def check_recovered(self, device: FirstDevice) -> None:
        """Return if this is an entry by the root that certifies a device; else refuse."""
        self._chains.check_recovered(_carried(device))

    def begin(self, account_id: AccountId, device: FirstDevice) -> None:
        """Begin the account's chain; twice with the same entry changes nothing."""
        self._chains.begin_chain(self._names.owner_of(account_id), _carried(device))

    def entries(self, account_id: AccountId) -> list[bytes]:
        """Return the account's chain as it stands."""
        return self._chains.entries(self._names.owner_of(account_id))

    def device_ids(self, account_id: AccountId) -> list[bytes]:
        """Return every device that the account's chain names."""
        return list(self._chains.device_ids(self._names.owner_of(account_id)))

    def certify_recovered(self, account_id: AccountId, device: FirstDevice) -> None:
        """Add an entry by the root; twice changes nothing."""
        self._chains.certify_recovered(self._names.owner_of(account_id), _carried(device))


def _carried(device: FirstDevice) -> RootEntry:
    return RootEntry(
        root_public=device.root_public,
        entry=device.chain_entry,
        card=device.card,
        lookup_id=device.lookup_id,
    )
