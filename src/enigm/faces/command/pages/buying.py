"""What is on offer, and the one form that buys it: country and way to pay, nothing of a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.crossings.guest_order_costs_work import GuestOrderCostsWork, guest_order_demand
from enigm.domains.accounts.errors import WorkProofRefusedError
from enigm.domains.accounts.model import WorkProof
from enigm.domains.commerce.actions.opening import can_anybody_buy
from enigm.domains.commerce.errors import (
    GuestWorkNeededError,
    MethodUnavailableError,
    NotOnSaleYetError,
    OfferUnknownError,
)
from enigm.domains.commerce.model import MethodName
from enigm.domains.commerce.model.catalogue import Offer, Product, Sale
from enigm.domains.commerce.model.orders import BuyersOrder, GuestsOrder
from enigm.faces.command.parts import Asked, Given, Parts, Shown
from enigm.faces.command.rendering import visitor_of
from enigm.foundation.access import Access, opened_to
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import Category, InvalidError, Refusal
from enigm.wire.code_coin import read_code

PUBLIC: Final = opened_to(Access.PUBLIC)
# The way that tells least of a payer stands first.
_ORDER: Final = (MethodName.CODE, MethodName.MONERO, MethodName.BITCOIN, MethodName.CARD)


class Purchase(Struct):
    """Everything that is asked of a buyer; the code only where one pays by code.

    Challenge and nonce are a guest's browser's work, where many guests come at once.
    """

    country: str = ""
    method: str = ""
    code: str = ""
    challenge: str = ""
    nonce: str = ""


@get("/products", opt=PUBLIC, sync_to_thread=True)
def products(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """Show what is on offer, and the ways to pay that work now."""
    methods = _methods(parts)
    return pages.show(
        request,
        "products.html",
        offers=[_as_sold(parts, offer) for offer in parts.shop.ordering.catalogue().offers],
        is_open=can_anybody_buy(parts.shop.ordering, parts.shop.mint),
        methods=methods,
        missing=[name for name in _ORDER if name not in methods],
    )


@get("/buy/{sku:str}", opt=PUBLIC, sync_to_thread=True)
def buy_page(request: Asked, parts: Given, pages: Shown, sku: str) -> Response[str]:
    """Show the form that buys one thing."""
    return _form(request, parts, pages, _offer(parts, sku), Purchase())


@post("/buy/{sku:str}/order", opt=PUBLIC, status_code=303, sync_to_thread=True)
def buy(
    request: Asked,
    parts: Given,
    pages: Shown,
    sku: str,
    data: Annotated[Purchase, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Open an order, pay it where a code was typed, and lead to its page."""
    offer = _offer(parts, sku)
    try:
        address, cookies = _order(request, parts, offer, data)
    except Refusal as refusal:
        if refusal.category is Category.NOT_FOUND:
            raise
        return _form(request, parts, pages, offer, data, refusal)
    return Response(None, status_code=303, headers={"Location": address}, cookies=cookies)


def _order(request: Asked, parts: Parts, offer: Offer, data: Purchase) -> tuple[str, list[Cookie]]:
    if offer.sale is not Sale.OPEN:
        raise NotOnSaleYetError
    method = _method(data.method)
    if method is MethodName.CODE:
        # What is mistyped is told before anything is opened.
        read_code(data.code)
    shop, caller = parts.shop, visitor_of(request).caller
    buyer = None if caller is None else shop.names.buyer_of(caller.account_id)
    work = None if buyer else _work(parts, data)
    opened = shop.ordering.open_order(buyer, offer.sku, data.country, method, work)
    if buyer is not None:
        own = BuyersOrder(buyer, opened.order_id)
        address, cookies = f"/orders/{base64url_encode(opened.order_id)}", []
    else:
        assert opened.comeback is not None, "a guest's order has a code to come back with"
        own = GuestsOrder(opened.comeback)
        address = f"/orders/{parts.visits.guest_name(opened.comeback)}"
        cookies = [parts.visits.order_cookie(opened.comeback)]
    if method is MethodName.CODE:
        shop.codes.pay(own, data.code, buyer or visitor_of(request).form_token.encode())
    return address, cookies


def _form(
    request: Asked,
    parts: Parts,
    pages: Shown,
    offer: Offer,
    typed: Purchase,
    refusal: Refusal | None = None,
) -> Response[str]:
    ordering = parts.shop.ordering
    demand = None
    if isinstance(refusal, GuestWorkNeededError):
        demand = guest_order_demand(parts.accounts.registrar)
    countries = sorted(ordering.countries().items(), key=lambda pair: pair[1])
    return pages.show(
        request,
        "buy.html",
        200 if refusal is None else refusal.category.status,
        offer=offer,
        is_open=can_anybody_buy(ordering, parts.shop.mint),
        countries=countries,
        methods=_methods(parts),
        typed=typed,
        refusal=refusal.detail if refusal else "",
        challenge=base64url_encode(demand.challenge) if demand else "",
        difficulty_bits=demand.difficulty_bits if demand else 0,
    )


def _work(parts: Parts, data: Purchase) -> GuestOrderCostsWork | None:
    """Return the work that a form brings; what cannot be read is refused as no work at all."""
    if not data.challenge:
        return None
    try:
        proof = WorkProof(base64url_decode(data.challenge), base64url_decode(data.nonce))
    except Refusal as error:
        raise WorkProofRefusedError(error.trace) from error
    return GuestOrderCostsWork(parts.accounts.registrar, proof)


def _methods(parts: Parts) -> list[MethodName]:
    """Return the ways to pay that work now."""
    usable = parts.shop.ordering.methods()
    return [name for name in _ORDER if name in usable]


def _offer(parts: Parts, sku: str) -> Offer:
    offer = parts.shop.ordering.catalogue().offer(sku)
    if offer is None:
        raise OfferUnknownError
    return _as_sold(parts, offer)


def _as_sold(parts: Parts, offer: Offer) -> Offer:
    """Return an offer as it is sold here: an eSIM only where a provider can make it one."""
    made = {plan.product for plan in parts.esim.esims.purchasing.plans()}
    if offer.product is Product.ESIM and offer.sku not in made:
        return replace(offer, sale=Sale.NOT_YET)
    return offer


def _method(text: str) -> MethodName:
    if not text:
        raise InvalidError("command.method_needed", "Choose how you want to pay.")
    try:
        return MethodName(text)
    except ValueError as error:
        raise MethodUnavailableError from error


HANDLERS = (products, buy_page, buy)
