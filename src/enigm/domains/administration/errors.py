"""How administration says no."""

from __future__ import annotations

from enigm.foundation.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnverifiableError,
)


class AdministratorNeededError(UnauthenticatedError):
    """No administrator's session came along."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "administration.session_needed", "Sign in with an administrator's passkey."
        )


class AdministratorSessionEndedError(UnauthenticatedError):
    """The session is over: unused for an hour, eight hours old, signed out or revoked."""

    def __init__(self) -> None:
        """Say what to do; never why, because a revoked administrator is not told."""
        super().__init__(
            "administration.session_ended", "This session is over. Sign in with the passkey again."
        )


class RoleRefusedError(ForbiddenError):
    """Another role does this."""

    def __init__(self) -> None:
        """Say whom to ask."""
        super().__init__(
            "administration.role", "Your role does not do this. Ask an administrator whose does."
        )


class InvitationRefusedError(ForbiddenError):
    """The link is unknown, used or too old."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "administration.invitation_refused",
            "This link was used, or is older than a day. Ask the operator for another.",
        )


class PasskeyRefusedError(UnverifiableError):
    """What the passkey signed does not hold."""

    def __init__(self, trace: str = "") -> None:
        """Say what to do; the cause is for the operator."""
        super().__init__(
            "administration.passkey_refused",
            "The passkey was not accepted here. Begin again, and unlock it when it asks.",
            trace=trace,
        )


class ChallengeRefusedError(UnverifiableError):
    """The challenge is not ours, from another browser, too old, or was answered before."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "administration.challenge_refused", "That took too long, or was sent before: try again."
        )


class PasskeyCopiedError(UnverifiableError):
    """The passkey's count went back: there are two of it."""

    def __init__(self) -> None:
        """Say what it means."""
        super().__init__(
            "administration.passkey_copied",
            "This passkey counts less than it did before, so there may be a copy of it. "
            "Tell an owner: it is to be revoked.",
        )


class AdministratorUnknownError(NotFoundError):
    """No such administrator, or revoked already."""

    def __init__(self) -> None:
        """Say no more than that."""
        super().__init__("administration.unknown", "There is no such administrator.")


class LastOwnerError(ConflictError):
    """Nobody would be left who can revoke an administrator from Command."""

    def __init__(self) -> None:
        """Say what to do first."""
        super().__init__(
            "administration.last_owner", "One owner remains. Enrol another one before this one."
        )


class LabelError(InvalidError):
    """A label that is too long, or no text."""

    def __init__(self) -> None:
        """Say what fits."""
        super().__init__(
            "administration.label", "A label has at most 40 characters and no line breaks."
        )
