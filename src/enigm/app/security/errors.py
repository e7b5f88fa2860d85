"""Why the Trust Security Center cannot do what was asked."""

from __future__ import annotations

from enigm.foundation.errors import ConflictError, UnavailableError


class NoAgentError(UnavailableError):
    """Nothing here can look at the machine."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("app.no_agent", "This App was started without a look at the machine.")


class NothingAskedError(ConflictError):
    """The service asks for no report."""

    def __init__(self) -> None:
        """Say that nothing is to be done."""
        super().__init__("app.nothing_asked", "Your service asks for nothing: there is no need.")
