"""How policy says no."""

from __future__ import annotations

from enigm.foundation.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnavailableError,
    UnverifiableError,
)


class PolicyDeniedError(ForbiddenError):
    """A rule forbids it, or none allows it."""

    def __init__(self, sentence: str, trace: str = "") -> None:
        """Tell the person the rule's own sentence."""
        super().__init__("policy.denied", sentence, trace=trace)


class FactUnestablishedError(ForbiddenError):
    """A fact that the operation needs is missing, unknown, stale or bad."""

    def __init__(self, fact: str, state: str) -> None:
        """Name the fact and its state; both are words from closed lists."""
        super().__init__(
            f"policy.{fact}_{state}",
            f"This needs {_ARTICLES.get(fact, fact)}, which is {state}.",
        )


class FactUnavailableError(UnavailableError):
    """Whoever should establish a fact cannot answer."""

    def __init__(self, fact: str, trace: str) -> None:
        """Name the fact; the cause is for the operator."""
        super().__init__(
            f"policy.{fact}_unavailable",
            f"This needs {_ARTICLES.get(fact, fact)}, which cannot be established now. Try later.",
            trace=trace,
        )


class PolicyInvalidError(InvalidError):
    """The policy's text does not parse, or does not fit the schema."""

    def __init__(self, detail: str) -> None:
        """Say what is wrong and where."""
        super().__init__("policy.invalid", detail)


class PolicyUnknownError(NotFoundError):
    """No such policy or version."""

    def __init__(self) -> None:
        """Say no more than that."""
        super().__init__("policy.unknown", "There is no policy with this name and version.")


class PolicyUnverifiableError(UnverifiableError):
    """A stored policy is not the one that was signed."""

    def __init__(self) -> None:
        """Say that nothing protected can be done until it is replaced."""
        super().__init__(
            "policy.unverifiable", "The policy in force is not the one that was signed."
        )


_ARTICLES = {
    "session": "a signed-in session",
    "device": "a trusted device",
    "handle": "a handle for this device",
    "policy": "a policy in force",
    "posture": "the device's posture",
    "updates": "the device's update state",
    "attestation": "the device's attestation",
    "intelligence": "a risk evaluation",
}
