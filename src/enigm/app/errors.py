"""How the App says no to its page and its command line, beyond what the layers beneath say."""

from __future__ import annotations

from enigm.foundation.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UnverifiableError,
)


class WrongStageError(ConflictError):
    """The profile is not in the stage that the deed needs."""

    def __init__(self, detail: str) -> None:
        """Say which stage is needed."""
        super().__init__("app.stage", detail)


class LockedError(UnauthenticatedError):
    """The vault is locked."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("app.locked", "The vault is locked: unlock it with the password first.")


class WrongPasswordError(UnauthenticatedError):
    """The password does not open the vault, or the account."""

    def __init__(self) -> None:
        """Say the same for every cause."""
        super().__init__("app.wrong_password", "The user name or password is not right.")


class ProfileInUseError(ConflictError):
    """Another process holds this profile open."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "app.profile_in_use",
            "Another Enigm App has this profile open: close it, or choose another profile.",
        )


class DamagedVaultError(UnverifiableError):
    """The profile's files were altered or belong to another version."""

    def __init__(self, trace: str) -> None:
        """Say that the files are at fault, not the password."""
        super().__init__("app.vault_damaged", "The profile's vault is damaged.", trace=trace)


class WrongWordsError(ConflictError):
    """The words typed back are not those of the phrase."""

    def __init__(self) -> None:
        """Say that nothing is lost."""
        super().__init__(
            "app.words_differ", "One of the words is not right: look at your phrase again."
        )


class InvalidPhraseError(InvalidError):
    """Words that are no recovery phrase."""

    def __init__(self) -> None:
        """Say what a phrase is."""
        super().__init__(
            "app.phrase", "A recovery phrase is 24 English words in order: check the spelling."
        )


class InvalidInviteError(InvalidError):
    """Text that is no invite link."""

    def __init__(self) -> None:
        """Say what one looks like."""
        super().__init__("app.invite", "An invite link begins with enigm:invite# and is complete.")


class InvalidTextError(InvalidError):
    """A text that cannot be a message, title or greeting."""

    def __init__(self, detail: str) -> None:
        """Say which limit was passed."""
        super().__init__("app.text", detail)


class InvalidPasswordError(InvalidError):
    """A password that is too short to protect anything, or too long to be one."""

    def __init__(self) -> None:
        """Say the limits."""
        super().__init__("app.password", "A password has 8 to 256 characters.")


class InvalidPinError(InvalidError):
    """A PIN that is no PIN, or that everybody would try first."""

    def __init__(self) -> None:
        """Say what one is."""
        super().__init__(
            "app.pin", "A PIN has 6 to 12 digits, and is not 000000, 121212 or 123456."
        )


class SamePinsError(InvalidError):
    """A duress PIN that is the PIN."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("app.same_pins", "The duress PIN must be another one than the PIN.")


class PinMissingError(ConflictError):
    """A critical deed before any PIN was set."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("app.pin_missing", "This needs a PIN, and there is none yet: set one.")


class PinAmbiguousError(ConflictError):
    """The PIN and the duress PIN are the same digits."""

    def __init__(self) -> None:
        """Say what to do: the App must not guess which was meant."""
        super().__init__(
            "app.pin_ambiguous", "Reset the PIN with the recovery phrase, to other digits."
        )


class WrongPinError(ForbiddenError):
    """Not the PIN."""

    def __init__(self, tries_left: int, retry_after_seconds: int) -> None:
        """Say how many tries are left, or how long to wait."""
        tries = "one try is left" if tries_left == 1 else f"{tries_left} tries are left"
        wait = f"wait {retry_after_seconds} seconds" if retry_after_seconds else tries
        super().__init__(
            "app.wrong_pin",
            f"The PIN is wrong: {wait}.",
            retry_after_seconds=retry_after_seconds or None,
        )


class InvalidProfileError(InvalidError):
    """A profile name that cannot be a folder, or a service address that is none."""

    def __init__(self, detail: str) -> None:
        """Say what a name or address looks like."""
        super().__init__("app.profile", detail)


class UnknownThingError(NotFoundError):
    """No conversation, contact, request, message or device has this id."""

    def __init__(self, what: str, detail: str = "") -> None:
        """Name the kind of thing."""
        said = detail or f"There is no such {what} in this profile."
        super().__init__(f"app.unknown_{what}", said)


class NotActiveError(ConflictError):
    """The conversation was left, or this account was removed from it."""

    def __init__(self) -> None:
        """Say that the past stays readable."""
        super().__init__(
            "app.not_active", "You are no longer in this conversation; its past stays readable."
        )


class NotAllowedError(ForbiddenError):
    """The conversation's own rules forbid it."""

    def __init__(self, detail: str) -> None:
        """Say which rule."""
        super().__init__("app.not_allowed", detail)


class ContactStateError(ConflictError):
    """The contact is not in the state that the deed needs."""

    def __init__(self, detail: str) -> None:
        """Say which state is needed."""
        super().__init__("app.contact_state", detail)


class LyingServiceError(UnverifiableError):
    """The service answered with something that its own earlier answers contradict."""

    def __init__(self, detail: str, trace: str = "") -> None:
        """Say what does not fit."""
        super().__init__("app.service_contradicts", detail, trace=trace)


class MalformedContentError(InvalidError):
    """Bytes inside an envelope that are no content of a known kind and version."""

    def __init__(self) -> None:
        """Say no more than that."""
        super().__init__("app.content", "A message holds something this App cannot read.")


class OfflineError(UnavailableError):
    """The service cannot be reached."""

    def __init__(self, trace: str = "") -> None:
        """Say what happens next."""
        super().__init__(
            "app.offline",
            "The service cannot be reached. Try again once you are connected.",
            trace=trace,
        )


class DeviceNotTrustedError(ForbiddenError):
    """This device is waiting for approval, or was revoked."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "app.device_not_trusted",
            "This device is not trusted: approve it on another device, or use the phrase.",
        )
