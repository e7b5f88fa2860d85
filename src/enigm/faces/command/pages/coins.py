"""Codes: made in the browser, spent, changed and renewed there; and the lists for all to check."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.domains.commerce.actions.codes import TRIES
from enigm.domains.commerce.actions.refunding import BuyersLeave
from enigm.domains.commerce.errors import (
    CodeRequestError,
    OrderUnknownError,
    TokenUnknownError,
)
from enigm.domains.commerce.model.catalogue import Product
from enigm.domains.commerce.model.codes import REQUEST_BYTES, RequestName, Signed, Wanted
from enigm.domains.commerce.model.orders import BuyersOrder, OwnOrder
from enigm.faces.command.critical import leave_of
from enigm.faces.command.pages.orders import own_order
from enigm.faces.command.pages.refunds import CLAIM
from enigm.faces.command.parts import Asked, Given, Shown
from enigm.faces.command.rendering import visitor_of
from enigm.foundation.access import Access, opened_to
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import Refusal
from enigm.wire.code_coin import KeyNumber

PUBLIC: Final = opened_to(Access.PUBLIC)
_LISTS: Final = ("keys", "totals")


class AskedOf(Struct):
    """Blinded nonces for one key, in base64url."""

    key: int
    blinded: list[str]


class Asking(Struct):
    """What a browser asks to have signed; the request's name makes it the same one again."""

    request: str
    wanted: list[AskedOf] = []
    code: str = ""
    secret: str = ""


class TypedCode(Struct):
    """A code as it was typed, from a page without a script."""

    code: str = ""


@get("/codes", opt=PUBLIC, sync_to_thread=True)
def codes_page(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """Say what codes are, sell them, renew them, and show what all may check."""
    totals = parts.shop.mint.totals()
    offers = [o for o in parts.shop.ordering.catalogue().offers if o.product is Product.COIN]
    return pages.show(
        request,
        "codes.html",
        offers=offers,
        keys=[key for key in totals.keys if key.issued],
        totals=totals,
        tries=TRIES.amount,
    )


@get("/codes/lists/{name:str}", opt=PUBLIC, sync_to_thread=True)
def public_list(parts: Given, name: str) -> Response[dict[str, Any]]:
    """Give a public list, for clients and for anybody who checks it."""
    if name not in _LISTS:
        raise OrderUnknownError
    if name == "keys":
        parts.shop.mint.ready()
    lines = [
        {"text": line.text, "signature": base64url_encode(line.signature)}
        for line in parts.shop.mint.published(name)
    ]
    body = {"public_key": base64url_encode(parts.shop.mint.public_key), "lines": lines}
    return Response(body, media_type=MediaType.JSON)


@post("/codes/renew", opt=PUBLIC, status_code=200, sync_to_thread=True)
def renew(request: Asked, parts: Given, data: Asking) -> list[dict[str, Any]]:
    """Spend a code for fresh ones of the same worth."""
    asker = visitor_of(request).form_token.encode()
    counter = parts.shop.codes
    return _told(counter.exchange(data.code, asker, _wanted(data), _request(data)))


@get("/orders/{name:str}/codes", opt=PUBLIC, sync_to_thread=True)
def make_page(request: Asked, parts: Given, pages: Shown, name: str) -> Response[str]:
    """Show where codes that were bought are made."""
    order = parts.shop.ordering.order(own_order(request, parts, name))
    if order.product is not Product.COIN or order.token is None:
        raise TokenUnknownError
    takes = f"/orders/{name}/codes/collect"
    return pages.show(
        request,
        "make_codes.html",
        name=name,
        cents=order.price_cents,
        takes=takes,
        secret="",
        needs_pin=False,
    )


@post("/orders/{name:str}/codes/collect", opt=PUBLIC, status_code=200, sync_to_thread=True)
def collect(request: Asked, parts: Given, name: str, data: Asking) -> list[dict[str, Any]]:
    """Sign what an order of codes paid for."""
    known = parts.shop.codes.answered(_request(data))
    if known is not None:
        return _told(known)
    token = parts.shop.ordering.order(own_order(request, parts, name)).token
    if token is None:
        raise TokenUnknownError
    return _told(parts.shop.codes.collect(token, _wanted(data), _request(data)))


@post("/orders/{name:str}/codes/refund", opt=CLAIM, status_code=200, sync_to_thread=True)
def take_refund(request: Asked, parts: Given, name: str, data: Asking) -> list[dict[str, Any]]:
    """Sign codes for what is owed back, to a buyer by their PIN; the claim is used up."""
    own = own_order(request, parts, name)
    wanted, named = _wanted(data), _request(data)
    known = parts.shop.codes.answered(named)
    if known is not None:
        # The answer was lost on the way: the PIN that was entered anew is not spent on it.
        return _told(known)
    leave = None
    if isinstance(own, BuyersOrder):
        leave = BuyersLeave(own.buyer, leave_of(request, parts))
    return _told(parts.shop.codes.take_refund(data.secret, wanted, named, leave))


@get("/orders/{name:str}/code", opt=PUBLIC, sync_to_thread=True)
def code_page(request: Asked, parts: Given, pages: Shown, name: str) -> Response[str]:
    """Show where a code is typed, and where its change is made."""
    order = parts.shop.ordering.order(own_order(request, parts, name))
    return pages.show(request, "pay_code.html", name=name, cents=order.missing or order.due)


@post("/orders/{name:str}/code/add", opt=PUBLIC, status_code=303, sync_to_thread=True)
def add_code(
    request: Asked,
    parts: Given,
    name: str,
    data: Annotated[TypedCode, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Pay an order with one more code; what is too much stays owed, and is taken as codes."""
    own = own_order(request, parts, name)
    parts.shop.codes.pay(own, data.code, _asker(request, own))
    return Response(None, status_code=303, headers={"Location": f"/orders/{name}"})


@post("/orders/{name:str}/code/pay", opt=PUBLIC, status_code=200, sync_to_thread=True)
def pay_with_change(request: Asked, parts: Given, name: str, data: Asking) -> list[dict[str, Any]]:
    """Pay an order with a code and sign its change, blind, in one deed."""
    own = own_order(request, parts, name)
    asker = _asker(request, own)
    wanted = _wanted(data) if data.wanted else []
    return _told(parts.shop.codes.pay(own, data.code, asker, wanted, _request(data)))


def _asker(request: Asked, own: OwnOrder) -> bytes:
    """Return by whom tries are counted: the buyer, or a guest's browser."""
    if isinstance(own, BuyersOrder):
        return own.buyer
    return visitor_of(request).form_token.encode()


def _request(data: Asking) -> RequestName:
    octets = _octets(data.request)
    if len(octets) != REQUEST_BYTES:
        raise CodeRequestError
    return RequestName(octets)


def _wanted(data: Asking) -> list[Wanted]:
    if not data.wanted:
        raise CodeRequestError
    return [
        Wanted(KeyNumber(each.key), tuple(_octets(element) for element in each.blinded))
        for each in data.wanted
    ]


def _octets(text: str) -> bytes:
    try:
        return base64url_decode(text)
    except Refusal as error:
        raise CodeRequestError from error


def _told(signed: list[Signed]) -> list[dict[str, Any]]:
    return [
        {
            "key": each.key,
            "elements": [base64url_encode(element) for element in each.elements],
            "proof": base64url_encode(each.proof),
        }
        for each in signed
    ]


HANDLERS = (
    codes_page,
    public_list,
    renew,
    make_page,
    code_page,
    collect,
    take_refund,
    add_code,
    pay_with_change,
)
