"""The first page: for a guest what Command is for, for somebody signed in what they have."""

from __future__ import annotations

from litestar import Response, get

from enigm.faces.command.parts import Asked, Given, Shown
from enigm.faces.command.rendering import visitor_of
from enigm.foundation.access import Access, opened_to


@get("/", opt=opened_to(Access.PUBLIC), sync_to_thread=True)
def home(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """Show where to go."""
    visitor = visitor_of(request)
    if visitor.caller is None or visitor.owner is None:
        return pages.show(request, "home.html")
    devices = len(parts.chains.entries(visitor.owner))
    return pages.show(request, "overview.html", has_device=devices > 0)


HANDLERS = (home,)
