"""One's own orders: how to pay, what happened in plain words, what is kept and when it goes."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from msgspec import Struct

from enigm.domains.accounts.errors import SessionNeededError
from enigm.domains.commerce.actions.holding import HeldValue
from enigm.domains.commerce.errors import OrderUnknownError, TokenUnknownError
from enigm.domains.commerce.model import MethodName, Money
from enigm.domains.commerce.model.catalogue import Product
from enigm.domains.commerce.model.orders import (
    BuyersOrder,
    ComebackCode,
    GuestsOrder,
    OrderId,
    OrderState,
    OrderView,
    OwnOrder,
)
from enigm.domains.commerce.model.trade import AppealReason
from enigm.faces.command import wording
from enigm.faces.command.parts import Asked, Given, Parts, Shown
from enigm.faces.command.rendering import visitor_of
from enigm.faces.command.sessions import GUEST_PREFIX
from enigm.foundation.access import Access, opened_to
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import InvalidError, NotFoundError, Refusal

PUBLIC: Final = opened_to(Access.PUBLIC)
SESSION: Final = opened_to(Access.SESSION)
# While one of these stands something may still happen by itself, so the page looks again.
_LIVE: Final = frozenset(
    {OrderState.NEW, OrderState.PARTIAL, OrderState.SEEN, OrderState.SETTLED, OrderState.HELD}
)
_NOTHING: Final = frozenset({"nothing", "", "0"})
_TYPED: Final = frozenset({OrderState.NEW, OrderState.PARTIAL, OrderState.EXPIRED})
_SOLD: Final = frozenset({OrderState.SETTLED, OrderState.FINAL})
_SCANNED: Final = frozenset({MethodName.MONERO, MethodName.BITCOIN})


@dataclass(frozen=True, slots=True)
class OrderPage:
    """An order as its page shows it."""

    order: OrderView
    name: str
    title: str
    due: Money
    missing: Money
    qr: str
    is_live: bool
    seconds_left: int
    is_hosted: bool
    is_esim: bool
    is_codes: bool
    takes_codes: bool
    has_invoice: bool
    comeback: str = field(repr=False)


class OrderNotHereError(NotFoundError):
    """A guest's order that this browser does not open: another was opened since, or none."""

    def __init__(self) -> None:
        """Say how to get there."""
        super().__init__(
            "command.order_not_here",
            "This browser does not open this order (any more): come back to it with its code.",
        )


class ComeBack(Struct):
    """The code that an order showed its guest."""

    code: str = ""


class Appeal(Struct):
    """Why somebody asks for another look."""

    reason: str = ""


