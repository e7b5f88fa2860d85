"""What an administrator's role is for, and, for owners, who the administrators are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter
from msgspec import Struct

from enigm.domains.administration.model import Administrator, AdministratorId, Deed, Role
from enigm.faces.command.administration import Desk, GivenDesk, acting, actor_of, show
from enigm.faces.command.pages.admin_forms import require_confirmed
from enigm.faces.command.parts import Asked, Shown
from enigm.foundation.access import administrative

ROLE_NAMES: Final = {
    Role.OWNER: ("Owner", "Says who is an administrator, and reads what administrators did."),
    Role.POLICY: ("Policy", "Writes, tries, assigns and puts in force what is allowed to whom."),
    Role.FLEET: ("Devices", "Sees how devices stand under handles, and revokes a handle."),
    Role.AUDITOR: ("Auditor", "Reads every record with its proof, and changes nothing."),
    Role.ORDERS: ("Orders", "Sees orders without buyers, and decides nothing."),
    Role.REVIEWER: ("Reviewer", "Decides about orders that are held or appealed."),
    Role.SHOP: ("Shop", "Puts catalogues and trade rules in force."),
}
Name = Annotated[str, Parameter(pattern="^[0-9a-f]{32}$")]


class Confirmed(Struct):
    """A box that was ticked."""

    confirmed: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An administrator as owners see one."""

    name: str
    role: str
    label: str
    since: int
    handle: str
    is_me: bool


@get("/", opt=administrative(Deed.OVERVIEW_READ), sync_to_thread=True)
def show_overview(request: Asked, desk: GivenDesk, pages: Shown) -> Response[str]:
    """Show what the role is for, and where it leads."""
    name, purpose = ROLE_NAMES[acting(request).administrator.role]
    return show(
        request,
        pages,
        "admin_overview.html",
        role=name,
        purpose=purpose,
        handle=actor_of(request, desk).hex(),
        now=desk.clock.now_seconds(),
    )


@get("/administrators", opt=administrative(Deed.ADMINISTRATORS_READ), sync_to_thread=True)
def list_administrators(request: Asked, desk: GivenDesk, pages: Shown) -> Response[str]:
    """List administrators and links that were not used yet."""
    appointments = desk.entrance.appointments
    me = acting(request).administrator.administrator_id
    rows = [_row(desk, each, me) for each in appointments.administrators()]
    invited = [
        (each.administrator_id.hex(), ROLE_NAMES[each.role][0], each.label, each.ends_at)
        for each in appointments.invitations()
    ]
    return show(request, pages, "admin_administrators.html", rows=rows, invited=invited)


@post(
    "/administrators/{name:str}/revoke",
    opt=administrative(Deed.ADMINISTRATOR_REVOKE),
    status_code=303,
    sync_to_thread=True,
)
def revoke_administrator(
    request: Asked,
    desk: GivenDesk,
    name: Name,
    data: Annotated[Confirmed, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """End an administrator at once, with passkey and sessions."""
    require_confirmed(data.confirmed)
    going = AdministratorId(bytes.fromhex(name))
    desk.entrance.appointments.revoke(going, acting(request).administrator.administrator_id)
    return Response(None, status_code=303, headers={"Location": "/admin/administrators"})


def _row(desk: Desk, each: Administrator, me: AdministratorId) -> Row:
    return Row(
        each.administrator_id.hex(),
        ROLE_NAMES[each.role][0],
        each.label,
        each.since,
        desk.entrance.handles.handle(each.administrator_id).hex(),
        each.administrator_id == me,
    )


HANDLERS = (show_overview, list_administrators, revoke_administrator)
