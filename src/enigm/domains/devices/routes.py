"""How devices are reached over HTTP: ``/devices/v1`` for owners, ``/directory/v1`` for others."""

from __future__ import annotations

from typing import Annotated

from litestar import Request, Router, delete, get, post, put
from litestar.datastructures import State
from litestar.di import Provide
from litestar.params import Dependency, Parameter
from litestar.status_codes import HTTP_200_OK
from msgspec import UNSET, Meta, Struct, UnsetType

from enigm.domains.devices.actions import Devices
from enigm.domains.devices.actions.chains import REVOKE_ACTION
from enigm.domains.devices.model import KEY_PACKAGE_BYTES_MAX, DeviceId, OwnChain, OwnerRef
from enigm.domains.devices.needs import CriticalLeave
from enigm.foundation.access import Access, opened_to, protected
from enigm.foundation.encoding import base64url_decode, base64url_encode

SESSION, TOKEN = opened_to(Access.SESSION), opened_to(Access.TOKEN)
BODY_BYTES_MAX = 32 * 1024
# A hundred key packages of the greatest size, in base64, and their punctuation.
KEY_PACKAGES_BODY_BYTES_MAX = 101 * (KEY_PACKAGE_BYTES_MAX * 4 // 3 + 8)

Octets32 = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{43}$")]
Card = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1766}$")]
Entry = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]+$", min_length=1, max_length=5000)]
KeyPackage = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]+$", min_length=1, max_length=21_846)]
Token = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{128}$")]
DeviceName = Annotated[str, Parameter(pattern="^[A-Za-z0-9_-]{22}$")]

# Our own objects, made by the assembly and the guard: nothing of them is to be validated.
Deeds = Annotated[Devices, Dependency(skip_validation=True)]
Owner = Annotated[OwnerRef, Dependency(skip_validation=True)]
Leave = Annotated[CriticalLeave, Dependency(skip_validation=True)]
Signer = Annotated[DeviceId, Dependency(skip_validation=True)]


class Body(Struct, forbid_unknown_fields=True):
    """Strict: a field that nobody knows is refused, not ignored."""


class EnrolmentRequest(Body):
    """A device that asks to be trusted."""

    device_public: Octets32
    card: Card


class EnrolmentAnswer(Body):
    """Until when the device waits is for its owner to say; since when is this."""

    requested_at: int


class PendingDevice(Body):
    """A device that waits."""

    device_public: str
    requested_at: int


class ChainAnswer(Body):
    """One's own chain, and who waits."""

    root_public: str
    chain: list[str]
    pending: list[PendingDevice]


class Append(Body):
    """The chain's next entry, and the card of the device it certifies unless that one waits."""

    entry: Entry
    card: Card | UnsetType = UNSET


class CardReplacement(Body):
    """This device's contact card."""

    card: Card


class KeyPackages(Body):
    """Key packages to hand out once each, and the one that stays."""

    key_packages: Annotated[list[KeyPackage], Meta(max_length=100)]
    last_resort: KeyPackage | UnsetType = UNSET


class KeyPackagesAnswer(Body):
    """How many are left to hand out."""

    remaining: int


class Lookup(Body):
    """Whom to find, for one token."""

    token: Token
    lookup_id: Octets32 | UnsetType = UNSET
    fingerprint: Octets32 | UnsetType = UNSET
    key_packages: bool = False


class ListedDevice(Body):
    """A trusted device."""

    device_public: str
    card: str
    key_package: str | UnsetType = UNSET


class LookupAnswer(Body):
    """An account's devices, and the chain that proves them."""

    root_public: str
    chain: list[str]
    devices: list[ListedDevice]


def owner_of(request: Request[None, None, State]) -> OwnerRef:
    """Return whom the guard at the door has recognised."""
    return request.state.owner


def leave_of(request: Request[None, None, State]) -> CriticalLeave:
    """Return what the guard at the door has found of leave for critical actions, unchecked."""
    return request.state.critical


def device_of(request: Request[None, None, State]) -> DeviceId:
    """Return which trusted device signed, as the guard at the door found."""
    return request.state.device_id


@get("/chain", opt=SESSION, sync_to_thread=True)
def read_chain(devices: Deeds, owner: Owner) -> ChainAnswer:
    """Review one's devices."""
    return _shown(devices.chains.own_chain(owner))


@post("/enrolments", opt=SESSION, sync_to_thread=True)
def request_enrolment(devices: Deeds, owner: Owner, data: EnrolmentRequest) -> EnrolmentAnswer:
    """Ask to be trusted."""
    device_public, card = base64url_decode(data.device_public), base64url_decode(data.card)
    waiting = devices.enrolments.request_enrolment(owner, device_public, card)
    return EnrolmentAnswer(requested_at=waiting.requested_at)


