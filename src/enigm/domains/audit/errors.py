"""How the audit log says no."""

from __future__ import annotations

from enigm.foundation.errors import (
    ForbiddenError,
    UnavailableError,
    UnverifiableError,
)


class AuditUnavailableError(UnavailableError):
    """A decision cannot be recorded, so a critical operation must not go on."""

    def __init__(self, trace: str = "") -> None:
        """Keep the cause for the operator."""
        super().__init__(
            "audit.unavailable",
            "The audit log cannot be written now, so nothing was changed. Try again later.",
            trace=trace,
        )


class AuditRoleError(ForbiddenError):
    """This role may not read this category."""

    def __init__(self) -> None:
        """Say no more than that."""
        super().__init__("audit.role", "Your role does not read this category of the audit log.")


class AuditRewrittenError(UnverifiableError):
    """The store no longer continues what was published: entries were dropped or changed."""

    def __init__(self) -> None:
        """Say it plainly: this must wake somebody."""
        super().__init__(
            "audit.rewritten",
            "The audit store does not continue the published log: entries were dropped or changed.",
        )
