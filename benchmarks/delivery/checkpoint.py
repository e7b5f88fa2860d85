"""Folds the log of the embedded store into its file, so that its size can be measured."""

from __future__ import annotations

import sys

from enigm.domains.messaging.store import DESIGN
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.retention import erase_deleted_bytes
from enigm.foundation.settings import load_settings
from enigm.foundation.stores import open_store


def main() -> int:
    """Checkpoint and truncate the log; 1 where a reader stood in the way."""
    settings = load_settings()
    keys = load_or_create_keys(settings.key_file, SystemEntropy())
    database = open_store(DESIGN, settings, keys)
    try:
        return 0 if erase_deleted_bytes(database) else 1
    finally:
        database.close()


if __name__ == "__main__":
    sys.exit(main())
