"""Administration → handles, audit. A device's handle is revoked by who knows only the handle.

Carries:    the administrator's handle and the device's, each for the audit log.
Withholds:  whose device it is: nobody here finds out.
Dies:       the revocation with its epoch's key; the record with its category's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.audit.model import Act, Decision, Record, Role

if TYPE_CHECKING:
    from enigm.domains.audit.actions.recording import AuditLog
    from enigm.domains.handles.actions.naming import HandleAuthority
    from enigm.domains.handles.model import Handle, Purpose


class AdministratorRevokesDeviceHandle:
    """Makes what a device shows under a handle count as bad, wherever a policy looks at it."""

    def __init__(self, authority: HandleAuthority, log: AuditLog) -> None:
        """Keep both sides."""
        self._authority = authority
        self._log = log

    def revoke(self, actor: bytes, purpose: Purpose, handle: Handle) -> None:
        """Record it, then revoke the handle until its epoch is over."""
        self._log.record(Record(Act.HANDLE_REVOKED, Role.OPERATOR, Decision.ALLOWED, actor, handle))
        self._authority.revoke_handle(purpose, handle)

    def is_revoked(self, purpose: Purpose, handle: Handle) -> bool:
        """Say whether a handle of the present epoch was revoked."""
        return self._authority.is_revoked(self._authority.scope(purpose), handle)
