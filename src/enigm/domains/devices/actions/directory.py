"""The directory: who asks with a token learns an account's devices, and nobody learns who asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from enigm.domains.devices import rules
from enigm.domains.devices.errors import LookupAmbiguousError, OwnerUnknownError
from enigm.domains.devices.model import Listing
from enigm.wire.device_chain import device_id_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.domains.devices.actions.chains import Chains
    from enigm.domains.devices.model import DeviceId, OwnerRef
    from enigm.domains.devices.needs import LookupAdmission
    from enigm.domains.devices.store import DeviceStore


class Directory:
    """Keeps what others need to reach a device, and hands it out."""

    def __init__(self, store: DeviceStore, chains: Chains, admission: LookupAdmission) -> None:
        """Keep what every deed needs."""
        self._store = store
        self._chains = chains
        self._admission = admission

    async def look_up(
        self,
        token: bytes,
        *,
        lookup_id: bytes | None,
        fingerprint: bytes | None,
        key_packages: bool,
    ) -> Listing:
        """Return an account's devices, each with a key package if wanted.

        Raises LookupAmbiguousError, the refusals of the token, OwnerUnknownError.
        """
        if (lookup_id is None) == (fingerprint is None):
            raise LookupAmbiguousError
        await self._admission.spend(token)
        return await asyncio.to_thread(self._find, lookup_id, fingerprint, key_packages)

    def _find(
        self,
        lookup_id: bytes | None,
        fingerprint: bytes | None,
        with_packages: bool,  # noqa: FBT001 - handed through a thread by place
    ) -> Listing:
        with self._store.begin() as records:
            owner = (
                records.owner_of_root(fingerprint or b"")
                if lookup_id is None
                else records.owner_named(self._chains.directory_name(lookup_id))
            )
            chain = None if owner is None else records.chain(owner)
            if owner is None or chain is None:
                raise OwnerUnknownError
            devices = records.listed(owner)
            if with_packages:
                devices = [
                    replace(
                        device,
                        key_package=records.take_key_package(
                            owner, device_id_of(device.device_public)
                        ),
                    )
                    for device in devices
                ]
            return Listing(chain, devices)

    def leave_key_packages(
        self,
        owner: OwnerRef,
        device_id: DeviceId,
        packages: Sequence[bytes],
        last_resort: bytes | None,
    ) -> int:
        """Keep key packages to hand out; return how many there are now.

        Raises TooManyKeyPackagesError.
        """
        with self._store.begin() as records:
            held = records.count_key_packages(owner, device_id)
            rules.check_room(held, len(packages))
            records.add_key_packages(owner, device_id, packages)
            if last_resort is not None:
                records.set_last_resort(owner, device_id, last_resort)
            return held + len(packages)

    def remaining_key_packages(self, owner: OwnerRef, device_id: DeviceId) -> int:
        """Return how many are left to hand out, the last resort not counted."""
        with self._store.read() as records:
            return records.count_key_packages(owner, device_id)

    def replace_card(self, owner: OwnerRef, device_id: DeviceId, card: bytes) -> None:
        """Replace a device's contact card."""
        with self._store.begin() as records:
            records.set_card(owner, device_id, card)
