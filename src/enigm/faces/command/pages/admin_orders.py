"""Orders without buyers, and the queue of those that somebody must decide about."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.domains.administration.model import Deed
from enigm.domains.commerce.actions.reviewing import FIRST
from enigm.domains.commerce.model.orders import OrderState
from enigm.domains.commerce.model.review import OrderHandle, Verdict
from enigm.domains.commerce.model.trade import Reason
from enigm.faces.command.administration import GivenDesk, actor_of, show
from enigm.faces.command.pages.admin_forms import handle_of
from enigm.faces.command.parts import Asked, Shown
from enigm.foundation.access import administrative
from enigm.foundation.errors import InvalidError

VIEWS: Final = ("held", "appealed", "all")


class Decision(Struct):
    """A verdict and its reason: codes from closed lists."""

    verdict: Verdict
    reason: Reason


@get("/orders", opt=administrative(Deed.ORDERS_READ), sync_to_thread=True)
def list_orders(
    request: Asked, desk: GivenDesk, pages: Shown, view: str = "held", after: str = ""
) -> Response[str]:
    """Show a page of masked orders; the reading is recorded."""
    if view not in VIEWS:
        raise InvalidError("command.view", "There is no such view of orders.")
    start = OrderHandle(handle_of(after)) if after else FIRST
    page = desk.reviewing.page(
        actor_of(request, desk),
        start,
        decided=OrderState.HELD if view == "held" else None,
        appealed=view == "appealed",
    )
    return show(
        request,
        pages,
        "admin_orders.html",
        page=page,
        view=view,
        views=VIEWS,
        verdicts=list(Verdict),
        reasons=list(Reason),
    )


@post(
    "/orders/{handle:str}/decide",
    opt=administrative(Deed.ORDERS_DECIDE),
    status_code=303,
    sync_to_thread=True,
)
def decide_order(
    request: Asked,
    desk: GivenDesk,
    handle: str,
    data: Annotated[Decision, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Decide about one order; the person is told the reason's sentence."""
    named = OrderHandle(handle_of(handle))
    desk.reviewing.decide(named, data.verdict, data.reason, actor_of(request, desk))
    return Response(None, status_code=303, headers={"Location": "/admin/orders"})


HANDLERS = (list_orders, decide_order)
