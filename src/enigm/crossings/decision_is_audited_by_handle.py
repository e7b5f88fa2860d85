"""Accounts, devices, handles, policy, operators → audit. A decision is recorded before it is done.

Carries:    what was decided, and handles made for the audit log alone.
Withholds:  the account's id, the owner's and the device's names, and everything else.
Dies:       the record with its category's key; the handle with its epoch's key.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from enigm.domains.accounts.needs import AccountDecision
from enigm.domains.audit.model import NO_HANDLE, Act, Decision, Record, Role
from enigm.domains.devices.needs import DeviceDecision
from enigm.domains.handles.model import Purpose, SubjectId
from enigm.domains.handles.needs import LookupStep
from enigm.domains.policy.model import PolicyChange
from enigm.foundation.pseudonyms import pseudonym

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from enigm.crossings.account_has_owner_name import OwnerNames
    from enigm.domains.accounts.model import AccountId
    from enigm.domains.audit.actions.recording import AuditLog
    from enigm.domains.devices.model import DeviceId, OwnerRef
    from enigm.domains.handles.actions.naming import HandleAuthority
    from enigm.domains.handles.model import Handle, PersonHandle
    from enigm.foundation.keyfile import Keys

_SUBJECTS: Final = "devices to handles"
_ENVIRONMENTS: Final = "environments to handles"
# Some 10 MB of names.
SUBJECTS_MAX: Final = 65_536
_NO_DEVICE: Final = bytes(16)
_DEVICE_ACTS: Final = {
    DeviceDecision.CERTIFIED: Act.DEVICE_CERTIFIED,
    DeviceDecision.REVOKED: Act.DEVICE_REVOKED,
    DeviceDecision.REFUSED: Act.DEVICE_REFUSED,
    DeviceDecision.REVOCATION_HELD: Act.OPERATION_HELD,
}
_ACCOUNT_ACTS: Final = {
    AccountDecision.RECOVERED: Act.ACCOUNT_RECOVERED,
    AccountDecision.DELETED: Act.ACCOUNT_DELETED,
    AccountDecision.PIN_SET: Act.PIN_SET,
    AccountDecision.PIN_CHANGED: Act.PIN_CHANGED,
    AccountDecision.PIN_REMOVED: Act.PIN_REMOVED,
    AccountDecision.PIN_RESET: Act.PIN_RESET,
    AccountDecision.PIN_LOCKED: Act.PIN_LOCKED,
    AccountDecision.PIN_GRANTED: Act.PIN_GRANTED,
    AccountDecision.DURESS: Act.PIN_DURESS,
    AccountDecision.HELD: Act.OPERATION_HELD,
}
_LOOKUP_ACTS: Final = {
    LookupStep.ASKED: (Act.HANDLE_ASKED, Decision.ALLOWED),
    LookupStep.APPROVED: (Act.HANDLE_APPROVED, Decision.ALLOWED),
    LookupStep.DENIED: (Act.HANDLE_DENIED, Decision.DENIED),
    LookupStep.RESOLVED: (Act.HANDLE_RESOLVED, Decision.ALLOWED),
}


_POLICY_ACTS: Final = {
    PolicyChange.STAGED: Act.POLICY_STAGED,
    PolicyChange.ACTIVATED: Act.POLICY_ACTIVATED,
    PolicyChange.ASSIGNED: Act.POLICY_ASSIGNED,
    PolicyChange.CONFIRMED: Act.POLICY_CONFIRMED,
}


class SubjectHandles:
    """Gives an owner or a device its handle for one purpose."""

    def __init__(self, authority: HandleAuthority, keys: Keys) -> None:
        """Derive the key under which the authority knows them."""
        self._authority = authority
        self._key = keys.derive("pseudonyms", _SUBJECTS)
        # Pure, and asked for several times in every request.
        self._subject = lru_cache(SUBJECTS_MAX)(self._made_subject)
        self._environment = lru_cache(SUBJECTS_MAX)(self._made_environment)

    def handle(self, identifier: bytes, purpose: Purpose) -> Handle:
        """Return the handle of an owner or a device."""
        return self._authority.handle(self._subject(identifier), purpose)

    def live_handles(self, identifier: bytes, purpose: Purpose) -> list[Handle]:
        """Return the handles of an owner or a device, of every epoch whose key still stands."""
        return self._authority.live_handles(self._subject(identifier), purpose)

    def policy_handles(self, owner: bytes, device_id: bytes | None) -> tuple[Handle, ...]:
        """Return the handles under which policies may be assigned to an owner or a device."""
        named = (owner,) if device_id is None else (owner, device_id)
        return tuple(handle for each in named for handle in self.live_handles(each, Purpose.POLICY))

    def environment_handles(self, name: str) -> list[Handle]:
        """Return the handles under which policies may be assigned to a named environment."""
        return self._authority.live_handles(self._environment(name), Purpose.POLICY)

    def is_revoked(self, handle: Handle, purpose: Purpose) -> bool:
        """Say whether a handle of the present epoch was revoked."""
        return self._authority.is_revoked(self._authority.scope(purpose), handle)

    def ends_at(self, purpose: Purpose) -> int:
        """Return when the present handles of a purpose give way to others."""
        return self._authority.epoch_ends_at(purpose)

    def revoke(self, identifier: bytes) -> None:
        """Revoke every live handle of a device."""
        self._authority.revoke(self._subject(identifier))

    def forget(self, identifiers: Iterable[bytes]) -> None:
        """Forget them: no look-up finds them again."""
        for identifier in identifiers:
            self._authority.forget(self._subject(identifier))

    def _made_subject(self, identifier: bytes) -> SubjectId:
        return SubjectId(pseudonym(self._key, _SUBJECTS, identifier))

    def _made_environment(self, name: str) -> SubjectId:
        return SubjectId(pseudonym(self._key, _ENVIRONMENTS, name.encode()))


class DeviceDecisionsAudited:
    """Provides ``devices.needs.DecisionRecords``."""

    def __init__(
        self, log: AuditLog, handles: SubjectHandles, policy_version: Callable[[], int]
    ) -> None:
        """Keep both sides, and what says by which policies decisions are made now."""
        self._log = log
        self._handles = handles
        self._policy_version = policy_version

    def record(self, decision: DeviceDecision, owner: OwnerRef, device_id: DeviceId) -> None:
        """Record the decision; a revoked device's handles are revoked with it."""
        actor = self._handles.handle(owner, Purpose.AUDIT)
        subject = self._handles.handle(device_id, Purpose.AUDIT)
        act = _DEVICE_ACTS[decision]
        version = self._policy_version()
        self._log.record(
            Record(act, Role.OWNER, Decision.ALLOWED, actor, subject, policy_version=version)
        )
        if decision is DeviceDecision.REVOKED:
            self._handles.revoke(device_id)
        elif decision is DeviceDecision.REVOCATION_HELD:
            # The same work on nobody: how long an answer takes must not tell what was held.
            self._handles.revoke(_NO_DEVICE)

    def record_denial(self, owner: OwnerRef, reason: str) -> None:
        """Record that policy denied a critical operation."""
        actor = self._handles.handle(owner, Purpose.AUDIT)
        self._log.record(
            Record(
                Act.OPERATION_DENIED,
                Role.OWNER,
                Decision.DENIED,
                actor,
                reason=reason,
                policy_version=self._policy_version(),
            )
        )


