"""The API's description (OpenAPI): adds to what the routes say how to get in, and what a no is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar.openapi.plugins import JsonRenderPlugin

from enigm.faces.http.problem import MEDIA_TYPE
from enigm.foundation.access import Access
from enigm.foundation.errors import Category

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar import Request

PATH: Final = "/openapi"

_SCHEMES: Final[dict[str, Any]] = {
    "session": {"type": "http", "scheme": "bearer", "description": "Six absolute hours."},
    "device": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": "RFC 9421 by a device that the account trusts; docs/protocol.md §3.",
    },
}
_NEEDED: Final[dict[Access, list[dict[str, list[str]]]]] = {
    Access.PUBLIC: [],
    Access.TOKEN: [],
    Access.SESSION: [{"session": []}],
    Access.PROTECTED: [{"session": [], "device": []}],
}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "code", "category"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "category": {"enum": [category.word for category in Category] + ["internal"]},
        "retry_after_seconds": {"type": "integer"},
        "extensions": {"type": "object"},
    },
}
_REFUSED: Final[dict[str, Any]] = {
    "description": "A refusal.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
# The library describes its own form of a bad request, which this application never sends.
_NOT_OURS: Final = "400"


class DescriptionPlugin(JsonRenderPlugin):
    """Serves the description at ``/openapi/openapi.json``, completed when it is first asked for."""

    def __init__(self) -> None:
        """Begin with nothing known; ``marks`` are set once the application stands."""
        super().__init__()
        self.marks: Mapping[tuple[str, str], Access] = {}

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the completed description."""
        return self.render_json(  # pyright: ignore[reportUnknownMemberType]
            request, self._completed(openapi_schema)
        )

    def _completed(self, described: dict[str, Any]) -> dict[str, Any]:
        components = described.get("components", {})
        schemas = components.get("schemas", {}) | {"Problem": _PROBLEM}
        paths = {
            path: {
                method: self._operation(path, method, operation)
                for method, operation in operations.items()
            }
            for path, operations in described.get("paths", {}).items()
        }
        return described | {
            "paths": paths,
            "components": components | {"schemas": schemas, "securitySchemes": _SCHEMES},
        }

    def _operation(self, path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
        told = operation.get("responses", {}).items()
        answers = {status: answer for status, answer in told if status != _NOT_OURS}
        access = self.marks[method.upper(), path]
        return operation | {
            "responses": answers | {"default": _REFUSED},
            "security": _NEEDED[access],
        }
