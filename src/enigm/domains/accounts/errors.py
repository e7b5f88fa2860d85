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


class PinNeededError(ForbiddenError):
    """A critical action without the PIN's grant."""

    def __init__(self) -> None:
        """Say what to do, whether a PIN is set or not."""
        super().__init__("accounts.pin_needed", "This needs your PIN: enter it, or set one first.")


class PinGrantRefusedError(ForbiddenError):
    """A grant for something else, from elsewhere, spent, or older than a minute."""

    def __init__(self, trace: str = "") -> None:
        """Never say which."""
        super().__init__(
            "accounts.pin_grant_refused",
            "The PIN was not entered for this, or too long ago: enter it again.",
            trace=trace,
        )


class PinRefusedError(ForbiddenError):
    """A wrong PIN, no PIN, or an entry begun too long ago."""

    def __init__(self, trace: str = "") -> None:
        """Never say which."""
        super().__init__("accounts.pin_refused", "The PIN is wrong.", trace=trace)


class PinLockedError(ExhaustedError):
    """Too many entries without the right PIN."""

    def __init__(self, retry_after_seconds: int) -> None:
        """Say when the next one may be made."""
        super().__init__(
            "accounts.pin_locked",
            "Too many wrong tries: wait, or reset the PIN with the recovery phrase.",
            retry_after_seconds=retry_after_seconds,
        )


class PinSessionSpentError(ExhaustedError):
    """A session without a device has entered as many wrong PINs as one may."""

    def __init__(self) -> None:
        """Say what goes on."""
        super().__init__(
            "accounts.pin_session_spent",
            "This session has no tries left: sign in again, or use the App.",
        )


class AnswersSpentError(ExhaustedError):
    """So many answers of OPAQUE's registration were given that more would test guesses."""

    def __init__(self, limit: str, retry_after_seconds: int) -> None:
        """Say when there will be another."""
        super().__init__(
            f"limits.{limit}",
            "Too many attempts. Wait, then try again.",
            retry_after_seconds=retry_after_seconds,
        )


class PinIsSetError(ConflictError):
    """There is a PIN already."""

    def __init__(self) -> None:
        """Say how to change it."""
        super().__init__("accounts.pin_is_set", "There is a PIN: change it, or reset it.")


class PinUnsetError(ConflictError):
    """There is no PIN to reset."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("accounts.pin_unset", "There is no PIN yet: set one.")


class FreshSessionNeededError(UnauthenticatedError):
    """A first PIN needs the password again."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "accounts.fresh_session_needed", "Sign in again: this needs the password once more."
        )


class MalformedOpaqueError(InvalidError):
    """Bytes that are no OPAQUE message."""

    def __init__(self) -> None:
        """Say what was expected."""
        super().__init__("accounts.opaque_message", "An OPAQUE message is malformed (RFC 9807).")
