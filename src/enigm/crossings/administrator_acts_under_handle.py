"""Administration → audit. Who administers is recorded under a handle, before it is done.

Carries:    the act, the deed or the code that refused it, handles of administrators.
Withholds:  the administrator's id, label, role, passkey and session.
Dies:       with the key of the record's category; owners see whose handle it is until revocation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.administration.model import Act as AdministrationAct
from enigm.domains.audit.model import HANDLE_BYTES, NO_HANDLE, Act, Decision, Record, Role
from enigm.foundation.pseudonyms import pseudonym

if TYPE_CHECKING:
    from enigm.domains.administration.model import AdministratorId
    from enigm.domains.audit.actions.recording import AuditLog
    from enigm.foundation.keyfile import Keys

_PURPOSE: Final = "administrators to audit"
_ACTS: Final = {
    AdministrationAct.INVITED: Act.ADMINISTRATOR_INVITED,
    AdministrationAct.ENROLLED: Act.ADMINISTRATOR_ENROLLED,
    AdministrationAct.SIGNED_IN: Act.ADMINISTRATOR_SIGNED_IN,
    AdministrationAct.REVOKED: Act.ADMINISTRATOR_REVOKED,
    AdministrationAct.ACTED: Act.ADMINISTRATOR_ACTED,
}


class AdministratorHandles:
    """Gives an administrator the one handle under which records name them."""

    def __init__(self, keys: Keys) -> None:
        """Derive the key that only the service has."""
        self._key = keys.derive("pseudonyms", _PURPOSE)

    def handle(self, administrator_id: AdministratorId | None) -> bytes:
        """Return the handle; nobody's for the operator on the machine."""
        if administrator_id is None:
            return NO_HANDLE
        return pseudonym(self._key, _PURPOSE, administrator_id)[:HANDLE_BYTES]


class AdministrationAudited:
    """Provides ``administration.needs.AdministrationRecords``."""

    def __init__(self, log: AuditLog, handles: AdministratorHandles) -> None:
        """Keep both sides."""
        self._log = log
        self._handles = handles

    def record(
        self,
        act: AdministrationAct,
        actor: AdministratorId | None,
        subject: AdministratorId | None = None,
        *,
        reason: str = "requested",
        is_allowed: bool = True,
    ) -> None:
        """Record it, or refuse: what cannot be recorded is not done."""
        decision = Decision.ALLOWED if is_allowed else Decision.DENIED
        by, to = self._handles.handle(actor), self._handles.handle(subject)
        self._log.record(Record(_ACTS[act], Role.OPERATOR, decision, by, to, reason=reason))
