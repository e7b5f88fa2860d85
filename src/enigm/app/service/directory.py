"""The directory on the channel path: whose devices, for one token and nobody's name."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from enigm.app.service.http import PlainHttp
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.wire.device_chain import UnverifiedChain

LOOKUP_PATH = "/directory/v1/lookup"


class _Device(msgspec.Struct, frozen=True):
    device_public: str
    card: str
    key_package: str | None = None


class _Answer(msgspec.Struct, frozen=True):
    root_public: str
    chain: tuple[str, ...]
    devices: tuple[_Device, ...]


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """A device as the directory lists it: nothing of it is verified."""

    device_public: bytes
    card: bytes = field(repr=False)
    key_package: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """An account as the directory lists it: nothing of it is verified."""

    chain: UnverifiedChain
    devices: tuple[ListedDevice, ...]


class Directory:
    """Look-ups over their own connections, apart from the account path."""

    def __init__(self, service: str) -> None:
        """Aim at a service; nothing is sent yet."""
        self._http = PlainHttp(service)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.close()

    async def by_name(self, token: bytes, lookup_id: bytes, *, key_packages: bool) -> Listing:
        """Look up a user name's account; raises NotFoundError ``devices.unknown``."""
        return await self._look_up(token, "lookup_id", lookup_id, key_packages=key_packages)

    async def by_fingerprint(
        self, token: bytes, fingerprint: bytes, *, key_packages: bool
    ) -> Listing:
        """Look up an account whose fingerprint is known; raises NotFoundError."""
        return await self._look_up(token, "fingerprint", fingerprint, key_packages=key_packages)

    async def _look_up(self, token: bytes, by: str, value: bytes, *, key_packages: bool) -> Listing:
        content = {
            "token": base64url_encode(token),
            by: base64url_encode(value),
            "key_packages": key_packages,
        }
        answer = await self._http.ask("POST", LOOKUP_PATH, _Answer, content)
        devices = tuple(
            ListedDevice(
                base64url_decode(device.device_public),
                base64url_decode(device.card),
                None if device.key_package is None else base64url_decode(device.key_package),
            )
            for device in answer.devices
        )
        entries = tuple(base64url_decode(entry) for entry in answer.chain)
        return Listing(UnverifiedChain(base64url_decode(answer.root_public), entries), devices)
