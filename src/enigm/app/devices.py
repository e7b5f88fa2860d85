"""What people do about their own devices: review, approve, refuse, revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from enigm.app.errors import NotAllowedError, UnknownThingError
from enigm.app.pins import DEVICE_REVOKE
from enigm.app.views import Device
from enigm.foundation.errors import ConflictError
from enigm.wire.device_chain import Kind, device_id_of

if TYPE_CHECKING:
    from enigm.app.conversations.engine import Engine
    from enigm.app.pins import Pins
    from enigm.app.service.accounts import PendingDevice

# Two devices may append at the same time; each failed try means that another one got through.
APPEND_TRIES_MAX = 8


class Devices:
    """The deeds of a user about the account's devices."""

    def __init__(self, engine: Engine, pins: Pins) -> None:
        """Act for an engine."""
        self._engine = engine
        self._pins = pins
        self._home = engine.home

    async def refresh(self) -> None:
        """Ask the service how the chain stands and who waits."""
        await self._engine.upkeep.refresh_chain()

    def all(self) -> list[Device]:
        """List the devices as last seen: this one first, then trusted, waiting, revoked."""
        chain = self._home.own_chain
        devices = [self._chained(device, "trusted", at) for device, at in chain.trusted.items()]
        devices += [
            self._pending(item)
            for item in self._engine.upkeep.pending
            if item.device_public not in chain.trusted
        ]
        devices += [self._chained(device, "revoked", at) for device, at in chain.revoked.items()]
        order = ("trusted", "pending", "revoked")
        return sorted(devices, key=lambda item: (not item.this, order.index(item.state)))

    def find(self, device_id: str) -> Device:
        """Return one device; raises UnknownThingError."""
        for device in self.all():
            if device.id == device_id:
                return device
        raise UnknownThingError("device")

    async def approve(self, device_id: str) -> Device:
        """Certify a waiting device; it then asks to be brought into the conversations."""
        await self.refresh()
        device_public = self._waiting(device_id).device_public
        await self._append(Kind.CERTIFY, device_public)
        await self.refresh()
        return self.find(device_id)

    async def refuse(self, device_id: str) -> None:
        """Turn a waiting device away."""
        await self.refresh()
        waiting = self._waiting(device_id)
        await self._engine.accounts.refuse_enrolment(device_id_of(waiting.device_public))
        await self.refresh()

    async def revoke(self, device_id: str, pin: str) -> Device:
        """End the trust in a device by the PIN, and remove it from every conversation."""
        await self.refresh()
        found = self.find(device_id)
        if found.state != "trusted":
            raise NotAllowedError("Only a trusted device can be revoked.")
        if found.this:
            raise NotAllowedError("Revoke this device from another one, or delete the account.")
        device_public = self._public(device_id)
        grant = await self._pins.enter(pin, DEVICE_REVOKE, device_public)
        await self._append(Kind.REVOKE, device_public, grant)
        with self._home.vault.transaction():
            self._engine.siblings.expel(device_public)
        self._engine.wake_all()
        await self.refresh()
        return self.find(device_id)

    async def _append(self, kind: Kind, device_public: bytes, grant: str | None = None) -> None:
        home = self._home
        for is_last in [False] * (APPEND_TRIES_MAX - 1) + [True]:
            entry = home.own_chain.by_device(kind, device_public, home.device.signing, home.now())
            try:
                await self._engine.accounts.append_entry(entry, grant)
            except ConflictError:
                if is_last:
                    raise
                await self._engine.upkeep.refresh_chain()
            else:
                home.accept_chain(home.own_chain.append(entry))
                return

    def _waiting(self, device_id: str) -> PendingDevice:
        for item in self._engine.upkeep.pending:
            if device_id_of(item.device_public).hex() == device_id:
                return item
        raise UnknownThingError("device")

    def _public(self, device_id: str) -> bytes:
        for device_public in self._home.own_chain.trusted:
            if device_id_of(device_public).hex() == device_id:
                return device_public
        raise UnknownThingError("device")

    def _pending(self, item: PendingDevice) -> Device:
        code = self._engine.upkeep.codes.get(item.device_public)
        return Device(
            id=device_id_of(item.device_public).hex(),
            name="New device",
            this=False,
            state="pending",
            since=item.requested_at,
            code=UNSET if code is None else code,
        )

    def _chained(self, device_public: bytes, state: str, since: int) -> Device:
        device_id = device_id_of(device_public).hex()
        return Device(
            id=device_id,
            name=self._home.people.device_name(device_public) or f"Device {device_id[:6]}",
            this=device_public == self._home.device.device_public,
            state="trusted" if state == "trusted" else "revoked",
            since=since,
        )
