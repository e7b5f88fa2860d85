"""Makes pages from templates; what a template is given is escaped, and what it lacks is a fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import as_file, files
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from enigm.faces.command import wording
from enigm.faces.command.files import StaticFiles
from enigm.faces.command.gate import FORM_FIELD
from enigm.faces.command.sessions import Visitor, Visits
from enigm.foundation.encoding import base64url_encode

HTMX_HEADER: Final = "hx-request"
# Where a person goes from every page.
PLACES: Final = (
    ("/", "Overview"),
    ("/products", "Products"),
    ("/codes", "Codes"),
    ("/orders", "Payments"),
    ("/entitlements", "What I have"),
    ("/esims", "eSIMs"),
    ("/devices", "Devices"),
    ("/sessions", "Sessions"),
    ("/account", "Account"),
)
# The same for somebody without an account; what needs one is behind "Sign in".
GUEST_PLACES: Final = (
    ("/products", "Products"),
    ("/codes", "Codes"),
    ("/come-back", "My order"),
    ("/what-we-keep", "What we keep"),
)


class Pages:
    """Shows templates to visitors."""

    def __init__(self, static: StaticFiles, visits: Visits) -> None:
        """Read the templates of the installed package."""
        with as_file(files("enigm.faces.command") / "templates") as folder:
            loader = FileSystemLoader(folder)
        self._environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._visits = visits
        filters: dict[str, Callable[..., str]] = {
            "money": wording.money,
            "date": wording.date,
            "moment": wording.moment,
            "duration": wording.duration,
            "countdown": wording.countdown,
            "term": wording.term,
            "euros": wording.euros,
            "product_word": wording.product_word,
            "method": wording.METHOD_NAMES.__getitem__,
            "truth": wording.METHOD_TRUTHS.__getitem__,
            "product": wording.PRODUCT_NAMES.__getitem__,
            "order_state": wording.STATE_NAMES.__getitem__,
            "octets": base64url_encode,
            "profile_word": wording.PROFILE_NAMES.__getitem__,
            "plan_word": wording.PLAN_NAMES.__getitem__,
            "fault_word": wording.FAULT_NAMES.__getitem__,
            "qr": wording.qr,
        }
        self._environment.filters.update(filters)
        known: dict[str, Any] = self._environment.globals
        known |= {
            "static": static.address,
            "form_token": _form_token,
            "form_field_of": _form_field,
            "places": PLACES,
            "guest_places": GUEST_PLACES,
        }

    def show(
        self,
        request: Request[Any, Any, Any],
        template: str,
        status: int = 200,
        cookies: Sequence[Cookie] = (),
        **values: Any,
    ) -> Response[str]:
        """Return a page, or the part of one that a live page asks for."""
        visitor = visitor_of(request)
        body = self._environment.get_template(template).render(
            visitor=visitor, path=request.url.path, **values
        )
        cookies = list(cookies)
        if visitor.new_guest is not None:
            cookies.append(self._visits.guest_cookie(visitor.new_guest))
        return Response(body, media_type=MediaType.HTML, status_code=status, cookies=cookies)


def visitor_of(request: Request[Any, Any, Any]) -> Visitor:
    """Return whom the gate recognised; nobody where no page stands at the path."""
    return getattr(request.state, "visitor", None) or Visitor(None, None, "")


@pass_context
def _form_token(context: Context) -> Markup:
    """Return the hidden field that every form carries."""
    return _form_field(context["visitor"])


def _form_field(visitor: Visitor) -> Markup:
    """Return the field for a visitor: macros have no context of their own."""
    token = visitor.form_token
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, token)
