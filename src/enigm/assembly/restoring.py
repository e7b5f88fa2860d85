"""`enigm restore`: brings lost or damaged stores back, without what was deleted or ended since."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from enigm.assembly.backing_up import embedded_settings, store_files
from enigm.assembly.exits import Exit, say
from enigm.assembly.service import build_service
from enigm.assembly.stores import DESIGNS, open_stores
from enigm.crossings.account_has_owner_name import OwnerNames
from enigm.crossings.decision_is_audited_by_handle import SubjectHandles, operator_record
from enigm.domains.accounts import store as accounts_store
from enigm.domains.accounts.model import AccountId
from enigm.domains.accounts.store import tables as account_tables
from enigm.domains.audit.actions.recording import READ_RECORDS_MAX, AuditLog
from enigm.domains.audit.model import NO_HANDLE, Act, Category, RecordPayload, Role
from enigm.domains.devices.model import OwnerRef
from enigm.domains.devices.store import tables as device_tables
from enigm.domains.handles.actions.naming import HandleAuthority
from enigm.domains.handles.model import Purpose
from enigm.foundation.backup_file import Manifest, read_manifest, store_key, unpack
from enigm.foundation.backup_keys import keys_of_backups
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog
from enigm.foundation.retention import RetentionJob
from enigm.foundation.store_copies import StoreFile, copy_stores, is_in_use, opens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from enigm.assembly.service import Service
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys
    from enigm.foundation.settings import Settings

# Clocks are set; a deletion within this time before the backup is done once more.
_CLOCK_SECONDS = 3600


def restore(path: Path, replace: Sequence[str], *, dry_run: bool) -> int:
    """Restore what is lost or damaged, and the stores named to be replaced.

    Raises:
        SetupError: no backup, no key file, the service runs, or a store is named that is not
            in the backup.
        BackupEndedError: the backup's key is destroyed.
        UnverifiableError: the backup was changed.
    """
    settings, clock, entropy = embedded_settings(), SystemClock(), SystemEntropy()
    if not settings.key_file.exists():
        raise SetupError(f"Put the key file back first: {settings.key_file} is not there.")
    keys = load_or_create_keys(settings.key_file, entropy)
    manifest = read_manifest(path)
    key = keys_of_backups(settings.data_folder, keys, clock, entropy).find(manifest.identity)
    wanted = _wanted(manifest, settings, keys, replace)
    made = datetime.fromtimestamp(manifest.made_at, UTC).strftime("%d %B %Y, %H:%M UTC")
    say(f"This backup is of {made} and holds: {', '.join(sorted(manifest.stores))}.")
    say(f"To be brought back as they were then: {', '.join(wanted) or 'nothing, all are whole'}.")
    if dry_run or not wanted:
        return Exit.DONE
    _require_stopped(settings, keys)
    _put_back(path, key, manifest, wanted, settings, keys)
    finish_restore(settings, keys, clock, entropy, wanted, manifest)
    return Exit.DONE


def finish_restore(
    settings: Settings,
    keys: Keys,
    clock: Clock,
    entropy: Entropy,
    wanted: Sequence[str],
    manifest: Manifest,
) -> None:
    """Delete again what was deleted since, and forget what ended since; nothing serves before."""
    log = EventLog(sys.stderr, clock, strict=False)
    with ExitStack() as closing:
        service = build_service(settings, clock, entropy, log=log)
        for database in service.databases.values():
            closing.callback(database.close)
        audit = AuditLog(service.databases["audit"], keys, clock, entropy)
        audit.record(operator_record(Act.BACKUP_RESTORED))
        gone = _forget_deleted(service, audit, keys, clock, entropy, manifest.made_at)
        say(f"Accounts deleted since and gone again: {gone}.")
        if "accounts" in wanted:
            _end_sessions(service, keys, entropy)
        if {"devices", "handles"} & set(wanted):
            _revoke_again(service, audit, keys, clock, entropy, manifest.made_at, wanted)
        service.upkeep.run_once()
    others = open_stores(settings, keys, list(wanted))
    retained = [(database, DESIGNS[name].metadata) for name, database in others.items()]
    for each in RetentionJob(retained, clock).run():
        say(f"{each.domain}: {each.rows_deleted} rows had ended since, and are gone.")
    for database in others.values():
        database.close()
    if "policy" in wanted and "audit" not in wanted:
        say("Policies are older than the audit log knows, so nothing protected is done until you")
        say("look at them (enigm policy show) and let them stand (enigm policy confirm).")


def _wanted(
    manifest: Manifest, settings: Settings, keys: Keys, replace: Sequence[str]
) -> list[str]:
    unknown = sorted(set(replace) - set(manifest.stores))
    if unknown:
        raise SetupError(f"The backup has no such store: {', '.join(unknown)}.")
    whole = {name for name, store in store_files(settings, keys).items() if opens(store)}
    known = set(manifest.stores) & set(DESIGNS)
    return sorted((known - whole) | set(replace))


def _require_stopped(settings: Settings, keys: Keys) -> None:
    for store in store_files(settings, keys).values():
        if opens(store) and is_in_use(store):
            raise SetupError("The service is running. Stop it first, then restore.")


def _put_back(
    path: Path,
    key: bytes,
    manifest: Manifest,
    wanted: Sequence[str],
    settings: Settings,
    keys: Keys,
) -> None:
    """Lay the stores out beside their places, whole, and only then move them there."""
    folder = settings.stores_folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(prefix=".restoring-", dir=settings.data_folder) as work:
        copies = unpack(path, key, Path(work))
        fresh = {
            name: StoreFile(
                Path(work) / f"{name}.fresh", keys.derive(name, "store"), DESIGNS[name].page_bytes
            )
            for name in wanted
        }
        pairs = {
            name: (
                StoreFile(copies[name], store_key(key, name), manifest.stores[name].page_bytes),
                fresh[name],
            )
            for name in wanted
        }
        copy_stores(pairs, lambda name: say(f"read {name}"))
        for name, store in fresh.items():
            for suffix in ("-wal", "-shm"):
                (folder / f"{name}.db{suffix}").unlink(missing_ok=True)
            store.path.rename(folder / f"{name}.db")
    if "audit" in wanted and settings.audit_folder.exists():
        # It may be ahead of the log as it is now, and a log that shrank is not published.
        aside = settings.audit_folder.with_name(f"audit-before-{manifest.identity}")
        settings.audit_folder.rename(aside)
        say(f"What was published before is in {aside}: outsiders who copied it will see the gap.")


def _forget_deleted(
    service: Service,
    audit: AuditLog,
    keys: Keys,
    clock: Clock,
    entropy: Entropy,
    since: int,
) -> int:
    """Erase each account that the log says was deleted, and chains of accounts that are not."""
    authority = HandleAuthority(service.databases["handles"], keys, clock, entropy)
    handles, names = SubjectHandles(authority, keys), OwnerNames(keys)
    deleted = {each.actor for each in _records(audit, Category.ACCOUNT, since)
               if each.act == Act.ACCOUNT_DELETED.word}  # fmt: skip
    store = accounts_store.AccountStore(service.databases["accounts"], keys, entropy)
    count, owners = 0, set[bytes]()
    for account_id in _values(service, "accounts", account_tables.account.c.account_id):
        owner = names.owner_of(AccountId(account_id))
        known_as = {each.hex() for each in handles.live_handles(owner, Purpose.AUDIT)}
        if known_as & deleted:
            count += 1
            with store.begin() as records:
                records.erase(AccountId(account_id), clock, entropy)
        else:
            owners.add(owner)
    path = service.account_path
    assert path is not None
    for owner in _values(service, "devices", device_tables.chain.c.owner):
        if owner not in owners:
            path.devices.chains.erase(OwnerRef(owner))
    return count


def _end_sessions(service: Service, keys: Keys, entropy: Entropy) -> None:
    """End every session: one that came back may have been ended since, by whoever lost it."""
    store = accounts_store.AccountStore(service.databases["accounts"], keys, entropy)
    with store.begin() as records:
        for account_id in _values(service, "accounts", account_tables.account.c.account_id):
            records.end_sessions(AccountId(account_id))
    say("Every session was ended: people sign in again.")


def _revoke_again(restored: Restored, since: int, wanted: Sequence[str]) -> None:
    """Refuse the devices and handles that the log says were revoked since."""
    revoked = _subjects(audit, Category.DEVICE, Act.DEVICE_REVOKED, since)
def _records(audit: AuditLog, category: Category, since: int) -> Iterator[RecordPayload]:
    """Yield a category's records from a little before a time on; reading them is recorded."""
    for start in range(0, audit.size, READ_RECORDS_MAX):
        for each in audit.read(Role.AUDITOR, category, start, NO_HANDLE):
            record = msgspec.json.decode(each.payload, type=RecordPayload)
            if record.at >= since - _CLOCK_SECONDS:
                yield record


def _values(service: Service, domain: str, column: sa.Column[bytes]) -> list[bytes]:
    with service.databases[domain].read() as connection:
        return list(connection.execute(sa.select(column).distinct()).scalars())
