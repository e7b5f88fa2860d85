"""Shows every refusal as a plain page, or as problem details (RFC 9457) to a page's own script."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from enigm.domains.accounts.errors import SessionNeededError
from enigm.domains.administration.errors import (
    AdministratorNeededError,
    AdministratorSessionEndedError,
)
from enigm.faces.command.rendering import HTMX_HEADER, Pages
from enigm.faces.http.problem import Problems
from enigm.foundation.entropy import Entropy
from enigm.foundation.errors import Category, Refusal
from enigm.foundation.ids import new_request_reference
from enigm.foundation.log import EventLog

# What each category means to a person, before the refusal's own sentence.
_TITLES: Final = {
    Category.INVALID: "That does not fit",
    Category.UNAUTHENTICATED: "Please sign in",
    Category.FORBIDDEN: "Not allowed",
    Category.NOT_FOUND: "Nothing here",
    Category.CONFLICT: "It has changed meanwhile",
    Category.GONE: "It was erased",
    Category.UNVERIFIABLE: "That could not be verified",
    Category.EXHAUSTED: "Please wait a little",
    Category.UNAVAILABLE: "Something is down",
}
ADMINISTRATORS_SIGN_IN: Final = "/admin/sign-in"
_ADMINISTRATOR_SIGNS_IN: Final = frozenset(
    {AdministratorNeededError().code, AdministratorSessionEndedError().code}
)
_FAULT_TITLE: Final = "Something went wrong here"
_FAULT_DETAIL: Final = "It is our fault. Nothing was lost; please try again."


class Refusals:
    """The exception handlers of the application."""

    def __init__(self, pages: Pages, log: EventLog, entropy: Entropy) -> None:
        """Keep how pages are shown, and where faults are noted."""
        self._pages = pages
        self._problems = Problems(log, entropy)
        self._log = log
        self._entropy = entropy

    def handlers(self) -> dict[type[Exception], Callable[..., Response[Any]]]:
        """Return what an application needs to render everything that is raised."""
        return {
            Refusal: self.show_refusal,
            HTTPException: self.show_http,
            Exception: self.show_fault,
        }

    def show_refusal(self, request: Request[Any, Any, Any], refusal: Refusal) -> Response[Any]:
        """Show a refusal's title and sentence."""
        if _wants_problem(request):
            return self._problems.render_refusal(request, refusal)
        is_page = request.method == "GET" and HTMX_HEADER not in request.headers
        if refusal.code in _ADMINISTRATOR_SIGNS_IN and is_page:
            return Redirect(ADMINISTRATORS_SIGN_IN, status_code=303)
        if isinstance(refusal, SessionNeededError) and is_page:
            return Redirect(f"/sign-in?next={quote(request.url.path)}", status_code=303)
        if refusal.category is Category.UNAVAILABLE:
            reference = new_request_reference(self._entropy)
            self._log.failure("request.refused", refusal, request=reference, code=refusal.code)
        answer = self._pages.show(
            request,
            _template(request),
            refusal.category.status,
            title=_TITLES[refusal.category],
            detail=refusal.detail,
            code=refusal.code,
        )
        if refusal.retry_after_seconds is not None:
            answer.headers["Retry-After"] = str(refusal.retry_after_seconds)
        return answer

    def show_http(self, request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        """Show what HTTP or a form's shape refused."""
        if _wants_problem(request):
            return self._problems.render_http(request, error)
        missing = error.status_code == HTTPStatus.NOT_FOUND
        return self._pages.show(
            request,
            _template(request),
            error.status_code,
            title=_TITLES[Category.NOT_FOUND if missing else Category.INVALID],
            detail="There is no page at this address."
            if missing
            else "The form was not filled in as this page expects: go back and look again.",
            code=f"http.{error.status_code}",
        )

    def show_fault(self, request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        """Show that we are at fault, with the reference that the log has."""
        if _wants_problem(request):
            return self._problems.render_unexpected(request, error)
        reference = new_request_reference(self._entropy)
        self._log.failure("request.failed", error, request=reference)
        return self._pages.show(
            request,
            _template(request),
            HTTPStatus.INTERNAL_SERVER_ERROR,
            title=_FAULT_TITLE,
            detail=_FAULT_DETAIL,
            code=reference,
        )


def _wants_problem(request: Request[Any, Any, Any]) -> bool:
    return "json" in request.headers.get("accept", "")


def _template(request: Request[Any, Any, Any]) -> str:
    """Return the frame that a refusal stands in: administrators' pages have their own."""
    is_theirs = request.url.path.startswith("/admin")
    return "admin_refusal.html" if is_theirs else "refusal.html"
