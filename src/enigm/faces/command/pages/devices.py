"""One's own devices and how far each is trusted; the recovery phrase revokes one from here.

Command holds no device's key, so it cannot speak as one: the root key, made of the phrase in the
browser for this once, signs the entry that every contact verifies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.domains.accounts.model import CriticalAction
from enigm.domains.devices.errors import ChainMissingError
from enigm.domains.devices.model import OwnChain, Trust
from enigm.faces.command.critical import leave_of
from enigm.faces.command.parts import Asked, Given, Shown
from enigm.faces.command.rendering import visitor_of
from enigm.foundation.access import Access, opened_to, protected
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import InvalidError
from enigm.wire.device_chain import Issuer, Kind, device_id_of, read_entry

SESSION: Final = opened_to(Access.SESSION)
_SHOWN_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A device as the page shows it; its name is in its owner's App and nowhere here."""

    number: str
    device_public: str
    trust: Trust
    since: int


class Revocation(Struct):
    """The root's entry."""

    entry: str = ""


@get("/devices", opt=SESSION, sync_to_thread=True)
def list_devices(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """List one's devices with their states."""
    owner = visitor_of(request).owner
    assert owner is not None, "the gate let in a session"
    try:
        own = parts.chains.own_chain(owner)
    except ChainMissingError:
        return pages.show(request, "devices.html", devices=[], place=None)
    place = {
        "fingerprint": base64url_encode(own.chain.fingerprint),
        "sequence": len(own.chain.entries),
        "previous": base64url_encode(own.chain.head),
    }
    return pages.show(request, "devices.html", devices=_rows(own), place=place)


@post(
    "/devices/revoke",
    opt=protected("devices.chain.append", pin=CriticalAction.DEVICE_REVOKE.value),
    status_code=303,
    sync_to_thread=True,
)
def revoke_device(
    request: Asked,
    parts: Given,
    data: Annotated[Revocation, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Add the root's entry to the chain, with the PIN's leave."""
    owner = visitor_of(request).owner
    assert owner is not None, "the gate let in a session"
    entry = base64url_decode(data.entry)
    stated = read_entry(entry)
    if (stated.kind, stated.issuer) != (Kind.REVOKE, Issuer.ROOT):
        raise InvalidError("command.only_revokes", "The phrase revokes a device here, no more.")
    parts.chains.append_entry(owner, entry, None, leave_of(request, parts))
    return Response(None, status_code=303, headers={"Location": "/devices"})


def device_number(device_id: bytes) -> str:
    """Return how a device is told from others here; its name is in its owner's App."""
    digits = device_id.hex()[:_SHOWN_DIGITS]
    return f"{digits[: _SHOWN_DIGITS // 2]} {digits[_SHOWN_DIGITS // 2 :]}"


def _rows(own: OwnChain) -> list[Row]:
    pending = [
        _row(waiting.device_public, Trust.PENDING, waiting.requested_at) for waiting in own.pending
    ]
    trusted = [_row(key, Trust.TRUSTED, since) for key, since in own.chain.trusted.items()]
    revoked = [_row(key, Trust.REVOKED, since) for key, since in own.chain.revoked.items()]
    return [*pending, *trusted, *revoked]


def _row(device_public: bytes, trust: Trust, since: int) -> Row:
    number = device_number(device_id_of(device_public))
    return Row(number, base64url_encode(device_public), trust, since)


HANDLERS = (list_devices, revoke_device)
