"""Refusals as RFC 9457 problem details; whatever else was raised tells the page nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from enigm.foundation.errors import InvalidError, Refusal

if TYPE_CHECKING:
    from enigm.app.loopback.guards import TurnedAway

MEDIA_TYPE = "application/problem+json"
_INTERNAL = 500


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every answer that is not the thing asked for."""

    status: int
    code: str
    category: str
    detail: str
    type: str = "about:blank"
    retry_after_seconds: int | None = None


def of_refusal(refusal: Refusal) -> Problem:
    """Tell what may be told; the trace stays inside."""
    return Problem(
        status=refusal.category.status,
        code=refusal.code,
        category=refusal.category.word,
        detail=refusal.detail,
        retry_after_seconds=refusal.retry_after_seconds,
    )


def of_stranger(turned_away: TurnedAway) -> Problem:
    """Answer a request that a guard stopped."""
    return Problem(turned_away.status, turned_away.code, "forbidden", turned_away.detail)


def of_bug() -> Problem:
    """Answer for anything unforeseen: the log holds the rest."""
    return Problem(
        _INTERNAL,
        "internal",
        "internal",
        "Something went wrong inside the App. Nothing you wrote was lost.",
    )


def unreadable_body(error: Exception) -> InvalidError:
    """Refuse JSON that is not what the route takes."""
    return InvalidError("loopback.body", "The App did not understand this.", trace=str(error))
