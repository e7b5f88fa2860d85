"""How policy says no."""

from __future__ import annotations

from enigm.foundation.errors import (
    ExhaustedError,
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


class DecisionUnknownError(NotFoundError):
    """No such decision, or it was forgotten."""

    def __init__(self) -> None:
        """Say how long decisions stay."""
        super().__init__(
            "policy.decision_unknown",
            "There is no decision with this number; decisions are forgotten after a month.",
        )


class AssignmentsFullError(ExhaustedError):
    """More people and devices have a policy of their own than a look at the store can check."""

    def __init__(self) -> None:
        """Say what to do instead."""
        super().__init__(
            "policy.assignments_full",
            "There are too many assignments. Say it in the default policy instead.",
        )


class PolicyUnverifiableError(UnverifiableError):
    """A stored policy is not the one that was signed."""

    def __init__(self) -> None:
        """Say that nothing protected can be done until it is replaced."""
        super().__init__(
            "policy.unverifiable", "The policy in force is not the one that was signed."
        )


class PolicyRolledBackError(UnverifiableError):
    """Who writes to the policy store put an older statement back, or took it away."""

    def __init__(self) -> None:
        """Say what an operator does about it."""
        super().__init__(
            "policy.rolled_back",
            "The policies in force are older than the audit log knows. Look at them with "
            "`enigm policy show` and let them stand with `enigm policy confirm`.",
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
    "pin": "the PIN",
}
