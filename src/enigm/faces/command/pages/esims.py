"""eSIMs: set up from a paid order, shown behind the PIN, replaced, unlinked, retired, deleted."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.domains.accounts.model import CriticalAction
from enigm.domains.commerce.errors import TokenUnknownError
from enigm.domains.esim.errors import EsimUnknownError
from enigm.domains.esim.model import EsimId, Holder
from enigm.faces.command.critical import asker, leave_of
from enigm.faces.command.pages.orders import own_order
from enigm.faces.command.parts import Asked, Given, Parts, Shown
from enigm.foundation.access import Access, opened_to, protected
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import InvalidError, Refusal

SESSION: Final = opened_to(Access.SESSION)
OBTAIN: Final = protected("esim.obtain")
ACTIVATE: Final = protected("esim.activate")
REVEAL: Final = protected("esim.reveal", pin=CriticalAction.ESIM_REVEAL.value)
REPLACE: Final = protected("esim.replace", pin=CriticalAction.ESIM_REPLACE.value)
INSTALLED: Final = protected("esim.end", pin=CriticalAction.ESIM_INSTALLED.value)
UNLINK: Final = protected("esim.end", pin=CriticalAction.ESIM_UNLINK.value)
RETIRE: Final = protected("esim.end", pin=CriticalAction.ESIM_RETIRE.value)
DELETE: Final = protected("esim.end", pin=CriticalAction.ESIM_DELETE.value)


class Setup(Struct):
    """A paid order's token, and that the notice was read."""

    token: str = ""
    notice: str = ""


class Retrieval(Struct):
    """The code of an eSIM that belongs to no account."""

    code: str = ""


