"""Puts the account path together: routes, door, problems, headers, description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from litestar import Litestar, Response
from litestar.openapi import OpenAPIConfig

from enigm.faces.http.description import PATH as DESCRIPTION_PATH
from enigm.faces.http.description import DescriptionPlugin
from enigm.faces.http.door import access_of, operation_of
from enigm.faces.http.headers import SECURITY_HEADERS
from enigm.foundation.access import Access, opened_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar import Router

    from enigm.faces.http.door import Door
    from enigm.faces.http.problem import Problems

BODY_BYTES_MAX: Final = 64 * 1024


def http_application(routers: Sequence[Router], door: Door, problems: Problems) -> Litestar:
    """Return the application; a route that does not say how it may be reached is refused here."""
    description = DescriptionPlugin()
    application = Litestar(
        route_handlers=list(routers),
        guards=[door],
        exception_handlers={**problems.handlers()},
        after_request=_with_security_headers,
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=OpenAPIConfig(
            title="Enigm", version="1", path=DESCRIPTION_PATH, render_plugins=[description]
        ),
        debug=False,
        logging_config=None,
        pdb_on_exception=False,
    )
    description.marks = _checked_marks(application)
    return application


def _checked_marks(application: Litestar) -> dict[tuple[str, str], Access]:
    """Return how each method of each path, as the description spells it, may be reached."""
    marks: dict[tuple[str, str], Access] = {}
    for route in application.routes:
        for handler in getattr(route, "route_handlers", ()):
            # The library's own: the description, and OPTIONS, which lists a path's methods.
            is_generated = handler.http_methods == {"OPTIONS"}
            if is_generated or route.path.startswith(DESCRIPTION_PATH):
                handler.opt.update(opened_to(Access.PUBLIC))
            if access_of(handler) is Access.PROTECTED:
                operation_of(handler)
            for method in handler.http_methods:
                marks[method, route.path_format] = access_of(handler)
    return marks


def _with_security_headers(response: Response[object]) -> Response[object]:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
