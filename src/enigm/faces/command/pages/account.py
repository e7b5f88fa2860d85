"""The account itself: what is kept of it, its PIN, and its end."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.domains.accounts.model import CriticalAction
from enigm.faces.command.critical import asker, permit_of
from enigm.faces.command.parts import Asked, Given, Shown
from enigm.foundation.access import Access, opened_to, protected
from enigm.foundation.errors import InvalidError

PUBLIC: Final = opened_to(Access.PUBLIC)
SESSION: Final = opened_to(Access.SESSION)


class Deletion(Struct):
    """That it is meant."""

    is_meant: str = ""


@get("/account", opt=SESSION, sync_to_thread=True)
def account_page(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """Show what is kept of the account, and how to delete it."""
    state = parts.accounts.pins.grants.state(asker(request))
    return pages.show(request, "account.html", pin=state)


@post(
    "/account/delete",
    opt=protected("accounts.delete", pin=CriticalAction.ACCOUNT_DELETE.value),
    status_code=303,
    sync_to_thread=True,
)
def delete_account(
    request: Asked,
    parts: Given,
    data: Annotated[Deletion, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Erase the account now."""
    if data.is_meant != "yes":
        raise InvalidError("command.not_meant", "Tick that you mean it: this cannot be undone.")
    parts.accounts.own.erase_account(permit_of(request))
    ended = parts.visits.ended_cookie()
    return Response(None, status_code=303, headers={"Location": "/deleted"}, cookies=[ended])


@get("/deleted", opt=PUBLIC, sync_to_thread=False)
def deleted_page(request: Asked, pages: Shown) -> Response[str]:
    """Say that the account is gone."""
    return pages.show(request, "deleted.html")


@get("/what-we-keep", opt=PUBLIC, sync_to_thread=False)
def what_we_keep(request: Asked, pages: Shown) -> Response[str]:
    """Show what is kept of everybody, and for how long."""
    return pages.show(request, "what_we_keep.html")


HANDLERS = (account_page, delete_account, deleted_page, what_we_keep)