class AccountDecisionsAudited:
    """Provides ``accounts.needs.DecisionRecords``."""

    def __init__(
        self,
        log: AuditLog,
        handles: SubjectHandles,
        names: OwnerNames,
        policy_version: Callable[[], int],
    ) -> None:
        """Keep all sides."""
        self._log = log
        self._handles = handles
        self._names = names
        self._policy_version = policy_version

    def record(self, decision: AccountDecision, account_id: AccountId) -> None:
        """Record the decision."""
        actor = self._handles.handle(self._names.owner_of(account_id), Purpose.AUDIT)
        act, version = _ACCOUNT_ACTS[decision], self._policy_version()
        self._log.record(Record(act, Role.OWNER, Decision.ALLOWED, actor, policy_version=version))


class LookupsAudited:
    """Provides ``handles.needs.LookupRecords``."""

    def __init__(self, log: AuditLog) -> None:
        """Keep the log."""
        self._log = log

    def record(self, step: LookupStep, person: PersonHandle, handle: Handle) -> None:
        """Record one step of a reverse look-up."""
        act, decision = _LOOKUP_ACTS[step]
        self._log.record(Record(act, Role.OPERATOR, decision, person, handle))


class PolicyChangesAudited:
    """Provides ``policy.needs.ChangeRecords``."""

    def __init__(self, log: AuditLog) -> None:
        """Keep the log."""
        self._log = log

    def record(self, change: PolicyChange, number: int) -> None:
        """Record what an operator did to policies, under the number it takes."""
        self._log.record(operator_record(_POLICY_ACTS[change], number))

    def newest_number(self) -> int:
        """Return the newest number that was recorded."""
        return self._log.policy_version


class PostureReviewsAudited:
    """Provides ``posture.needs.ReviewRecords``."""

    def __init__(self, log: AuditLog) -> None:
        """Keep the log."""
        self._log = log

    def record(self, reader: bytes, handle: bytes | None) -> None:
        """Record that somebody looked at devices' postures, or at one."""
        act, subject = Act.POSTURE_READ, handle or NO_HANDLE
        self._log.record(Record(act, Role.OPERATOR, Decision.ALLOWED, reader, subject))


class AttestationReviewsAudited:
    """Provides ``attestation.needs.ReviewRecords``."""

    def __init__(self, log: AuditLog) -> None:
        """Keep the log."""
        self._log = log

    def record(self, reader: bytes) -> None:
        """Record that somebody looked at devices' attestations."""
        self._log.record(Record(Act.ATTESTATION_READ, Role.OPERATOR, Decision.ALLOWED, reader))


def operator_record(act: Act, policy_version: int = 0) -> Record:
    """Return the record of something an operator did on the machine itself."""
    return Record(act, Role.OPERATOR, Decision.ALLOWED, NO_HANDLE, policy_version=policy_version)