@get("/esims", opt=SESSION, sync_to_thread=True)
def list_esims(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """List the account's eSIMs, and the form that sets one up."""
    return _list(request, parts, pages)


@post("/esims/set-up", opt=OBTAIN, status_code=303, sync_to_thread=True)
def set_up(
    request: Asked,
    parts: Given,
    pages: Shown,
    data: Annotated[Setup, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Take an eSIM over from a paid order, and have its profile made ready."""
    try:
        version = int(data.notice) if data.notice.isdecimal() else 0
        if not version:
            raise InvalidError("command.notice", "Please read the notice and tick that you did.")
        token, holder = _octets(data.token), _holder(request, parts)
        status = parts.esim.esims.purchasing.purchase(holder, token, version)
    except Refusal as refusal:
        return _list(request, parts, pages, refusal)
    return _to(f"/esims/{base64url_encode(status.esim_id)}")


@get("/esims/{name:str}", opt=SESSION, sync_to_thread=True)
def esim_page(request: Asked, parts: Given, pages: Shown, name: str) -> Response[str]:
    """Show one eSIM on its three axes, as last known."""
    return _one(request, parts, pages, name)


@post("/esims/{name:str}/look", opt=SESSION, status_code=303, sync_to_thread=True)
def look(request: Asked, parts: Given, name: str) -> Response[None]:
    """Ask the provider how it stands; nothing asks by itself."""
    esim_id = _id(name)
    parts.esim.esims.reading.status(_holder(request, parts), esim_id, asks_provider=True)
    return _to(f"/esims/{name}")


@post("/esims/{name:str}/activate", opt=ACTIVATE, status_code=303, sync_to_thread=True)
def make_ready(request: Asked, parts: Given, name: str) -> Response[None]:
    """Have the profile made ready to be fetched."""
    parts.esim.esims.activating.activate(_holder(request, parts), _id(name))
    return _to(f"/esims/{name}")


@post("/esims/{name:str}/installed", opt=INSTALLED, status_code=303, sync_to_thread=True)
def confirm_installed(request: Asked, parts: Given, name: str) -> Response[None]:
    """Take the holder's word that it is installed, for the PIN: the code goes by it."""
    leave = leave_of(request, parts)
    parts.esim.esims.hearing.confirm_installed(_holder(request, parts), _id(name), leave)
    return _to(f"/esims/{name}")


@post("/esims/{name:str}/retire", opt=RETIRE, status_code=303, sync_to_thread=True)
def retire(request: Asked, parts: Given, name: str) -> Response[None]:
    """End what was bought, for the PIN."""
    leave = leave_of(request, parts)
    parts.esim.esims.ending.retire(_holder(request, parts), _id(name), leave)
    return _to(f"/esims/{name}")


@post("/esims/{name:str}/reveal", opt=REVEAL, status_code=200, sync_to_thread=True)
def reveal(request: Asked, parts: Given, pages: Shown, name: str) -> Response[str]:
    """Show the activation code and its picture, for the PIN."""
    leave = leave_of(request, parts)
    code = parts.esim.esims.activating.reveal(_holder(request, parts), _id(name), leave)
    return pages.show(request, "esim_code.html", name=name, code=code)


@post("/esims/{name:str}/replace", opt=REPLACE, status_code=303, sync_to_thread=True)
def replace(request: Asked, parts: Given, name: str) -> Response[None]:
    """Order another profile for the same purchase, for the PIN."""
    leave = leave_of(request, parts)
    status = parts.esim.esims.activating.replace(_holder(request, parts), _id(name), leave)
    return _to(f"/esims/{base64url_encode(status.esim_id)}")


@post("/esims/{name:str}/unlink", opt=UNLINK, status_code=200, sync_to_thread=True)
def unlink(request: Asked, parts: Given, pages: Shown, name: str) -> Response[str]:
    """Let it belong to no account, for the PIN; service goes on."""
    leave = leave_of(request, parts)
    code = parts.esim.esims.ending.unlink(_holder(request, parts), _id(name), leave)
    return pages.show(request, "esim_unlinked.html", code=code)


@post("/esims/{name:str}/delete", opt=DELETE, status_code=200, sync_to_thread=True)
def delete(request: Asked, parts: Given, pages: Shown, name: str) -> Response[str]:
    """Erase it here, for the PIN."""
    leave = leave_of(request, parts)
    farewell = parts.esim.esims.ending.delete(_holder(request, parts), _id(name), leave)
    return pages.show(request, "esim_deleted.html", farewell=farewell)


@post("/esims/link", opt=OBTAIN, status_code=303, sync_to_thread=True)
def link(
    request: Asked,
    parts: Given,
    data: Annotated[Retrieval, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Take an eSIM that belongs to no account back by its code."""
    holder = _holder(request, parts)
    status = parts.esim.esims.retrieving.link(data.code.strip(), holder)
    return _to(f"/esims/{base64url_encode(status.esim_id)}")


def _list(
    request: Asked, parts: Parts, pages: Shown, refusal: Refusal | None = None
) -> Response[str]:
    purchasing = parts.esim.esims.purchasing
    order = request.query_params.get("order", "")
    return pages.show(
        request,
        "esims.html",
        200 if refusal is None else refusal.category.status,
        esims=parts.esim.esims.reading.all_of(_holder(request, parts)),
        notice=purchasing.notice,
        is_offered=bool(purchasing.plans()),
        token=_token_of(request, parts, order) if order else "",
        refusal=refusal.detail if refusal else "",
    )


def _one(request: Asked, parts: Parts, pages: Shown, name: str) -> Response[str]:
    status = parts.esim.esims.reading.status(_holder(request, parts), _id(name))
    return pages.show(
        request,
        "esim.html",
        name=name,
        esim=status,
        can={deed.value for deed in status.deeds},
    )


def _token_of(request: Asked, parts: Parts, order: str) -> str:
    """Return the token of one's own paid order, so that nobody has to copy it."""
    token = parts.shop.ordering.order(own_order(request, parts, order)).token
    return "" if token is None else base64url_encode(token)


def _holder(request: Asked, parts: Parts) -> Holder:
    return parts.esim.holders.holder_of(asker(request).caller.account_id)


def _id(name: str) -> EsimId:
    try:
        return EsimId(base64url_decode(name))
    except Refusal as error:
        raise EsimUnknownError from error


def _octets(text: str) -> bytes:
    try:
        return base64url_decode("".join(text.split()))
    except Refusal as error:
        raise TokenUnknownError from error


def _to(address: str) -> Response[None]:
    return Response(None, status_code=303, headers={"Location": address})


HANDLERS = (
    list_esims,
    set_up,
    esim_page,
    look,
    make_ready,
    confirm_installed,
    retire,
    reveal,
    replace,
    unlink,
    delete,
    link,
)
