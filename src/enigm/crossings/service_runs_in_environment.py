"""Settings, handles → policy. Where a process decides is named to policy by handle.

Carries:    the name that an operator gave to an environment, and the handles made of it.
Withholds:  everything else of the settings; nobody is in it.
Dies:       a handle with its epoch's key; the name with the decisions that were made there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enigm.crossings.decision_is_audited_by_handle import SubjectHandles


class ServiceRunsInEnvironment:
    """Provides ``policy.needs.Environment``."""

    def __init__(self, name: str, handles: SubjectHandles) -> None:
        """Keep the name, and who makes its handles."""
        self._name = name
        self._handles = handles

    @property
    def name(self) -> str:
        """What the operator calls it; empty where there is but one."""
        return self._name

    def handles(self) -> tuple[bytes, ...]:
        """Return its handles of every epoch whose key still stands."""
        return tuple(self._handles.environment_handles(self._name)) if self._name else ()
