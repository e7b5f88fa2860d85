"""What an account holds, and the form that activates more of it with a token."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.faces.command.critical import asker
from enigm.faces.command.parts import Asked, Given, Parts, Shown
from enigm.foundation.access import Access, opened_to
from enigm.foundation.errors import Refusal

SESSION: Final = opened_to(Access.SESSION)


class Token(Struct):
    """What a paid order showed."""

    token: str = ""


@get("/entitlements", opt=SESSION, sync_to_thread=True)
def entitlements_page(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """Show what the account holds."""
    return _page(request, parts, pages)


@post("/entitlements/activate", opt=SESSION, status_code=303, sync_to_thread=True)
def activate_token(
    request: Asked,
    parts: Given,
    pages: Shown,
    data: Annotated[Token, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Activate what somebody paid for, on this account."""
    try:
        token = "".join(data.token.split())
        parts.shop.activation.activate(asker(request).caller.account_id, token)
    except Refusal as refusal:
        return _page(request, parts, pages, refusal)
    return Response(None, status_code=303, headers={"Location": "/entitlements"})


def _page(
    request: Asked, parts: Parts, pages: Shown, refusal: Refusal | None = None
) -> Response[str]:
    held = parts.shop.activation.held_by(asker(request).caller.account_id)
    return pages.show(
        request,
        "entitlements.html",
        200 if refusal is None else refusal.category.status,
        held=held,
        now=parts.clock.now_seconds(),
        refusal=refusal.detail if refusal else "",
    )


HANDLERS = (entitlements_page, activate_token)
