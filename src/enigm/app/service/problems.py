"""What the service says no with, turned back into the refusals that it began as."""

from __future__ import annotations

from typing import Any

import msgspec

from enigm.foundation import errors
from enigm.foundation.errors import Category, Refusal

_CLASSES: dict[Category, type[Refusal]] = {
    Category.INVALID: errors.InvalidError,
    Category.UNAUTHENTICATED: errors.UnauthenticatedError,
    Category.FORBIDDEN: errors.ForbiddenError,
    Category.NOT_FOUND: errors.NotFoundError,
    Category.CONFLICT: errors.ConflictError,
    Category.GONE: errors.GoneError,
    Category.UNVERIFIABLE: errors.UnverifiableError,
    Category.EXHAUSTED: errors.ExhaustedError,
    Category.UNAVAILABLE: errors.UnavailableError,
}
_BY_STATUS = {category.status: category for category in Category}

TOKEN_SPENT = "messaging.token_spent"

# The words come from a service that may be hostile: a screen shows this much and no more.
DETAIL_CHARACTERS_MAX = 300
CODE_CHARACTERS_MAX = 64


class Challenge(msgspec.Struct, frozen=True):
    """Work that the service wants to see before it answers."""

    challenge: str
    difficulty_bits: int


class _Problem(msgspec.Struct, frozen=True):
    """RFC 9457, as far as the App reads it."""

    code: str = ""
    detail: str = ""
    retry_after_seconds: int | None = None
    challenge: Any = None
    difficulty_bits: int = 0
    extensions: dict[str, Any] = {}


def refusal_of(status: int, body: bytes) -> Refusal:
    """Read a problem; a body that is none becomes a refusal by its status alone."""
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        problem = _Problem()
    return refusal(status, problem.code, problem.detail, problem.retry_after_seconds)


def refusal(status: int, code: str, detail: str, retry_after_seconds: int | None) -> Refusal:
    """Build the refusal of this status; what is no category counts as an outage."""
    category = _BY_STATUS.get(status, Category.UNAVAILABLE)
    return _CLASSES[category](
        _printable(code, CODE_CHARACTERS_MAX) or f"service.{category.word}",
        _printable(detail, DETAIL_CHARACTERS_MAX) or "The service refused the request.",
        retry_after_seconds=retry_after_seconds,
        trace=f"status {status}",
    )


def challenge_of(body: bytes) -> Challenge | None:
    """Return the work that a refusal asks for, if it asks for any."""
    try:
        problem = msgspec.json.decode(body, type=_Problem)
        found = problem.challenge or problem.extensions.get("challenge")
        if isinstance(found, str):
            bits = problem.difficulty_bits or problem.extensions.get("difficulty_bits", 0)
            found = {"challenge": found, "difficulty_bits": bits}
        return None if found is None else msgspec.convert(found, Challenge)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _printable(text: str, length_max: int) -> str:
    return "".join(character for character in text[:length_max] if character.isprintable())
