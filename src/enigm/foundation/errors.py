"""How Enigm says no: nine categories, and codes beneath them.

A refusal is an answer that may be told. Anything else that is raised is a bug or an
outage: the caller sees ``internal`` and a request reference, and the log holds the rest.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar


class Category(Enum):
    """The closed list of reasons for a refusal, each with its HTTP status."""

    INVALID = ("invalid", 400)
    UNAUTHENTICATED = ("unauthenticated", 401)
    FORBIDDEN = ("forbidden", 403)
    NOT_FOUND = ("not_found", 404)
    CONFLICT = ("conflict", 409)
    GONE = ("gone", 410)
    UNVERIFIABLE = ("unverifiable", 422)
    EXHAUSTED = ("exhausted", 429)
    UNAVAILABLE = ("unavailable", 503)

    def __init__(self, word: str, status: int) -> None:
        """Keep the word that clients match on and the status that HTTP shows."""
        self.word = word
        self.status = status


class Refusal(Exception):  # noqa: N818 - the domain's word; every subclass ends in Error
    """An answer that may be told to the caller.

    Args:
        code: stable and public, namespaced by the domain: ``devices.revoked``.
        detail: one sentence for the caller: what is wrong and what to do. No identifiers.
        trace: for the operator's log; never rendered to a caller.
        retry_after_seconds: when a limit will let the caller try again.
    """

    category: ClassVar[Category]

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        trace: str = "",
        retry_after_seconds: int | None = None,
    ) -> None:
        """Keep what may be told apart from what helps an engineer."""
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.trace = trace
        self.retry_after_seconds = retry_after_seconds


class InvalidError(Refusal):
    """The request itself is wrong: fix it."""

    category = Category.INVALID


class UnauthenticatedError(Refusal):
    """We do not know who asks: sign in."""

    category = Category.UNAUTHENTICATED


class ForbiddenError(Refusal):
    """We know who asks; the answer is no."""

    category = Category.FORBIDDEN


class NotFoundError(Refusal):
    """Absent, or hidden from the one who asks."""

    category = Category.NOT_FOUND


class ConflictError(Refusal):
    """Not in this state: look again."""

    category = Category.CONFLICT


class GoneError(Refusal):
    """Erased on purpose: forget it."""

    category = Category.GONE


class UnverifiableError(Refusal):
    """A signature, proof or attestation failed: distrust the source."""

    category = Category.UNVERIFIABLE


class ExhaustedError(Refusal):
    """A limit was reached: wait ``retry_after_seconds``."""

    category = Category.EXHAUSTED


class UnavailableError(Refusal):
    """Something we rely on is down: wait."""

    category = Category.UNAVAILABLE


class SetupError(Exception):
    """The operator must change something before Enigm can start; the message says what.

    Raised only while starting or administering, never while answering a request.
    """
