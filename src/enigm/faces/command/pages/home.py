"""The first page: for a guest what Command is for, for somebody signed in what they have."""

from __future__ import annotations

from litestar import Response, get

from enigm.domains.commerce.model.orders import OrderState
from enigm.faces.command.critical import asker
from enigm.faces.command.parts import Asked, Given, Shown
from enigm.faces.command.rendering import visitor_of
from enigm.foundation.access import Access, opened_to

_OPEN = frozenset({OrderState.NEW, OrderState.PARTIAL, OrderState.SEEN, OrderState.HELD})


@get("/", opt=opened_to(Access.PUBLIC), sync_to_thread=True)
def home(request: Asked, parts: Given, pages: Shown) -> Response[str]:
    """Show where to go."""
    visitor = visitor_of(request)
    if visitor.caller is None or visitor.owner is None:
        return pages.show(request, "home.html")
    shop, account_id = parts.shop, visitor.caller.account_id
    orders = shop.ordering.orders(shop.names.buyer_of(account_id))
    titles = {offer.sku: offer.title for offer in shop.ordering.catalogue().offers}
    return pages.show(
        request,
        "overview.html",
        has_device=bool(parts.chains.entries(visitor.owner)),
        has_pin=parts.accounts.pins.grants.state(asker(request)).is_set,
        held=[each for each in shop.activation.held_by(account_id) if each.state.value != "over"],
        waiting=[order for order in orders if order.token is not None],
        unpaid=[order for order in orders if order.state in _OPEN],
        titles=titles,
        now=parts.clock.now_seconds(),
    )


HANDLERS = (home,)
