"""`enigm restore`: brings lost or damaged stores back, without what was deleted or ended since."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from enigm.assembly.backing_up import embedded_settings, store_files
from enigm.assembly.catching_up import CatchingUp
from enigm.assembly.exits import Exit, say
from enigm.assembly.service import build_service
from enigm.assembly.stores import DESIGNS, open_stores
from enigm.assembly.surroundings import Surroundings
from enigm.crossings.decision_is_audited_by_handle import operator_record
from enigm.domains.audit.actions.recording import AuditLog
from enigm.domains.audit.model import Act
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
    from collections.abc import Sequence

    from enigm.crossings.recorded_revocation_is_done_again import Redone
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys
    from enigm.foundation.settings import Settings


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
    """Delete and revoke again what was since, and forget what ended; nothing serves before."""
    log = EventLog(sys.stderr, clock, strict=False)
    with ExitStack() as closing:
        service = build_service(settings, clock, entropy, log=log)
        for database in service.databases.values():
            closing.callback(database.close)
        audit = AuditLog(service.databases["audit"], keys, clock, entropy)
        audit.record(operator_record(Act.BACKUP_RESTORED))
        around = Surroundings(settings, keys, clock, entropy, log)
        behind = CatchingUp(service, audit, around, manifest.made_at)
        say(f"Accounts deleted since and gone again: {behind.forget_deleted()}.")
        if "accounts" in wanted:
            behind.end_sessions()
            say("Every session was ended: people sign in again.")
        if {"devices", "handles"} & set(wanted):
            _say_revoked(behind.revoke_again(), wanted)
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


def _say_revoked(redone: Redone, wanted: Sequence[str]) -> None:
    if redone.devices:
        say(f"Devices revoked since and refused again: {redone.devices}. Their owners revoke them")
        say("once more, so that their chains say it, too.")
    if redone.unmatched and "handles" in wanted:
        say(f"ATTENTION: {redone.unmatched} revocations since name no device that came back. The")
        say("keys of handles were lost, too, so some of these devices may be trusted again: tell")
        say("the people, who look at their devices and revoke what they revoked before.")
