"""The shop's signed documents: what holds, what was staged, and putting a version in force."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Struct

from enigm.domains.administration.model import Deed
from enigm.domains.commerce.actions.documents import DocumentKind
from enigm.domains.commerce.actions.opening import WAYS_TO_OPEN
from enigm.faces.command.administration import GivenDesk, show
from enigm.faces.command.pages.admin_forms import require_confirmed
from enigm.faces.command.parts import Asked, Shown
from enigm.foundation.access import administrative


class Draft(Struct):
    """A document's text."""

    text: str


class Activation(Struct):
    """That it was read and is meant."""

    confirmed: str = ""


@get("/shop", opt=administrative(Deed.SHOP_READ), sync_to_thread=True)
def list_documents(request: Asked, desk: GivenDesk, pages: Shown) -> Response[str]:
    """Show what holds, and how many versions there are."""
    documents = [
        (kind.value, *desk.documents.text(kind), desk.documents.newest(kind))
        for kind in DocumentKind
    ]
    ways = () if desk.is_shop_open() else WAYS_TO_OPEN
    return show(request, pages, "admin_shop.html", documents=documents, ways=ways)


@post(
    "/shop/{kind:str}/stage",
    opt=administrative(Deed.SHOP_STAGE),
    status_code=303,
    sync_to_thread=True,
)
def stage_document(
    desk: GivenDesk,
    kind: DocumentKind,
    data: Annotated[Draft, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Sign and keep a new version, which holds nothing yet."""
    version = desk.documents.stage(kind, data.text)
    return _to(f"/admin/shop/{kind}/{version}")


@get("/shop/{kind:str}/{version:int}", opt=administrative(Deed.SHOP_READ), sync_to_thread=True)
def show_document(
    request: Asked, desk: GivenDesk, pages: Shown, kind: DocumentKind, version: int
) -> Response[str]:
    """Show what a version says."""
    text = desk.documents.staged_text(kind, version)
    in_force, _ = desk.documents.text(kind)
    return show(
        request,
        pages,
        "admin_document.html",
        kind=kind.value,
        version=version,
        text=text,
        is_in_force=version == in_force,
    )


@post(
    "/shop/{kind:str}/{version:int}/activate",
    opt=administrative(Deed.SHOP_ACTIVATE),
    status_code=303,
    sync_to_thread=True,
)
def activate_document(
    desk: GivenDesk,
    kind: DocumentKind,
    version: int,
    data: Annotated[Activation, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Let a version hold for new orders."""
    require_confirmed(data.confirmed)
    desk.documents.activate(kind, version)
    return _to("/admin/shop")


def _to(address: str) -> Response[None]:
    return Response(None, status_code=303, headers={"Location": address})


HANDLERS = (list_documents, stage_document, show_document, activate_document)
