"""Renders every refusal as problem details (RFC 9457), once for all routes.

A refusal's code and detail may be told; its trace never leaves. Anything that is no refusal is a
bug or an outage: the caller gets ``internal`` and a reference, the log gets where it happened.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from enigm.domains.accounts.errors import WorkNeededError
from enigm.faces.http.headers import SECURITY_HEADERS
from enigm.foundation.encoding import base64url_encode
from enigm.foundation.errors import Category, Refusal
from enigm.foundation.ids import RequestReference, new_request_reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.foundation.entropy import Entropy
    from enigm.foundation.log import EventLog

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:enigm:error:"
DETAIL_CHARACTERS_MAX: Final = 300

# What HTTP itself refuses before any route runs: its own status, and the nearest category.
_HTTP_CODES: Final = {
    HTTPStatus.BAD_REQUEST: ("http.invalid", Category.INVALID),
    HTTPStatus.NOT_FOUND: ("http.no_such_path", Category.NOT_FOUND),
    HTTPStatus.METHOD_NOT_ALLOWED: ("http.method", Category.INVALID),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("http.body_too_large", Category.INVALID),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("http.media_type", Category.INVALID),
}
_HTTP_DETAILS: Final = {
    HTTPStatus.NOT_FOUND: "There is nothing at this path.",
    HTTPStatus.METHOD_NOT_ALLOWED: "The path does not answer to this method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than this path takes.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send the body as application/json.",
}


class Problems:
    """The exception handlers of an application."""

    def __init__(self, log: EventLog, entropy: Entropy) -> None:
        """Keep where unexpected errors are noted."""
        self._log = log
        self._entropy = entropy

    def handlers(self) -> dict[type[Exception], Callable[..., Response[dict[str, Any]]]]:
        """Return what an application needs to render everything that is raised."""
        return {
            Refusal: self.render_refusal,
            HTTPException: self.render_http,
            Exception: self.render_unexpected,
        }

    def render_refusal(
        self, _request: Request[Any, Any, Any], refusal: Refusal
    ) -> Response[dict[str, Any]]:
        """Tell a refusal's code and detail."""
        reference = new_request_reference(self._entropy)
        if refusal.category is Category.UNAVAILABLE:
            self._log.failure("request.refused", refusal, request=reference, code=refusal.code)
        answer = problem(refusal.category, refusal.code, refusal.detail, reference)
        headers: dict[str, str] = {}
        if refusal.retry_after_seconds is not None:
            answer["retry_after_seconds"] = refusal.retry_after_seconds
            headers["Retry-After"] = str(refusal.retry_after_seconds)
        if refusal.category is Category.UNAUTHENTICATED:
            headers["WWW-Authenticate"] = 'Bearer realm="enigm"'
        if isinstance(refusal, WorkNeededError):
            answer["extensions"] = {
                "challenge": {
                    "challenge": base64url_encode(refusal.challenge),
                    "difficulty_bits": refusal.difficulty_bits,
                    "expires_at": refusal.expires_at,
                }
            }
        return _response(answer, refusal.category.status, headers)

    def render_http(
        self, request: Request[Any, Any, Any], error: HTTPException
    ) -> Response[dict[str, Any]]:
        """Tell what HTTP or the body's shape refused."""
        try:
            status = HTTPStatus(error.status_code)
            code, category = _HTTP_CODES[status]
        except (ValueError, KeyError):
            return self.render_unexpected(request, error)
        detail = _HTTP_DETAILS.get(status) or _shape_detail(error)
        answer = problem(category, code, detail, new_request_reference(self._entropy))
        answer["status"] = status.value
        return _response(answer, status.value, dict(error.headers or {}))

    def render_unexpected(
        self, _request: Request[Any, Any, Any], error: Exception
    ) -> Response[dict[str, Any]]:
        """Tell nothing but a reference to what the log holds."""
        reference = new_request_reference(self._entropy)
        self._log.failure("request.failed", error, request=reference)
        answer: dict[str, Any] = {
            "type": f"{TYPE_PREFIX}internal",
            "title": "Internal error",
            "status": HTTPStatus.INTERNAL_SERVER_ERROR.value,
            "detail": "Something went wrong here. Nothing of it is your fault.",
            "instance": f"urn:enigm:request:{reference}",
            "code": "internal",
            "category": "internal",
        }
        return _response(answer, HTTPStatus.INTERNAL_SERVER_ERROR.value, {})


def problem(
    category: Category, code: str, detail: str, reference: RequestReference
) -> dict[str, Any]:
    """Return the members that every problem has."""
    return {
        "type": f"{TYPE_PREFIX}{code}",
        "title": category.word.replace("_", " ").capitalize(),
        "status": category.status,
        "detail": detail[:DETAIL_CHARACTERS_MAX],
        "instance": f"urn:enigm:request:{reference}",
        "code": code,
        "category": category.word,
    }


def _shape_detail(error: HTTPException) -> str:
    """Name the field that does not fit, and never its value."""
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        faults = cast("list[dict[str, str]]", error.extra)
        told = [_one_fault(fault) for fault in faults[:3]]
        return "The request does not fit: " + "; ".join(told) + "."
    return "The request cannot be read as what this path takes."


def _one_fault(fault: dict[str, str]) -> str:
    words = f"{fault.get('key', 'body')}: {fault.get('message', 'does not fit')}"
    return "".join(letter for letter in words if letter.isprintable())[:90]


def _response(
    answer: dict[str, Any], status: int, headers: dict[str, str]
) -> Response[dict[str, Any]]:
    shown = SECURITY_HEADERS | headers
    return Response(answer, status_code=status, media_type=MEDIA_TYPE, headers=shown)
