"""How devices stand: posture and attestation by category and under handles; a handle revoked."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.domains.administration.model import Deed
from enigm.domains.handles.model import Handle, Purpose
from enigm.domains.posture.model import PostureHandle
from enigm.faces.command.administration import GivenDesk, actor_of, show
from enigm.faces.command.pages.admin_forms import handle_of, require_confirmed
from enigm.faces.command.parts import Asked, Shown
from enigm.foundation.access import administrative
from enigm.foundation.errors import NotFoundError

# What a device shows of itself, and under which purpose's handles.
PURPOSES: Final = {"posture": Purpose.POSTURE, "attestation": Purpose.ATTESTATION}


class Revocation(Struct):
    """That it is meant."""

    confirmed: str = ""


@get("/fleet", opt=administrative(Deed.FLEET_READ), sync_to_thread=True)
def show_fleet(request: Asked, desk: GivenDesk, pages: Shown) -> Response[str]:
    """Count devices by how they stand, and list them under their handles."""
    reader = actor_of(request, desk)

    def is_revoked(purpose: str, handle: bytes) -> bool:
        return desk.devices.is_revoked(PURPOSES[purpose], Handle(handle))

    return show(
        request,
        pages,
        "admin_fleet.html",
        postures=desk.postures.overview(reader),
        attestations=desk.attestations.overview(reader),
        revoked=is_revoked,
    )


@get("/fleet/{handle:str}", opt=administrative(Deed.FLEET_READ), sync_to_thread=True)
def show_device(request: Asked, desk: GivenDesk, pages: Shown, handle: str) -> Response[str]:
    """Show what a device reported under one handle."""
    named = PostureHandle(handle_of(handle))
    row = desk.postures.show(actor_of(request, desk), named)
    is_revoked = desk.devices.is_revoked(Purpose.POSTURE, Handle(named))
    return show(request, pages, "admin_device.html", row=row, is_revoked=is_revoked)


@post(
    "/fleet/{purpose:str}/{handle:str}/revoke",
    opt=administrative(Deed.FLEET_REVOKE),
    status_code=303,
    sync_to_thread=True,
)
def revoke_handle(
    request: Asked,
    desk: GivenDesk,
    purpose: str,
    handle: str,
    data: Annotated[Revocation, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Let what a device shows under this handle count as bad."""
    require_confirmed(data.confirmed)
    if purpose not in PURPOSES:
        raise NotFoundError("command.no_such_purpose", "Devices show nothing for this purpose.")
    named = Handle(handle_of(handle))
    desk.devices.revoke(actor_of(request, desk), PURPOSES[purpose], named)
    return Response(None, status_code=303, headers={"Location": "/admin/fleet"})


HANDLERS = (show_fleet, show_device, revoke_handle)
