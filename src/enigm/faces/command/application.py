"""Puts Command together: pages, gate, refusals, headers; behind the guards of its origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.types import ControllerRouterHandler

from enigm.faces.command import files
from enigm.faces.command.files import StaticFiles
from enigm.faces.command.gate import Gate, require_marked
from enigm.faces.command.guards import Application, Guarded
from enigm.faces.command.origin import Origin
from enigm.faces.command.pages import PERSON_PAGES
from enigm.faces.command.parts import Parts
from enigm.faces.command.refusals import Refusals
from enigm.faces.command.rendering import Pages

# A registration is the largest: a root key and a hybrid signature, in base64.
BODY_BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Console:
    """Command as it is served, and the application within for tests that look at its routes."""

    guarded: Application
    application: Litestar


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page."""

    origin: Origin
    pages: Pages
    static: StaticFiles
    gate: Gate
    refusals: Refusals


def command_application(
    frame: Frame, parts: Parts, more: Sequence[ControllerRouterHandler] = ()
) -> Console:
    """Return the console; ``more`` are pages of others, each saying how it may be reached."""
    application = Litestar(
        route_handlers=[files.read_file, *PERSON_PAGES, *more],
        guards=[frame.gate],
        dependencies={
            "parts": Provide(lambda: parts, sync_to_thread=False),
            "pages": Provide(lambda: frame.pages, sync_to_thread=False),
            "files": Provide(lambda: frame.static, sync_to_thread=False),
        },
        exception_handlers={**frame.refusals.handlers()},
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        debug=False,
        logging_config=None,
        pdb_on_exception=False,
    )
    for route in application.routes:
        own = [each for each in getattr(route, "route_handlers", ()) if not _is_generated(each)]
        for handler in own:
            require_marked(handler)
        # The library wraps the first of two such handlers twice, and then it answers nothing.
        if sum(handler.sync_to_thread is True for handler in own) > 1:
            msg = f"two threaded handlers share {route.path}: give the deed a path of its own"
            raise RuntimeError(msg)
    return Console(Guarded(cast("Application", application), frame.origin), application)


def _is_generated(handler: BaseRouteHandler) -> bool:
    return getattr(handler, "http_methods", None) == {"OPTIONS"}
