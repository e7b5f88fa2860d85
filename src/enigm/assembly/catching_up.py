"""Does to restored stores what the audit log says was done since: deletions and revocations."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from enigm.crossings.account_has_owner_name import OwnerNames
from enigm.crossings.decision_is_audited_by_handle import SubjectHandles
from enigm.crossings.recorded_revocation_is_done_again import (
    RecordedRevocationIsDoneAgain,
    Redone,
    RestoredDevice,
)
from enigm.domains.accounts import store as accounts_store
from enigm.domains.accounts.model import AccountId
from enigm.domains.accounts.store import tables as account_tables
from enigm.domains.audit.actions.recording import READ_RECORDS_MAX
from enigm.domains.audit.model import NO_HANDLE, Act, RecordPayload, Role
from enigm.domains.devices.model import DeviceId, OwnerRef
from enigm.domains.devices.store import tables as device_tables
from enigm.domains.handles.actions.naming import HandleAuthority
from enigm.domains.handles.model import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from enigm.assembly.service import Service
    from enigm.assembly.surroundings import Surroundings
    from enigm.domains.audit.actions.recording import AuditLog
    from enigm.domains.devices.actions.chains import Chains

# Clocks are set; what was done within this time before the backup is done once more.
_CLOCK_SECONDS = 3600


class CatchingUp:
    """Compares stores as of a backup with an audit log that may know more."""

    def __init__(self, service: Service, audit: AuditLog, around: Surroundings, since: int) -> None:
        """Take the restored service, which nobody serves from yet, and when it was backed up."""
        self._databases = service.databases
        self._path = service.account_path
        self._audit = audit
        self._around = around
        self._since = since
        keys, clock, entropy = around.keys, around.clock, around.entropy
        self._authority = HandleAuthority(service.databases["handles"], keys, clock, entropy)
        self._handles = SubjectHandles(self._authority, keys)
        self._accounts = accounts_store.AccountStore(service.databases["accounts"], keys, entropy)

    def forget_deleted(self) -> int:
        """Erase each account that the log says was deleted, and chains of accounts that are not."""
        deleted = {record.actor for record in self._records(Act.ACCOUNT_DELETED)}
        names, count, owners = OwnerNames(self._around.keys), 0, set[bytes]()
        for account_id in self._account_ids():
            owner = names.owner_of(account_id)
            known_as = {each.hex() for each in self._handles.live_handles(owner, Purpose.AUDIT)}
            if known_as & deleted:
                count += 1
                with self._accounts.begin() as records:
                    records.erase(account_id, self._around.clock, self._around.entropy)
            else:
                owners.add(owner)
        for owner in self._values("devices", device_tables.chain.c.owner):
            if owner not in owners:
                self._chains.erase(OwnerRef(owner))
        return count

    def end_sessions(self) -> None:
        """End every session: one that came back may have been ended by whoever had it stolen."""
        with self._accounts.begin() as records:
            for account_id in self._account_ids():
                records.end_sessions(account_id)

    def revoke_again(self) -> Redone:
        """Refuse the devices, and the handles, that the log says were revoked since."""
        again = RecordedRevocationIsDoneAgain(self._chains, self._handles, self._authority)
        return again.redo(
            self._devices(),
            frozenset(record.subject for record in self._records(Act.DEVICE_REVOKED)),
            frozenset(record.subject for record in self._records(Act.HANDLE_REVOKED)),
        )

    @cached_property
    def _chains(self) -> Chains:
        assert self._path is not None, "a service is restored with its account path"
        return self._path.devices.chains

    def _records(self, act: Act) -> Iterator[RecordPayload]:
        """Yield what was done since, from a little before; reading it is recorded."""
        for start in range(0, self._audit.size, READ_RECORDS_MAX):
            for each in self._audit.read(Role.AUDITOR, act.category, start, NO_HANDLE):
                record = msgspec.json.decode(each.payload, type=RecordPayload)
                if record.act == act.word and record.at >= self._since - _CLOCK_SECONDS:
                    yield record

    def _account_ids(self) -> list[AccountId]:
        column = account_tables.account.c.account_id
        return [AccountId(each) for each in self._values("accounts", column)]

    def _devices(self) -> list[RestoredDevice]:
        c = device_tables.device.c
        with self._databases["devices"].read() as connection:
            rows = list(connection.execute(sa.select(c.owner, c.device_id, c.is_revoked)))
        return [
            RestoredDevice(OwnerRef(row.owner), DeviceId(row.device_id), bool(row.is_revoked))
            for row in rows
        ]

    def _values(self, domain: str, column: sa.Column[bytes]) -> list[bytes]:
        with self._databases[domain].read() as connection:
            return list(connection.execute(sa.select(column).distinct()).scalars())
