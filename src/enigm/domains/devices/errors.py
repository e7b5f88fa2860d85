"""How devices say no."""

from __future__ import annotations

from enigm.foundation.errors import (
    ConflictError,
    ExhaustedError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)


class DeviceNotTrustedError(ForbiddenError):
    """No trusted device of this owner signed the request."""

    def __init__(self, trace: str = "") -> None:
        """One answer whether the signature is absent, wrong, or by a device not trusted."""
        super().__init__(
            "devices.not_trusted",
            "This needs the signature of a device that your account trusts.",
            trace=trace,
        )


class DeviceRevokedError(ForbiddenError):
    """The device was trusted once and is not any more."""

    def __init__(self) -> None:
        """Tell the device, which proved that it is the one."""
        super().__init__("devices.revoked", "This device was revoked: it never returns.")


class RequestStaleError(ForbiddenError):
    """The request was signed too long ago, or in the future."""

    def __init__(self) -> None:
        """Point to the likely cause."""
        super().__init__(
            "devices.request_stale",
            "The request's time is off by more than a minute: check this machine's clock.",
        )


class RequestReplayedError(ForbiddenError):
    """The same signed request came before."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "devices.request_replayed", "This signed request was used: sign a fresh one."
        )


class ChainMovedError(ConflictError):
    """The entry does not follow the chain's last one."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "devices.chain_moved", "The device chain has moved on: read it and sign anew."
        )


class ChainMissingError(NotFoundError):
    """The owner has no chain."""

    def __init__(self) -> None:
        """Point to recovery, which begins one."""
        super().__init__("devices.no_chain", "The account has no device yet: use the phrase.")


class CardNeededError(InvalidError):
    """A device would be trusted that nobody could reach."""

    def __init__(self) -> None:
        """Say what to send."""
        super().__init__(
            "devices.card_needed", "A certified device needs its contact card: send it along."
        )


class DeviceKnownError(ConflictError):
    """The device is trusted already."""

    def __init__(self) -> None:
        """Say that nothing is left to do."""
        super().__init__("devices.already_trusted", "This device is trusted already.")


class EnrolmentUnknownError(NotFoundError):
    """No such device is waiting."""

    def __init__(self) -> None:
        """Never say whether it ever was."""
        super().__init__("devices.no_enrolment", "No such device is waiting.")


class TooManyPendingError(ExhaustedError):
    """As many devices wait as may wait."""

    def __init__(self, retry_after_seconds: int) -> None:
        """Say how to make room."""
        super().__init__(
            "devices.too_many_pending",
            "Too many devices are waiting: approve or refuse them on a trusted device.",
            retry_after_seconds=retry_after_seconds,
        )


class TooManyKeyPackagesError(ExhaustedError):
    """The device has left as many key packages as it may."""

    def __init__(self) -> None:
        """Say that there is no hurry."""
        super().__init__(
            "devices.too_many_key_packages", "The device has enough key packages here."
        )


class OwnerUnknownError(NotFoundError):
    """The directory lists nobody under this."""

    def __init__(self) -> None:
        """One answer for every cause."""
        super().__init__("devices.unknown", "Nobody is listed under this.")


class LookupAmbiguousError(InvalidError):
    """A look-up that names no account, or names one in two ways."""

    def __init__(self) -> None:
        """Say what was expected."""
        super().__init__("devices.lookup", "A look-up names either a lookup_id or a fingerprint.")
