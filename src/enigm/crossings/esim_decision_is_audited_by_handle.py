"""eSIM → audit. What is done with an eSIM is recorded before it is done.

Carries:    the deed, and a handle made for the audit log alone.
Withholds:  which eSIM, its product and provider, and the holder's name.
Dies:       the record with its category's key; the handle with its epoch's key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from enigm.domains.audit.model import NO_HANDLE, Act, Decision, Record, Role
from enigm.domains.esim.model import Deed
from enigm.domains.handles.model import Purpose

if TYPE_CHECKING:
    from enigm.crossings.decision_is_audited_by_handle import SubjectHandles
    from enigm.domains.audit.actions.recording import AuditLog
    from enigm.domains.esim.model import OwnerRef

_BY_HOLDER: Final = {
    Deed.PURCHASE: Act.ESIM_PURCHASED,
    Deed.ACTIVATE: Act.ESIM_ACTIVATED,
    Deed.REVEAL: Act.ESIM_REVEALED,
    Deed.CONFIRM_INSTALLED: Act.ESIM_INSTALLED,
    Deed.UNLINK: Act.ESIM_UNLINKED,
    Deed.LINK: Act.ESIM_LINKED,
    Deed.DELETE: Act.ESIM_DELETED,
    Deed.REPLACE: Act.ESIM_REPLACED,
    Deed.RETIRE: Act.ESIM_RETIRED,
}
_BY_OPERATOR: Final = {
    Deed.RETIRE: Act.ESIM_ENDED,
    Deed.TAKE_BACK: Act.ESIM_ENDED,
    Deed.DISCLOSE: Act.ESIM_DISCLOSED,
}


class EsimDecisionsAudited:
    """Provides ``esim.needs.LifecycleRecords``."""

    def __init__(self, log: AuditLog, handles: SubjectHandles) -> None:
        """Keep both sides."""
        self._log = log
        self._handles = handles

    def record(self, deed: Deed, owner: OwnerRef | None) -> None:
        """Record a deed; one without an owner is the operator's where operators do it."""
        if owner is not None:
            actor = self._handles.handle(owner, Purpose.AUDIT)
            self._log.record(Record(_BY_HOLDER[deed], Role.OWNER, Decision.ALLOWED, actor))
            return
        act = _BY_OPERATOR.get(deed)
        role = Role.OWNER if act is None else Role.OPERATOR
        self._log.record(Record(act or _BY_HOLDER[deed], role, Decision.ALLOWED, NO_HANDLE))
