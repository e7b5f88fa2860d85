"""What is owed back: a claim that works once, and where it is to be sent."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.domains.accounts.model import CriticalAction
from enigm.domains.commerce.actions.refunding import BuyersLeave
from enigm.domains.commerce.model import MethodName
from enigm.domains.commerce.model.orders import BuyersOrder
from enigm.faces.command.critical import leave_of
from enigm.faces.command.pages.orders import own_order
from enigm.faces.command.parts import Asked, Given, Shown
from enigm.foundation.access import Access, opened_to, protected

PUBLIC: Final = opened_to(Access.PUBLIC)
# A guest's claim is as good as its secret; a buyer's is asked of policy and spends the PIN's grant.
CLAIM: Final = protected(
    "commerce.refund.claim", pin=CriticalAction.REFUND_CLAIM.value, guests=True
)


class Claim(Struct):
    """The claim's secret, and where to send."""

    secret: str = ""
    destination: str = ""


@post("/orders/{name:str}/refund", opt=PUBLIC, status_code=200, sync_to_thread=True)
def offer_refund(request: Asked, parts: Given, pages: Shown, name: str) -> Response[str]:
    """Show the claim, once, with the form that uses it."""
    own = own_order(request, parts, name)
    needs_pin = isinstance(own, BuyersOrder)
    secret = parts.shop.refunds.offer(own)
    order = parts.shop.ordering.order(own)
    if order.method is MethodName.CODE:
        # Codes count in cents and have no address: what is owed is made anew, in the browser.
        takes, cents = f"/orders/{name}/codes/refund", order.over or order.received
        return pages.show(
            request,
            "make_codes.html",
            name=name,
            cents=cents,
            takes=takes,
            secret=secret,
            needs_pin=needs_pin,
        )
    return pages.show(
        request, "refund.html", name=name, secret=secret, order=order, needs_pin=needs_pin
    )


@post("/orders/{name:str}/refund/claim", opt=CLAIM, status_code=200, sync_to_thread=True)
def claim_refund(
    request: Asked,
    parts: Given,
    pages: Shown,
    name: str,
    data: Annotated[Claim, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[str]:
    """Take where it is to be sent; the claim is used up."""
    own, leave = own_order(request, parts, name), None
    if isinstance(own, BuyersOrder):
        leave = BuyersLeave(own.buyer, leave_of(request, parts))
    amount = parts.shop.refunds.claim(data.secret, data.destination, leave)
    return pages.show(request, "refunded.html", name=name, amount=amount)


HANDLERS = (offer_refund, claim_refund)
