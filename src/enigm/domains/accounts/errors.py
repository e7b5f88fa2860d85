"""How accounts say no."""

from __future__ import annotations

from enigm.foundation.errors import (
    ConflictError,
    ExhaustedError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnverifiableError,
)


class NameTakenError(ConflictError):
    """Another account has this name."""

    def __init__(self) -> None:
        """Say it as it is: registration cannot hide which names exist, only make asking dear."""
        super().__init__("accounts.name_taken", "This user name is taken: choose another.")


class RootKeyInUseError(ConflictError):
    """The recovery phrase already has an account."""

    def __init__(self) -> None:
        """Point to recovery."""
        super().__init__(
            "accounts.root_key_in_use", "This recovery phrase has an account: recover it instead."
        )


class SignInFailedError(UnauthenticatedError):
    """Wrong password, unknown name, or a sign-in begun too long ago: one answer for all."""

    def __init__(self, trace: str = "") -> None:
        """Never say which."""
        super().__init__(
            "accounts.sign_in_failed", "The user name or the password is wrong.", trace=trace
        )


class SessionNeededError(UnauthenticatedError):
    """The request carries no session."""

    def __init__(self) -> None:
        """Say what to send."""
        super().__init__("accounts.session_needed", "Sign in: this request needs a session.")


class SessionEndedError(UnauthenticatedError):
    """The session ended, was ended, or never was."""

    def __init__(self) -> None:
        """Never say which."""
        super().__init__("accounts.session_ended", "The session has ended: sign in again.")


class SessionUnknownError(NotFoundError):
    """No such session, or another account's."""

    def __init__(self) -> None:
        """Never say which."""
        super().__init__("accounts.session_unknown", "You have no such session.")


class WorkNeededError(ExhaustedError):
    """This name saw failures lately, or the service is busy: the next try costs work."""

    def __init__(self, challenge: bytes, difficulty_bits: int, expires_at: int) -> None:
        """Carry the challenge to solve."""
        super().__init__(
            "accounts.proof_needed",
            "Too many tries lately: solve the challenge and try again.",
            retry_after_seconds=0,
        )
        self.challenge = challenge
        self.difficulty_bits = difficulty_bits
        self.expires_at = expires_at


class WorkProofRefusedError(UnverifiableError):
    """A proof of work that is wrong, late, spent, or made for something else."""

    def __init__(self, trace: str = "") -> None:
        """One answer for every cause."""
        super().__init__(
            "accounts.proof_refused",
            "The proof of work does not hold: solve a fresh challenge.",
            trace=trace,
        )


class InviteRefusedError(ForbiddenError):
    """An invite that is unknown, used or too old."""

    def __init__(self) -> None:
        """Never say which."""
        super().__init__("accounts.invite_refused", "The invite does not hold: ask for a new one.")


class RecoveryRefusedError(UnverifiableError):
    """The root key's word does not hold for an account here."""

    def __init__(self, trace: str = "") -> None:
        """Never say whether the account exists."""
        super().__init__(
            "accounts.recovery_refused",
            "The recovery phrase does not open an account here.",
            trace=trace,
        )


class TokenQuotaError(ExhaustedError):
    """The account has had its tokens for today."""

    def __init__(self, retry_after_seconds: int) -> None:
        """Say when there will be more."""
        super().__init__(
            "accounts.token_quota",
            "The account has had all its tokens for today.",
            retry_after_seconds=retry_after_seconds,
        )


class MalformedOpaqueError(InvalidError):
    """Bytes that are no OPAQUE message."""

    def __init__(self) -> None:
        """Say what was expected."""
        super().__init__("accounts.opaque_message", "An OPAQUE message is malformed (RFC 9807).")
