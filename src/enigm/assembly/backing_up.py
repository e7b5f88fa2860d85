"""`enigm backup`: one encrypted file with every store, made while the service runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from enigm.assembly.exits import Exit, say
from enigm.assembly.machine import trust_of_this_machine
from enigm.assembly.places import settings_of_this_machine
from enigm.assembly.stores import DESIGNS
from enigm.crossings.decision_is_audited_by_handle import operator_record
from enigm.domains.audit.model import Act
from enigm.foundation.backup_file import Manifest, entry_of, store_key, write_backup
from enigm.foundation.backup_keys import BACKUP_DAYS_MAX, keys_of_backups
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.store_copies import StoreFile, copy_stores, opens

if TYPE_CHECKING:
    from enigm.foundation.clock import Clock
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.keyfile import Keys
    from enigm.foundation.settings import Settings

_MEBIBYTE = 1 << 20


def back_up(folder: Path, days: int) -> int:
    """Write a backup into a folder; it can be opened for so many days.

    Raises:
        SetupError: a setting, the key file, a store or the folder cannot be used.
    """
    settings, clock, entropy = embedded_settings(), SystemClock(), SystemEntropy()
    if not 0 < days <= BACKUP_DAYS_MAX:
        raise SetupError(f"A backup lasts 1 to {BACKUP_DAYS_MAX} days.")
    if not folder.is_dir():
        raise SetupError(f"There is no folder {folder} to put the backup into.")
    with trust_of_this_machine() as trust:
        trust.audit.record(operator_record(Act.BACKUP_MADE))
    keys = load_or_create_keys(settings.key_file, entropy)
    path, manifest = write_whole(settings, keys, clock, entropy, folder, days)
    size = path.stat().st_size / _MEBIBYTE
    say(f"{path}: {len(manifest.stores)} stores, {size:.1f} MiB.")
    say(f"It opens until {_date(manifest.ends_at)}; then its key is destroyed, and nothing does.")
    key = keys_of_backups(settings.data_folder, keys, clock, entropy).place_of(manifest.identity)
    say(f"To survive the loss of this machine, keep {settings.key_file} and {key} elsewhere,")
    say("apart from the backup, and let copies of keys end when these do.")
    return Exit.DONE


def write_whole(
    settings: Settings, keys: Keys, clock: Clock, entropy: Entropy, folder: Path, days: int
) -> tuple[Path, Manifest]:
    """Copy every store as of one moment into one file; return it and what it says."""
    stores = store_files(settings, keys)
    damaged = sorted(domain for domain, store in stores.items() if not opens(store))
    if damaged:
        raise SetupError(f"These stores are damaged, so restore them first: {', '.join(damaged)}.")
    identity = entropy.random_bytes(8).hex()
    made_at = clock.now_seconds()
    made = keys_of_backups(settings.data_folder, keys, clock, entropy)
    key, ends_at = made.make(identity, days)
    with TemporaryDirectory(prefix=".enigm-", dir=folder) as work:
        copies = {
            domain: StoreFile(Path(work) / f"{domain}.db", store_key(key, domain), store.page_bytes)
            for domain, store in stores.items()
        }
        pairs = {domain: (stores[domain], copies[domain]) for domain in stores}
        copy_stores(pairs, lambda domain: say(f"copied {domain}"))
        entries = {domain: entry_of(copy.path, copy.page_bytes) for domain, copy in copies.items()}
        manifest = Manifest(identity, made_at, ends_at, entries)
        path = folder / f"enigm-{identity}.backup"
        write_backup(path, manifest, key, {name: copy.path for name, copy in copies.items()})
    return path, manifest


def embedded_settings() -> Settings:
    """Return this machine's settings; raises SetupError where PostgreSQL keeps the stores."""
    settings = settings_of_this_machine()
    if settings.database_url:
        raise SetupError(
            "The stores are in PostgreSQL: back them up with its own tools, and let those "
            "backups end within thirty days (docs/operations.md)."
        )
    return settings


def store_files(settings: Settings, keys: Keys) -> dict[str, StoreFile]:
    """Return every store's file that there is, by domain."""
    files = {
        domain: StoreFile(
            settings.stores_folder / f"{domain}.db",
            keys.derive(domain, "store"),
            design.page_bytes,
        )
        for domain, design in sorted(DESIGNS.items())
    }
    return {domain: file for domain, file in files.items() if file.path.exists()}


def _date(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %B %Y, %H:%M UTC")
