"""How eSIMs say no."""

from __future__ import annotations

from enum import Enum

from enigm.foundation.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)


class EsimUnknownError(NotFoundError):
    """There is none, or it is somebody else's."""

    def __init__(self) -> None:
        """Say both in the same words."""
        super().__init__("esim.unknown", "There is no such eSIM here.")


class RetrievalCodeUnknownError(NotFoundError):
    """No unlinked eSIM has this code."""

    def __init__(self) -> None:
        """Say the same for a wrong code and for an eSIM that is gone."""
        super().__init__(
            "esim.retrieval_code_unknown",
            "No eSIM is kept under this code. Check it, or the eSIM has ended.",
        )


class EsimStateError(ConflictError):
    """The eSIM is not in a state that allows this."""

    def __init__(self) -> None:
        """Send the person back to look."""
        super().__init__(
            "esim.state", "The eSIM's state does not allow this now. Look at its status again."
        )


class NoticeUnacknowledgedError(InvalidError):
    """The compliance notice, in its present version, was not acknowledged."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "esim.notice_unacknowledged",
            "Read the notice about local rules and acknowledge it before you buy an eSIM.",
        )


class ProductUnknownError(InvalidError):
    """What was paid for is not an eSIM that is offered here."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "esim.product_unknown",
            "What was paid for is not an eSIM that is offered here. Ask the shop's support.",
        )


class ManagedPolicyError(ForbiddenError):
    """The policy of a managed account or device does not allow this."""

    def __init__(self) -> None:
        """Say whom to ask."""
        super().__init__(
            "esim.managed_policy",
            "Your organisation's connectivity policy does not allow this. Ask its administrator.",
        )


class ReplacementsSpentError(ConflictError):
    """An eSIM is replaced only so often."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "esim.replacements_spent",
            "This eSIM was replaced already. Leave a support note, or buy another.",
        )


class ProviderUnavailableError(UnavailableError):
    """The provider did not answer; nothing is lost by asking again."""

    def __init__(self, trace: str = "") -> None:
        """Keep the cause for the operator."""
        super().__init__(
            "esim.provider_unavailable",
            "The eSIM provider does not answer now. Nothing is lost: try again later.",
            trace=trace,
        )


class Refused(Enum):
    """Why a provider said no, in our words."""

    NO_PROFILE = "no_profile"
    IN_USE = "in_use"
    UNKNOWN = "unknown"
    WRONG_STATE = "wrong_state"
    MATCHING_ID_TAKEN = "matching_id_taken"
    OTHER = "other"


_SENTENCES = {
    Refused.NO_PROFILE: "The provider has no profile of this kind left. Try again later.",
    Refused.IN_USE: "The provider says that this profile is in use. Leave a support note.",
    Refused.UNKNOWN: "The provider does not know this profile. Leave a support note.",
    Refused.WRONG_STATE: "The provider says that the profile is in another state. Look again.",
    Refused.MATCHING_ID_TAKEN: "The provider wants another activation code. Try again.",
    Refused.OTHER: "The provider refused. Leave a support note.",
}


class ProviderRefusedError(ConflictError):
    """The provider said no."""

    def __init__(self, why: Refused, trace: str = "") -> None:
        """Keep why; the provider's own words stay in the operator's log."""
        super().__init__(f"esim.provider_{why.value}", _SENTENCES[why], trace=trace)
        self.why = why
