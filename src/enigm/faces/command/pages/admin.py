"""The administrators' pages, put together under one path with what they work with."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from enigm.faces.command.administration import Desk
from enigm.faces.command.pages import (
    admin_audit,
    admin_entering,
    admin_fleet,
    admin_orders,
    admin_overview,
    admin_policies,
    admin_shop,
)

PATH = "/admin"
HANDLERS = (
    *admin_entering.HANDLERS,
    *admin_overview.HANDLERS,
    *admin_policies.HANDLERS,
    *admin_fleet.HANDLERS,
    *admin_audit.HANDLERS,
    *admin_orders.HANDLERS,
    *admin_shop.HANDLERS,
)


def administrators_router(desk: Desk) -> Router:
    """Return every administrators' page."""
    given = Provide(lambda: desk, sync_to_thread=False)
    return Router(path=PATH, route_handlers=list(HANDLERS), dependencies={"desk": given})