@delete("/enrolments/{device:str}", opt=protected("devices.enrolment.refuse"), sync_to_thread=True)
def refuse_enrolment(devices: Deeds, owner: Owner, device: DeviceName) -> None:
    """Turn a waiting device away."""
    devices.enrolments.refuse_enrolment(owner, DeviceId(base64url_decode(device)))


@post(
    "/chain",
    opt=protected("devices.chain.append", pin=REVOKE_ACTION),
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def append_entry(devices: Deeds, owner: Owner, leave: Leave, data: Append) -> ChainAnswer:
    """Add to the chain, if it has not moved on; a revocation needs the PIN."""
    card = None if data.card is UNSET else base64url_decode(data.card)
    entry = base64url_decode(data.entry)
    return _shown(devices.chains.append_entry(owner, entry, card, leave))


@put("/card", opt=protected("devices.card.replace"), status_code=204, sync_to_thread=True)
def replace_card(devices: Deeds, owner: Owner, device_id: Signer, data: CardReplacement) -> None:
    """Replace this device's contact card."""
    devices.directory.replace_card(owner, device_id, base64url_decode(data.card))


@post(
    "/key-packages",
    opt=protected("devices.key_packages"),
    status_code=HTTP_200_OK,
    sync_to_thread=True,
    request_max_body_size=KEY_PACKAGES_BODY_BYTES_MAX,
)
def leave_key_packages(
    devices: Deeds, owner: Owner, device_id: Signer, data: KeyPackages
) -> KeyPackagesAnswer:
    """Leave key packages for this device."""
    packages = [base64url_decode(package) for package in data.key_packages]
    last_resort = None if data.last_resort is UNSET else base64url_decode(data.last_resort)
    remaining = devices.directory.leave_key_packages(owner, device_id, packages, last_resort)
    return KeyPackagesAnswer(remaining=remaining)


@get("/key-packages", opt=protected("devices.key_packages"), sync_to_thread=True)
def count_key_packages(devices: Deeds, owner: Owner, device_id: Signer) -> KeyPackagesAnswer:
    """Tell how many of this device's are left."""
    return KeyPackagesAnswer(remaining=devices.directory.remaining_key_packages(owner, device_id))


@post("/lookup", opt=TOKEN, status_code=HTTP_200_OK)
async def look_up(devices: Deeds, data: Lookup) -> LookupAnswer:
    """Find an account's devices for one token, whoever asks."""
    listing = await devices.directory.look_up(
        base64url_decode(data.token),
        lookup_id=None if data.lookup_id is UNSET else base64url_decode(data.lookup_id),
        fingerprint=None if data.fingerprint is UNSET else base64url_decode(data.fingerprint),
        key_packages=data.key_packages,
    )
    return LookupAnswer(
        root_public=base64url_encode(listing.chain.root_public),
        chain=[base64url_encode(entry) for entry in listing.chain.entries],
        devices=[
            ListedDevice(
                device_public=base64url_encode(device.device_public),
                card=base64url_encode(device.card),
                key_package=UNSET
                if device.key_package is None
                else base64url_encode(device.key_package),
            )
            for device in listing.devices
        ],
    )


def devices_routers(devices: Devices) -> list[Router]:
    """Return the owners' routes and the directory's over these deeds."""

    def provided() -> Devices:
        return devices

    shared = {"devices": Provide(provided, sync_to_thread=False)}
    own = Router(
        path="/devices/v1",
        route_handlers=[
            read_chain,
            request_enrolment,
            refuse_enrolment,
            append_entry,
            replace_card,
            leave_key_packages,
            count_key_packages,
        ],
        dependencies={
            **shared,
            "owner": Provide(owner_of, sync_to_thread=False),
            "leave": Provide(leave_of, sync_to_thread=False),
            "device_id": Provide(device_of, sync_to_thread=False),
        },
        request_max_body_size=BODY_BYTES_MAX,
        tags=["devices"],
    )
    directory = Router(
        path="/directory/v1",
        route_handlers=[look_up],
        dependencies=shared,
        request_max_body_size=BODY_BYTES_MAX,
        tags=["directory"],
    )
    return [own, directory]


def _shown(own: OwnChain) -> ChainAnswer:
    return ChainAnswer(
        root_public=base64url_encode(own.chain.root_public),
        chain=[base64url_encode(entry) for entry in own.chain.entries],
        pending=[
            PendingDevice(
                device_public=base64url_encode(waiting.device_public),
                requested_at=waiting.requested_at,
            )
            for waiting in own.pending
        ],
    )