@get("/orders", opt=SESSION, sync_to_thread=True)
def list_orders(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """List the account's orders."""
    caller = visitor_of(request).caller
    assert caller is not None, "the gate let in a session"
    orders = parts.shop.ordering.orders(parts.shop.names.buyer_of(caller.account_id))
    titles = _titles(parts)
    return pages.show(request, "orders.html", orders=orders, titles=titles)


@get("/orders/back", opt=PUBLIC, sync_to_thread=False)
def come_from_elsewhere(request: Asked, pages: Shown) -> Response[str]:
    """Take in a payer whom a processor's page sent back: that visit shows none of our cookies."""
    return pages.show(request, "back.html")


@get("/orders/mine", opt=PUBLIC, sync_to_thread=False)
def lead_home(request: Asked, parts: Given) -> Redirect:
    """Lead to one's orders, as an account or as a guest."""
    if visitor_of(request).caller is not None:
        return Redirect("/orders", status_code=303)
    comeback = parts.visits.order_in(request)
    if comeback is None:
        return Redirect("/come-back", status_code=303)
    return Redirect(f"/orders/{parts.visits.guest_name(comeback)}", status_code=303)


@get("/orders/{name:str}", opt=PUBLIC, sync_to_thread=True)
def order_page(request: Asked, parts: Given, pages: Shown, name: str) -> Response[str]:
    """Show one order."""
    own = own_order(request, parts, name)
    held = [_told(value) for value in parts.shop.holding.what_we_hold(own)]
    shown = _shown(parts, name, own)
    return pages.show(
        request,
        "order.html",
        page=shown,
        held=[value for value in held if value],
        reasons=tuple(AppealReason),
    )


@get("/orders/{name:str}/live", opt=PUBLIC, sync_to_thread=True)
def order_live(request: Asked, parts: Given, pages: Shown, name: str) -> Response[str]:
    """Show the part of an order that changes by itself."""
    shown = _shown(parts, name, own_order(request, parts, name))
    return pages.show(request, "order_live.html", page=shown)


@get("/come-back", opt=PUBLIC, sync_to_thread=False)
def come_back_page(request: Asked, pages: Shown) -> Response[str]:
    """Ask for the code of a guest's order."""
    return pages.show(request, "come_back.html", refusal="")


@post("/come-back/open", opt=PUBLIC, status_code=303, sync_to_thread=True)
def come_back(
    request: Asked,
    parts: Given,
    pages: Shown,
    data: Annotated[ComeBack, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Lead a guest to the order of a code."""
    typed = ComebackCode("-".join(data.code.upper().replace("-", " ").split()))
    try:
        parts.shop.ordering.order(GuestsOrder(typed))
    except Refusal as refusal:
        return pages.show(
            request, "come_back.html", refusal.category.status, refusal=refusal.detail
        )
    cookies = [parts.visits.order_cookie(typed)]
    headers = {"Location": f"/orders/{parts.visits.guest_name(typed)}"}
    return Response(None, status_code=303, headers=headers, cookies=cookies)


@post("/orders/{name:str}/activate", opt=SESSION, status_code=303, sync_to_thread=True)
def activate(request: Asked, parts: Given, name: str) -> Response[None]:
    """Activate what was paid on the account that is signed in."""
    caller = visitor_of(request).caller
    assert caller is not None, "the gate let in a session"
    token = parts.shop.ordering.order(own_order(request, parts, name)).token
    if token is None:
        raise TokenUnknownError
    parts.shop.activation.activate(caller.account_id, base64url_encode(token))
    return Response(None, status_code=303, headers={"Location": "/entitlements"})


@post("/orders/{name:str}/appeal", opt=PUBLIC, status_code=303, sync_to_thread=True)
def appeal(
    request: Asked,
    parts: Given,
    name: str,
    data: Annotated[Appeal, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Ask that a decision be looked at again."""
    try:
        reason = AppealReason(data.reason)
    except ValueError as error:
        raise InvalidError("command.reason_needed", "Choose a reason from the list.") from error
    parts.shop.reviewing.appeal(own_order(request, parts, name), reason)
    return Response(None, status_code=303, headers={"Location": f"/orders/{name}"})


def own_order(request: Asked, parts: Parts, name: str) -> OwnOrder:
    """Return whose order is asked for, by what the browser shows; it may not exist."""
    if name.startswith(GUEST_PREFIX):
        comeback = parts.visits.order_in(request)
        own_name = "" if comeback is None else parts.visits.guest_name(comeback)
        if comeback is None or not hmac.compare_digest(name.encode(), own_name.encode()):
            raise OrderNotHereError
        return GuestsOrder(ComebackCode(comeback))
    caller = visitor_of(request).caller
    if caller is None:
        raise SessionNeededError
    try:
        order_id = OrderId(base64url_decode(name))
    except Refusal as error:
        raise OrderUnknownError from error
    return BuyersOrder(parts.shop.names.buyer_of(caller.account_id), order_id)


def _shown(parts: Parts, name: str, own: OwnOrder) -> OrderPage:
    order = parts.shop.ordering.order(own)
    instruction = order.instruction
    return OrderPage(
        order=order,
        name=name,
        title=_titles(parts).get(order.sku, order.sku),
        due=Money(order.due, order.currency),
        missing=Money(order.missing or order.due, order.currency),
        qr=wording.qr(instruction.uri) if instruction and order.method in _SCANNED else "",
        is_live=order.state in _LIVE,
        seconds_left=order.expires_at - parts.clock.now_seconds(),
        is_hosted=order.method is MethodName.CARD,
        is_esim=order.product is Product.ESIM,
        is_codes=order.product is Product.COIN,
        takes_codes=order.method is MethodName.CODE and order.state in _TYPED,
        has_invoice=parts.invoicing.tickets.is_offered and order.state in _SOLD,
        comeback=own.comeback if isinstance(own, GuestsOrder) else "",
    )


def _told(value: HeldValue) -> HeldValue | None:
    """Return a value as people read it; None for a place where nothing stands."""
    if value.value in _NOTHING:
        return None
    if value.place.endswith("_cents"):
        return replace(value, value=wording.euros(int(value.value)))
    if value.place.endswith("_at"):
        return replace(value, value=wording.date(int(value.value)))
    return value


def _titles(parts: Parts) -> dict[str, str]:
    return {offer.sku: offer.title for offer in parts.shop.ordering.catalogue().offers}


HANDLERS = (
    list_orders,
    come_from_elsewhere,
    lead_home,
    order_page,
    order_live,
    come_back_page,
    come_back,
    activate,
    appeal,
)
