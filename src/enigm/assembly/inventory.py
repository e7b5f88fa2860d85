"""`enigm inventory`: every value that the service keeps, why, and until when."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from rich.console import Console

from enigm.assembly.exits import Exit, say
from enigm.assembly.stores import DESIGNS
from enigm.foundation.backup_keys import BACKUP_DAYS_MAX
from enigm.foundation.errors import SetupError
from enigm.foundation.inventory import (
    Category,
    Declaration,
    Entry,
    Kind,
    collect,
    collect_fields,
    until,
)
from enigm.foundation.inventory_report import (
    inventory_changes,
    inventory_json,
    inventory_table,
    record_of_processing,
)
from enigm.foundation.log_fields import LOG_FIELDS
from enigm.foundation.metrics import METRIC_LABELS

if TYPE_CHECKING:
    from pathlib import Path

_IN_BACKUPS: Final = f"its key is destroyed, at most {BACKUP_DAYS_MAX} days after it was made"
# What lies beside the stores, under the data folder or where an operator puts it.
KEPT_FILES: Final = {
    "audit/*": Declaration(
        Category.TRANSPARENCY, "the published log, commitments alone", until("the deployment ends")
    ),
    "backup-keys/*.key": Declaration(Category.OPERATIONS, "opens one backup", until(_IN_BACKUPS)),
    "enigm-*.backup": Declaration(
        Category.OPERATIONS, "brings lost stores back", until(_IN_BACKUPS)
    ),
    "keys": Declaration(
        Category.OPERATIONS, "every store's key comes from it", until("the service is taken down")
    ),
}
# Where no terminal says how wide it is, lines are cut for nobody.
_WIDTH_WITHOUT_TERMINAL = 200


def whole_inventory() -> tuple[Entry, ...]:
    """Return every declared column, log field, metric label and file.

    Raises:
        UndeclaredError: something would be kept that nobody declared.
    """
    log_fields = {name: field.declaration for name, field in LOG_FIELDS.items()}
    return (
        *collect(design.metadata for design in DESIGNS.values()),
        *collect_fields(Kind.LOG_FIELD, "operations", log_fields),
        *collect_fields(Kind.METRIC_LABEL, "operations", METRIC_LABELS),
        *collect_fields(Kind.FILE, "operations", KEPT_FILES),
    )


def print_changes(reviewed: Path) -> int:
    """Print what would be kept otherwise than was reviewed; end with 1 where there is something.

    Raises:
        SetupError: the reviewed inventory cannot be read.
    """
    try:
        content = reviewed.read_bytes()
    except OSError as error:
        raise SetupError(f"The inventory {reviewed} cannot be read: {error.strerror}.") from error
    changes = inventory_changes(content, whole_inventory())
    for line in changes:
        say(line)
    return Exit.FAILED if changes else Exit.DONE


def print_inventory(*, as_json: bool, as_record: bool) -> int:
    """Print it for people, for programs, or as a record of processing."""
    entries = whole_inventory()
    if as_json:
        sys.stdout.write(inventory_json(entries).decode())
    elif as_record:
        sys.stdout.write(record_of_processing(entries) + "\n")
    else:
        width = None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
        Console(width=width).print(inventory_table(entries))
    return Exit.DONE
